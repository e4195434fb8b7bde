"""Start a driver process, log in, run calls: deadlines, and every failure as a named problem.

`Connection` decides when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal, NamedTuple

from irisops.instance.calls import Answer, Call
from irisops.instance.driver_process.channel import ChannelError, Json
from irisops.instance.driver_process.child import (
    BatchResult,
    CallFailure,
    DriverGoneError,
    DriverProcess,
    DriverUnusableError,
)
from irisops.instance.errors import (
    DriverCrashed,
    EndedByServer,
    InstanceProblem,
    NoAnswer,
    NotAvailable,
    Unreachable,
)
from irisops.instance.failures import call_failure, connect_failure, secrets_of, status_failure
from irisops.instance.status import decode_status, is_error_status
from irisops.instance.target import Target
from irisops.instance.values import answered

StateName = Literal["connecting", "connected", "lost", "refused", "off"]


class State(NamedTuple):
    """State of a connection. `message` is one sentence; `retry_in` the seconds until the next attempt."""

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
    """The problem of a call while there is no connection."""
    if state.name == "lost":
        return Unreachable(
            state.message or "The connection is lost.", "It is being mended; try again in a moment."
        )
    return Unreachable(
        "There is no connection to the instance.", "Connect with /connect.", detail=state.message
    )


CONNECT_MARGIN = 5.0
"""Seconds beyond the driver's own time limit for starting the process and importing the driver."""


async def start(command: Sequence[str]) -> DriverProcess:
    """A new driver process. Raises NotAvailable."""
    try:
        return await DriverProcess.start(command)
    except OSError as error:
        raise NotAvailable(
            "The driver process could not be started.",
            "Check that this machine has memory and process slots left.",
            detail=f"{type(error).__name__}: {error.strerror}",
        ) from None


def crashed(
    error: DriverGoneError | DriverUnusableError, message: str = "The driver process died."
) -> DriverCrashed:
    """The named problem of a driver process that is gone."""
    if isinstance(error, DriverGoneError) and error.order:
        return EndedByServer(f"The server told the driver to {error.order}.", detail=str(error))
    return DriverCrashed(message, detail=str(error))


async def log_in(child: DriverProcess, target: Target, password: str) -> int:
    """Log in, once; returns the round trips that it cost. Raises the named `InstanceProblem`."""
    request: dict[str, Json] = {
        "host": target.host,
        "port": target.port,
        "namespace": target.namespace,
        "user": target.user,
        "timeout": target.timeout,
        "sslconfig": target.sslconfig,
    }
    try:
        async with asyncio.timeout(target.timeout + CONNECT_MARGIN):
            outcome = await child.connect(request, password)
    except TimeoutError:
        raise NoAnswer(
            f"Nothing answered within {target.timeout:g} seconds.", Unreachable.default_cure
        ) from None
    except DriverGoneError as error:
        raise crashed(error, "The driver process died during the login.") from None
    except DriverUnusableError as error:
        raise NotAvailable(
            "The driver for InterSystems IRIS does not load on this machine.",
            "Install intersystems-irispython for this Python and platform.",
            detail=str(error),
        ) from None
    if isinstance(outcome, CallFailure):
        raise connect_failure(
            outcome.text, secrets=(password,), elapsed=outcome.elapsed, timeout=target.timeout
        )
    return outcome


async def run(child: DriverProcess, calls: Sequence[Call], deadline: float) -> list[Answer | Exception]:
    """Run calls on a logged-in process; a failed call yields its named problem in its place.

    Raises Unreachable when the process or its connection is lost. `deadline` in seconds for all.
    """
    try:
        async with asyncio.timeout(deadline):
            result = await child.batch(calls)
    except TimeoutError:
        raise NoAnswer(f"The instance gave no answer within {deadline:g} seconds.") from None
    except (DriverGoneError, DriverUnusableError) as error:
        raise crashed(error) from None
    except ChannelError as error:
        raise DriverCrashed("A call was too big for the driver process.", detail=str(error)) from None
    return _named(calls, result)


class LoggedIn:
    """`Caller` for the first reads, before the connection counts as connected. `deadline` in seconds."""

    def __init__(self, child: DriverProcess, deadline: float) -> None:
        self._child = child
        self._deadline = deadline

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        """See `Caller`."""
        return await run(self._child, calls, deadline or self._deadline)

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        """See `Caller`."""
        (answer,) = await self.batch([call], deadline=deadline)
        return answered(answer)


def _named(calls: Sequence[Call], result: BatchResult) -> list[Answer | Exception]:
    named: list[Answer | Exception] = []
    for call, outcome in zip(calls, result.results, strict=False):
        if isinstance(outcome, Answer):
            named.append(outcome)
            continue
        problem = _call_problem(outcome, call)
        if result.lost and isinstance(problem, Unreachable):
            raise problem
        named.append(problem)
    if result.lost or len(named) != len(calls):
        raise Unreachable("The connection to the instance was lost.")
    return named


def _call_problem(failure: CallFailure, call: Call) -> InstanceProblem:
    secrets = secrets_of(call)
    if is_error_status(failure.text):
        # The status of %Library.ResultSet.Execute; asking the instance for its text would cost another round trip.
        errors = decode_status(failure.text)
        return status_failure("; ".join(error.text for error in errors) or failure.text, secrets=secrets)
    return call_failure(failure.text, secrets=secrets)
