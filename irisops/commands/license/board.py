"""/license: units used and free, and who holds each of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Facts, Scalar, Table
from irisops.contract.wording import counted, duration, not_known
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
    board = link.board = await read_board(link.connection, now=link.clock.now())
    yield counts_card(link, board, context.clock.now())
    yield holders_table(board, context.clock.now())


FIGURES = {"consumed": "units used", "limit": "units in the key", "available": "free units"}


def counts_card(link: Link, board: LicenseBoard, now: datetime) -> Facts:
    """The figures of the key and of its use."""
    counts = board.counts
    facts: dict[str, Scalar | list[Scalar] | dict[str, Scalar]] = {
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
        "consumed": "Units used",
        "limit": "Units in the key",
        "available": "Free",
        "max_consumed": "Peak since start",
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
        notes=[*warnings(board, now), *not_known(facts, FIGURES), *counts.notes],
        series=tuple(link.history),
    )


def warnings(board: LicenseBoard, now: datetime) -> list[str]:
    """Warnings about the license."""
    counts = board.counts
    found: list[str] = []
    if counts.limit and counts.consumed is not None:
        if counts.available == 0 or counts.consumed >= counts.limit:
            found.append("No unit is free: the next login or browser is refused.")
        elif counts.consumed >= NEAR_FULL * counts.limit:
            found.append(f"Nearly full: {counted(counts.limit - counts.consumed, 'unit')} left.")
    if counts.expires is not None:
        days = (counts.expires - now.date()).days
        if days < 0:
            found.append(f"The key expired on {counts.expires:%Y-%m-%d}: activate a new one.")
        elif days <= EXPIRY_WARNING_DAYS:
            found.append(f"The key expires in {counted(days, 'day')}, on {counts.expires:%Y-%m-%d}.")
    if counts.community:
        found.append(
            "Community Edition: count every connection, process and session as one; free a unit first if a login fails."
        )
    return [*found, *_near_the_flip(board)]


def _near_the_flip(board: LicenseBoard) -> list[str]:
    """Holders that will soon pay one unit per connection (facts: iris-license-sessions 2.2)."""
    most = board.counts.max_connections
    if not most or board.counts.community:
        return []
    return [
        f"{holder.holder} has {holder.connections} of {most} connections: one more than {most} and each connection "
        "costs a unit."
        for holder in board.holders
        if holder.units == 1 and holder.connections and most - 3 <= holder.connections <= most
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
        first = (holder.free_from - timedelta(seconds=clock_offset)).astimezone()
        if f"{first:%H:%M}" != shown:
            shown = f"{first:%H:%M} to {shown}"
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
    rows: list[dict[str, Cell]] = [
        {
            "holder": holder.holder,
            "kind": holder.kind,
            "why": holder.why,
            "units": holder.units,
            "connections": holder.connections,
            "returns": returns(holder, now, board.clock_offset),
            "free_at": holder.free_at,
            "sessions": holder.sessions,
            "processes": holder.processes,
            "users": list(holder.users),
            "applications": list(holder.applications),
        }
        for holder in board.holders
    ]
    return Table(
        name="holders",
        title="Who holds it",
        columns=[
            Column("holder", "HOLDER"),
            Column("kind", "KIND", hide_under=100),
            Column("why", "WHY", grow=True),
            Column("units", "UNITS", "number"),
            Column("connections", "CONNS", "number", hide_under=90),
            Column("returns", "FREE AT", least=len("14:35 to 14:46 ")),
            Column("free_at", "FREE AT (TIME)", "time", hide_under=1000),
            Column("sessions", "SESSIONS", "number", hide_under=130),
            Column("processes", "PROCESSES", "number", hide_under=130),
            Column("users", "USERS", "list", hide_under=1000),
            Column("applications", "APPLICATIONS", "list", hide_under=1000),
        ],
        rows=rows,
        key="holder",
        notes=[*board.notes, *clock_note(board)],
        actions=[("enter", "why", "/license why {holder}")],
    )
