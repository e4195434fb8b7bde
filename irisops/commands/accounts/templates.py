"""Templates for new users: what each grants, and why."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.changes import templates
from irisops.contract.chat import Command
from irisops.contract.replies import Column
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies


@dataclass(frozen=True, slots=True)
class Template(templates.Template):
    """One kind of account. `days` until it expires, 0 for never; `reads_namespace` also creates a role."""

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


_OWN: cards.Fields[Template] = (
    (
        Column("roles", "ROLES", "list"),
        lambda each: list(each.roles) if not each.reads_namespace else ["one made for it"],
    ),
    (Column("expires_after_days", "DAYS", "number", hide_under=90), lambda each: each.days or None),
)


def template_named(name: str) -> Template:
    """A template by name. Raises `Refusal`."""
    return templates.template_named(TEMPLATES, name, "/templates")


async def show_templates(_context: Context, _command: Command) -> Replies:
    """List the templates."""
    yield templates.templates_table(
        "users",
        TEMPLATES,
        _OWN,
        name="templates",
        add="/user add",
        note="/user add NAME template=developer makes one; without the name the form opens, filled in.",
    )
