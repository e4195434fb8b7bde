"""Databases: names, sizes, space left, state (facts: iris-operations 7.1); mounting and dismounting.

`SYS.Database:List` lacks databases that were never mounted, and `FreeSpace` those that are not mounted now, so both are
joined with the configured ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from irisops.instance.calls import ClassMethod, ObjectCall, ObjectStep, Rows, Value
from irisops.instance.class_queries import read_several
from irisops.instance.errors import InstanceError, InstanceProblem
from irisops.instance.features import Route
from irisops.instance.namespace_changes import read_table
from irisops.instance.outcome import change_by_method, changing, save_object
from irisops.instance.routes import Instance, answer_by, first_route
from irisops.instance.security.object_state import Field, ObjectChange, ObjectState, Step
from irisops.instance.values import Row, answered, as_flag, as_text

SYSTEM = frozenset(
    {
        *("IRISSYS", "IRISLIB", "IRISTEMP", "IRISLOCALDATA"),
        *("IRISAUDIT", "IRISSECURITY", "IRISMETRICS", "ENSLIB"),
    }
)
"""Databases without which the instance does not work (facts: iris-security 3.2, iris-config-as-text 5.3)."""
LOW_DISK, NO_DISK = 250.0, 50.0
"""MB left on the disk below which it is low, and hardly any. As the dashboard judges the journal's disk (facts:
iris-license-sessions 5.5)."""
NO_ROOM = 2.0
"""MB free in a database of limited size below which it is full (facts: iris-license-sessions 5.5)."""
_SIZE = re.compile(r"([\d.]+)\s*([KMGT]?)B?", re.IGNORECASE)
_MEGABYTES = {"K": 1 / 1024, "": 1.0, "M": 1.0, "G": 1024.0, "T": 1024.0 * 1024}
DETAIL = (
    *(
        "MaxSize",
        "ExpansionSize",
        "Full",
        "Expanding",
        "LastExpansionTime",
        "ROReasonText",
        "GlobalJournalState",
    ),
    *("MirrorDBName", "BlockSize"),
)
"""Properties that the lists do not tell."""


_LIMITS: Mapping[str, Field] = {
    "MaxSize": Field("MaxSize", "number", "largest size, MB"),
    "ExpansionSize": Field("ExpansionSize", "number", "expansion, MB"),
}
LIMIT_FIELDS: Mapping[str, Field] = {"directory": Field("Directory", "text", "directory"), **_LIMITS}
"""What may be changed of a database, whose file is opened by its directory."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database. Sizes are in MB; None where the instance does not tell. `most` 0: unlimited."""

    name: str
    directory: str
    status: str = ""
    resource: str = ""
    encrypted: bool | None = None
    mirrored: bool | None = None
    size: float | None = None
    free: float | None = None
    disk: float | None = None
    most: float | None = None
    read_only: bool | None = None

    @property
    def mounted(self) -> bool | None:
        """None if the instance does not tell."""
        return "mounted/" in self.status.casefold() if self.status else None

    @property
    def free_percent(self) -> int | None:
        """Part of the file that is free."""
        return round(100 * self.free / self.size) if self.size and self.free is not None else None

    @property
    def full(self) -> bool:
        """True if it has no room left and may not grow."""
        if self.free is None or self.size is None:
            return False
        return self.free < NO_ROOM and bool(self.most) and self.size >= (self.most or 0)

    @property
    def state(self) -> str:
        """Its state in a word or two, what is wrong first."""
        if self.full:
            return "full"
        if self.disk is not None and self.disk < LOW_DISK:
            return "disk full" if self.disk < NO_DISK else "disk low"
        if self.mounted is False:
            return "dismounted" if self.status.casefold() == "dismounted" else self.status.casefold()
        if self.mounted is None:
            return ""
        return "read-only" if self.read_only else "mounted"


WORST_FIRST = ("full", "disk full", "disk low")
"""States that are wrong in themselves; what is dismounted follows."""


def urgency(database: Database) -> int:
    """Place in a list with what is wrong first."""
    if database.state in WORST_FIRST:
        return WORST_FIRST.index(database.state)
    return len(WORST_FIRST) + (database.mounted is not False)


def megabytes(value: Value) -> float | None:
    """MB of a number, which is in MB, or of a text with a unit, such as `337.28GB`; None for other texts."""
    found = _SIZE.fullmatch(as_text(value).strip())
    if found is None:
        return None
    try:
        return float(found[1]) * _MEGABYTES[found[2].upper()]
    except ValueError:
        return None


def key_of(directory: str) -> str:
    """A directory as a key: without the separator at its end, whatever its case."""
    return directory.rstrip("/\\").casefold()


async def read_databases(instance: Instance) -> tuple[list[Database], list[str]]:
    """All databases by name, and sentences on what cannot be read. One batch.

    Raises the named problem if no list can be read.
    """
    lists = await read_several(instance, ("databases.names", "databases.list", "databases.free"))
    notes = [
        f"{what} cannot be read: {problem.message}"
        for name, what in (
            ("databases.names", "Databases that were never mounted"),
            ("databases.list", "State, resource and encryption"),
            ("databases.free", "Sizes, free space and disk left"),
        )
        if isinstance(problem := lists[name], InstanceProblem)
    ]
    if len(notes) == len(lists):
        problem = lists["databases.list"]
        raise problem if isinstance(problem, InstanceProblem) else ValueError("no list of databases")
    names = {key_of(_directory(row)): as_text(row.get("name")) for row in _rows(lists["databases.names"])}
    states = {key_of(_directory(row)): row for row in _rows(lists["databases.list"])}
    sizes = {key_of(_directory(row)): row for row in _rows(lists["databases.free"])}
    found = []
    for key in dict.fromkeys((*names, *states, *sizes)):
        state, size = states.get(key, {}), sizes.get(key, {})
        directory = _directory(state) or _directory(size)
        listed = next(
            (_directory(row) for row in _rows(lists["databases.names"]) if key_of(_directory(row)) == key), ""
        )
        name = (
            names.get(key)
            or as_text(size.get("databasename"))
            or directory.rstrip("/\\").rpartition("/")[2].upper()
        )
        found.append(
            _database(
                name,
                directory or listed,
                state,
                size,
                unlisted="never mounted" if states else "dismounted" if sizes else "",
            )
        )
    return sorted(found, key=lambda each: each.name.casefold()), notes


def _rows(rows: Rows | InstanceProblem) -> list[Row]:
    return list(rows.dicts()) if isinstance(rows, Rows) else []


def _directory(row: Row) -> str:
    return as_text(row.get("directory"))


def _database(name: str, directory: str, state: Row, size: Row, *, unlisted: str) -> Database:
    """A database of its rows; `unlisted` is the status of one that the readable lists lack.

    UNVERIFIED: that FreeSpace has the columns of numbers on each version; where it has not, the texts with units are
    read. Settle: evidence SYS.Database:FreeSpace by SQL.
    """
    told = as_text(size.get("status")) or as_text(state.get("status"))
    most = as_text(size.get("maxsize"))
    return Database(
        name,
        directory,
        told or unlisted,
        as_text(state.get("resource")),
        as_flag(state.get("encrypted")) if state else None,
        as_flag(state.get("mirrored")) if state else None,
        _first(size.get("sizeint"), size.get("size"), state.get("size")),
        _first(size.get("availablenum"), size.get("available")),
        _first(size.get("diskfreespacenum"), size.get("diskfreespace")),
        0.0 if most.casefold() == "unlimited" else megabytes(most),
        _read_only(told, size),
    )


def _first(*values: Value) -> float | None:
    return next((found for value in values if (found := megabytes(value)) is not None), None)


def _read_only(status: str, size: Row) -> bool | None:
    if status.casefold().endswith("mounted/r"):
        return True
    return as_flag(size.get("readonly")) if size.get("readonly") is not None else (False if status else None)


async def database_of(instance: Instance, namespace: str, name: str) -> str:
    """Directory of the database that holds a global, seen from a namespace; "" if it is not told.

    UNVERIFIED: the form of the answer, system^directory, and that the name goes without its caret (facts:
    iris-operations 3). Settle: print %SYS.Namespace.GetGlobalDest of a global with and without it.

    Raises the named problem.
    """

    async def attempt(_route: Route) -> str:
        call = ClassMethod("%SYS.Namespace", "GetGlobalDest", (namespace, name.removeprefix("^"), ""))
        return as_text((await instance.call(call)).value).rpartition("^")[2]

    return await first_route(instance, "globals.database", attempt)


async def read_detail(instance: Instance, directory: str) -> Mapping[str, Value]:
    """Properties of `DETAIL` of one database. Raises NotPermitted, NotAvailable."""
    steps = tuple(ObjectStep("get", name) for name in DETAIL)
    answer = await answer_by(
        instance, "databases.read", ObjectCall("SYS.Database", "%OpenId", (directory,), steps)
    )
    return dict(zip(DETAIL, answer.values, strict=True)) if answer.found else {}


async def mount(instance: Instance, directory: str, *, read_only: bool) -> None:
    """Mount a database. Raises the named problem."""
    arguments: Sequence[Value] = (directory, int(read_only))
    await change_by_method(instance, "databases.mount", "SYS.Database", "MountDatabase", arguments)


async def dismount(instance: Instance, directory: str) -> None:
    """Dismount a database until it is mounted again or IRIS starts. Raises the named problem."""
    await change_by_method(instance, "databases.dismount", "SYS.Database", "DismountDatabase", (directory,))


async def read_limits(instance: Instance, names: Sequence[str]) -> dict[str, ObjectState]:
    """The limits of the files of these databases, by casefolded name; those that cannot be opened are left out.

    Raises the named problem.
    """
    wanted = {name.casefold() for name in names}
    places = {
        name: as_text(row.get("directory"))
        for row in await read_table(instance, "Databases")
        if (name := as_text(row.get("name"))).casefold() in wanted
    }
    gets = tuple(ObjectStep("get", each.property) for each in _LIMITS.values())

    async def attempt(_route: Route) -> dict[str, ObjectState]:
        calls = [ObjectCall("SYS.Database", "%OpenId", (place,), gets) for place in places.values()]
        found = {}
        for (name, place), answer in zip(places.items(), await instance.batch(calls), strict=True):
            told = answered(answer)
            if told.found:
                limits = zip(_LIMITS.items(), told.values, strict=True)
                fields = {key: each.value(raw) for (key, each), raw in limits}
                found[name.casefold()] = ObjectState("database", name, {"directory": place, **fields})
        return found

    return await first_route(instance, "databases.read", attempt)


def limit_steps(change: ObjectChange) -> list[Step]:
    """The call that sets the limits of the file of a database (facts: iris-operations 7.1)."""
    after, changed = change.state, [each for each in change.fields() if each in _LIMITS]
    sets = [step for each in changed for step in _LIMITS[each].steps(after, each)]

    async def run(instance: Instance) -> None:
        async def attempt(_route: Route) -> None:
            if not await save_object(instance, "SYS.Database", after.text("directory"), sets):
                raise InstanceError(f"The database {change.name} cannot be opened.", "/databases lists them.")

        await changing(first_route(instance, "databases.edit", attempt))

    return [Step(f"SYS.Database.%Save {change.name}: {', '.join(changed)}", run)]
