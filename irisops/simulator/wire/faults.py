"""Breaking the connection on purpose: what a test or the control API asks for, and the server does.

Every fault is taken at a definite request and never by chance or by a clock of its own:

    faults = Faults()
    server = SuperServer(backend, faults=faults)
    injection = faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
    ...                          # the client calls and waits
    await injection.wait_fired()
    injection.release()          # now the reply goes out

A fault applies to the reply unless its `before` says that the request is not even run. All methods must be called in
the thread of the server's event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from irisops.simulator.wire.listitem import encode_all

CLASS_METHOD_VALUE = b"\x4b\xc2"
CONNECT = b"CN"
HANDSHAKE = b"HS"


@dataclass(frozen=True, slots=True)
class Delay:
    """The reply goes out `seconds` later, by the server's `sleep`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """The reply waits until the injection is released. Never released, it is a server that does not answer."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection ends instead of a reply: `reset` with RST rather than FIN, `before` the request is run."""

    reset: bool = False
    before: bool = False


@dataclass(frozen=True, slots=True)
class Truncate:
    """Only the first `keep` bytes of the reply go out, then the connection closes.

    With `close` False it stays open, and the client waits for the rest.
    """

    keep: int
    close: bool = True


@dataclass(frozen=True, slots=True)
class CorruptSequence:
    """The reply carries a sequence number that is `offset` too high (facts: wire-protocol 1 has what follows)."""

    offset: int = 92


@dataclass(frozen=True, slots=True)
class Malformed:
    """The reply's payload is replaced; `status` too if given. Its length header is right unless it is `announced`
    otherwise; `offset` is added to its sequence number.

    Empty where an item is expected, or `0a 01 61` (an item longer than its payload), it makes driver 5.4.1 read stray
    memory or crash (facts: wire-protocol 2).
    """

    payload: bytes = b""
    status: int | None = None
    announced: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Interject:
    """A message with the next sequence number goes out before the reply; `code` stands where a reply has its status.

    A client obeys some of them in the middle of a native call (facts: iris-operations 4).
    """

    code: bytes
    payload: bytes = b""


END_CLIENT = Interject(b"Y6")
"""Ends the process of driver 5.4.1, with status 0 and no exception."""


def import_module(name: str) -> Interject:
    """Makes driver 5.4.1 import a module, so that its code runs; the call then goes on as if nothing had been."""
    return Interject(b"YP", encode_all([1, name]))


Fault = Delay | Hold | Drop | Truncate | CorruptSequence | Malformed | Interject


@dataclass(eq=False)
class Injection:
    """A fault waiting for its requests. `fired` counts the requests that it met."""

    fault: Fault
    times: int | None = 1
    opcode: bytes | None = None
    connection: int | None = None
    skip: int = 0
    fired: int = 0
    _fired_event: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _waiting: list[Callable[[], None]] = field(default_factory=list, repr=False)
    _released: bool = field(default=False, repr=False)

    def release(self) -> None:
        """Let go of the replies that a `Hold` keeps, and of those that it would keep later."""
        self._released = True
        waiting, self._waiting = self._waiting, []
        for proceed in waiting:
            proceed()

    async def wait_fired(self) -> None:
        """Return once the fault has met a request."""
        await self._fired_event.wait()

    def when_released(self, proceed: Callable[[], None]) -> None:
        """Call `proceed` at the release, or at once if that has been."""
        if self._released:
            proceed()
        else:
            self._waiting.append(proceed)

    def matches(self, connection: int, opcode: bytes) -> bool:
        """Whether the next request of this kind would meet the fault; counts down `skip`."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.opcode not in (None, opcode) or self.connection not in (None, connection):
            return False
        if self.skip:
            self.skip -= 1
            return False
        return True

    def fire(self) -> None:
        """Note that a request was met."""
        self.fired += 1
        self._fired_event.set()


class Faults:
    """The faults of one server. Without any, the server works; asking costs next to nothing."""

    def __init__(self) -> None:
        self._injections: list[Injection] = []
        self.refuse_connections = False
        """New connections are reset as soon as they are accepted. For a closed port see `SuperServer.close_port`."""

    def inject(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        opcode: bytes | None = None,
        connection: int | None = None,
        skip: int = 0,
    ) -> Injection:
        """Make the next `times` requests (None: all) meet `fault`, after letting `skip` of them pass.

        `opcode` (two bytes) and `connection` (`Connection.number`) narrow it down.
        """
        if times is not None and times < 1:
            raise ValueError("times must be at least 1, or None for every request")
        injection = Injection(fault, times, opcode, connection, skip)
        self._injections.append(injection)
        return injection

    @contextmanager
    def injected(
        self, fault: Fault, *, opcode: bytes | None = None, connection: int | None = None
    ) -> Iterator[Injection]:
        """Every request within the block meets `fault`; what a `Hold` kept is let go at the end."""
        injection = self.inject(fault, times=None, opcode=opcode, connection=connection)
        try:
            yield injection
        finally:
            self.remove(injection)

    def remove(self, injection: Injection) -> None:
        """Take back one fault; one that is used up is no error."""
        if injection in self._injections:
            self._injections.remove(injection)
        injection.release()

    def clear(self) -> None:
        """Work normally from now on, and let go of everything held."""
        self.refuse_connections = False
        for injection in list(self._injections):
            self.remove(injection)

    def take(self, connection: int, opcode: bytes) -> Injection | None:
        """The fault that this request meets, if any. The first injected goes first."""
        for injection in self._injections:
            if injection.matches(connection, opcode):
                injection.fire()
                return injection
        return None

    def __bool__(self) -> bool:
        return bool(self._injections)
