"""Refusals in the audit log, and whether they are recorded (facts: iris-security 3.7).

Which events tell of a refusal, and what their data holds, is from the vendor's table of system audit events: Protect
"the error", LoginFailure "username", PrivilegeFailure "the SQL error message, the required privilege, the entity type,
the entity". AccessDenied is written when a security API is called without the privilege (facts: iris-security 1).
`/denied` says which of these events the instance does not list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from irisops.instance.calls import ObjectStep, Query
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceError, InstanceProblem, Unreachable
from irisops.instance.features import Route
from irisops.instance.helper import modify_by_helper, open_or_help, read_system_setting
from irisops.instance.outcome import changing, save_object
from irisops.instance.routes import Instance, first_route, for_reads
from irisops.instance.values import Row, as_flag, as_int, as_text, as_utc, in_portions

SOURCE = "%System"
REFUSALS = {
    "Protect": "%Security",
    "AccessDenied": "%Security",
    "LoginFailure": "%Login",
    "PrivilegeFailure": "%SQL",
}
"""Events that record a refusal -> their types."""
_COLUMNS = (
    "UTCTimeStamp",
    "EventType",
    "Event",
    "Username",
    "Description",
    "EventData",
    "ClientIPAddress",
    "ClientExecutableName",
    "Namespace",
    "RoutineSpec",
    "Pid",
    "AuditIndex",
    "CSPSessionID",
)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One record of a refusal. `time` in UTC; text is raw."""

    time: datetime | None
    event: str
    username: str
    description: str
    data: str
    client_ip: str = ""
    executable: str = ""
    namespace: str = ""
    routine: str = ""
    pid: int | None = None
    index: int | None = None
    session: str = ""
    """Id of the web session in which it happened; "" for none."""


@dataclass(frozen=True, slots=True)
class Auditing:
    """Whether refusals are recorded. `system` None: unreadable; `events`: existing event -> recorded."""

    system: bool | None
    events: dict[str, bool]
    note: str = ""

    @property
    def disabled(self) -> tuple[str, ...]:
        """Events of refusals that are switched off, in the order of `REFUSALS`."""
        return tuple(event for event in REFUSALS if self.events.get(event) is False)

    @property
    def absent(self) -> tuple[str, ...]:
        """Events of refusals that the instance does not list, in the order of `REFUSALS`."""
        return tuple(event for event in REFUSALS if event not in self.events)


def record_of(row: Row) -> AuditRecord | None:
    """One row of the log; None for other events than refusals."""
    event = as_text(row.get("event"))
    if event not in REFUSALS or as_text(row.get("eventtype")) not in ("", REFUSALS[event]):
        return None
    return AuditRecord(
        as_utc(row.get("utctimestamp")),
        event,
        as_text(row.get("username")),
        as_text(row.get("description")),
        as_text(row.get("eventdata")),
        as_text(row.get("clientipaddress")),
        as_text(row.get("clientexecutablename")),
        as_text(row.get("namespace")),
        as_text(row.get("routinespec")),
        as_int(row.get("pid")),
        as_int(row.get("auditindex")),
        # The table has the first name, the class query the second (facts: iris-security 3.7, iris-operations 9).
        as_text(row.get("cspsessionid")) or as_text(row.get("sessionid")),
    )


async def list_denials(instance: Instance, limit: int) -> tuple[list[AuditRecord], bool]:
    """The newest `limit` refusals, newest first, and whether an empty list is certain.

    An empty answer of the class query is checked against the table: it could come from an argument that the instance
    reads otherwise than we mean it. Raises NotPermitted (%Admin_Secure:U) or NotAvailable.
    """
    kinds = ",".join(dict.fromkeys(REFUSALS.values()))
    # Begin and end NULL: all; Flags is 0 by default, the newest first (facts: iris-security 3.7). Not "": the driver
    # sends that as $CHAR(0), which the query may take for a date before every record.
    by_query = Query(
        f"SELECT TOP {int(limit)} * FROM %SYS.Audit_List(?,?,?,?,?)",  # noqa: S608 - a whole number
        (None, None, SOURCE, kinds, ",".join(REFUSALS)),
    )
    by_table = Query(
        f"SELECT TOP {int(limit)} {', '.join(_COLUMNS)} FROM %SYS.Audit "  # noqa: S608 - names of ours
        f"WHERE EventSource = ? AND Event IN ({','.join('?' for _ in REFUSALS)}) ORDER BY UTCTimeStamp DESC",
        (SOURCE, *REFUSALS),
    )

    async def attempt(route: Route) -> tuple[list[AuditRecord], bool]:
        answer = await instance.call(by_query if route.kind == "sql" else by_table)
        found = await in_portions(answer.rows, record_of)
        if found or route.kind != "sql":
            return found, True
        try:
            answer = await instance.call(by_table)
        except Unreachable:
            raise
        except InstanceProblem:
            return [], False
        return await in_portions(answer.rows, record_of), True

    return await first_route(instance, "audit.list", attempt, again=for_reads)


async def read_auditing(instance: Instance) -> Auditing:
    """Whether auditing is on, and for which refusals. Raises NotPermitted or NotAvailable."""
    enabled = await read_system_setting(instance, "AuditEnabled")
    kinds = ",".join(dict.fromkeys(REFUSALS.values()))
    found = await read_list(instance, "audit.events", _event_of, (SOURCE, kinds, ",".join(REFUSALS)))
    return Auditing(None if enabled is None else as_flag(enabled), dict(found))


def _event_of(row: Row) -> tuple[str, bool] | None:
    name, kind = as_text(row.get("name")), as_text(row.get("type"))
    known = REFUSALS.get(name)
    return (name, as_flag(row.get("enabled"))) if known is not None and kind in ("", known) else None


async def set_auditing(instance: Instance, events: Sequence[str], *, system: bool, on: bool) -> None:
    """Make the calls of `switch_auditing`, and read nothing back. Raises as that does."""

    async def attempt(route: Route) -> None:
        for event in events:
            await _switch_event(instance, event, route, on=on)
        if system and route.by_helper:
            await modify_by_helper(instance, "Security.System", "SYSTEM", {"AuditEnabled": int(on)})
        elif system:
            steps = (ObjectStep("set", "AuditEnabled", (int(on),)),)
            if not await save_object(instance, "Security.System", "SYSTEM", steps):
                raise InstanceError("Security.System SYSTEM cannot be opened.")

    await changing(open_or_help(instance, "audit.enable", attempt))


async def switch_auditing(instance: Instance, events: Sequence[str], *, system: bool, on: bool) -> Auditing:
    """Switch these events on or off, and auditing as a whole if `system`; read back and compare.

    Raises InstanceError if a record is missing or reads back differently, NotPermitted, NotAvailable; Unreachable with
    the outcome unknown. KeyError for an event outside `REFUSALS`.
    """
    await set_auditing(instance, events, system=system, on=on)
    after = await changing(read_auditing(instance))
    wrong = [event for event in events if after.events.get(event) is not on]
    if system and after.system is not on:
        wrong.append("auditing as a whole")
    if wrong:
        # A status of 1 is no proof (facts: iris-security 6.1).
        raise InstanceError(
            f"The instance reported success, but {', '.join(wrong)} reads as {'off' if on else 'on'}.",
            "Look at it in the portal: System Administration, Security, Auditing.",
        )
    return after


async def _switch_event(instance: Instance, event: str, route: Route, *, on: bool) -> None:
    key = (SOURCE, REFUSALS[event], event)
    if route.by_helper:
        await modify_by_helper(instance, "Security.Events", "/".join(key), {"Enabled": int(on)})
        return
    steps = (ObjectStep("set", "Enabled", (int(on),)),)
    if await save_object(
        instance, "Security.Events", "||".join(key).lower(), steps
    ):  # (facts: iris-security 3.7)
        return
    raise InstanceError(
        f"The audit event {'/'.join(key)} cannot be opened.",
        "Switch it in the portal: System Administration, Security, Auditing, Configure System Events.",
    )
