"""Templates for new users: what each grants, and why. A template fills the form; every field stays editable."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of account. `days` until it expires, 0 for never; `reads_namespace` also creates a role."""

    name: str
    title: str
    why: str
    roles: tuple[str, ...] = ()
    days: int = 0
    password_never_expires: bool = False
    reads_namespace: bool = False


TEMPLATES = (
    Template(
        "sql",
        "SQL only",
        "%SQL opens the SQL service and nothing else; what it may select is granted by SQL, table by table.",
        ("%SQL",),
    ),
    Template(
        "sql-reader",
        "Read-only SQL on one namespace",
        "A role of its own with read on the namespace's database and use of the SQL service: nothing can be "
        "written. SELECT on the tables is still granted by SQL.",
        reads_namespace=True,
    ),
    Template(
        "rest",
        "REST client",
        "No role: what a web application needs comes from the application's own roles and resource. The password "
        "does not expire, as a program cannot change it.",
        password_never_expires=True,
    ),
    Template(
        "developer",
        "Developer",
        "%Developer to compile and debug, %SQL to query; no right to administer users or the instance.",
        ("%Developer", "%SQL"),
    ),
    Template(
        "teammate",
        "Teammate with an end date",
        "As a developer, but the account expires after 7 days by itself: nobody has to remember it.",
        ("%Developer", "%SQL"),
        days=7,
    ),
    Template(
        "operator",
        "Operator",
        "%Operator to start and stop, mount, journal and back up; no development and no security.",
        ("%Operator",),
    ),
)


def template_named(name: str) -> Template:
    """A template by name. Raises `Refusal`."""
    for template in TEMPLATES:
        if template.name == name.casefold():
            return template
    raise Refusal(
        "NoSuchTemplate",
        f"There is no template {harmless(name, 40)}.",
        f"They are {listed([each.name for each in TEMPLATES])}; /templates says what each grants.",
    )


async def show_templates(_context: Context, _command: Command) -> Replies:
    """List the templates."""
    rows: list[dict[str, Cell]] = [
        {
            "name": each.name,
            "title": each.title,
            "roles": list(each.roles) if not each.reads_namespace else ["one made for it"],
            "expires_after_days": each.days or None,
            "why": each.why,
        }
        for each in TEMPLATES
    ]
    yield Table(
        name="templates",
        title="Templates for new users",
        columns=[
            Column("name", "NAME"),
            Column("title", "FOR", hide_under=100),
            Column("roles", "ROLES", "list"),
            Column("expires_after_days", "DAYS", "number", hide_under=90),
            Column("why", "WHY", grow=True),
        ],
        rows=rows,
        key="name",
        notes=["/user add NAME template=developer makes one; without the name the form opens, filled in."],
        actions=[("enter", "use", "/user add template={name}")],
    )
