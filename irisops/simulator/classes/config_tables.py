"""Namespaces, databases and mappings of `Config.*`: their tables, and their methods (facts: iris-config-as-text 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes.arrays import LocalArray, nothing_arrives
from irisops.simulator.classes.configuration import DATABASES, NAMESPACES, databases, directory_of
from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT
from irisops.simulator.classes.sql_access import require_select
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.values import as_text
from irisops.simulator.world.model import Namespace

CPF = "IRIS"
"""UNVERIFIED: what CPFName holds for the active CPF. Settle: SELECT DISTINCT CPFName FROM Config.Databases."""
COLLATION = 5
MAP_GLOBALS = ClassDef("Config.MapGlobals", base=PERSISTENT, requires="%DB_IRISSYS:R")
MAP_ROUTINES = ClassDef("Config.MapRoutines", base=PERSISTENT, requires="%DB_IRISSYS:R")
MAP_PACKAGES = ClassDef("Config.MapPackages", base=PERSISTENT, requires="%DB_IRISSYS:R")

Record = dict[str, object]


def _project(cls: ClassDef, names: Sequence[str], records: Callable[[Job], Iterable[Record]]) -> None:
    """Give a class its table. UNVERIFIED: that it wants SELECT, as any table. Settle: SELECT without %All."""
    short = cls.name.rpartition(".")[2]

    def rows(job: Job, asked: Sequence[str]) -> Iterable[Sequence[object]]:
        return [tuple(each.get(name) or None for name in asked) for each in records(job)]

    cls.table = TableProjection(
        tuple(column(each, precision=255) for each in names),
        rows,
        lambda job: str(list(records(job))),
        lambda job, action: require_select(job, "Config", short, action),
        refusal=f"{cls.name} cannot be changed by SQL; use its methods",
    )
    for name in names:
        if name not in ("ID", *cls.own_properties):
            cls.property(name)


def _namespaces(job: Job) -> Iterable[Record]:
    for each in job.world.namespaces.values():
        yield {
            "ID": f"{CPF}||{each.name}",
            "CPFName": CPF,
            "Name": each.name,
            "Globals": each.globals_database,
            "Routines": each.routines_database,
            "TempGlobals": each.temporary_database,
            "SectionHeader": "Namespaces",
        }


def _databases(job: Job) -> Iterable[Record]:
    for name in databases(job):
        yield {
            "ID": f"{CPF}||{name}",
            "CPFName": CPF,
            "Name": name,
            "Directory": directory_of(job, name),
            "MountAtStartup": "No",
            "MountRequired": "No",
            "ClusterMountMode": "No",
            "SectionHeader": "Databases",
        }


def _mappings(kind: str) -> Callable[[Job], Iterable[Record]]:
    def records(job: Job) -> Iterable[Record]:
        for namespace in job.world.namespaces.values():
            for name, target in getattr(namespace, kind).items():
                database, collation, lock = (*target.split(","), "", "")[:3]
                yield {
                    "ID": f"{CPF}||{namespace.name}||{name}",
                    "CPFName": CPF,
                    "Namespace": namespace.name,
                    "Name": name,
                    "Database": database,
                    "Collation": collation or COLLATION,
                    "LockDatabase": lock,
                    "SectionHeader": f"Map.{namespace.name}",
                }

    return records


_BOOKKEEPING = ("ID", "CPFName", "Comments", "SectionHeader")
_project(NAMESPACES, (*_BOOKKEEPING, "Name", "Globals", "Routines", "TempGlobals"), _namespaces)
_project(
    DATABASES,
    (
        *_BOOKKEEPING,
        "Name",
        "Directory",
        "Server",
        "MountAtStartup",
        "MountRequired",
        "ClusterMountMode",
        "StreamLocation",
    ),
    _databases,
)
_MAPPED = (*_BOOKKEEPING, "Namespace", "Name", "Database")
_project(MAP_GLOBALS, (*_MAPPED, "Collation", "LockDatabase"), _mappings("global_mappings"))
_project(MAP_ROUTINES, _MAPPED, _mappings("routine_mappings"))
_project(MAP_PACKAGES, _MAPPED, _mappings("package_mappings"))


# Methods. UNVERIFIED: the errors of all of them. Settle: each with a name that is taken, or not there.


@NAMESPACES.class_method(
    'Create(Name As %String, ByRef Properties As %String, ByRef CPFFile As %String = "", Flags As %Integer = 7)'
    " As %Status"
)
def _create_namespace(job: Job, name: Value, properties: ByRef, _cpf: ByRef, _flags: Value) -> None:
    told = _told(job, "Config.Namespaces.Create", properties)
    if told is None:
        return
    text = as_text(name).upper()  # (facts: iris-config-as-text 5.1)
    if not text or text in job.world.namespaces:
        raise StatusError(5001, f"Namespace {text} exists already")
    for each in told.values():
        _require_database(job, each)
    made = Namespace(text, told.get("Globals", ""), told.get("Routines") or told.get("Globals", ""))
    made.temporary_database = told.get("TempGlobals") or made.temporary_database
    job.world.namespaces.add(made)


@NAMESPACES.class_method('Delete(Name As %String, CPFFile As %String = "", Flags As %Integer = 7) As %Status')
def _delete_namespace(job: Job, name: Value, _cpf: Value, _flags: Value) -> None:
    if job.world.namespaces.remove(as_text(name)) is None:
        raise StatusError(5001, f"Namespace {as_text(name)} does not exist")


def _told(job: Job, method: str, properties: ByRef) -> dict[str, str] | None:
    """What an array of code on the instance holds; None for the reference of a client, which holds nothing."""
    if not isinstance(properties, LocalArray):
        nothing_arrives(job, method)
        return None
    return {name: as_text(value) for name, value in properties.node.items()}


def _require_database(job: Job, name: str) -> None:
    if name.upper() not in databases(job):
        raise StatusError(5001, f"Database {name} does not exist")


def _map_methods(cls: ClassDef, kind: str) -> None:
    """The methods of one class of mappings, which take the namespace first (facts: iris-config-as-text 5.1)."""

    def mapped(job: Job, namespace: Value) -> dict[str, str]:
        found = job.world.namespaces.get(as_text(namespace))
        if found is None:
            raise StatusError(5001, f"Namespace {as_text(namespace)} does not exist")
        entries: dict[str, str] = getattr(found, kind)
        return entries

    def store(job: Job, namespace: Value, name: Value, properties: ByRef, method: str) -> None:
        told = _told(job, f"{cls.name}.{method}", properties)
        entries = mapped(job, namespace)
        if told is None:
            return
        if (as_text(name) in entries) is (method == "Create"):
            raise StatusError(5001, f"Mapping {as_text(name)} cannot be stored by {method}")
        _require_database(job, told.get("Database", ""))
        collation, lock = told.get("Collation", ""), told.get("LockDatabase", "")
        rest = [collation, lock] if lock else [collation] if collation not in ("", str(COLLATION)) else []
        entries[as_text(name)] = ",".join([told["Database"], *rest])

    arguments = "Namespace As %String, Name As %String"
    array = 'ByRef Properties As %String, ByRef CPFFile As %String = "", Flags As %Integer = 7'

    @cls.class_method(f"Exists({arguments}, ByRef Obj As %ObjectHandle, ByRef Status As %Status) As %Boolean")
    def exists(job: Job, namespace: Value, name: Value, _object: ByRef, _status: ByRef) -> int:
        return int(as_text(name) in mapped(job, namespace))

    @cls.class_method(f"Create({arguments}, {array}) As %Status")
    def create(
        job: Job, namespace: Value, name: Value, properties: ByRef, _cpf: ByRef, _flags: Value
    ) -> None:
        store(job, namespace, name, properties, "Create")

    @cls.class_method(f"Modify({arguments}, {array}) As %Status")
    def modify(
        job: Job, namespace: Value, name: Value, properties: ByRef, _cpf: ByRef, _flags: Value
    ) -> None:
        store(job, namespace, name, properties, "Modify")

    @cls.class_method(f'Delete({arguments}, CPFFile As %String = "", Flags As %Integer = 7) As %Status')
    def delete(job: Job, namespace: Value, name: Value, _cpf: Value, _flags: Value) -> None:
        if mapped(job, namespace).pop(as_text(name), None) is None:
            raise StatusError(5001, f"Mapping {as_text(name)} does not exist")


for _cls, _kind in (
    (MAP_GLOBALS, "global_mappings"), (MAP_ROUTINES, "routine_mappings"), (MAP_PACKAGES, "package_mappings")
):  # fmt: skip
    _map_methods(_cls, _kind)
