"""The shares of one session: their keepers, their lines in the side panel, and left-over leases."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from irisops.connections.connections import Hub
from irisops.contract.chat import Command, Notice
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless, listed
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.sharing import leases as lease_work
from irisops.sharing.client import COMMAND, KeeperClient
from irisops.sharing.errors import KeeperLost
from irisops.sharing.installer import KnownAgents
from irisops.sharing.lease import UNREADABLE_CURE, LeaseStore, Where, summary
from irisops.sharing.messages import USUAL_DEADLINES, Deadlines, ShareClosed, ShareOpened, ShareRequest
from irisops.sharing.snapshot import ProbeFact
from irisops.sharing.team_card import TeamCard
from irisops.sharing.teardown import Connector, connect_by_driver

TOKEN_ACCOUNT = "ngrok"  # noqa: S105 - the keyring's name for it, not the token
LEAVE_DEADLINE = 15.0
"""Seconds that quitting waits for shares to be taken down; their keepers continue alone after that."""


@dataclass(frozen=True, slots=True)
class SharingSettings:
    """Sharing settings of this run. The demo sets its loopback-only agent, tests a keeper of their own."""

    agent: str = ""
    token: str = field(default="", repr=False)
    loopback: bool = False
    """The agent is simulated: nothing leaves this machine, and every reply says so."""
    keeper: Sequence[str] = COMMAND
    deadlines: Deadlines = USUAL_DEADLINES
    connector: Connector = connect_by_driver


@dataclass(slots=True)
class OpenShare:
    """A share opened by this session."""

    client: KeeperClient
    opened: ShareOpened
    request: ShareRequest
    profile: str
    since: datetime
    cards: tuple[TeamCard, ...]
    """Hold the passwords; in memory only, until the share ends."""
    on_closed: Callable[[ShareClosed], None] = lambda _closed: None
    outlive: bool = False
    web_password: bool = False
    """ngrok asks for a password of its own on the web port."""
    _last: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name of the share."""
        return self.opened.id

    def idle(self, name: str, work: int, now: datetime) -> float:
        """Seconds since the work of a pass last changed. `work` is any count that grows with it."""
        known = self._last.get(name)
        if known is None or known[0] != work:
            self._last[name] = work, now
            return 0.0
        return (now - known[1]).total_seconds()


@dataclass(frozen=True, slots=True)
class Looked:
    """Last check of an instance before a share: the command, and the results of the password probes."""

    command: Command
    profile: str
    probes: tuple[ProbeFact, ...]


class ShareDesk:
    """Opens, lists and ends shares. Belongs to the session's event loop."""

    def __init__(self, hub: Hub, places: Places, settings: SharingSettings | None = None) -> None:
        self._hub = hub
        self.settings = settings or SharingSettings()
        self.store = LeaseStore(places.leases)
        self.agents = KnownAgents(places.state / "fetched-agents.json")
        self._log = places.state / "keeper.log"
        self.shares: dict[str, OpenShare] = {}
        self.looked: Looked | None = None

    # the token

    async def token(self) -> str:
        """Ngrok's authtoken: from this run, the environment, the keyring, or the person. Raises `Refusal`."""
        known = self.settings.token or os.environ.get("NGROK_AUTHTOKEN", "")
        known = known or await self._hub.secrets.get_secret(TOKEN_ACCOUNT) or ""
        if known:
            return known
        if self._hub.ask is None:
            raise Refusal(
                "AuthtokenMissing",
                "ngrok wants an authtoken, and none is known.",
                "Set NGROK_AUTHTOKEN, or share from the chat, which asks for it once.",
            )
        answer = await self._hub.ask("ngrok authtoken", "From dashboard.ngrok.com/get-started/your-authtoken")
        if not answer or not answer.strip():
            raise Refusal("Declined", "Nothing was shared: no authtoken was given.", "/share asks again.")
        return answer.strip()

    async def keep_token(self, token: str) -> None:
        """Store a token that ngrok accepted in the keyring, or keep it in memory with a notice."""
        if token in {self.settings.token, os.environ.get("NGROK_AUTHTOKEN", "")}:
            return
        if await self._hub.secrets.get_secret(TOKEN_ACCOUNT) == token:
            return
        kept = await self._hub.secrets.keep_secret(TOKEN_ACCOUNT, token)
        if not kept.lasting:
            why = f"The ngrok authtoken is kept until you quit: {kept.reason}"
            self._hub.on_notice(Notice("info", why, kept.cure))

    async def forget_token(self) -> None:
        """Forget a token that ngrok refused."""
        await self._hub.secrets.forget_secret(TOKEN_ACCOUNT)

    # open and close

    async def open(self, request: ShareRequest, *, outlive: bool) -> AsyncGenerator[str | KeeperClient, None]:
        """Yields steps as sentences, then the keeper, whose `opened` is the share.

        Raises the named problem; nothing is left open then.
        """
        steps: asyncio.Queue[str] = asyncio.Queue()
        client = KeeperClient(on_progress=steps.put_nowait)
        await client.start(self._log, self.settings.keeper)
        work = asyncio.create_task(client.open(request))
        try:
            while not work.done():
                step = asyncio.create_task(steps.get())
                await asyncio.wait({work, step}, return_when=asyncio.FIRST_COMPLETED)
                if step.done():
                    yield step.result()
                else:
                    step.cancel()
            await work
            if outlive:
                await client.outlive(on=True)
        except BaseException:
            # Also when cancelled: the keeper undoes its work when its pipe closes.
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await client.leave()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_DEADLINE):
                    await client.wait()
            raise
        yield client

    def take(self, share: OpenShare) -> None:
        """Register an open share until it ends."""
        self.shares[share.id] = share
        share.client.on_closed = lambda closed: self._was_closed(share, closed)
        self._show()

    def find(self, name: str = "") -> OpenShare:
        """A share by its name, or the only one. Raises `Refusal`."""
        if not self.shares:
            raise Refusal(
                "NothingShared", "Nothing is shared.", "/share superserver, /share web or /share both."
            )
        if name:
            share = self.shares.get(name.casefold())
            if share is None:
                raise Refusal(
                    "NoSuchShare", f"There is no share {harmless(name, 20)}.", f"Open: {listed(self.shares)}."
                )
            return share
        if len(self.shares) > 1:
            raise Refusal(
                "WhichShare", "Several shares are open.", f"Name one of {listed(self.shares, 'or')}."
            )
        return next(iter(self.shares.values()))

    def _was_closed(self, share: OpenShare, closed: ShareClosed) -> None:
        if self.shares.pop(share.id, None) is None:
            return
        share.on_closed(closed)
        if closed.problems:
            message = f"Share {share.id} ended ({closed.reason}), but not all could be taken back: "
            self._hub.on_notice(
                Notice("error", message + "; ".join(closed.problems), "/leases clear tries again.")
            )
        else:
            ended = f"Share {share.id} ended: {closed.reason}; {closed.left}."
            self._hub.on_notice(Notice("info", ended))
        self._show()

    def _show(self) -> None:
        """The side panel's lines."""
        lines = []
        for share in self.shares.values():
            kinds = {"tcp": "superserver", "http": "web"}
            what = " + ".join(kinds.get(endpoint.kind, endpoint.kind) for endpoint in share.opened.endpoints)
            until = share.opened.until.astimezone()
            people = f", {len(share.cards)} people" if share.cards else ""
            lines.append(f"{what} until {until:%H:%M}{people}")
        self._hub.tunnels = tuple(lines)
        self._hub.on_change()

    def extended(self, share: OpenShare, until: datetime) -> None:
        """Record the keeper's new deadline."""
        share.opened = replace(share.opened, until=until)
        self._show()

    async def close(self) -> None:
        """End the session: take shares down, release those that outlive it. Never raises."""
        await asyncio.gather(*(self._let_go(share) for share in list(self.shares.values())))

    async def _let_go(self, share: OpenShare) -> None:
        goes_on = share.outlive
        try:
            if not share.outlive:
                async with asyncio.timeout(LEAVE_DEADLINE):
                    closed = await share.client.close()
                goes_on = bool(closed.problems)  # the keeper tries again by itself
        except (KeeperLost, TimeoutError):
            pass  # the keeper continues alone, and its lease records what is left
        finally:
            await share.client.leave()
        if not goes_on:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_DEADLINE):
                    await share.client.wait()

    # leases

    async def clear(
        self, *, only: str = "", running: bool = False, ask: bool = True
    ) -> list[lease_work.Cleared]:
        """Take down left-over leases; asks for a password only with `ask`."""

        async def password_of(where: Where) -> str | None:
            return await self._password(where, ask=ask)

        return await lease_work.clear(
            self.store, password_of, only=only, running=running, connector=self.settings.connector
        )

    async def _password(self, where: Where, *, ask: bool) -> str | None:
        profile = self._hub.find(where.profile) or Profile(where.profile)
        if (profile.host, profile.port, profile.user) != (where.host, where.port, where.user):
            profile = Profile(where.profile, where.host, where.port, user=where.user)
        known = await self._hub.secrets.get(profile)
        if known is None and ask and self._hub.ask is not None:
            known = await self._hub.ask(
                "Take a share down", f"Password of {where.user} on {where.host}:{where.port}"
            )
        return known

    async def recover(self, say: Callable[[Notice], None]) -> None:
        """At start-up: take down what a crash or power cut left, and report failures. Never raises for them."""
        found = await asyncio.to_thread(self.store.all)
        for sentence in found.unreadable():
            say(Notice("warning", sentence, UNREADABLE_CURE))
        kept = [lease for lease in found.leases if lease.kept]
        for line in summary(kept, datetime.now(UTC)):
            say(Notice("info", line, "/leases shows it; /leases clear ends it."))
        left = [lease for lease in found.leases if not lease.kept]
        if not left:
            return
        for each in await self.clear(ask=False):
            what = f"Share {each.lease.id} of {each.lease.where.text}"
            if each.report.clean:
                say(Notice("info", f"{what} was left behind by a crash and is now taken down."))
            else:
                why = "; ".join(each.report.problems)
                say(Notice("warning", f"{what} is not yet taken down: {why}.", "/leases clear tries again."))
