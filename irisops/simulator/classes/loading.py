"""`%SYSTEM.OBJ`: classes are loaded from a stream, compiled and deleted (signatures: class reference, 2024.1)."""

from __future__ import annotations

from irisops.simulator.backend import ByRef, ThrownError, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.compiled import compile_class
from irisops.simulator.classes.definition import ClassDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.loaded import Loaded
from irisops.simulator.classes.streams import text_of
from irisops.simulator.classes.values import as_boolean, as_text, comma_list
from irisops.simulator.objectscript.errors import CompileError
from irisops.simulator.objectscript.source import read_class

OBJ = ClassDef("%SYSTEM.OBJ", supers=("%SYSTEM.Help",))
MOST_CLASSES = 200
"""How many classes clients may load into one simulated instance."""


@OBJ.class_method(
    'LoadStream(stream As %AbstractStream, qspec As %String = "", ByRef errorlog As %String,'
    " ByRef loadedlist As %String, listonly As %Boolean, selecteditems As %String, displayname As %String,"
    ' charset As %String = "") As %Status'
)
def _load_stream(
    job: Job, stream: Value, flags: Value, _errors: ByRef, loaded: ByRef, *further: Value
) -> None:
    text = text_of(job, stream)
    _require(job)
    try:
        source = read_class(text)
    except CompileError as error:
        raise _refusal("the source", error) from None
    loaded.value = f"{source.name}.cls"
    if as_boolean(further[0]):
        return
    classes = job.emulation.loaded
    if job.emulation.registry.find(source.name, job.emulation.version) is not None:
        # UNVERIFIED: what loading over a class of the system answers. Settle: it must not be tried.
        raise status.StatusError(
            5001, f"Class '{source.name}' is emulated and cannot be replaced in the simulator"
        )
    if len(classes) >= MOST_CLASSES:
        raise status.StatusError(5001, f"The simulator keeps {MOST_CLASSES} classes that were loaded")
    # A real instance keeps the definition that does not compile, too.
    definition = Loaded(source.name, None, job.username, tuple(source.methods))
    classes.keep(definition, job.namespace)
    if _compiles(as_text(flags)):
        try:
            definition.compiled = compile_class(source)
        except CompileError as error:
            raise _refusal(f"{source.name}.cls", error) from None


@OBJ.class_method(
    'Delete(ByRef classes As %String = "", qspec As %String = "", ByRef errorlog As %String) As %Status'
)
def _delete(job: Job, classes: ByRef, _flags: Value, _errors: ByRef) -> None:
    _require(job)
    for name in comma_list(classes):
        if job.emulation.registry.find(name, job.emulation.version) is not None:
            raise status.StatusError(
                5001, f"Class '{name}' is emulated and cannot be deleted in the simulator"
            )
        if not job.emulation.loaded.remove(name, job.namespace):
            raise status.StatusError(5351, name)


def _require(job: Job) -> None:
    """Development rights, and write on the database of the namespace's code (facts: iris-security 6.4, D).

    UNVERIFIED: that %Development:U is asked for when code is loaded by class methods, and as which error its lack and
    the database's shows. Settle: LoadStream in USER as a user with %Native_ClassExecution and %DB_USER:RW alone, and in
    %SYS as one with %DB_IRISSYS:R.
    """
    job.require("%Development:U")
    namespace = job.world.namespaces.get(job.namespace)
    database = job.world.databases.get(namespace.routines_database) if namespace else None
    if not job.holds(f"{database.resource if database else '%DB_%DEFAULT'}:W"):
        raise ThrownError("<PROTECT>")


def _compiles(flags: str) -> bool:
    """Whether the flags hold `c`, not taken back by a minus (`ck-d`)."""
    return "c" in flags.partition("/")[0].partition("-")[0]


def _refusal(what: str, error: CompileError) -> status.StatusError:
    # UNVERIFIED: the numbers and words of a real compiler's errors. Settle: load a class with the line `frob 1`.
    return status.StatusError(5001, f"{what}, line {error.line}: {error.text}")
