"""The tool's end of the pipe to one driver process (`driver` is the other end).

One request at a time: `Connection` ensures that. A process that was killed or died is never used again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

from irisops import children
from irisops.background import Background, to_log
from irisops.instance.calls import Answer, Call, Query, Rows, Value
from irisops.instance.driver_process.channel import ChannelError, Json, encode_frame, read_message
from irisops.instance.driver_process.held import Held
from irisops.instance.driver_process.messages import pack_call, unpack_answer, unpack_rows
from irisops.instance.packed_rows import Packing

COMMAND = children.isolated("irisops.instance.driver_process.driver")

CLOSE_SECONDS = 3.0
"""Time for a process to log out before it is killed."""

_SSL_CONFIGURATIONS = "ISC_SSLconfigurations"
_PASSED_ON = frozenset(
    {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}
    | {"OPENSSL_CONF", "OPENSSL_MODULES", "SSL_CERT_DIR", "SSL_CERT_FILE", _SSL_CONFIGURATIONS}
    | {"IRISOPS_HOME"}  # identifies the processes of one irisops
    | {"SYSTEMROOT", "WINDIR", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}  # Windows
)
_PASSED_ON_KINDS = ("ISC_", "LC_")
"""Environment variables of a driver process. A server can make the driver import a module (facts: iris-operations 4):
no token or password of another program may be in its environment."""

_PENDING_FRAMES = 2
"""Frames read ahead; beyond that the process waits, so that memory stays bounded."""


class DriverGoneError(Exception):
    """The driver process has ended, or sends nonsense. The text says how it ended.

    `order`: what a server told the driver to do, if that ended it, as words after "to". Only a server makes it end by
    itself with code 0.
    """

    def __init__(self, message: str, *, order: str = "") -> None:
        super().__init__(message)
        self.order = order


class DriverUnusableError(Exception):
    """The driver cannot be loaded on this machine. The text is that of the failed import."""


@dataclass(frozen=True, slots=True)
class CallFailure:
    """An error that the driver raised for a call or the connect. `text` is raw: it may quote secrets."""

    kind: str
    text: str
    elapsed: float = 0.0
    """Seconds, for a connect."""

    def __repr__(self) -> str:
        return f"CallFailure({self.kind})"


@dataclass(slots=True)
class BatchResult:
    """An answer or failure per call that ran; fewer than requested if the connection was `lost`."""

    results: list[Answer | CallFailure]
    lost: bool


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a driver process: only the variables that it needs."""
    environment = {
        name: value
        for name, value in children.program_environment(environ).items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_KINDS)
    }
    if named := environment.get(_SSL_CONFIGURATIONS):
        environment[_SSL_CONFIGURATIONS] = str(Path(named).absolute())  # the process runs in another folder
    return environment


class DriverProcess:
    """A running driver process, created by `start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise TypeError("the process needs both pipes")
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._inbox: asyncio.Queue[dict[str, Json] | None] = asyncio.Queue(_PENDING_FRAMES)
        self._number = 0
        self._held = Held()
        self._nonsense = ""
        self._order = ""
        self._expected_end = False
        self.on_exit: Callable[[DriverGoneError], None] = lambda _how: None
        """Called on the event loop, once, when the process ends unexpectedly; with how it ended."""
        self._reading = Background(self._cannot_read)
        self._reading.start(self._read(), f"driver process {process.pid}")

    @classmethod
    async def start(cls, command: Sequence[str] = COMMAND) -> Self:
        """Start a process. Raises OSError if that fails."""
        return cls(await children.start(command, child_environment(os.environ)))

    def forget_rows(self, seconds: float) -> None:
        """Forget the results of repeated queries that nobody has asked for in so many seconds."""
        self._held.forget(seconds)

    @property
    def pid(self) -> int:
        """Process id on this machine."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True if it is not known to have ended."""
        return self._process.returncode is None

    async def connect(self, request: Mapping[str, Json], password: str) -> CallFailure | int:
        """Log in. Returns the round trips it took, or what the driver raised.

        Raises DriverGoneError or DriverUnusableError.
        """
        number = await self._send({**request, "op": "connect", "password": password})
        message = await self._receive(number)
        if message.get("kind") == "connected":
            return cast("int", message.get("round_trips", 0))
        if message.get("kind") == "failed":
            return _failure(message)
        raise self._out_of_step(message)

    async def batch(self, calls: Sequence[Call]) -> BatchResult:
        """Run calls in order. Raises DriverGoneError or DriverUnusableError."""
        repeated = [call if isinstance(call, Query) and call.repeated else None for call in calls]
        held: list[Json] = [self._held.asked(call) if call is not None else 0 for call in repeated]
        number = await self._send({"op": "batch", "calls": [pack_call(call) for call in calls], "held": held})
        results: list[Answer | CallFailure] = []
        rows: list[tuple[Value, ...]] = []
        packing = Packing()
        texts: dict[str, str] = {}
        try:
            while True:
                message = await self._receive(number)
                query = repeated[len(results)] if len(results) < len(repeated) else None
                match message.get("kind"):
                    case "rows":
                        if query is None:
                            rows += unpack_rows(message.get("rows"), texts)
                        else:
                            portion = unpack_rows(message.get("rows"))
                            self._held.add(query, portion, message.get("steps"), packing)
                    case "answer":
                        answer, columns = unpack_answer(message)
                        if columns is not None:
                            answer.rows = Rows(columns, rows)
                            if query is not None:
                                whole = packing.rows()
                                answer.rows = Rows(columns, whole)
                                self._held.keep(query, number, whole)
                        results.append(answer)
                        rows, packing, texts = [], Packing(), {}
                    case "failed":
                        results.append(_failure(message))
                        rows, packing = [], Packing()
                    case "done":
                        return BatchResult(results, lost=message.get("lost") is True)
                    case _:
                        raise self._out_of_step(message)
        except ChannelError as error:
            self._nonsense = str(error)
            raise DriverGoneError(str(error)) from None

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Make it log out and end; kill it if it does not within `seconds`. A process that is gone is no error."""
        self._expected_end = True
        with contextlib.suppress(DriverGoneError):
            await self._send({"op": "close"})
        self._stdin.close()
        try:
            async with asyncio.timeout(seconds):
                # Drain the inbox: the reader may be waiting for room.
                while await self._inbox.get() is not None:
                    pass
                await self._process.wait()
        except TimeoutError:
            pass
        await self.kill()

    def end_input(self) -> None:
        """Close the pipe, as the end of this program would: the process logs out if it can, and ends."""
        self._expected_end = True
        self._stdin.close()

    async def kill(self) -> None:
        """Kill it and wait until it is gone."""
        self._expected_end = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._stdin.close()
        self._reading.cancel()
        await self._reading.wait()
        self._end_inbox()
        # asyncio waits for the end of the pipe as well, and sees none while the pipe is full and nobody reads it.
        with contextlib.suppress(ConnectionResetError):
            while await self._stdout.read(1 << 16):
                pass
        await self._process.wait()

    async def _send(self, message: Mapping[str, Json]) -> int:
        self._number += 1
        try:
            self._stdin.write(encode_frame({**message, "id": self._number}))
            await self._stdin.drain()
        except (BrokenPipeError, ConnectionResetError, RuntimeError):
            # RuntimeError: the transport is closed already.
            raise await self._how_it_ended() from None
        return self._number

    async def _receive(self, number: int) -> dict[str, Json]:
        while True:
            message = await self._inbox.get()
            if message is None:
                self._inbox.put_nowait(None)
                raise await self._how_it_ended()
            if message.get("kind") == "ready":
                continue
            if message.get("kind") == "fatal":
                raise DriverUnusableError(str(message.get("text")))
            if message.get("id") != number:
                raise self._out_of_step(message)
            return message

    async def _read(self) -> None:
        """Read frames from the pipe into the inbox, None at the end."""
        try:
            while True:
                message = await read_message(self._stdout)
                if message.get("kind") == "ordered":
                    self._order = str(message.get("text"))
                    continue
                await self._inbox.put(message)
                # Reading from a full pipe does not yield to the event loop by itself.
                await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        except ChannelError as error:
            self._nonsense = str(error)
        await self._inbox.put(None)
        if not self._expected_end:
            self.on_exit(await self._how_it_ended())

    def _cannot_read(self, name: str, error: BaseException) -> None:
        """Give up the process after an unforeseen failure to read."""
        to_log(name, error)
        self._nonsense = f"its output could not be read: {type(error).__name__}"
        self._end_inbox()

    def _end_inbox(self) -> None:
        """Tell a waiting receiver that no answer will come."""
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(None)

    async def _how_it_ended(self) -> DriverGoneError:
        if self._nonsense:
            return DriverGoneError(self._nonsense)
        try:
            async with asyncio.timeout(1.0):
                code = await self._process.wait()
        except TimeoutError:
            return DriverGoneError("its output ended")
        if self._order:
            return DriverGoneError(f"it was told to {self._order}, and ended instead", order=self._order)
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return DriverGoneError(f"it was ended by signal {name}")
        order = "end" if code == 0 and not self._expected_end else ""
        return DriverGoneError(f"it ended with code {code}", order=order)

    def _out_of_step(self, message: Mapping[str, Json]) -> DriverGoneError:
        self._nonsense = f"an unexpected message {message.get('kind')!r}"
        return DriverGoneError(self._nonsense)


def _failure(message: Mapping[str, Json]) -> CallFailure:
    elapsed = message.get("elapsed")
    return CallFailure(
        str(message.get("type", "")),
        str(message.get("text", "")),
        float(elapsed) if isinstance(elapsed, int | float) else 0.0,
    )
