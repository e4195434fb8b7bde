"""Globals: sorted trees of values, as far as the Native SDK reaches them (facts: wire-protocol 6).

Values live in memory and are nobody's data: the emulated classes do not keep theirs here.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.classes.values import as_text

_CANONICAL_NUMBER = re.compile(r"^-?(?:0|[1-9]\d*|(?:[1-9]\d*)?\.\d*[1-9])$")
_LEADING_NUMBER = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)")

Key = tuple[int, Decimal, str]

MODE_VALUE = 1
MODE_BACKWARDS = 4
MODE_STOP = 8


def collate(subscript: str) -> Key:
    """Canonical numbers first, by value; then strings, by code point."""
    if subscript != "-0" and _CANONICAL_NUMBER.match(subscript):
        return 0, Decimal(subscript), ""
    return 1, Decimal(0), subscript


@dataclass(slots=True)
class _Node:
    value: Value = None
    children: dict[str, _Node] = field(default_factory=dict)
    order: list[tuple[Key, str]] = field(default_factory=list)


class GlobalStore:
    """The globals of all namespaces of an instance. Those of IRISTEMP are one for all (facts: iris-operations 4.1)."""

    def __init__(self) -> None:
        self._roots: dict[tuple[str, str], _Node] = {}

    def get(self, namespace: str, name: str, subscripts: Sequence[Value]) -> Value:
        """The value of a node; None where it is undefined."""
        node = self._find(namespace, name, subscripts)
        return None if node is None else node.value

    def set(self, namespace: str, name: str, subscripts: Sequence[Value], value: Value) -> None:
        """Set a node; undefined counts as empty. Throws `<SUBSCRIPT>` for an empty subscript."""
        if any(as_text(each) == "" for each in subscripts):
            raise ThrownError("<SUBSCRIPT>")
        self._made(namespace, name, subscripts).value = "" if value is None else value

    def kill(self, namespace: str, name: str, subscripts: Sequence[Value]) -> None:
        """Remove a node and all below it."""
        if not subscripts:
            self._roots.pop(_place(namespace, name), None)
            return
        parent = self._find(namespace, name, subscripts[:-1])
        subscript = as_text(subscripts[-1])
        if parent is not None and parent.children.pop(subscript, None) is not None:
            parent.order.remove((collate(subscript), subscript))

    def before_change(
        self, namespace: str, name: str, subscripts: Sequence[Value], *, whole: bool
    ) -> Callable[[], None]:
        """What restores a node as it is now: its value, or with `whole`, for a kill, all below it, too."""
        node = self._find(namespace, name, subscripts)
        value = None if node is None else node.value
        place = (namespace, name, tuple(subscripts))

        def restore() -> None:
            if whole:
                self._attach(*place, node)
            elif node is not None:
                self._set_value(*place, value)
            else:
                self._undefine(*place)

        return restore

    def _attach(self, namespace: str, name: str, subscripts: Sequence[Value], node: _Node | None) -> None:
        """Put a node that was killed back to its place."""
        self.kill(namespace, name, subscripts)
        if node is None:
            return
        if not subscripts:
            self._roots[_place(namespace, name)] = node
            return
        parent = self._made(namespace, name, subscripts[:-1])
        subscript = as_text(subscripts[-1])
        parent.children[subscript] = node
        insort(parent.order, (collate(subscript), subscript))

    def _set_value(self, namespace: str, name: str, subscripts: Sequence[Value], value: Value) -> None:
        """Set the value of a node, even to undefined."""
        self._made(namespace, name, subscripts).value = value

    def _undefine(self, namespace: str, name: str, subscripts: Sequence[Value]) -> None:
        """Take a node away again, and those above it that were only there for it."""
        for depth in range(len(subscripts), -1, -1):
            node = self._find(namespace, name, subscripts[:depth])
            if node is None:
                continue
            if depth == len(subscripts):
                node.value = None
            if node.children or node.value is not None:
                return
            self.kill(namespace, name, subscripts[:depth])

    def increment(self, namespace: str, name: str, subscripts: Sequence[Value], amount: Value) -> Value:
        """`$INCREMENT`: the new value."""
        total = _number(self.get(namespace, name, subscripts)) + _number(amount)
        result: Value = int(total) if total == total.to_integral_value() else total
        self.set(namespace, name, subscripts, result)
        return result

    def defined(self, namespace: str, name: str, subscripts: Sequence[Value]) -> int:
        """`$DATA`: 0 undefined, 1 a value, 10 descendants, 11 both."""
        node = self._find(namespace, name, subscripts)
        if node is None:
            return 0
        return (0 if node.value is None else 1) + (10 if node.children else 0)

    def order(
        self, namespace: str, name: str, subscripts: Sequence[Value], mode: int, stop: Value = None
    ) -> tuple[str, Value]:
        """`$ORDER`: the next subscript and its value; "" at the end. Mode bits: 1 value, 4 backwards, 8 a stop."""
        parent = self._find(namespace, name, subscripts[:-1])
        if parent is None:
            return "", None
        start = as_text(subscripts[-1]) if subscripts else ""
        mark = (collate(start), start)
        if mode & MODE_BACKWARDS:
            position = (len(parent.order) if start == "" else bisect_left(parent.order, mark)) - 1
        else:
            position = 0 if start == "" else bisect_right(parent.order, mark)
        if not 0 <= position < len(parent.order):
            return "", None
        key, subscript = parent.order[position]
        if mode & MODE_STOP and stop is not None:
            limit = collate(as_text(stop))
            if (key < limit) if mode & MODE_BACKWARDS else (key > limit):
                return "", None
        return subscript, parent.children[subscript].value

    def _made(self, namespace: str, name: str, subscripts: Sequence[Value]) -> _Node:
        """The node, made if it is not there."""
        node = self._roots.setdefault(_place(namespace, name), _Node())
        for each in subscripts:
            subscript = as_text(each)
            child = node.children.get(subscript)
            if child is None:
                child = node.children[subscript] = _Node()
                insort(node.order, (collate(subscript), subscript))
            node = child
        return node

    def _find(self, namespace: str, name: str, subscripts: Sequence[Value]) -> _Node | None:
        node = self._roots.get(_place(namespace, name))
        for each in subscripts:
            if node is None:
                return None
            node = node.children.get(as_text(each))
        return node


class LockTable:
    """Incremental locks by job. Waiting is not emulated: a lock that another job holds is refused at once."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, ...], dict[int, int]] = {}

    def lock(self, job: int, key: tuple[str, ...]) -> bool:
        """Take a lock; False where another job holds it (or one of its ancestors or descendants) exclusively."""
        for held, owners in self._owners.items():
            overlaps = held[: len(key)] == key or key[: len(held)] == held
            if overlaps and any(owner != job for owner in owners):
                return False
        counts = self._owners.setdefault(key, {})
        counts[job] = counts.get(job, 0) + 1
        return True

    def unlock(self, job: int, key: tuple[str, ...]) -> None:
        """Give one count of a lock back."""
        counts = self._owners.get(key)
        if counts is None or job not in counts:
            return
        counts[job] -= 1
        if counts[job] <= 0:
            del counts[job]
        if not counts:
            del self._owners[key]

    def release_all(self, job: int) -> None:
        """The job ended, or asked for it."""
        for key in [key for key, owners in self._owners.items() if job in owners]:
            del self._owners[key][job]
            if not self._owners[key]:
                del self._owners[key]


def _place(namespace: str, name: str) -> tuple[str, str]:
    """Where a global is kept: `^IRIS.Temp...` in one database for all namespaces."""
    bare = _bare(name)
    return ("" if bare.startswith("IRIS.Temp") else namespace.upper(), bare)


def _bare(name: str) -> str:
    """`^g` and `g` are one (facts: wire-protocol 6)."""
    return name.removeprefix("^")


def _number(value: Value) -> Decimal:
    match = _LEADING_NUMBER.match(as_text(value))
    return Decimal(match.group()) if match else Decimal(0)


def subscript_sort_order(left: str, right: str) -> int:
    """1 if `left` sorts first, -1 if after, 0 if equal or one is empty (facts: wire-protocol 4)."""
    if not left or not right or left == right:
        return 0
    return 1 if collate(left) < collate(right) else -1
