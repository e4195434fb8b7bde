"""The lock table: who holds what, and who waits for it (facts: iris-license-sessions 5.1, iris-operations 9)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from irisops.instance.calls import ClassMethod, Rows
from irisops.instance.class_queries import read_rows
from irisops.instance.errors import InstanceError, InstanceProblem, NotPermitted, Unreachable
from irisops.instance.features import Route
from irisops.instance.outcome import changing
from irisops.instance.routes import Instance, first_route
from irisops.instance.values import Row, as_int, as_text, in_portions

SECONDS = 20.0
"""Deadline of the list: the lock table may have ten thousand entries."""
NO_ROUTINES = 1
"""NoLineRoutine of WebList."""
DELOCK_PENDING = 2
"""Removable of a lock that is delock pending (facts: iris-license-sessions 5.1)."""
BY_KEY = 1
"""LockRefType of a DelKey."""
_PID = re.compile(r"\|?(\d+)")


@dataclass(frozen=True, slots=True)
class Lock:
    """An entry of the lock table. `owners` and `waiters` are pids; `waiters` None: the instance does not tell."""

    key: str
    reference: str
    mode: str = ""
    owners: tuple[int, ...] = ()
    waiters: tuple[int, ...] | None = None
    counts: str = ""
    flags: str = ""
    full_reference: str = ""


def _pids(text: str) -> tuple[int, ...]:
    """Pids of `13792`, `|13792|X||1`, or several of these with commas (facts: iris-license-sessions 5.1)."""
    found = (_PID.match(part.strip()) for part in text.split(","))
    return tuple(int(each[1]) for each in found if each)


def lock_of(row: Row) -> Lock | None:
    """One entry, with one waiter at most; None without a key."""
    key = as_text(row.get("delkey"))
    if not key:
        return None
    waiter = as_int(row.get("waiterpid")) if "waiterpid" in row else None
    return Lock(
        key,
        as_text(row.get("lockstring")) or as_text(row.get("fullreference")),
        as_text(row.get("mode")),
        _pids(as_text(row.get("owner"))),
        None if "waiterpid" not in row else (waiter,) if waiter else (),
        as_text(row.get("counts")),
        as_text(row.get("flags")),
        as_text(row.get("fullreference")),
    )


def merged(locks: Iterable[Lock]) -> list[Lock]:
    """One record for each key, with the waiters of all its rows."""
    found: dict[str, Lock] = {}
    for each in locks:
        known = found.get(each.key)
        if known is None:
            found[each.key] = each
        elif each.waiters:
            waiters = dict.fromkeys((*(known.waiters or ()), *each.waiters))
            found[each.key] = replace(known, waiters=tuple(waiters))
    return list(found.values())


async def read_locks(instance: Instance, pid: int | None = None) -> tuple[list[Lock], list[str]]:
    """All entries, or those of one process, and sentences on what cannot be read. Raises NotPermitted, NotAvailable.

    Detail tells who waits; where it cannot be read, the list without waiters is.
    """
    notes: list[str] = []
    args = () if pid is None else (f"P{pid}",)
    try:
        rows = await read_rows(instance, "locks.detail", args, deadline=SECONDS)
    except (Unreachable, NotPermitted):
        raise
    except InstanceProblem as problem:
        rows = await read_rows(instance, "locks.list", args, deadline=SECONDS)
        notes.append(f"Who waits for a lock cannot be read: {problem.message}")
    return await records(rows), notes


async def read_removable(instance: Instance, lock: Lock) -> int | None:
    """0 for a lock that cannot be removed, 1 for one that can, 2 for one that is delock pending; None if not told.

    UNVERIFIED: that DeleteID is the DelKey of the other lists, and what 0 and 1 say (facts: iris-license-sessions 5.1).
    Settle: take a lock, unlock it within a transaction, then print WebList and Detail.

    Raises the named problem.
    """
    args = (f"P{lock.owners[0]}" if lock.owners else "", NO_ROUTINES)
    rows = (await read_rows(instance, "locks.removable", args, deadline=SECONDS)).dicts()
    found = (row.get("removable") for row in rows if as_text(row.get("deleteid")) == lock.key)
    return as_int(next(found, None))


async def records(rows: Rows) -> list[Lock]:
    """The entries of the rows."""
    return merged(await in_portions(rows, lock_of))


async def delete_lock(instance: Instance, key: str) -> None:
    """Delete an entry by its key. Raises the named problem; InstanceError if there is no such entry any more."""

    async def attempt(_route: Route) -> None:
        answer = await instance.call(ClassMethod("SYS.Lock", "DeleteOneLock", (key, "", BY_KEY)))
        if as_int(answer.value) != 1:
            raise InstanceError(
                "The instance did not delete the lock: it was released meanwhile, or is protected.",
                "/locks shows what is held now.",
            )

    await changing(first_route(instance, "locks.delete", attempt))
