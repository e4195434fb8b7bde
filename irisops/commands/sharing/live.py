"""Open shares: list, end, extend, kick; and leases."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from irisops.connections.open_shares import OpenShare, ShareDesk
from irisops.contract import durations
from irisops.contract.chat import Command
from irisops.contract.nearest import find
from irisops.contract.quoting import quote
from irisops.contract.replies import (
    Cell,
    Change,
    Column,
    Done,
    Facts,
    Plan,
    Problem,
    Progress,
    Refusal,
    Table,
)
from irisops.contract.wording import counted, duration, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.files import named_file, write_new
from irisops.instance.errors import InstanceProblem
from irisops.journal import Intent
from irisops.sharing import guests
from irisops.sharing.errors import SharingProblem
from irisops.sharing.guests import Activity
from irisops.sharing.lease import UNREADABLE_CURE, summary
from irisops.sharing.messages import LogLine
from irisops.sharing.team_card import QR_TITLE, TeamCard, address_of, qr_code

LOG_LINES = 3
_PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')
IDLE_ALARM = 180.0
"""Idle seconds after which a note warns that ngrok will cut the connection (facts: ngrok-keyring A11)."""


async def tunnels(context: Context, _command: Command) -> Replies:
    """Open tunnels, and who is connected according to IRIS."""
    desk = context.sharing_desk()
    rows: list[dict[str, Cell]] = []
    notes: list[str] = []
    for share in desk.shares.values():
        try:
            status = await share.client.status()
            figures = {each.name: each for each in status.figures}
            agent = status.agent
            notes += agent_trouble(status.log)
        except SharingProblem as problem:
            figures, agent = {}, problem.message
        for endpoint in share.opened.endpoints:
            figure = figures.get(endpoint.name)
            rows.append(
                {
                    "tunnel": f"{share.id} {endpoint.name}",
                    "share": share.id,
                    "public": endpoint.public_url,
                    "local": endpoint.upstream,
                    "since": share.since,
                    "until": share.opened.until,
                    "open": figure.open if figure else None,
                    "total": figure.total if figure else None,
                    "agent": agent,
                }
            )
    if not rows:
        notes = ["Nothing is shared. /share superserver, /share web or /share both."]
    elif desk.settings.loopback:
        notes.insert(0, "Stand-in agent: these addresses work on this machine alone.")
    yield Table(
        name="tunnels",
        title="Tunnels",
        columns=[
            Column("public", "PUBLIC ADDRESS", grow=True),
            Column("local", "HERE", hide_under=100),
            Column("since", "SINCE", "time", hide_under=110),
            Column("until", "UNTIL", "time"),
            Column("open", "OPEN", "number"),
            Column("total", "TOTAL", "number", hide_under=90),
            Column("agent", "AGENT", hide_under=80),
            Column("share", "SHARE"),
        ],
        rows=rows,
        key="tunnel",
        notes=notes,
        actions=[("x", "end", "/unshare {share}")],
    )
    if any(share.cards for share in desk.shares.values()):
        yield await _guests(context)


def agent_trouble(log: Sequence[LogLine]) -> list[str]:
    """What the agent complained of last, in its words; what it says of its own work is for its log."""
    told = [line for line in log if line.level in ("WARNING", "ERROR", "CRITICAL")][-LOG_LINES:]
    return [f"! The agent at {line.at.astimezone():%H:%M}: {harmless(_words(line.text))}" for line in told]


def _words(text: str) -> str:
    """The message of a line of `key=value` pairs; all of any other."""
    pairs = dict(_PAIR.findall(text))
    said = " ".join(
        each.strip('"') for each in (pairs.get("msg", ""), pairs.get("err", "")) if each.strip('"')
    )
    return said or text


async def _guests(context: Context) -> Table:
    """Activity of the passes, read from the instance: ngrok shows no TCP clients."""
    desk = context.sharing_desk()
    rows: list[dict[str, Cell]] = []
    notes: list[str] = []
    for share in desk.shares.values():
        names = [card.name for card in share.cards]
        link = context.hub.links.get(share.profile.casefold())
        seen = Activity((), (), ("The connection of the chat is down, so nothing is known of them.",))
        if link is not None and link.connected:
            try:
                seen = await guests.activity(link.connection, names)
            except InstanceProblem as problem:
                seen = Activity((), (), (problem.message,))
        notes += seen.notes
        for name in names:
            row, idle = _guest_row(context, share, name, seen)
            rows.append(row)
            if idle >= IDLE_ALARM:
                notes.append(
                    f"{name} is idle for {duration(idle)}: ngrok cuts an idle connection after five minutes."
                )
    return Table(
        name="guests",
        title="Who is on",
        columns=[
            Column("name", "PASS"),
            Column("processes", "PROCESSES", "number"),
            Column("sessions", "WEB SESSIONS", "number"),
            Column("doing", "DOING", grow=True),
            Column("active", "LAST ACTIVE"),
        ],
        rows=rows,
        key="name",
        notes=notes,
        actions=[("x", "kick", "/kick {name}")],
    )


def _guest_row(
    context: Context, share: OpenShare, name: str, seen: Activity
) -> tuple[dict[str, Cell], float]:
    """The row of a pass, and its idle seconds."""
    theirs = [process for process in seen.processes if process.user.casefold() == name.casefold()]
    sessions = [session for session in seen.sessions if session.user.casefold() == name.casefold()]
    idle = share.idle(name, sum(process.commands for process in theirs) + len(sessions), context.clock.now())
    seen_active = "now" if idle < 2 else f"{duration(idle)} ago"
    active = seen_active if theirs or sessions else "not connected"
    doing = [f"{process.namespace} {process.routine}".strip() for process in theirs]
    doing += [session.application for session in sessions]
    row: dict[str, Cell] = {
        "name": name,
        "processes": len(theirs),
        "sessions": len(sessions),
        "doing": listed(dict.fromkeys(doing), most=3),
        "active": active,
    }
    return row, idle if theirs else 0.0


async def kick(context: Context, command: Command) -> Replies:
    """Plan to delete one pass and end its sessions and processes."""
    name = str(command.args["name"])
    user = find(name, context.hub.active.names.users) if context.hub.active else None
    theirs = [f"/sessions end user={quote(name)}", f"/processes user={quote(name)}"]
    share, card = _pass(context.sharing_desk(), name, theirs, user or "")
    plan = Plan(
        name="kick",
        title=f"Send {card.name} away",
        instance=share.profile,
        changes=[Change(card.name, "an account of this share", "deleted", "gone")],
        effects=["Its web sessions and processes end at once; a transaction of theirs is rolled back."],
    )
    link = context.hub.links.get(share.profile.casefold())
    yield context.plans.add(plan, lambda: _kick(context, share, card.name, command), link)


def _pass(
    desk: ShareDesk, name: str, offers: Sequence[str] = (), user: str = ""
) -> tuple[OpenShare, TeamCard]:
    """A pass of an open share, with its card. Raises `Refusal`, which suggests `offers`, first of all for a `user`."""
    found = [(share, card) for share in desk.shares.values() for card in share.cards]
    for share, card in found:
        if card.name.casefold() == name.casefold():
            return share, card
    known = listed([card.name for _share, card in found]) or "none"
    if user:
        raise Refusal(
            "NoSuchPass",
            f"{harmless(user, 60)} is not a pass of an open share, but a user of the instance.",
            "End what is open under that name instead.",
            suggestions=offers,
        )
    raise Refusal(
        "NoSuchPass",
        f"{harmless(name, 60)} is not a pass of an open share.",
        f"Passes: {known}.",
        suggestions=[f"/kick {quote(card.name)}" for _share, card in found] or offers,
    )


async def _kick(context: Context, share: OpenShare, name: str, command: Command) -> Replies:
    journal = context.journal(share.profile)
    number = journal.intend(
        Intent(
            title=f"Send {name} away",
            command=command.slash,
            instance=share.profile,
            user=share.request.where.user,
            changes=[(name, "a pass of the share", "deleted")],
            final="the account of a pass is deleted for good.",
        )
    )
    try:
        done, problems = await share.client.kick(name)
    except InstanceProblem as problem:
        journal.outcome(number, "failed", f"{problem.name}: {problem.message}")
        raise
    share.cards = tuple(card for card in share.cards if card.name != name)
    journal.outcome(number, "unknown" if problems else "done", "; ".join([*done, *problems]))
    if problems:
        raise SharingProblem(f"{name} is deleted, but {'; '.join(problems)}.", "/processes shows them.")
    yield Done("kick", f"{name} is sent away.", details=done)


async def show_leases(context: Context, _command: Command) -> Replies:
    """All leases: what is shared, by whom, and what could not be taken down yet."""
    desk = context.sharing_desk()
    found = await asyncio.to_thread(desk.store.all)
    now = context.clock.now()
    rows: list[dict[str, Cell]] = [
        {
            "lease": lease.id,
            "instance": lease.where.text,
            "state": "open" if lease.kept else "left behind",
            "until": lease.until,
            "accounts": [item.name for item in lease.accounts],
            "addresses": [endpoint.public_url for endpoint in lease.endpoints],
            "problem": lease.problem,
        }
        for lease in found.leases
    ]
    notes = summary([lease for lease in found.leases if not lease.kept], now)
    yield Table(
        name="leases",
        title="Leases",
        columns=[
            Column("lease", "LEASE"),
            Column("instance", "INSTANCE", grow=True),
            Column("state", "STATE", tones={"open": "good", "left behind": "warn"}),
            Column("until", "UNTIL", "time"),
            Column("accounts", "ACCOUNTS", "list", hide_under=90),
            Column("addresses", "ADDRESSES", "list", hide_under=120),
            Column("problem", "PROBLEM", hide_under=100),
        ],
        rows=rows,
        key="lease",
        notes=notes or ([] if rows or found.broken else ["No share is open, and none left anything behind."]),
        actions=[("x", "take down", "/leases clear {lease}")],
    )
    for sentence in found.unreadable():
        yield Problem("LeaseUnreadable", sentence, UNREADABLE_CURE)


async def clear_leases(context: Context, command: Command) -> Replies:
    """Take down leftovers, or one named share even if another chat holds it."""
    desk = context.sharing_desk()
    only = str(command.args.get("lease", ""))
    if only in desk.shares:
        raise Refusal("OwnShare", f"Share {only} is open in this chat.", f"/unshare {only} ends it.")
    found = await asyncio.to_thread(desk.store.all)
    broken = [file for file, _why in found.broken if only in {"", file.stem}]
    if only and not broken and only not in {lease.id for lease in found.leases}:
        raise Refusal("NoSuchLease", f"There is no lease {harmless(only, 20)}.", "/leases lists them.")
    yield Progress("leases", "Taking down …")
    cleared = await desk.clear(only=only, running=bool(only))
    left = [each for each in cleared if not each.report.clean]
    for each in left:
        yield Problem(
            "LeaseStays",
            f"Share {each.lease.id} of {each.lease.where.text} is not yet taken down: "
            f"{'; '.join(each.report.problems)}.",
            "Check that the instance runs, then /leases clear.",
        )
    for file, why in found.broken:
        if file in broken:
            yield Problem("LeaseUnreadable", f"The lease {file} cannot be read: {why}.", UNREADABLE_CURE)
    gone = [each for each in cleared if each.report.clean]
    if gone or not (left or broken):
        yield Done(
            "leases",
            f"{counted(len(gone), 'share')} taken down." if gone else "Nothing was left behind.",
            details=[
                f"{each.lease.id}: {line}"
                for each in gone
                for line in (*each.report.done, *each.report.unread)
            ],
        )


async def unshare(context: Context, command: Command) -> Replies:
    """End one share, or all. The slash command acts at once, as reach must be lost quickly; words put up a plan."""
    desk = context.sharing_desk()
    name = str(command.args.get("share", ""))
    shares = list(desk.shares.values()) if name.casefold() == "all" else [desk.find(name)]
    if not shares:
        desk.find()
    if not (command.text or command.slash).startswith("/"):
        yield context.plans.add(_ending(shares), lambda: _unshare(shares))
        return
    async for reply in _unshare(shares):
        yield reply


def _ending(shares: Sequence[OpenShare]) -> Plan:
    """What ends with shares."""
    changes = [
        Change(each.public_url, "open", "closed", "gone")
        for share in shares
        for each in share.opened.endpoints
    ]
    changes += [
        Change(card.name, f"a pass of share {share.id}", "deleted", "gone")
        for share in shares
        for card in share.cards
    ]
    return Plan(
        name="unshare",
        title=f"End {listed([f'share {share.id}' for share in shares])}",
        instance=listed(dict.fromkeys(share.profile for share in shares)),
        changes=changes,
        effects=["Who is on is cut off: web sessions and processes of these passes end at once."],
    )


async def _unshare(shares: Sequence[OpenShare]) -> Replies:
    for share in shares:
        yield Progress("unshare", f"Ending share {share.id} …")
        closed = await share.client.close()
        if closed.problems:
            yield Problem(
                "LeaseStays",
                f"The addresses of share {share.id} are closed, but: {'; '.join(closed.problems)}.",
                "/leases clear tries again; it is also tried at each start.",
            )
        else:
            details = [*closed.done, *closed.unread]
            yield Done("unshare", f"Share {share.id} is ended; {closed.left}.", details=details)


async def extend(context: Context, command: Command) -> Replies:
    """Plan to move a share's deadline by a span, or to a time of day: others can reach the instance for longer."""
    desk = context.sharing_desk()
    share = desk.find(str(command.args.get("share", "")))
    now = context.clock.now()
    text = str(command.args["time"])
    begin = now if ":" in text else share.opened.until
    until = durations.moment(text, begin, now.astimezone())
    link = context.hub.links.get(share.profile.casefold())
    plan = Plan(
        name="extend",
        title=f"Extend share {share.id}",
        instance=share.profile,
        changes=[Change("open until", _minute(share.opened.until), _minute(until))],
        effects=["Its addresses and passes work until then."],
        # The keeper moves the deadline, so the plan holds even if the chat's own connection is renewed meanwhile.
        confirm_word=share.profile if link is not None and link.profile.guarded else "",
    )
    yield context.plans.add(plan, lambda: _extend(desk, share, until))


async def _extend(desk: ShareDesk, share: OpenShare, until: datetime) -> Replies:
    await share.client.extend(until)
    desk.extended(share, until)
    yield Done("extend", f"Share {share.id} is open until {_minute(until)}.")


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


async def save_card(context: Context, command: Command) -> Replies:
    """Write one teammate's card to a new file with mode 0600, or show the web address as a QR code."""
    share, card = _pass(context.sharing_desk(), str(command.args["name"]))
    if str(command.args["file"]) == "qr":
        web = address_of(share.opened.endpoints, "http")
        if not web:
            raise Refusal("NoWebAddress", f"{card.name} has no web address.", "/share both opens one.")
        profile = context.hub.find(share.profile)
        web += profile.path_prefix if profile is not None else ""
        blocks = {QR_TITLE: qr_code(web)}
        yield Facts("qr", f"For {card.name}", {"web": web}, labels={"web": "Web"}, blocks=blocks)
        return
    try:
        path = await asyncio.to_thread(_write_new, str(command.args["file"]), card.as_text())
    except FileExistsError as error:
        raise Refusal("FileExists", f"{error.filename} is already there.", "Choose another name.") from None
    except OSError as error:
        why = f"{error.filename} cannot be written: {error.strerror}."
        raise Refusal("NotWritten", why, "Choose another folder.") from None
    details = ["It holds a password: delete it when it was handed over."]
    yield Done("card", f"Saved to {path}.", details=details)


def _write_new(name: str, text: str) -> Path:
    path = named_file(name)
    write_new(path, text)
    return path
