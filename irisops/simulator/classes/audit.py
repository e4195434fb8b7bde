"""`%SYS.Audit`: the audit log (facts: iris-security 3.7). Every method needs %Admin_Secure:U."""

# ruff: noqa: PLR0917 - the handlers take the vendor's positional arguments
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.arrays import nothing_comes_back
from irisops.simulator.classes.authentication import methods_text
from irisops.simulator.classes.dates import odbc_millis
from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance
from irisops.simulator.classes.sql_access import require_select
from irisops.simulator.classes.user_operations import audit_change
from irisops.simulator.classes.values import as_integer, as_text, matches_names
from irisops.simulator.doubts import EMPTY_STRING
from irisops.simulator.world.model import AuditRecord

AUDIT = ClassDef("%SYS.Audit", base=PERSISTENT, requires="%Admin_Secure:U")

SYSTEM_ID = "IRISSIM:IRIS"

Getter = Callable[[AuditRecord], Any]

_PROPERTIES: tuple[tuple[str, str, int, Getter], ...] = (
    ("AuditIndex", "%BigInt", 0, lambda r: r.index),
    ("Authentication", "%String", 128, lambda r: methods_text(r.authentication)),
    ("ClientExecutableName", "%String", 128, lambda r: r.executable),
    ("ClientIPAddress", "%String", 128, lambda r: r.client_ip),
    ("CSPSessionID", "%String", 16, lambda r: r.csp_session_id),
    ("Description", "%String", 128, lambda r: r.description),
    ("Event", "%String", 64, lambda r: r.event),
    ("EventData", "%String", 16384, lambda r: r.event_data),
    ("EventSource", "%String", 64, lambda r: r.source),
    ("EventType", "%String", 64, lambda r: r.type),
    ("GroupName", "%String", 64, lambda _r: ""),
    ("JobId", "%String", 16, lambda r: str(r.job_number)),
    ("JobNumber", "%Integer", 0, lambda r: r.job_number),
    ("Namespace", "%String", 128, lambda r: r.namespace),
    ("OSUsername", "%String", 16, lambda r: r.os_username),
    ("Pid", "%String", 16, lambda r: str(r.pid)),
    ("Roles", "%String", 2048, lambda r: r.roles),
    ("RoutineSpec", "%String", 512, lambda r: r.routine),
    ("StartupClientIPAddress", "%String", 128, lambda r: r.client_ip),
    ("Status", "%String", 256, lambda r: r.status or "1"),
    ("SystemID", "%String", 128, lambda _r: SYSTEM_ID),
    ("UserInfo", "%String", 64, lambda _r: ""),
    ("Username", "%String", 160, lambda r: r.username),
    ("UTCTimeStamp", "%String", 64, lambda r: odbc_millis(r.time)),
)
_GETTERS: dict[str, Getter] = {name: getter for name, _kind, _length, getter in _PROPERTIES}
# The simulator's machine is in UTC, so local and UTC times are one.
_GETTERS["TimeStamp"] = _GETTERS["UTCTimeStamp"]

for _name, _kind, _length, _getter in _PROPERTIES:
    AUDIT.property(_name, _kind, read_only=True, maximum_length=_length)


def row_id(record: AuditRecord) -> str:
    """`UTCTimeStamp||SystemID||AuditIndex`: the three keys that Get asks for."""
    return f"{odbc_millis(record.time)}||{SYSTEM_ID}||{record.index}"


_GETTERS["ID"] = row_id


def _find(job: Job, stamp: Value, system: Value, index: Value) -> AuditRecord | None:
    number = as_integer(index)
    found: AuditRecord | None = next(
        (record for record in job.world.audit_log.records if record.index == number), None
    )
    if found is None or as_text(system) != SYSTEM_ID or odbc_millis(found.time) != as_text(stamp):
        return None
    return found


class AuditPersistence:
    """Opens audit records; they are never changed."""

    def exists(self, job: Job, row: str) -> bool:
        """Whether the log still holds the record."""
        stamp, _, rest = row.partition("||")
        system, _, index = rest.partition("||")
        return _find(job, stamp, system, index) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record."""
        stamp, _, rest = instance.key.partition("||")
        system, _, index = rest.partition("||")
        record = _find(job, stamp, system, index)
        if record is not None:
            instance.values = {name: _GETTERS[name](record) for name, *_ in _PROPERTIES}

    def save(self, _job: Job, _instance: Instance) -> None:
        """Refused. UNVERIFIED: with which error. Settle: open a record by its id, %Save it."""
        raise status.StatusError(940)

    def delete(self, _job: Job, _row: str) -> None:
        """Refused: records go by Delete and Erase of the class."""
        raise status.StatusError(940)


AUDIT.persistence = AuditPersistence()


@AUDIT.class_method(
    "OpenAuditItem(UTCTimeStamp As %String, SystemID As %String, AuditIndex As %BigInt) As %SYS.Audit"
)
def _open(job: Job, stamp: Value, system: Value, index: Value) -> Instance | str:
    record = _find(job, stamp, system, index)
    if record is None:
        return ""
    instance = Instance(AUDIT, row_id(record))
    instance.values = {name: _GETTERS[name](record) for name, *_ in _PROPERTIES}
    return instance


@AUDIT.class_method(
    'Exists(UTCTimeStamp As %String = "", SystemID As %String = "", AuditIndex As %Integer = 0,'
    " ByRef Audit As %ObjectHandle, ByRef Status As %Status) As %Boolean"
)
def _exists(job: Job, stamp: Value, system: Value, index: Value, found: ByRef, outcome: ByRef) -> int:
    record = _find(job, stamp, system, index)
    if record is None:
        found.value = ""
        outcome.value = status.error(859, as_integer(index))
        return 0
    opened = _open(job, stamp, system, index)
    found.value = job.objects.refer(opened) if isinstance(opened, Instance) else ""
    outcome.value = status.OK
    return 1


@AUDIT.class_method(
    "Get(UTCTimeStamp As %String, SystemID As %String, AuditIndex As %Integer, ByRef Properties As %String) As %Status"
)
def _get(job: Job, stamp: Value, system: Value, index: Value, properties: ByRef) -> None:
    if _find(job, stamp, system, index) is None:
        raise status.StatusError(859, as_integer(index))
    nothing_comes_back(job, "%SYS.Audit.Get", properties)


@AUDIT.class_method("Erase(Flags As %Integer = 0) As %Status")
def _erase(job: Job, _flags: Value) -> None:
    job.world.audit_log.records.clear()
    job.world.audit_log.revision += 1
    audit_change(job, "AuditChange", "Audit log erased")


@AUDIT.class_method("ConvertUTCHToLocal(UTC As %String) As %String")
def _to_local(_job: Job, stamp: Value) -> str:
    return as_text(stamp)


@AUDIT.class_method("ConvertLocalHToUTC(LocalH As %String) As %String")
def _to_utc(_job: Job, stamp: Value) -> str:
    return as_text(stamp)


def _moment(job: Job, text: str, default: datetime) -> datetime:
    """An ODBC date, or date and time, in UTC. Raises #5001 for what is neither.

    The empty string of SQL, $CHAR(0), lies before all times, unless it is an error or never comes.
    """
    if not text.strip():
        return default
    if text == "\0" and job.world.doubts.says(EMPTY_STRING, "no-rows"):
        return datetime.min.replace(tzinfo=default.tzinfo)
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=default.tzinfo)
    except ValueError:
        raise status.StatusError(5001, f"'{text}' is not a date and time") from None


def _selected(job: Job, args: Sequence[Value]) -> list[AuditRecord]:
    """The records that a List's arguments ask for, newest first."""
    begin, end, sources, kinds, events, usernames, _systems, pids = (as_text(each) for each in args[:8])
    now = job.world.now()
    since = _moment(job, begin, now - timedelta(days=36500))
    until = _moment(job, end, now + timedelta(days=1))
    return [
        record
        for record in reversed(job.world.audit_log.records)
        if since <= record.time <= until
        and matches_names(record.source, sources)
        and matches_names(record.type, kinds)
        and matches_names(record.event, events)
        and matches_names(record.username, usernames)
        and matches_names(str(record.pid), pids)
    ]


_ARGUMENTS = (
    'BeginDateTime As %String = "", EndDateTime As %String = "", EventSources As %String = "*",'
    ' EventTypes As %String = "*", Events As %String = "*", Usernames As %String = "*", SystemIDs As %String = "*",'
    ' Pids As %String = "*", Groups As %String = "*", Authentications As Security.Datatype.Authentication = "*"'
)
# Those of List, in its order (facts: iris-operations 9). UNVERIFIED: that every release has these, and the other lists,
# too. Settle: evidence %SYS.Audit:List by SQL, NULL as times.
_LIST_COLUMNS = (
    "SystemID", "AuditIndex", "TimeStamp", "EventSource", "EventType", "Event", "Pid", "SessionID", "Username",
    "Description", "UTCTimeStamp", "Group", "JobNumber", "Authentication", "ClientExecutableName", "ClientIPAddress",
    "EventData", "Namespace", "Roles", "RoutineSpec", "UserInfo", "JobId", "Status", "OSUsername",
    "StartupClientIPAddress",
)  # fmt: skip
_OTHERWISE = {"SessionID": "CSPSessionID", "Group": "GroupName"}
"""Columns of the lists that are called otherwise than the property."""
_SHOWN = tuple(
    column(
        name,
        "%Integer" if name in ("AuditIndex", "JobNumber") else "%String",
        precision=0 if name != "EventData" else 16384,
    )
    for name in _LIST_COLUMNS
)


def _rows(records: Iterable[AuditRecord]) -> list[Sequence[Value]]:
    getters = [_GETTERS[_OTHERWISE.get(name, name)] for name in _LIST_COLUMNS]
    return [tuple(getter(record) for getter in getters) for record in records]


@AUDIT.query(
    f'List({_ARGUMENTS}, Flags As %Integer = 0, JSONSearch As %String = "")', _SHOWN, sql_procedure=True
)
def _list(job: Job, *args: Value) -> Iterable[Sequence[Value]]:
    """Newest first; Flags 1 turns that round (facts: iris-security 3.7)."""
    rows = _rows(_selected(job, args))
    return rows[::-1] if as_integer(args[10]) & 1 else rows


@AUDIT.query(f"ListByUser({_ARGUMENTS})", _SHOWN, sql_procedure=True)
def _list_by_user(job: Job, *args: Value) -> Iterable[Sequence[Value]]:
    return _rows(sorted(_selected(job, args), key=lambda record: record.username.lower()))


@AUDIT.query(f"ListByEvent({_ARGUMENTS})", _SHOWN, sql_procedure=True)
def _list_by_event(job: Job, *args: Value) -> Iterable[Sequence[Value]]:
    return _rows(sorted(_selected(job, args), key=lambda record: (record.source, record.type, record.event)))


@AUDIT.query(f"ListByPid({_ARGUMENTS})", _SHOWN, sql_procedure=True)
def _list_by_pid(job: Job, *args: Value) -> Iterable[Sequence[Value]]:
    return _rows(sorted(_selected(job, args), key=lambda record: record.pid))


def _table_rows(job: Job, names: Sequence[str]) -> Iterable[Sequence[Any]]:
    getters = [_GETTERS[name] for name in names]
    return [
        tuple(None if (value := getter(record)) == "" else value for getter in getters)
        for record in job.world.audit_log.records
    ]


def _authorize(job: Job, action: str) -> None:
    # UNVERIFIED: that %Admin_Secure:U or read on IRISAUDIT admits to the table without a grant (facts: iris-security
    # 3.7). Settle: evidence table %SYS.Audit, as such a user.
    if job.holds("%Admin_Secure:U") or job.holds("%DB_IRISAUDIT:R"):
        return
    require_select(job, "%SYS", "Audit", action)


AUDIT.table = TableProjection(
    (
        column("ID", exact=True),
        *(column(name, kind, precision=length) for name, kind, length, _getter in _PROPERTIES),
    ),
    _table_rows,
    lambda job: job.world.revision("audit"),
    _authorize,
    refusal="Audit records cannot be changed",
)
