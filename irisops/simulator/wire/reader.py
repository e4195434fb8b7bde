"""Reads a request's items; errors name the wrong item."""

from __future__ import annotations

import re
from decimal import Decimal

from irisops.simulator.backend import Argument, ByRef, ObjectRef, Value
from irisops.simulator.wire.collation import subscript_text
from irisops.simulator.wire.listitem import MAX_ITEMS, decode

_WHOLE = re.compile(r"-?[0-9]{1,18}")


class RequestError(ValueError):
    """The items of a request do not fit its opcode."""


class ItemReader:
    """A cursor over a request's items. Every method raises `RequestError` if the next item does not fit."""

    def __init__(self, payload: bytes, limit: int = MAX_ITEMS) -> None:
        self._items = decode(payload, 0, limit)
        self._next = 0

    @property
    def remaining(self) -> int:
        """Number of items not yet read."""
        return len(self._items) - self._next

    def argument(self) -> Argument:
        """The next item, unconverted."""
        if self._next >= len(self._items):
            raise RequestError(f"the request ends after {len(self._items)} items")
        item = self._items[self._next]
        self._next += 1
        return item

    def value(self) -> Value:
        """The next item, without its by-reference flag."""
        item = self.argument()
        return item.value if isinstance(item, ByRef) else item

    def text(self) -> str:
        """A string; like IRIS, takes a number as its text."""
        value = self.value()
        if isinstance(value, ObjectRef):
            raise RequestError(f"item {self._next} is an object where a string is needed")
        return subscript_text(value)

    def count(self) -> int:
        """The number of items that follow; at most `remaining`."""
        number = self.integer()
        if not 0 <= number <= self.remaining:
            raise RequestError(f"item {self._next} announces {number} items, {self.remaining} follow")
        return number

    def integer(self) -> int:
        """A whole number; as in IRIS, numeric strings count and the empty string is 0."""
        value = self.value()
        if isinstance(value, int):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, Decimal) and value == value.to_integral_value():
            return int(value)
        if value is None or value == "":
            return 0
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        raise RequestError(f"item {self._next} is no whole number")

    def oref(self) -> int:
        """An object's number; the client sends it as a reference (facts: wire-protocol 5)."""
        value = self.value()
        if isinstance(value, ObjectRef):
            return value.number
        raise RequestError(f"item {self._next} is no object reference")

    def arguments(self, number: int) -> list[Argument]:
        """The next `number` items."""
        if number > self.remaining:
            raise RequestError(f"{number} items are needed, {self.remaining} follow")
        items = self._items[self._next : self._next + number]
        self._next += number
        return items

    def values(self, number: int) -> list[Value]:
        """The values of the next `number` items."""
        return [item.value if isinstance(item, ByRef) else item for item in self.arguments(number)]

    def rest(self) -> list[Value]:
        """The values of all remaining items."""
        return self.values(self.remaining)
