"""Templates for new web applications, as published: what each sets beside the class's own values, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from irisops.changes import templates
from irisops.contract.chat import Command
from irisops.contract.replies import Column
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.application_fields import PYTHON
from irisops.instance.security.object_state import FieldValue


@dataclass(frozen=True, slots=True)
class Template(templates.Template):
    """One kind of application. `needs` are the fields that the person has to fill in.

    `database_role`: visitors get the role of the namespace's database, without which the code reads no data.
    """

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


_OWN: cards.Fields[Template] = (
    (Column("needs", "NEEDS", "list", hide_under=100), lambda each: ["namespace", *each.needs]),
)


def template_named(name: str) -> Template:
    """A template by name. Raises `Refusal`."""
    return templates.template_named(TEMPLATES, name, "/app templates")


async def show_templates(_context: Context, _command: Command) -> Replies:
    """List the templates."""
    yield templates.templates_table(
        "web applications",
        TEMPLATES,
        _OWN,
        name="app_templates",
        add="/app add",
        note="/app add /api/shop template=rest-jwt opens the form, filled in.",
    )
