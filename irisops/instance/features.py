"""Facts and actions as data: the routes to each, best first, and the members that each route needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

RouteKind = Literal["sql", "rows", "result set", "method", "object", "statement", "function", "rest"]


@dataclass(frozen=True, slots=True)
class Route:
    """One route to a fact or action.

    `needs` are (class, member) pairs that must exist; for kind `sql`, a query among them must also be projected as an
    SQL procedure. A member "" is the class itself.
    """

    kind: RouteKind
    label: str
    needs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A fact or action with its routes. `privilege` is the one that it is documented to need.

    For a class query, `query` is `Package.Class:Query`; `columns` are read where each cell costs a round trip (none:
    all).
    """

    name: str
    routes: tuple[Route, ...]
    privilege: str = ""
    query: str = ""
    columns: tuple[str, ...] = ()


def _query_feature(
    name: str,
    class_name: str,
    query: str,
    privilege: str = "",
    *,
    columns: tuple[str, ...] = (),
    further: tuple[Route, ...] = (),
) -> Feature:
    """A class query: as an SQL procedure (one round trip), else by object calls (one per cell)."""
    procedure = f"{class_name}_{query}"
    return Feature(
        name,
        (
            Route("sql", f"SQL {procedure}", ((class_name, query),)),
            Route(
                "result set",
                f"%Library.ResultSet {class_name}:{query}",
                ((class_name, query), ("%Library.ResultSet", "")),
            ),
            *further,
        ),
        privilege,
        f"{class_name}:{query}",
        columns,
    )


def _long_query_feature(
    name: str,
    class_name: str,
    query: str,
    privilege: str = "",
    *,
    columns: tuple[str, ...] = (),
    further: tuple[Route, ...] = (),
) -> Feature:
    """A class query of many rows that may not be projected: the class methods behind it are the second route.

    The class reference declares these methods in the classes that write their queries themselves.
    """
    plain = _query_feature(name, class_name, query, privilege, columns=columns, further=further)
    by_rows = Route(
        "rows",
        f"{class_name}.{query}Fetch",
        (
            (class_name, query),
            (class_name, f"{query}Execute"),
            (class_name, f"{query}Fetch"),
            ("%Library.ResultSet", ""),
        ),
    )
    return replace(plain, routes=(plain.routes[0], by_rows, *plain.routes[1:]))


SESSIONS_BY_REST = Route("rest", "GET /api/admin/v2/web-sessions", ())
END_BY_REST = Route("rest", "DELETE /api/admin/v2/web-session", ())
"""By the SysAdmin API of 2026.2 (`admin_api`): after what uses the connection that is there anyway."""


HELPER = "ZIrisOps.Helper"
"""The optional class on the instance (see `irisops.instance.helper`)."""
HELPER_VERSION_METHOD = "IrisOpsHelperVersion"
"""The method that identifies the helper."""


def _helper_route(method: str) -> Route:
    """The helper as the last route, where it is installed."""
    return Route("method", f"{HELPER}.{method}", ((HELPER, HELPER_VERSION_METHOD), (HELPER, method)))


def _method_route(class_name: str, *methods: str, label: str = "") -> Route:
    return Route(
        "method", label or f"{class_name}.{methods[0]}", tuple((class_name, method) for method in methods)
    )


def _settable(noun: str, class_name: str) -> tuple[Feature, Feature]:
    """Features to read and to change an object's settings."""
    needs = ((class_name, "List"),)
    return (
        Feature(f"{noun}.read", (Route("object", f"{class_name} %OpenId", needs),), "%Admin_Secure:U"),
        Feature(f"{noun}.edit", (Route("object", f"{class_name} %OpenId, %Save", needs),), "%Admin_Secure:U"),
    )


FEATURES: Mapping[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("system.version", (_method_route("%SYSTEM.Version", "GetVersion"),)),
        Feature("system.pid", (_method_route("%SYSTEM.SYS", "ProcessID"),)),
        Feature("system.name", (_method_route("%SYS.System", "GetInstanceName"),)),
        Feature("license.counts", (_method_route("%SYSTEM.License", "LUConsumed", "KeyLicenseUnits"),)),
        _long_query_feature(
            "license.holders",
            "%SYSTEM.License",
            "UserList",
            columns=("UserId", "Type", "Connects", "MaxCon", "CSPCon", "LU", "Active", "Grace"),
        ),
        _long_query_feature(
            "sessions.list",
            "%CSP.Session",
            "SessionInfo",
            "%Admin_Operate:U and %DB_IRISSYS:R",
            columns=(
                "ID",
                "Username",
                "Preserve",
                "Application",
                "Timeout",
                "LicenseId",
                "SesProcessId",
                "AllowEndSession",
            ),
            further=(SESSIONS_BY_REST,),
        ),
        Feature(
            "sessions.count",
            (
                Route("sql", "SQL %CSP.Session_SessionInfo", (("%CSP.Session", "SessionInfo"),)),
                Route("object", "SYS.Stats.Dashboard.Sample", (("SYS.Stats.Dashboard", "Sample"),)),
                _method_route("%SYSTEM.License", "CSPUsers"),
            ),
        ),
        Feature(
            "processes.list",
            (Route("statement", "SQL table %SYS.ProcessQuery", (("%SYS.ProcessQuery", ""),)),),
            "%Admin_Manage:U (or read on %DB_IRISSYS) and SELECT on %SYS.ProcessQuery",
        ),
        Feature(
            "sessions.end",
            # No class has the function, so the dictionary cannot tell; calling it does (license-sessions 3.3).
            (
                Route("function", "$$DeleteSession^%SYS.cspServer", ()),
                END_BY_REST,
                _helper_route("EndSession"),
            ),
            "%DB_IRISSYS:W",
        ),
        Feature(
            "processes.terminate",
            (
                Route("object", "SYS.Process.Terminate", (("SYS.Process", "Terminate"),)),
                _method_route("%SYSTEM.Process", "Terminate"),
            ),
            "%DB_IRISSYS:W",
        ),
        Feature(
            "processes.suspend",
            (Route("object", "SYS.Process.Suspend", (("SYS.Process", "Suspend"),)),),
            "%DB_IRISSYS:W",
        ),
        Feature(
            "processes.resume",
            (Route("object", "SYS.Process.Resume", (("SYS.Process", "Resume"),)),),
            "%DB_IRISSYS:W",
        ),
        Feature(
            "webapps.timeouts",
            (Route("sql", "SQL Security.Applications_Detail", (("Security.Applications", "Detail"),)),),
            "%Admin_Secure:U",
            "Security.Applications:Detail",
        ),
        Feature(
            "webapps.set_timeout",
            (
                Route(
                    "object", "Security.Applications %OpenId, %Save", (("Security.Applications", "Detail"),)
                ),
            ),
            "%Admin_Secure:U",
        ),
        _query_feature("webapps.detail", "Security.Applications", "Detail", "%Admin_Secure:U"),
        _query_feature(
            "webapps.list",
            "Security.Applications",
            "List",
            "%Admin_Secure:U",
            columns=("Name", "Namespace", "Enabled", "Type", "DispatchClass"),
        ),
        *_settable("webapps", "Security.Applications"),
        _query_feature(
            "resources.list",
            "Security.Resources",
            "List",
            "%Admin_Secure:U",
            columns=("Name", "Description", "PublicPermission", "Type"),
        ),
        *_settable("resources", "Security.Resources"),
        _query_feature("services.detail", "Security.Services", "Detail", "%Admin_Secure:U"),
        _query_feature(
            "services.list",
            "Security.Services",
            "List",
            "%Admin_Secure:U",
            columns=("Name", "Enabled", "Public", "Description"),
        ),
        *_settable("services", "Security.Services"),
        _query_feature(
            "users.list",
            "Security.Users",
            "List",
            "%Admin_Secure:U",
            columns=("Name", "Enabled", "Roles", "LastLoginTime", "Flags"),
        ),
        _query_feature("users.detail", "Security.Users", "Detail", "%Admin_Secure:U"),
        _query_feature(
            "roles.list",
            "Security.Roles",
            "ListAll",
            "%Admin_Secure:U",
            columns=("Name", "Description", "GrantedRoles", "Resources", "EscalationOnly"),
        ),
        Feature("sql.check", (_method_route("%SYSTEM.SQL.Security", "CheckPrivilege"),), "%Admin_Secure:U"),
        Feature(
            "sql.grants",
            (
                # Only as a result set: it runs in the namespace of the data, and the namespace of SQL cannot be
                # changed on an open connection for certain (facts: iris-security 3.8).
                Route(
                    "result set",
                    "%Library.ResultSet %SQL.Manager.CatalogPriv:UserPrivs",
                    (
                        ("%SQL.Manager.CatalogPriv", "UserPrivs"),
                        ("%Library.ResultSet", ""),
                        ("%SYSTEM.Process", "SetNamespace"),
                    ),
                ),
            ),
            "%Admin_Secure:U",
        ),
        Feature(
            "sql.holdings",
            (
                Route(
                    "rows",
                    "%Library.SQLCatalogPriv.SQLUserPrivsFetch",
                    (
                        ("%Library.SQLCatalogPriv", "SQLUserPrivsExecute"),
                        ("%Library.SQLCatalogPriv", "SQLUserPrivsFetch"),
                        ("%Library.SQLCatalogPriv", "SQLUserSysPrivsFetch"),
                        ("%Library.ResultSet", ""),
                        ("%SYSTEM.Process", "SetNamespace"),
                    ),
                ),
                Route(
                    "result set",
                    "%Library.ResultSet %Library.SQLCatalogPriv:SQLUserPrivs",
                    (
                        ("%Library.SQLCatalogPriv", "SQLUserPrivs"),
                        ("%Library.SQLCatalogPriv", "SQLUserSysPrivs"),
                        ("%Library.ResultSet", ""),
                        ("%SYSTEM.Process", "SetNamespace"),
                    ),
                ),
            ),
            "%Admin_Secure:U",
        ),
        Feature(
            "sql.grant",
            (
                Route(
                    "method",
                    "%SYSTEM.SQL.Security.GrantPrivilege",
                    (("%SYSTEM.SQL.Security", "GrantPrivilege"), ("%SYSTEM.Process", "SetNamespace")),
                ),
            ),
            "%Admin_Secure:U",
        ),
        _query_feature(
            "audit.events",
            "Security.Events",
            "List",
            "%Admin_Secure:U",
            columns=("Source", "Type", "Name", "Enabled"),
        ),
        Feature(
            "audit.list",
            (
                Route("sql", "SQL %SYS.Audit_List", (("%SYS.Audit", "List"),)),
                Route("statement", "SQL table %SYS.Audit", (("%SYS.Audit", ""),)),
            ),
            "%Admin_Secure:U",
        ),
        Feature(
            "security.settings",
            (Route("object", "Security.System %OpenId", (("Security.System", "Exists"),)),),
            "%Admin_Secure:U",
        ),
        Feature(
            "audit.enable",
            (
                Route(
                    "object",
                    "Security.Events %OpenId, %Save",
                    (("Security.Events", "Exists"), ("Security.System", "Exists")),
                ),
            ),
            "%Admin_Secure:U",
        ),
        Feature("license.customer", (_method_route("%SYSTEM.License", "KeyCustomerName"),)),
        Feature("system.mode", (_method_route("%SYSTEM.Version", "SystemMode"),)),
        _query_feature("namespaces.list", "Config.Namespaces", "List"),
        # The class dictionary does not list views and statements; using them tells.
        Feature("sql.schemas", (Route("statement", "SQL view INFORMATION_SCHEMA.TABLES", ()),)),
        Feature("sql.grant_schema", (Route("statement", "SQL GRANT and REVOKE ON SCHEMA", ()),)),
        Feature(
            "users.read",
            (Route("object", "Security.Users %OpenId", (("Security.Users", "List"),)),),
            "%Admin_Secure:U",
        ),
        Feature("users.exists", (_method_route("Security.Users", "Exists"),), "%Admin_Secure:U"),
        Feature("roles.exists", (_method_route("Security.Roles", "Exists"),), "%Admin_Secure:U"),
        _query_feature("roles.names", "Security.Roles", "List", "%Admin_Secure:U", columns=("Name",)),
        Feature("users.create", (_method_route("Security.Users", "Create"),), "%Admin_Secure:U"),
        Feature("users.copy", (_method_route("Security.Users", "Copy"),), "%Admin_Secure:U"),
        Feature("users.delete", (_method_route("Security.Users", "Delete"),), "%Admin_Secure:U"),
        Feature(
            "users.edit",
            (Route("object", "Security.Users %OpenId, %Save", (("Security.Users", "List"),)),),
            "%Admin_Secure:U",
        ),
        Feature(
            "users.escalation",
            (_method_route("Security.Users", "AddEscalationRoles", "RemoveEscalationRoles"),),
            "%Admin_Secure:U",
        ),
        Feature("roles.create", (_method_route("Security.Roles", "Create"),), "%Admin_Secure:U"),
        Feature("roles.copy", (_method_route("Security.Roles", "Copy"),), "%Admin_Secure:U"),
        Feature("roles.delete", (_method_route("Security.Roles", "Delete"),), "%Admin_Secure:U"),
        Feature(
            "roles.edit",
            (Route("object", "Security.Roles %OpenId, %Save", (("Security.Roles", "ListAll"),)),),
            "%Admin_Secure:U",
        ),
        Feature(
            "roles.privileges",
            (
                Route("object", "Security.Roles Resources, %Save", (("Security.Roles", "ListAll"),)),
                _helper_route("ModifyRole"),
            ),
            "%Admin_Secure:U",
        ),
        Feature("helper", (_method_route(HELPER, HELPER_VERSION_METHOD, label=f"class {HELPER}"),)),
        Feature(
            "helper.install",
            (
                Route(
                    "method",
                    "%SYSTEM.OBJ.LoadStream",
                    (("%SYSTEM.OBJ", "LoadStream"), ("%Stream.GlobalCharacter", "Write")),
                ),
            ),
            "%Development:U and %DB_IRISSYS:W",
        ),
        Feature(
            "helper.remove", (_method_route("%SYSTEM.OBJ", "Delete"),), "%Development:U and %DB_IRISSYS:W"
        ),
        Feature(
            "users.add_role",
            (
                _method_route("Security.Users", "AddRoles"),
                Route("statement", "SQL GRANT", ()),
            ),
            "%Admin_Secure:U",
        ),
        Feature(
            "users.remove_role",
            (
                _method_route("Security.Users", "RemoveRoles"),
                Route("statement", "SQL REVOKE", ()),
            ),
            "%Admin_Secure:U",
        ),
    )
}
