"""Clearing and watching leases, for the start and for `irisops leases`, `leases clear` and `leases watch`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from irisops.sharing import procs
from irisops.sharing.lease import UNREADABLE_CURE, Lease, LeaseError, LeaseStore, Where
from irisops.sharing.teardown import Connector, Report, Teardown, connect_by_driver

KEEPER_PATIENCE = 30.0
"""Seconds for a running keeper to take its share down on request."""
WATCH_PAUSE = 5.0

PasswordOf = Callable[[Where], Awaitable[str | None]]
"""Looks up the password for an instance; None if it is unknown."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """The result for one lease."""

    lease: Lease
    report: Report


async def clear(
    store: LeaseStore,
    password_of: PasswordOf,
    *,
    only: str = "",
    running: bool = False,
    connector: Connector = connect_by_driver,
) -> list[Cleared]:
    """Take down leftovers, and with `running` also shares with a running keeper, which is asked to do it.

    `only` names one lease. Can be repeated; concurrent calls wait for each other.
    """
    lock = store.lock()
    await asyncio.to_thread(lock.__enter__)
    try:
        cleared = []
        for lease in store.all().leases:
            if only and lease.id != only:
                continue
            if lease.kept:
                if running:
                    cleared.append(Cleared(lease, await _by_keeper(store, lease)))
                continue
            password = await password_of(lease.where) if lease.on_instance else None
            cleared.append(Cleared(lease, await Teardown(store, connector).run(lease, password)))
        return cleared
    finally:
        lock.__exit__(None, None, None)


async def _by_keeper(store: LeaseStore, lease: Lease) -> Report:
    report = Report()
    keeper = lease.keeper
    assert keeper is not None  # noqa: S101 - `kept` was true
    procs.send(keeper, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(KEEPER_PATIENCE):
            while procs.is_running(keeper):
                if (now := _read(store, lease)) is not None and now.problem:
                    procs.send(keeper, signal.SIGTERM)  # the second signal stops its retries
                await asyncio.sleep(0.1)
    left = _read(store, lease)
    if left is None:
        report.done.append("its keeper took it down")
    else:
        report.problems.append(left.problem or "its keeper has not finished")
    return report


def _read(store: LeaseStore, lease: Lease) -> Lease | None:
    """The lease reread; if that fails, the old one with the error as its problem."""
    try:
        return store.read(lease.id)
    except LeaseError as error:
        return replace(lease, problem=str(error))


async def watch(
    store: LeaseStore,
    password_of: PasswordOf,
    *,
    connector: Connector = connect_by_driver,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    say: Callable[[str], None] = lambda _line: None,
    refused: Callable[[Where], None] = lambda _where: None,
) -> None:
    """`irisops leases watch`: clear leases without a keeper and overdue ones, until none is left.

    A share that outlives the chat has its own keeper; this covers a killed one. A refused password is not sent again;
    `refused` is called for it. Raises LeaseError.
    """
    tried: set[Where] = set()

    async def untried(where: Where) -> str | None:
        return None if where in tried else await password_of(where)

    while True:
        found = store.all()
        unreadable = [f"{sentence} {UNREADABLE_CURE}" for sentence in found.unreadable()]
        if not found.leases and unreadable:
            raise LeaseError(" ".join(unreadable))
        if not found.leases:
            return
        for line in unreadable:
            say(line)
        for lease in found.leases:
            if lease.kept and not lease.overdue(now()):
                continue
            for cleared in await clear(
                store, untried, only=lease.id, running=lease.kept, connector=connector
            ):
                if cleared.report.refused:
                    tried.add(lease.where)
                    if cleared.report.password_refused:
                        refused(lease.where)
                    say(f"The login of {lease.where.text} was refused; it is not tried again in this run.")
                for line in (*cleared.report.done, *cleared.report.unread, *cleared.report.problems):
                    say(f"share {lease.id}: {line}")
        await sleep(WATCH_PAUSE)
