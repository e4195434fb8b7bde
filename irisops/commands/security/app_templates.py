"""Templates for new web applications, as published: what each sets beside the class's own values, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.application_fields import PYTHON
from irisops.instance.security.object_state import FieldValue


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of application. `needs` are the fields that the person has to fill in.

    `database_role`: visitors get the role of the namespace's database, without which the code reads no data.
    """

    name: str
    title: str
    why: str
    values: Mapping[str, FieldValue] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)
    """Field -> what to enter, for people."""
    database_role: bool = False


_REST = {"dispatch_class": "a class that extends %CSP.REST, such as Shop.REST"}
_PYTHON_NEEDS = {"wsgi_location": "the directory of the Python code on the server, such as /opt/shop"}
_WSGI: Mapping[str, FieldValue] = {
    "dispatch_class": PYTHON,
    "auth": ("password",),
    "wsgi_name": "app",
    "wsgi_callable": "app",
    "wsgi_type": "WSGI",
}
TEMPLATES = (
    Template(
        "rest-jwt",
        "REST API with tokens",
        "A password once for /login, then a token that lasts a minute; /refresh gives the next one for 15 minutes.",
        {
            "auth": ("password",),
            "jwt": True,
            "jwt_access_timeout": "60",
            "jwt_refresh_timeout": "900",
            "cors_origins": (),
        },
        _REST,
    ),
    Template(
        "rest",
        "REST API with a password",
        "Each call brings user and password (Basic). No session is kept unless the class sets UseSession.",
        {"auth": ("password",)},
        _REST,
    ),
    Template(
        "csp",
        "CSP pages and files",
        "Pages and files of a directory behind a login form, with a session of 15 minutes.",
        {"auth": ("password",)},
    ),
    Template(
        "flask",
        "Flask (WSGI)",
        "A Flask application in app.py with the callable app, behind a password; visitors get the role of the "
        "namespace's database.",
        _WSGI,
        _PYTHON_NEEDS,
        database_role=True,
    ),
    Template(
        "django",
        "Django (WSGI)",
        "As flask, with the callable application of the project's wsgi.py.",
        {**_WSGI, "wsgi_name": "app.wsgi", "wsgi_callable": "application"},
        _PYTHON_NEEDS,
        database_role=True,
    ),
    Template(
        "fastapi",
        "FastAPI (ASGI)",
        "As flask, by ASGI; the package a2wsgi has to be there for the embedded Python.",
        {**_WSGI, "wsgi_type": "ASGI"},
        _PYTHON_NEEDS,
        database_role=True,
    ),
)
"""(facts: iris-webapps-gateway 2.1, 3.1)"""


def template_named(name: str) -> Template:
    """A template by name. Raises `Refusal`."""
    for template in TEMPLATES:
        if template.name == name.casefold():
            return template
    raise Refusal(
        "NoSuchTemplate",
        f"There is no template {harmless(name, 40)} for web applications.",
        f"They are {listed([each.name for each in TEMPLATES])}; /app templates says what each sets.",
    )


async def show_templates(_context: Context, _command: Command) -> Replies:
    """List the templates."""
    rows: list[dict[str, Cell]] = [
        {
            "name": each.name,
            "title": each.title,
            "needs": ["namespace", *each.needs],
            "why": each.why,
        }
        for each in TEMPLATES
    ]
    yield Table(
        name="app_templates",
        title="Templates for new web applications",
        columns=[
            Column("name", "NAME"),
            Column("title", "FOR", hide_under=80),
            Column("needs", "NEEDS", "list", hide_under=100),
            Column("why", "WHAT IT IS LIKE", grow=True),
        ],
        rows=rows,
        key="name",
        notes=["/app add /api/shop template=rest-jwt opens the form, filled in."],
        actions=[("enter", "use", "/app add template={name}")],
    )
