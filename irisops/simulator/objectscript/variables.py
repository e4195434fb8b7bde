"""Local variables: each is the root of an array, with its own value and nodes below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.objectscript.values import collation_key


class Node:
    """A variable or a node of an array. `value` None: undefined."""

    __slots__ = ("children", "value")

    def __init__(self, value: Value = None) -> None:
        self.value = value
        self.children: dict[str, Node] = {}

    def find(self, subscripts: Sequence[str]) -> Node | None:
        """The node below with these subscripts, or None."""
        node: Node | None = self
        for each in subscripts:
            node = node.children.get(each) if node is not None else None
        return node

    def make(self, subscripts: Sequence[str]) -> Node:
        """The node below with these subscripts, created if missing. Throws `<SUBSCRIPT>` for an empty one."""
        node = self
        for each in subscripts:
            if not each:
                raise ThrownError("<SUBSCRIPT>")
            node = node.children.setdefault(each, Node())
        return node

    def merge(self, other: Node) -> None:
        """Take over the values of another node and of all nodes below it."""
        if other.value is not None:
            self.value = other.value
        for key, child in tuple(other.children.items()):
            self.children.setdefault(key, Node()).merge(child)

    def kill(self) -> None:
        """Remove the value and all nodes below."""
        self.value = None
        self.children.clear()

    def kill_below(self, subscripts: Sequence[str]) -> None:
        """Kill the node with these subscripts, and every node that becomes empty."""
        if not subscripts:
            self.kill()
            return
        first, *rest = subscripts
        child = self.children.get(first)
        if child is None:
            return
        child.kill_below(rest)
        if child.defined() == 0:
            del self.children[first]

    def defined(self) -> int:
        """`$DATA`: 0 undefined, 1 a value, 10 nodes below, 11 both."""
        below = any(child.defined() for child in self.children.values())
        return int(self.value is not None) + 10 * int(below)

    def next(self, subscript: str, *, backwards: bool = False) -> str:
        """The next subscript in collation order; "" is the start and the end."""
        keys = sorted((key for key, child in self.children.items() if child.defined()), key=collation_key)
        if backwards:
            keys.reverse()
        if not subscript:
            return keys[0] if keys else ""
        here = collation_key(subscript)
        return next(
            (k for k in keys if (collation_key(k) < here if backwards else collation_key(k) > here)), ""
        )

    def items(self) -> Iterator[tuple[str, Value]]:
        """Subscript and value of the direct nodes that have a value, in order."""
        for key in sorted(self.children, key=collation_key):
            value = self.children[key].value
            if value is not None:
                yield key, value
