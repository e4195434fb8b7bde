"""`%SYS.ProcessQuery`, `SYS.Process` and the process methods of `%SYSTEM.Process` (facts: license-sessions 4).

UNVERIFIED: what a caller sees of other processes without %Admin_Manage:U and without read on %DB_IRISSYS: here its own
row alone. Settle: SELECT COUNT(*) FROM %SYS.ProcessQuery as such a user, after GRANT SELECT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.dates import odbc
from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance
from irisops.simulator.classes.sql_access import require_select
from irisops.simulator.classes.values import as_integer, as_text
from irisops.simulator.sql.catalog import ColumnDef
from irisops.simulator.world.model import Process

Getter = Callable[[Process], Any]

_START_TIME_SINCE = (2025, 1)

# name, type, value; in the order of the vendor's SqlColumnNumber. Those that need a mailbox message to the target on a
# real instance answer from the record here, too.
_PROPERTIES: tuple[tuple[str, str, Getter], ...] = (
    ("NameSpace", "%String", lambda p: p.namespace),
    ("Routine", "%String", lambda p: p.routine),
    ("LinesExecuted", "%BigInt", lambda p: p.commands),
    ("GlobalReferences", "%BigInt", lambda p: p.global_refs),
    ("State", "%String", lambda p: p.state),
    ("PidExternal", "%String", lambda p: str(p.pid)),
    ("UserName", "%String", lambda p: p.username),
    ("ClientIPAddress", "%String", lambda p: p.client_ip),
    ("ClientNodeName", "%String", lambda p: p.client_node),
    ("CurrentDevice", "%String", lambda p: p.device),
    ("UserInfo", "%String", lambda p: p.user_info),
    ("CurrentLineAndRoutine", "%String", lambda p: f"+1^{p.routine}" if p.routine else ""),
    ("CurrentSrcLine", "%String", lambda _p: ""),
    ("LastGlobalReference", "%String", lambda _p: ""),
    ("ClientExecutableName", "%String", lambda p: p.executable),
    ("MemoryAllocated", "%Integer", lambda p: p.memory_kb),
    ("MemoryUsed", "%Integer", lambda p: p.memory_kb),
    ("OpenDevices", "%String", lambda p: p.device),
    ("CanBeExamined", "%Boolean", lambda p: int(p.can_be_examined)),
    ("CanBeSuspended", "%Boolean", lambda p: int(p.can_be_suspended)),
    ("CanBeTerminated", "%Boolean", lambda p: int(p.can_be_terminated)),
    ("CanReceiveBroadcast", "%Boolean", lambda p: int(p.can_receive_broadcast)),
    ("CSPSessionID", "%String", lambda p: p.csp_session_id),
    ("InTransaction", "%Integer", lambda p: p.in_transaction),
    ("IsGhost", "%Boolean", lambda _p: 0),
    ("JobNumber", "%Integer", lambda p: p.job_number),
    ("JobType", "%Integer", lambda p: p.job_type),
    ("LicenseUserId", "%String", lambda p: p.license_user_id),
    ("Location", "%String", lambda p: p.location),
    ("OSUserName", "%String", lambda p: p.os_username[:16]),
    ("Pid", "%Integer", lambda p: p.pid),
    ("Priority", "%Integer", lambda p: p.priority),
    ("StartupClientIPAddress", "%String", lambda p: p.client_ip),
    ("StartupClientNodeName", "%String", lambda p: p.client_node),
    ("Switch10", "%Boolean", lambda _p: 0),
    ("PrivateGlobalBlockCount", "%Integer", lambda p: p.private_global_blocks),
    ("CommandsExecuted", "%BigInt", lambda p: p.commands),
    ("PrincipalDevice", "%String", lambda p: p.device),
    ("GlobalUpdates", "%Integer", lambda p: p.global_updates),
    ("GlobalDiskReads", "%Integer", lambda _p: 0),
    ("GlobalBlocks", "%Integer", lambda _p: 0),
    ("JournalEntries", "%Integer", lambda p: p.journal_entries),
    ("MemoryPeak", "%Integer", lambda p: p.memory_kb),
    ("Roles", "%String", lambda p: p.roles),
    ("LoginRoles", "%String", lambda p: p.login_roles),
    ("EscalatedRoles", "%String", lambda _p: ""),
    ("DataBlockWrites", "%Integer", lambda _p: 0),
    ("PrivateGlobalReferences", "%BigInt", lambda _p: 0),
    ("PrivateGlobalUpdates", "%BigInt", lambda _p: 0),
    ("CPUTime", "%BigInt", lambda p: p.cpu_ms),
)
_START_TIME: tuple[str, str, Getter] = ("StartTimeUTC", "%TimeStamp", lambda p: odbc(p.started))
_GETTERS: dict[str, Getter] = {
    name: getter for name, _kind, getter in (*_PROPERTIES, _START_TIME, ("ID", "", lambda p: str(p.pid)))
}

_CONTROL_PANEL = (
    "Job#", "Pid", "User", "Device", "Nspace", "Routine", "Commands", "Globals", "State", "Client Name", "Client EXE",
    "Client IP", "CanBeExamined", "CanBeSuspended", "CanBeTerminated", "CanReceiveBroadcast",
)  # fmt: skip


class ProcessPersistence:
    """Opens processes by pid. They are not saved or deleted."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id, in lower case, is that of a record."""
        return _visible(job, as_integer(row_id)) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        process = _visible(job, as_integer(instance.key))
        if process is not None:
            instance.values = {name: getter(process) for name, getter in _GETTERS.items() if name != "ID"}

    def save(self, _job: Job, instance: Instance) -> None:
        """Check the object and store it. Raises `StatusError`; nothing is changed then."""
        raise status.StatusError(5001, f"{instance.cls.name} objects cannot be saved")

    def delete(self, _job: Job, row_id: str) -> None:
        """Delete the record. Raises `StatusError`."""
        raise status.StatusError(5001, f"Process {row_id} cannot be deleted; terminate it")


def sees_all(job: Job) -> bool:
    """Whether the job may look at other processes (facts: license-sessions 4.1, Privileges)."""
    return job.holds("%Admin_Manage:U") or job.holds("%DB_IRISSYS:R")


def _processes(job: Job) -> Iterable[Process]:
    return job.world.processes.values() if sees_all(job) else (job.process,)


def _visible(job: Job, pid: int) -> Process | None:
    if pid == job.process.pid:
        return job.process
    return job.world.processes.get(pid) if sees_all(job) else None


def _rows(job: Job, names: Sequence[str]) -> Iterable[Sequence[Any]]:
    getters = [_GETTERS[name] for name in names]
    return [tuple([getter(process) for getter in getters]) for process in _processes(job)]


def _revision(job: Job) -> object:
    return job.world.revision("processes"), None if sees_all(job) else job.process.pid


def _authorize(job: Job, action: str) -> None:
    require_select(job, "%SYS", "ProcessQuery", action)


def _columns(*, with_start_time: bool) -> tuple[ColumnDef, ...]:
    shown = (*_PROPERTIES, _START_TIME) if with_start_time else _PROPERTIES
    return (column("ID", exact=True), *(column(name, kind) for name, kind, _getter in shown))


def make_process_query(*, with_start_time: bool) -> ClassDef:
    """The class of one release: `StartTimeUTC` came with 2025 (facts: license-sessions 4.1)."""
    cls = ClassDef("%SYS.ProcessQuery", base=PERSISTENT)
    for name, kind, _getter in (*_PROPERTIES, _START_TIME) if with_start_time else _PROPERTIES:
        cls.property(name, kind, read_only=True)
    cls.persistence = ProcessPersistence()
    cls.table = TableProjection(
        _columns(with_start_time=with_start_time),
        _rows,
        _revision,
        _authorize,
        refusal="Processes are not changed by SQL",
    )
    cls.query("ListPids(JobNumber As %Integer = 1)", [column("Process", "%Integer")], sql_procedure=True)(
        _list_pids
    )
    # UNVERIFIED: the exact spellings of CONTROLPANEL's columns (facts: license-sessions 4.3).
    # Settle: SELECT * FROM %SYS.ProcessQuery_CONTROLPANEL(), read the cursor's description.
    cls.query(
        'CONTROLPANEL(JobNumber As %Integer = 1, Filter As %String = "")', _CONTROL_PANEL, sql_procedure=True
    )(_control_panel)
    cls.query(
        "SS(JobNumber As %Integer = 1)",
        ["Process", "JobType", "Device", "Namespace", "Routine", "CPU", "Glob", "Pr", "User", "Location"],
        sql_procedure=True,
    )(_ss)
    return cls


def _list_pids(job: Job, _job_number: Value) -> Iterable[Sequence[Value]]:
    return [(process.pid,) for process in _processes(job)]


def _control_panel(job: Job, _job_number: Value, _filter: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            p.job_number, p.pid, p.username, p.device, p.namespace, p.routine, p.commands, p.global_refs, p.state,
            p.client_node, p.executable, p.client_ip, int(p.can_be_examined), int(p.can_be_suspended),
            int(p.can_be_terminated), int(p.can_receive_broadcast),
        )
        for p in _processes(job)
    ]  # fmt: skip


def _ss(job: Job, _job_number: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            p.pid,
            p.job_type,
            p.device,
            p.namespace,
            p.routine,
            p.commands,
            p.global_refs,
            p.priority,
            p.username,
            p.location,
        )
        for p in _processes(job)
    ]


def make_sys_process(base: ClassDef) -> ClassDef:
    """`SYS.Process`: acts on a process; needs %SYS and write on %DB_IRISSYS (facts: license-sessions 4.4)."""
    cls = ClassDef("SYS.Process", base=base)
    cls.persistence = ProcessPersistence()
    for name, kind, _getter in _PROPERTIES:
        cls.property(name, kind, read_only=True)
    cls.method("Terminate(SendError As %Integer = 0) As %Status", requires="%DB_IRISSYS:W")(_terminate)
    cls.method("Suspend() As %Status", requires="%DB_IRISSYS:W")(_suspend)
    cls.method("Resume() As %Status", requires="%DB_IRISSYS:W")(_resume)
    cls.method("ReleaseAllLocks() As %Status", requires="%DB_IRISSYS:W")(_release_all_locks)
    cls.class_method("ProcessTableSize() As %Integer")(lambda _job: 4096)
    return cls


def _live(job: Job, this: Instance) -> Process:
    process = job.world.processes.get(as_integer(this.key))
    if process is None:
        # UNVERIFIED: the status of acting on a process that is gone. Settle: Suspend() a pid after it halted.
        raise status.StatusError(5001, f"Process {this.key} does not exist")
    return process


def _terminate(job: Job, this: Instance, _send_error: Value) -> None:
    process = _live(job, this)
    if not process.can_be_terminated:
        raise status.StatusError(5001, f"Process {process.pid} cannot be terminated")
    job.world.terminate_process(process.pid)


def _suspend(job: Job, this: Instance) -> None:
    process = _live(job, this)
    if not process.can_be_suspended:
        raise status.StatusError(5001, f"Process {process.pid} cannot be suspended")
    job.world.suspend_process(process.pid)


def _resume(job: Job, this: Instance) -> None:
    job.world.resume_process(_live(job, this).pid)


def _release_all_locks(job: Job, this: Instance) -> None:
    job.emulation.locks.release_all(_live(job, this).job_number)


SYSTEM_PROCESS = ClassDef("%SYSTEM.Process", supers=("%SYSTEM.Help",))


@SYSTEM_PROCESS.class_method('SetNamespace(namespace As %String = "") As %String')
def _set_namespace(job: Job, namespace: Value) -> str:
    """Switch the process; the answer is the namespace it is in now.

    UNVERIFIED: whether it returns the former or the new namespace. Settle: call it twice and compare.
    """
    name = as_text(namespace)
    if name:
        job.switch_namespace(name)
    return job.namespace


def _field(getter: Getter) -> Callable[[Job, Value], Any]:
    def read(job: Job, pid: Value) -> Any:
        number = as_integer(pid)
        process = job.process if not number else _visible(job, number)
        return "" if process is None else getter(process)

    return read


for _name, _getter in (
    ("State", _GETTERS["State"]),
    ("Routine", _GETTERS["Routine"]),
    ("NameSpace", _GETTERS["NameSpace"]),
    ("UserName", _GETTERS["UserName"]),
    ("ClientIPAddress", _GETTERS["ClientIPAddress"]),
    ("ClientExecutableName", _GETTERS["ClientExecutableName"]),
    ("ClientNodeName", _GETTERS["ClientNodeName"]),
    ("CSPSessionID", _GETTERS["CSPSessionID"]),
    ("CurrentDevice", _GETTERS["CurrentDevice"]),
    ("JobType", _GETTERS["JobType"]),
    ("GlobalReferences", _GETTERS["GlobalReferences"]),
    ("IsGhost", _GETTERS["IsGhost"]),
):
    _returns = "%Integer" if _name in ("JobType", "GlobalReferences") else "%String"
    SYSTEM_PROCESS.class_method(f'{_name}(pid As %Integer = "") As {_returns}')(_field(_getter))


@SYSTEM_PROCESS.class_method('Terminate(pid As %Integer = "", ExitStatus As %Integer = 1) As %Integer')
def _system_terminate(job: Job, pid: Value, _exit_status: Value) -> int:
    """1 done; 0 an exempt system process; -3 no such pid (facts: license-sessions 4.4). Omitted pid means itself."""
    number = as_integer(pid) or job.process.pid
    process = job.world.processes.get(number)
    if process is None:
        return -3
    if number != job.process.pid and not job.holds("%Admin_Manage:U"):
        raise ThrownError("<PROTECT>")
    if not process.can_be_terminated and number != job.process.pid:
        return 0
    job.world.terminate_process(number)
    return 1
