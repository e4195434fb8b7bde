"""`Config.Namespaces`, `Config.Databases` and `%SYS.Namespace`: which namespaces there are, and on which databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT
from irisops.simulator.classes.values import as_text, matches_names

# The configuration classes are not restricted like Security.*: reading them needs read on %DB_IRISSYS, as being in %SYS
# does. UNVERIFIED: whether they ask for %Admin_Manage:U. Settle: run the List as a user without it.
NAMESPACES = ClassDef("Config.Namespaces", base=PERSISTENT, requires="%DB_IRISSYS:R")
NAMESPACES.property("Name")
NAMESPACES.property("Globals")
NAMESPACES.property("Routines")
DATABASES = ClassDef("Config.Databases", base=PERSISTENT, requires="%DB_IRISSYS:R")
DATABASES.property("Name")
DATABASES.property("Directory", "%SysPath")
NAMESPACE = ClassDef("%SYS.Namespace", base=PERSISTENT, abstract=True)


@NAMESPACES.query(
    'List(Names As %String = "*", CPFFile As %String = "", Flags As %Integer = 0, Format As %Integer = 0)',
    ["Namespace", "Globals", "Routines"],
    sql_procedure=True,
    public=1,
)
def _list_namespaces(
    job: Job, names: Value, _cpf: Value, _flags: Value, _format: Value
) -> Iterable[Sequence[Value]]:
    return [
        (namespace.name, namespace.globals_database, namespace.routines_database)
        for namespace in job.world.namespaces.values()
        if matches_names(namespace.name, as_text(names))
    ]


@NAMESPACES.class_method(
    "Exists(Name As %String, ByRef Obj As %ObjectHandle, ByRef Status As %Status) As %Boolean"
)
def _exists(job: Job, name: Value, _object: ByRef, _status: ByRef) -> int:
    return int(job.world.namespaces.get(as_text(name)) is not None)


@DATABASES.query(
    'List(Names As %String = "*", CPFFile As %String = "", Flags As %Integer = 0, Format As %Integer = 0)',
    ["Name", "Directory"],
    sql_procedure=True,
)
def _list_databases(
    job: Job, names: Value, _cpf: Value, _flags: Value, _format: Value
) -> Iterable[Sequence[Value]]:
    return [(name, directory_of(job, name)) for name in databases(job) if matches_names(name, as_text(names))]


@NAMESPACE.class_method("Exists(NamespaceName As %String) As %Boolean")
def _namespace_exists(job: Job, name: Value) -> int:
    return int(job.world.namespaces.get(as_text(name)) is not None)


@NAMESPACE.class_method(
    'GetGlobalDest(Namespace As %String = "", Global As %String = "", Subscript As %String = "") As %String'
)
def _global_dest(job: Job, name: Value, _global: Value, _subscript: Value) -> str:
    """The database of a global; no global is mapped here (facts: iris-operations 3).

    UNVERIFIED: the arguments after the namespace, and the answer: system^directory. Settle: print it for a global that
    is mapped, and for one that is not, with and without its caret.
    """
    namespace = job.world.namespaces.get(as_text(name))
    return "" if namespace is None else f"^{directory_of(job, namespace.globals_database)}"


@NAMESPACE.query("List(Remote As %Boolean = 0, DontConnect As %Boolean = 0)", ["Nsp", "Status", "Remote"])
def _namespace_list(job: Job, _remote: Value, _dont_connect: Value) -> Iterable[Sequence[Value]]:
    return [(namespace.name, 1, 0) for namespace in job.world.namespaces.values()]


def databases(job: Job) -> list[str]:
    """The databases behind the namespaces, each once, and those that every instance has."""
    found = dict.fromkeys(("IRISSYS", "IRISLIB", "IRISTEMP", "IRISLOCALDATA", "IRISAUDIT"))
    if job.emulation.security_moved:
        found["IRISSECURITY"] = None
    for namespace in job.world.namespaces.values():
        found[namespace.globals_database] = None
        found[namespace.routines_database] = None
    return sorted(found)


def directory_of(job: Job, database: str) -> str:
    """The directory of a database in a container's layout (facts: license-sessions 5.4)."""
    found = job.world.databases.get(database)
    return found.directory if found is not None else f"/usr/irissys/mgr/{database.lower()}/"
