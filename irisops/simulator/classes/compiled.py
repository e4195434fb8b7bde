"""Classes that a client loaded: compiled to the emulated kind, and run by `irisops.simulator.objectscript`.

What such a class may do is what the process may do that calls it: nothing runs with more privileges than the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irisops.simulator.backend import Argument as PassedArgument
from irisops.simulator.backend import ByRef, ThrownError, Value
from irisops.simulator.classes import dispatch, routines
from irisops.simulator.classes.arrays import LocalArray
from irisops.simulator.classes.dates import horolog
from irisops.simulator.classes.definition import ClassDef, MethodDef
from irisops.simulator.classes.globals import MODE_BACKWARDS
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import REGISTERED
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.system_basics import zversion_of
from irisops.simulator.objectscript.errors import CompileError
from irisops.simulator.objectscript.evaluator import Budget, Passed, run, variables_of
from irisops.simulator.objectscript.source import ClassSource, MethodSource
from irisops.simulator.objectscript.variables import Node

MOST_CALLS = 25
"""Methods inside each other, before `<FRAMESTACK>`. A real instance allows many more."""
_SUPERS = {"%RegisteredObject": REGISTERED, REGISTERED.name: REGISTERED}


@dataclass(slots=True)
class Running:
    """The code that a job runs at the moment, with all the methods inside each other."""

    budget: Budget
    depth: int = 0


def compile_class(source: ClassSource) -> ClassDef:
    """The class as the instance calls it. Raises `CompileError`."""
    base: ClassDef | None = None
    if source.supers:
        base = _SUPERS.get(source.supers[0])
        if base is None or len(source.supers) > 1:
            raise CompileError(f"the simulator compiles no class that extends {', '.join(source.supers)}", 1)
    cls = ClassDef(source.name, base=base)
    cls.parameters.update(source.parameters)
    for method in source.methods.values():
        returns = f" As {method.returns}" if method.returns else ""
        try:
            cls.class_method(f"{method.name}({method.formal}){returns}")(_Code(cls, method))
        except ValueError as error:
            raise CompileError(str(error), method.line) from None
        if any(each.variadic for each in cls.own_methods[method.name].signature.arguments):
            raise CompileError("the simulator compiles no arguments of any number", method.line)
    return cls


class _Code:
    """A method's code as a handler of the dispatcher."""

    def __init__(self, cls: ClassDef, source: MethodSource) -> None:
        self._cls = cls
        self._source = source

    def __call__(self, job: Job, *bound: object) -> Value:
        method = self._cls.own_methods[self._source.name]
        names = [each.name for each in method.signature.arguments]
        passed = dict(zip(names, map(_received, bound), strict=True))
        variables = variables_of(names, passed)
        arguments = dict(variables)
        outermost = job.running is None
        running = job.running = job.running or Running(Budget())
        running.depth += 1
        try:
            if running.depth > MOST_CALLS:
                raise ThrownError("<FRAMESTACK>")
            result = run(self._source.statements, variables, _Host(job, self._cls), running.budget)
        finally:
            running.depth -= 1
            if outermost:
                job.running = None
        for name, given in zip(names, bound, strict=True):
            if isinstance(given, ByRef):
                given.value = arguments[name].value
        return result


def _received(given: object) -> Passed:
    """An argument of a handler as one of the code."""
    if isinstance(given, LocalArray):
        return given.node
    return given.value if isinstance(given, ByRef) else given  # type: ignore[return-value] # a value, or None


class _Host:
    """The instance as one method's code sees it."""

    def __init__(self, job: Job, cls: ClassDef) -> None:
        self._job = job
        self._cls = cls

    def system(self, name: str) -> Value:
        """A special variable."""
        job = self._job
        match name:
            case "$NAMESPACE":
                return job.namespace
            case "$USERNAME":
                return job.username
            case "$ROLES":
                return ",".join(job.roles)
            case "$JOB":
                return job.process.pid
            case "$HOROLOG":
                return horolog(job.world.now())
        return zversion_of(job)

    def enter_namespace(self, name: str) -> None:
        """`SET $NAMESPACE`."""
        if name.upper() != self._job.namespace.upper():
            self._job.switch_namespace(name)

    def parameter(self, name: str) -> str | None:
        """A parameter of the running class."""
        return self._cls.parameters.get(name)

    def class_method(self, class_name: str, method: str, arguments: Sequence[Passed]) -> Value:
        """Call a method as server code does: no %Native_ClassExecution is asked for."""
        cls = dispatch.find_class(self._job, class_name) if class_name else self._cls
        found = cls.find_method(method)
        if found is None or not found.is_class_method:
            raise ThrownError(f"<METHOD DOES NOT EXIST> *{method},{cls.name}")
        sent = _sent(found, arguments)
        result = dispatch.run_class_method(self._job, cls, found, sent)
        for each in sent:
            if isinstance(each, LocalArray):
                each.node.value = each.value
        return result

    def start_job(self, class_name: str, method: str, arguments: Sequence[Passed]) -> None:
        """Start a process of the same user, which runs the method at once by the world's clock.

        What it writes to globals shows when it has worked so long. It reads none of that back.
        """
        parent, world = self._job, self._job.world
        process = world.process_table.start(
            username=parent.username, namespace=parent.namespace, routine=f"{class_name or self._cls.name}.1"
        )
        process.roles, process.login_roles = parent.process.roles, parent.process.login_roles
        process.client_ip = parent.process.client_ip
        job = Job(parent.emulation, process)
        job.detached = True

        def begin() -> None:
            try:
                _Host(job, self._cls).class_method(class_name, method, arguments)
            except (ThrownError, StatusError) as error:
                job.emulation.warn(f"process {process.pid} ended with {error}")
            world.scheduler.after(job.busy, lambda: world.end_process(process.pid))

        world.scheduler.after(0, begin)

    def global_value(self, name: str, subscripts: Sequence[str]) -> Value:
        """The value of a node."""
        return self._job.emulation.globals.get(self._job.namespace, name, subscripts)

    def global_defined(self, name: str, subscripts: Sequence[str]) -> int:
        """`$DATA`."""
        return self._job.emulation.globals.defined(self._job.namespace, name, subscripts)

    def global_next(self, name: str, subscripts: Sequence[str], *, backwards: bool) -> str:
        """`$ORDER`."""
        mode = MODE_BACKWARDS if backwards else 0
        return self._job.emulation.globals.order(self._job.namespace, name, subscripts, mode)[0]

    def set_global(self, name: str, subscripts: Sequence[str], value: Value) -> None:
        """Set or kill a node; a job of its own does it when it has come so far, unless it was ended before."""
        job, namespace = self._job, self._job.namespace

        def write() -> None:
            if value is None:
                job.emulation.globals.kill(namespace, name, subscripts)
            else:
                job.emulation.globals.set(namespace, name, subscripts, value)

        def write_later() -> None:
            if job.process.pid in job.world.processes:
                write()

        if job.detached:
            job.world.scheduler.after(job.busy, write_later)
        else:
            write()

    def routine(self, label: str, routine: str, arguments: Sequence[Passed]) -> Value:
        """Call a routine."""
        return routines.call(self._job, label, routine, [_plain(each) for each in arguments])


def _sent(method: MethodDef, arguments: Sequence[Passed]) -> list[PassedArgument]:
    """Arguments as the dispatcher takes them; one that was left out is the method's default."""
    formal = method.signature.arguments
    sent: list[PassedArgument] = []
    for position, each in enumerate(arguments):
        if isinstance(each, Node):
            sent.append(LocalArray(each.value, each))
        elif each is None and position < len(formal):
            sent.append(formal[position].default)
        else:
            sent.append(each)
    return sent


def _plain(each: Passed) -> Value:
    return each.value if isinstance(each, Node) else each
