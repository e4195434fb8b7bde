"""Plan to end web sessions, and carry it out: mark them, follow until they are gone, report what it freed.

Ending is asynchronous: the instance marks a session and a daemon removes it seconds later (facts: license-sessions
3.3). The card says when it is really gone, and says so when it did not happen.
"""

from __future__ import annotations

from collections.abc import Sequence

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.commands.sessions.listing import short_id
from irisops.connections.connection import Link
from irisops.contract.replies import Change, Done, Plan, Problem, Progress, Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.calls import HELPER
from irisops.instance.errors import NotAvailable, NotPermitted
from irisops.instance.models import Holder, LicenseBoard, WebSession
from irisops.instance.usage import forecast
from irisops.instance.usage.license import read_board
from irisops.instance.usage.sessions import end_session, list_sessions, probe_ending
from irisops.journal import Entry, Reverse

KIND = "sessions.end"
"""The journal's name for this kind of change."""
PATIENCE = 10.0
"""Seconds after which a session that is still listed counts as not ended; 1.65 to 4.09 s measured (facts: 3.3)."""
LOOK_EVERY = 0.25
"""Seconds between two reads."""
PORTAL = "/csp/sys"
SHOWN = 12
"""Most groups that a plan lists."""
FINAL = "an ended session is gone; its user must log in again."
LOST = "Their users are logged out and lose what they have not saved."


def calls_by_http(link: Link) -> dict[str, list[str]]:
    """The requests over the web port, as a plan shows them."""
    base = f"{link.profile.path_prefix}/api/admin"
    return {
        "HTTP": [
            f'POST {base}/login {{"user": …, "password": …}}  # gives access_token',
            f"DELETE {base}/v2/web-session?id=…  # Authorization: Bearer access_token",
        ]
    }


async def plan_end(
    context: Context, link: Link, chosen: Sequence[WebSession], origin: Origin, *, broad: bool
) -> Plan:
    """The plan to end these sessions.

    `broad`: chosen by a condition, so sessions protected by the portal are left out. Raises `Refusal` if none of them
    may be ended, NotAvailable or NotPermitted if sessions cannot be ended from here.
    """
    wanted, left_out = _permitted(link, chosen, broad=broad)
    await probe_ending(link.connection)
    warnings = [*left_out, *_warnings(link, wanted)]
    try:
        board = await read_board(link.connection, now=link.clock.now())
    except (NotPermitted, NotAvailable) as problem:
        board = None
        warnings.append(f"It is not known how many units that frees: {problem.message}")
    effects, expected = _effects(board, wanted)
    shown = Plan(
        name="sessions_end",
        title=f"End {described(wanted)}",
        instance=link.instance_name,
        changes=changes_of(wanted),
        effects=effects,
        warnings=warnings,
        calls=_calls(link),
    )
    units = (board.in_use if board else None, expected)
    return context.plans.add(
        shown, lambda: _end(context, link, wanted, origin, shown=shown, units=units), link
    )


def marks(session: WebSession) -> tuple[str, str]:
    """Identity of a session in the journal: its user, and too little of its id to use it.

    Without a login the holder is the id itself, which is not written.
    """
    return short_id(session.id), "" if session.anonymous else session.license_id


def journaled(sessions: Sequence[WebSession]) -> Reverse:
    """The sessions as the journal keeps them, to find them again."""
    return Reverse(KIND, "", tuple(text for each in sessions for text in marks(each)), ())


def _permitted(
    link: Link, chosen: Sequence[WebSession], *, broad: bool
) -> tuple[list[WebSession], list[str]]:
    info = link.connection.info
    own = info.pid if info else None
    mine = [session for session in chosen if own is not None and session.pid == own]
    if mine and len(mine) == len(chosen):
        raise Refusal(
            "OwnSession",
            "That is this tool's own session.",
            "/quit ends it, and frees its unit, when you leave.",
        )
    kept = [session for session in chosen if session not in mine]
    notes = ["This tool's own session is left out."] if mine else []
    protected = [session for session in kept if not session.allow_end]
    if broad and protected:
        kept = [session for session in kept if session.allow_end]
        notes.append(
            f"{counted(len(protected), 'session')} on {listed({s.application for s in protected})} "
            "left out: the portal protects such sessions. Name one by its id or application to end it."
        )
    if not kept:
        raise Refusal(
            "Protected",
            "All sessions that fit are protected: the portal lets nobody end them.",
            f"Name one of them to end it anyway: /sessions end {short_id(protected[0].id)}",
        )
    return kept, notes


def _warnings(link: Link, wanted: Sequence[WebSession]) -> list[str]:
    found: list[str] = []
    user = link.profile.user.casefold()
    if any(s.application.rstrip("/").casefold() == PORTAL and s.username.casefold() == user for s in wanted):
        found.append(
            "One of them is a portal session of the user you are logged in as here: perhaps your own."
        )
    if any(s.application.rstrip("/").casefold() == PORTAL for s in wanted):
        found.append("A browser that is signed in to the portal starts a new session with its next request.")
    if any(s.preserve for s in wanted):
        found.append("One of them keeps a process of its own; what that process has not stored is lost.")
    return found


def _effects(board: LicenseBoard | None, wanted: Sequence[WebSession]) -> tuple[list[str], int | None]:
    """What ending them frees, and the units in use afterwards; None if unknown."""
    lines = [LOST]
    if board is None:
        return lines, None
    touched = _touched(board, wanted)
    after = forecast.total_after(board, touched)
    before = board.in_use
    if after is None or before is None or sum(number for _, number in touched) < len(wanted):
        lines.append("It is not known how many units that frees: not all of them are on the license board.")
        return lines, None
    if after < before:
        free = f", {board.counts.limit - after} of {board.counts.limit} free" if board.counts.limit else ""
        lines.append(
            f"{board.counted.title()}s in use: {before} → {after}{free}, some seconds after your yes."
        )
    else:
        others = listed({holder.holder for holder, _ in touched})
        lines.append(f"It frees no unit: {others} has other connections, and they share one unit.")
    return lines, after


def _touched(board: LicenseBoard, wanted: Sequence[WebSession]) -> list[tuple[Holder, int]]:
    """The holders of the sessions, each with its number of ended sessions."""
    ids = {session.id for session in wanted}
    found = [(holder, len(ids.intersection(holder.session_ids))) for holder in board.holders]
    return [(holder, number) for holder, number in found if number]


def _groups(wanted: Sequence[WebSession]) -> list[tuple[str, str, list[WebSession]]]:
    groups: dict[tuple[str, str], list[WebSession]] = {}
    for session in wanted:
        who = "nobody (no login)" if session.anonymous else session.license_id
        groups.setdefault((who, session.application), []).append(session)
    return [(who, application, found) for (who, application), found in groups.items()]


def described(wanted: Sequence[WebSession]) -> str:
    """The sessions in a few words."""
    groups = _groups(wanted)
    number = counted(len(wanted), "web session")
    if len(groups) == 1:
        who, application, _ = groups[0]
        return f"{number} of {harmless(who, 60)} on {harmless(application, 60)}"
    applications = {application for _, application, _ in groups}
    return f"{number} on {listed(sorted(applications), most=4)}"


def changes_of(wanted: Sequence[WebSession]) -> list[Change]:
    """The sessions as changes of a plan."""
    groups = _groups(wanted)
    changes = []
    for who, application, found in groups[:SHOWN]:
        ids = ", ".join([*(short_id(each.id) for each in found[:3]), *(["…"] if len(found) > 3 else [])])
        what = f"{harmless(who, 60)} on {harmless(application, 60)}"
        changes.append(Change(what, f"{len(found)} open ({ids})", "ended", "gone"))
    if len(groups) > SHOWN:
        rest = sum(len(found) for _, _, found in groups[SHOWN:])
        changes.append(Change(f"{len(groups) - SHOWN} more holders", f"{rest} open", "ended", "gone"))
    return changes


def _calls(link: Link) -> dict[str, list[str]]:
    """The calls to make by hand, without ids, which would help to take over a session; by the route that is taken."""
    calls = {
        "ObjectScript": [
            'set $namespace = "%SYS"',
            "; id: from the class query %CSP.Session:SessionInfo",
            "write $$DeleteSession^%SYS.cspServer(id)",
        ],
    }
    best = next(iter(link.connection.capabilities.routes("sessions.end")), None)
    if best is not None and best.kind == "rest":
        return calls | calls_by_http(link)
    by_helper = f'irispy.classMethodValue("{HELPER}", "EndSession", session_id)  # "" is success'
    by_function = 'irispy.function("DeleteSession", "%SYS.cspServer", session_id)'
    return calls | {
        "Python": [
            'irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"',
            by_helper if best is not None and best.kind == "method" else by_function,
        ]
    }


async def _end(
    context: Context,
    link: Link,
    wanted: Sequence[WebSession],
    origin: Origin,
    *,
    shown: Plan,
    units: tuple[int | None, int | None],
) -> Replies:
    """End, follow up, report. An error of the instance is journaled, then raised.

    `units`: in use before, and forecast for afterwards; None if unknown.
    """
    still, changed = unchanged(wanted, await list_sessions(link.connection))
    record = Record(context, link, shown, origin, reverse=journaled(still), final=FINAL)
    marked: list[WebSession] = []
    with record.watched(lambda: f"{len(marked)} of {len(still)} marked", in_parts=len(still) > 1):
        for done, session in enumerate(still, 1):
            if done == 1 or done % 20 == 0:
                yield Progress("sessions_end", f"Ending {done} of {len(still)} …", done / len(still) / 2)
            if await end_session(link.connection, session.id) == "marked":
                marked.append(session)
    if not marked:
        record.end("done", "all were gone already")
        raise already_gone(len(wanted))
    left, told = len(marked), 0
    began = context.clock.monotonic()
    while left and context.clock.monotonic() - began < PATIENCE:
        if left != told:
            yield Progress("sessions_end", f"Waiting for the instance to remove {counted(left, 'session')} …")
            told = left
        await context.clock.sleep(LOOK_EVERY)
        ids = {session.id for session in await list_sessions(link.connection)}
        left = sum(session.id in ids for session in marked)
    ended = len(marked) - left
    record.end("failed" if left else "done", f"{ended} ended, {left} still listed")
    details = left_alone(len(wanted), changed, len(marked))
    if ended:
        details += await _units_now(link, *units)
        yield Done("sessions_end", f"Ended {counted(ended, 'web session')}.", details=details)
    if left:
        yield not_ended(left)


def left_alone(wanted: int, changed: int, marked: int) -> list[str]:
    """Sentences on the sessions of a plan that were not ended: those already gone, and `changed` with a new login."""
    lines: list[str] = []
    gone = wanted - changed - marked
    if gone:
        lines.append(f"{counted(gone, 'session')} already gone: ended by somebody else or timed out.")
    if changed:
        lines.append(f"{counted(changed, 'session')} left alone: somebody has logged in since.")
    return lines


def unchanged(wanted: Sequence[WebSession], listed_now: Sequence[WebSession]) -> tuple[list[WebSession], int]:
    """Sessions that still exist unchanged, and the number of those with a new login. Raises `Refusal`."""
    now = {session.id: session for session in listed_now}
    there = [session for session in wanted if session.id in now]
    if not there:
        raise already_gone(len(wanted))
    # After a new login it is another person's session.
    same = [session for session in there if now[session.id].license_id == session.license_id]
    if not same:
        raise Refusal(
            "ChangedMeanwhile",
            "Nothing was ended: somebody has logged in to it since the plan was shown.",
            "/sessions shows the present state; give the command again if you still want it.",
        )
    return same, len(there) - len(same)


async def _units_now(link: Link, before: int | None, expected: int | None) -> list[str]:
    """The freed units as read from the instance, and why they are less than forecast."""
    board = await read_board(link.connection, now=link.clock.now())
    if board.in_use is None:
        return ["The units in use cannot be read."]
    limit = f" of {board.counts.limit}" if board.counts.limit else ""
    what = f"{board.counted.title()}s in use"
    if before is None:
        return [f"{what}: {board.in_use}{limit}."]
    lines = [f"{what}: {before} → {board.in_use}{limit}."]
    if expected is not None and board.in_use > expected:
        lines.append(
            f"{board.in_use - expected} more than forecast: others have come since, or a unit is reserved "
            "for a while; /license shows which."
        )
    return lines


def already_gone(number: int) -> Refusal:
    """Refusal: the sessions have already ended."""
    what = "It is" if number == 1 else f"All {number} are"
    return Refusal(
        "AlreadyGone",
        f"{what} already gone: somebody else ended {'it' if number == 1 else 'them'}, or "
        f"{'it' if number == 1 else 'they'} timed out.",
        "There was nothing left to end. /license shows the units in use now.",
    )


def not_ended(number: int) -> Problem:
    """Problem: some sessions were marked but are still listed."""
    return Problem(
        "NotEnded",
        f"{counted(number, 'session')} still listed {PATIENCE:g} seconds after being marked to end.",
        "A failing OnEndSession or OnTimeout callback of the application keeps a session; look into its event class "
        "and the messages log, then /sessions again.",
    )


async def _there(link: Link, entry: Entry) -> list[WebSession]:
    """The journaled sessions that are still listed, without those that have a new login."""
    wanted = set(_pairs(entry))
    return [session for session in await list_sessions(link.connection) if marks(session) in wanted]


def _pairs(entry: Entry) -> list[tuple[str, str]]:
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    return list(zip(reverse.before[::2], reverse.before[1::2], strict=True))


async def _stand(link: Link, entry: Entry) -> Stand:
    there = {marks(session) for session in await _there(link, entry)}
    done: list[Part] = []
    left: list[Part] = []
    for short, who in dict.fromkeys(_pairs(entry)):
        named = f"session {harmless(short, 20)} of {harmless(who, 40) or 'nobody (no login)'}"
        if (short, who) in there:
            left.append(Part(short, f"{named} is there"))
        else:
            done.append(Part(short, f"{named} is gone"))
    return Stand(done, left)


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    there = await _there(link, entry)
    if not there:
        raise already_gone(len(_pairs(entry)))
    return await plan_end(context, link, there, origin, broad=False)


AGAIN = Again(_pairs, _stand, _plan_again)
