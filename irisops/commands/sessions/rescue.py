"""/locked free: end the least needed web session over the web port, when no unit is left for a driver login.

The SysAdmin API of IRIS 2026.2 keeps no session and takes no unit (facts: iris-license-sessions 6.4), so it answers an
administrator who is locked out. It works on a profile that is not connected, from the password alone.

UNVERIFIED: that it also answers when no unit is left at all; a listing was measured to take none. Settle: use all
units, then GET /api/admin/v2/web-sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from irisops.changes.record import Origin, Record
from irisops.commands.sessions.ending import (
    FINAL,
    LOOK_EVERY,
    PATIENCE,
    calls_by_http,
    changes_of,
    described,
    journaled,
    not_ended,
)
from irisops.commands.sessions.listing import Seen
from irisops.commands.sessions.sweep import missed_least
from irisops.connections.connection import Link, web_of
from irisops.connections.session_times import KnownBirths, KnownTimeouts
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Done, Plan, Progress
from irisops.contract.wording import counted, harmless
from irisops.engine.availability import read_only_cure, read_only_note
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.admin_api import SINCE, AdminApi
from irisops.instance.errors import InstanceError
from irisops.instance.models import WebSession
from irisops.instance.usage.leaks import find_leaks
from irisops.instance.usage.sessions import sessions_by_rest
from irisops.instance.usage.sessions_end import NO_SUCH_SESSION
from irisops.profiles.address import named
from irisops.profiles.model import Profile


def _profile(context: Context, wanted: str) -> Profile:
    """The named profile, the active one, or the only one. Raises `Refusal`."""
    hub = context.hub
    profiles = hub.profiles()
    if wanted:
        profile = hub.find(wanted)
    elif hub.active is not None:
        profile = hub.active.profile
    else:
        profile = profiles[0] if len(profiles) == 1 else None
    if profile is None:
        raise Refusal(
            "NoSuchProfile" if wanted else "WhichProfile",
            f"There is no profile {harmless(named(wanted), 60)}." if wanted else "Which instance is meant?",
            "/profiles lists them; then /locked free NAME.",
            suggestions=[f"/locked free {quote(each.name)}" for each in profiles[:3]],
        )
    return profile


async def _api(context: Context, link: Link) -> AdminApi:
    """The SysAdmin API of the profile's web port. Raises `Refusal` where it cannot be tried."""
    profile = link.profile
    info = link.connection.info
    # Before the first login the version is unknown, so it is tried.
    release = info.version if info and info.version else ".".join(map(str, SINCE))
    web = web_of(profile)

    def with_password(password: str) -> AdminApi:
        return AdminApi(
            release, profile.user, lambda: web, lambda: password, encrypted=bool(profile.sslconfig)
        )

    # Checked before a password is asked for.
    absence = with_password("?").absence()
    if absence:
        raise Refusal(
            "NotAvailable",
            f"Nothing can be ended without a login: {absence}.",
            f"/locked {quote(profile.name)} shows the ways that are left.",
        )
    return with_password(await context.hub.password_of(link))


async def free(context: Context, command: Command) -> Replies:
    """Read over the web port, then plan to end the least needed session."""
    profile = _profile(context, str(command.args.get("profile", "")))
    link = context.hub.link_of(profile)
    if link.connected:
        raise Refusal("NotLocked", f"{link.name} is connected.", "/license free offers to free a unit there.")
    if profile.read_only:
        raise Refusal("ReadOnly", read_only_note(link), read_only_cure(link))
    api = await _api(context, link)
    yield Progress("locked_free", f"Looking at {harmless(profile.host)} over its web port …")
    try:
        sessions = await sessions_by_rest(api)
    finally:
        if api.refused:
            link.refused = True  # the next attempt asks for another password
    leaks = find_leaks(sessions)
    seen = Seen(sessions, context.clock.now(), KnownTimeouts(), KnownBirths())
    best = missed_least(seen)
    chosen = leaks[0].sessions if leaks else (best,) if best else ()
    if not chosen:
        raise Refusal(
            "NothingToFree",
            f"{counted(len(sessions), 'web session')}, none of which can be ended without logging somebody out of "
            "the portal.",
            f"/locked {quote(profile.name)} shows the ways that are left.",
        )
    why = (
        f"{harmless(leaks[0].username, 60)} leaves a session behind with every call."
        if leaks
        else _why(chosen[0], seen)
    )
    shown = Plan(
        name="locked_free",
        title=f"End {described(chosen)} over the web port",
        instance=link.instance_name,
        changes=changes_of(chosen),
        effects=[
            f"Chosen because {why}",
            "Whoever uses them is logged out; what was typed there and not stored is lost.",
            "Units come back some seconds after your yes, unless their holder has other connections.",
        ],
        calls=calls_by_http(link),
        confirm_word=profile.name if profile.guarded else "",
    )
    work = _Rescue(context, link, api, tuple(chosen), Origin(command.slash), shown)
    yield context.plans.add(shown, work.carry_out)


def _why(session: WebSession, seen: Seen) -> str:
    login = "nobody has logged in to it" if session.anonymous else f"of {harmless(session.username, 60)}"
    left = (session.expires - seen.now) if session.expires else timedelta()
    minutes = max(0, round(left.total_seconds() / 60))
    return f"it is missed least: {login}, and it would end by itself in some {counted(minutes, 'minute')}."


@dataclass(frozen=True, slots=True)
class _Rescue:
    """Carries a confirmed plan out."""

    context: Context
    link: Link
    api: AdminApi
    wanted: Sequence[WebSession]
    origin: Origin
    shown: Plan

    async def carry_out(self) -> Replies:
        """End, follow up, report. An error of the instance is journaled, then raised."""
        record = Record(
            self.context, self.link, self.shown, self.origin, reverse=journaled(self.wanted), final=FINAL
        )
        marked: set[str] = set()
        with record.watched(lambda: f"{len(marked)} of {len(self.wanted)} marked", in_parts=True):
            for done, session in enumerate(self.wanted, 1):
                yield Progress("locked_free", f"Ending {done} of {len(self.wanted)} …")
                try:
                    await self.api.end_web_session(session.id)
                except InstanceError as problem:
                    if problem.code != NO_SUCH_SESSION:
                        raise
                else:
                    marked.add(session.id)
        left = set(marked)
        began = self.context.clock.monotonic()
        while left and self.context.clock.monotonic() - began < PATIENCE:
            await self.context.clock.sleep(LOOK_EVERY)
            left &= {session.id for session in await sessions_by_rest(self.api)}
        await self.api.log_out()
        ended = len(self.wanted) - len(left)
        record.end("failed" if left else "done", f"{ended} ended or gone before, {len(left)} listed yet")
        if ended:
            yield Done(
                "locked_free",
                f"Ended {counted(ended, 'web session')}.",
                details=[f"/connect {quote(self.link.name)} takes the unit, if nobody else is quicker."],
            )
        if left:
            yield not_ended(len(left))
