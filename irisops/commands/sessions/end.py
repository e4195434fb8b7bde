"""/sessions end and /sessions sweep: choose the web sessions to end; `ending` plans it."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.changes.record import Origin
from irisops.commands.sessions.ending import plan_end
from irisops.commands.sessions.listing import COLUMNS, Seen, address_of, look
from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.replies import Column, Done, Refusal, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words, is_condition, select
from irisops.instance.models import WebSession
from irisops.instance.usage.leaks import LEAK_FROM, Leak, find_crowds, find_leaks

EVERYTHING = ("all", "everything", "*")
NO_LOGIN = ("anonymous", "nobody", "unknownuser")

_LEAKS: cards.Fields[Leak] = (
    (Column("holder", "HOLDER"), lambda each: each.license_id),
    (Column("application", "APPLICATION", grow=True), lambda each: each.application),
    (Column("sessions", "SESSIONS", "number"), lambda each: each.number),
    (
        Column("why", "WHY", grow=True, hide_under=90),
        lambda _: "a session per call: the client keeps no cookies",
    ),
)


def known_by(session: WebSession) -> set[str]:
    """Words that identify this session, in lower case: user, application, holder, address."""
    application = session.application.rstrip("/").casefold()
    names = {session.username.casefold(), application, f"{application}/", address_of(session).casefold()}
    if session.anonymous:
        names |= {f"web {session.application}".casefold(), f"web {application}", *NO_LOGIN}
    else:
        names.add(session.license_id.casefold())
    return names - {""}


def choose(seen: Seen, words: Sequence[str]) -> list[WebSession]:
    """The sessions that match all words: conditions as for /sessions, names as in `known_by`, or a session's id.

    Raises `Refusal` for a word that matches none.
    """
    chosen = list(seen.sessions)
    conditions = [word for word in words if is_condition(word)]
    for word in words:
        if word in conditions or word.casefold() in EVERYTHING:
            continue
        chosen = [session for session in chosen if _means(word, session)]
        if not chosen:
            raise _no_such(word, seen)
    if conditions:
        rows = list(seen.rows(chosen))
        by_row = {id(row): session for row, session in zip(rows, chosen, strict=True)}
        if any(word.casefold().startswith("idle") for word in conditions) and seen.timeouts.note:
            raise Refusal(
                "IdleUnknown",
                f"It is not known how long sessions are idle: {seen.timeouts.note}",
                "Choose them by user=, app= or left< instead.",
            )
        chosen = [by_row[id(row)] for row in select(rows, conditions, COLUMNS).rows]
        if not chosen:
            raise Refusal(
                "NoSuchSession",
                f"No web session fits {listed(conditions)}.",
                "/sessions shows them all.",
            )
    return chosen


def _means(word: str, session: WebSession) -> bool:
    start = word.rstrip("…")
    # Ids differ by letter case (facts: license-sessions 3.2). Four characters are the least that tell sessions apart.
    return word.casefold() in known_by(session) or (len(start) >= 4 and session.id.startswith(start))


def _no_such(word: str, seen: Seen) -> Refusal:
    names = sorted({name for session in seen.sessions for name in known_by(session)} - set(NO_LOGIN))
    close = nearest(word, names)
    cure = f"Did you mean {listed(close, 'or')}?" if close else "/sessions lists them."
    return Refusal(
        "NoSuchSession",
        f"No web session is known by {harmless(word, 80)}.",
        f"{cure} A session without a login does not show its address.",
        suggestions=[f"/sessions end {name}" for name in close if " " not in name],
    )


async def end(context: Context, command: Command) -> Replies:
    """Plan to end sessions."""
    link = context.link()
    words = filter_words(command)
    seen = await look(context, link)
    if not seen.sessions:
        raise Refusal("NoSuchSession", "There is no web session.", "/license shows what holds the units.")
    chosen = choose(seen, words)
    broad = not any(_means(word, session) for word in words for session in chosen[:1])
    yield await plan_end(context, link, chosen, Origin(command.slash), broad=broad)


async def show_leaks(context: Context, command: Command) -> Replies:
    """The leaks, each with an offer to end what it left."""
    told, _ = _told(await look(context, context.link()), str(command.args.get("who", "")))
    yield told


async def sweep(context: Context, command: Command) -> Replies:
    """The leaks, then a plan to end exactly those sessions."""
    link = context.link()
    told, leaks = _told(await look(context, link), str(command.args.get("who", "")))
    yield told
    if leaks:
        chosen = [session for leak in leaks for session in leak.sessions]
        yield await plan_end(context, link, chosen, Origin(command.slash), broad=True)


def _told(seen: Seen, who: str) -> tuple[Table | Done, list[Leak]]:
    """What leaks, of anybody or of `who`, for people; and the leaks."""
    leaks = [leak for leak in find_leaks(seen.sessions) if not who or _is(leak, who)]
    crowds = [
        f"{counted(crowd.number, 'session')} without a login on {harmless(crowd.application, 60)}: "
        "visitors and a program look alike here, so they are left alone."
        for crowd in find_crowds(seen.sessions)
    ]
    if not leaks:
        of = f" of {harmless(who, 60)}" if who else ""
        none = f"No leak{of}: nobody has {LEAK_FROM} or more sessions of one address on one application."
        return Done("sessions_sweep", none, details=crowds), []
    table = Table(
        "leaks",
        "Sessions that look abandoned",
        cards.columns_of(_LEAKS),
        cards.rows_of(_LEAKS, leaks),
        key="holder",
        notes=[
            *crowds,
            "The cure is in the client: keep the cookies, end with ?IRISLogout=end. /license advice says how.",
        ],
        actions=[("x", "end what it left", "/sessions sweep {holder}")],
    )
    return table, leaks


def _is(leak: Leak, who: str) -> bool:
    wanted = who.casefold().rstrip("/")
    user, _, address = leak.license_id.partition("@")
    names = (leak.license_id, leak.username, user, address, leak.application.rstrip("/"))
    return wanted in {name.casefold() for name in names}
