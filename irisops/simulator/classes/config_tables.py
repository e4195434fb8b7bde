"""The tables of `Config.*`: namespaces, databases and mappings by SQL (facts: iris-config-as-text 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from irisops.simulator.classes.configuration import DATABASES, NAMESPACES, databases, directory_of
from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT
from irisops.simulator.classes.sql_access import require_select

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
            for name, database in getattr(namespace, kind).items():
                yield {
                    "ID": f"{CPF}||{namespace.name}||{name}",
                    "CPFName": CPF,
                    "Namespace": namespace.name,
                    "Name": name,
                    "Database": database,
                    "Collation": COLLATION,
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
