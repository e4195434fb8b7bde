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
