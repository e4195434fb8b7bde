"""Read the configuration of an instance, kind by kind: lists where they tell it, else the objects, many in one batch.

What cannot be read is told with the reason, never left out (facts: iris-config-as-text 7).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from irisops.configuration.kind_read import (
    DEADLINE,
    KindRead,
    Told,
    complete,
    from_row,
    keep,
    note_untold,
    older,
    read_objects,
    why,
)
from irisops.configuration.kinds import BY_NAME, DATABASE_FILE, SYSTEM_NAME, ConfigKind
from irisops.instance.calls import Query
from irisops.instance.class_queries import read_rows, rows_by
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.namespace_changes import MAPPINGS, by_namespace, read_table
from irisops.instance.routes import Instance, answer_by
from irisops.instance.security.oauth import (
    CLIENTS,
    REDIRECTION,
    SERVERS,
    issuers,
    read_oauth,
    read_redirections,
)
from irisops.instance.security.settings_state import plain
from irisops.instance.security.sql_holders import read_grants
from irisops.instance.values import Row, as_int, as_text


async def _listed(instance: Instance, feature: str) -> list[Row]:
    return list((await read_rows(instance, feature, deadline=DEADLINE)).dicts())


def _named(row: Row) -> str:
    return as_text(row.get("name"))


async def _system(instance: Instance, found: KindRead, version: str) -> None:
    wanted = [known for known in found.kind.readable if not (known.since and older(version, known.since))]
    found.absent |= {known.name for known in found.kind.readable if known not in wanted}
    told = await read_objects(instance, found, "security.settings", {SYSTEM_NAME: SYSTEM_NAME}, wanted)
    keep(found, SYSTEM_NAME, told[SYSTEM_NAME])


async def _by_list(instance: Instance, found: KindRead, version: str) -> None:
    """Resources and roles, which their lists tell whole."""
    rows = await _listed(instance, f"{found.kind.name}.list")
    note_untold(found, rows, version)
    for row in rows:
        if name := _named(row):
            keep(found, name, from_row(found, row))


async def _users(instance: Instance, found: KindRead, _version: str) -> None:
    """Users from Detail as one SELECT, and from their objects what it does not tell (facts: iris-security 2.5)."""
    rows: list[Row] = []
    for route in instance.capabilities.routes("users.detail")[:1]:
        if route.kind == "sql":
            try:
                rows = list((await rows_by(instance, "users.detail", route, deadline=DEADLINE)).dicts())
            except Unreachable:
                raise
            except InstanceProblem:
                rows = []
    if not rows:
        rows = await _listed(instance, "users.list")
    told = {name: from_row(found, row) for row in rows if (name := _named(row))}
    missing = [known for known in found.kind.readable if rows and known.name.lower() not in rows[0]]
    await complete(instance, found, "users.read", told, missing)


async def _by_objects(instance: Instance, found: KindRead, _version: str) -> None:
    """Services and web applications: names from the list, all else from the objects."""
    lists, read = _FEATURES[found.kind.name]
    names = [name for row in await _listed(instance, lists) if (name := _named(row))]
    if (
        found.kind.name == "applications"
    ):  # the list has privileged routines and clients too (facts: iris-security 3.5)
        names = [name for name in names if name.startswith("/")]
    ids = {name: plain(name).lower() for name in sorted(names, key=str.lower)}
    try:
        told = await read_objects(instance, found, read, ids, found.kind.readable)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        # The names are known all the same.
        found.lost(problem.message)
        told = {name: {} for name in ids}
    for name, values in told.items():
        keep(found, name, values)


_FEATURES = {
    "services": ("services.list", "services.read"),
    "applications": ("webapps.list", "webapps.read"),
    "tls": ("tls.list", "tls.read"),
}


async def _events(instance: Instance, found: KindRead, version: str) -> None:
    """Audit events, whose name is Source/Type/Name (facts: iris-security 3.7)."""
    rows = await _listed(instance, "audit.events")
    note_untold(found, rows, version)
    for row in rows:
        parts = [as_text(row.get(each.lower())) for each in found.kind.key]
        if all(parts):
            keep(found, "/".join(parts), from_row(found, row))


async def _oauth_servers(instance: Instance, found: KindRead, _version: str) -> None:
    """Server descriptions (facts: iris-config-as-text 4); of the instance's own server only that there is one."""
    own = "the instance's own authorization server and its clients"
    try:
        answer = await answer_by(instance, "oauth.own", Query("SELECT ID FROM OAuth2_Server.Configuration"))
    except Unreachable:
        raise
    except InstanceProblem as problem:
        found.lost(why(problem), property_name=own)
    else:
        if answer.rows and answer.rows.rows:
            found.lost("This instance is one; irisops does not read what it is.", property_name=own)
    rows = await read_oauth(instance, SERVERS)
    _without_metadata(found, rows)
    for row in rows:
        if name := as_text(row.get("issuerendpoint")):
            keep(found, name, from_row(found, row))


async def _oauth_clients(instance: Instance, found: KindRead, _version: str) -> None:
    """Clients, with the issuer of their server and the URL to which their users come back."""
    servers = issuers(await read_oauth(instance, SERVERS))
    rows = await read_oauth(instance, CLIENTS)
    redirections = await read_redirections(instance, rows)
    _without_metadata(found, rows)
    for row in rows:
        key, name = as_text(row.get("id")), as_text(row.get("applicationname"))
        told = {
            **from_row(found, row),
            "ServerDefinition": servers.get(as_text(row.get("serverdefinition")), ""),
        }
        redirection = redirections[key]
        if isinstance(redirection, InstanceProblem):
            found.lost(redirection.message, name, REDIRECTION)
        else:
            told[REDIRECTION] = redirection
        if name:
            keep(found, name, told)


def _without_metadata(found: KindRead, rows: Sequence[Row]) -> None:
    if rows:
        found.lost(
            "irisops does not read it; the server's is found again by its discovery.",
            property_name="Metadata",
        )


async def _tls(instance: Instance, found: KindRead, version: str) -> None:
    """TLS configurations; the passwords of their keys stay where they are (facts: iris-security 3.9).

    UNVERIFIED: that the id of one is its lower-case name, as with the other security classes. Settle:
    Security.SSLConfigs.%ExistsId of a name in lower case.
    """
    await _by_objects(instance, found, version)


async def _ldap(instance: Instance, found: KindRead, _version: str) -> None:
    """LDAP configurations: what the list tells, and of the objects the properties whose names are public."""
    rows = await _listed(instance, "ldap.list")
    told = {name: from_row(found, row) for row in rows if (name := _named(row))}
    missing = [known for known in found.kind.readable if rows and known.name.lower() not in rows[0]]
    if told:
        found.lost("No public source names the other properties.", property_name="other properties")
    await complete(instance, found, "ldap.read", told, missing)


_ADMINS = "SELECT * FROM Security.SQLAdminPrivilegeSet"


async def _sql_privileges(instance: Instance, found: KindRead, _version: str) -> None:
    """What was granted directly to users and roles, by namespace (facts: iris-security 3.8).

    The columns of `SQLAdminPrivilegeSet` are privileges: 1 is granted, 2 with the right to pass it on. Each is named as
    its column, as no public source says which statement gives it.
    """
    held = {holder: (some, list[str]()) for holder, some in (await read_grants(instance)).items()}
    try:
        admins = await answer_by(instance, "sql.admins", Query(_ADMINS), deadline=DEADLINE)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        found.lost(problem.message, property_name="AdminPrivileges")
    else:
        if admins.rows:
            named = {column.lower(): column for column in admins.rows.columns}
            for row in admins.rows.dicts():
                some = [_admin(named[key], as_int(row.get(key))) for key in named if key not in _NO_PRIVILEGE]
                held.setdefault(_holder(row), ([], []))[1].extend(each for each in some if each)
    lost = any(each.property == "AdminPrivileges" for each in found.unread)
    for (namespace, grantee), (privileges, admin) in held.items():
        if privileges or admin:
            told: Told = (
                {"Privileges": privileges} if lost else {"Privileges": privileges, "AdminPrivileges": admin}
            )
            keep(found, f"{namespace}/{grantee}", told)


_NO_PRIVILEGE = ("id", "namespace", "grantee")


def _admin(name: str, value: int | None) -> str:
    return {1: name, 2: f"{name} WITH ADMIN OPTION"}.get(value or 0, "")


def _holder(row: Row) -> tuple[str, str]:
    return as_text(row.get("namespace")), as_text(row.get("grantee"))


# Config: databases, namespaces and mappings (facts: iris-config-as-text 5.3)


async def _databases(instance: Instance, found: KindRead, _version: str) -> None:
    """The entries by their table, and of those on this machine the files, which are objects of another class.

    (facts: iris-operations 7.1)
    """
    rows = await read_table(instance, "Databases")
    told = {name: from_row(found, row) for row in rows if (name := _named(row))}
    columns = [known for known in found.kind.readable if known not in DATABASE_FILE]
    for known in columns:
        if rows and known.name.lower() not in rows[0]:
            found.lost("The table of databases does not tell it.", property_name=known.name)
    places = {name: as_text(row.get("directory")) for row in rows if (name := _named(row))}
    here = {
        name: place
        for name, place in places.items()
        if not told[name].get("Server") and not place.startswith(":")
    }
    files = KindRead(found.kind, class_name="SYS.Database")
    try:
        more = await read_objects(instance, files, "databases.read", here, DATABASE_FILE)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        for known in DATABASE_FILE:
            found.lost(why(problem), property_name=known.name)
        more = {}
    found.absent |= files.absent
    for each in files.unread:  # the entry is known all the same
        for known in DATABASE_FILE if not each.property else ():
            found.lost(each.reason, each.name, known.name)
        if each.property:
            found.unread.append(each)
    for name in told.keys() - here.keys():
        for known in DATABASE_FILE:
            found.lost("Its file is not of this instance.", name, known.name)
    for name, values in told.items():
        keep(found, name, {**values, **more.get(name, {})})


async def _tasks(instance: Instance, found: KindRead, _version: str) -> None:
    """Tasks as their list tells them; two of one name cannot be told apart (facts: iris-operations 8)."""
    named: dict[str, list[tuple[str, Row]]] = {}
    for row in await _listed(instance, "tasks.list"):
        if name := as_text(row.get("task name")):
            named.setdefault(name.lower(), []).append((name, row))
    if named:
        found.lost(
            "The list of tasks does not tell them: settings, times of the day, and the user.",
            property_name="other properties",
        )
    for (name, row), *others in named.values():
        if others:
            found.lost("Several tasks have this name.", name)
        keep(found, name, {} if others else from_row(found, row))


async def _namespaces(instance: Instance, found: KindRead, _version: str) -> None:
    rows = await read_table(instance, "Namespaces")
    maps: dict[str, dict[str, list[str]]] = {}
    for each in MAPPINGS:
        try:
            maps[each] = by_namespace(await read_table(instance, each))
        except Unreachable:
            raise
        except InstanceProblem as problem:
            found.lost(why(problem), property_name=each)
    for known in found.kind.readable:
        if known.type != "table" and rows and known.name.lower() not in rows[0]:
            found.lost("The table of namespaces does not tell it.", property_name=known.name)
    for row in rows:
        if name := _named(row):
            told = from_row(found, row)
            told |= {each: some.get(name.upper(), []) for each, some in maps.items()}
            keep(found, name, told)


Reader = Callable[[Instance, KindRead, str], Awaitable[None]]
_READERS: Mapping[str, Reader] = {
    "system": _system,
    "resources": _by_list,
    "roles": _by_list,
    "users": _users,
    "services": _by_objects,
    "applications": _by_objects,
    "audit-events": _events,
    "oauth-servers": _oauth_servers,
    "oauth-clients": _oauth_clients,
    "sql-privileges": _sql_privileges,
    "databases": _databases,
    "namespaces": _namespaces,
    "tls": _tls,
    "ldap": _ldap,
    "tasks": _tasks,
}
READABLE: tuple[ConfigKind, ...] = tuple(kind for name, kind in BY_NAME.items() if name in _READERS)
"""The kinds that can be read, in the order in which an instance takes them."""


async def read_kind(instance: Instance, kind: ConfigKind, version: str = "") -> KindRead:
    """All objects of one kind. Raises Unreachable; what else goes wrong is told in `unread`.

    `version` of the instance, such as 2025.2, tells which properties it cannot have.
    """
    found = KindRead(kind)
    try:
        await _READERS[kind.name](instance, found, version)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        found.lost(why(problem))
    return found
