"""/locks: who holds what and who waits, the waited for first; /lock delete by plan."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from irisops.changes.actions import Action, plan_action, refuse_lacking
from irisops.changes.record import Origin
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Refusal, Table, Tone
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import Selection, filter_words, select, selection_notes
from irisops.instance.errors import or_note
from irisops.instance.models import Process
from irisops.instance.operations.locks import (
    DELOCK_PENDING,
    Lock,
    delete_lock,
    read_locks,
    read_removable,
)
from irisops.instance.usage.processes import list_processes

KIND = "lock.delete"
"""The journal's name for it."""
HELD, DELETED = "held", "deleted"
ON_A_THREAD = 1_000
"""Number of rows from which they are filtered in a thread."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A lock with what is known of its holder, and how long this irisops has seen it, in seconds."""

    lock: Lock
    holder: str
    in_transaction: bool | None
    seen: float


_TONES: Mapping[str, Tone] = {"yes": "warn"}
_FIELDS: cards.Fields[Shown] = (
    (Column("lock", "LOCK", grow=True, least=16), lambda each: each.lock.reference),
    (Column("holder", "HOLDER"), lambda each: each.holder),
    (Column("pid", "PID", "number"), lambda each: each.lock.owners[0] if each.lock.owners else None),
    (Column("waiting", "WAITING", "number", tones=cards.From(1, "warn")), lambda each: _waiting(each.lock)),
    (
        Column("waiters", "WAITERS", "list", hide_under=90),
        lambda each: [str(pid) for pid in each.lock.waiters or ()],
    ),
    (Column("seen_for", "SEEN FOR", "duration"), lambda each: each.seen),
    (Column("mode", "MODE", hide_under=70), lambda each: each.lock.mode),
    (Column("in_transaction", "TX", "flag", tones=_TONES, hide_under=60), lambda each: each.in_transaction),
    (Column("counts", "COUNTS", hide_under=120), lambda each: each.lock.counts),
    (Column("flags", "FLAGS", hide_under=130), lambda each: each.lock.flags),
    (Column("reference", "WITH DATABASE", hide_under=150), lambda each: each.lock.full_reference),
    (Column("key", "KEY", hide_under=1000), lambda each: each.lock.key),
)
_RISK = (
    "The holder goes on as if it held the lock: what it changes may meet what others change now. Ending its process "
    "rolls back what it changed; this does not."
)
_REMOVABLE: Mapping[int | None, str] = {
    0: "The instance calls it not removable: it may refuse.",
    DELOCK_PENDING: "The instance calls it delock pending: it may go by itself. Look at /locks again first.",
}
"""By what WebList tells (facts: iris-license-sessions 5.1)."""
COLUMNS = cards.columns_of(_FIELDS)
_ACTIONS = (
    ("enter", "holder", "/process {pid}"),
    ("x", "delete", "/lock delete {key}"),
)


def _waiting(lock: Lock) -> int | None:
    return None if lock.waiters is None else len(lock.waiters)


def _chosen(
    found: Sequence[Lock], processes: Mapping[int, Process], seen: Mapping[str, float], words: Sequence[str]
) -> Selection:
    """Filter and sort by words; by default those that somebody waits for first."""
    rows = []
    for lock in sorted(found, key=lambda each: (-(_waiting(each) or 0), each.reference)):
        holders = [process for pid in lock.owners if (process := processes.get(pid))]
        names = listed(dict.fromkeys(each.username for each in holders), most=3) if holders else ""
        busy = any(each.in_transaction for each in holders) if holders else None
        rows.append(cards.row_of(_FIELDS, Shown(lock, names, busy, seen[lock.key])))
    return select(rows, words, COLUMNS)


def _only_of(words: Sequence[str]) -> int | None:
    """The process whose locks alone are asked for: the instance chooses them, which is faster."""
    pids = [word.partition("=")[2] for word in words if word.casefold().startswith("pid=")]
    return int(pids[0]) if len(pids) == 1 and pids[0].isdecimal() else None


async def show_locks(context: Context, command: Command) -> Replies:
    """Locks, filtered and sorted by words."""
    link = context.link()
    words = filter_words(command)
    only = _only_of(words)
    found, notes = await read_locks(link.connection, only)
    processes = await or_note(list_processes(link.connection), notes, "Names of the holders cannot be read")
    by_pid = {each.pid: each for each in processes or ()}
    seen = link.first_seen([each.key for each in found], all_of_them=only is None)
    work = partial(_chosen, found, by_pid, seen, words)
    chosen = work() if len(found) <= ON_A_THREAD else await asyncio.to_thread(work)
    blocked = [each for each in found if each.waiters]
    if blocked and not chosen.described:
        count = sum(len(each.waiters or ()) for each in blocked)
        verb = "waits" if count == 1 else "wait"
        notes.insert(
            0, f"! {counted(count, 'process', 'processes')} {verb} for {counted(len(blocked), 'lock')}."
        )
    yield Table(
        name="locks",
        title="Locks",
        columns=COLUMNS,
        rows=chosen.rows,
        key="key",
        notes=[
            *selection_notes(chosen, len(found), "lock"),
            *notes,
            (
                "SEEN FOR is since this irisops first saw it: the lock table has no times."
                if found
                else "No lock is held, so nobody waits for one."
                if only is None
                else f"Process {only} holds no lock."
            ),
        ],
        actions=_ACTIONS,
        total=chosen.total,
        order=chosen.order,
    )


async def _find(link: Link, name: str) -> Lock:
    """The lock with that key or reference. Raises `Refusal`."""
    found, _ = await read_locks(link.connection)
    fitting = [each for each in found if each.key == name] or [
        each for each in found if each.reference == name
    ]
    if not fitting:
        raise Refusal(
            "NoSuchLock",
            f"Nobody holds {harmless(name, 120)}.",
            "/locks lists what is held; it may have been released.",
        )
    if len(fitting) > 1:
        keys = listed([harmless(each.key, 60) for each in fitting], "or", most=4)
        raise Refusal(
            "SeveralLocks", f"There are several of {harmless(name, 80)}.", f"Name one by its key: {keys}."
        )
    return fitting[0]


async def delete(context: Context, command: Command) -> Replies:
    """Plan to delete a lock."""
    link = context.link()
    await refuse_lacking(link, "locks.delete")
    lock = await _find(link, str(command.args["lock"]))
    shown = harmless(lock.reference, 120)
    warnings = [_RISK]
    processes = await or_note(
        list_processes(link.connection, pids=[*lock.owners, *(lock.waiters or ())]),
        warnings,
        "Who it is cannot be read",
    )
    by_pid = {each.pid: each for each in processes or ()}
    holders = [by_pid[pid] for pid in lock.owners if pid in by_pid]
    if any(each.in_transaction for each in holders):
        warnings.append("The holder has an open transaction: the lock guards what is not committed yet.")
    removable = await or_note(
        read_removable(link.connection, lock),
        warnings,
        "Whether the instance lets it be deleted is not known",
    )
    if removable in _REMOVABLE:
        warnings.append(_REMOVABLE[removable])
    waiting = [
        f"process {pid}" + (f" of {harmless(by_pid[pid].username, 40)}" if pid in by_pid else "")
        for pid in lock.waiters or ()
    ]

    async def look() -> str:
        now, _ = await read_locks(link.connection, lock.owners[0] if lock.owners else None)
        return HELD if any(each.key == lock.key and each.owners == lock.owners for each in now) else DELETED

    held_by = listed(
        [
            f"process {pid}" + (f" of {harmless(by_pid[pid].username, 40)}" if pid in by_pid else "")
            for pid in lock.owners
        ],
        most=5,
    )
    action = Action(
        KIND,
        lock.key,
        f"Delete the lock on {shown}",
        f"lock {shown} of {held_by or 'nobody known'}",
        HELD,
        DELETED,
        "locks.delete",
        partial(delete_lock, key=lock.key),
        look,
        said=f"The lock on {shown} is deleted.",
        effects=[
            f"Then {listed(waiting, most=5)} may go on, the first with the lock."
            if waiting
            else "Nobody is known to wait for it."
        ],
        warnings=warnings,
        final="its holder would have to take it again.",
        gone=True,
    )
    yield await plan_action(context, link, action, Origin(command.slash))
