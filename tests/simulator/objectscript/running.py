"""Runs ObjectScript for a host that has only what the test gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.objectscript.evaluator import Budget, Passed, run
from irisops.simulator.objectscript.parser import parse
from irisops.simulator.objectscript.variables import Node


class FakeHost:
    """Methods and routines are Python functions by name; namespaces are remembered in order."""

    def __init__(self, **functions: Callable[..., Value]) -> None:
        self.functions = functions
        self.namespace = "USER"
        self.entered: list[str] = []
        self.calls: list[tuple[str, str, Sequence[Passed]]] = []
        self.parameters = {"LIMIT": "7"}
        self.globals: dict[str, Node] = {}
        self.jobs: list[tuple[str, str, Sequence[Passed]]] = []

    def system(self, name: str) -> Value:
        return {"$NAMESPACE": self.namespace, "$USERNAME": "me"}.get(name, "")

    def enter_namespace(self, name: str) -> None:
        if name == "NOSUCH":
            raise ThrownError("<NAMESPACE>")
        self.namespace = name
        self.entered.append(name)

    def parameter(self, name: str) -> str | None:
        return self.parameters.get(name)

    def class_method(self, class_name: str, method: str, arguments: Sequence[Passed]) -> Value:
        self.calls.append((class_name, method, list(arguments)))
        return self.functions[method](*arguments) if method in self.functions else ""

    def start_job(self, class_name: str, method: str, arguments: Sequence[Passed]) -> None:
        self.jobs.append((class_name, method, list(arguments)))

    def global_value(self, name: str, subscripts: Sequence[str]) -> Value:
        node = self.globals.setdefault(name, Node()).find(subscripts)
        return None if node is None else node.value

    def global_defined(self, name: str, subscripts: Sequence[str]) -> int:
        node = self.globals.setdefault(name, Node()).find(subscripts)
        return 0 if node is None else node.defined()

    def global_next(self, name: str, subscripts: Sequence[str], *, backwards: bool) -> str:
        *parents, last = subscripts
        node = self.globals.setdefault(name, Node()).find(parents)
        return "" if node is None else node.next(last, backwards=backwards)

    def set_global(self, name: str, subscripts: Sequence[str], value: Value) -> None:
        root = self.globals.setdefault(name, Node())
        if value is None:
            root.kill_below(subscripts)
        else:
            root.make(subscripts).value = value

    def routine(self, label: str, routine: str, arguments: Sequence[Passed]) -> Value:
        self.calls.append((label, routine, list(arguments)))
        return self.functions[label](*arguments)


def result(code: str, host: FakeHost | None = None, **variables: Value) -> Value:
    """The return value of the code; `variables` are its arguments."""
    nodes = {name: Node(value) for name, value in variables.items()}
    return run(parse(code), nodes, host or FakeHost(), Budget(10_000))


def value(expression: str, host: FakeHost | None = None, **variables: Value) -> Value:
    """The value of an expression."""
    return result(f"return {expression}", host, **variables)
