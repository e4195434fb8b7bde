"""Deliberate faults of the connection, for tests and the control API.

Every fault hits a defined request, never by chance or by time:

    faults = Faults()
    server = SuperServer(backend, faults=faults)
    injection = faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
    ...                          # the client calls and waits
    await injection.wait_fired()
    injection.release()          # now the reply goes out

A fault changes the reply, unless its `before` prevents the request from running. All methods must be called in the
thread of the server's event loop.
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
    """Send the reply `seconds` later, by the server's `sleep`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold the reply until the injection is released; never released, it is a server that does not answer."""


@dataclass(frozen=True, slots=True)
class Drop:
    """End the connection instead of replying: `reset` with RST rather than FIN, `before` the request runs."""

    reset: bool = False
    before: bool = False


@dataclass(frozen=True, slots=True)
class Truncate:
    """Send only the first `keep` bytes of the reply, then close the connection.

    With `close=False` it stays open, and the client waits for the rest.
    """

    keep: int
    close: bool = True


@dataclass(frozen=True, slots=True)
class CorruptSequence:
    """Add `offset` to the reply's sequence number (effects: facts: wire-protocol 1)."""

    offset: int = 92


@dataclass(frozen=True, slots=True)
class Malformed:
    """Replace the reply's payload, and its `status` if given. Its length header is right unless `announced` overrides
    it; `offset` is added to its sequence number.

    An empty payload where an item is expected, or `0a 01 61` (an item longer than its payload), makes driver 5.4.1
    read stray memory or crash (facts: wire-protocol 2).
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
    """A fault that waits for its requests. `fired` counts the requests it has hit."""

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
        """Release the replies held by a `Hold`, now and later."""
        self._released = True
        waiting, self._waiting = self._waiting, []
        for proceed in waiting:
            proceed()

    async def wait_fired(self) -> None:
        """Wait until the fault has hit a request."""
        await self._fired_event.wait()

    def when_released(self, proceed: Callable[[], None]) -> None:
        """Call `proceed` at the release, or at once if already released."""
        if self._released:
            proceed()
        else:
            self._waiting.append(proceed)

    def matches(self, connection: int, opcode: bytes) -> bool:
        """True if the fault hits this request; counts down `skip`."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.opcode not in (None, opcode) or self.connection not in (None, connection):
            return False
        if self.skip:
            self.skip -= 1
            return False
        return True

    def fire(self) -> None:
        """Count a hit."""
        self.fired += 1
        self._fired_event.set()


class Faults:
    """The faults of one server; nearly free of cost without any."""

    def __init__(self) -> None:
        self._injections: list[Injection] = []
        self.refuse_connections = False
        """Reset new connections as soon as they are accepted. For a closed port see `SuperServer.close_port`."""

    def inject(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        opcode: bytes | None = None,
        connection: int | None = None,
        skip: int = 0,
    ) -> Injection:
        """Let `fault` hit the next `times` requests (None: all), after skipping `skip` of them.

        `opcode` (two bytes) and `connection` (`Connection.number`) restrict it.
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
        """Every request within the block hits `fault`; held replies are released at its end."""
        injection = self.inject(fault, times=None, opcode=opcode, connection=connection)
        try:
            yield injection
        finally:
            self.remove(injection)

    def remove(self, injection: Injection) -> None:
        """Remove a fault, used up or not, and release its replies."""
        if injection in self._injections:
            self._injections.remove(injection)
        injection.release()

    def clear(self) -> None:
        """Remove all faults and release all held replies."""
        self.refuse_connections = False
        for injection in list(self._injections):
            self.remove(injection)

    def take(self, connection: int, opcode: bytes) -> Injection | None:
        """The fault for this request, if any: the first injected one that matches."""
        for injection in self._injections:
            if injection.matches(connection, opcode):
                injection.fire()
                return injection
        return None

    def __bool__(self) -> bool:
        return bool(self._injections)
