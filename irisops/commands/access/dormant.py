"""/users dormant 90d: unused accounts and what will disable them; /dormant disable, by plan with undo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from irisops.changes import objects
from irisops.changes import plan as change_plan
from irisops.changes.record import Origin
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Refusal, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import Selection, filter_words, select, selection_notes
from irisops.instance.security.dormant import Account, Logins, read_logins
from irisops.instance.security.object_state import ObjectChange

USUAL = 90
"""Default number of days: the inactivity limit of a fresh instance (facts: iris-security 3.6)."""
LONGEST = 36_500
_SPAN = re.compile(r"(\d{1,5})\s*(d|day|days|w|week|weeks|m|month|months|y|year|years)?", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_NO_LOGINS = frozenset(("unknownuser", "_public", "cspsystem", "_ensemble"))
"""Accounts that no person logs in with (facts: iris-security 2.6)."""


def days_of(text: str) -> int:
    """`90d`, `12 weeks`, `3m`, `1y`; a bare number is days. Raises `Refusal`."""
    found = _SPAN.fullmatch(text.strip())
    days = int(found[1]) * _DAYS[(found[2] or "d")[0].casefold()] if found else 0
    if not 1 <= days <= LONGEST:
        raise Refusal(
            "BadTime",
            f"“{harmless(text, 20)}” is not a span of days.",
            "Write 90d, 12w, 3m (months of 30 days) or 1y.",
        )
    return days


async def show_dormant(context: Context, command: Command) -> Replies:
    """The accounts unused for that many days, longest first."""
    link = context.link()
    days = _days(command)
    logins = await read_logins(link.connection)
    chosen, columns, number = _chosen(command, logins, days, context.clock.now())
    notes = selection_notes(chosen, number, "dormant account")
    notes += _notes(logins, chosen.rows, days)
    yield Table(
        name="dormant",
        title=f"Not used for {counted(days, 'day')}",
        columns=columns,
        rows=chosen.rows,
        key="name",
        notes=[*notes, *logins.notes],
        actions=[
            ("enter", "show", "/users name={name}"),
            ("d", "disable", "/disable {name}"),
            ("x", "delete", "/user delete {name}"),
        ],
        total=chosen.total,
        order=chosen.order,
    )


def _days(command: Command) -> int:
    asked = command.args.get("age")
    return days_of(asked) if isinstance(asked, str) else USUAL


def _fields(logins: Logins, now: datetime) -> cards.Fields[Account]:
    return (
        (Column("name", "NAME"), lambda each: each.user.name),
        (Column("enabled", "ENABLED", "flag", tones=cards.OFF), lambda each: each.user.enabled),
        (Column("last_login", "LAST LOGIN", "time"), lambda each: each.last_used),
        (Column("idle_days", "DAYS IDLE", "number"), lambda each: each.idle_days(now)),
        (
            Column("days_left", "DAYS LEFT", "number"),
            lambda each: each.days_left(logins.inactive_limit, now),
        ),
        (Column("ends", "WHAT ENDS IT", grow=True, wrap=3), lambda each: _ends(each, logins, now)),
        (
            Column("roles", "ROLES", "list", grow=True, wrap=2, hide_under=110),
            lambda each: list(each.user.roles),
        ),
        (Column("never_used", "NEVER USED", "flag", hide_under=100), lambda each: each.last_used is None),
        (Column("never_expires", "NEVER EXPIRES", "flag", hide_under=130), lambda each: each.never_expires),
        (
            Column("superuser", "SUPERUSER", "flag", hide_under=140, tones=cards.POWER),
            lambda each: each.user.superuser,
        ),
    )


def _chosen(
    command: Command, logins: Logins, days: int, now: datetime
) -> tuple[Selection, tuple[Column, ...], int]:
    """The dormant accounts that match the filter, the columns, and the number of all dormant ones."""
    fields = _fields(logins, now)
    columns = cards.columns_of(fields)
    rows = cards.rows_of(fields, (account for account in logins.accounts if _dormant(account, days, now)))
    rows.sort(key=lambda row: -int(str(row["idle_days"])) if row["idle_days"] is not None else -LONGEST)
    return select(rows, filter_words(command), columns), columns, len(rows)


def _dormant(account: Account, days: int, now: datetime) -> bool:
    """True if it is known to be unused for that many days; an account never used counts from its creation."""
    since = account.last_used or account.created
    return account.age_known and since is not None and now - since >= timedelta(days=days)


def _ends(account: Account, logins: Logins, now: datetime) -> str:
    """What will end the account, or why nothing will."""
    if account.never_expires:
        return "nothing: the account never expires"
    left = account.days_left(logins.inactive_limit, now)
    parts = []
    if account.expires:
        parts.append(f"expires {account.expires.isoformat()}")
    if logins.inactive_limit:
        parts.append(f"inactivity limit of {logins.inactive_limit} days")
    if not parts:
        return "nothing: no limit is set" if logins.inactive_limit == 0 else "not known"
    return " or ".join(parts) + (", already over" if left is not None and left < 0 else "")


def _of_unknown_age(logins: Logins) -> list[str]:
    return [
        each.user.name
        for each in logins.accounts
        if not each.age_known and each.user.name.casefold() not in _NO_LOGINS
    ]


def _notes(logins: Logins, rows: Sequence[object], days: int) -> list[str]:
    notes = []
    unknown = _of_unknown_age(logins)
    if logins.inactive_limit:
        notes.append(
            f"The instance refuses accounts after {counted(logins.inactive_limit, 'day')} without a login, "
            "except those that never expire."
        )
    elif logins.inactive_limit == 0:
        notes.append(
            "The instance has no inactivity limit: unused accounts stay open until somebody disables them."
        )
    if rows:
        notes.append(
            f"/dormant disable {days}d disables those that are enabled, after a yes; /undo takes it back."
        )
    elif not unknown:
        notes.append(f"Every account that people log in with was used in the last {counted(days, 'day')}.")
    if unknown:
        notes.append(
            f"Age unknown, so not listed and never disabled by a sweep: {listed(unknown)}. "
            "The instance gives neither their last login nor, for those never used, when they were created."
        )
    return notes


async def disable_dormant(context: Context, command: Command) -> Replies:
    """Plan to disable them in one change, so that one /undo reverses it."""
    link = context.link()
    days = _days(command)
    logins = await read_logins(link.connection)
    chosen, _, _ = _chosen(command, logins, days, context.clock.now())
    names, left_out = _to_disable(link, chosen, _of_unknown_age(logins))
    states = await objects.read_states(context, link, [("user", name) for name in names])
    changes = tuple(
        ObjectChange(state, state.with_fields({"enabled": False}))
        for name in names
        if (state := states.get(("user", name.casefold()))) is not None and state.flag("enabled")
    )
    if not changes:
        raise Refusal(
            "Moved", "These accounts are disabled or gone by now.", "/users dormant shows the present state."
        )
    wanted = objects.Wanted(
        "dormant_disable",
        f"Disable {counted(len(changes), 'account')} not used for {counted(days, 'day')}",
        changes,
        Origin(command.slash),
        warnings=left_out,
    )
    yield await change_plan.plan(context, link, wanted)


def _to_disable(link: Link, chosen: Selection, unknown: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names, and notes on the accounts left out. Raises `Refusal` if no name is left."""
    own = link.profile.user.casefold()
    enabled = [row for row in chosen.rows if row["enabled"]]
    kept = [
        str(row["name"]) for row in enabled if not row["superuser"] and str(row["name"]).casefold() != own
    ]
    supers = [str(row["name"]) for row in enabled if row["superuser"] and str(row["name"]).casefold() != own]
    notes = []
    if supers:
        notes.append(
            f"Superusers are left out: {listed(supers)}. Disable one by name if nothing logs in with it."
        )
    if any(str(row["name"]).casefold() == own for row in enabled):
        notes.append(f"{harmless(link.profile.user)} is the account you are using: it stays.")
    if unknown:
        notes.append(f"Left out, because the instance does not give their age: {listed(unknown)}.")
    if not kept:
        raise Refusal(
            "NothingToDisable",
            " ".join(["No enabled account is dormant that may be disabled in a sweep.", *notes]),
            "/users dormant shows those that are dormant.",
        )
    return kept, notes
