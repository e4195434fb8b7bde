"""All profiles and their connections: the active one, connecting, asking for passwords, following their state."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from irisops.connections.connection import Connector, Link, idle_state, target_of, web_of
from irisops.connections.web_port_given import telling_of_a_web_port
from irisops.contract.chat import AskSecret, Notice, Overview, ProfileState, TimeLine
from irisops.contract.clock import Clock
from irisops.contract.replies import Refusal
from irisops.contract.secret_words import show_names
from irisops.contract.wording import harmless
from irisops.instance.errors import InstanceProblem
from irisops.logs import LOG, hide
from irisops.profiles.model import Profile
from irisops.profiles.password_command import PasswordCommandError, password_from
from irisops.profiles.remembered import RefusedStore
from irisops.profiles.secrets import Secrets, account_of
from irisops.profiles.store import Loaded, ProfileStore

if TYPE_CHECKING:  # imported at the first connect, after the first paint
    from irisops.instance.connection import State as ConnectionState
    from irisops.instance.models import SystemInfo


class Hub:
    """Profiles and connections of the session. `on_connected` is called after each login, to start polling."""

    def __init__(
        self,
        store: ProfileStore,
        secrets: Secrets,
        clock: Clock,
        connector: Connector,
        *,
        poll_interval: float,
        extra: Sequence[Profile] = (),
        refused_commands: RefusedStore,
    ) -> None:
        self.store = store
        self.secrets = secrets
        self.clock = clock
        self.links: dict[str, Link] = {}
        self.active: Link | None = None
        self.on_change: Callable[[], None] = lambda: None
        self.on_notice: Callable[[Notice], None] = lambda _notice: None
        self.on_connected: Callable[[Link], None] = lambda _link: None
        self.ask: AskSecret | None = None
        self.tunnels: tuple[str, ...] = ()
        """The side panel's lines on open tunnels; set by `open_shares`, which then calls `on_change`."""
        self.timeline: Callable[[], TimeLine | None] = lambda: None
        """The time line of a replay; set by `replaying`."""
        self.default_interval = poll_interval
        self.loaded = Loaded()
        self._extra = list(extra)
        self._refused_commands = refused_commands
        self._connector = connector

    # Profiles

    def reload(self) -> Loaded:
        """Read the profiles file again; links keep their connections, with the profile's new flags and colour."""
        self.loaded = self.store.load()
        show_names(name for each in self.loaded.profiles for name in (each.name, each.user))
        for link in self.links.values():
            fresh = self.find(link.name)
            if fresh is not None and target_of(fresh) == target_of(link.profile):
                link.follow(fresh)
        self.on_change()
        return self.loaded

    def profiles(self) -> list[Profile]:
        """Profiles of this run (`--url`, the demo), then those of the file."""
        own = {profile.name.casefold() for profile in self._extra}
        return [*self._extra, *(each for each in self.loaded.profiles if each.name.casefold() not in own)]

    def add_temporary(self, profile: Profile) -> None:
        """Add a profile for this run alone; it replaces one of the same name."""
        show_names((profile.name, profile.user))
        self._extra = [
            *(each for each in self._extra if each.name.casefold() != profile.name.casefold()),
            profile,
        ]

    def temporary(self, name: str) -> bool:
        """True if a profile exists for this run alone."""
        return any(profile.name.casefold() == name.casefold() for profile in self._extra)

    def find(self, name: str) -> Profile | None:
        """A profile by name, without regard to case."""
        return next((each for each in self.profiles() if each.name.casefold() == name.casefold()), None)

    def usual(self) -> Profile | None:
        """The profile meant where none is named: the active one, else the only one; None if there are several."""
        profiles = self.profiles()
        if self.active is not None:
            return self.active.profile
        return profiles[0] if len(profiles) == 1 else None

    def seen_from(self, link: Link) -> Hub:
        """A view with `link` as the active one, for one command; connections, secrets and store are shared."""
        view = copy.copy(self)
        view.active = link
        return view

    def in_use(self) -> list[Link]:
        """Connections made in this run and not ended by the person."""
        return [link for link in self.links.values() if link.connection.state.name != "off"]

    def interval(self, link: Link) -> float:
        """Seconds between polls of a link."""
        return link.profile.poll_interval or self.default_interval

    def states(self) -> list[ProfileState]:
        """A line of the side panel per profile."""
        in_use = {
            key: link.as_state(active=link is self.active, interval=self.interval(link))
            for key, link in self.links.items()
        }
        states = [in_use.get(profile.name.casefold()) or idle_state(profile) for profile in self.profiles()]
        known = {state.name.casefold() for state in states}
        # Last come those that were removed from the file while connected.
        return [*states, *(state for key, state in in_use.items() if key not in known)]

    def overview(self) -> Overview:
        """Contents of the frame around the transcript."""
        states = self.states()
        active = next((each for each in states if each.active), None)
        return Overview(
            profiles=states,
            active=active,
            tunnels=self.tunnels,
            timeline=self.timeline(),
        )

    def require(self) -> Link:
        """The active connection. Raises `Refusal` if it is not connected."""
        if self.active is not None and self.active.connected:
            return self.active
        if self.active is None:
            names = [profile.name for profile in self.profiles()]
            cure = f"Connect with /connect {names[0]}" if names else "Add an instance with /profile add"
            raise Refusal("NotConnected", "No instance is connected.", f"{cure}, then try again.")
        name, state = self.active.name, self.active.connection.state
        if state.name == "lost":
            cure = "It reconnects by itself; try again in a moment, or /connect to try at once."
            raise Refusal("NotConnected", f"The connection to {name} is lost. {state.message}".strip(), cure)
        if state.name == "connecting":
            raise Refusal("NotConnected", f"{name} is still connecting.", "Try again in a moment.")
        cure = state.cure or f"/connect {name} tries again."
        raise Refusal("NotConnected", f"{name} is not connected. {state.message}".strip(), cure)

    # Connections

    def choose(self, profile: Profile) -> Link:
        """Make a profile the active one without connecting."""
        self.active = self.link_of(profile)
        self.on_change()
        return self.active

    async def connect(
        self, profile: Profile, password: str | None = None, *, keep: bool = False, activate: bool = True
    ) -> SystemInfo:
        """Log in and make the profile active. Raises the named `InstanceProblem` or `Refusal`.

        `keep` stores a given password once it was accepted; without `activate` the active profile stays.
        """
        link = self.choose(profile) if activate else self.link_of(profile)
        async with link.logging_in:
            if link.connected and link.connection.info is not None:
                return link.connection.info
            async with telling_of_a_web_port(profile, temporary=self.temporary(profile.name)):
                return await self._log_in(link, profile, password, keep=keep)

    async def _log_in(self, link: Link, profile: Profile, password: str | None, *, keep: bool) -> SystemInfo:
        asked = keep
        stored = commanded = False
        # Start the driver process while the keyring or the person is asked.
        warming = asyncio.create_task(link.connection.warm(), name=f"warm {link.name}")
        try:
            if password is None and link.unjudged is not None:
                password, asked = link.unjudged, True
            if password is None and not link.refused:
                password = await self.secrets.get(profile)
                stored = password is not None
            if password is None and not link.refused:
                password = await self._by_command(profile)
                commanded = password is not None
            if password is None:
                password = await self._ask_password(profile, again=link.password_refused)
                asked = True
        except BaseException:
            await warming
            await link.connection.disconnect()
            raise
        await warming
        hide(password)
        try:
            info = await link.connection.connect(password)
        except InstanceProblem as problem:
            link.unjudged = password if asked else None
            link.judged(problem.name)
            if not link.password_refused:
                raise
            if stored:
                # The next start would send it again, and refused passwords lock accounts.
                await self.secrets.forget(profile)
            elif commanded:
                self._refused_commands.add(account_of(profile), profile.password_command)
            raise
        link.judged("")
        self._refused_commands.clear(account_of(profile), profile.password_command)
        if asked and self.temporary(profile.name):
            self.secrets.remember(profile, password)
        elif asked:
            await self._keep(profile, password)
        return info

    async def password_of(self, link: Link) -> str:
        """The password of a profile's user for a login other than the driver's: known, from its command, or asked for.

        It is not stored. Raises `Refusal` if the person gives none.
        """
        password = link.unjudged
        if password is None and not link.refused:
            password = await self.secrets.get(link.profile) or await self._by_command(link.profile)
        if password is None:
            password = await self._ask_password(link.profile, again=link.password_refused)
        hide(password)
        return password

    async def _by_command(self, profile: Profile) -> str | None:
        """The password that the profile's command prints; None, with a notice, if it gives none."""
        command = profile.password_command
        if not command:
            return None
        if self._refused_commands.holds(account_of(profile), command):
            why = f"What the password command of {profile.name} gives was refused before, so it is not tried again."
            cure = "Type the password; once it is accepted, the command is used again at the next start."
        else:
            try:
                return await password_from(command)
            except PasswordCommandError as error:
                why = f"The password command of {profile.name} gave no password: {error}."
                cure = f"Try it in a terminal, or change it: /profile edit {profile.name} password_command="
        self.on_notice(Notice("warning", why, cure, profile.name))
        return None

    async def _keep(self, profile: Profile, password: str) -> None:
        kept = await self.secrets.keep(profile, password)
        if not kept.lasting:
            why = f"The password of {profile.name} is kept until you quit: {kept.reason}"
            self.on_notice(Notice("info", why, kept.cure, profile.name))

    async def _ask_password(self, profile: Profile, *, again: bool) -> str:
        user = profile.user or "the user"
        if self.ask is None:
            lasting = not self.temporary(profile.name)
            named = f"--profile {profile.name}" if lasting else "--url iris://USER@HOST:PORT/NAMESPACE"
            raise Refusal(
                "PasswordNeeded",
                f"No password is known for {harmless(user)} on {profile.name}.",
                "Run it in a terminal to be asked; or set IRISOPS_PASSWORD, which counts for the instance named by "
                f"{named}.",
            )
        title = "The last password was refused" if again else f"Log in to {profile.name}"
        answer = await self.ask(title, f"Password of {harmless(user)} on {harmless(profile.address)}")
        if answer is None:
            raise Refusal(
                "Declined", "Not connected: no password was given.", f"/connect {profile.name} asks again."
            )
        return answer

    def link_of(self, profile: Profile) -> Link:
        """A profile's link, without connecting it or making it the active one. Raises `Refusal`."""
        key = profile.name.casefold()
        link = self.links.get(key)
        if link is not None and target_of(link.profile) == target_of(profile):
            return link
        if link is not None and link.connected:
            raise Refusal(
                "ProfileChanged",
                f"{profile.name} was edited while it is connected to {harmless(link.profile.address)}.",
                f"/disconnect {profile.name} first, then connect again.",
            )
        connection = self._connector(target_of(profile))
        connection.web = web_of(profile)
        link = Link(profile, connection, self.clock, temporary=self.temporary(profile.name))
        link.stop_listening = connection.listen(lambda state: self._follow(link, state))
        self.links[key] = link
        return link

    async def disconnect(self, link: Link) -> None:
        """Log out of one instance; another connected one becomes active."""
        await link.connection.disconnect()
        if self.active is link:
            self.active = next((each for each in self.links.values() if each.connected), link)
        self.on_change()

    async def close(self) -> None:
        """Log out everywhere."""
        for link in list(self.links.values()):
            await link.close()

    def _follow(self, link: Link, state: ConnectionState) -> None:
        """React to a connection's new state."""
        LOG.info("%s is %s %s", link.name, state.name, state.message)
        if state.name == "connected":
            link.generation += 1
            if link.stale_said:
                link.stale_said = False
                self.on_notice(Notice("info", f"Connected to {link.name} again.", profile=link.name))
            self.on_connected(link)
        elif state.name == "lost":
            self.say_stale(link, state.message or f"The connection to {link.name} was lost.")
        elif state.name == "refused" and not link.logging_in.locked():
            # Reconnecting was refused; no caller waits for this login, so report it here.
            link.judged(state.error)
            self.on_notice(Notice("error", f"{link.name}: {state.message}", state.cure, link.name))
        self.on_change()

    def say_stale(self, link: Link, message: str, cure: str = "") -> None:
        """Report once per outage that the figures shown are old."""
        if link.stale_said:
            return
        link.stale_said = True
        if link.counts is not None:
            message = f"{message} Figures are those of {link.counts.read_at.astimezone():%H:%M:%S}."
        self.on_notice(
            Notice("warning", message, cure or "It reconnects by itself; /connect tries at once.", link.name)
        )

    def rename(self, old: str, new: Profile) -> None:
        """Update the link of an edited profile."""
        link = self.links.pop(old.casefold(), None)
        if link is not None:
            same = target_of(new) == target_of(link.profile)
            link.follow(new if same else replace(link.profile, name=new.name))
            self.links[new.name.casefold()] = link
