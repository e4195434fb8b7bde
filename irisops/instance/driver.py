"""The driver in a process of its own: `python -m irisops.instance.driver`, started by `process` and by nobody else.

It is the only module that imports `iris`. That code is compiled, cannot be cancelled, is not thread-safe, and a
malformed reply can take its interpreter down (facts: wire-protocol 2, 9): here it takes down nothing else.

Messages (see `messages`) come on the inherited standard input and go out on the inherited standard output; both are
moved aside at once and the standard streams closed off, so that nothing the driver prints reaches a terminal or the
protocol.

The process ends when its input ends, that is when the tool is gone for whatever reason, and logs out first if it can.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import signal
import sys
import threading
import time as clock
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from irisops.instance.calls import (
    Answer,
    Call,
    ClassMethod,
    ClassQuery,
    Function,
    ObjectCall,
    ObjectStep,
    Query,
    Ref,
    Rows,
    Update,
    Value,
)
from irisops.instance.channel import HEADER_SIZE, ChannelError, Json, decode_body, encode_frame, frame_size
from irisops.instance.errors import Unreachable
from irisops.instance.failures import call_failure
from irisops.instance.messages import ROWS_PER_FRAME, pack_answer, pack_rows, unpack_call

LAST_CALL_SECONDS = 2.0
"""How long a running call may still take after the tool is gone, before the process ends without logging out."""

PLAIN: frozenset[type] = frozenset((type(None), bool, str, int, float, Decimal, bytes, date, time, datetime))
"""Types that cross the pipe."""

SendRows = Callable[[list[tuple[Value, ...]]], None]


class CallError(Exception):
    """A call that the driver carried out but whose outcome is not an answer; the text says why."""


class Calls:
    """Carries out calls on one connection: Native SDK and cursor side by side (facts: iris-license-sessions 7.1)."""

    def __init__(self, iris: Any, connection: Any) -> None:
        self._iris = iris
        self._connection = connection
        self._native = iris.createIRIS(connection)
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
        """Rows of a class query by object calls (facts: iris-license-sessions 1.4)."""
        self._trips += 2
        result = self._native.classMethodObject("%Library.ResultSet", "%New", call.query)
        if not isinstance(result, self._iris.IRISObject):
            raise CallError(f"%Library.ResultSet gave no object for {call.query}")
        try:
            status = _plain(result.invoke("Execute", *call.args))
            if status != 1:
                raise CallError(str(status) if status is not None else f"{call.query} did not execute")
            columns = call.columns or self._result_columns(result)
            rows: list[tuple[Value, ...]] = []
            sent = 0
            while not call.max_rows or sent < call.max_rows:
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

    def _result_columns(self, result: Any) -> tuple[str, ...]:
        count = int(result.invokeInteger("GetColumnCount") or 0)
        self._trips += 1 + count
        return tuple(str(result.invokeString("GetColumnName", number)) for number in range(1, count + 1))

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
        """The object at the end of `path`; each one on the way is fetched once."""
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
        raise CallError(f"unknown kind of step {step.kind!r}")

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
    # A UUID column, or a type that a later driver adds: its text is the best that can be shown.
    return str(value)


class Child:
    """Reads requests, does them one after the other, writes what came of them."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._requests: queue.SimpleQueue[dict[str, Json] | None] = queue.SimpleQueue()
        self._finished = threading.Event()
        self._iris: Any = None
        self._connection: Any = None
        self._calls: Calls | None = None

    def run(self) -> None:
        """Serve until the input ends or `close` is asked."""
        threading.Thread(target=self._read_requests, name="requests", daemon=True).start()
        try:
            if self._load():
                self._serve()
        except BrokenPipeError:
            pass  # The tool is gone; all that is left is to log out.
        finally:
            self._log_out()
            self._finished.set()

    def _read_requests(self) -> None:
        """Queue each request; when the input ends, see that the process does too even if a call never returns."""
        try:
            while True:
                body = self._read(frame_size(self._read(HEADER_SIZE)))
                self._requests.put(decode_body(body))
        except (EOFError, OSError, ChannelError):
            self._requests.put(None)
        if not self._finished.wait(LAST_CALL_SECONDS):
            os._exit(1)

    def _read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            part = os.read(self._source, min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _send(self, message: dict[str, Json]) -> None:
        frame = memoryview(encode_frame(message))
        while frame:
            frame = frame[os.write(self._sink, frame) :]

    def _load(self) -> bool:
        try:
            import iris  # noqa: PLC0415 - 40 ms that the parent does not wait for
        except ImportError as error:
            self._send({"kind": "fatal", "text": f"the driver cannot be imported: {error}"})
            return False
        if not hasattr(iris, "connect"):
            # Inside IRIS, or with another package of that name, `iris` is something else (facts: 7.1).
            self._send({"kind": "fatal", "text": "the module iris is not the driver intersystems-irispython"})
            return False
        self._iris = iris
        self._send({"kind": "ready"})
        return True

    def _serve(self) -> None:
        while (request := self._requests.get()) is not None:
            number = request.get("id")
            match request.get("op"):
                case "connect":
                    self._connect(number, request)
                case "batch":
                    self._batch(number, request.get("calls"))
                case "close":
                    self._log_out()
                    self._send({"kind": "closed", "id": number})
                    return
                case other:
                    self._send({"kind": "fatal", "text": f"unknown request {other!r}"})
                    return

    def _connect(self, number: Json, request: dict[str, Json]) -> None:
        started = clock.monotonic()
        try:
            self._connection = self._iris.connect(
                hostname=request["host"],
                port=request["port"],
                namespace=request["namespace"],
                username=request["user"],
                password=request.pop("password"),
                timeout=max(1, math.ceil(_as_float(request["timeout"]))),
                # TCP always: what is shown must be what a remote profile would do, too.
                sharedmemory=False,
                sslconfig=request["sslconfig"] or None,
                # Each statement stands for itself: no transaction is left open between calls.
                autoCommit=True,
            )
            self._calls = Calls(self._iris, self._connection)
        except Exception as error:  # noqa: BLE001 - the boundary: whatever the driver raises is reported to the tool
            self._send(
                {
                    "kind": "failed",
                    "id": number,
                    "type": type(error).__name__,
                    "text": str(error),
                    "elapsed": clock.monotonic() - started,
                }
            )
        else:
            self._send({"kind": "connected", "id": number, "round_trips": 2})

    def _batch(self, number: Json, packed: Json) -> None:
        lost = False
        for index, item in enumerate(packed if isinstance(packed, list) else []):
            try:
                if self._calls is None:
                    raise CallError("not connected")  # noqa: TRY301 - reported like any failure of the call

                def send_rows(rows: list[tuple[Value, ...]], index: int = index) -> None:
                    self._send({"kind": "rows", "id": number, "call": index, "rows": pack_rows(rows)})

                answer = self._calls.run(unpack_call(item), send_rows)
                self._send({"kind": "answer", "id": number, "call": index, **pack_answer(answer)})
            except BrokenPipeError:
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: whatever the driver raises is reported to the tool
                text = str(error) or type(error).__name__
                self._send(
                    {
                        "kind": "failed",
                        "id": number,
                        "call": index,
                        "type": type(error).__name__,
                        "text": text,
                    }
                )
                if lost := isinstance(call_failure(text), Unreachable):
                    break
        self._send({"kind": "done", "id": number, "lost": lost})

    def _log_out(self) -> None:
        """Give the license unit back at once rather than when the instance notices (facts: 2.3)."""
        connection, self._connection, self._calls = self._connection, None, None
        if connection is None:
            return
        # close() of a lost connection raises (facts: wire-protocol 9); it is closed all the same.
        with contextlib.suppress(Exception):
            connection.close()


def _as_float(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 10.0


def _move_standard_streams() -> tuple[int, int]:
    """The two ends of the protocol as private descriptors; 0, 1 and 2 lead nowhere afterwards."""
    source, sink = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return source, sink


def _stop(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def main() -> int:
    """Serve one tool until it goes."""
    source, sink = _move_standard_streams()
    # Ctrl+C and a hang-up go to the whole foreground group. They are the tool's business: it logs out through the pipe.
    for name in ("SIGINT", "SIGHUP", "SIGQUIT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    Child(source, sink).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
