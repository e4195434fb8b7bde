"""`Session`: puts the parts of the chat together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from irisops.background import Background, to_log
from irisops.commands.catalogue import ALL
from irisops.connections.connection import Connector, InstanceConnection, Link, Names
from irisops.connections.connections import Hub
from irisops.connections.polling import Polling
from irisops.contract.chat import About, AskSecret, Command, CommandInfo, Completion, Notice, Overview
from irisops.contract.clock import Clock
from irisops.contract.quoting import quote
from irisops.contract.replies import Problem, Refusal, Reply
from irisops.engine import completion, dispatch
from irisops.engine.availability import unavailable
from irisops.engine.context import Context
from irisops.engine.plans import PlanStore
from irisops.engine.spec import Registry
from irisops.instance.errors import InstanceProblem
from irisops.journal import JournalError
from irisops.logs import LOG
from irisops.profiles.address import named
from irisops.profiles.discovery.discoverer import Discoverer, Look, look_around
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.remembered import RefusedStore, RememberedStore
from irisops.profiles.secrets import PLACES, Secrets
from irisops.profiles.settings import Settings, SettingsStore
from irisops.profiles.store import ProfileStore
from irisops.profiles.system_keyring import SystemKeyring
from irisops.profiles.vault import Vault

if TYPE_CHECKING:
    from irisops.connections.open_shares import SharingSettings
    from irisops.instance.target import Target

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def _something_in(folder: Path) -> bool:
    """True for a folder with a JSON file in it, and for an unreadable one, which its reader reports."""
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(".json") for entry in entries)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _connect_by_driver(target: Target) -> InstanceConnection:
    from irisops.instance.connection import Connection  # noqa: PLC0415 - not before the first connect

    return Connection(target)


def lasting(places: Places, settings: Settings) -> Secrets:
    """The store of passwords that the settings ask for."""
    if settings.keep_passwords == "memory":
        return Secrets(None)
    return Secrets(SystemKeyring(), Vault(places.secrets))


LONGEST_FOR_NAMES = 3.0
"""Seconds that a sentence waits for names at most; without them it is understood less well."""


Known = Callable[[str], Sequence[tuple[str, str]]]
"""kind -> (value, hint) of all known values of that kind."""


def _understanding() -> tuple[
    Callable[[str, Registry, About | None, Known], Command | Problem],
    Callable[[str, Registry, Known], Callable[[], None] | None],
    Callable[[str, Registry, Known], bool],
]:
    from irisops.engine.follow_ups import loading, may_be_chosen, understood  # noqa: PLC0415 - not before the first line

    return understood, loading, may_be_chosen


class Session:
    """Implements `irisops.contract.chat.Chat`.

    `extra` are temporary profiles of this run; `first` names the profile to connect at the start ("" is the last one).
    `later` returns a temporary profile that is still being prepared (the demo's instance), to be connected when ready;
    it may raise `Refusal`. With `polling` off (`irisops run`) only the command reads from the instance. Without
    `connect_first` the first login is not made here: `overview().opening` holds the command for it.
    """

    def __init__(
        self,
        places: Places,
        *,
        secrets: Secrets | None = None,
        clock: Clock | None = None,
        connector: Connector = _connect_by_driver,
        registry: Registry | None = None,
        extra: Sequence[Profile] = (),
        first: str = "",
        later: Callable[[], Awaitable[Profile]] | None = None,
        polling: bool = True,
        sharing: Callable[[], SharingSettings] | None = None,
        look: Look = look_around,
        connect_first: bool = True,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.places = places
        self.clock = clock or Clock()
        self.settings = SettingsStore(places.settings)
        self._remembered = RememberedStore(places.remembered)
        self._refused_commands = RefusedStore(places.refused)
        self._registry = registry or Registry(ALL)
        self._first = first
        self._later = later
        self._polls = polling
        self._tasks = Background(self._failed)
        self._closed = False
        self._on_change: Callable[[], None] = lambda: None
        self._on_notice: Callable[[Notice], None] = lambda _notice: None
        self._early: list[Notice] = []
        self._subscribed = False
        self._opening = ""
        self._connects_first = connect_first
        loaded = self.settings.load()
        self.hub = Hub(
            ProfileStore(places.profiles),
            secrets or lasting(places, loaded.settings),
            self.clock,
            connector,
            poll_interval=loaded.settings.interval(environment),
            extra=extra,
            refused_commands=self._refused_commands,
        )
        self.hub.on_change = self._changed
        self.hub.on_notice = self._notice
        self.hub.on_connected = self._connected
        self._polling = Polling(self.hub)
        self._compiled = False
        """The forms of plain words were compiled, which takes the first sentence a while."""
        self.context = Context(
            hub=self.hub,
            registry=self._registry,
            plans=PlanStore(self.clock),
            clock=self.clock,
            places=places,
            infos=lambda: list(self.commands()),
            rerun=self.run,
            parse=self.parse,
            environment=environment,
            sharing=sharing,
            discoverer=Discoverer(look),
        )
        for problem in loaded.problems:
            self._notice(Notice("warning", problem, "The default is used; the file was left untouched."))

    # Chat

    async def start(self) -> None:
        """Load profiles and start connecting; returns at once."""
        self.load_profiles()
        self._spawn(self.hub.secrets.probe())
        if _something_in(self.places.leases):
            self._spawn(self.context.sharing_desk().recover(self._notice))
        if self._later is not None:
            self._spawn(self._connect_later(self._later))
            return
        profile = self.start_profile()
        self._tell_damaged()
        if profile is not None and self._connects_first:
            self._spawn(self._connect_first(profile))
        elif profile is not None:
            self._opening = f"/connect {quote(profile.name)}"
        elif self._first:
            self._notice(
                Notice("error", f"There is no profile {named(self._first)}.", "/profiles lists them.")
            )
        elif not self.hub.profiles() and self.hub.loaded.problem is None:
            looks = self.settings.load().settings.discovery
            demo = "" if looks else " To look around without one: irisops demo"  # /discover says it, too
            cure = f"/profile add opens a form for one.{demo}"
            self._notice(Notice("info", "Welcome. No instance is known yet.", cure))
            if looks:
                self._opening = "/discover"

    def _tell_damaged(self) -> None:
        """Report the program's own files that could not be read."""
        for trouble in (self._remembered.trouble(), self._refused_commands.trouble()):
            if trouble:
                self._notice(Notice("warning", trouble))

    def load_profiles(self) -> None:
        """Read the profiles file and report what is wrong with it."""
        loaded = self.hub.reload()
        if loaded.problem is not None:
            self._notice(
                Notice(
                    "error",
                    f"The profiles cannot be read. {loaded.problem}.",
                    f"{loaded.problem.cure} Until then no profile is changed.",
                )
            )
        for warning in loaded.warnings:
            self._notice(Notice("warning", warning, "Correct it with an editor or /profile edit."))

    async def close(self) -> None:
        """Log out everywhere. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._tasks.cancel()
        await self._tasks.wait()
        await self._polling.close()
        try:
            while self.context.on_close:
                await self.context.on_close.pop()()
        finally:
            await self.hub.close()

    def ready(self, text: str) -> bool:
        """True if `parse` has all that it needs for a line; else await `prepare` first."""
        link = self.hub.active
        named = link is None or not link.connected or link.names.asked
        if text.startswith("/") or (named and self._registry.ranker is not None):
            return True
        return self._compiled and self._loading(text) is None

    async def prepare(self, text: str) -> None:
        """Load what a sentence is compared with, and read the names that it may hold, off the event loop."""
        load = await asyncio.to_thread(self._loading, text)
        self._compiled = True
        link = self.hub.active
        if load is not None and link is not None and link.connected:
            names = self._tasks.start(link.names.learn(link.connection, everything=True), "names")
            await asyncio.wait([names], timeout=LONGEST_FOR_NAMES)
        if load is not None:
            await asyncio.to_thread(load)

    def _loading(self, text: str) -> Callable[[], None] | None:
        return _understanding()[1](text, self._registry, self.known)

    def parse(self, text: str, about: About | None = None) -> Command | Problem:
        """Parse a line, which may refer to the last answer."""
        parsed = _understanding()[0](text, self._registry, about, self.known)
        if isinstance(parsed, Problem) and parsed.error == "NotUnderstood" and not text.startswith("/"):
            settings = self.settings.load().settings
            if settings.assistant_url and settings.assistant_model:
                return replace(parsed, beside=self._to_model(text))
        return parsed

    def _to_model(self, text: str) -> str:
        """The line that asks the model what a sentence means; "" for one that no model has to choose a command for."""
        understood, _, may_be_chosen = _understanding()
        if not may_be_chosen(text, self._registry, self.known):
            return ""
        line = f"/assistant {text.strip()}"
        asked = understood(line, self._registry, None, self.known)
        return line if isinstance(asked, Command) and asked.args.get("sentence") == text.strip() else ""

    async def run(self, command: Command) -> AsyncGenerator[Reply, None]:
        """Run a command. Errors of the instance or the person are `Problem` replies."""
        try:
            async with contextlib.aclosing(dispatch.run(self.context, command)) as replies:
                async for reply in replies:
                    yield reply
        finally:
            self._remember_active()

    def confirm(self, plan_id: str, word: str = "") -> AsyncGenerator[Reply, None]:
        """Carry a plan out."""

        def carried_out() -> AsyncGenerator[Reply, None]:
            return self.context.plans.take(plan_id, word)()

        return dispatch.guarded(carried_out)

    def decline(self, plan_id: str) -> None:
        """Drop a plan."""
        self.context.plans.drop(plan_id)

    def complete(self, text: str, cursor: int) -> Sequence[Completion]:
        """Completions of the word under the cursor."""
        return completion.complete(text, cursor, self._registry, self.known)

    def commands(self) -> Sequence[CommandInfo]:
        """All commands, each with its availability."""
        infos = []
        for spec in self._registry:
            reason = unavailable(spec, self.hub)
            infos.append(
                CommandInfo(
                    spec.name,
                    spec.usage,
                    spec.summary,
                    spec.examples,
                    available=not reason,
                    reason=reason,
                    at_once=spec.at_once,
                )
            )
        return infos

    def overview(self) -> Overview:
        """The state shown around the transcript."""
        return self.hub.overview()._replace(opening=self._opening)

    def subscribe(self, on_change: Callable[[], None], on_notice: Callable[[Notice], None]) -> None:
        """Set the callbacks for changes and notices; earlier notices are delivered at once."""
        self._on_change = on_change
        self._on_notice = on_notice
        self._subscribed = True
        early, self._early = self._early, []
        for notice in early:
            on_notice(notice)

    def ask_with(self, ask: AskSecret) -> None:
        """Set the callback that asks for a secret."""
        self.hub.ask = ask
        self.hub.secrets.ask = ask

    # For `irisops run`

    def needs_connection(self, command: Command) -> bool:
        """True if a command works only on a connected instance."""
        spec = self._registry.get(command.name)
        return spec is not None and spec.needs_connection

    def uses_connection(self, command: Command) -> bool:
        """True if a command makes use of a connected instance."""
        spec = self._registry.get(command.name)
        return spec is not None and (spec.needs_connection or spec.uses_connection)

    async def connect(self, profile: Profile) -> Problem | None:
        """Log in; returns the problem if that fails."""
        try:
            await self.hub.connect(profile)
        except Refusal as refusal:
            return refusal.problem()
        except InstanceProblem as problem:
            return self._refused(profile, problem)
        return None

    def start_profile(self) -> Profile | None:
        """The profile to start with: the requested one, the last one, or the only one."""
        wanted = self._first or self._remembered.load()
        found = self.hub.find(wanted) if wanted else None
        if found is None and not self._first and len(self.hub.profiles()) == 1:
            return self.hub.profiles()[0]
        return found

    # Inside

    def known(self, kind: str) -> Sequence[tuple[str, str]]:
        """Completions for an argument of a kind: (value, description)."""
        names = self.hub.active.names if self.hub.active else Names()
        sources: dict[str, Callable[[], Sequence[tuple[str, str]]]] = {
            "profile": lambda: [(profile.name, profile.address) for profile in self.hub.profiles()],
            "found": self.context.discoverer.names,
            "place": lambda: list(PLACES.items()),
            "command": lambda: [(spec.name, spec.summary) for spec in self._registry],
            "user": lambda: [(name, "user") for name in names.users],
            "role": lambda: [(name, "role") for name in names.roles],
            "guest": self._guests,
            "resource": lambda: [
                *((name, "resource") for name in names.resources),
                *((name, "web application") for name in names.applications),
            ],
        }
        if kind in sources:
            return sources[kind]()
        return completion.offered(kind, names)

    def _guests(self) -> Sequence[tuple[str, str]]:
        desk = self.context.desk
        shares = desk.shares.values() if desk else ()
        return [(card.name, "pass of a share") for share in shares for card in share.cards]

    async def _connect_later(self, later: Callable[[], Awaitable[Profile]]) -> None:
        try:
            profile = await later()
        except Refusal as refusal:
            self._notice(Notice("error", refusal.message, refusal.cure))
            return
        self.hub.add_temporary(profile)
        await self._connect_first(profile)

    async def _connect_first(self, profile: Profile) -> None:
        try:
            await self.hub.connect(profile)
        except Refusal as refusal:
            self._notice(Notice("warning", refusal.message, refusal.cure, profile.name))
        except InstanceProblem as problem:
            reply = self._refused(profile, problem)
            cure = " ".join([reply.cure, *(f"Type {line}" for line in reply.suggestions)])
            self._notice(Notice("error", reply.message, cure, profile.name))
        self._remember_active()

    def _refused(self, profile: Profile, problem: InstanceProblem) -> Problem:
        """The reply for a failed login."""
        from irisops.commands.profiles.connect import refused  # noqa: PLC0415 - seldom needed

        return refused(self.context, profile, problem)

    def _connected(self, link: Link) -> None:
        """Called after each successful login."""
        if not self._polls or self._closed:
            return
        self._polling.start(link)
        self._spawn(link.names.learn(link.connection))
        if link.generation <= 1:
            self._spawn(self._tell_interrupted(link))

    async def _tell_interrupted(self, link: Link) -> None:
        with contextlib.suppress(JournalError):  # told below
            reading = self.context.journal(link.name).read()
            if not reading.skipped and not reading.unfinished():
                return
        from irisops.changes import undo  # noqa: PLC0415 - the change engine, not before the first login

        await undo.tell_interrupted(self.context, link)

    def _remember_active(self) -> None:
        """Remember the active profile for the next start, if possible."""
        link = self.hub.active
        if link is None or not self._polls or self.hub.temporary(link.name) or not link.connected:
            return
        self._remembered.remember(link.name)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.start(work, getattr(work, "__qualname__", "background work"))

    def _failed(self, name: str, error: BaseException) -> None:
        to_log(name, error)
        if not isinstance(error, InstanceProblem):  # the connection reports its own state
            what = f"Something failed behind the chat: {type(error).__name__}."
            self._notice(Notice("error", what, "Please report it; the log shows where."))

    def _changed(self) -> None:
        self._on_change()

    def _notice(self, notice: Notice) -> None:
        LOG.log(_LEVELS[notice.level], "%s", notice.message)
        if self._subscribed:
            self._on_notice(notice)
        else:
            self._early.append(notice)
