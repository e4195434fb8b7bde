"""The server in a thread of its own, for tests that call the driver, which blocks."""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from irisops.simulator.backend import Value
from irisops.simulator.wire.faults import Faults
from irisops.simulator.wire.frames import HEADER
from irisops.simulator.wire.listitem import encode_all
from irisops.simulator.wire.scramble import scramble
from irisops.simulator.wire.server import SuperServer
from tests.simulator.wire.fake import FakeBackend

T = TypeVar("T")
DEADLINE = 20.0


class ServerThread:
    """A `SuperServer` on a free port, its loop in a thread."""

    def __init__(self, backend: FakeBackend | None = None) -> None:
        self.backend = backend or FakeBackend()
        self.faults = Faults()
        self.server = SuperServer(self.backend, faults=self.faults)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="superserver")

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self.server.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.call(self.faults.clear)
        self.run(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def port(self) -> int:
        return self.server.port

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work` in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE)

    def call(self, function: Callable[[], T]) -> T:
        """Call `function` in the server's loop."""

        async def work() -> T:
            return function()

        return self.run(work())


def request(sequence: int, opcode: bytes, payload: bytes = b"", statement: int = 0) -> bytes:
    """A whole request."""
    return HEADER.pack(len(payload), sequence, statement, opcode) + payload


def greeting(version: int = 69) -> bytes:
    """The handshake request."""
    return request(1, b"HS", struct.pack("<H", version))


def connecting(
    username: str = "_SYSTEM", password: str = "SYS", autocommit: int = 1, features: int = 32
) -> bytes:
    """The connect request as the driver makes it."""
    credentials: list[Value] = ["USER", scramble(username), scramble(password)]
    client: list[Value] = ["root\0", "vm\0", "python\0", bytes(12), "SHM|||||", ""]
    return request(3, b"CN", encode_all([*credentials, *client, autocommit, 0, features]))
