"""`Security.Events`: which kinds of audit events there are, and which are recorded (facts: iris-security 3.7)."""

# ruff: noqa: PLR0917 - the handlers take the vendor's positional arguments
from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import arrays, records, status
from irisops.simulator.classes.definition import ClassDef, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance, reference_to
from irisops.simulator.classes.records import Field, Kind, check_boolean, yes_no
from irisops.simulator.classes.user_operations import audit_change
from irisops.simulator.classes.values import as_integer, as_text, matches_names
from irisops.simulator.doubts import EVENT_ID
from irisops.simulator.world.model import AuditEvent
from irisops.simulator.world.security import event_key

EVENTS = ClassDef("Security.Events", base=PERSISTENT, requires="%Admin_Secure:U")
_FIELDS = (
    Field("Description", "description", maximum=256),
    Field("Enabled", "enabled", Kind.YES_NO, initial=0, required=True),
)
for _name in ("Source", "Type", "Name"):
    EVENTS.property(_name, required=True, maximum_length=64)
records.declare(EVENTS, _FIELDS)

SYSTEM_SOURCES = ("%system", "%ensemble")


def is_system(event: AuditEvent) -> bool:
    """Whether the event is one of the system's own."""
    return event.source.lower() in SYSTEM_SOURCES


def whole_key(source: Value, kind: Value, name: Value) -> str:
    """`Source/Type/Name`; the source alone may carry all three."""
    text = as_text(source)
    return text if text.count("/") == 2 else event_key(text, as_text(kind), as_text(name))


def find(job: Job, key: str) -> AuditEvent:
    """The event. Raises #853."""
    event: AuditEvent | None = job.world.events.get(key)
    if event is None:
        raise status.StatusError(853, key)
    return event


class EventPersistence:
    """Opens and saves events by their lower-case keys: source||type||name (facts: iris-security 3.7)."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id, in lower case, is an event's."""
        slashes = "/" in row_id and job.world.doubts.says(EVENT_ID, "bars")
        if slashes or row_id != row_id.lower():
            return False
        return job.world.events.get(row_id.replace("||", "/")) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the event."""
        event = find(job, instance.key.replace("||", "/"))
        records.load(instance, event, _FIELDS, {})
        instance.values |= {"Source": event.source, "Type": event.type, "Name": event.name}

    def save(self, job: Job, instance: Instance) -> None:
        """Store the description (not of a system event: #855) and whether it is recorded."""
        event = find(job, instance.key.replace("||", "/"))
        values = records.validated(instance, _FIELDS)
        key = event_key(event.source, event.type, event.name)
        if is_system(event) and values["Description"] != event.description:
            raise status.StatusError(855, key)
        changes = records.store(event, values, _FIELDS, {})
        if changes:
            job.world.events.touch()
            audit_change(job, "AuditChange", f"Event {key} modified: {', '.join(changes)}")

    def delete(self, job: Job, row_id: str) -> None:
        """Remove a user-defined event."""
        delete(job, row_id.replace("||", "/"))


EVENTS.persistence = EventPersistence()


def delete(job: Job, key: str) -> None:
    """Delete a user-defined event. Raises #853, #854."""
    event = find(job, key)
    if is_system(event):
        raise status.StatusError(854, event_key(event.source, event.type, event.name))
    job.world.events.remove(key)
    audit_change(job, "AuditChange", f"Event {key} deleted")


@EVENTS.class_method(
    'Create(Source As %String, Type As %String, Name As %String, Description As %String = "",'
    " Enabled As Security.Datatype.BooleanYN = 1, Flags As %Integer = 0) As %Status"
)
def _create(
    job: Job, source: Value, kind: Value, name: Value, description: Value, enabled: Value, _flags: Value
) -> None:
    parts = (as_text(source), as_text(kind), as_text(name))
    key = event_key(*parts)
    if any(not part or len(part) > 64 or "/" in part for part in parts):
        raise status.StatusError(851, key)
    if parts[0].startswith("%") or parts[1].startswith("%"):
        raise status.StatusError(851, key)
    if job.world.events.get(key) is not None:
        raise status.StatusError(852, key)
    on = check_boolean("Security.Events:Enabled", enabled)
    job.world.events.add(AuditEvent(*parts, as_text(description), on))
    audit_change(job, "AuditChange", f"Event {key} created")


@EVENTS.class_method("Delete(Source As %String, Type As %String, Name As %String) As %Status")
def _delete(job: Job, source: Value, kind: Value, name: Value) -> None:
    delete(job, whole_key(source, kind, name))


@EVENTS.class_method(
    'Exists(Source As %String = "", Type As %String = "", Name As %String = "", ByRef Event As %ObjectHandle,'
    " ByRef Status As %Status) As %Boolean"
)
def _exists(job: Job, source: Value, kind: Value, name: Value, found: ByRef, outcome: ByRef) -> int:
    key = whole_key(source, kind, name)
    if job.world.events.get(key) is None:
        found.value = ""
        outcome.value = status.error(853, key)
        return 0
    found.value = reference_to(job, EVENTS, key.lower())
    outcome.value = status.OK
    return 1


@EVENTS.class_method(
    "Get(Source As %String, Type As %String, Name As %String, ByRef Properties As %String) As %Status"
)
def _get(job: Job, source: Value, kind: Value, name: Value, properties: ByRef) -> None:
    key = whole_key(source, kind, name)
    find(job, key)
    arrays.get(job, EVENTS, _id(key), properties, names=[each.name for each in _FIELDS], forms={})


@EVENTS.class_method(
    'Modify(Source As %String = "", Type As %String = "", Name As %String = "", ByRef Properties As %String) As %Status'
)
def _modify(job: Job, source: Value, kind: Value, name: Value, properties: ByRef) -> None:
    key = whole_key(source, kind, name)
    find(job, key)
    arrays.modify(job, EVENTS, _id(key), properties, {})


def _id(key: str) -> str:
    """The id of an event's object (facts: iris-security 3.7)."""
    return key.lower().replace("/", "||")


@EVENTS.class_method(
    'Clear(EventSources As %String = "*", EventTypes As %String = "*", EventNames As %String = "*") As %Status'
)
def _clear(job: Job, sources: Value, kinds: Value, names: Value) -> None:
    for event in _matching(job, sources, kinds, names):
        event.total = event.written = event.lost = 0
    job.world.events.touch()


def _matching(job: Job, sources: Value, kinds: Value, names: Value) -> list[AuditEvent]:
    return [
        event
        for event in job.world.events.values()
        if matches_names(event.source, as_text(sources))
        and matches_names(event.type, as_text(kinds))
        and matches_names(event.name, as_text(names))
    ]


_COLUMNS = (
    "Source",
    "Type",
    "Name",
    column("Description", precision=256),
    "Enabled",
    column("Total", "%Integer"),
    column("Written", "%Integer"),
    column("Lost", "%Integer"),
)


def _rows(events: Iterable[AuditEvent]) -> list[Sequence[Value]]:
    return [
        (
            event.source,
            event.type,
            event.name,
            event.description,
            yes_no(event.enabled),
            event.total,
            event.written,
            event.lost,
        )
        for event in events
    ]


@EVENTS.query(
    'List(EventSources As %String = "*", EventTypes As %String = "*", Events As %String = "*")',
    _COLUMNS,
    sql_procedure=True,
)
def _list(job: Job, sources: Value, kinds: Value, names: Value) -> Iterable[Sequence[Value]]:
    return _rows(_matching(job, sources, kinds, names))


# UNVERIFIED: ListAll and its kin have the columns of List here. Settle: SELECT * FROM Security.Events_ListAll().
@EVENTS.query(
    'ListAll(EventSources As %String = "*", EventTypes As %String = "*", Events As %String = "*",'
    " OwnerFlag As %Integer = 2, Flags As %Integer = 0)",
    _COLUMNS,
    sql_procedure=True,
)
def _list_all(
    job: Job, sources: Value, kinds: Value, names: Value, owner: Value, _flags: Value
) -> Iterable[Sequence[Value]]:
    """OwnerFlag 0 system events, 1 user events, 2 both."""
    wanted = as_integer(owner)
    return _rows(
        event
        for event in _matching(job, sources, kinds, names)
        if wanted == 2 or is_system(event) == (wanted == 0)
    )


_THREE = 'EventSources As %String = "*", EventTypes As %String = "*", Events As %String = "*"'


@EVENTS.query(f"ListAllSystem({_THREE})", _COLUMNS, sql_procedure=True)
def _list_all_system(job: Job, sources: Value, kinds: Value, names: Value) -> Iterable[Sequence[Value]]:
    return _rows(event for event in _matching(job, sources, kinds, names) if is_system(event))


@EVENTS.query(f"ListAllUser({_THREE})", _COLUMNS, sql_procedure=True)
def _list_all_user(job: Job, sources: Value, kinds: Value, names: Value) -> Iterable[Sequence[Value]]:
    return _rows(event for event in _matching(job, sources, kinds, names) if not is_system(event))
