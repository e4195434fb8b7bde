"""`Security.Applications` (facts: iris-security 3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from irisops.simulator.backend import ByRef, Value
from irisops.simulator.classes import arrays, records, status
from irisops.simulator.classes.authentication import legal_for_web_applications, methods_text
from irisops.simulator.classes.definition import ClassDef, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT, Instance, new_list, reference_to
from irisops.simulator.classes.records import Field, Kind, yes_no
from irisops.simulator.classes.security_tables import project
from irisops.simulator.classes.user_operations import audit_change
from irisops.simulator.classes.values import as_integer, as_text, matches_names
from irisops.simulator.world.model import Application

APPLICATIONS = ClassDef("Security.Applications", base=PERSISTENT, requires="%Admin_Secure:U")

_TEXTS = (
    ("ChangePasswordPage", 256), ("CookiePath", 256), ("ErrorPage", 256), ("EventClass", 64),
    ("LoginPage", 256), ("Package", 64), ("PermittedClasses", 0), ("SuperClass", 1024),
)  # fmt: skip
_SWITCHES = (
    ("AutoCompile", 1), ("CorsCredentialsAllowed", 1), ("CSRFToken", 1), ("DeepSeeEnabled", 0), ("iKnowEnabled", 0),
    ("InbndWebServicesEnabled", 1), ("IsNameSpaceDefault", 0), ("LockCSPName", 1), ("Recurse", 1),
    ("RedirectEmptyPath", 0),
)  # fmt: skip
_NUMBERS = (
    ("ServeFiles", 1, 0, 3), ("ServeFilesTimeout", 3600, 0, 0), ("SessionScope", 2, 0, 2), ("UserCookieScope", 2, 0, 2),
)  # fmt: skip
_JWT, _WSGI, _WSGI_TYPE, _TRACE = (2022, 2), (2024, 1), (2024, 2), (2026, 1)
"""The releases that brought them (facts: iris-webapps-gateway 1.1, 6). UNVERIFIED: that WSGIType is in 2024.2, and
TraceEnabled in 2026.1. Settle: SELECT Name FROM %Dictionary.CompiledProperty WHERE parent = 'Security.Applications'."""
_FIELDS = (
    Field("Description", "description", maximum=256),
    Field("NameSpace", "namespace", maximum=64),
    Field("Enabled", "enabled", Kind.YES_NO, initial=1),
    Field(
        "Type",
        "type_bits",
        Kind.INTEGER,
        minimum=1,
        maximum=9,
        initial=2,
        type="Security.Datatype.ApplicationType",
    ),
    Field("DispatchClass", "dispatch_class", maximum=256),
    Field("Resource", "resource", maximum=64),
    Field(
        "AutheEnabled",
        "authe_enabled",
        Kind.INTEGER,
        minimum=0,
        initial=64,
        type="Security.Datatype.Authentication",
    ),
    Field("Timeout", "timeout", Kind.INTEGER, minimum=0, maximum=100000, initial=900),
    Field("Path", "path", maximum=256),
    Field("UseCookies", "use_cookies", Kind.INTEGER, minimum=0, maximum=2, initial=2),
    Field("CSPZENEnabled", "csp_zen_enabled", Kind.YES_NO, initial=1),
    *(Field(name, maximum=length) for name, length in _TEXTS),
    *(Field(name, kind=Kind.YES_NO, initial=initial) for name, initial in _SWITCHES),
    *(
        Field(name, kind=Kind.INTEGER, initial=initial, minimum=low, maximum=high)
        for name, initial, low, high in _NUMBERS
    ),
    Field("GroupById", "group", maximum=64),
    Field("JWTAuthEnabled", "jwt_enabled", Kind.YES_NO, initial=0, since=_JWT),
    Field("JWTAccessTokenTimeout", "jwt_access_seconds", Kind.INTEGER, initial=60, minimum=1, since=_JWT),
    Field("JWTRefreshTokenTimeout", "jwt_refresh_seconds", Kind.INTEGER, initial=900, minimum=1, since=_JWT),
    Field("WSGIAppLocation", "wsgi_location", maximum=256, since=_WSGI),
    Field("WSGIAppName", "wsgi_name", maximum=256, since=_WSGI),
    Field("WSGICallable", initial="app", maximum=256, since=_WSGI),
    Field("WSGIDebug", kind=Kind.YES_NO, initial=0, since=_WSGI),
    Field("WSGIType", kind=Kind.INTEGER, initial=1, minimum=1, maximum=2, since=_WSGI_TYPE),
    Field("TraceEnabled", kind=Kind.YES_NO, initial=0, since=_TRACE),
    Field("CorsAllowlist", kind=Kind.LIST, maximum=32767),
    Field("CorsHeadersList", kind=Kind.LIST, maximum=32767),
    Field("ClientApplications", kind=Kind.LIST, maximum=64),
    Field("Routines", kind=Kind.LIST, maximum=32767),
)

APPLICATIONS.property("Name", required=True, maximum_length=64)
APPLICATIONS.property("NameLowerCase", read_only=True, required=True)
APPLICATIONS.property("MatchRoles", collection="list", maximum_length=32767)
records.declare(APPLICATIONS, _FIELDS)


def find(job: Job, name: str) -> Application:
    """The application. Raises #869."""
    application: Application | None = job.world.applications.get(name)
    if application is None:
        raise status.StatusError(869, name)
    return application


def match_roles_items(application: Application) -> list[str]:
    """`:TargetA:TargetB` and `Match:Target`, one item per match role; "" matches always (facts: iris-security 3.5)."""
    return [":".join((match, *targets)) for match, targets in application.match_roles.items()]


def parse_match_roles(job: Job, items: Iterable[str]) -> dict[str, list[str]]:
    """The reverse. Raises #874, #875, #878, #879."""
    found: dict[str, list[str]] = {}
    for item in items:
        match, *targets = item.split(":")
        if match and job.world.roles.get(match) is None:
            raise status.StatusError(875, match)
        if match in found:
            raise status.StatusError(874, match)
        for target in targets:
            if job.world.roles.get(target) is None:
                raise status.StatusError(879, target)
            if targets.count(target) > 1:
                raise status.StatusError(878, target)
        found[match] = targets
    return found


class ApplicationPersistence:
    """Opens and saves applications by their lower-case names."""

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether the id, in lower case, is that of a record."""
        return row_id == row_id.lower() and job.world.applications.get(row_id) is not None

    def load(self, job: Job, instance: Instance) -> None:
        """Fill an object with the record's values."""
        application = find(job, instance.key)
        records.load(
            instance, application, _FIELDS, job.emulation.extras_of(APPLICATIONS.name, application.name)
        )
        instance.values["Name"] = application.name
        instance.values["NameLowerCase"] = application.name.lower()
        instance.values["MatchRoles"] = new_list(match_roles_items(application))

    def save(self, job: Job, instance: Instance) -> None:
        """Check the object and store it. Raises `StatusError`; nothing is changed then."""
        application = find(job, instance.key)
        if as_text(instance.values.get("Name")) != application.name:
            raise status.StatusError(920, "Name")
        values = records.validated(instance, _FIELDS)
        _check(job, values)
        match_roles = parse_match_roles(job, instance.values["MatchRoles"].items)
        changes = records.store(
            application, values, _FIELDS, job.emulation.extras_of(APPLICATIONS.name, application.name)
        )
        if "DispatchClass" in changes:
            # UseSession is a parameter of the class, 0 by default (facts: iris-license-sessions 2.3).
            application.use_session = not application.dispatch_class
        if match_roles != application.match_roles:
            application.match_roles = match_roles
            changes.append("MatchRoles")
        if changes:
            job.world.applications.touch()
            audit_change(
                job, "ApplicationChange", f"Application {application.name} modified: {', '.join(changes)}"
            )

    def delete(self, job: Job, row_id: str) -> None:
        """Delete the record. Raises `StatusError`."""
        delete(job, row_id)


APPLICATIONS.persistence = ApplicationPersistence()


def _check(job: Job, values: dict[str, Any]) -> None:
    """What `%ValidateObject` refuses. UNVERIFIED: the errors for an unknown namespace or an illegal method.
    Settle: save an application with NameSpace "NOWHERE"; with AutheEnabled 1.
    """
    values["NameSpace"] = values["NameSpace"].upper()
    if values["AutheEnabled"] & ~legal_for_web_applications(job.emulation.version):
        raise status.StatusError(5802, "Security.Applications:AutheEnabled", values["AutheEnabled"])
    if values["NameSpace"] and job.world.namespaces.get(values["NameSpace"]) is None:
        raise status.StatusError(5001, f"Namespace '{values['NameSpace']}' does not exist")
    if values["Resource"] and job.world.resources.get(values["Resource"]) is None:
        raise status.StatusError(892, values["Resource"])


def delete(job: Job, name: str) -> None:
    """Delete an application. Raises #869, #870."""
    application = find(job, name)
    if application.system:
        raise status.StatusError(870, application.name)
    job.world.applications.remove(application.name)
    job.emulation.forget_extras(APPLICATIONS.name, application.name)
    audit_change(job, "ApplicationChange", f"Application {application.name} deleted")


@APPLICATIONS.class_method("Delete(Name As %String) As %Status")
def _delete(job: Job, name: Value) -> None:
    delete(job, as_text(name))


@APPLICATIONS.class_method("Create(Name As %String, ByRef Properties As %String) As %Status")
def _create(job: Job, name: Value, properties: ByRef) -> None:
    # For a client, whose array does not cross the driver, an application with the defaults is made.
    # UNVERIFIED: whether that succeeds, and the error for a name that is taken (facts: iris-security 11, question 5).
    # Settle: call it twice with IRISReference(None).
    text = as_text(name)
    if not text or len(text) > 64:
        raise status.StatusError(5659, "Security.Applications:Name")
    if job.world.applications.get(text) is not None:
        raise status.StatusError(5001, f"Application {text} already exists")
    job.world.applications.add(Application(text, namespace=""))
    try:
        arrays.modify(job, APPLICATIONS, text.lower(), properties, {}, method="Create")
    except status.StatusError:
        job.world.applications.remove(text)
        raise
    audit_change(job, "ApplicationChange", f"Application {text} created")


@APPLICATIONS.class_method(
    'Copy(Name As %String, NewName As %String, NewDescription As %String = "") As %Status'
)
def _copy(job: Job, name: Value, new_name: Value, description: Value) -> None:
    source = find(job, as_text(name))
    text = as_text(new_name)
    if not text or len(text) > 64:
        raise status.StatusError(5659, "Security.Applications:Name")
    if job.world.applications.get(text) is not None:
        raise status.StatusError(5001, f"Application {text} already exists")
    copied = replace(
        source,
        name=text,
        description=as_text(description) or source.description,
        type_bits=source.type_bits & ~1,
        system=False,
        match_roles={match: list(targets) for match, targets in source.match_roles.items()},
    )
    job.world.applications.add(copied)
    job.emulation.extras_of(APPLICATIONS.name, text).update(
        job.emulation.extras_of(APPLICATIONS.name, source.name)
    )
    audit_change(job, "ApplicationChange", f"Application {text} copied from {source.name}")


@APPLICATIONS.class_method(
    "Exists(Name As %String, ByRef Application As %ObjectHandle, ByRef Status As %Status) As %Boolean"
)
def _exists(job: Job, name: Value, found: ByRef, outcome: ByRef) -> int:
    application = job.world.applications.get(as_text(name))
    if application is None:
        found.value = ""
        outcome.value = status.error(869, as_text(name))
        return 0
    found.value = reference_to(job, APPLICATIONS, application.name.lower())
    outcome.value = status.OK
    return 1


@APPLICATIONS.class_method("Get(Name As %String, ByRef Properties As %String) As %Status")
def _get(job: Job, name: Value, properties: ByRef) -> None:
    key = find(job, as_text(name)).name.lower()
    names = ["Name", "MatchRoles", *(each.name for each in _FIELDS if each.since <= job.emulation.version)]
    arrays.get(job, APPLICATIONS, key, properties, names=names, forms={})


@APPLICATIONS.class_method("Modify(Name As %String, ByRef Properties As %String) As %Status")
def _modify(job: Job, name: Value, properties: ByRef) -> None:
    arrays.modify(job, APPLICATIONS, find(job, as_text(name)).name.lower(), properties, {})


def _kind(application: Application) -> str:
    """The types of an application: "CSP", "System,CSP" (facts: iris-security 3.5)."""
    labels = ((2, "CSP"), (4, "Privileged Routine"), (8, "Client"))
    shown = [label for bit, label in labels if application.type_bits & bit]
    return ",".join(["System", *shown] if application.system else shown)


def _matching(job: Job, names: Value, kind: Value) -> list[Application]:
    wanted = as_integer(kind)
    return [
        application
        for application in job.world.applications.values()
        if matches_names(application.name, as_text(names)) and (wanted < 0 or application.type_bits & wanted)
    ]


# UNVERIFIED: the order of the columns (facts: iris-security 3.5). Settle: evidence
# Security.Applications:List by SQL.
@APPLICATIONS.query(
    'List(Names As %String = "*", Type As %Integer = -1, Filter As %String = "")',
    [
        "Name",
        "Namespace",
        "Enabled",
        column("DispatchClass", precision=256),
        "Type",
        column("IsSystemApp", "%Boolean"),
        "Resource",
        column("Description", precision=256),
    ],
    sql_procedure=True,
    public=6,
)
def _list(job: Job, names: Value, kind: Value, _filter: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            application.name,
            application.namespace,
            yes_no(application.enabled),
            application.dispatch_class,
            _kind(application),
            int(application.system),
            application.resource,
            application.description,
        )
        for application in _matching(job, names, kind)
    ]


@APPLICATIONS.query(
    'Detail(Names As %String = "*", Type As %Integer = -1)',
    [
        "Name",
        "Namespace",
        "Enabled",
        column("DispatchClass", precision=256),
        "Type",
        "Resource",
        column("Description", precision=256),
        column("AutheEnabled", precision=512),
        column("MatchRoles", precision=32767),
        column("Timeout", "%Integer"),
    ],
    sql_procedure=True,
    public=5,
)
def _detail(job: Job, names: Value, kind: Value) -> Iterable[Sequence[Value]]:
    return [
        (
            application.name,
            application.namespace,
            yes_no(application.enabled),
            application.dispatch_class,
            _kind(application),
            application.resource,
            application.description,
            methods_text(application.authe_enabled),
            ",".join(match_roles_items(application)),
            application.timeout,
        )
        for application in _matching(job, names, kind)
    ]


project(
    APPLICATIONS,
    "applications",
    {
        "ID": lambda application: application.name.lower(),
        "Name": lambda application: application.name,
        "NameSpace": lambda application: application.namespace,
        "Description": lambda application: application.description,
        "Enabled": lambda application: yes_no(application.enabled),
        "DispatchClass": lambda application: application.dispatch_class,
        "AutheEnabled": lambda application: methods_text(application.authe_enabled),
        "MatchRoles": lambda application: status.list_build(match_roles_items(application)),
        "Timeout": lambda application: str(application.timeout),
        "Resource": lambda application: application.resource,
        "CSPZENEnabled": lambda application: yes_no(application.csp_zen_enabled),
    },
)
