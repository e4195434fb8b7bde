"""/license: units used and free, and who holds each of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from irisops.agent_connections import agent_pids
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.record_rows import RecordRows
from irisops.contract.replies import Column, Facts, Scalar, Table
from irisops.contract.wording import counted, duration, not_known
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.models import Holder, LicenseBoard
from irisops.instance.usage.license import read_board

EXPIRY_WARNING_DAYS = 30
NEAR_FULL = 0.85
"""Fraction of units in use from which a warning is given."""
CLOCKS_DIFFER = 60.0
"""Seconds of difference between the clocks from which a note is given."""


async def show_license(context: Context, _command: Command) -> Replies:
    """The counts, then a row per holder. The units of the rows add up to the units consumed."""
    link = context.link()
    agents = agent_pids(context.places, link.profile)
    board = link.board = await read_board(link.connection, now=link.clock.now(), agents=agents)
    yield counts_card(link, board, context.clock.now())
    yield holders_table(board, context.clock.now())


FIGURES = {"consumed": "units used", "limit": "units in the key", "available": "free units"}
_UNITS = {
    "consumed": "Units used",
    "limit": "Units in the key",
    "available": "Free",
    "max_consumed": "Peak since start",
}
_CONNECTIONS = {
    "in_use": "Connections in use",
    "limit": "Connections allowed",
    "free": "Free",
    "consumed": "Its own counter",
    "max_consumed": "Its peak",
}
"""On Community Edition: connections first, what the instance itself counts beside them."""

_FREE = "/license free offers to give one back."


def counts_card(link: Link, board: LicenseBoard, now: datetime) -> Facts:
    """The figures of the key and of its use."""
    counts = board.counts
    facts: dict[str, Scalar | list[Scalar] | dict[str, Scalar]] = {
        "in_use": board.in_use,
        "free": board.free,
        "connections": board.connections,
        "limit": counts.limit,
        "consumed": counts.consumed,
        "available": counts.available,
        "max_consumed": counts.max_consumed,
        "min_available": counts.min_available,
        "max_connections": counts.max_connections,
        "enforced": counts.enforced,
        "product": counts.product,
        "license_type": counts.license_type,
        "customer": counts.customer,
        "server": counts.server,
        "capacity": counts.capacity,
        "community": counts.community,
        "expires": counts.expires,
        "read_at": board.read_at,
    }
    labels = {
        **(_UNITS if board.connections is None else _CONNECTIONS),
        "product": "Product",
        "license_type": "Type",
        "customer": "Licensed to",
        "expires": "Key expires",
        "max_connections": "Connections per unit",
    }
    if counts.community:
        labels.pop("max_connections")
    shown = {key: label for key, label in labels.items() if facts[key] not in (None, "")}
    return Facts(
        "license",
        "License",
        facts,
        labels=shown,
        notes=[*warnings(board, now, recorded=link.recorded), *not_known(facts, FIGURES), *counts.notes],
        series=tuple(link.history),
    )


def warnings(board: LicenseBoard, now: datetime, *, recorded: bool = False) -> list[str]:
    """Warnings about the license; those of a recording say what holds at its moment, and offer nothing."""
    counts = board.counts
    found: list[str] = []
    then, offer = (" at this moment", "") if recorded else ("", f" {_FREE}")
    if counts.limit and board.in_use is not None:
        if board.free == 0 or counts.available == 0 or board.in_use >= counts.limit:
            found.append(f"! No {board.counted} is free{then}: the next login or browser is refused.{offer}")
        elif board.in_use >= NEAR_FULL * counts.limit:
            found.append(f"! Nearly full: {counted(counts.limit - board.in_use, board.counted)} left.{offer}")
    if counts.expires is not None:
        days = (counts.expires - now.date()).days
        if days < 0:
            cure = "" if recorded else ": activate a new one"
            found.append(f"! The key expired on {counts.expires:%Y-%m-%d}{cure}.")
        elif days <= EXPIRY_WARNING_DAYS:
            found.append(f"! The key expires in {counted(days, 'day')}, on {counts.expires:%Y-%m-%d}.")
    if counts.community:
        found.append(community_note(board))
    return [*found, *_near_the_flip(board)]


def community_note(board: LicenseBoard) -> str:
    """What counts on Community Edition, and what its own counter is worth (facts: iris-license-sessions 2.6)."""
    rule = "Community Edition: every connection, process and session takes one, and nothing is shared."
    if board.connections is None:
        return (
            f"{rule} The connections cannot be read, so the figures are the instance's own counter, which need not "
            "move with each: more may be in use."
        )
    return f"{rule} Its own counter (LUConsumed) may lag behind: go by the connections."


def _near_the_flip(board: LicenseBoard) -> list[str]:
    """Holders that will soon pay one unit per connection (facts: iris-license-sessions 2.2)."""
    most = board.counts.max_connections
    return [
        f"{holder.holder} has {holder.connections} of {most} connections: one more than {most} and each connection "
        "costs a unit."
        for holder in board.crowded
    ]


def returns(holder: Holder, now: datetime, clock_offset: float = 0.0) -> str:
    """When a unit becomes free: a time with its countdown, or the event that frees it.

    `now` and the time shown are this machine's; the instance's clock is `clock_offset` seconds ahead of it.
    """
    if holder.free_at is None:
        return holder.free_when
    here = holder.free_at - timedelta(seconds=clock_offset)
    left = (here - now).total_seconds()
    local = here.astimezone()
    shown = f"{local:%H:%M}" if left < 20 * 3600 else f"{local:%Y-%m-%d %H:%M}"
    if holder.free_from is not None and 0 < left < 20 * 3600:
        first = holder.free_from - timedelta(seconds=clock_offset)
        soon = (first - now).total_seconds()
        if f"{first.astimezone():%H:%M}" != shown:
            return f"first {f'in {duration(soon)}' if soon > 0 else 'any moment'}, all by {shown}"
    return f"{shown} ({duration(left)})" if left > 0 else f"{shown} (any moment)"


def clock_note(board: LicenseBoard) -> list[str]:
    """A note if the instance's clock differs from this machine's: the instance's own pages show other times."""
    if abs(board.clock_offset) < CLOCKS_DIFFER:
        return []
    way = "ahead of" if board.clock_offset > 0 else "behind"
    return [
        f"The instance's clock is {duration(abs(board.clock_offset))} {way} this machine's; times here are yours."
    ]


def holders_table(board: LicenseBoard, now: datetime) -> Table:
    """One row per holder. `free_at` is for programs, `returns` is the same for people."""
    by_connections = board.connections is not None
    offset = board.clock_offset  # a row that a screen keeps would else keep the whole board
    fields: cards.Fields[Holder] = (
        (Column("holder", "HOLDER"), lambda each: each.holder),
        (Column("kind", "KIND", hide_under=100), lambda each: each.kind),
        (Column("why", "WHY", grow=True, wrap=4), lambda each: each.why),
        (
            Column("units", "UNITS", "number", hide_under=100 if by_connections else 0),
            lambda each: each.units,
        ),
        (
            Column("connections", "CONNS", "number", hide_under=0 if by_connections else 100),
            lambda each: each.connections,
        ),
        (
            Column("returns", "FREE AT", least=len("first in 12 min,"), wrap=3),
            lambda each: returns(each, now, offset),
        ),
        (Column("free_at", "FREE AT (TIME)", "time", hide_under=1000), lambda each: each.free_at),
        (Column("sessions", "SESSIONS", "number", hide_under=130), lambda each: each.sessions),
        (Column("processes", "PROCESSES", "number", hide_under=130), lambda each: each.processes),
        (Column("users", "USERS", "list", hide_under=1000), lambda each: list(each.users)),
        (
            Column("applications", "APPLICATIONS", "list", hide_under=1000),
            lambda each: list(each.applications),
        ),
    )
    cells = {column.name: value for column, value in fields}
    return Table(
        name="holders",
        title="Who holds it",
        columns=cards.columns_of(fields),
        rows=RecordRows(board.holders, cells),
        key="holder",
        notes=[*board.notes, *clock_note(board)],
        actions=[
            ("enter", "why", "/license why {holder}"),
            ("x", "end its sessions", "/sessions end {holder}"),
        ],
    )
