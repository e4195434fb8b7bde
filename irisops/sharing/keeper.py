"""The keeper: a separate process that owns one share and takes it down, whatever happens to the chat.

`python -m irisops.sharing.keeper`, spoken to over its standard input and output. When its input closes (the chat ended,
crashed or was killed), on SIGTERM, SIGHUP or SIGINT, at the deadline and when the agent dies, the share is taken down.
None of that waits for the chat, which may be stopped or blocked by its terminal. If the instance cannot be reached, the
keeper retries for a while; after that the lease file holds what is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, BinaryIO, Self

from irisops.background import Background
from irisops.instance.driver_process.channel import (
    HEADER_SIZE,
    ChannelError,
    decode_body,
    encode_frame,
    frame_size,
)
from irisops.instance.errors import InstanceProblem
from irisops.limits import no_core_dumps
from irisops.sharing.errors import AgentFailed, SharingProblem
from irisops.sharing.lease import LeaseError
from irisops.sharing.messages import (
    ShareActivity,
    ShareClosed,
    ShareRequest,
)
from irisops.sharing.records import from_json, to_json
from irisops.sharing.share import Share
from irisops.sharing.teardown import Connector, connect_by_driver

NOTICE_ROOM = 64 * 1024
"""Bytes buffered for the chat, in addition to the pipe's own buffer, before progress messages are dropped."""
FLUSH_SECONDS = 1.0
"""Wait at the end for a slow chat; a stopped one learns the rest from the lease."""


class _Closing(asyncio.BaseProtocol):
    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.closed.set()


class Outbox:
    """Frames for the chat, written without waiting. Their number is bounded: answers, steps of one opening, an end."""

    def __init__(self, transport: asyncio.WriteTransport, protocol: _Closing) -> None:
        self._transport = transport
        self._protocol = protocol

    @classmethod
    async def on(cls, pipe: BinaryIO) -> Self:
        """An outbox on the writing end of a pipe, which becomes non-blocking and is closed at the end."""
        transport, protocol = await asyncio.get_running_loop().connect_write_pipe(_Closing, pipe)
        return cls(transport, protocol)

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue one message. Never blocks and never fails, even if the chat has ended."""
        full = self._transport.get_write_buffer_size() > NOTICE_ROOM
        if not self._transport.is_closing() and not (full and message.get("event") == "progress"):
            self._transport.write(encode_frame(message))

    async def close(self) -> None:
        """Wait up to `FLUSH_SECONDS` for the buffer to be read, then close."""
        self._transport.close()
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._protocol.closed.wait()
        except TimeoutError:
            if not self._protocol.closed.is_set():
                self._transport.abort()


TICK = 0.25
"""Seconds between checks of clock and agent. The wall clock counts: a laptop may sleep past its deadline."""
RETRY_PAUSES = (5.0, 10.0, 20.0, 30.0, 60.0, 60.0, 120.0, 120.0, 180.0)
"""Seconds between attempts to clean up an unreachable instance: about ten minutes in all."""


class Keeper:
    """Answers requests and watches one share. `send` passes one message to the chat and neither waits nor fails."""

    def __init__(
        self,
        send: Callable[[Mapping[str, Any]], None],
        *,
        connector: Connector = connect_by_driver,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._send = send
        self._connector = connector
        self._sleep = sleep
        self._share: Share | None = None
        self._opening: asyncio.Task[None] | None = None
        self._tasks = Background(self._failed)
        self._listening = Background(self._deaf)
        self._end = asyncio.Event()
        self._hurry = asyncio.Event()
        """Set when asked to end again during the take-down: no further attempts."""
        self._reason = ""

    # ending

    def end(self, reason: str) -> None:
        """Take the share down and end. The second call stops the retries."""
        if self._end.is_set():
            self._hurry.set()
            return
        self._reason = reason
        self._end.set()

    def pipe_closed(self) -> None:
        """The chat has ended. During the take-down this changes nothing; retries continue."""
        if not self._end.is_set() and (self._share is None or not self._share.outlive):
            self.end("the chat was closed")

    # requests

    def take(self, message: Mapping[str, Any]) -> None:
        """Handle one request of the chat; the answer is sent later."""
        task = self._tasks.start(self._answer(message), f"request {message.get('op')}")
        if message.get("op") == "open":
            self._opening = task

    async def _answer(self, message: Mapping[str, Any]) -> None:
        number = message.get("id")
        try:
            result = await self._do(str(message.get("op")), message)
        except (InstanceProblem, LeaseError) as problem:
            self._send({"id": number, "error": _problem(problem, opening=message.get("op") == "open")})
        except asyncio.CancelledError:
            told = SharingProblem(f"Nothing was opened: {self._reason or 'it was cancelled'}.")
            self._send({"id": number, "error": _problem(told)})
        except Exception as error:
            # The chat gets every failure; the traceback goes to the keeper's log (see `_failed`).
            told = AgentFailed(
                f"The keeper failed: {type(error).__name__}.", "Please report it; see the keeper's log."
            )
            self._send({"id": number, "error": _problem(told)})
            raise
        else:
            self._send({"id": number, "ok": to_json(result)})

    async def _do(self, operation: str, message: Mapping[str, Any]) -> object:
        if operation == "open":
            return await self._open(from_json(ShareRequest, message["request"]))
        if operation == "close":
            return await self._close_by_request()
        share = self._share
        if share is None:
            raise SharingProblem("Nothing is shared.", "/share opens a tunnel.")
        match operation:
            case "status":
                return await share.status()
            case "activity":
                return ShareActivity(await share.activity())
            case "extend":
                share.extend(datetime.fromisoformat(message["until"]))
            case "outlive":
                share.set_outlive(bool(message["outlive"]))
            case "kick":
                report = await share.kick(str(message["name"]))
                return {"done": report.done, "problems": report.problems}
            case _:
                raise SharingProblem(f"The keeper does not know {operation!r}.", "Update irisops as a whole.")
        return None

    async def _open(self, request: ShareRequest) -> object:
        if self._share is not None or self._end.is_set():
            raise SharingProblem("This keeper has a share already.", "/unshare ends it.")
        share = Share(
            request,
            progress=lambda text: self._send({"event": "progress", "message": text}),
            connector=self._connector,
        )
        self._share = share
        try:
            opened = await share.open()
        except BaseException:
            self._share = None if not share.lease.problem else share
            raise
        return opened

    async def _close_by_request(self) -> ShareClosed:
        share = self._share
        self.end("it was ended by /unshare")
        await self._stop_opening()
        return await share.close(self._reason) if share else ShareClosed(self._reason, (), ())

    async def _stop_opening(self) -> None:
        task = self._opening
        if task is not None and not task.done() and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # life

    async def run(self) -> None:
        """Watch until the end of the share, then take it down; returns when nothing more can be done."""
        while not self._end.is_set():
            share = self._share
            opened = self._opening is not None and self._opening.done()
            if share is not None and share.overdue:
                self.end("its time is up")
            elif share is not None and opened and not share.agent_running:
                self.end("the ngrok agent ended")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), TICK)
        await self._stop_opening()
        await self._take_down()
        await self._tasks.wait()  # pending answers
        self._listening.cancel()
        await self._listening.wait()

    def listen(self, reader: asyncio.StreamReader) -> None:
        """Read requests until the chat's pipe closes. A read failure counts as the end of the chat."""
        self._listening.start(self._listen(reader), "listening")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                header = await reader.readexactly(HEADER_SIZE)
                self.take(decode_body(await reader.readexactly(frame_size(header))))
        except (asyncio.IncompleteReadError, ChannelError, ConnectionError):
            self.pipe_closed()

    def _deaf(self, name: str, error: BaseException) -> None:
        self.pipe_closed()
        self._failed(name, error)

    @staticmethod
    def _failed(name: str, error: BaseException) -> None:
        """Log a failed task; a traceback shows code, never values."""
        with contextlib.suppress(OSError):  # the disk is full
            print(f"{name}: {type(error).__name__}", file=sys.stderr)
            traceback.print_tb(error.__traceback__, file=sys.stderr)

    async def _take_down(self) -> None:
        share = self._share
        if share is None:
            return
        closed = await self._close(share)
        self._send({"event": "closed", "closed": to_json(closed)})
        for pause in RETRY_PAUSES:
            if not closed.problems or self._hurry.is_set() or share.refused:
                return
            waiting = asyncio.ensure_future(self._sleep(pause))
            hurry = asyncio.ensure_future(self._hurry.wait())
            await asyncio.wait({waiting, hurry}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            hurry.cancel()
            if not self._hurry.is_set():
                closed = await self._close(share)
                if not closed.problems:
                    self._send({"event": "closed", "closed": to_json(closed)})

    async def _close(self, share: Share) -> ShareClosed:
        """Take the share down as far as possible. Any error leads to a retry, not to the end."""
        try:
            return await share.close(self._reason)
        except Exception as error:  # noqa: BLE001 - logged with its place
            self._failed("taking the share down", error)
            return ShareClosed(self._reason, (), (f"the keeper failed: {type(error).__name__}",))


NO_LEASE_CURE = "Without a lease nothing is opened: make room or correct the rights of that folder."
LEASE_CURE = (
    "The share goes on as it was: make room or correct the rights of that folder, then try again. /unshare ends it "
    "all the same."
)


def _problem(problem: InstanceProblem | LeaseError, *, opening: bool = False) -> dict[str, object]:
    """A problem as JSON for the chat."""
    if isinstance(problem, LeaseError):
        return {
            "name": "LeaseError",
            "message": str(problem),
            "cure": NO_LEASE_CURE if opening else LEASE_CURE,
            "detail": "",
            "code": None,
        }
    return {
        "name": problem.name,
        "message": problem.message,
        "cure": problem.cure,
        "detail": problem.detail,
        "code": getattr(problem, "code", None),
    }


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from 0 and 1: the agent and pyngrok's prints would reach them there (facts: A1.6)."""
    reading = os.fdopen(os.dup(0), "rb", buffering=0)
    writing = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return reading, writing


async def serve(reading: BinaryIO, writing: BinaryIO, connector: Connector) -> None:
    """Run a keeper on two pipes until it has finished."""
    loop = asyncio.get_running_loop()
    outbox = await Outbox.on(writing)
    keeper = Keeper(outbox.send, connector=connector)
    for number, said in (
        (signal.SIGTERM, "the keeper was asked to end"),
        (signal.SIGHUP, "the terminal was closed"),
        (signal.SIGINT, "it was interrupted"),
    ):
        loop.add_signal_handler(number, keeper.end, said)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), reading)
    keeper.listen(reader)
    outbox.send({"event": "ready", "pid": os.getpid()})
    await keeper.run()
    await outbox.close()


def main(connector: Connector = connect_by_driver) -> int:
    """Entry point of the process."""
    no_core_dumps()
    # A token in the environment of irisops would go onto the agent's command line (facts: ngrok-keyring A5.1).
    for name in ("NGROK_AUTHTOKEN", "NGROK_API_KEY"):
        os.environ.pop(name, None)
    reading, writing = _take_pipes()
    asyncio.run(serve(reading, writing, connector))
    return 0


if __name__ == "__main__":
    sys.exit(main())
