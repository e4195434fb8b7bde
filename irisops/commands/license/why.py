"""/license why: one holder of license units, the rule that applies, and its sessions and processes."""

from __future__ import annotations

from irisops.agent_connections import agent_pids
from irisops.commands.license.board import returns
from irisops.commands.processes import listing as processes
from irisops.commands.sessions import listing as sessions
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import find, nearest
from irisops.contract.quoting import quote
from irisops.contract.replies import Refusal, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import or_note
from irisops.instance.models import Holder, LicenseBoard
from irisops.instance.usage.license import read_board
from irisops.instance.usage.processes import MOST_PIDS, list_processes
from irisops.instance.usage.sessions import list_sessions


def chosen(board: LicenseBoard, name: str) -> Holder:
    """The named holder, else the one with most units or connections, whichever count. Raises `Refusal`."""
    if not board.holders:
        raise Refusal("NoHolder", "Nobody holds a license unit.", "/license shows the counts.")
    if not name:
        return max(board.holders, key=board.places)
    names = [holder.holder for holder in board.holders]
    spelled = find(name, names)
    if spelled is None:
        matching = [each for each in names if name.casefold() in each.casefold()]
        spelled = matching[0] if len(matching) == 1 else None
    if spelled is None:
        close = nearest(name, names)
        raise Refusal(
            "NoSuchHolder",
            f"{harmless(name, 80)} holds no license unit.",
            f"Did you mean {listed(close, 'or')}?" if close else f"Holders are {listed(names)}.",
            suggestions=[f"/license why {quote(each)}" for each in close],
        )
    return next(holder for holder in board.holders if holder.holder == spelled)


def rules(holder: Holder, board: LicenseBoard) -> list[str]:
    """Why it takes these units, by the documented rules (facts: iris-license-sessions 2.1 to 2.3, 2.6)."""
    most = board.counts.max_connections
    said: list[str] = []
    if holder.kind == "unexplained":
        return ["The counts and the lists are read one after the other; /license again usually settles it."]
    if board.counts.community:
        said.append("On Community Edition every connection, process and session counts as one of the units.")
    elif holder.kind == "grace":
        said.append("After a visit of a single page the unit stays reserved for up to ten minutes.")
    elif holder.kind == "web" and holder.holder.startswith("web "):
        said.append(
            "A web session without a login is a license user of its own: one unit each, until its timeout. A login on "
            "the application lets the sessions of one person share a unit."
        )
    elif most:
        used = holder.connections
        has = "It is not known how many it has." if used is None else f"It has {counted(used, 'connection')}."
        said.append(
            f"Up to {most} connections of one license user share one unit; one more, and each costs a unit until "
            f"all of them have closed. {has}"
        )
    if holder.kind in ("web", "mixed"):
        said.append(
            "Closing a browser frees nothing: the session ends by a logout, its timeout, or an administrator."
        )
    return said


async def explain(context: Context, command: Command) -> Replies:
    """The holder, then its sessions and processes."""
    link = context.link()
    agents = agent_pids(context.places, link.profile)
    board = await read_board(link.connection, now=link.clock.now(), agents=agents)
    holder = chosen(board, str(command.args.get("holder", "")))
    entries: list[cards.Entry] = [
        ("holder", "", holder.holder),
        ("kind", "", holder.kind),
        ("why", "What it is", holder.why),
        ("units", "Units", holder.units),
        ("connections", "Connections", holder.connections),
        ("sessions", "", holder.sessions),
        ("processes", "", holder.processes),
        ("users", "Users", list(holder.users)),
        ("applications", "", list(holder.applications)),
        ("since", "Since", holder.since),
        ("free_at", "", holder.free_at),
        ("returns", "Free at", returns(holder, context.clock.now(), board.clock_offset)),
    ]
    title = f"Why {harmless(holder.holder, 80)} holds {counted(board.places(holder), board.counted)}"
    yield cards.facts_card("holder", title, entries, [*rules(holder, board), *board.notes, *_cures(holder)])
    async for table in _behind(context, link, holder):
        yield table


def _cures(holder: Holder) -> list[str]:
    """Commands that free its units."""
    if holder.own and holder.kind == "this tool":
        return ["/quit gives this unit back."]
    found = []
    if holder.session_ids:
        found.append(f"/sessions end {quote(holder.holder)} ends its sessions, after a yes.")
    if not holder.own and len(holder.pids) == 1:
        found.append(f"/process terminate {holder.pids[0]} ends its process, after a yes.")
    elif not holder.own and holder.pids:
        found.append("/process terminate PID ends one of its processes, after a yes.")
    return found


async def _behind(context: Context, link: Link, holder: Holder) -> Replies:
    """Its sessions and processes, as far as they can be read."""
    unread: list[str] = []  # the board's notes have said so
    if holder.session_ids:
        ids = set(holder.session_ids)
        read = list_sessions(link.connection, remade=link.kept_sessions())
        listed = await or_note(read, unread, "Sessions") or ()
        seen = sessions.Seen([session for session in listed if session.id in ids], context.clock.now())
        rows = seen.rows(seen.sessions)
        yield Table("sessions", "Its web sessions", sessions.COLUMNS, rows, key="session")
    if holder.pids:
        pids = set(holder.pids)
        if len(pids) <= MOST_PIDS:
            running = list_processes(link.connection, pids=holder.pids)
        else:
            running = list_processes(link.connection)
        found = await or_note(running, unread, "Processes") or ()
        shown = processes.rows_of([process for process in found if process.pid in pids])
        yield Table("processes", "Its processes", processes.COLUMNS, shown, key="pid")
