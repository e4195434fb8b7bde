"""Processes, from the table `%SYS.ProcessQuery` (facts: iris-license-sessions 4.1)."""

from __future__ import annotations

from irisops.instance.calls import Answer, ClassMethod, Query
from irisops.instance.errors import InstanceProblem
from irisops.instance.failures import is_missing
from irisops.instance.features import Route
from irisops.instance.models import Process
from irisops.instance.routes import Instance, first_route
from irisops.instance.values import Remade, Row, answered, as_flag, as_int, as_text, as_utc, number_of

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
"""Columns that older versions may lack: without them the list is still worth having."""


def process_of(row: Row, own_pid: int | None = None) -> Process | None:
    """One process; None for a row without a pid."""
    pid = as_int(row.get("pid"))
    if pid is None:
        return None
    transaction = as_int(row.get("intransaction")) or 0
    return Process(
        pid=pid,
        job_number=as_int(row.get("jobnumber")),
        username=as_text(row.get("username")),
        namespace=as_text(row.get("namespace")),
        routine=as_text(row.get("routine")),
        state=as_text(row.get("state")),
        device=as_text(row.get("currentdevice")),
        client_ip=as_text(row.get("clientipaddress")),
        client_node=as_text(row.get("clientnodename")),
        executable=as_text(row.get("clientexecutablename")),
        os_username=as_text(row.get("osusername")),
        license_id=as_text(row.get("licenseuserid")),
        csp_session_id=as_text(row.get("cspsessionid")),
        location=as_text(row.get("location")),
        in_transaction=transaction != 0,
        transaction_offset=transaction,
        priority=as_int(row.get("priority")),
        commands=as_int(row.get("commandsexecuted")),
        global_refs=as_int(row.get("globalreferences")),
        cpu_ms=as_int(row.get("cputime")),
        roles=as_text(row.get("roles")),
        login_roles=as_text(row.get("loginroles")),
        # What cannot be read must not be acted on.
        can_be_examined=as_flag(row.get("canbeexamined")),
        can_be_suspended=as_flag(row.get("canbesuspended")),
        can_be_terminated=as_flag(row.get("canbeterminated")),
        user_info=as_text(row.get("userinfo")),
        started=as_utc(row.get("starttimeutc")),
        own=own_pid is not None and pid == own_pid,
    )


def process_query(columns: tuple[str, ...], max_rows: int = 0, where: str = "") -> Query:
    """The SELECT for these columns; `TOP n` rather than a client-side cut, which would fetch all (facts: 4.1)."""
    top = f"TOP {int(max_rows)} " if max_rows else ""
    # Column names are the constants above, `where` is a caller's constant: nothing typed by a person gets in here.
    sql = f"SELECT {top}{', '.join(columns)} FROM %SYS.ProcessQuery {where}".rstrip()  # noqa: S608 - names of ours
    return Query(sql, repeated=not where)


async def list_processes(
    instance: Instance, *, max_rows: int = 0, remade: Remade[Process] | None = None
) -> list[Process]:
    """All processes (or the first `max_rows`). Raises NotAvailable or NotPermitted.

    Give the same `remade` each time to have unchanged processes as the very records of before.
    """
    remade = remade or Remade()
    start = ("StartTimeUTC",) if instance.capabilities.has_start_time() else ()
    newer = CORE_COLUMNS + LATER_COLUMNS
    choices = list(dict.fromkeys((newer + start, newer, CORE_COLUMNS)))

    async def attempt(_route: Route) -> list[Process]:
        own: int | None = None
        for columns in choices:
            pid, rows = await instance.batch(
                [ClassMethod("%SYSTEM.SYS", "ProcessID"), process_query(columns, max_rows)], deadline=DEADLINE
            )
            own = number_of(pid)
            if isinstance(rows, Answer) or not _lacks_a_column(rows) or columns is choices[-1]:
                break
        return await remade.of(answered(rows).rows, lambda row: process_of(row, own), given=own)

    return await first_route(instance, "processes.list", attempt)


def _lacks_a_column(problem: Exception) -> bool:
    return isinstance(problem, InstanceProblem) and is_missing(problem) and "-29" in problem.detail
