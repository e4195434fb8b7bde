"""One connection to one instance: deadlines, errors by name, reconnect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from irisops.instance.calls import Answer, Call
from irisops.instance.capabilities import Capabilities
from irisops.instance.models import SystemInfo

StateName = Literal["connecting", "connected", "lost", "refused", "off"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where and as whom to connect. The password is never part of it."""

    host: str
    port: int
    namespace: str
    user: str
    timeout: float = 10.0
    """Seconds to wait for the connection itself."""
    sslconfig: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What a listener is told. `message` is one sentence; `retry_in` seconds until the next attempt, if one is planned."""

    name: StateName
    message: str = ""
    cure: str = ""
    error: str = ""
    """Name of the problem, e.g. `LoginRefused`."""
    retry_in: float | None = None


class Connection:
    """Implements `Instance` (and so `Caller`)."""

    def __init__(self, target: Target) -> None:
        raise NotImplementedError

    @property
    def target(self) -> Target:
        raise NotImplementedError

    @property
    def state(self) -> State:
        raise NotImplementedError

    @property
    def info(self) -> SystemInfo | None:
        """Version and own pid, read at connect; None before the first."""
        raise NotImplementedError

    @property
    def capabilities(self) -> Capabilities:
        raise NotImplementedError

    def listen(self, listener: Callable[[State], None]) -> Callable[[], None]:
        """Call `listener` on the event loop at each change of state; returns a function that stops it."""
        raise NotImplementedError

    async def warm(self) -> None:
        """Start the child process and its import ahead of `connect` (optional)."""
        raise NotImplementedError

    async def connect(self, password: str) -> SystemInfo:
        """Log in once. Raises the named `InstanceProblem`."""
        raise NotImplementedError

    async def disconnect(self) -> None:
        """Log out, stop reconnecting, forget the password; state `off`. Safe to call twice."""
        raise NotImplementedError

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        raise NotImplementedError

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        raise NotImplementedError
