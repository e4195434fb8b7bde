"""Initial content of every instance: predefined users, roles, resources, services, applications, events.

Names are from the facts (iris-security 2.6, 3.1, 3.2, 3.3).

UNVERIFIED: the resources of each predefined role beyond the few in the facts. Settle: SELECT Name, Resources
FROM Security.Roles_ListAll('*') on a fresh instance.
"""

from __future__ import annotations

from datetime import datetime

from irisops.simulator.world.chance import Chance
from irisops.simulator.world.model import (
    Application,
    AuditEvent,
    Database,
    Namespace,
    Permission,
    Resource,
    Role,
    Service,
    User,
)
from irisops.simulator.world.passwords import set_password
from irisops.simulator.world.security import SecurityTables
from irisops.simulator.world.tables import words

R, W, U = Permission.READ, Permission.WRITE, Permission.USE
RW = R | W
PASSWORD_BIT, UNAUTHENTICATED_BIT, OS_BIT = 32, 64, 16
SYSTEM_TYPE, DATABASE_TYPE, SERVICE_TYPE, APPLICATION_TYPE = 1, 2, 4, 8
IRISSECURITY_SINCE = (2025, 2)

_ADMIN_RESOURCES = words(
    "%Admin_ExternalLanguageServerEdit %Admin_Journal %Admin_Manage %Admin_OAuth2_Client %Admin_OAuth2_Registration "
    "%Admin_OAuth2_Server %Admin_Operate %Admin_RoleEdit %Admin_Secure %Admin_Task %Admin_UserEdit"
)
_OTHER_RESOURCES = words(
    "%Development %DocDB_Admin %IAM %System_Callout %Secure_Break %Native_ClassExecution %Native_Concurrency "
    "%Native_GlobalAccess %Native_Transaction"
)
_DATABASES = words("IRISSYS IRISLIB IRISAUDIT IRISTEMP IRISLOCALDATA IRISMETRICS ENSLIB USER")
_SERVICES = words(
    "%Service_Bindings %Service_CacheDirect %Service_CallIn %Service_ComPort %Service_DataCheck %Service_DocDB "
    "%Service_ECP %Service_EscalateLogin %Service_Login %Service_Mirror %Service_Monitor %Service_Shadow "
    "%Service_Sharding %Service_Terminal %Service_WebGateway %Service_Weblink"
)
_SERVICES_ON = {
    "%Service_Bindings",
    "%Service_Terminal",
    "%Service_WebGateway",
    "%Service_Login",
    "%Service_EscalateLogin",
}
_SERVICE_RESOURCES = [*_SERVICES, "%Service_SQL", "%Service_Object", "%Service_Native"]
_PUBLIC = {
    "%DB_IRISLIB": R,
    "%DB_ENSLIB": R,
    "%DB_IRISTEMP": RW,
    "%DB_IRISLOCALDATA": RW,
    "%Service_WebGateway": U,
}
"""Public permissions. Of the gateway's service everybody has Use (facts: iris-webapps-gateway 4.1)."""

_NATIVE = {name: U for name in _OTHER_RESOURCES if name.startswith("%Native_")}
_DEVELOPER = {
    "%Development": U,
    "%Service_SQL": U,
    "%Service_Object": U,
    "%Service_Login": U,
    "%Service_Terminal": U,
    "%Native_ClassExecution": U,
    "%Native_GlobalAccess": U,
}
_ROLES: tuple[tuple[str, str, dict[str, Permission], tuple[str, ...]], ...] = (
    ("%All", "The Super-User Role", {}, ()),
    (
        "%Manager",
        "A role for all System Managers",
        {
            **{name: U for name in _ADMIN_RESOURCES if "OAuth2" not in name},
            **_DEVELOPER,
            "%DB_IRISSYS": RW,
            "%DB_IRISAUDIT": R,
            "%DB_USER": RW,
        },
        (),
    ),
    ("%Developer", "A Role owned by all Developers", {**_DEVELOPER, "%DB_USER": RW}, ()),
    ("%Operator", "System Operators", {"%Admin_Operate": U, "%Service_Login": U, "%Service_Terminal": U}, ()),
    ("%SQL", "Role for use by SQL clients", {"%Service_SQL": U}, ()),
    ("%SecureBreak", "Programmer break at secure routines", {"%Secure_Break": U}, ()),
    ("%SQLTuneTable", "Role for the tune table utility", {}, ()),
    ("%Admin_Secure", "Security administration", {"%Admin_Secure": U}, ()),
    ("IAM_API", "Role for the IAM interface", {"%IAM": U}, ()),
    (
        "%EnsRole_Administrator",
        "Interoperability administrator",
        {"%DB_ENSLIB": R, "%DB_USER": RW},
        ("%EnsRole_Operator",),
    ),
    ("%EnsRole_Developer", "Interoperability developer", {"%Development": U}, ("%EnsRole_WebDeveloper",)),
    ("%EnsRole_WebDeveloper", "Interoperability web developer", {"%DB_USER": RW}, ()),
    ("%EnsRole_Monitor", "Interoperability monitor", {"%DB_USER": R}, ()),
    ("%EnsRole_Operator", "Interoperability operator", {"%DB_USER": R}, ("%EnsRole_Monitor",)),
)
_ROLES_SINCE_IRISSECURITY: tuple[tuple[str, str, dict[str, Permission]], ...] = (
    ("%DB_IRISSYS_READ", "Read access to the system database", {"%DB_IRISSYS": R}),
    (
        "%SecurityAdministrator",
        "A role for security administrators",
        {
            **{name: U for name in _ADMIN_RESOURCES if "OAuth2" in name},
            "%Admin_Secure": U,
            "%Admin_UserEdit": U,
            "%Admin_RoleEdit": U,
        },
    ),
)
_USERS: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
    ("Admin", "System Administrator", ("%Manager",), True),
    ("SuperUser", "System Super User", ("%All",), True),
    ("_SYSTEM", "SQL System Manager", ("%All",), True),
    ("UnknownUser", "Unknown User", (), True),
    ("CSPSystem", "CSP System User", (), True),
    ("IAM", "IAM User", ("IAM_API",), False),
    ("_PUBLIC", "Internal use - not for login", (), False),
    ("_Ensemble", "Ensemble System Manager - not for login", ("%All",), True),
)
_APPLICATIONS: tuple[tuple[str, str, str, str, int, int, bool], ...] = (
    # name, namespace, resource, dispatch class, authentication, timeout in seconds, use of sessions
    ("/csp/sys", "%SYS", "", "", PASSWORD_BIT, 900, True),
    ("/csp/user", "USER", "", "", PASSWORD_BIT | UNAUTHENTICATED_BIT, 900, True),
    ("/api/monitor", "%SYS", "", "%Api.Monitor", UNAUTHENTICATED_BIT, 900, False),
    ("/api/atelier", "%SYS", "%Development", "%Api.Atelier", PASSWORD_BIT, 3600, True),
    ("/api/mgmnt", "%SYS", "%Admin_Manage", "%Api.Mgmnt.v2.disp", PASSWORD_BIT, 900, False),
)
_APPLICATIONS_SINCE_2026_2: tuple[tuple[str, str, str, str, int, int, bool], ...] = (
    # UNVERIFIED: the name of its dispatch class, and that it has no own resource. Settle: SELECT DispatchClass,
    # Resource FROM Security.Applications_Detail('/api/admin').
    ("/api/admin", "%SYS", "", "%Api.Admin", PASSWORD_BIT, 900, False),
)
_EVENTS: tuple[tuple[str, str, bool], ...] = (
    # Names from the vendor's list of system audit events in the public documentation.
    # UNVERIFIED: which of them are on in a fresh instance. Settle: SELECT Source, Type, Name, Enabled FROM
    # Security.Events_List('*').
    ("%System/%DirectMode", "DirectMode", False),
    ("%System/%Login", "JobEnd JobStart Login Logout TaskEnd TaskStart", False),
    ("%System/%Login", "LoginFailure Terminate", True),
    ("%System/%SQL", "DynamicStatement EmbeddedStatement XDBCStatement", False),
    ("%System/%SQL", "PrivilegeFailure", True),
    (
        "%System/%Security",
        (
            "AccessDenied ApplicationChange AuditChange AuditReport DBEncChange DocDBChange DomainChange "
            "KMIPServerChange LDAPConfigChange OpenAMIdentityServicesChange PhoneProvidersChange ResourceChange "
            "RoleChange SSLConfigChange ServiceChange SystemChange UserChange X509CredentialsChange X509UserChange"
        ),
        True,
    ),
    ("%System/%Security", "Protect", False),
    (
        "%System/%System",
        "AuditRecordLoss ConfigurationChange DatabaseChange JournalChange Start Stop SuspendResume UserEventOverflow",
        True,
    ),
    ("%System/%System", "OSCommand ProcessBroadcast RoutineChange", False),
)


def plant(tables: SecurityTables, *, version: tuple[int, int], created: datetime) -> None:
    """Fill empty tables with the content of a normal installation of this version.

    The predefined accounts for people have no password yet: see `give_password`.
    """
    _plant_resources(tables, version)
    _plant_roles(tables, version)
    for name, full_name, roles, enabled in _USERS:
        tables.users.add(
            User(
                name,
                full_name=full_name,
                roles=list(roles),
                enabled=enabled,
                predefined=True,
                password_never_expires=True,
                account_never_expires=True,
                created=created,
                created_by="_SYSTEM",
                modified=created,
                modified_by="_SYSTEM",
                password_changed=created,
            )
        )
    for name in _SERVICES:
        on = name in _SERVICES_ON
        methods = PASSWORD_BIT | (OS_BIT if name == "%Service_Terminal" else 0)
        if name == "%Service_WebGateway":
            methods |= UNAUTHENTICATED_BIT
        tables.services.add(
            Service(name, description=f"Controls {name[1:]}", enabled=on, authe_enabled=methods)
        )
    applications = (*_APPLICATIONS, *(_APPLICATIONS_SINCE_2026_2 if version >= (2026, 2) else ()))
    for name, namespace, resource, dispatch, methods, timeout, sessions in applications:
        tables.applications.add(
            Application(
                name,
                namespace=namespace,
                resource=resource,
                dispatch_class=dispatch,
                authe_enabled=methods,
                timeout=timeout,
                use_session=sessions,
                system=name != "/csp/user",
                type_bits=3 if name != "/csp/user" else 2,
                description=f"Predefined application {name}",
            )
        )
    for prefix, names, enabled in _EVENTS:
        source, kind = prefix.split("/")
        for name in words(names):
            tables.events.add(
                AuditEvent(source, kind, name, description=f"{kind[1:]} event {name}", enabled=enabled)
            )
    tables.namespaces.add(Namespace("%SYS", "IRISSYS", "IRISSYS"))
    tables.namespaces.add(Namespace("USER", "USER", "USER"))


def give_password(tables: SecurityTables, username: str, clear: str, chance: Chance) -> None:
    """Set a password. Raises KeyError for an unknown user."""
    user = tables.users.get(username)
    if user is None:
        raise KeyError(username)
    set_password(user, clear, chance)
    tables.users.touch()


def add_database(
    tables: SecurityTables, name: str, *, predefined: bool = False, public: Permission = Permission.NONE
) -> None:
    """Add a database with its resource and the implicit role with RW on it (facts: iris-security 3.1)."""
    resource = f"%DB_{name}"
    directory = "/usr/irissys/mgr/" if name == "IRISSYS" else f"/usr/irissys/mgr/{name.lower()}/"
    tables.databases.add(Database(name, directory, resource))
    tables.resources.add(
        Resource(
            resource,
            f"Database {name}",
            public,
            DATABASE_TYPE | (SYSTEM_TYPE if predefined else 0),
            predefined,
        )
    )
    tables.roles.add(
        Role(resource, f"R/W access to {resource}", {resource: RW}, predefined=True, editable=False)
    )


def _plant_resources(tables: SecurityTables, version: tuple[int, int]) -> None:
    for name in (*_ADMIN_RESOURCES, *_OTHER_RESOURCES):
        tables.resources.add(
            Resource(name, f"System resource {name}", type_bits=SYSTEM_TYPE, predefined=True)
        )
    for name in _SERVICE_RESOURCES:
        tables.resources.add(
            Resource(
                name,
                f"Use of {name}",
                public=_PUBLIC.get(name, Permission.NONE),
                type_bits=SYSTEM_TYPE | SERVICE_TYPE,
                predefined=True,
            )
        )
    names = [*_DATABASES, *(["IRISSECURITY"] if version >= IRISSECURITY_SINCE else [])]
    for name in names:
        add_database(tables, name, predefined=True, public=_PUBLIC.get(f"%DB_{name}", Permission.NONE))
    tables.resources.add(
        Resource(
            "%DB_%DEFAULT",
            "Databases without a resource of their own",
            type_bits=SYSTEM_TYPE | DATABASE_TYPE,
            predefined=True,
        )
    )
    tables.roles.add(
        Role(
            "%DB_%DEFAULT",
            "R/W access to %DB_%DEFAULT",
            {"%DB_%DEFAULT": RW},
            predefined=True,
            editable=False,
        )
    )


def _plant_roles(tables: SecurityTables, version: tuple[int, int]) -> None:
    for name, description, resources, granted in _ROLES:
        tables.roles.add(
            Role(name, description, dict(resources), list(granted), predefined=True, editable=name != "%All")
        )
    if version >= IRISSECURITY_SINCE:
        for name, description, resources in _ROLES_SINCE_IRISSECURITY:
            tables.roles.add(Role(name, description, dict(resources), predefined=True))
