"""Namespaces with their mappings: read by the tables of Config, made and mapped by the helper, as that takes arrays.

(facts: iris-config-as-text 5.1 to 5.3). The databases of a namespace that is there are not changed: its data and code
would seem to be gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from irisops.instance.calls import Query, Value
from irisops.instance.errors import NotAvailable
from irisops.instance.features import Route
from irisops.instance.helper import create_by_helper, map_by_helper
from irisops.instance.outcome import change_by_method, changing
from irisops.instance.routes import Instance, answer_by, first_route
from irisops.instance.security.object_state import Field, FieldValue, ObjectChange, ObjectState, Step
from irisops.instance.values import Row, as_int, as_text

DEADLINE = 120.0
"""Seconds for one table."""
_CLASS = "Config.Namespaces"
MAPPINGS = ("MapGlobals", "MapRoutines", "MapPackages")
NAMESPACE_FIELDS: Mapping[str, Field] = {
    "Globals": Field("Globals", "text", "database of globals"),
    "Routines": Field("Routines", "text", "database of routines"),
    "TempGlobals": Field("TempGlobals", "text", "database of temporary globals"),
    "MapGlobals": Field("MapGlobals", "names", "global mappings"),
    "MapRoutines": Field("MapRoutines", "names", "routine mappings"),
    "MapPackages": Field("MapPackages", "names", "package mappings"),
}
_COLLATION = 5
"""The class's own collation of a mapped global (facts: iris-config-as-text 5.2)."""


async def read_table(instance: Instance, name: str) -> list[Row]:
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


def by_namespace(rows: Sequence[Row]) -> dict[str, list[str]]:
    """`NAME = DATABASE[,COLLATION[,LOCK DATABASE]]` by namespace, as in a CPF (facts: iris-config-as-text 1.2)."""
    found: dict[str, list[str]] = {}
    for row in rows:
        parts = [as_text(row.get("database"))]
        collation, lock = as_int(row.get("collation")), as_text(row.get("lockdatabase"))
        if lock or collation not in (None, _COLLATION):
            parts.append(str(_COLLATION if collation is None else collation))
        if lock:
            parts.append(lock)
        entry = f"{as_text(row.get('name'))} = {','.join(parts)}"
        found.setdefault(as_text(row.get("namespace")).upper(), []).append(entry)
    return found


async def read_namespaces(instance: Instance, names: Sequence[str]) -> dict[str, ObjectState]:
    """The namespaces by casefolded name; missing ones are left out. Raises as `read_table`."""
    wanted = {name.upper() for name in names}
    rows = [row for row in await read_table(instance, "Namespaces") if as_text(row["name"]).upper() in wanted]
    maps = {each: by_namespace(await read_table(instance, each)) for each in MAPPINGS} if rows else {}
    found = {}
    for row in rows:
        name = as_text(row["name"])
        fields: dict[str, FieldValue] = {
            key: each.value(row.get(key.lower()))
            for key, each in NAMESPACE_FIELDS.items()
            if key.lower() in row
        }
        fields |= {each: tuple(some.get(name.upper(), ())) for each, some in maps.items()}
        found[name.casefold()] = ObjectState("namespace", name, fields)
    return found


def namespace_steps(change: ObjectChange) -> list[Step]:
    """The calls for a namespace: it is made, then what it maps; a mapping that is not wanted is deleted.

    UNVERIFIED: where the whole of a global is mapped that the class maps by itself with its first part (facts:
    iris-config-as-text 5.2). Settle: map A(1) of a global that is not mapped, then SELECT Name, Database FROM
    Config.MapGlobals.
    """
    before, after, name = change.before, change.after, change.name
    if after is None:
        return [_deleted("namespaces.delete", _CLASS, name)]
    steps = []
    if before is None:
        databases = {
            key: after.text(key) for key in ("Globals", "Routines", "TempGlobals") if after.text(key)
        }
        steps.append(
            _by_helper(
                f"{_CLASS}.Create {name}",
                "namespaces.create",
                partial(create_by_helper, class_name=_CLASS, name=name, properties=databases),
            )
        )
    for table in MAPPINGS:
        had, has = (_mapped(state, table) for state in (before, after))
        steps += [
            _deleted(f"mappings.delete.{table}", f"Config.{table}", name, each)
            for each in had
            if each not in has
        ]
        steps += [
            _by_helper(
                f"Config.{table} {each} of {name}",
                "mappings.set",
                partial(
                    map_by_helper,
                    class_name=f"Config.{table}",
                    namespace=name,
                    name=each,
                    properties=_parts(table, target),
                ),
            )
            for each, target in has.items()
            if had.get(each) != target
        ]
    return steps


def _mapped(state: ObjectState | None, table: str) -> dict[str, str]:
    entries = state.names(table) if state else ()
    return {name: target for name, _, target in (each.rpartition(" = ") for each in entries)}


def _parts(table: str, target: str) -> dict[str, Value]:
    """The properties of a mapping; a collation that is not named is the class's own."""
    named = zip(("Database", "Collation", "LockDatabase"), target.split(","), strict=False)
    told: dict[str, Value] = dict(named)
    return {"Collation": _COLLATION, "LockDatabase": "", **told} if table == "MapGlobals" else told


def _deleted(feature: str, class_name: str, *args: str) -> Step:
    run = partial(change_by_method, feature=feature, class_name=class_name, method="Delete", args=args)
    return Step(f"{class_name}.Delete {' '.join(args)}", run)


def _by_helper(label: str, feature: str, call: Callable[[Instance], Awaitable[None]]) -> Step:
    async def run(instance: Instance) -> None:
        async def attempt(_route: Route) -> None:
            await call(instance)

        await changing(first_route(instance, feature, attempt))

    return Step(label, run)
