"""/license free and /locked free: give up the least needed web sessions, with a login or without one.

Without a login, when no unit is left for a driver, the SysAdmin API of IRIS 2026.2 is used: it keeps no session and
takes no unit (facts: iris-license-sessions 6.4), so it answers an administrator who is locked out. It works on a
profile that is not connected, from the password alone.

UNVERIFIED: that it also answers when no unit is left at all; a listing was measured to take none. Settle: doubt
admin-api.
"""

from __future__ import annotations

from collections.abc import Sequence

from irisops.changes.record import Origin, Record
from irisops.commands.license.locked import profile_meant
from irisops.commands.sessions.ending import (
    FINAL,
    LOOK_EVERY,
    LOST,
    PATIENCE,
    PORTAL,
    already_gone,
    calls_by_http,
    changes_of,
    described,
    journaled,
    left_alone,
    not_ended,
    plan_end,
    unchanged,
)
from irisops.commands.sessions.listing import Seen, look
from irisops.connections.connection import Link, web_of
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Done, Plan, Progress, Refusal
from irisops.contract.wording import counted, duration, harmless
from irisops.engine.availability import read_only_cure, read_only_note
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.admin_api import SINCE, AdminApi
from irisops.instance.models import WebSession
from irisops.instance.usage.leaks import find_leaks
from irisops.instance.usage.sessions import end_by_rest, probe_rest, sessions_by_rest


def _least_needed(seen: Seen) -> tuple[Sequence[WebSession], str]:
    """The sessions to give up, and why: those of the largest leak, else the single least needed one; may be empty.

    The single one is never a session of the portal or a protected one.
    """
    leaks = find_leaks(seen.sessions)
    if leaks:
        return leaks[0].sessions, f"{harmless(leaks[0].username, 60)} leaves a session behind with every call"
    able = [
        session
        for session in seen.sessions
        if session.allow_end and session.expires and session.application.rstrip("/").casefold() != PORTAL
    ]
    if not able:
        return (), ""

    def idle(session: WebSession) -> float:
        known = seen.timeouts.idle(session, seen.now)
        # Without the application's timeout: of equal sessions, the one that expires sooner was used longer ago.
        return -_left(session, seen) if known is None else known

    best = max(able, key=lambda session: (session.anonymous, idle(session)))
    login = "nobody has logged in to it" if best.anonymous else f"of {harmless(best.username, 60)}"
    known = seen.timeouts.idle(best, seen.now)
    since = f", idle for {duration(known)}" if known is not None else ""
    return (best,), f"it is missed least: {login}{since}"


def _left(session: WebSession, seen: Seen) -> float:
    """Seconds until the session times out; 0 if it never does."""
    return (session.expires - seen.now).total_seconds() if session.expires else 0.0


async def free(context: Context, command: Command) -> Replies:
    """Plan to end the sessions of a leak, else the session that has been idle longest."""
    link = context.link()
    chosen, why = _least_needed(await look(context, link))
    if not chosen:
        raise Refusal(
            "NothingToFree",
            "No web session could be ended without logging somebody out of the portal.",
            "/license shows who else holds units; /process terminate PID ends a forgotten program.",
        )
    plan = await plan_end(context, link, chosen, Origin(command.slash), broad=False)
    plan.effects = [f"Chosen because {why}.", *plan.effects]
    yield plan


async def free_without_login(context: Context, command: Command) -> Replies:
    """Read over the web port, then plan to end the least needed session there."""
    profile = profile_meant(context, command, "/locked free")
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
    seen = Seen(sessions, context.clock.now())
    chosen, why = _least_needed(seen)
    if not chosen:
        raise Refusal(
            "NothingToFree",
            f"{counted(len(sessions), 'web session')}, none of which can be ended without logging somebody out of "
            "the portal.",
            f"/locked {quote(profile.name)} shows the ways that are left.",
        )
    await probe_rest(api)
    if len(chosen) == 1:
        minutes = max(0, round(_left(chosen[0], seen) / 60))
        why += f", and it would end by itself in some {counted(minutes, 'minute')}"
    shown = Plan(
        name="locked_free",
        title=f"End {described(chosen)} over the web port",
        instance=link.instance_name,
        changes=changes_of(chosen),
        effects=[
            f"Chosen because {why}.",
            LOST,
            "Units come back some seconds after your yes, unless their holder has other connections.",
        ],
        calls=calls_by_http(link),
        confirm_word=profile.name if profile.guarded else "",
    )
    origin = Origin(command.slash)
    yield context.plans.add(
        shown, lambda: _end_by_rest(context, link, api, chosen, origin=origin, shown=shown)
    )


async def _api(context: Context, link: Link) -> AdminApi:
    """The SysAdmin API of the profile's web port. Raises `Refusal` where it cannot be tried."""
    profile = link.profile
    info = link.connection.info
    # Before the first login the version is unknown, so it is tried.
    release = info.version if info and info.version else ".".join(map(str, SINCE))
    web = web_of(profile)

    def with_password(password: str) -> AdminApi:
        return AdminApi(
            release,
            profile.user,
            lambda: web,
            lambda: password,
            encrypted=bool(profile.sslconfig),
            deadline=context.web_deadline,
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


async def _end_by_rest(
    context: Context, link: Link, api: AdminApi, chosen: Sequence[WebSession], *, origin: Origin, shown: Plan
) -> Replies:
    """End, follow up, report. An error of the instance is journaled, then raised."""
    still, changed = unchanged(chosen, await sessions_by_rest(api))
    record = Record(context, link, shown, origin, reverse=journaled(still), final=FINAL)
    left: set[str] = set()
    with record.watched(lambda: f"{len(left)} of {len(still)} marked", in_parts=True):
        for done, session in enumerate(still, 1):
            yield Progress("locked_free", f"Ending {done} of {len(still)} …")
            if await end_by_rest(api, session.id) == "marked":
                left.add(session.id)
    marked = len(left)
    if not marked:
        await api.log_out()
        record.end("done", "all were gone already")
        raise already_gone(len(chosen))
    began = context.clock.monotonic()
    while left and context.clock.monotonic() - began < PATIENCE:
        await context.clock.sleep(LOOK_EVERY)
        left &= {session.id for session in await sessions_by_rest(api)}
    await api.log_out()
    ended = marked - len(left)
    record.end("failed" if left else "done", f"{ended} ended, {len(left)} still listed")
    if ended:
        yield Done(
            "locked_free",
            f"Ended {counted(ended, 'web session')}.",
            details=[
                *left_alone(len(chosen), changed, marked),
                f"/connect {quote(link.name)} takes the unit, unless somebody else gets it first.",
            ],
        )
    if left:
        yield not_ended(len(left))
