"""`Security.Roles` (facts: iris-security 3.1)."""

# ruff: noqa: PLR0917 - the handlers take the vendor's positional arguments
from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import ByRef, ThrownError, Value
from irisops.simulator.classes import records, role_operations, status
from irisops.simulator.classes.arrays import LocalArray, nothing_arrives, nothing_comes_back
from irisops.simulator.classes.definition import ClassDef, column
from irisops.simulator.classes.job import Job, permission_letters
from irisops.simulator.classes.objects import PERSISTENT, Instance, reference_to
from irisops.simulator.classes.records import Field, Kind, yes_no
from irisops.simulator.classes.relationships import members, new_relationship, resource_object
from irisops.simulator.classes.role_operations import resources_text
from irisops.simulator.classes.security_tables import project
from irisops.simulator.classes.user_operations import ALL_ROLE
from irisops.simulator.classes.values import (
    as_boolean,
    as_integer,
    as_text,
    comma_list,
    matches_names,
    same,
)
from irisops.simulator.world.model import Permission, Role

ROLES = ClassDef("Security.Roles", base=PERSISTENT, requires="%Admin_Secure:U")

_FIELDS = (
    Field("Description", "description", maximum=role_operations.DESCRIPTION_LIMIT),
    Field("GrantedRoles", "granted_roles", Kind.LIST, maximum=64),
    Field("EscalationOnly", "escalation_only", Kind.YES_NO, initial=0),
)
_DESCRIPTION = column("Description", precision=256)
_GRANTED = column("GrantedRoles", precision=4096)

ROLES.property("Name", required=True, maximum_length=64)
ROLES.property("NameLowerCase", read_only=True)
ROLES.property("Resources", "Security.Resource", read_only=True)
records.declare(ROLES, _FIELDS)


class RolePersistence:
    """Opens and saves roles by their lower-case names; the resources are a relationship."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id, in lower case, is that of a record."""
        return row_id == row_id.lower() and job.world.roles.get(row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        role = role_operations.find(job, instance.key)
        records.load(instance, role, _FIELDS, job.emulation.extras_of(ROLES.name, role.name))
        held = {} if same(role.name, ALL_ROLE) else role.resources
        instance.values |= {
            "Name": role.name,
            "NameLowerCase": role.name.lower(),
            "Resources": new_relationship([resource_object(name, int(held[name])) for name in sorted(held)]),
        }

    def save(self, job: Job, instance: Instance) -> None:
        """Check the object and store it. Raises `StatusError`; nothing is changed then."""
        role = role_operations.find(job, instance.key)
        values = records.validated(instance, _FIELDS)
        if as_text(instance.values.get("Name")) != role.name:
            raise status.StatusError(920, "Name")
        role_operations.modify(
            job,
            role,
            description=values["Description"],
            resources=dict(role.resources) if same(role.name, ALL_ROLE) else _resources(job, instance),
            granted_roles=values["GrantedRoles"],
            escalation_only=values["EscalationOnly"],
        )

    def delete(self, job: Job, row_id: str) -> None:
        """Delete the record. Raises `StatusError`."""
        role_operations.delete(job, row_id)


ROLES.persistence = RolePersistence()


def _resources(job: Job, instance: Instance) -> dict[str, Permission]:
    """What the relationship holds. Raises #892, #895, #897."""
    found: dict[str, Permission] = {}
    for member in members(instance.values["Resources"]):
        name = as_text(member.values.get("Name"))
        resource = job.world.resources.get(name)
        if resource is None:
            raise status.StatusError(892, name)
        if resource.name in found:
            raise status.StatusError(895, resource.name)
        bits = as_integer(member.values.get("Permission"))
        if not 1 <= bits <= 7:
            raise status.StatusError(897, as_text(member.values.get("Permission")), resource.name)
        found[resource.name] = Permission(bits)
    return found


@ROLES.class_method(
    "Create(Name As %String, Description As %String, Resources As %String, GrantedRoles As %String,"
    " EscalationOnly As %Boolean = 0) As %Status"
)
def _create(
    job: Job, name: Value, description: Value, resources: Value, granted: Value, escalation: Value
) -> None:
    # UNVERIFIED: that each of the three must be passed; public code shows it of Description (facts: iris-security 1).
    # Settle: Security.Roles.Create("x", "", "").
    for argument, value in (
        ("Description", description),
        ("Resources", resources),
        ("GrantedRoles", granted),
    ):
        if value is None:
            raise ThrownError(f"<UNDEFINED> *{argument}")
    role_operations.check_new_name(job, as_text(name))
    role = Role(
        as_text(name),
        as_text(description),
        role_operations.parse_resources(job, as_text(resources)),
        comma_list(granted),
        escalation_only=as_boolean(escalation),
    )
    role_operations.create(job, role)


@ROLES.class_method(
    "Copy(Name As %String, NewName As %String, NewDescription As %String, EscalationOnly As %String) As %Status"
)
def _copy(job: Job, name: Value, new_name: Value, description: Value, escalation: Value) -> None:
    source = role_operations.find(job, as_text(name))
    copied = Role(
        as_text(new_name),
        as_text(description) or source.description,
        dict(source.resources),
        list(source.granted_roles),
        escalation_only=source.escalation_only if escalation is None else as_boolean(escalation),
    )
    role_operations.create(job, copied)


@ROLES.class_method("Delete(Name As %String) As %Status")
def _delete(job: Job, name: Value) -> None:
    role_operations.delete(job, as_text(name))


@ROLES.class_method("Rename(NewRole As %String, OldRole As %String) As %Status")
def _rename(job: Job, new: Value, old: Value) -> None:
    role_operations.rename(job, as_text(old), as_text(new))


@ROLES.class_method(
    "Exists(Name As %String, ByRef Role As %ObjectHandle, ByRef Status As %Status) As %Boolean"
)
def _exists(job: Job, name: Value, found: ByRef, outcome: ByRef) -> int:
    role = job.world.roles.get(as_text(name))
    if role is None:
        found.value = ""
        outcome.value = status.error(883, as_text(name))
        return 0
    found.value = reference_to(job, ROLES, role.name.lower())
    outcome.value = status.OK
    return 1


@ROLES.class_method(
    "Get(Name As %String, ByRef Properties As %String, ByRef Role As %ObjectHandle) As %Status"
)
def _get(job: Job, name: Value, properties: ByRef, found: ByRef) -> None:
    role = role_operations.find(job, as_text(name))
    found.value = reference_to(job, ROLES, role.name.lower())
    if not isinstance(properties, LocalArray):
        nothing_comes_back(job, "Security.Roles.Get", properties)
        return
    is_all = same(role.name, ALL_ROLE)
    values: dict[str, Value] = {
        "Description": role.description,
        "EscalationOnly": int(role.escalation_only),
        "GrantedRoles": "" if is_all else ",".join(role.granted_roles),
        "Resources": resources_text(role),
    }
    for key, value in values.items():
        properties.node.make([key]).value = value


@ROLES.class_method("Modify(Name As %String, ByRef Properties As %String) As %Status")
def _modify(job: Job, name: Value, properties: ByRef) -> None:
    role = role_operations.find(job, as_text(name))
    if not isinstance(properties, LocalArray):
        nothing_arrives(job, "Security.Roles.Modify")
        return
    given = dict(properties.node.items())
    # A subscript that is there replaces the whole value; one that is not leaves it (facts: iris-security 1).
    # UNVERIFIED: that an unknown subscript is ignored. Settle: Modify a role with p("Nonsense")=1.
    # UNVERIFIED: that Modify takes EscalationOnly, which Get fills. Settle: Modify with p("EscalationOnly")=1, Get.
    role_operations.modify(
        job,
        role,
        description=as_text(given.get("Description", role.description)),
        resources=role_operations.parse_resources(job, as_text(given["Resources"]))
        if "Resources" in given
        else role.resources,
        granted_roles=comma_list(given["GrantedRoles"]) if "GrantedRoles" in given else role.granted_roles,
        escalation_only=as_boolean(given.get("EscalationOnly", int(role.escalation_only))),
    )


@ROLES.class_method(
    "AddRoles(Rolename As %String, ByRef Roles As %String, Admin As %Boolean = 0) As %Status", internal=True
)
def _add_roles(job: Job, name: Value, roles: ByRef, _admin: Value) -> None:
    role_operations.add_roles(job, as_text(name), comma_list(roles))


@ROLES.class_method("RemoveRoles(Rolename As %String, ByRef Roles As %String) As %Status", internal=True)
def _remove_roles(job: Job, name: Value, roles: ByRef) -> None:
    role_operations.remove_roles(job, as_text(name), comma_list(roles))


def _matching(job: Job, names: Value) -> list[Role]:
    pattern = as_text(names)
    return [role for role in job.world.roles.values() if matches_names(role.name, pattern, prefix=True)]


def _holds_any(role: Role, wanted: str) -> bool:
    """`R1:RW,R2`: any of the resources, with the letters where there are some (facts: iris-security 3.1, List)."""
    if wanted.strip() in ("", "*"):
        return True
    held = {name.lower(): permission for name, permission in role.resources.items()}
    for part in comma_list(wanted):
        name, _, letters = part.partition(":")
        permission = held.get(name.lower())
        if permission is not None and all(
            letter in permission_letters(permission) for letter in letters.upper()
        ):
            return True
    return False


@ROLES.query(
    'List(Names As %String = "*", Resources As %String = "*", Flags As %Integer = 0)',
    ["Name", _DESCRIPTION, _GRANTED, "CanBeEdited", "EscalationOnly"],
    sql_procedure=True,
)
def _list(job: Job, names: Value, resources: Value, flags: Value) -> Iterable[Sequence[Value]]:
    hide_read_only = as_integer(flags) & 1
    return [
        (
            role.name,
            role.description,
            ",".join(role.granted_roles),
            yes_no(role.editable),
            yes_no(role.escalation_only),
        )
        for role in _matching(job, names)
        if _holds_any(role, as_text(resources)) and (role.editable or not hide_read_only)
    ]


@ROLES.query(
    'ListAll(Names As %String = "*")',
    ["Name", _DESCRIPTION, _GRANTED, column("Resources", precision=32000), "EscalationOnly"],
    sql_procedure=True,
)
def _list_all(job: Job, names: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            role.name,
            role.description,
            ",".join(role.granted_roles),
            resources_text(role),
            yes_no(role.escalation_only),
        )
        for role in _matching(job, names)
    ]


# UNVERIFIED: the columns of ListResources (facts: iris-security 3.1).
# Settle: SELECT * FROM Security.Roles_ListResources().
@ROLES.query(
    'ListResources(Names As %String = "*", Resources As %String = "*", Flag As %Integer = 0)',
    ["Name", "Resource", "Permission"],
    sql_procedure=True,
)
def _list_resources(job: Job, names: Value, resources: Value, _flag: Value) -> Iterable[Sequence[Value]]:
    return [
        (role.name, resource, permission_letters(role.resources[resource]))
        for role in _matching(job, names)
        if not same(role.name, ALL_ROLE)
        for resource in sorted(role.resources)
        if matches_names(resource, as_text(resources))
    ]


project(
    ROLES,
    "roles",
    {
        "ID": lambda role: role.name.lower(),
        "Name": lambda role: role.name,
        "Description": lambda role: role.description,
        "GrantedRoles": lambda role: status.list_build(role.granted_roles),
        "EscalationOnly": lambda role: yes_no(role.escalation_only),
    },
)
