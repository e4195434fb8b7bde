"""Where a connection goes and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from irisops.instance.errors import InstanceProblem, Unreachable

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
    """What a listener is told. `message` is one sentence; `retry_in` the seconds until a planned next attempt."""

    name: StateName
    message: str = ""
    cure: str = ""
    error: str = ""
    """Name of the problem, e.g. `LoginRefused`."""
    retry_in: float | None = None


def state_of(name: StateName, problem: InstanceProblem, retry_in: float | None = None) -> State:
    """The state that a problem leads to."""
    return State(name, problem.message, problem.cure, problem.name, retry_in)


def not_connected(state: State) -> Unreachable:
    """What a call meets while there is no connection."""
    if state.name == "lost":
        return Unreachable(
            state.message or "The connection is lost.", "It is being mended; try again in a moment."
        )
    return Unreachable(
        "There is no connection to the instance.", "Connect with /connect.", detail=state.message
    )
