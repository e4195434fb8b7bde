"""`Security.Resources` (facts: iris-security 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import ByRef, ThrownError, Value
from irisops.simulator.classes import arrays, status
from irisops.simulator.classes.definition import ClassDef, column
from irisops.simulator.classes.job import Job, parse_permission, permission_letters, permission_words
from irisops.simulator.classes.objects import PERSISTENT, Instance, reference_to
from irisops.simulator.classes.records import yes_no
from irisops.simulator.classes.security_tables import project
from irisops.simulator.classes.user_operations import audit_change
from irisops.simulator.classes.values import as_integer, as_text, matches_names
from irisops.simulator.world.model import Permission, Resource

RESOURCES = ClassDef("Security.Resources", base=PERSISTENT, requires="%Admin_Secure:U")
RESOURCES.property("Name", required=True, maximum_length=64)
RESOURCES.property("Description", maximum_length=256)
RESOURCES.property("PublicPermission", "Security.Datatype.Permission", initial=0)
RESOURCES.property("Type", "Security.Datatype.ResourceType", read_only=True, initial=0)

_KINDS = (
    (1, "System"),
    (2, "Database"),
    (4, "Service"),
    (8, "Application"),
    (16, "DeepSee"),
    (1 << 31, "User"),
)


def find(job: Job, name: str) -> Resource:
    """The resource. Raises #892."""
    resource: Resource | None = job.world.resources.get(name)
    if resource is None:
        raise status.StatusError(892, name)
    return resource


class ResourcePersistence:
    """Opens and saves resources by their lower-case names."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id, in lower case, is that of a record."""
        return row_id == row_id.lower() and job.world.resources.get(row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        resource = find(job, instance.key)
        instance.values = {
            "Name": resource.name,
            "Description": resource.description,
            "PublicPermission": int(resource.public),
            "Type": resource.type_bits,
        }

    def save(self, job: Job, instance: Instance) -> None:
        """Check the object and store it. Raises `StatusError`; nothing is changed then."""
        resource = find(job, instance.key)
        description = as_text(instance.values.get("Description"))
        public = as_integer(instance.values.get("PublicPermission"))
        if as_text(instance.values.get("Name")) != resource.name:
            raise status.StatusError(920, "Name")
        if not 0 <= public <= 7:
            raise status.StatusError(897, public, resource.name)
        if resource.predefined and description != resource.description:
            raise status.StatusError(893, resource.name)
        if len(description) > 256:
            raise status.StatusError(7201, description[:64], 256)
        if (description, Permission(public)) == (resource.description, resource.public):
            return
        resource.description, resource.public = description, Permission(public)
        _changed(job, f"Resource {resource.name} modified")

    def delete(self, job: Job, row_id: str) -> None:
        """Delete the record. Raises `StatusError`."""
        delete(job, row_id)


RESOURCES.persistence = ResourcePersistence()


def delete(job: Job, name: str) -> None:
    """Delete a resource and take it from every role. Raises #892, #890."""
    resource = find(job, name)
    if resource.predefined:
        raise status.StatusError(890, resource.name)
    job.world.tables.delete_resource(resource.name)
    _changed(job, f"Resource {resource.name} deleted")


def _changed(job: Job, what: str) -> None:
    job.world.resources.touch()
    audit_change(job, "ResourceChange", what)


@RESOURCES.class_method(
    "Create(Name As %String, Description As %String, PublicPermission As Security.Datatype.Permission,"
    " Type As %Integer) As %Status"
)
def _create(job: Job, name: Value, description: Value, public: Value, _kind: Value) -> None:
    text = as_text(name)
    if description is None:
        raise ThrownError("<UNDEFINED> *Description")
    # UNVERIFIED: which names that begin with % are refused with #896; %DB_ is allowed (facts: iris-security 3.2).
    # Settle: Create("%X","","").
    bad = not text or len(text) > 64 or "," in text or ":" in text
    if bad or (text.startswith("%") and not text.upper().startswith("%DB_")):
        raise status.StatusError(896, text)
    if job.world.resources.get(text) is not None:
        raise status.StatusError(891, text)
    permission = _permission(public, text)
    database = text.upper().startswith("%DB_")
    resource = Resource(text, as_text(description), permission, 2 if database else 1 << 31)
    job.world.resources.add(resource)
    _changed(job, f"Resource {text} created")


def _permission(value: Value, name: str) -> Permission:
    """Letters or the bitmask, as the datatype takes both. Raises #897."""
    if isinstance(value, int):
        if 0 <= value <= 7:
            return Permission(value)
        raise status.StatusError(897, value, name)
    permission = parse_permission(as_text(value)) if as_text(value) else Permission.NONE
    if permission is None:
        raise status.StatusError(897, as_text(value), name)
    return permission


@RESOURCES.class_method("Delete(Name As %String) As %Status")
def _delete(job: Job, name: Value) -> None:
    delete(job, as_text(name))


@RESOURCES.class_method(
    "Exists(Name As %String, ByRef Resource As %ObjectHandle, ByRef Status As %Status) As %Boolean"
)
def _exists(job: Job, name: Value, found: ByRef, outcome: ByRef) -> int:
    resource = job.world.resources.get(as_text(name))
    if resource is None:
        found.value = ""
        outcome.value = status.error(892, as_text(name))
        return 0
    found.value = reference_to(job, RESOURCES, resource.name.lower())
    outcome.value = status.OK
    return 1


@RESOURCES.class_method("Get(Name As %String, ByRef Properties As %String) As %Status")
def _get(job: Job, name: Value, properties: ByRef) -> None:
    key = find(job, as_text(name)).name.lower()
    names = ("Description", "PublicPermission", "Type")
    arrays.get(job, RESOURCES, key, properties, names=names, forms={"PublicPermission": _letters_of(key)})


@RESOURCES.class_method("Modify(Name As %String, ByRef Properties As %String) As %Status")
def _modify(job: Job, name: Value, properties: ByRef) -> None:
    found = find(job, as_text(name))
    forms = {"PublicPermission": _letters_of(found.name)}
    arrays.modify(job, RESOURCES, found.name.lower(), properties, forms)


def _letters_of(name: str) -> arrays.Form:
    """The permission as letters (facts: 3.2). Taking it raises #897."""
    return arrays.Form(
        lambda bits: permission_letters(Permission(bits)), lambda value: int(_permission(value, name))
    )


@RESOURCES.query(
    'List(Names As %String = "*", PublicPermissions As %Integer = -1, Type As %Integer = -1, Flags As %Integer = 0)',
    [
        "Name",
        column("Description", precision=256),
        "PublicPermission",
        "PublicPermissionLong",
        "Type",
        "ResourceType",
        "AllowDelete",
    ],
    sql_procedure=True,
)
def _list(job: Job, names: Value, public: Value, kind: Value, _flags: Value) -> Iterable[Sequence[Value]]:
    # UNVERIFIED: the order of the columns (facts: iris-security 3.2). Settle: evidence
    # Security.Resources:List by SQL.
    wanted_public, wanted_kind = as_integer(public), as_integer(kind)
    return [
        (
            resource.name,
            resource.description,
            permission_letters(resource.public),
            permission_words(resource.public),
            ",".join(label for bit, label in _KINDS if resource.type_bits & bit),
            str(resource.type_bits),
            yes_no(not resource.predefined),
        )
        for resource in job.world.resources.values()
        if matches_names(resource.name, as_text(names))
        and (wanted_public < 0 or resource.public == wanted_public)
        and (wanted_kind < 0 or resource.type_bits & wanted_kind)
    ]


project(
    RESOURCES,
    "resources",
    {
        "ID": lambda resource: resource.name.lower(),
        "Name": lambda resource: resource.name,
        "Description": lambda resource: resource.description,
        "PublicPermission": lambda resource: permission_letters(resource.public),
    },
)
