"""What /status says of a day's operations: one line for each area, what is wrong first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from irisops.commands.operations import databases, journal, mirror, productions
from irisops.connections.connection import Link
from irisops.contract.wording import counted, harmless, listed
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.operations.databases import read_databases, urgency
from irisops.instance.operations.journal import a_day, read_files, read_journal
from irisops.instance.operations.locks import read_locks
from irisops.instance.operations.log import read_alerts
from irisops.instance.operations.mirror import read_mirror
from irisops.instance.operations.tasks import read_tasks

SECONDS = 30.0
"""How long a summary is shown again: a live card asks every few seconds, and some of these lists are slow."""


async def _databases(link: Link) -> tuple[list[str], str]:
    found, notes = await read_databases(link.connection)
    bad = [each for each in sorted(found, key=urgency) if databases.trouble(each)]
    wrong = [f"{listed([f'{harmless(each.name, 40)} {each.state}' for each in bad], most=4)}"] if bad else []
    sizes = [each.size for each in found if each.size is not None]
    total = f", {sum(sizes):,.0f} MB" if sizes else ""
    return wrong, ". ".join([f"{counted(len(found), 'database')}{total}", *notes])


async def _journal(link: Link) -> tuple[list[str], str]:
    now = await read_journal(link.connection)
    pace = None
    if now.state == "enabled":
        try:
            pace = a_day(await read_files(link.connection))
        except Unreachable:
            raise
        except InstanceProblem:  # without the files, the state is told all the same
            pace = None
    days = journal.days_left(now, pace)
    left = f", {now.free_mb:,} MB left" if now.free_mb is not None else ""
    said = f"{now.state}{left}" + (f", for {days:,.1f} days" if days is not None else "")
    return [said] if journal.trouble(now, pace) else [], said


async def _tasks(link: Link) -> tuple[list[str], str]:
    found = await read_tasks(link.connection)
    failed = [harmless(each.name, 60) for each in found if each.failed]
    told = [f"{listed(failed, most=3)} failed"] if failed else []
    upcoming = min((each for each in found if each.next_run), key=lambda each: each.next_run, default=None)
    following = f", next {harmless(upcoming.name, 40)} at {upcoming.next_run}" if upcoming else ""
    return told, f"{counted(len(found), 'task')}{following}"


async def _locks(link: Link) -> tuple[list[str], str]:
    found, _ = await read_locks(link.connection)
    blocked = [each for each in found if each.waiters]
    waiting = sum(len(each.waiters or ()) for each in blocked)
    told = (
        [f"{counted(waiting, 'process', 'processes')} wait for {counted(len(blocked), 'lock')}"]
        if blocked
        else []
    )
    return told, f"{counted(len(found), 'lock')}, nobody is known to wait"


async def _productions(link: Link) -> tuple[list[str], str]:
    found, _ = await productions.read_productions(link)
    now = await productions.instance_now(link)
    bad = [productions.brief(each, now) for each in found if productions.trouble(each, now)]
    running = sum(each.state == productions.RUNNING for each in found)
    return bad[:2], f"{counted(running, 'production')} running" if found else "none"


async def _alerts(link: Link) -> tuple[list[str], str]:
    state, count = await read_alerts(link.connection)
    told = "" if count is None else f", {counted(count, 'alert')} since it started or was cleared"
    said = f"the system monitor says {state or 'nothing'}{told}"
    return ([said] if state not in ("OK", "") else []), said


async def _mirror(link: Link) -> tuple[list[str], str]:
    found = await read_mirror(link.connection)
    said = f"{found.role or 'member'} of {harmless(found.name, 60)}, {harmless(found.status, 40)}"
    return [said] if mirror.trouble(found) else [], said if found.member else "none"


Read = Callable[[Link], Awaitable[tuple[list[str], str]]]
_AREAS: tuple[tuple[str, Read, str], ...] = (
    ("databases", _databases, "/databases"),
    ("journal", _journal, "/journal"),
    ("productions", _productions, "/productions"),
    ("tasks", _tasks, "/tasks"),
    ("locks", _locks, "/locks"),
    ("alerts", _alerts, "/log level>=2"),
    ("mirror", _mirror, "/mirror"),
)


async def read_health(link: Link) -> list[str]:
    """A sentence for each area: what is wrong first, then what is not known, then what is fine. Raises Unreachable."""
    now = link.clock.monotonic()
    if link.health is not None and now - link.health[0] < SECONDS:
        return link.health[1]
    bad: list[str] = []
    unread: list[str] = []
    fine: list[str] = []
    for name, read, command in _AREAS:
        try:
            wrong, said = await read(link)
        except Unreachable:
            raise
        except InstanceProblem as problem:
            unread.append(f"! {name}: cannot be read. {problem.message}")
        else:
            if wrong:
                bad.append(f"✗ {name}: {'; '.join(wrong)} · {command}")
            else:
                fine.append(f"✓ {name}: {said}")
    link.health = (now, [*bad, *unread, *fine])
    return link.health[1]
