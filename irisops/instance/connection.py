"""One connection to one instance: one driver process, one login, deadlines, errors by name, reconnect."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from irisops.background import Background, to_log
from irisops.instance.admin_api import AdminApi
from irisops.instance.calls import Answer, Call
from irisops.instance.capabilities import Capabilities
from irisops.instance.driver_process.child import COMMAND, DriverGoneError, DriverProcess
from irisops.instance.errors import (
    EndedByServer,
    InstanceProblem,
    LicenseExhausted,
    NotAnInstance,
    Unreachable,
)
from irisops.instance.login import (
    LoggedIn,
    State,
    StateName,
    crashed,
    log_in,
    not_connected,
    run,
    start,
    state_of,
)
from irisops.instance.models import SystemInfo
from irisops.instance.system import DICTIONARY_SECONDS, DictionarySlow, read_at_connect
from irisops.instance.target import Target
from irisops.instance.values import answered
from irisops.instance.web import WebAddress

__all__ = ["Connection", "State", "StateName", "Target"]

DEADLINE = 10.0
"""Seconds that a call or batch may take unless it says otherwise."""

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between attempts to reconnect; the last one repeats."""

STEADY_SECONDS = 30.0
"""After a connection held this long, the pauses start from the shortest again."""


class Connection:
    """Implements `Instance` (and so `Caller`).

    State `refused` means that the instance refused and only a person can change that; `off` that nothing is tried.
    A `lost` connection was logged in before and reconnects by itself, with growing pauses. A refused password is never
    tried again automatically, and no call is ever repeated.
    """

    def __init__(
        self,
        target: Target,
        *,
        deadline: float = DEADLINE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        command: Sequence[str] = COMMAND,
        dictionary_seconds: float | None = DICTIONARY_SECONDS,
    ) -> None:
        """`deadline` in seconds, for calls that name none. `command` starts the driver process (tests give a fake).

        `dictionary_seconds` for the class-dictionary check; None leaves it out.
        """
        self._target = target
        self._deadline = deadline
        self._sleep = sleep
        self._monotonic = monotonic
        self._command = tuple(command)
        self.web: WebAddress | None = None
        """The instance's web port, for what the driver cannot do; may be set at any time."""
        self.heard: Callable[[Sequence[Call], Sequence[Answer | Exception]], None] | None = None
        """Told of each batch that was answered, while somebody records."""
        self._state = State("off")
        self._info: SystemInfo | None = None
        self._capabilities = Capabilities(note="not connected yet")
        self._distrusted: dict[str, str] = {}
        """Routes in which the driver died or hung, for all logins of this run."""
        self._listeners: list[Callable[[State], None]] = []
        self._password: str | None = None
        self._warm: DriverProcess | None = None
        self._child: DriverProcess | None = None
        self._turn = asyncio.Lock()
        """Held while the driver process works on calls: it takes one request at a time."""
        self._opening = asyncio.Lock()
        self._mending: asyncio.Task[None] | None = None
        self._tasks = Background(_unless_named)
        self._dictionary_seconds = dictionary_seconds
        self._since = 0.0
        self._attempts = 0

    def __repr__(self) -> str:
        return f"Connection({self._target!r}, state={self._state.name!r})"

    @property
    def target(self) -> Target:
        """Address and user."""
        return self._target

    @property
    def state(self) -> State:
        """Present state."""
        return self._state

    @property
    def info(self) -> SystemInfo | None:
        """Version and own process, read at the last login; None before the first."""
        return self._info

    @property
    def capabilities(self) -> Capabilities:
        """What the class-dictionary check found at the last login."""
        return self._capabilities

    @property
    def driver_pid(self) -> int | None:
        """Process id of the driver process on this machine; None if none runs."""
        child = self._child or self._warm
        return child.pid if child is not None and child.alive else None

    def listen(self, listener: Callable[[State], None]) -> Callable[[], None]:
        """Call `listener` on the event loop at each change of state; returns a function that stops it."""
        self._listeners.append(listener)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    async def warm(self) -> None:
        """Start the driver process and its import ahead of `connect` (optional). Never raises."""
        async with self._opening:
            if self._warm is None and self._child is None:
                with contextlib.suppress(OSError):  # connect() fails the same way and reports it
                    self._warm = await DriverProcess.start(self._command)

    async def connect(self, password: str) -> SystemInfo:
        """Log in, once. Raises the named `InstanceProblem`; the state is then `refused` or `off`."""
        await self._stop_mending()
        async with self._opening:
            await self._end_child()
            self._password = password
            self._attempts = 0
            self._become(State("connecting"))
            try:
                return await self._open(password)
            except InstanceProblem as problem:
                self._password = None
                # A refusal by the instance is not tried again before a person acted on it.
                name: StateName = "off" if isinstance(problem, Unreachable | NotAnInstance) else "refused"
                self._become(state_of(name, problem))
                raise
            except asyncio.CancelledError:
                self._password = None
                self._become(State("off", "Connecting was cancelled."))
                raise

    @contextlib.asynccontextmanager
    async def beside(self, namespace: str) -> AsyncIterator[Connection]:
        """A second connection as the same user, to another namespace, until the end of the block.

        Whether SQL follows a connection that goes to another namespace is not known, and a long call holds it up.
        It takes a license connection for as long. Raises the named `InstanceProblem` of the login.
        """
        password = self._password
        if password is None:
            raise not_connected(self._state)
        target = self._target._replace(namespace=namespace)
        other = Connection(target, deadline=self._deadline, command=self._command, dictionary_seconds=None)
        try:
            await other.connect(password)
            yield other
        finally:
            await other.disconnect()

    def forget_rows(self, seconds: float) -> None:
        """Forget the rows of queries that were not repeated for so long; they are the base of the next difference."""
        if self._child is not None:
            self._child.forget_rows(seconds)

    async def disconnect(self) -> None:
        """Log out, stop reconnecting, forget the password; the state becomes `off`. Safe to call in any state."""
        if self._capabilities.admin_api is not None:
            await self._capabilities.admin_api.log_out()
        self._password = None
        await self._stop_mending()
        async with self._opening:
            await self._end_child()
            if self._warm is not None:
                warm, self._warm = self._warm, None
                await warm.close()
            if self._state.name != "off":
                self._become(State("off"))
        await self._tasks.wait()

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        """Run calls in order. A call that fails yields its named `InstanceProblem` in place and the rest still run.

        Raises `Unreachable` (or a subclass) if the connection fails, also for calls before the one that met it.
        `deadline` in seconds for the whole batch, counted from when its turn comes.
        """
        if not calls:
            return []
        begun = asyncio.Event()
        work = self._in_turn(list(calls), self._deadline if deadline is None else deadline, begun)
        task = self._tasks.start(work, "a call to the driver")
        try:
            # The caller may be cancelled; calls that the driver has begun cannot be, and keep the turn until done.
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not begun.is_set():
                task.cancel()
            raise

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        """Run one call; raises its named `InstanceProblem`."""
        (answer,) = await self.batch([call], deadline=deadline)
        return answered(answer)

    # --- calls --------------------------------------------------------------------------------------------------

    async def _in_turn(
        self, calls: list[Call], deadline: float, begun: asyncio.Event
    ) -> list[Answer | Exception]:
        async with self._turn:
            child = self._child
            if child is None or self._state.name != "connected":
                raise not_connected(self._state)
            begun.set()
            try:
                answers = await run(child, calls, deadline)
            except Unreachable as problem:
                await self._lose(child, problem)
                raise
        self._tell(calls, answers)
        return answers

    def _tell(self, calls: Sequence[Call], answers: Sequence[Answer | Exception]) -> None:
        if self.heard is not None:
            self.heard(calls, answers)

    # --- opening and mending --------------------------------------------------------------------------------------

    async def _open(self, password: str) -> SystemInfo:
        """A process, a login and the first reads. Raises the named problem, leaving no process behind."""
        try:
            child, info, capabilities = await self._logged_in(password)
        except DictionarySlow:
            # The process cannot be freed of the query, and the check is optional: a new login does without.
            self._dictionary_seconds = None
            child, info, capabilities = await self._logged_in(password)
        capabilities.distrusted = self._distrusted
        capabilities.admin_api = AdminApi(
            info.version,
            self._target.user,
            address=lambda: self.web,
            password=lambda: self._password,
            encrypted=bool(self._target.sslconfig),
        )
        capabilities.admin_api.heard = self._tell
        self._info, self._capabilities = info, capabilities
        self._child = child
        self._since = self._monotonic()

        def exited(how: DriverGoneError) -> None:
            self._tasks.start(self._lose(child, crashed(how)), "giving up a driver process")

        child.on_exit = exited
        self._become(State("connected"))
        return info

    async def _logged_in(self, password: str) -> tuple[DriverProcess, SystemInfo, Capabilities]:
        child = await self._fresh_child()
        try:
            trips = await log_in(child, self._target, password)
            caller = LoggedIn(child, DEADLINE)
            info, capabilities = await read_at_connect(
                caller, self._target.namespace, trips, dictionary_seconds=self._dictionary_seconds
            )
        except BaseException:
            # Also when cancelled: an abandoned login would keep its license unit.
            await child.kill()
            raise
        return child, info, capabilities

    async def _fresh_child(self) -> DriverProcess:
        warm, self._warm = self._warm, None
        if warm is not None:
            if warm.alive:
                return warm
            await warm.kill()
        return await start(self._command)

    async def _lose(self, child: DriverProcess, problem: InstanceProblem) -> None:
        """Record the loss of a connection, once, and start to reconnect."""
        if self._child is not child:
            return
        self._child = None
        if self._monotonic() - self._since >= STEADY_SECONDS:
            self._attempts = 0
        if isinstance(problem, EndedByServer):
            self._password = None
        if self._password is not None:
            self._become(state_of("lost", problem, retry_in=self._pause()))
            self._mending = self._tasks.start(self._mend(problem), "reconnect", self._cannot_mend)
        else:
            self._become(state_of("off", problem))
        await child.kill()

    def _pause(self) -> float:
        return PAUSES[min(self._attempts, len(PAUSES) - 1)]

    async def _mend(self, problem: InstanceProblem) -> None:
        """Reconnect until it works, the instance refuses, or the connection is given up."""
        while (password := self._password) is not None:
            pause = self._pause()
            self._become(state_of("lost", problem, retry_in=pause))
            await self._sleep(pause)
            self._attempts += 1
            async with self._opening:
                self._become(state_of("lost", problem))
                try:
                    await self._open(password)
                except EndedByServer as ended:
                    self._password = None
                    self._become(state_of("off", ended))
                    return
                except (Unreachable, NotAnInstance, LicenseExhausted) as again:
                    # Without a free unit: keep trying, which locks no account, until one is free.
                    problem = again
                except InstanceProblem as refused:
                    self._password = None
                    self._become(state_of("refused", refused))
                    return
                else:
                    return

    async def _stop_mending(self) -> None:
        task, self._mending = self._mending, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if self._turn.locked():
            # A call is under way and may never return; the instance notices the closed socket.
            await child.kill()
        else:
            await child.close()

    # --- state -----------------------------------------------------------------------------------------------

    def _become(self, state: State) -> None:
        if state == self._state:
            return
        self._state = state
        for listener in tuple(self._listeners):
            listener(state)

    def _cannot_mend(self, name: str, error: BaseException) -> None:
        """Report that reconnecting failed for an unforeseen reason and is not tried any more."""
        to_log(name, error)
        self._password = None
        self._become(State("off", f"Reconnecting failed: {type(error).__name__}.", "/connect tries again."))


def _unless_named(name: str, error: BaseException) -> None:
    """Log errors of calls whose caller is gone, except named problems: the state shows those."""
    if not isinstance(error, InstanceProblem):
        to_log(name, error)
