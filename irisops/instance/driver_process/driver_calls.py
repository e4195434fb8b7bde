"""Carry out each kind of call on the driver: native calls and a cursor side by side on one connection.

Runs in the driver process. The driver is passed as an argument, so that `driver` stays the only module that imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from time import monotonic
from typing import Any

from irisops.instance.calls import (
    CELLS_TOO_SLOW,
    NO_ROWS_BY_METHODS,
    Answer,
    Call,
    ClassMethod,
    ClassQuery,
    Function,
    LoadSource,
    ObjectCall,
    ObjectStep,
    Query,
    Ref,
    Rows,
    Update,
    Value,
)
from irisops.instance.driver_process.messages import ROWS_PER_FRAME
from irisops.instance.driver_process.whole_rows import WholeRows

PLAIN: frozenset[type] = frozenset((type(None), bool, str, int, float, Decimal, bytes, date, time, datetime))
"""Types that cross the pipe."""

STREAM_PART = 16_000
"""Characters that one `Write` to a stream takes here; its limit is some 32,000."""

SendRows = Callable[[list[tuple[Value, ...]]], None]


class CallError(Exception):
    """A call that the driver carried out without a usable answer; the text says why."""


class Calls:
    """Carries out calls on one connection: Native SDK and cursor side by side (facts: iris-license-sessions 7.1)."""

    def __init__(self, iris: Any, connection: Any, *, monotonic: Callable[[], float] = monotonic) -> None:
        self._iris = iris
        self._monotonic = monotonic
        self._connection = connection
        self._native = iris.createIRIS(connection)
        self._whole_rows = WholeRows(iris, self._native)
        self._trips = 0

    def run(self, call: Call, send_rows: SendRows) -> Answer:
        """Do one call. Rows go out through `send_rows` as they are fetched. Raises what the driver raises."""
        self._trips = 0
        match call:
            case Query():
                answer = self._query(call, send_rows)
            case Update():
                answer = self._update(call)
            case ClassMethod():
                answer = self._class_method(call)
            case ClassQuery():
                answer = self._class_query(call, send_rows)
            case ObjectCall():
                answer = self._object(call)
            case Function():
                self._trips += 1
                answer = Answer(value=_plain(self._native.function(call.label, call.routine, *call.args)))
            case LoadSource():
                answer = self._load(call)
        answer.round_trips = self._trips
        return answer

    def _query(self, call: Query, send_rows: SendRows) -> Answer:
        cursor = self._connection.cursor()
        try:
            # Prepare and execute in one exchange (facts: wire-protocol 7, DQ).
            self._trips += 1
            cursor.direct_execute(call.sql, list(call.params))
            columns = tuple(str(column[0]) for column in cursor.description or ())
            sent = 0
            # Rows beyond `max_rows` are still fetched: closing a cursor while the driver has asked for the next page
            # puts the connection out of step (facts: wire-protocol 7, PQ).
            while columns and (chunk := cursor.fetchmany(ROWS_PER_FRAME)):
                rows = [tuple([c if type(c) in PLAIN else _plain(c) for c in row]) for row in chunk]
                if call.max_rows:
                    rows = rows[: max(0, call.max_rows - sent)]
                sent += len(rows)
                if rows:
                    send_rows(rows)
        finally:
            cursor.close()
        return Answer(rows=Rows(columns, []))

    def _update(self, call: Update) -> Answer:
        cursor = self._connection.cursor()
        try:
            self._trips += 1
            cursor.direct_execute(call.sql, list(call.params))
            return Answer(affected=max(0, int(cursor.rowcount or 0)))
        finally:
            cursor.close()

    def _class_method(self, call: ClassMethod) -> Answer:
        args, refs = self._arguments(call.args)
        self._trips += 1
        value = self._native.classMethodValue(call.class_name, call.method, *args)
        return Answer(value=_plain(value), refs=tuple(_plain(ref.getValue()) for ref in refs))

    def _class_query(self, call: ClassQuery, send_rows: SendRows) -> Answer:
        """Rows of a class query by object calls (facts: iris-license-sessions 1.4), or whole."""
        if call.whole_rows:
            return self._by_whole_rows(call, send_rows)
        self._trips += 2
        result = self._native.classMethodObject("%Library.ResultSet", "%New", call.query)
        if not isinstance(result, self._iris.IRISObject):
            raise CallError(f"%Library.ResultSet gave no object for {call.query}")
        try:
            status = _plain(result.invoke("Execute", *call.args))
            if status != 1:
                raise CallError(str(status) if status is not None else f"{call.query} did not execute")
            columns = call.columns or self._result_columns(result, call.wanted)
            rows: list[tuple[Value, ...]] = []
            sent = 0
            begun = self._monotonic()
            while not call.max_rows or sent < call.max_rows:
                if call.within and self._monotonic() - begun > call.within:
                    raise CallError(
                        f"only {sent:,} rows came within {call.within:g} seconds: {CELLS_TOO_SLOW}"
                    )
                self._trips += 1
                if result.invokeInteger("Next") != 1:
                    break
                self._trips += len(columns)
                rows.append(tuple(_plain(result.invoke("Get", name)) for name in columns))
                sent += 1
                if len(rows) == ROWS_PER_FRAME:
                    send_rows(rows)
                    rows = []
            if rows:
                send_rows(rows)
            self._trips += 1
            result.invoke("Close")
        finally:
            result.close()
        return Answer(rows=Rows(tuple(columns), []))

    def _by_whole_rows(self, call: ClassQuery, send_rows: SendRows) -> Answer:
        """Rows by the class methods. An empty answer is checked with the result set: a lost handle looks the same."""
        try:
            columns, rows = self._whole_rows.fetch(call)
        finally:
            self._trips += self._whole_rows.trips
        if not rows:
            self._class_query(ClassQuery(call.query, call.args, columns[:1], max_rows=1), rows.extend)
            if rows:
                raise CallError(f"{call.query} {NO_ROWS_BY_METHODS}")
        if call.max_rows:
            rows = rows[: call.max_rows]
        for start in range(0, len(rows), ROWS_PER_FRAME):
            send_rows(rows[start : start + ROWS_PER_FRAME])
        return Answer(rows=Rows(columns, []))

    def _result_columns(self, result: Any, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The columns of the result; of these only the wanted ones, if any are named (in any letter case)."""
        count = int(result.invokeInteger("GetColumnCount") or 0)
        self._trips += 1 + count
        names = (str(result.invokeString("GetColumnName", number)) for number in range(1, count + 1))
        only = {name.lower() for name in wanted}
        return tuple(name for name in names if not only or name.lower() in only)

    def _object(self, call: ObjectCall) -> Answer:
        args, refs = self._arguments(call.args)
        self._trips += 1
        opened = self._native.classMethodObject(call.class_name, call.method, *args)
        byref = tuple(
            None if isinstance(v := ref.getValue(), self._iris.IRISObject) else _plain(v) for ref in refs
        )
        if opened is None or opened == "":
            return Answer(found=False, refs=byref)
        if not isinstance(opened, self._iris.IRISObject):
            raise CallError(
                f"{call.class_name}.{call.method} returned a {type(opened).__name__}, not an object"
            )
        reached: dict[tuple[str, ...], Any] = {(): opened}
        try:
            values = tuple(self._step(self._walk(reached, step.path), step) for step in call.steps)
        finally:
            for handle in reached.values():
                handle.close()
        return Answer(values=values, refs=byref)

    def _walk(self, reached: dict[tuple[str, ...], Any], path: tuple[str, ...]) -> Any:
        """The object at the end of `path`; each object on the path is fetched once."""
        if path in reached:
            return reached[path]
        parent = self._walk(reached, path[:-1])
        self._trips += 1
        handle = parent.get(path[-1])
        if not isinstance(handle, self._iris.IRISObject):
            raise CallError(f"the property {path[-1]} is not an object")
        reached[path] = handle
        return handle

    def _step(self, handle: Any, step: ObjectStep) -> Value:
        self._trips += 1
        if step.kind == "get":
            return _plain(handle.get(step.name))
        args, _ = self._arguments(step.args)
        if step.kind == "set":
            handle.set(step.name, *args)
            return None
        if step.kind == "invoke":
            return _plain(handle.invoke(step.name, *args))
        if step.kind == "members":
            self._members(handle, step.name, dict(zip(args[::2], args[1::2], strict=True)))
            return None
        if step.kind == "refer":
            self._refer(handle, step.name, *args)
            return None
        raise CallError(f"unknown kind of step {step.kind!r}")

    def _refer(self, handle: Any, name: str, class_name: Any, method: Any, *args: Any) -> None:
        """Set a property to the object that a class method gives. Raises CallError if it gives none."""
        self._trips += 1
        found = self._native.classMethodObject(class_name, method, *args)
        if not isinstance(found, self._iris.IRISObject):
            raise CallError(f"{class_name}.{method} gave no object for {name}")
        try:
            handle.set(name, found)
        finally:
            found.close()

    def _members(self, relationship: Any, class_name: str, wanted: dict[Any, Any]) -> None:
        """Make a relationship hold exactly `wanted`: name -> Permission, as bits (facts: iris-security 3.1).

        UNVERIFIED: that a client may change a role's privileges this way and %Save it; no public code shows it.
        Settle: doubt role-resources.
        """
        left = {str(name).lower(): (name, bits) for name, bits in wanted.items()}
        gone: list[Any] = []
        self._trips += 1
        key = relationship.invoke("Next", "")
        while key not in (None, ""):
            self._trips += 4
            member = relationship.invoke("GetAt", key)
            try:
                _, bits = left.pop(str(member.get("Name")).lower(), (None, None))
                if bits is None:
                    gone.append(key)
                elif member.get("Permission") != bits:
                    member.set("Permission", bits)
            finally:
                member.close()
            key = relationship.invoke("Next", key)
        for key in reversed(gone):  # from the end, so that the keys before stay what they are
            self._trips += 1
            relationship.invoke("RemoveAt", key)
        for name, bits in left.values():
            self._trips += 4
            member = self._native.classMethodObject(class_name, "%New")
            try:
                member.set("Name", name)
                member.set("Permission", bits)
                relationship.invoke("Insert", member)
            finally:
                member.close()

    def _load(self, call: LoadSource) -> Answer:
        """Load source as public code does with the driver (facts: iris-security 6.2)."""
        self._trips += 1
        stream = self._native.classMethodObject("%Stream.GlobalCharacter", "%New")
        if not isinstance(stream, self._iris.IRISObject):
            raise CallError("%Stream.GlobalCharacter gave no object")
        try:
            parts = range(0, len(call.source), STREAM_PART)
            steps = [("Write", call.source[at : at + STREAM_PART]) for at in parts]
            for method, *args in (*steps, ("Rewind",)):
                self._trips += 1
                status = _plain(stream.invoke(method, *args))
                if status != 1:
                    return Answer(value=status)
            self._trips += 1
            return Answer(
                value=_plain(self._native.classMethodValue("%SYSTEM.OBJ", "LoadStream", stream, call.flags))
            )
        finally:
            stream.close()

    def _arguments(self, args: Sequence[Value | Ref]) -> tuple[list[Any], list[Any]]:
        sent: list[Any] = []
        refs: list[Any] = []
        for arg in args:
            if isinstance(arg, Ref):
                reference = self._iris.IRISReference(arg.value)
                refs.append(reference)
                sent.append(reference)
            else:
                sent.append(arg)
        return sent, refs


def _plain(value: Any) -> Value:
    """A value that can cross the pipe. Raises CallError for an object, which cannot."""
    if type(value) in PLAIN:
        return value  # type: ignore[no-any-return]  # the driver is not typed
    if hasattr(value, "getOREF"):
        value.close()
        raise CallError("the instance returned an object where a value was expected")
    # A UUID column, or a type of a later driver: show its text.
    return str(value)
