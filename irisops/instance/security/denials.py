"""Group refusals of the audit log by cause, with the missing privilege if their text names it. Pure.

The texts of EventData are not all documented: each rule below looks for what it knows and otherwise keeps the
instance's own words, so a cause without a named privilege is still reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal

from irisops.instance.security.access import Access
from irisops.instance.security.audit import AuditRecord
from irisops.instance.security.permissions import Permission, applicable, parse_permission
from irisops.instance.security.privileges import UnknownName

State = Literal["missing", "held", "unknown"]
"""`held`: granted since, or the refusal was of something else; `unknown`: the text names no privilege."""

_REQUIRES = re.compile(
    r"requires (?P<name>%?[\w.%-]+?)(?::(?P<letters>[A-Za-z]+(?:,[A-Za-z]+)*))?"
    r"(?: privilege)?(?: on resource (?P<resource>%?[\w.%-]+))?(?=$|[\s.,;)])"
)
_REQUIRED = re.compile(r"(?P<name>%?[\w.-]+):(?P<letters>[RWU]{1,3}) required\b")
"""`ERROR #862: User X is restricted from running application /api/atelier, %Development:U required` (facts:
iris-webapps-gateway 4.1)."""
_FOLDER = re.compile(r"(?P<folder>(?:/|[A-Za-z]:\\)[^\"|,<>^*\r\n]+[/\\])")
_TABLE = re.compile(r"\b(?P<schema>[A-Za-z%_][\w%]*)\.(?P<table>[A-Za-z%_]\w*)\b")
_ACTION = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|EXECUTE|REFERENCES|ALTER)\b", re.IGNORECASE)
_APPLICATION = re.compile(r"Web Application: (/[^\s,;\"]*[^\s,;\".])")
"""Seen in the record of a refused resource (facts: iris-webapps-gateway 4.1). UNVERIFIED: that other refusals inside a
web application have it, too. Settle: read a database in a page without the privilege, look at EventData."""
_WORDS = 120
"""Characters of the instance's own words by which causes are distinguished."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Refusals that one change would end. Times in UTC; `newest` is the record shown for all."""

    id: str
    event: str
    username: str
    count: int
    newest: AuditRecord
    first: datetime | None
    resource: str = ""
    """The resource whose permission was missing; "" if unknown."""
    permission: Permission = Permission.NONE
    sql: tuple[str, str] = ("", "")
    """(action, SCHEMA.TABLE) of a missing SQL privilege."""
    why: str = ""
    state: State = "unknown"
    application: str = ""
    """The web application inside which it happened, if the text names it."""

    @property
    def missing(self) -> str:
        """The missing privilege, e.g. `%Admin_Secure:U` or `SELECT on HR.Person`; "" if unknown."""
        if self.resource:
            return f"{self.resource}:{self.permission.letters}"
        action, table = self.sql
        return f"{action.upper()} on {table}" if table else ""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one record tells; `who` is the user refused."""

    who: str = ""
    resource: str = ""
    permission: Permission = Permission.NONE
    sql: tuple[str, str] = ("", "")
    why: str = ""
    application: str = ""


def causes_of(records: Sequence[AuditRecord], access: Access | None) -> list[Cause]:
    """The causes, newest refusal first. `records` must be newest first."""
    groups: dict[tuple[str, ...], tuple[_Finding, list[AuditRecord]]] = {}
    for record in records:
        found = _finding(record, access)
        key = (
            record.event,
            found.who.casefold(),
            found.resource.casefold(),
            found.permission.letters,
            *found.sql,
            found.application.casefold(),
            # Without a named privilege: group by the words, without numbers, which differ each time.
            "" if found.resource or found.sql[1] else re.sub(r"\d+", "#", _said(record))[:_WORDS],
        )
        groups.setdefault(key, (found, []))[1].append(record)
    return [_cause(key, found, members, access) for key, (found, members) in groups.items()]


def _cause(
    key: tuple[str, ...], found: _Finding, members: Sequence[AuditRecord], access: Access | None
) -> Cause:
    newest = members[0]
    return Cause(
        id=sha256("\0".join(key).encode()).hexdigest()[:6],
        event=newest.event,
        username=found.who,
        count=len(members),
        newest=newest,
        first=_earliest(members),
        resource=found.resource,
        permission=found.permission,
        sql=found.sql,
        why=found.why or _said(newest)[:_WORDS],
        state=_state(found, access),
        application=found.application,
    )


def _earliest(members: Iterable[AuditRecord]) -> datetime | None:
    return min((record.time for record in members if record.time), default=None)


def _said(record: AuditRecord) -> str:
    """The instance's own words on one line."""
    return " ".join((record.data or record.description).split())


def _finding(record: AuditRecord, access: Access | None) -> _Finding:
    found = _told(record, access)
    return replace(found, who=found.who or record.username, application=application_of(record))


def application_of(record: AuditRecord) -> str:
    """The web application that a refusal names; "" for none."""
    inside = _APPLICATION.search(f"{record.description} {record.data}")
    return inside[1] if inside else ""


def _told(record: AuditRecord, access: Access | None) -> _Finding:
    text = _APPLICATION.sub("", " ".join(f"{record.description} {record.data}".split())).strip()
    if record.event == "LoginFailure":
        who = _attempted(record, access)
        return _Finding(who, why=_login(record, who, access))
    if record.event == "PrivilegeFailure":
        return _sql(text)
    named = _REQUIRES.search(text)
    if named is not None:
        return _required(named, access)
    asked = _REQUIRED.search(text)
    if asked is not None:
        return _Finding(
            resource=_spelled(asked["name"], access), permission=parse_permission(asked["letters"])
        )
    if record.event == "Protect":
        return _protect(record, text, access)
    return _Finding()


def _required(named: re.Match[str], access: Access | None) -> _Finding:
    """`requires %Admin_Secure:U privilege`, `requires WRITE privilege on resource HR` (facts: iris-security 1.1)."""
    name = named["resource"] or named["name"]
    letters = named["name"] if named["resource"] else named["letters"]
    resource = _spelled(name, access)
    try:
        permission = parse_permission(letters) if letters else applicable(resource)
    except ValueError:
        permission = applicable(resource)
    return _Finding(resource=resource, permission=permission)


def _protect(record: AuditRecord, text: str, access: Access | None) -> _Finding:
    """A <PROTECT> error names the folder of the database, or happened in a namespace's own database.

    UNVERIFIED: the form of the text (`<PROTECT>place *^global,/folder/`), and that a database in folder NAME, or behind
    namespace NAME, has the resource %DB_NAME; only a resource that exists is named. Whether reading or writing was
    refused is not told. Settle: read and set a global of a database without the privilege, look at EventData.
    """
    folder = _FOLDER.search(text)
    candidates = []
    if folder is not None:
        candidates.append(re.split(r"[/\\]", folder["folder"].rstrip("/\\"))[-1])
        if candidates[0].casefold() == "mgr":
            candidates = ["IRISSYS"]  # the system's database lies in the manager's folder itself
    elif record.namespace:
        candidates.append("IRISSYS" if record.namespace.casefold() == "%sys" else record.namespace)
    known = {resource.name.casefold(): resource.name for resource in access.resources} if access else {}
    for name in candidates:
        resource = known.get(f"%db_{name}".casefold())
        if resource is None or access is None:
            continue
        wanted = Permission.R
        try:
            held = Permission.R & ~access.model.check(record.username, resource, Permission.R).missing
        except UnknownName:
            held = Permission.NONE
        if held:
            # The user may read, so writing was refused.
            wanted = Permission.W
        return _Finding(resource=resource, permission=wanted, why=text[:_WORDS])
    return _Finding()


def _sql(text: str) -> _Finding:
    """UNVERIFIED: the form of the text; it is documented to hold the privilege, the kind of object and its name.
    Settle: SELECT from a table without the privilege, look at EventData.
    """
    table, action = _TABLE.search(text), _ACTION.search(text)
    if table is None or action is None:
        return _Finding()
    return _Finding(sql=(action[1].lower(), f"{table['schema']}.{table['table']}"), why=text[:_WORDS])


def _attempted(record: AuditRecord, access: Access | None) -> str:
    """The user whose login was refused.

    The record's user is that of the process, which nobody has logged in to yet; the data is documented to hold the
    name.
    UNVERIFIED: which of both names the user, and the form of the data. Settle: log in with a wrong password, look at
    Username and EventData. The record's user is believed unless it stands for nobody.
    """
    if record.username.casefold() not in ("", "unknownuser"):
        return record.username
    words = re.findall(r"[^\s:;,\"'=]+", record.data)
    known = {user.name.casefold(): user.name for user in access.users} if access else {}
    named = next((known[word.casefold()] for word in words if word.casefold() in known), "")
    if named:
        return named
    # The name after the word "user", or the only word.
    after = re.search(r"\buser(?:name)?\b[\s:=]+([^\s:;,\"'=]+)", record.data, re.IGNORECASE)
    if after is not None:
        return after[1]
    return words[0] if len(words) == 1 else record.username


def _login(record: AuditRecord, who: str, access: Access | None) -> str:
    """Why the login was refused: from the account's present state, else the instance's words."""
    said = _said(record)
    if access is None:
        return said
    try:
        why = "" if access.user(who).enabled else "the account is disabled"
    except UnknownName:
        why = "there is no such user"
    return "; ".join(filter(None, (why, said)))


def _state(found: _Finding, access: Access | None) -> State:
    if access is None or not found.resource:
        return "unknown"
    try:
        return (
            "held" if access.model.check(found.who, found.resource, found.permission).allowed else "missing"
        )
    except UnknownName:
        return "unknown"


def _spelled(name: str, access: Access | None) -> str:
    known = access.resources if access else ()
    return next((each.name for each in known if each.name.casefold() == name.casefold()), name)
