"""The chat's side of a keeper: start, requests, events."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from irisops import children
from irisops.background import Background, to_log
from irisops.files import cure_of, open_private, private_folder
from irisops.instance import errors as instance_errors
from irisops.instance.driver_process.channel import ChannelError, encode_frame, read_message
from irisops.instance.errors import InstanceProblem
from irisops.sharing import errors as sharing_errors
from irisops.sharing.errors import KeeperLost, SharingProblem
from irisops.sharing.guests import Activity
from irisops.sharing.lease import LeaseError, LeaseStore
from irisops.sharing.messages import (
    ShareActivity,
    ShareClosed,
    ShareOpened,
    ShareRequest,
    ShareStatus,
)
from irisops.sharing.records import from_json, to_json

COMMAND = children.python("irisops.sharing.keeper")
START_DEADLINE = 20.0
CALL_DEADLINE = 40.0
OPEN_DEADLINE = 240.0
CLOSE_DEADLINE = 90.0
END_DEADLINE = 5.0
"""Seconds, for a keeper that hangs; its own deadlines are shorter."""


class KeeperClient:
    """One keeper with one share. All coroutines belong to the event loop on which it was started.

    `on_progress` gets the steps while a share opens; `on_closed` is called when the share was taken down for any
    reason, including the loss of the keeper.
    """

    def __init__(
        self,
        *,
        on_progress: Callable[[str], None] = lambda _message: None,
        on_closed: Callable[[ShareClosed], None] = lambda _closed: None,
    ) -> None:
        self.on_progress = on_progress
        self.on_closed = on_closed
        # Not asyncio's subprocess: its transport kills the child when discarded, and a keeper must go on.
        self._process: children.Popen[bytes] | None = None
        self._transport: asyncio.ReadTransport | None = None
        self._requests: asyncio.WriteTransport | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._ready = asyncio.Event()
        self._reading = Background(self._lost)
        self._told_closed = False
        self._leases = Path()
        self.opened: ShareOpened | None = None

    @property
    def pid(self) -> int | None:
        """The keeper's process."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """True if the keeper runs."""
        return self._process is not None and self._process.poll() is None

    async def start(self, log: Path, command: Sequence[str] = COMMAND) -> None:
        """Start the keeper; its own error output goes to the file `log`. Raises KeeperLost."""
        try:
            private_folder(log.parent)
            descriptor = open_private(log, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise KeeperLost(
                f"The keeper's log {log} cannot be written: {error.strerror}.",
                f"Nothing was opened. {cure_of(error)}",
            ) from error
        try:
            # Outside the terminal's group: its signals reach the keeper only as the end of the pipe.
            self._process = children.start_apart(
                command, children.python_environment(os.environ), stderr=descriptor, bufsize=0
            )
        except OSError as error:
            raise KeeperLost("The keeper process could not be started.", detail=str(error)) from error
        finally:
            os.close(descriptor)
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        self._transport, _protocol = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout
        )
        # Non-blocking: a stopped keeper must not block the chat.
        self._requests, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, self._process.stdin)
        self._reading.start(self._read(reader), "listening to the keeper")
        try:
            async with asyncio.timeout(START_DEADLINE):
                await self._ready.wait()
        except TimeoutError:
            await self.kill()
            raise KeeperLost("The keeper process did not come up.", f"See its log: {log}") from None
        if not self.running:
            raise KeeperLost("The keeper process ended at once.", f"See its log: {log}")

    async def open(self, request: ShareRequest) -> ShareOpened:
        """Open a share. Raises the named problem; then nothing is left open, or the message says what is."""
        self._leases = Path(request.leases)
        answer = await self._ask("open", OPEN_DEADLINE, request=to_json(request))
        self.opened = from_json(ShareOpened, answer)
        return self.opened

    async def status(self) -> ShareStatus:
        """The share's present state."""
        return from_json(ShareStatus, await self._ask("status", CALL_DEADLINE))

    async def activity(self) -> Activity:
        """Who is connected. Takes a login to the instance."""
        return from_json(ShareActivity, await self._ask("activity", CALL_DEADLINE)).activity

    async def extend(self, until: datetime) -> None:
        """Move the deadline to an aware time."""
        await self._ask("extend", CALL_DEADLINE, until=until.isoformat())

    async def outlive(self, *, on: bool) -> None:
        """Set whether the share goes on when this process ends."""
        await self._ask("outlive", CALL_DEADLINE, outlive=on)

    async def kick(self, name: str) -> tuple[list[str], list[str]]:
        """Delete one pass and end its work: (done, problems) as sentences."""
        answer = await self._ask("kick", CALL_DEADLINE, name=name)
        return list(answer["done"]), list(answer["problems"])

    async def close(self) -> ShareClosed:
        """Take the share down and let the keeper end. Raises KeeperLost when it does not answer; the lease stays."""
        closed = from_json(ShareClosed, await self._ask("close", CLOSE_DEADLINE))
        self._tell_closed(closed)
        await self.leave()
        if not closed.problems:  # otherwise it retries for minutes
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_DEADLINE):
                    await self.wait()
        return closed

    async def leave(self) -> None:
        """Disconnect from the keeper: it takes the share down by itself, or goes on if asked to."""
        self._let_go()
        self._reading.cancel()
        await self._reading.wait()

    async def wait(self) -> None:
        """Wait until the keeper has ended."""
        while self.running:  # noqa: ASYNC110 - a waiting thread would delay the end of the program
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """Kill the keeper. Its share is taken down from its lease."""
        if self._process is not None and self.running:
            self._process.kill()
        await self.wait()

    # the pipe

    def _let_go(self) -> None:
        """Close our ends of the pipes."""
        if self._requests is not None and not self._requests.is_closing():
            self._requests.abort()  # the end of its input replaces unread requests
        if self._transport is not None:
            self._transport.close()

    async def _ask(self, operation: str, deadline: float, **values: Any) -> Any:
        requests = self._requests
        if requests is None or requests.is_closing() or not self.running:
            raise KeeperLost("The keeper process is not running.")
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            requests.write(encode_frame({"id": number, "op": operation, **values}))
            async with asyncio.timeout(deadline):
                return await answer
        except TimeoutError:
            raise KeeperLost(f"The keeper process did not answer within {deadline:g} seconds.") from None
        finally:
            self._waiting.pop(number, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                self._took(await read_message(reader))
        except (asyncio.IncompleteReadError, ChannelError, ConnectionError):
            await self.wait()
        self._ended(await asyncio.to_thread(self._left))

    def _lost(self, name: str, error: BaseException) -> None:
        """Listening failed, so messages are lost: disconnect, which ends the share."""
        to_log(name, error)
        self._ended(("what it had made is in its lease: /leases clear",))

    def _ended(self, left: tuple[str, ...]) -> None:
        self._let_go()
        self._ready.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(KeeperLost("The keeper process ended."))
        reason = "the keeper process ended" if left else "its keeper took it down"
        self._tell_closed(ShareClosed(reason, (), left))

    def _left(self) -> tuple[str, ...]:
        """Leftovers of an ended keeper, by its lease: its last message is lost if this process was stopped for long."""
        if self.opened is None:
            return ()
        try:
            lease = LeaseStore(self._leases).read(self.opened.id)
        except LeaseError as error:
            return (str(error),)
        if lease is None:
            return ()
        return (lease.problem or "what it had made is in its lease: /leases clear",)

    def _took(self, message: Mapping[str, Any]) -> None:
        match message.get("event"):
            case "ready":
                self._ready.set()
            case "progress":
                self.on_progress(str(message["message"]))
            case "closed":
                self._tell_closed(from_json(ShareClosed, message["closed"]))
            case _:
                answer = self._waiting.get(int(message["id"]))
                if answer is None or answer.done():
                    return
                if "error" in message:
                    answer.set_exception(revive(message["error"]))
                else:
                    answer.set_result(message["ok"])

    def _tell_closed(self, closed: ShareClosed) -> None:
        if self.opened is not None and not self._told_closed:
            self._told_closed = True
            self.on_closed(closed)


def revive(error: Mapping[str, Any]) -> InstanceProblem:
    """The named problem that the keeper sent."""
    name, detail = str(error["name"]), str(error["detail"])
    kind = getattr(sharing_errors, name, None) or getattr(instance_errors, name, None)
    if isinstance(kind, type) and issubclass(kind, SharingProblem):
        return kind(str(error["message"]), str(error["cure"]), detail=detail, code=error["code"])
    if isinstance(kind, type) and issubclass(kind, InstanceProblem):
        return kind(str(error["message"]), str(error["cure"]), detail=detail)
    return SharingProblem(str(error["message"]), str(error["cure"]), detail=detail)
