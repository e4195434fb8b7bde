"""Processes: listed, suspended, resumed and terminated (facts: iris-license-sessions 4.1, 4.4)."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Literal, overload

from irisops.contract.record_rows import Picked
from irisops.instance.calls import Answer, ClassMethod, ObjectCall, ObjectStep, Query, Rows
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted
from irisops.instance.failures import is_missing, not_permitted
from irisops.instance.features import WRITE_IRISSYS, Route
from irisops.instance.models import Process
from irisops.instance.outcome import changing, check_status
from irisops.instance.packed_rows import Cells, PackedRows
from irisops.instance.routes import Instance, first_route, for_reads, lacking
from irisops.instance.values import (
    NamedRow,
    Row,
    answered,
    as_int,
    in_portions,
    number_of,
    places_of,
)

DEADLINE = 20.0
"""Seconds: ten thousand rows over a slow line."""

# None of these asks the process itself: the columns that do can take seconds each (facts: 4.1, marked *).
CORE_COLUMNS = (
    "Pid",
    "JobNumber",
    "UserName",
    "NameSpace",
    "Routine",
    "State",
    "CurrentDevice",
    "ClientIPAddress",
    "ClientNodeName",
    "ClientExecutableName",
    "OSUserName",
    "LicenseUserId",
    "CSPSessionID",
    "Location",
    "InTransaction",
    "Priority",
    "GlobalReferences",
    "CanBeExamined",
    "CanBeSuspended",
    "CanBeTerminated",
    "UserInfo",
)
LATER_COLUMNS = ("CommandsExecuted", "CPUTime", "Roles", "LoginRoles")
"""Columns that older versions may lack; the list is then read without them."""

MOST_PIDS = 100
"""Processes that are asked for by their pids; of more the whole list is read."""

OF_ONE = frozenset({"Priority", "CanBeExamined", "CanBeSuspended", "UserInfo", "Roles", "LoginRoles"})
"""Columns that are read of one process alone: of ten thousand they are 1 MB that nobody looks at."""


PORTION = 512
"""Rows looked at between two turns of the event loop: a millisecond or two."""


class Processes(Sequence[Process]):
    """The rows of a list, each a process when it is looked at: ten thousand of them would take 5 MB."""

    __slots__ = ("_own", "_places", "_rows")

    def __init__(self, rows: Rows, own: int | None) -> None:
        """`own` is the pid of this tool's own server process."""
        self._rows, self._places, self._own = rows.rows, places_of(rows), own

    @overload
    def __getitem__(self, place: int) -> Process: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Process]: ...

    def __getitem__(self, place: int | slice) -> Process | Sequence[Process]:
        if isinstance(place, slice):
            return Picked(self, range(*place.indices(len(self))))
        rows = self._rows
        kept = (
            rows.kept(place) if isinstance(rows, PackedRows) else rows[place]
        )  # those of a recording come unpacked
        process = Process(NamedRow(self._places, kept))
        process.own = self._own is not None and process.pid == self._own
        return process

    def __iter__(self) -> Iterator[Process]:
        return map(self.__getitem__, range(len(self)))

    def __len__(self) -> int:
        return len(self._rows)

    def cells(self) -> Iterator[Cells]:
        """The rows as they are."""
        return iter(self._rows)

    def some_cells(self, names: Sequence[str]) -> Iterator[Cells]:
        """These columns of each row, as they are; None for one that was not read. Names in lower case."""
        places = [self._places.get(name) for name in names]
        if len(names) > 1 and None not in places:
            return map(itemgetter(*places), self._rows)
        return (tuple(None if place is None else row[place] for place in places) for row in self._rows)


def some_cells(found: Sequence[Process], names: Sequence[str]) -> Iterator[Cells]:
    """These columns of each process, as they came; None for one that was not read. Names in lower case.

    For what looks at ten thousand processes: as records they take four times as long.
    """
    if isinstance(found, Processes):
        return found.some_cells(names)
    return (tuple(each.get(name) for name in names) for each in found)


async def processes_of(rows: Rows | None, own: int | None = None) -> Sequence[Process]:
    """The processes of a list, without the rows that have no pid. `own` is as in `Processes`."""
    pid = None if rows is None else places_of(rows).get("pid")
    if rows is None or pid is None:
        return ()
    found = Processes(rows, own)
    numbers = array("I")
    for number, cells in enumerate(found.cells()):
        if number % PORTION == PORTION - 1:
            await asyncio.sleep(0)
        if as_int(cells[pid]) is not None:
            numbers.append(number)
    return found if len(numbers) == len(found) else Picked(found, numbers)


def process_of(row: Row, own_pid: int | None = None) -> Process | None:
    """One process; None for a row without a pid."""
    pid = as_int(row.get("pid"))
    if pid is None:
        return None
    return Process(row, own=own_pid is not None and pid == own_pid)


def process_query(columns: tuple[str, ...], where: str = "") -> Query:
    """The SELECT for these columns (facts: 4.1)."""
    # Column names are the constants above, `where` is a caller's constant: nothing typed by a person gets in here.
    sql = f"SELECT {', '.join(columns)} FROM %SYS.ProcessQuery {where}".rstrip()  # noqa: S608 - names of ours
    return Query(sql, repeated=not where)


def list_columns(*, start: bool) -> list[tuple[str, ...]]:
    """The columns that a list of all processes is read with, those of newer versions first; `start` adds that time."""
    newest = ("StartTimeUTC",) if start else ()
    core, later = (
        tuple(each for each in some if each not in OF_ONE) for some in (CORE_COLUMNS, LATER_COLUMNS)
    )
    return list(dict.fromkeys((core + later + newest, core + later, core)))


async def list_processes(instance: Instance, *, pids: Sequence[int] = ()) -> Sequence[Process]:
    """All processes, or those of `pids`. Raises NotAvailable or NotPermitted."""
    where = f"WHERE Pid IN ({', '.join('?' * len(pids))})" if pids else ""
    start = instance.capabilities.has_start_time()
    choices = list_columns(start=start)

    async def attempt(_route: Route) -> Sequence[Process]:
        own: int | None = None
        for columns in choices:
            query = replace(process_query(columns, where), params=tuple(pids))
            pid, rows = await instance.batch(
                [ClassMethod("%SYSTEM.SYS", "ProcessID"), query], deadline=DEADLINE
            )
            own = number_of(pid)
            if isinstance(rows, Answer) or not _lacks_a_column(rows) or columns is choices[-1]:
                break
        if start and isinstance(rows, Answer) and columns is not choices[0]:
            instance.capabilities.learn_no_start_time()
        return await processes_of(answered(rows).rows, own)

    return await first_route(instance, "processes.list", attempt)


def _lacks_a_column(problem: Exception) -> bool:
    return isinstance(problem, InstanceProblem) and is_missing(problem) and "-29" in problem.detail


ProcessAction = Literal["terminate", "suspend", "resume"]

_METHODS: dict[ProcessAction, str] = {"terminate": "Terminate", "suspend": "Suspend", "resume": "Resume"}

# What $SYSTEM.Process.Terminate answers (facts: 4.4).
_ANSWERS = {
    0: "it is exempt from being terminated",
    -1: "it does not respond",
    -2: "it is inactive or dead already",
    -3: "there is no such process",
}
ROLLING_BACK = -4
"""It had an open transaction and is being rolled back: it ends, but not at once (facts: 4.4)."""


async def read_process(instance: Instance, pid: int) -> Process | None:
    """One process as it is now; None if no process has that pid. Raises as `list_processes`."""
    start = ("StartTimeUTC",) if instance.capabilities.has_start_time() else ()

    async def attempt(_route: Route) -> Process | None:
        newer = CORE_COLUMNS + LATER_COLUMNS
        for columns in dict.fromkeys((newer + start, newer, CORE_COLUMNS)):
            query = replace(process_query(columns, where="WHERE Pid = ?"), params=(pid,))
            own, rows = await instance.batch([ClassMethod("%SYSTEM.SYS", "ProcessID"), query])
            if isinstance(rows, Answer) or columns is CORE_COLUMNS:
                break
        mine = number_of(own)
        found = await in_portions(answered(rows).rows, lambda row: process_of(row, mine))
        return found[0] if found else None

    return await first_route(instance, "processes.list", attempt, again=for_reads)


async def probe_action(instance: Instance, pid: int, action: ProcessAction) -> bool:
    """Find out whether an action can only fail, without acting: False if the process is gone.

    Asks for the documented privilege, and opens the process as the action would. Raises NotPermitted with the true
    cause, NotAvailable or Unreachable.
    """
    feature = f"processes.{action}"
    lacks = await lacking(instance, WRITE_IRISSYS)
    if lacks:
        raise not_permitted(f"To {action} a process needs {lacks}.", privilege=lacks)
    route = next(iter(instance.capabilities.routes(feature)), None)
    if route is None:
        raise NotAvailable(f"Processes cannot be acted on: {instance.capabilities.available(feature)[1]}.")
    if route.kind != "object":
        return True
    try:
        return (await instance.call(ObjectCall("SYS.Process", "%OpenId", (pid,)))).found
    except NotPermitted as problem:
        instance.capabilities.fail(route, problem)
        raise NotPermitted(
            f"This account has {WRITE_IRISSYS}, but the instance does not let it open process {pid}: "
            f"{problem.message}",
            "Connect as a user with %All, or ask somebody who is one.",
            detail=problem.detail,
        ) from None
    except InstanceError as problem:
        instance.capabilities.fail(route, problem)
        if is_missing(problem):
            return await probe_action(instance, pid, action)  # by the next route
        raise


async def act_on_process(instance: Instance, pid: int, action: ProcessAction) -> bool:
    """Suspend, resume or terminate a process: True if done or under way, False if it is gone.

    Raises NotPermitted (%DB_IRISSYS:W and namespace %SYS are needed), InstanceError in the instance's own words,
    NotAvailable, Unreachable with the outcome unknown. Never repeated by itself.

    The caller must have checked that the process is neither this tool's own nor the system's, and still the one that
    was meant: pids are used again.
    """
    if pid <= 0:
        # Without a pid the method would terminate this tool's own process (facts: 4.4).
        raise ValueError("a process id is a number above 0")
    method = _METHODS[action]

    async def attempt(route: Route) -> bool:
        if route.kind == "object":
            answer = await instance.call(
                ObjectCall("SYS.Process", "%OpenId", (pid,), (ObjectStep("invoke", method),))
            )
            if not answer.found:
                return False
            await check_status(instance, answer.values[0], f"SYS.Process.{method}")
            return True
        answer = await instance.call(ClassMethod("%SYSTEM.Process", method, (pid,)))
        code = as_int(answer.value)
        if code in (1, ROLLING_BACK):
            return True
        if code in (-2, -3):
            return False
        raise InstanceError(
            f"Process {pid} was not terminated: {_ANSWERS.get(code or 0, f'the instance answered {code}')}.",
            "Nothing was retried.",
        )

    return await changing(first_route(instance, f"processes.{action}", attempt))
