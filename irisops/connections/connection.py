"""One profile's connection with what the session knows of the instance behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from irisops.connections.alert_rules import Watchman
from irisops.connections.count_history import CountHistory, Sample
from irisops.contract.chat import ProfileState
from irisops.contract.clock import Clock
from irisops.contract.secret_words import show_names
from irisops.instance.calls import Answer, Call
from irisops.instance.errors import LOGIN_REFUSALS, InstanceProblem, LoginRefused
from irisops.instance.target import Target
from irisops.instance.usage.poll import Poller
from irisops.instance.values import Remade
from irisops.instance.web import WebAddress
from irisops.profiles.model import Profile

if TYPE_CHECKING:  # what reads an instance is imported at the first connect, after the first paint
    from irisops.connections.session_times import KnownBirths, KnownTimeouts
    from irisops.instance.capabilities import Capabilities
    from irisops.instance.connection import State as ConnectionState
    from irisops.instance.models import LicenseBoard, PollCounts, SystemInfo, WebSession
    from irisops.instance.security.access import Access
    from irisops.instance.security.request_facts import RequestFacts
    from irisops.recording.readings import Heard, Tape

HISTORY = 180
"""Readings kept for the sparkline: six minutes of polls at two seconds."""


class InstanceConnection(Protocol):
    """The part of `irisops.instance.connection.Connection` that the session uses; an `Instance`. Tests have a fake."""

    web: WebAddress | None
    """The instance's web port, as the profile has it now."""
    heard: Heard | None
    """Told of each batch that was answered, while somebody records."""

    @property
    def capabilities(self) -> Capabilities:
        """What the class-dictionary check found at the last login."""
        ...

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        """See `irisops.instance.calls.Caller`."""
        ...

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        """See `irisops.instance.calls.Caller`."""
        ...

    @property
    def state(self) -> ConnectionState:
        """Connecting, connected, lost, refused or off."""
        ...

    @property
    def info(self) -> SystemInfo | None:
        """Version and namespace, as read at the last login."""
        ...

    def listen(self, listener: Callable[[ConnectionState], None]) -> Callable[[], None]:
        """Follow the state; the result stops it."""
        ...

    def beside(self, namespace: str) -> AbstractAsyncContextManager[InstanceConnection]:
        """A second connection as the same user, to another namespace, until the end of the block."""
        ...

    def forget_rows(self, seconds: float) -> None:
        """Forget the rows of queries that were not repeated for so long."""
        ...

    async def warm(self) -> None:
        """Start the driver process ahead of `connect`."""
        ...

    async def connect(self, password: str) -> SystemInfo:
        """Log in once."""
        ...

    async def disconnect(self) -> None:
        """Log out and forget the password."""
        ...


Connector = Callable[[Target], InstanceConnection]


def target_of(profile: Profile) -> Target:
    """Where the connection goes."""
    return Target(
        host=profile.host,
        port=profile.port,
        namespace=profile.namespace,
        user=profile.user,
        sslconfig=profile.sslconfig,
    )


def web_of(profile: Profile) -> WebAddress | None:
    """The profile's web port; None if it names none."""
    if profile.web_port is None:
        return None
    return WebAddress(profile.host, profile.web_port, profile.web_scheme == "https", profile.path_prefix)


@dataclass(slots=True)
class Names:
    """Names seen on the instance, for completion and "did you mean". Filled by reads that were made anyway."""

    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    asked: bool = False
    """Resources and applications were read, too, or could not be."""

    async def learn(self, instance: InstanceConnection, *, everything: bool = False) -> None:
        """Read users and roles, in the background after a login. Without the privilege nothing can be completed.

        With `everything`, read what a sentence may name: two more lists, as the first ones are known by then.
        """
        from irisops.instance.security import lists  # noqa: PLC0415 - not before the first login

        self.asked = self.asked or everything
        with contextlib.suppress(InstanceProblem):
            if not (everything and self.users):
                self.users = tuple(user.name for user in await lists.list_users(instance))
                self.roles = tuple(role.name for role in await lists.list_roles(instance))
                show_names((*self.users, *self.roles))
        with contextlib.suppress(InstanceProblem):
            if everything and not self.resources:
                self.resources = tuple(each.name for each in await lists.list_resources(instance))
                self.applications = tuple(each.name for each in await lists.list_applications(instance))

    def remember(self, access: Access) -> None:
        """Keep the names of what was read to explain access."""
        self.users = tuple(user.name for user in access.users)
        self.roles = tuple(role.name for role in access.roles)
        show_names((*self.users, *self.roles))
        self.resources = tuple(resource.name for resource in access.resources)
        self.applications = tuple(application.name for application in access.applications)
        self.asked = True


@dataclass(slots=True)
class Watched:
    """A page whose way is watched: what was read of the instance, and the newest refusal when the watch began.

    `asked_at` is when the card was last refreshed, `read_at` when the instance was read; monotonic seconds.
    """

    what: str
    facts: RequestFacts
    newest: int
    asked_at: float
    read_at: float


@dataclass(slots=True)
class Link:
    """A profile in use. `generation` grows at each login: plans of an earlier one no longer hold."""

    profile: Profile
    connection: InstanceConnection
    clock: Clock
    poller: Poller = field(init=False)
    generation: int = 0
    temporary: bool = False
    """True for a profile of this run alone, which no command edits."""
    names: Names = field(default_factory=Names)
    counts: PollCounts | None = None
    history: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))
    read_at: float | None = None
    """Monotonic time of the last good poll."""
    samples: CountHistory = field(default_factory=CountHistory)
    """All counts since the start, for /plot."""
    watchman: Watchman = field(default_factory=Watchman)
    """The alerts that were set in this run."""
    board: LicenseBoard | None = None
    """The license board as last read, shown when the next login is refused."""
    _sessions: Remade[WebSession] = field(init=False)
    """The rows of /sessions as last shown."""
    _sessions_at: float | None = None
    """Monotonic time of that list."""
    timeouts: KnownTimeouts | None = None
    """Session timeouts of the web applications, when they were read."""
    watched: Watched | None = None
    health: tuple[float, list[str]] | None = None
    """The summary of /status, and its monotonic time."""
    manager_directory: str = ""
    """Where messages.log is, once it was read."""
    locks_seen: dict[str, float] = field(default_factory=dict)
    """Monotonic time at which each lock of the last list was first seen, by key."""
    tape: Tape | None = None
    """What its reads run under while it is recorded, or is a recording itself."""
    births: KnownBirths | None = None
    """Since when the web sessions exist, once they were listed."""
    stale_said: bool = False
    logging_in: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the login that is under way: a second one waits for its end instead of asking again."""
    refused: bool = False
    """The last login was refused; its password must not be sent again unasked."""
    password_refused: bool = False
    """It was refused for user and password."""
    unjudged: str | None = field(default=None, repr=False)
    """A typed password that the instance has neither accepted nor refused: the next login uses it again."""
    stop_listening: Callable[[], None] = field(default=lambda: None)

    def __post_init__(self) -> None:
        self._keep_no_sessions()
        self.poller = Poller(self.connection, now=self.clock.now)

    def _keep_no_sessions(self) -> None:
        self._sessions, self._sessions_at = Remade(), None

    def kept_sessions(self) -> Remade[WebSession]:
        """The web sessions as last listed, for a list that is read now."""
        self._sessions_at = self.clock.monotonic()
        return self._sessions

    def first_seen(self, keys: Iterable[str], *, all_of_them: bool) -> dict[str, float]:
        """Seconds since each lock was first listed; of a whole list, those that are gone are forgotten."""
        now = self.clock.monotonic()
        listed = {key: self.locks_seen.get(key, now) for key in keys}
        self.locks_seen = listed if all_of_them else self.locks_seen | listed
        return {key: now - since for key, since in self.locks_seen.items()}

    def judged(self, error: str) -> None:
        """Note how a login ended: `error` is the name of its problem, "" for success."""
        self.refused = error in LOGIN_REFUSALS
        self.password_refused = error == LoginRefused.__name__
        if not error or self.refused:
            self.unjudged = None

    @property
    def name(self) -> str:
        """The profile's name."""
        return self.profile.name

    @property
    def connected(self) -> bool:
        """True if calls can be made now."""
        return self.connection.state.name == "connected"

    @property
    def recorded(self) -> bool:
        """True for a recording: what is read was read long ago, and nothing can be changed."""
        return self.tape is not None and self.tape.recorded

    def reading(self, name: str) -> AbstractContextManager[None]:
        """The reads of the command `name`, as one, for what records or replays them."""
        return contextlib.nullcontext() if self.tape is None else self.tape.reading(name)

    @property
    def instance_name(self) -> str:
        """The instance in plans: the profile and, if known, IRIS's own name for it."""
        info = self.connection.info
        own = info.instance_name if info else None
        return f"{self.name} ({own})" if own and own.casefold() != self.name.casefold() else self.name

    def stale(self, interval: float) -> bool:
        """True if the figures are older than two polls of `interval` seconds, or nothing is connected."""
        if self.counts is None:
            return False
        if not self.connected or self.read_at is None:
            return True
        return self.clock.monotonic() - self.read_at > 2 * interval

    def forget_old_rows(self, seconds: float) -> None:
        """Give up rows that no live card has asked for in `seconds`: ten thousand processes are 2.5 MB."""
        if self._sessions_at is not None and self._sessions_at < self.clock.monotonic() - seconds:
            self._keep_no_sessions()
        self.connection.forget_rows(seconds)

    def follow(self, profile: Profile) -> None:
        """Take over an edited profile that still leads to the same place."""
        self.profile = profile
        self.connection.web = web_of(profile)

    async def read_figures(self) -> PollCounts:
        """Poll, and once more where the first poll had to leave a figure to the next. Raises as `Poller.poll`."""
        await self.poller.know_edition()
        counts = await self.poller.poll()
        return await self.poller.poll() if counts.postponed else counts

    def took(self, counts: PollCounts) -> None:
        """Keep the counts of a poll."""
        self.counts = counts
        self.read_at = self.clock.monotonic()
        if counts.in_use is not None:
            self.history.append(float(counts.in_use))
        self.samples.add(Sample(self.clock.now(), counts.in_use, counts.sessions, counts.processes))

    def as_state(self, *, active: bool, interval: float) -> ProfileState:
        """The line of the side panel."""
        now = self.connection.state
        info = self.connection.info
        line = idle_state(self.profile)._replace(
            state=now.name,
            version=info.short if info else "",
            active=active,
            history=tuple(self.history),
            stale=self.stale(interval),
            message=now.message,
            retry_in=now.retry_in,
            recording=self.tape is not None and not self.recorded,
            recorded=self.recorded,
        )
        if self.counts is None:
            return line
        return line._replace(
            units_used=self.counts.units_used,
            units_limit=self.counts.units_limit,
            sessions=self.counts.sessions,
            processes=self.counts.processes,
            connections=None if self.counts.connections is None else self.counts.in_use,
            at_least=self.counts.at_least,
            updated=self.counts.read_at,
        )

    async def close(self) -> None:
        """Log out. Errors of a connection that is already gone do not matter here."""
        self.stop_listening()
        with contextlib.suppress(OSError):
            await self.connection.disconnect()


def idle_state(profile: Profile) -> ProfileState:
    """The line of a profile that was not used yet."""
    return ProfileState(
        name=profile.name,
        state="off",
        colour=profile.colour,
        address=profile.address,
        user=profile.user,
        read_only=profile.read_only,
        guarded=profile.guarded,
    )
