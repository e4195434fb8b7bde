"""/sessions sweep: find clients that leave a web session behind with every call, and end those sessions.
/license free: give up the least needed unit.
"""

from __future__ import annotations

from irisops.changes.record import Origin
from irisops.commands.sessions.ending import PORTAL, plan_end
from irisops.commands.sessions.listing import Seen, look
from irisops.contract.chat import Command
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Column, Done, Table
from irisops.contract.wording import counted, duration, harmless
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.models import WebSession
from irisops.instance.usage.leaks import LEAK_FROM, Leak, find_crowds, find_leaks

COLUMNS = (
    Column("holder", "HOLDER"),
    Column("application", "APPLICATION", grow=True),
    Column("sessions", "SESSIONS", "number"),
    Column("why", "WHY", grow=True, hide_under=90),
)


async def sweep(context: Context, command: Command) -> Replies:
    """The leaks, then a plan to end exactly those sessions."""
    link = context.link()
    seen = await look(context, link)
    who = str(command.args.get("who", ""))
    leaks = [leak for leak in find_leaks(seen.sessions) if not who or _is(leak, who)]
    crowds = [
        f"{counted(crowd.number, 'session')} without a login on {harmless(crowd.application, 60)}: "
        "visitors or one program, that cannot be told, so they are left alone."
        for crowd in find_crowds(seen.sessions, LEAK_FROM)
    ]
    if not leaks:
        of = f" of {harmless(who, 60)}" if who else ""
        yield Done(
            "sessions_sweep",
            f"No leak{of}: nobody has {LEAK_FROM} or more sessions of one address on one application.",
            details=crowds,
        )
        return
    yield Table(
        "leaks",
        "Sessions that look abandoned",
        COLUMNS,
        [
            {
                "holder": leak.license_id,
                "application": leak.application,
                "sessions": leak.number,
                "why": "a session per call: the client keeps no cookies",
            }
            for leak in leaks
        ],
        key="holder",
        notes=[
            *crowds,
            "The cure is in the client: keep the cookies, end with ?IRISLogout=end. /license advice says how.",
        ],
    )
    chosen = [session for leak in leaks for session in leak.sessions]
    yield await plan_end(context, link, chosen, Origin(command.slash), broad=True)


def _is(leak: Leak, who: str) -> bool:
    wanted = who.casefold().rstrip("/")
    user, _, address = leak.license_id.partition("@")
    names = (leak.license_id, leak.username, user, address, leak.application.rstrip("/"))
    return wanted in {name.casefold() for name in names}


async def free(context: Context, command: Command) -> Replies:
    """Plan to end the sessions of a leak, else the session that has been idle longest."""
    link = context.link()
    seen = await look(context, link)
    leaks = find_leaks(seen.sessions)
    chosen: tuple[WebSession, ...] = leaks[0].sessions if leaks else ()
    if not chosen:
        idlest = missed_least(seen)
        if idlest is None:
            raise Refusal(
                "NothingToFree",
                "No web session could be ended without logging somebody out of the portal.",
                "/license shows who else holds units; /process terminate PID ends a forgotten program.",
            )
        chosen = (idlest,)
    plan = await plan_end(context, link, chosen, Origin(command.slash), broad=False)
    plan.effects = [_reason(seen, chosen, leaks), *plan.effects]
    yield plan


def missed_least(seen: Seen) -> WebSession | None:
    """The session to give up: those without a login first, then the longest idle."""
    able = [
        session
        for session in seen.sessions
        if session.allow_end and session.expires and session.application.rstrip("/").casefold() != PORTAL
    ]

    def idle(session: WebSession) -> float:
        known = seen.timeouts.idle(session, seen.now)
        if known is not None:
            return known
        # Without the application's timeout: of equal sessions, the one that expires sooner was used longer ago.
        return -(session.expires - seen.now).total_seconds() if session.expires else 0.0

    return max(able, key=lambda session: (session.anonymous, idle(session)), default=None)


def _reason(seen: Seen, chosen: tuple[WebSession, ...], leaks: list[Leak]) -> str:
    if leaks:
        return f"Chosen because {harmless(leaks[0].username, 60)} leaves a session behind with every call."
    session = chosen[0]
    idle = seen.timeouts.idle(session, seen.now)
    login = "nobody has logged in to it" if session.anonymous else f"of {harmless(session.username, 60)}"
    since = f", idle for {duration(idle)}" if idle is not None else ""
    return f"Chosen because it is missed least: {login}{since}."
