"""`Security.Services` (facts: iris-security 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import arrays, records, status
from irisops.simulator.classes.authentication import methods_text
from irisops.simulator.classes.definition import ClassDef, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance, new_list, reference_to
from irisops.simulator.classes.records import Field, Kind, yes_no
from irisops.simulator.classes.security_tables import project
from irisops.simulator.classes.user_operations import audit_change
from irisops.simulator.classes.values import as_text, matches_names
from irisops.simulator.world.model import Service

SERVICES = ClassDef("Security.Services", base=PERSISTENT, requires="%Admin_Secure:U")
_FIELDS = (
    Field("Description", "description", maximum=256, required=True),
    Field("Enabled", "enabled", Kind.YES_NO, initial=0),
    Field("AutheEnabled", "authe_enabled", Kind.INTEGER, minimum=0, type="Security.Datatype.Authentication"),
    Field("ClientSystems", "client_systems", Kind.LIST, maximum=32767),
)
_FORMS = {
    "ClientSystems": arrays.Form(
        lambda items: ";".join(items.items),
        lambda value: new_list(each for each in as_text(value).split(";") if each),
    )
}
"""Addresses may hold commas, with roles (facts: 3.3)."""
SERVICES.property("Name", required=True)
records.declare(SERVICES, _FIELDS)


def find(job: Job, name: str) -> Service:
    """The service. Raises #809."""
    service: Service | None = job.world.services.get(name)
    if service is None:
        raise status.StatusError(809, name)
    return service


class ServicePersistence:
    """Opens and saves services by their lower-case names; they are not created or deleted."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id, in lower case, is that of a record."""
        return row_id == row_id.lower() and job.world.services.get(row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        service = find(job, instance.key)
        records.load(instance, service, _FIELDS, {})
        instance.values["Name"] = service.name

    def save(self, job: Job, instance: Instance) -> None:
        """Check the object and store it. Raises `StatusError`; nothing is changed then."""
        service = find(job, instance.key)
        values = records.validated(instance, _FIELDS)
        if as_text(instance.values.get("Name")) != service.name:
            raise status.StatusError(920, "Name")
        changes = records.store(service, values, _FIELDS, {})
        if changes:
            job.world.services.touch()
            audit_change(job, "ServiceChange", f"Service {service.name} modified: {', '.join(changes)}")

    def delete(self, _job: Job, _row_id: str) -> None:
        """Delete the record. Raises `StatusError`."""
        # There is no public Delete (facts: 3.3). UNVERIFIED: the error of %DeleteId. Settle: call it for
        # %service_monitor on a throwaway instance.
        raise status.StatusError(940)


SERVICES.persistence = ServicePersistence()


@SERVICES.class_method(
    "Exists(Name As %String, ByRef Service As %ObjectHandle, ByRef Status As %Status) As %Boolean"
)
def _exists(job: Job, name: Value, found: ByRef, outcome: ByRef) -> int:
    service = job.world.services.get(as_text(name))
    if service is None:
        found.value = ""
        outcome.value = status.error(809, as_text(name))
        return 0
    found.value = reference_to(job, SERVICES, service.name.lower())
    outcome.value = status.OK
    return 1


@SERVICES.class_method("Get(Name As %String, ByRef Properties As %String) As %Status")
def _get(job: Job, name: Value, properties: ByRef) -> None:
    key = find(job, as_text(name)).name.lower()
    arrays.get(job, SERVICES, key, properties, names=[each.name for each in _FIELDS], forms=_FORMS)


@SERVICES.class_method("Modify(Name As %String, ByRef Properties As %String) As %Status")
def _modify(job: Job, name: Value, properties: ByRef) -> None:
    arrays.modify(job, SERVICES, find(job, as_text(name)).name.lower(), properties, _FORMS)


@SERVICES.method("IsPublic() As %Boolean")
def _is_public(job: Job, this: Instance) -> int:
    return int(find(job, this.key).public)


@SERVICES.query(
    'List(Names As %String = "*")',
    ["Name", "Enabled", "Public", column("Description", precision=256), column("EnabledBoolean", "%Boolean")],
    sql_procedure=True,
)
def _list(job: Job, names: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            service.name,
            yes_no(service.enabled),
            yes_no(service.public),
            service.description,
            int(service.enabled),
        )
        for service in job.world.services.values()
        if matches_names(service.name, as_text(names), prefix=True)
    ]


# UNVERIFIED: the order of Detail's columns (facts: 3.3). Settle: evidence Security.Services:Detail by
# SQL.
@SERVICES.query(
    'Detail(Names As %String = "*")',
    [
        "Name",
        "Enabled",
        "Public",
        column("Description", precision=256),
        column("AuthenticationMethods", precision=512),
        column("AllowedConnections", precision=4096),
    ],
    sql_procedure=True,
)
def _detail(job: Job, names: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            service.name,
            yes_no(service.enabled),
            yes_no(service.public),
            service.description,
            methods_text(service.authe_enabled),
            ";".join(service.client_systems) or "Unrestricted",
        )
        for service in job.world.services.values()
        if matches_names(service.name, as_text(names), prefix=True)
    ]


project(
    SERVICES,
    "services",
    {
        "ID": lambda service: service.name.lower(),
        "Name": lambda service: service.name,
        "Description": lambda service: service.description,
        "Enabled": lambda service: yes_no(service.enabled),
        "AutheEnabled": lambda service: methods_text(service.authe_enabled),
        "ClientSystems": lambda service: status.list_build(service.client_systems),
    },
)
