"""From a request of the wire to a handler of an emulated class, failing as IRIS fails.

Class and member names are case-sensitive, as in ObjectScript. The forms `<CLASS DOES NOT EXIST> *Name` and their kin
are those of the facts (wire-protocol 4); a real instance puts the place of the error (`zF+3^rtn.1`) before the star.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import Argument as PassedArgument
from irisops.simulator.backend import ByRef, ObjectRef, ThrownError, Value
from irisops.simulator.classes import query_methods
from irisops.simulator.classes.definition import ClassDef, MethodDef, PropertyDef, QueryDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import Instance
from irisops.simulator.classes.signature import Argument, Signature
from irisops.simulator.classes.status import OK, StatusError
from irisops.simulator.classes.values import undefined_as_empty
from irisops.simulator.sql.catalog import ColumnDef

NATIVE_CLASSES = "%Native_ClassExecution:U"


def find_class(job: Job, name: str) -> ClassDef:
    """The class as the job's namespace sees it. Throws `<CLASS DOES NOT EXIST>`."""
    cls = job.emulation.registry.find(name, job.emulation.version)
    if cls is None:
        loaded = job.emulation.loaded.find(name, job.namespace)
        if loaded is not None:
            return loaded
    if cls is None or not job.sees(cls):
        raise ThrownError(f"<CLASS DOES NOT EXIST> *{name}")
    return cls


def call_class_method(job: Job, class_name: str, method_name: str, args: Sequence[PassedArgument]) -> Value:
    """`##class(class_name).method_name(args)` as the Native SDK calls it."""
    if not job.holds(NATIVE_CLASSES):
        # UNVERIFIED: what the Native SDK answers without %Native_ClassExecution:U.
        # Settle: call %SYSTEM.Version.GetVersion as a user with %Service_SQL alone.
        raise ThrownError("<PROTECT>")
    cls = find_class(job, class_name)
    method = cls.find_method(method_name) or query_methods.find(cls, method_name, _rows_of_query)
    if method is None or not method.is_class_method:
        raise ThrownError(f"<METHOD DOES NOT EXIST> *{method_name},{class_name}")
    return _run(job, cls, method, args, ())


def run_class_method(job: Job, cls: ClassDef, method: MethodDef, args: Sequence[PassedArgument]) -> Value:
    """A class method that was found already: SQL calls those that are projected as functions."""
    return _run(job, cls, method, args, ())


def invoke(job: Job, number: int, method_name: str, args: Sequence[PassedArgument]) -> Value:
    """`object.method_name(args)`. A class method may be called on an object, too."""
    instance = job.objects.get(number)
    method = instance.cls.find_method(method_name)
    if method is None:
        raise ThrownError(f"<METHOD DOES NOT EXIST> *{method_name},{instance.cls.name}")
    return _run(job, instance.cls, method, args, () if method.is_class_method else (instance,))


def get_property(job: Job, number: int, name: str) -> Value:
    """`object.name`. A list property gives the reference of its list."""
    instance = job.objects.get(number)
    prop = _find_property(job, instance, name)
    if prop.name == "Size" and instance.cls.name == "%Collection.ListOfDT":
        return len(instance.items)
    return _to_wire(job, instance.values.get(prop.name, prop.initial))


def set_property(job: Job, number: int, name: str, value: Value) -> None:
    """`set object.name = value`; whether the value is legal is found at `%Save`."""
    instance = job.objects.get(number)
    prop = _find_property(job, instance, name)
    if prop.read_only:
        # UNVERIFIED: the name of the error for a read-only property. Settle: set SuperUser of a Security.Users object.
        raise ThrownError(f"<CANNOT SET THIS PROPERTY> *{name},{instance.cls.name}")
    if prop.collection:
        # UNVERIFIED: what assigning a string to a list property throws. Settle: set Roles of a Security.Users object.
        raise ThrownError("<INVALID OREF>")
    # The object holds what it was given, whatever becomes of the client's reference.
    held = job.objects.get(value.number) if isinstance(value, ObjectRef) else undefined_as_empty(value)
    instance.values[prop.name] = held


def run_query(
    job: Job, cls: ClassDef, query: QueryDef, args: Sequence[Value]
) -> tuple[tuple[ColumnDef, ...], Iterable[Sequence[Value]]]:
    """Columns and rows of a class query. Raises `StatusError` for a missing privilege, `ThrownError` for arguments."""
    bound = _bind(query.signature, args)
    privilege = cls.requires if query.requires is None else query.requires
    job.enter(cls)
    try:
        if privilege:
            job.require(privilege)
        rows: Iterable[Sequence[Value]] = query.handler(job, *bound)
        columns = query.shown(job.world.doubts)
        if len(columns) < len(query.columns):
            rows = [row[: len(columns)] for row in rows]
        return columns, rows
    finally:
        job.leave()


def _rows_of_query(
    job: Job, cls: ClassDef, query: QueryDef, args: Sequence[Value]
) -> Iterable[Sequence[Value]]:
    return run_query(job, cls, query, args)[1]


def _find_property(job: Job, instance: Instance, name: str) -> PropertyDef:
    prop = instance.cls.find_property(name)
    if prop is None or prop.since > job.emulation.version:
        raise ThrownError(f"<PROPERTY DOES NOT EXIST> *{name},{instance.cls.name}")
    return prop


def _run(
    job: Job, cls: ClassDef, method: MethodDef, args: Sequence[PassedArgument], receiver: tuple[Instance, ...]
) -> Value:
    bound = _bind(method.signature, args)
    privilege = cls.requires if method.requires is None else method.requires
    job.enter(cls)
    try:
        if privilege:
            job.require(privilege)
        result = method.handler(job, *receiver, *bound)
    except StatusError as failed:
        return _failed(method, bound, failed)
    finally:
        job.leave()
    for each in bound:
        if isinstance(each, ByRef):
            each.value = _to_wire(job, each.value)
    if result is None and method.signature.returns == "%Status":
        return OK
    return _to_wire(job, result)


def _failed(method: MethodDef, bound: Sequence[object], failed: StatusError) -> Value:
    """A failure as the method's return type can say it."""
    returns = method.signature.returns
    if returns == "%Status":
        return failed.status
    for argument, value in zip(method.signature.arguments, bound, strict=False):
        if argument.type == "%Status" and isinstance(value, ByRef):
            value.value = failed.status
    if returns == "%Boolean":
        return 0
    # UNVERIFIED: what a method without a %Status does when the privilege is missing.
    # Settle: call %SYSTEM.License.SetUserLimit as a user without %Admin_Manage.
    raise ThrownError("<PROTECT>") from failed


def _bind(signature: Signature, args: Sequence[PassedArgument]) -> list[object]:
    """One value per formal argument: `ByRef` where it is declared so, None where nothing was passed."""
    formal = signature.arguments
    if formal and formal[-1].variadic:
        return [undefined_as_empty(arg.value if isinstance(arg, ByRef) else arg) for arg in args]
    if len(args) > len(formal):
        raise ThrownError("<PARAMETER>")
    missing = formal[len(args) :]
    return [
        *(_bind_one(declared, passed) for declared, passed in zip(formal, args, strict=False)),
        *(ByRef(each.default) if each.by_reference else each.default for each in missing),
    ]


def _bind_one(declared: Argument, passed: PassedArgument) -> object:
    if declared.by_reference:
        if isinstance(passed, ByRef):
            return passed
        return ByRef(undefined_as_empty(passed))
    return undefined_as_empty(passed.value if isinstance(passed, ByRef) else passed)


def _to_wire(job: Job, value: object) -> Value:
    if isinstance(value, Instance):
        return job.objects.refer(value)
    if isinstance(value, bool):
        return int(value)
    return value  # type: ignore[return-value] # handlers return what crosses the wire, or an Instance
