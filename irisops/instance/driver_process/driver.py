"""The driver in a process of its own, started by `child` alone.

It is the only module that imports `iris`. That code is compiled, cannot be cancelled, is not thread-safe, and a
malformed reply can crash its interpreter (facts: wire-protocol 2, 9): here nothing else crashes with it.

Messages (see `messages`) come on the inherited standard input and go out on the inherited standard output; both are
moved aside at once and the standard streams closed off, so that nothing the driver prints reaches a terminal or the
protocol.

The process ends when its input ends, that is when the tool is gone for whatever reason, and logs out first if it can.

The driver obeys two orders of a server: to end, and to import a module (facts: iris-operations 4). So this process has
nothing but the one login to give away, imports from the standard library alone once the driver is loaded, has as few
rights as the driver works with, and ends at the first order (`orders`).
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
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from irisops.files import NotAFileError, refuse_other
from irisops.instance.calls import Query, Value
from irisops.instance.driver_process.channel import (
    HEADER_SIZE,
    ChannelError,
    Json,
    decode_body,
    encode_frame,
    frame_size,
)
from irisops.instance.driver_process.deltas import Difference, Sent
from irisops.instance.driver_process.driver_calls import CallError, Calls
from irisops.instance.driver_process.messages import pack_answer, pack_rows, unpack_call
from irisops.instance.driver_process.orders import watch
from irisops.instance.errors import Unreachable
from irisops.instance.failures import call_failure
from irisops.limits import limit_deeds, limit_memory, no_core_dumps, no_new_privileges

MEMORY = 1 << 30
"""Bytes of address space that this process may use. The driver allocates any length that a server announces, up to
4 GB, before the data arrive; beyond this bound it reports `std::bad_alloc` instead."""

OPEN_FILES = 32
"""Files and sockets that this process may have open: six with a connection, and some for resolver and TLS."""

SSL_CONFIGURATIONS = "ISC_SSLconfigurations"
"""Environment variable with the file of TLS configurations (facts: iris-license-sessions 7.1)."""

LAST_CALL_SECONDS = 2.0
"""Time for a running call after the tool is gone, before the process ends without logging out."""


class Child:
    """Reads requests, carries them out in order, writes the outcomes. `library` has the standard library's folders."""

    def __init__(self, source: int, sink: int, library: Sequence[str]) -> None:
        self._source = source
        self._sink = sink
        self._library = library
        self._requests: queue.SimpleQueue[dict[str, Json] | None] = queue.SimpleQueue()
        self._finished = threading.Event()
        self._iris: Any = None
        self._connection: Any = None
        self._calls: Calls | None = None
        self._sent = Sent()

    def run(self) -> None:
        """Serve until the input ends or `close` is requested."""
        threading.Thread(target=self._read_requests, name="requests", daemon=True).start()
        try:
            if self._load():
                self._serve()
        except BrokenPipeError:
            pass  # The tool is gone: only log out.
        finally:
            self._log_out()
            self._finished.set()

    def _read_requests(self) -> None:
        """Queue each request; when the input ends, end the process too, even if a call never returns."""
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
            # Inside IRIS, or with another package of that name, `iris` is not it (facts: license-sessions 7.1).
            self._send({"kind": "fatal", "text": "the module iris is not the driver intersystems-irispython"})
            return False
        self._iris = iris
        self._confine()
        self._send({"kind": "ready"})
        return True

    def _confine(self) -> None:
        """Give up what was needed to load the driver, before it talks to any server. Threads are started already."""
        sys.path[:] = self._library
        limit_deeds(OPEN_FILES)
        watch(self._end_at_order)

    def _end_at_order(self, order: str) -> NoReturn:
        """Tell the tool what a server ordered, and end before it is done."""
        try:
            self._send({"kind": "ordered", "text": order})
        finally:
            os._exit(1)

    def _serve(self) -> None:
        while (request := self._requests.get()) is not None:
            number = request.get("id")
            match request.get("op"):
                case "connect":
                    self._connect(number, request)
                case "batch":
                    self._batch(number, request.get("calls"), request.get("held"))
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
            if request["sslconfig"]:
                _refuse_other_than_file(os.environ.get(SSL_CONFIGURATIONS, ""))
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
            self._send_failure(number, error, elapsed=clock.monotonic() - started)
        else:
            self._send({"kind": "connected", "id": number, "round_trips": 2})

    def _batch(self, number: Json, packed: Json, held: Json) -> None:
        lost = False
        held = held if isinstance(held, list) else []
        for index, item in enumerate(packed if isinstance(packed, list) else []):
            try:
                self._call(number, index, item, held[index] if index < len(held) else 0)
            except BrokenPipeError:
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: whatever the driver raises is reported to the tool
                text = self._send_failure(number, error, call=index)
                if lost := isinstance(call_failure(text), Unreachable):
                    break
        self._send({"kind": "done", "id": number, "lost": lost})

    def _send_failure(self, number: Json, error: Exception, **more: Json) -> str:
        """Report what the driver raised; returns its text."""
        text = str(error) or type(error).__name__
        self._send({"kind": "failed", "id": number, "type": type(error).__name__, "text": text, **more})
        return text

    def _call(self, number: Json, index: int, item: Json, held: Json) -> None:
        """Do one call of a batch and send its answer. Raises whatever the driver raises."""
        if self._calls is None:
            raise CallError("not connected")
        call = unpack_call(item)
        difference: Difference | None = None
        if isinstance(call, Query) and call.repeated:
            difference = self._sent.begin(call, held if isinstance(held, int) else 0)

        def send_rows(rows: list[tuple[Value, ...]]) -> None:
            message: dict[str, Json] = {"kind": "rows", "id": number, "call": index}
            if difference is not None:
                rows, steps = difference.of(rows)
                message["steps"] = list(steps)
            self._send({**message, "rows": pack_rows(rows)})

        answer = self._calls.run(call, send_rows)
        self._send({"kind": "answer", "id": number, "call": index, **pack_answer(answer)})
        if isinstance(call, Query) and difference is not None and isinstance(number, int):
            self._sent.keep(call, number, difference)

    def _log_out(self) -> None:
        """Log out, so that the license unit is free at once (facts: license-sessions 2.3)."""
        connection, self._connection, self._calls = self._connection, None, None
        if connection is None:
            return
        # close() of a lost connection raises (facts: wire-protocol 9), but closes it.
        with contextlib.suppress(Exception):
            connection.close()


def _refuse_other_than_file(named: str) -> None:
    """Refuse, in the driver's words, what it would read without end, as a pipe. It refuses a folder itself."""
    try:
        if named and not Path(named).is_dir():
            refuse_other(Path(named))
    except NotAFileError as error:
        reason = f"Reason: ({error.errno}) {error.strerror}"
        raise OSError(f"Could not open SSL configuration file '{named}'\n{reason}") from error


def _as_float(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 10.0


def _move_standard_streams() -> tuple[int, int]:
    """Private descriptors of the pipe's two ends; 0, 1 and 2 become the null device."""
    source, sink = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return source, sink


def _stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)  # not 0: that is how a server's order to end looks


def main(library: Sequence[str]) -> int:
    """Serve one tool until it ends. `library` has the standard library's folders (`children.isolated`)."""
    # The driver is compiled code that obeys a server in more than it should: give it as few rights as possible.
    no_core_dumps()
    no_new_privileges()
    limit_memory(MEMORY)
    source, sink = _move_standard_streams()
    # Ctrl+C and a hang-up reach the whole foreground group. The tool handles them: it logs out through the pipe.
    for name in ("SIGINT", "SIGHUP", "SIGQUIT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    Child(source, sink, library).run()
    return 0
