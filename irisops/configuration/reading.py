"""Read the configuration of an instance, kind by kind: lists where they tell it, else the objects, many in one batch.

What cannot be read is told with the reason, never left out (facts: iris-config-as-text 7).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from irisops.configuration.kinds import BY_NAME, SYSTEM_NAME, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration, Unread, keyed
from irisops.configuration.sql_privileges import privilege_text
from irisops.configuration.values import NoValueError, Property, Value
from irisops.instance.calls import Answer, ObjectCall, ObjectStep, Query
from irisops.instance.calls import Value as Raw
from irisops.instance.class_queries import read_rows, rows_by
from irisops.instance.errors import InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.failures import is_missing
from irisops.instance.features import Route
from irisops.instance.helper import open_or_help, read_by_helper
from irisops.instance.routes import Instance, answer_by
from irisops.instance.security.oauth import (
    CLIENTS,
    REDIRECTION,
    SERVERS,
    issuers,
    read_oauth,
    read_redirections,
)
from irisops.instance.security.object_state import Field
from irisops.instance.security.settings_state import MOST_GROUPS, plain
from irisops.instance.values import Row, as_flag, as_int, as_names, as_privileges, as_text

STEPS = 400
"""Properties read in one batch: each costs a round trip to the instance, and a batch has one deadline."""
DEADLINE = 120.0
"""Seconds for one batch."""
_LISTS = ("names", "groups", "list")
"""Types whose values are list objects."""
_VERSION = re.compile(r"(\d{4})\.(\d+)")

Told = dict[str, Raw | list[str]]
"""What the instance told of one object: property -> its raw value, or the items of a list."""


@dataclass
class KindRead:
    """One kind as read."""

    kind: ConfigKind
    objects: list[ConfigObject] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)

    def lost(self, reason: str, name: str = "", property_name: str = "") -> None:
        """Note what could not be read."""
        self.unread.append(Unread(self.kind.name, " ".join(reason.split()), name, property_name))


def put_together(reads: Sequence[KindRead], instance: str, version: str) -> Configuration:
    """The configuration of the kinds that were read."""
    return Configuration(
        {each.kind.name: keyed(each.objects) for each in reads},
        instance,
        version,
        tuple(unread for each in reads for unread in each.unread),
        {each.kind.name: tuple(sorted(each.absent)) for each in reads if each.absent},
    )


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
        found.lost(_why(problem))
    return found


def _why(problem: InstanceProblem) -> str:
    """Why nothing could be read; what a person can do about a missing privilege belongs to it."""
    return f"{problem.message} {problem.cure}" if isinstance(problem, NotPermitted) else problem.message


def older(version: str, since: str) -> bool:
    """True if a version, such as 2023.1, is certainly older than another."""
    mine, other = _VERSION.match(version), _VERSION.match(since)
    return bool(
        mine and other and [int(each) for each in mine.groups()] < [int(each) for each in other.groups()]
    )


# Values


def canonical(known: Property, raw: Raw | list[str]) -> Value:
    """The canonical form of a value as the instance told it. Raises NoValueError for one that is none of its type."""
    if isinstance(raw, list):
        return known.canonical(raw)
    if known.type == "list":
        return known.canonical([each for each in as_text(raw).split(known.separator) if each])
    if known.type == "table":
        raise NoValueError(f"{known.name} is told as a list")
    if known.type == "secret":
        raise NoValueError(f"{known.name} is never read")
    value = Field(known.name, known.type, known.label, words=known.words).value(raw)
    if known.type == "number":
        return int(str(value))
    return known.canonical(list(value) if isinstance(value, tuple) else value)


def _keep(found: KindRead, name: str, told: Mapping[str, Raw | list[str]]) -> None:
    """Keep an object with what was told of it; what is odd is noted."""
    values: dict[str, Value] = {}
    for known in found.kind.readable:
        if known.name not in told:
            continue
        try:
            values[known.name] = canonical(known, told[known.name])
        except NoValueError:
            found.lost("Its value is none that this version of irisops understands.", name, known.name)
    found.objects.append(ConfigObject(name, values))


def _from_row(found: KindRead, row: Row, columns: Mapping[str, str] | None = None) -> Told:
    """The properties that a row of a list has, by column of the same name or as `columns` says."""
    told: Told = {}
    for known in found.kind.readable:
        column = (columns or {}).get(known.name, known.name).lower()
        if column not in row:
            continue
        raw = row.get(column)
        if known.type == "privileges":
            told[known.name] = [f"{name}:{letters}" for name, letters in as_privileges(raw) if letters]
        else:
            told[known.name] = list(as_names(raw)) if known.type in _LISTS else raw
    return told


def _untold(
    found: KindRead, rows: Sequence[Row], version: str, columns: Mapping[str, str] | None = None
) -> None:
    """Note the properties that no row has: not in this version, or not in the list."""
    for known in found.kind.readable:
        column = (columns or {}).get(known.name, known.name).lower()
        if rows and column not in rows[0]:
            if known.since and older(version, known.since):
                found.absent.add(known.name)
            else:
                found.lost(f"The list of {found.kind.plural} does not tell it.", property_name=known.name)


# Objects


async def _read_objects(
    instance: Instance,
    found: KindRead,
    feature: str,
    names: Mapping[str, str],
    wanted: Sequence[Property],
) -> dict[str, Told]:
    """Properties of objects: name -> what was told. `names` has the name of each with its id.

    What this version lacks goes to `absent`, what one object does not tell to `unread`. Raises the named problem.
    """
    if not names or not wanted:
        return {name: {} for name in names}

    async def attempt(route: Route) -> dict[str, Told]:
        if route.by_helper:
            return await _by_helper(instance, found, list(names), wanted)
        there = await _there(instance, found, next(iter(names.values())), wanted)
        return await _opened(instance, found, names, there)

    return await open_or_help(instance, feature, attempt)


def _step(known: Property) -> ObjectStep:
    if known.type in _LISTS:
        return ObjectStep("invoke", "Count", path=(known.name,))
    return ObjectStep("get", known.name)


async def _there(instance: Instance, found: KindRead, key: str, wanted: Sequence[Property]) -> list[Property]:
    """Those of the properties that this version has, by reading each of one object. Raises the named problem."""
    calls = [ObjectCall(found.kind.class_name, "%OpenId", (key,), (_step(known),)) for known in wanted]
    there = []
    for known, answer in zip(wanted, await instance.batch(calls, deadline=DEADLINE), strict=True):
        if not isinstance(answer, Exception):
            there.append(known)
        elif is_missing(answer):
            found.absent.add(known.name)
        else:
            raise answer
    return there


async def _opened(
    instance: Instance, found: KindRead, names: Mapping[str, str], wanted: Sequence[Property]
) -> dict[str, Told]:
    """The objects by name, in batches of `STEPS` properties."""
    told: dict[str, Told] = {}
    lists: list[tuple[str, Property, int]] = []
    steps = tuple(_step(known) for known in wanted)
    several = max(1, STEPS // max(1, len(steps)))
    keys = list(names.items())
    for at in range(0, len(keys), several):
        part = keys[at : at + several]
        calls = [ObjectCall(found.kind.class_name, "%OpenId", (key,), steps) for _, key in part]
        for (name, _), answer in zip(part, await instance.batch(calls, deadline=DEADLINE), strict=True):
            if isinstance(answer, InstanceProblem):
                found.lost(answer.message, name)
            elif isinstance(answer, Exception):
                raise answer
            elif not answer.found:
                found.lost("It is listed, but cannot be opened.", name)
            else:
                told[name] = _values(answer, wanted)
                lists += [
                    (name, known, _count(answer, at))
                    for at, known in enumerate(wanted)
                    if known.type in _LISTS
                ]
                continue
            told[name] = {}
    await _items(instance, found, names, told, [each for each in lists if each[2]])
    return told


def _count(answer: Answer, at: int) -> int:
    return as_int(answer.values[at]) or 0


def _values(answer: Answer, wanted: Sequence[Property]) -> Told:
    pairs = zip(wanted, answer.values, strict=True)
    return {known.name: [] if known.type in _LISTS else raw for known, raw in pairs}


async def _items(
    instance: Instance,
    found: KindRead,
    names: Mapping[str, str],
    told: dict[str, Told],
    lists: Sequence[tuple[str, Property, int]],
) -> None:
    """The items of the lists that have some; a longer list than `MOST_GROUPS` is noted as not read."""
    for name, known, count in lists:
        if count > MOST_GROUPS:
            found.lost(f"It has more than {MOST_GROUPS} entries.", name, known.name)
            del told[name][known.name]
    some = [each for each in lists if each[2] <= MOST_GROUPS]
    for at in range(0, len(some), STEPS // 4):
        part = some[at : at + STEPS // 4]
        calls = [
            ObjectCall(
                found.kind.class_name,
                "%OpenId",
                (names[name],),
                tuple(ObjectStep("invoke", "GetAt", (item,), (known.name,)) for item in range(1, count + 1)),
            )
            for name, known, count in part
        ]
        for (name, known, _), answer in zip(
            part, await instance.batch(calls, deadline=DEADLINE), strict=True
        ):
            if isinstance(answer, InstanceProblem):
                found.lost(answer.message, name, known.name)
                del told[name][known.name]
            elif isinstance(answer, Exception):
                raise answer
            else:
                texts = [as_text(each) for each in answer.values]
                # As in `settings_state`: an item of MatchRoles may hold several groups.
                split = known.type in ("groups", "names")
                told[name][known.name] = [
                    part for text in texts for part in (text.split(",") if split else [text]) if part.strip()
                ]


async def _by_helper(
    instance: Instance, found: KindRead, names: Sequence[str], wanted: Sequence[Property]
) -> dict[str, Told]:
    """The objects by the helper, whose answer has lists joined. What it does not tell is noted for all of them."""
    answers = await read_by_helper(
        instance, found.kind.class_name, [plain(name) for name in names], [known.name for known in wanted]
    )
    told: dict[str, Told] = {}
    untold: set[str] = set()
    for name, each in zip(names, answers, strict=True):
        if each is None:
            found.lost("It is listed, but cannot be opened.", name)
        told[name] = {}
        for known in wanted if each is not None else ():
            if known.name in (each or {}):
                raw = (each or {})[known.name]
                several = known.type in ("groups", "names")
                told[name][known.name] = list(as_names(raw)) if several else raw
            else:
                untold.add(known.name)
    for known in wanted:
        if known.name in untold:
            found.lost("The helper does not tell it.", property_name=known.name)
            for some in told.values():
                some.pop(known.name, None)
    return told


# Kinds


async def _listed(instance: Instance, feature: str) -> list[Row]:
    return list((await read_rows(instance, feature, deadline=DEADLINE)).dicts())


def _named(row: Row) -> str:
    return as_text(row.get("name"))


async def _system(instance: Instance, found: KindRead, version: str) -> None:
    wanted = [known for known in found.kind.readable if not (known.since and older(version, known.since))]
    found.absent |= {known.name for known in found.kind.readable if known not in wanted}
    told = await _read_objects(instance, found, "security.settings", {SYSTEM_NAME: SYSTEM_NAME}, wanted)
    _keep(found, SYSTEM_NAME, told[SYSTEM_NAME])


async def _by_list(instance: Instance, found: KindRead, version: str) -> None:
    """Resources and roles, which their lists tell whole."""
    rows = await _listed(instance, f"{found.kind.name}.list")
    _untold(found, rows, version)
    for row in rows:
        if name := _named(row):
            _keep(found, name, _from_row(found, row))


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
    told = {name: _from_row(found, row) for row in rows if (name := _named(row))}
    missing = [known for known in found.kind.readable if rows and known.name.lower() not in rows[0]]
    await _complete(instance, found, "users.read", told, missing)


async def _complete(
    instance: Instance, found: KindRead, feature: str, told: Mapping[str, Told], missing: Sequence[Property]
) -> None:
    """Keep the objects with what a list told and, of the `missing` properties, what the objects tell."""
    try:
        more = await _read_objects(instance, found, feature, {name: name.lower() for name in told}, missing)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        for known in missing:
            found.lost(problem.message, property_name=known.name)
        more = {}
    for name, values in told.items():
        _keep(found, name, {**values, **more.get(name, {})})


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
        told = await _read_objects(instance, found, read, ids, found.kind.readable)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        # The names are known all the same.
        found.lost(problem.message)
        told = {name: {} for name in ids}
    for name, values in told.items():
        _keep(found, name, values)


_FEATURES = {
    "services": ("services.list", "services.read"),
    "applications": ("webapps.list", "webapps.read"),
    "tls": ("tls.list", "tls.read"),
}


async def _events(instance: Instance, found: KindRead, version: str) -> None:
    """Audit events, whose name is Source/Type/Name (facts: iris-security 3.7)."""
    rows = await _listed(instance, "audit.events")
    _untold(found, rows, version)
    for row in rows:
        parts = [as_text(row.get(each.lower())) for each in found.kind.key]
        if all(parts):
            _keep(found, "/".join(parts), _from_row(found, row))


async def _oauth_servers(instance: Instance, found: KindRead, _version: str) -> None:
    """Server descriptions (facts: iris-config-as-text 4)."""
    rows = await read_oauth(instance, SERVERS)
    _without_metadata(found, rows)
    for row in rows:
        if name := as_text(row.get("issuerendpoint")):
            _keep(found, name, _from_row(found, row))


async def _oauth_clients(instance: Instance, found: KindRead, _version: str) -> None:
    """Clients, with the issuer of their server and the URL to which their users come back."""
    servers = issuers(await read_oauth(instance, SERVERS))
    rows = await read_oauth(instance, CLIENTS)
    redirections = await read_redirections(instance, rows)
    _without_metadata(found, rows)
    for row in rows:
        key, name = as_text(row.get("id")), as_text(row.get("applicationname"))
        told = {
            **_from_row(found, row),
            "ServerDefinition": servers.get(as_text(row.get("serverdefinition")), ""),
        }
        redirection = redirections[key]
        if isinstance(redirection, InstanceProblem):
            found.lost(redirection.message, name, REDIRECTION)
        else:
            told[REDIRECTION] = redirection
        if name:
            _keep(found, name, told)


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
    told = {name: _from_row(found, row) for row in rows if (name := _named(row))}
    missing = [known for known in found.kind.readable if rows and known.name.lower() not in rows[0]]
    if told:
        found.lost("No public source names the other properties.", property_name="its other properties")
    await _complete(instance, found, "ldap.read", told, missing)


_GRANTS = "SELECT Namespace, SQLObject, Privilege, Grantee, Grantable FROM Security.SQLPrivileges"
_ADMINS = "SELECT * FROM Security.SQLAdminPrivilegeSet"


async def _sql_privileges(instance: Instance, found: KindRead, _version: str) -> None:
    """What was granted directly to users and roles, by namespace (facts: iris-security 3.8).

    The columns of `SQLAdminPrivilegeSet` are privileges: 1 is granted, 2 with the right to pass it on. Each is named as
    its column, as no public source says which statement gives it.
    """
    objects = await answer_by(instance, "sql.privileges", Query(_GRANTS), deadline=DEADLINE)
    held: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for row in objects.rows.dicts() if objects.rows else ():
        grant = privilege_text(
            as_text(row.get("sqlobject")),
            as_text(row.get("privilege")),
            grantable=as_flag(row.get("grantable")),
        )
        held.setdefault(_holder(row), ([], []))[0].append(grant)
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
            _keep(found, f"{namespace}/{grantee}", told)


_NO_PRIVILEGE = ("id", "namespace", "grantee")


def _admin(name: str, value: int | None) -> str:
    return {1: name, 2: f"{name} WITH ADMIN OPTION"}.get(value or 0, "")


def _holder(row: Row) -> tuple[str, str]:
    return as_text(row.get("namespace")), as_text(row.get("grantee"))


# Config: databases, namespaces and mappings (facts: iris-config-as-text 5.3)

MAPPINGS = ("MapGlobals", "MapRoutines", "MapPackages")
_COLLATION = 5
"""The class's own collation of a mapped global (facts: iris-config-as-text 5.2)."""


async def _table(instance: Instance, name: str) -> list[Row]:
    """The rows of a table of Config. Raises the named problem, and NotAvailable if it has several CPFs.

    UNVERIFIED: whether other CPFs than the active one are ever in a table. Settle: SELECT DISTINCT CPFName FROM
    Config.Databases after another CPF was read by Config.CPF.
    """
    query = Query(f"SELECT * FROM Config.{name}")  # noqa: S608 - a name of ours
    answer = await answer_by(instance, f"config.{name}", query, deadline=DEADLINE)
    rows: list[Row] = list(answer.rows.dicts()) if answer.rows else []
    if len({as_text(row.get("cpfname")).lower() for row in rows}) > 1:
        raise NotAvailable(
            f"The table Config.{name} has rows of several CPFs, and which one is active is not known."
        )
    return rows


async def _databases(instance: Instance, found: KindRead, version: str) -> None:
    rows = await _table(instance, "Databases")
    _untold(found, rows, version)
    for row in rows:
        if name := _named(row):
            _keep(found, name, _from_row(found, row))


async def _namespaces(instance: Instance, found: KindRead, _version: str) -> None:
    rows = await _table(instance, "Namespaces")
    maps: dict[str, dict[str, list[str]]] = {}
    for each in MAPPINGS:
        try:
            maps[each] = _by_namespace(await _table(instance, each))
        except Unreachable:
            raise
        except InstanceProblem as problem:
            found.lost(_why(problem), property_name=each)
    for known in found.kind.readable:
        if known.type != "table" and rows and known.name.lower() not in rows[0]:
            found.lost("The table of namespaces does not tell it.", property_name=known.name)
    for row in rows:
        if name := _named(row):
            told = _from_row(found, row)
            told |= {each: some.get(name.upper(), []) for each, some in maps.items()}
            _keep(found, name, told)


def _by_namespace(rows: Sequence[Row]) -> dict[str, list[str]]:
    """`NAME = DATABASE[,COLLATION[,LOCK DATABASE]]` by namespace, as in a CPF (facts: iris-config-as-text 1.2)."""
    found: dict[str, list[str]] = {}
    for row in rows:
        parts = [as_text(row.get("database"))]
        collation, lock = as_int(row.get("collation")), as_text(row.get("lockdatabase"))
        if lock or collation not in (None, _COLLATION):
            parts.append(str(_COLLATION if collation is None else collation))
        if lock:
            parts.append(lock)
        entry = f"{_named(row)} = {','.join(parts)}"
        found.setdefault(as_text(row.get("namespace")).upper(), []).append(entry)
    return found


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
}
READABLE: tuple[ConfigKind, ...] = tuple(kind for name, kind in BY_NAME.items() if name in _READERS)
"""The kinds that can be read, in the order in which an instance takes them."""
