"""/sessions sweep: find clients that leave a web session behind with every call, and offer to end what they left.
/license free: offer to give up the unit that is missed least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from irisops.changes.record import Origin
from irisops.commands.sessions.ending import PORTAL, plan_end
from irisops.commands.sessions.listing import Seen, look
from irisops.contract.chat import Command
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Column, Done, Table
from irisops.contract.wording import counted, duration, harmless
from irisops.engine.context import Context
from irisops.engine.spec import Arg, CommandSpec, Plain, Replies

if TYPE_CHECKING:
    from irisops.instance.models import WebSession
    from irisops.instance.usage.leaks import Leak

COLUMNS = (
    Column("holder", "HOLDER"),
    Column("application", "APPLICATION", grow=True),
    Column("sessions", "SESSIONS", "number"),
    Column("why", "WHY", grow=True, hide_under=90),
)


async def sweep(context: Context, command: Command) -> Replies:
    """What leaks, then a plan to end exactly that."""
    from irisops.instance.usage.leaks import LEAK_FROM, find_crowds, find_leaks  # noqa: PLC0415 - not at the start

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
    """Offer to end what is missed least: what a leak left behind, else the session that has been idle for longest."""
    from irisops.instance.usage.leaks import find_leaks  # noqa: PLC0415 - not at the start

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
    """The session to give up: one without a login before one with, then the longest idle."""
    able = [
        session
        for session in seen.sessions
        if session.allow_end and session.expires and session.application.rstrip("/").casefold() != PORTAL
    ]

    def idle(session: WebSession) -> float:
        known = seen.timeouts.idle(session, seen.now)
        if known is not None:
            return known
        # Without the application's timeout: what expires sooner was used longer ago, among equals.
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


SPECS = (
    CommandSpec(
        name="sessions sweep",
        summary="Find clients that open a session per call, and end what they left behind",
        handler=sweep,
        grammar=(Arg("who", "holder", required=False),),
        plain=(
            Plain(
                "(sweep|clean up|sweep up|clear out|find|end) [all] [the] "
                "(leak|leaks|leaked sessions|leaking sessions|abandoned sessions|stale sessions|old sessions|orphans)"
            ),
            Plain("(sweep|clean up|sweep up) [the] (sessions|web sessions)"),
            Plain(
                "(end|close|kill|stop|terminate|drop|remove|clear) [all] [the] "
                "(idle|unused|closed|forgotten|abandoned|stale|old|leaked|leaking|left over|leftover|dead) "
                "(sessions|web sessions|browser sessions|browsers)"
            ),
            Plain("(who|what|which client) (is leaking|leaks) [sessions|web sessions|units|license units]"),
        ),
        examples=("end the leaked sessions", "who is leaking sessions"),
        group="license",
        changes=True,
        needs_connection=True,
        needs=("sessions.list", "sessions.end"),
    ),
    CommandSpec(
        name="license free",
        summary="Offer to end the web session that is missed least, to get a unit back",
        handler=free,
        plain=(
            Plain(
                "(free|free up|release|give back|get back|give me|get me|i need) [up] "
                "(a|one|some|another) [license|licence] (unit|units|seat|license|licence)"
            ),
            Plain(
                "(free|free up|release|clear) [up] [some|all|the|my|our] [unused|idle] [license|licence] "
                "(unit|units|seats|licenses|licences|license|licence)"
            ),
            Plain(
                "(free|free up|release) [up] [all] [the] [license|licence] (units|seats|licenses|licences) "
                "(of|held by|from) [the] "
                "(closed|forgotten|idle|abandoned|old|unused) (browsers|sessions|web sessions|browser sessions)"
            ),
            Plain("(make|get) [some] room [on|in] [the|my] [license|licence]"),
            Plain("(let|get) me (in|back in)"),
        ),
        examples=("free a unit",),
        aliases=("licence free",),
        group="license",
        changes=True,
        needs_connection=True,
        needs=("sessions.list", "sessions.end"),
    ),
)
