"""Run a class query by the class methods behind it: many rows per round trip, not one cell (see `ClassQuery`).

`%Library.ResultSet` gives a client one cell at a time. Behind each class query are the class methods Execute, Fetch and
Close, and FetchRows, which the vendor documents in `%Library.Query`: up to 24k of row data at once. Runs in the driver
process.

The methods exist (class reference). Nothing is believed before it was counted: rows of another length than the query
has columns, rows without their first column, the same rows again, or none at all lead back to the result set.

UNVERIFIED: that a client may call them, that the query's handle survives the way to the client and back (the vendor's
own queries decide what it is; an array would not survive), and how the row set is laid out: a $LIST per row in a $LIST,
or all cells in one. Settle: doubt row-sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from irisops.instance.calls import ClassQuery, Value
from irisops.instance.status import ListItem, whole_list

Row = tuple[Value, ...]

_THROWN = re.compile(r"<(?!COMMUNICATION)[A-Z ]+>")
"""An error thrown by the instance, not one of the connection."""


class WholeRowsError(Exception):
    """The methods gave implausible rows; the text says what."""


class WholeRows:
    """Fetches on one connection. `iris` is the driver, `native` its class-method interface."""

    def __init__(self, iris: Any, native: Any) -> None:
        self._iris = iris
        self._native = native
        self._names: dict[str, tuple[str, ...]] = {}
        self.trips = 0
        """Round trips of the last `fetch`."""

    def fetch(self, call: ClassQuery) -> tuple[tuple[str, ...], list[Row]]:
        """Columns as `call` wants them, and all rows. Raises WholeRowsError and what the driver raises."""
        self.trips = 0
        names = self._column_names(call.query)
        columns = call.columns or names
        lower = [name.lower() for name in names]
        places = [lower.index(name.lower()) if name.lower() in lower else None for name in columns]
        rows: list[Row] = []
        for items in self._rows(call, len(names)):
            if items[0] in (None, ""):
                raise WholeRowsError(f"{call.query} gave a row without {names[0]}")
            rows.append(tuple([None if place is None else items[place] for place in places]))
        return columns, rows

    def _column_names(self, query: str) -> tuple[str, ...]:
        """The query's columns in order, read from the result set once."""
        if query not in self._names:
            self.trips += 2
            result = self._native.classMethodObject("%Library.ResultSet", "%New", query)
            if not isinstance(result, self._iris.IRISObject):
                raise WholeRowsError(f"%Library.ResultSet gave no object for {query}")
            try:
                count = int(result.invokeInteger("GetColumnCount") or 0)
                self.trips += count
                names = tuple(str(result.invokeString("GetColumnName", n)) for n in range(1, count + 1))
            finally:
                result.close()
            if count < 2 or not all(names):
                # With one column the two layouts could not be told apart.
                raise WholeRowsError(f"{query} has no columns that can be counted")
            self._names[query] = names
        return self._names[query]

    def _rows(self, call: ClassQuery, width: int) -> Iterator[Sequence[ListItem]]:
        class_name, _, query = call.query.partition(":")
        handle = self._iris.IRISReference("")
        self._method(class_name, f"{query}Execute", handle, *call.args)
        before: object = None
        many = True
        at_end = False
        while not at_end:
            if many:
                try:
                    packed, number, at_end = self._fetch_rows(class_name, query, handle)
                except RuntimeError as error:
                    if "<METHOD DOES NOT EXIST>" not in str(error):
                        raise
                    many = False
                    continue
            else:
                packed, number, at_end = self._fetch_row(class_name, query, handle)
            if not number:
                break
            if packed == before:
                raise WholeRowsError(f"{call.query} gives the same rows again")
            before = packed
            yield from _unpacked(packed, number, width) if many else [_counted(packed, width)]
        self._close(class_name, query, handle)

    def _fetch_rows(self, class_name: str, query: str, handle: Any) -> tuple[object, int, bool]:
        """(row set, rows in it, whether it is the last)."""
        row_set, number, at_end = (self._iris.IRISReference(initial) for initial in ("", 0, 0))
        self._method(class_name, f"{query}FetchRows", handle, 0, row_set, number, at_end)
        return row_set.getValue(), _whole(number.getValue()), _whole(at_end.getValue()) == 1

    def _fetch_row(self, class_name: str, query: str, handle: Any) -> tuple[object, int, bool]:
        """(row, whether there is one, whether it is the last). At the end the row is ""."""
        row, at_end = (self._iris.IRISReference(initial) for initial in ("", 0))
        self._method(class_name, f"{query}Fetch", handle, row, at_end)
        packed = row.getValue()
        return packed, 0 if packed in (None, "", b"") else 1, _whole(at_end.getValue()) == 1

    def _close(self, class_name: str, query: str, handle: Any) -> None:
        """Close the query. The rows are complete, so only a lost connection is raised."""
        self.trips += 1
        try:
            self._native.classMethodValue(class_name, f"{query}Close", handle)
        except RuntimeError as error:
            if _THROWN.match(str(error)) is None:
                raise

    def _method(self, class_name: str, name: str, *args: Any) -> None:
        self.trips += 1
        status = self._native.classMethodValue(class_name, name, *args)
        if status not in (1, "1"):
            raise WholeRowsError(str(status) if status else f"{class_name}.{name} did not succeed")


def _unpacked(packed: object, number: int, width: int) -> Iterator[Sequence[ListItem]]:
    """The rows of a row set, which must have `number` rows of `width` cells in one of the two layouts."""
    items = _items(packed)
    if len(items) == number:
        for item in items:
            yield _counted(item, width)
    elif len(items) == number * width:
        for start in range(0, len(items), width):
            yield items[start : start + width]
    else:
        raise WholeRowsError(f"a row set of {number} rows has {len(items)} items")


def _counted(packed: object, width: int) -> list[ListItem]:
    items = _items(packed)
    if len(items) != width:
        raise WholeRowsError(f"a row of {width} columns has {len(items)} items")
    return items


def _items(packed: object) -> list[ListItem]:
    text = packed.decode("latin-1") if isinstance(packed, bytes) else packed
    items = whole_list(text) if isinstance(text, str) else None
    if items is None:
        raise WholeRowsError("a row set is not a list")
    return items


def _whole(value: object) -> int:
    try:
        return int(value) if isinstance(value, int | str) and value != "" else 0
    except ValueError:
        return 0
