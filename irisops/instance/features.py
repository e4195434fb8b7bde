"""Facts and actions as data: the routes to each, best first, and the members that each route needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal, NamedTuple

from irisops.instance.calls import HELPER

HELPER_VERSION_METHOD = "IrisOpsHelperVersion"
"""The method that identifies the helper."""

RouteKind = Literal["sql", "rows", "result set", "method", "object", "statement", "function", "rest"]
Proved = Literal["%All", "privilege", "nobody"]


class Route(NamedTuple):
    """One route to a fact or action.

    `needs` are (class, member) pairs that must exist; for kind `sql`, a query among them must also be projected as an
    SQL procedure. A member "" is the class itself. `proved` as in `Feature`, where the route has its own; else "".
    """

    kind: RouteKind
    label: str
    needs: tuple[tuple[str, str], ...]
    proved: Proved | Literal[""] = ""

    @property
    def opens_security(self) -> bool:
        """True if it opens objects that an instance may protect (facts: iris-security 4.4)."""
        return self.kind == "object" and self.needs[0][0].startswith("Security.")

    @property
    def by_helper(self) -> bool:
        """True if it calls the helper class."""
        return self.needs[:1] == ((HELPER, HELPER_VERSION_METHOD),)


class Feature(NamedTuple):
    """A fact or action with its routes. `privilege` is the one that it is documented to need.

    For a class query, `query` is `Package.Class:Query`. Where each cell costs a round trip only `columns` are read, or
    those of `wanted` that the query has: its columns are not all known.
    """

    name: str
    routes: tuple[Route, ...]
    privilege: str = ""
    query: str = ""
    columns: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    args: tuple[str, ...] = ("*",)
    """Arguments of the query where the caller gives no others; the security lists take a mask of names."""
    proved: Proved = "%All"
    """Accounts for which public sources show that it works: with %All, with the documented privilege, or nobody."""


SECURE = "%Admin_Secure:U"
_OAUTH = "%Admin_Secure:U and %Admin_OAuth2_Client:U"
OPERATE = "%Admin_Operate:U"
MANAGE = "%Admin_Manage:U"
TASKS = "%Admin_Task:U or %Admin_Tasks:U"
WRITE_IRISSYS = "%DB_IRISSYS:W"
CONTROL = f"{OPERATE} and {WRITE_IRISSYS}"
CHANGE_CODE = "%Development:U and %DB_IRISSYS:W"
"""Privileges of several features.

UNVERIFIED: which of the two names the resource of tasks has: the guides write both (facts: iris-operations 8). Settle:
list the resources of an instance.
"""
RESULT_SET = ("%Library.ResultSet", "")
SET_NAMESPACE = ("%SYSTEM.Process", "SetNamespace")
"""Needs of several routes."""


def _route(
    kind: RouteKind,
    class_name: str,
    *members: str,
    label: str = "",
    further: tuple[tuple[str, str], ...] = (),
) -> Route:
    """A route that needs these members of a class, and `further` ones; its label names the first unless given."""
    needs = (*((class_name, member) for member in members), *further)
    return Route(kind, label or f"{class_name}.{members[0]}", needs)


_method = partial(_route, "method")
_object = partial(_route, "object")


def _query(
    name: str, query: str, columns: str = "", privilege: str = SECURE, further: tuple[Route, ...] = ()
) -> Feature:
    """A class query: as an SQL procedure (one round trip), else by object calls (one per cell)."""
    class_name, _, member = query.partition(":")
    by_sql = _route("sql", class_name, member, label=f"SQL {class_name}_{member}")
    by_cells = _route(
        "result set", class_name, member, label=f"%Library.ResultSet {query}", further=(RESULT_SET,)
    )
    return Feature(name, (by_sql, by_cells, *further), privilege, query, tuple(columns.split()))


def _detail(name: str, query: str, wanted: str) -> Feature:
    """A query Detail: its columns are those of `wanted` and others, but some of these may be missing."""
    return _query(name, query)._replace(wanted=tuple(wanted.split()))


def _of_all(feature: Feature, *columns: str) -> Feature:
    """A class query without arguments; `columns` where their names have blanks."""
    return feature._replace(args=(), columns=columns or feature.columns)


def _long_query(
    name: str, query: str, columns: str = "", privilege: str = SECURE, further: tuple[Route, ...] = ()
) -> Feature:
    """A class query of many rows that may not be projected: the class methods behind it are the second route.

    The class reference declares these methods in the classes that write their queries themselves.
    """
    plain = _query(name, query, columns, privilege, further)
    class_name, _, member = query.partition(":")
    methods = (member, f"{member}Execute", f"{member}Fetch")
    by_rows = _route("rows", class_name, *methods, label=f"{class_name}.{member}Fetch", further=(RESULT_SET,))
    return plain._replace(args=(), routes=(plain.routes[0], by_rows, *plain.routes[1:]))


def _helper_route(method: str, class_name: str = "") -> Route:
    """The helper as a route, where it is installed; for objects of a class, if it is given.

    It calls the documented API as code on the instance, for which the vendor names the privileges and shows an example
    without %All (facts: iris-security 4.4).
    """
    label = f"{HELPER}.{method}" + (f" {class_name}" if class_name else "")
    made: Route = _method(HELPER, HELPER_VERSION_METHOD, method, label=label)
    return made._replace(proved="privilege") if class_name else made


def _read(name: str, class_name: str, member: str = "List") -> Feature:
    """Reading the properties of an object; `member` shows that its class exists."""
    by_object = _object(class_name, member, label=f"{class_name} %OpenId")
    return Feature(name, (by_object, _helper_route("ReadSecurity", class_name)), SECURE)


def _edit(
    name: str, class_name: str, member: str = "List", further: tuple[tuple[str, str], ...] = ()
) -> Feature:
    """Changing the properties of an object; `member` shows that its class exists."""
    by_object = _object(class_name, member, label=f"{class_name} %OpenId, %Save", further=further)
    return Feature(name, (by_object, _helper_route("ModifySecurity", class_name)), SECURE)


SESSIONS_BY_REST = Route("rest", "GET /api/admin/v2/web-sessions", ())
END_BY_REST = Route("rest", "DELETE /api/admin/v2/web-session", ())
"""By the SysAdmin API of 2026.2 (`admin_api`): after what uses the connection that is there anyway."""


FEATURES: Mapping[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("system.version", (_method("%SYSTEM.Version", "GetVersion"),)),
        Feature("system.pid", (_method("%SYSTEM.SYS", "ProcessID"),)),
        Feature("system.name", (_method("%SYS.System", "GetInstanceName"),)),
        Feature("license.counts", (_method("%SYSTEM.License", "LUConsumed", "KeyLicenseUnits"),)),
        _long_query(
            "license.holders",
            "%SYSTEM.License:UserList",
            "UserId Type Connects MaxCon CSPCon LU Active Grace",
            privilege="",
        ),
        _long_query(
            "sessions.list",
            "%CSP.Session:SessionInfo",
            "ID Username Preserve Application Timeout LicenseId SesProcessId AllowEndSession",
            privilege="%Admin_Operate:U and %DB_IRISSYS:R",
            further=(SESSIONS_BY_REST,),
        )._replace(
            proved="privilege",  # (facts: iris-license-sessions 3.2)
        ),
        Feature(
            "sessions.count",
            (
                _route("sql", "%CSP.Session", "SessionInfo", label="SQL %CSP.Session_SessionInfo"),
                _object("SYS.Stats.Dashboard", "Sample"),
                _method("%SYSTEM.License", "CSPUsers"),
            ),
        ),
        Feature(
            "processes.list",
            (_route("statement", "%SYS.ProcessQuery", "", label="SQL table %SYS.ProcessQuery"),),
            "%Admin_Manage:U (or read on %DB_IRISSYS) and SELECT on %SYS.ProcessQuery",
            proved="privilege",  # (facts: iris-license-sessions 4.1)
        ),
        Feature(
            "sessions.end",
            # No class has the function, so the dictionary cannot tell; calling it does (license-sessions 3.3).
            (
                Route("function", "$$DeleteSession^%SYS.cspServer", ()),
                END_BY_REST,
                _helper_route("EndSession"),
            ),
            WRITE_IRISSYS,
            proved="nobody",
        ),
        Feature(
            "processes.terminate",
            (_object("SYS.Process", "Terminate"), _method("%SYSTEM.Process", "Terminate")),
            WRITE_IRISSYS,
        ),
        Feature("processes.suspend", (_object("SYS.Process", "Suspend"),), WRITE_IRISSYS),
        Feature("processes.resume", (_object("SYS.Process", "Resume"),), WRITE_IRISSYS),
        _detail(
            "webapps.detail",
            "Security.Applications:Detail",
            "Name Namespace Enabled Resource MatchRoles AutheEnabled DispatchClass Timeout",
        ),
        _query("webapps.list", "Security.Applications:List", "Name Namespace Enabled Type DispatchClass"),
        _read("webapps.read", "Security.Applications"),
        _edit("webapps.edit", "Security.Applications"),
        Feature(
            "webapps.create",
            (
                # No array crosses the driver: Create is for code on the instance (facts: iris-webapps-gateway 1.6).
                _helper_route("CreateObject", "Security.Applications"),
                _method("Security.Applications", "Copy"),
            ),
            SECURE,
            proved="nobody",
        ),
        Feature("webapps.delete", (_method("Security.Applications", "Delete"),), SECURE),
        _query("resources.list", "Security.Resources:List", "Name Description PublicPermission Type"),
        _read("resources.read", "Security.Resources"),
        _edit("resources.edit", "Security.Resources"),
        Feature("resources.create", (_method("Security.Resources", "Create"),), SECURE),
        Feature("resources.delete", (_method("Security.Resources", "Delete"),), SECURE),
        _detail(
            "services.detail",
            "Security.Services:Detail",
            "Name Enabled Public Description AuthenticationMethods AllowedConnections",
        ),
        _query("services.list", "Security.Services:List", "Name Enabled Public Description"),
        _read("services.read", "Security.Services"),
        _edit("services.edit", "Security.Services"),
        _query("users.list", "Security.Users:List", "Name Enabled Roles LastLoginTime Flags"),
        _detail(
            "users.detail",
            "Security.Users:Detail",
            "Name FullName Comment Enabled Roles EscalationRoles NameSpace Routine EmailAddress ExpirationDate Type "
            "Flags AccountNeverExpires PasswordNeverExpires ChangePassword InvalidLoginAttempts CreateDateTime "
            "LastLoginTime",
        ),
        _query(
            "roles.list", "Security.Roles:ListAll", "Name Description GrantedRoles Resources EscalationOnly"
        ),
        Feature("sql.check", (_method("%SYSTEM.SQL.Security", "CheckPrivilege"),), SECURE),
        Feature(
            "sql.grants",
            (
                # Only as a result set: it runs in the namespace of the data, and the namespace of SQL cannot be
                # changed on an open connection for certain (facts: iris-security 3.8).
                _route(
                    "result set",
                    "%SQL.Manager.CatalogPriv",
                    "UserPrivs",
                    label="%Library.ResultSet %SQL.Manager.CatalogPriv:UserPrivs",
                    further=(RESULT_SET, SET_NAMESPACE),
                ),
            ),
            SECURE,
        ),
        Feature(
            "sql.holdings",
            (
                _route(
                    "rows",
                    "%Library.SQLCatalogPriv",
                    "SQLUserPrivsExecute",
                    "SQLUserPrivsFetch",
                    "SQLUserSysPrivsFetch",
                    label="%Library.SQLCatalogPriv.SQLUserPrivsFetch",
                    further=(RESULT_SET, SET_NAMESPACE),
                ),
                _route(
                    "result set",
                    "%Library.SQLCatalogPriv",
                    "SQLUserPrivs",
                    "SQLUserSysPrivs",
                    label="%Library.ResultSet %Library.SQLCatalogPriv:SQLUserPrivs",
                    further=(RESULT_SET, SET_NAMESPACE),
                ),
            ),
            SECURE,
        ),
        Feature(
            "sql.grant",
            (_method("%SYSTEM.SQL.Security", "GrantPrivilege", further=(SET_NAMESPACE,)),),
            SECURE,
        ),
        _query("audit.events", "Security.Events:List", "Source Type Name Enabled Description"),
        _read("events.read", "Security.Events", "Exists"),
        _edit("events.edit", "Security.Events", "Exists"),
        Feature("events.create", (_method("Security.Events", "Create"),), SECURE),
        Feature("events.delete", (_method("Security.Events", "Delete"),), SECURE),
        Feature(
            "audit.list",
            (
                _route("sql", "%SYS.Audit", "List", label="SQL %SYS.Audit_List"),
                _route("statement", "%SYS.Audit", "", label="SQL table %SYS.Audit"),
            ),
            SECURE,
        ),
        _read("security.settings", "Security.System", "Exists"),
        _edit("security.edit", "Security.System", "Exists"),
        _edit("audit.enable", "Security.Events", "Exists", (("Security.System", "Exists"),)),
        Feature("license.customer", (_method("%SYSTEM.License", "KeyCustomerName"),)),
        Feature("system.mode", (_method("%SYSTEM.Version", "SystemMode"),)),
        Feature(
            "oauth.servers",
            (
                _route(
                    "statement",
                    "OAuth2.ServerDefinition",
                    "IssuerEndpoint",
                    label="SQL table OAuth2.ServerDefinition",
                ),
            ),
            _OAUTH,
        ),
        Feature(
            "oauth.clients",
            (_route("statement", "OAuth2.Client", "ApplicationName", label="SQL table OAuth2.Client"),),
            _OAUTH,
        ),
        # UNVERIFIED: that the classes of SQL privileges are tables whose columns have the names of their properties.
        # Settle: SELECT * FROM Security.SQLPrivileges and from Security.SQLAdminPrivilegeSet as a user with %All.
        Feature(
            "sql.privileges",
            (
                _route(
                    "statement",
                    "Security.SQLPrivileges",
                    "SQLObject",
                    label="SQL table Security.SQLPrivileges",
                ),
            ),
            SECURE,
        ),
        Feature(
            "sql.admins",
            (
                _route(
                    "statement",
                    "Security.SQLAdminPrivilegeSet",
                    "Grantee",
                    label="SQL table Security.SQLAdminPrivilegeSet",
                ),
            ),
            SECURE,
        ),
        # UNVERIFIED: that Name is a column of the list of TLS configurations. Settle: SELECT * FROM
        # Security.SSLConfigs_List('*').
        _query("tls.list", "Security.SSLConfigs:List", "Name"),
        _read("tls.read", "Security.SSLConfigs"),
        _edit("tls.edit", "Security.SSLConfigs"),
        # Its Create takes an array (facts: iris-security 1).
        Feature("tls.create", (_helper_route("CreateObject", "Security.SSLConfigs"),), SECURE),
        Feature("tls.delete", (_method("Security.SSLConfigs", "Delete"),), SECURE),
        _query("ldap.list", "Security.LDAPConfigs:List", "Name Description LDAPCACertFile"),
        _read("ldap.read", "Security.LDAPConfigs"),
        _edit("ldap.edit", "Security.LDAPConfigs"),
        Feature(
            "oauth.own",
            (
                _route(
                    "statement",
                    "OAuth2.Server.Configuration",
                    "Description",
                    label="SQL table OAuth2_Server.Configuration",
                ),
            ),
            "%Admin_Secure:U and %Admin_OAuth2_Server:U",
        ),
        # UNVERIFIED: that these objects may be made and saved over the driver, and a client be given its server as an
        # object; the vendor's own code builds them so. Settle: /apply of a folder with a client on 2024 and on 2025.2.
        Feature("oauth.servers.change", (_object("OAuth2.ServerDefinition", "OpenByIssuer"),), _OAUTH),
        Feature("oauth.clients.change", (_object("OAuth2.Client", "Open"),), _OAUTH),
        _query("namespaces.list", "Config.Namespaces:List", privilege=""),
        # Create and Modify take an array (facts: iris-config-as-text 5.1).
        # UNVERIFIED: the privilege that the classes of Config ask for. Settle: SetMapping as a user without
        # %Admin_Manage:U, then as one with it.
        Feature("namespaces.create", (_helper_route("CreateObject", "Config.Namespaces"),), MANAGE),
        Feature("namespaces.delete", (_method("Config.Namespaces", "Delete"),), MANAGE),
        Feature("mappings.set", (_helper_route("SetMapping", "Config.MapGlobals"),), MANAGE),
        *(
            Feature(f"mappings.delete.{name}", (_method(f"Config.{name}", "Delete"),), MANAGE)
            for name in ("MapGlobals", "MapRoutines", "MapPackages")
        ),
        *(
            # Plain tables, which were not moved with the security data (facts: iris-config-as-text 5.3).
            Feature(
                f"config.{name}",
                (_route("statement", f"Config.{name}", member, label=f"SQL table Config.{name}"),),
            )
            for name, member in (
                ("Namespaces", "Globals"),
                ("Databases", "Directory"),
                ("MapGlobals", "Database"),
                ("MapRoutines", "Database"),
                ("MapPackages", "Database"),
            )
        ),
        _query(
            # (facts: iris-operations 7.1)
            "databases.list",
            "SYS.Database:List",
            "Directory Size Status Resource Encrypted Mirrored",
            privilege="%Admin_Manage:U",
        ),
        _query("databases.names", "Config.Databases:List", "Name Directory", privilege=""),
        _query(
            # (facts: iris-operations 7.1)
            "databases.free",
            "SYS.Database:FreeSpace",
            "Directory MaxSize Size Available Free DiskFreeSpace Status SizeInt AvailableNum DiskFreeSpaceNum ReadOnly",
            privilege=OPERATE,
        ),
        Feature(
            "databases.read",
            (_object("SYS.Database", "List", label="SYS.Database %OpenId"),),
            "%Admin_Manage:U",
        ),
        Feature(
            "databases.edit",
            (_object("SYS.Database", "List", label="SYS.Database %OpenId, %Save"),),
            MANAGE,
        ),
        Feature("globals.database", (_method("%SYS.Namespace", "GetGlobalDest"),)),
        # UNVERIFIED: that these and locks.delete need %DB_IRISSYS:W, as methods of SYS.Process do; the least that they
        # need is unknown (facts: iris-operations 7). Settle: each as a user with %Admin_Operate:U alone, then with
        # %DB_IRISSYS:W as well.
        Feature("databases.mount", (_method("SYS.Database", "MountDatabase"),), CONTROL),
        Feature("databases.dismount", (_method("SYS.Database", "DismountDatabase"),), CONTROL),
        _of_all(
            _query("tasks.list", "%SYS.Task:TaskListDetail", privilege=TASKS),
            *(
                "Task Name",
                "Description",
                "Namespace",
                "TaskClass",
                "Suspended",
                "Run Task",
                "Next Scheduled Date",
            ),
            *(
                "Next Scheduled Time",
                "Last Started",
                "Last Finished",
                "Last Status",
                "Last Result",
                "%ER Error #",
                "ID",
            ),
        ),
        Feature("tasks.suspend", (_object("%SYS.Task", "RunNow", label="%SYS.Task %OpenId, %Save"),), TASKS),
        Feature("tasks.run", (_method("%SYS.Task", "RunNow"),), TASKS),
        _long_query(
            # (facts: iris-license-sessions 5.1)
            "locks.detail",
            "%SYS.LockQuery:Detail",
            "DelKey Owner Mode Flags Counts LockString FullReference WaiterPID",
            privilege=OPERATE,
        ),
        _long_query(
            "locks.list",
            "%SYS.LockQuery:List",
            "DelKey Owner Mode Flags Counts LockString FullReference",
            privilege=OPERATE,
        ),
        _query("locks.removable", "%SYS.LockQuery:WebList", "Removable DeleteID", privilege=OPERATE),
        Feature("locks.delete", (_method("SYS.Lock", "DeleteOneLock"),), CONTROL),
        Feature(
            "journal.state",
            (_method("%SYS.Journal.System", "GetState", "GetCurrentFileName", "GetFreeSpace"),),
            "%DB_IRISSYS:R",
        ),
        _of_all(
            _long_query(
                "journal.files", "%SYS.Journal.File:ByTimeReverseOrder", privilege="%DB_IRISSYS:R"
            )._replace(
                wanted=("Name", "Size", "CreationTime", "DataSize"),
            )
        ),
        # UNVERIFIED: that the dictionary's own classes take the name of a class as the id. Settle:
        # %Dictionary.CompiledClass.%ExistsId("%Library.String") by the driver.
        Feature(
            "code.exists",
            (
                _method(
                    "%Dictionary.CompiledClass",
                    "%ExistsId",
                    further=(("%Dictionary.ClassDefinition", "%ExistsId"), SET_NAMESPACE),
                ),
            ),
        ),
        *(
            # The class dictionary of the data's namespace (facts: iris-operations 3).
            # UNVERIFIED: that these classes are SQL tables with these columns for every account that has SELECT.
            # Settle: doubt dictionary.
            Feature(
                name,
                (
                    _route(
                        "statement", f"%Dictionary.{table}", member, label=f"SQL table %Dictionary.{table}"
                    ),
                ),
                f"SELECT on %Dictionary.{table}",
            )
            for name, table, member in (
                ("indexes.classes", "CompiledClass", "SqlTableName"),
                ("indexes.storage", "CompiledStorage", "DataLocation"),
                ("indexes.locations", "CompiledStorageIndex", "Location"),
                ("indexes.columns", "CompiledStorageData", "ColumnarGlobal"),
                ("indexes.maps", "CompiledStorageSQLMap", "Type"),
                ("indexes.list", "CompiledIndex", "Properties"),
            )
        ),
        Feature("indexes.status", (Route("statement", "SQL view INFORMATION_SCHEMA.INDEXES", ()),)),
        Feature("indexes.count", (Route("statement", "SQL COUNT with and without %NOINDEX", ()),)),
        Feature(
            "indexes.validate",
            (
                # The array of errors does not cross the driver (facts: iris-operations 4).
                _method(
                    HELPER,
                    HELPER_VERSION_METHOD,
                    "StartValidation",
                    "ReadValidation",
                    "DropValidation",
                    label=f"{HELPER}.StartValidation",
                ),
            ),
            proved="nobody",
        ),
        # UNVERIFIED: that it works over the driver. Settle: BUILD INDEX FOR TABLE of a test class, then MAP_STATUS.
        Feature(
            "indexes.build",
            (Route("statement", "SQL BUILD INDEX", ()),),
            "%BUILD_INDEX and SELECT on the table",
        ),
        # UNVERIFIED: the stream's members by the driver. Settle: LinkToFile of messages.log, Size, MoveTo, Read.
        Feature("messages.log", (_object("%Stream.FileCharacter", "LinkToFile"),), "%DB_IRISSYS:R"),
        # Ens.* is not in %SYS, where the class dictionary is asked; using it tells.
        Feature("productions.control", (Route("method", "Ens.Director", ()),), "%Ens_ProductionRun:U"),
        Feature("mirror.state", (_method("%SYSTEM.Mirror", "IsMember", "MirrorName", "GetStatus"),)),
        Feature(
            "statements.list",
            (
                _route(
                    "statement",
                    "INFORMATION.SCHEMA.CURRENT_STATEMENTS",
                    "ProcessID",
                    label="SQL view INFORMATION_SCHEMA.CURRENT_STATEMENTS",
                ),
            ),
        ),
        # UNVERIFIED: that it works over the driver. Settle: CANCEL QUERY with the pid of a connection that runs a long
        # SELECT, then CURRENT_STATEMENTS.
        Feature("statements.cancel", (Route("statement", "SQL CANCEL QUERY", ()),)),
        Feature("monitor.state", (_method("%SYSTEM.Monitor", "State", "Alerts"),), "%DB_IRISSYS:R"),
        # The class dictionary does not list views and statements; using them tells.
        Feature("sql.schemas", (Route("statement", "SQL view INFORMATION_SCHEMA.TABLES", ()),)),
        Feature("sql.grant_schema", (Route("statement", "SQL GRANT and REVOKE ON SCHEMA", ()),)),
        _read("users.read", "Security.Users"),
        Feature("users.exists", (_method("Security.Users", "Exists"),), SECURE),
        Feature("roles.exists", (_method("Security.Roles", "Exists"),), SECURE),
        _query("roles.names", "Security.Roles:List", "Name"),
        Feature("users.create", (_method("Security.Users", "Create"),), SECURE),
        Feature("users.copy", (_method("Security.Users", "Copy"),), SECURE),
        Feature("users.delete", (_method("Security.Users", "Delete"),), SECURE),
        _edit("users.edit", "Security.Users"),
        Feature(
            "users.password",
            (
                _object("Security.Users", "List", label="Security.Users PasswordExternal, %Save"),
                Route("statement", "SQL ALTER USER", ()),
                _helper_route("ModifySecurity", "Security.Users"),
            ),
            SECURE,
        ),
        Feature(
            "users.escalation",
            (_method("Security.Users", "AddEscalationRoles", "RemoveEscalationRoles"),),
            SECURE,
        ),
        Feature("roles.create", (_method("Security.Roles", "Create"),), SECURE),
        Feature("roles.copy", (_method("Security.Roles", "Copy"),), SECURE),
        Feature("roles.delete", (_method("Security.Roles", "Delete"),), SECURE),
        _edit("roles.edit", "Security.Roles", "ListAll"),
        Feature(
            "roles.privileges",
            (
                # The documented Modify first; no public code edits the relationship (facts: iris-security 3.1).
                _helper_route("ModifySecurity", "Security.Roles"),
                _object("Security.Roles", "ListAll", label="Security.Roles Resources, %Save"),
            ),
            SECURE,
            proved="nobody",
        ),
        Feature(
            "helper", (_method(HELPER, HELPER_VERSION_METHOD, label=f"class {HELPER}"),), proved="nobody"
        ),
        Feature(
            "helper.install",
            (_method("%SYSTEM.OBJ", "LoadStream", further=(("%Stream.GlobalCharacter", "Write"),)),),
            CHANGE_CODE,
            proved="nobody",
        ),
        Feature("helper.remove", (_method("%SYSTEM.OBJ", "Delete"),), CHANGE_CODE),
        Feature(
            "users.add_role",
            (_method("Security.Users", "AddRoles"), Route("statement", "SQL GRANT", ())),
            SECURE,
        ),
        Feature(
            "users.remove_role",
            (_method("Security.Users", "RemoveRoles"), Route("statement", "SQL REVOKE", ())),
            SECURE,
        ),
    )
}
