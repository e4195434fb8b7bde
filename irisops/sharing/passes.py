"""Teammate passes: temporary accounts with narrow privileges, their templates, names and passwords. Pure.

Each share has its own role with exactly the privileges of its template; a pass is a user with only that role.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from irisops.instance.calls import ClassMethod
from irisops.instance.security.permissions import Permission, format_privileges
from irisops.sharing.errors import SharingProblem

ANIMALS = (
    "fox", "otter", "heron", "lynx", "wren", "newt", "hare", "crane", "badger", "finch", "seal", "stork",
    "marten", "robin", "vole", "swift", "ibex", "plover", "beaver", "kite", "toad", "moth", "perch", "shrew",
)  # fmt: skip
"""Words for names: short, plain, easy to tell apart by ear."""

LETTERS = "".join(sorted(set(string.ascii_letters) - set("lIO")))
DIGITS = "23456789"
PASSWORD_LENGTH = 20
"""Characters; about 115 bits. Letters and digits alone: safe in every URL, shell and ODBC string, and allowed by every
usual PasswordPattern (the default is `3.128ANP`, facts: iris-security 3.6)."""

MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Template:
    """Privileges of a pass. `database`: permission on the namespace's databases; `resources`: others, with USE.

    `sql` are object privileges on each user schema of the namespace.
    """

    name: str
    title: str
    allows: str
    refuses: str
    database: Permission
    resources: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()


_R, _RW = Permission.R, Permission.R | Permission.W

TEMPLATES: dict[str, Template] = {
    template.name: template
    for template in (
        Template(
            "sql-read",
            "read-only SQL",
            "SELECT on every table of the namespace, by Python, JDBC and ODBC",
            "changing data, running code, other namespaces, administration",
            _R,
            ("%Service_SQL",),
            ("SELECT",),
        ),
        Template(
            "sql",
            "SQL",
            "SELECT, INSERT, UPDATE and DELETE on every table of the namespace, by Python, JDBC and ODBC",
            "creating tables, running code, other namespaces, administration",
            _RW,
            ("%Service_SQL",),
            ("SELECT", "INSERT", "UPDATE", "DELETE"),
        ),
        Template(
            "developer",
            "developer",
            "SQL as above, classes and globals by the Native SDK, VS Code on the web port",
            "other namespaces and administration; but code that runs can do whatever the namespace lets it do",
            _RW,
            (
                "%Development",
                "%Native_ClassExecution",
                "%Native_GlobalAccess",
                "%Native_Transaction",
                "%Service_Object",
                "%Service_SQL",
            ),
            ("SELECT", "INSERT", "UPDATE", "DELETE"),
        ),
        Template(
            "rest",
            "REST",
            "calling the namespace's REST applications that ask for a login",
            "SQL and the superserver's other uses, other namespaces, administration",
            _R,
        ),
    )
}
"""By name (facts: iris-security 6.5 for what a client login needs, 3.2 for the resources)."""

DEFAULT_TEMPLATE = "sql-read"
WEB_TEMPLATE = "rest"
"""Where the web port alone is shared: SQL comes by the superserver."""


@dataclass(frozen=True, slots=True)
class TeamPass:
    """One account. The password is kept in memory, shown once, and not in `repr`."""

    name: str
    password: str = field(repr=False)


def template_named(name: str) -> Template:
    """The template of that name, case ignored. Raises SharingProblem listing them."""
    found = TEMPLATES.get(name.strip().casefold())
    if found is None:
        raise SharingProblem(
            f"There is no template {name!r}.",
            f"Choose one of {', '.join(TEMPLATES)}; {DEFAULT_TEMPLATE} is usual.",
        )
    return found


def role_name(share: str) -> str:
    """The role of a share. User roles do not begin with % (facts: iris-security 3.1)."""
    return f"irisops_share_{share}"


def new_password(choose: Callable[[str], str] = secrets.choice) -> str:
    """A password with upper and lower case and digits."""
    while True:
        text = "".join(choose(LETTERS + DIGITS) for _ in range(PASSWORD_LENGTH))
        kinds = (str.isupper, str.islower, str.isdigit)
        if all(any(kind(character) for character in text) for kind in kinds):
            return text


_shuffle = secrets.SystemRandom().shuffle


def guest_names(
    count: int, taken: Collection[str], shuffle: Callable[[list[str]], None] = _shuffle
) -> list[str]:
    """`count` names like `guest-fox-1` that no user or role has (names are case-insensitive, facts: iris-security 2.1).

    Each person of a share gets a different animal. Raises SharingProblem for an invalid number.
    """
    if not 0 <= count <= MOST_PEOPLE:
        raise SharingProblem(
            f"A share takes up to {MOST_PEOPLE} people, not {count}.", "Share again for more."
        )
    used = {name.casefold() for name in taken}
    animals = list(ANIMALS)
    shuffle(animals)
    names = []
    for animal in animals[:count]:
        number = 1
        while f"guest-{animal}-{number}" in used:
            number += 1
        names.append(f"guest-{animal}-{number}")
    return names


def expiry(until: datetime) -> date:
    """The account's ExpirationDate: IRIS expires by day, so this is only the second line of defence.

    Two days after the deadline's: the instance may be a day ahead, and an account may end at that day's start.
    UNVERIFIED: whether it does. Settle: create a user that expires today and log in.
    """
    return until.date() + timedelta(days=2)


def latest_extension(until: datetime) -> datetime:
    """Latest deadline for a share that was to end at `until`, before its accounts expire: a day later."""
    return until + timedelta(days=1)


def privileges(template: Template, databases: Sequence[str]) -> str:
    """The role's `Resources` string: `databases` are the resources of the namespace's databases."""
    wanted = dict.fromkeys(databases, template.database)
    wanted |= dict.fromkeys(template.resources, Permission.U)
    return format_privileges(wanted)


def create_role(share: str, template: Template, databases: Sequence[str]) -> ClassMethod:
    """`Security.Roles.Create(Name, Description, Resources, GrantedRoles)` (facts: iris-security 3.1)."""
    description = f"irisops share {share}: {template.title}. Goes with the share."
    resources = privileges(template, databases)
    return ClassMethod("Security.Roles", "Create", (role_name(share), description, resources, ""))


def create_user(share: str, team_pass: TeamPass, namespace: str, until: datetime) -> ClassMethod:
    """`Security.Users.Create`, positional; Enabled and ChangePassword are given, as "" would disable (facts: 2.4)."""
    return ClassMethod(
        "Security.Users",
        "Create",
        (
            team_pass.name,
            role_name(share),
            team_pass.password,
            f"irisops teammate pass of share {share}",
            namespace,
            "",
            expiry(until).isoformat(),
            0,
            1,
            f"Temporary, made by irisops for share {share}.",
        ),
    )
