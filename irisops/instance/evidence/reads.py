"""The reads of the evidence as data: each once, bounded, none that changes anything.

Left out are methods with effects and what needs another login of the driver. Names of objects are those that every
instance has, and the own account. The one function that is called gets the id of no session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from irisops.instance.calls import (
    Call,
    ClassMethod,
    ClassQuery,
    Function,
    ObjectCall,
    ObjectStep,
    Query,
    Ref,
)
from irisops.instance.capabilities import dictionary_query
from irisops.instance.features import FEATURES
from irisops.instance.usage.processes import CORE_COLUMNS, LATER_COLUMNS
from irisops.instance.usage.sessions import FUNCTION, NO_SESSION

ROWS = 3
"""Rows read of a list."""
MOST_ROWS = 50
"""Rows read where all count: grants of the own account, holders of units."""
CELLS_SECONDS = 6.0
"""Seconds that reading cell by cell may take."""

BY_SQL, BY_CELLS, BY_METHODS = "by SQL", "by %Library.ResultSet", "by its methods"
USERS, DETAIL, AUDIT = "Security.Users:List", "Security.Users:Detail", "%SYS.Audit:List"
HOLDERS = "%SYSTEM.License:UserList"
OWN = "own account"
OWN_ROLES = "%SYSTEM.Security.GetUserRecursedRoleSet, own account"
MAY_EXECUTE = "%SYSTEM.SQL.Security.CheckPrivilege, EXECUTE on Security.Users_List"
MAY_SELECT = "%SYSTEM.SQL.Security.CheckPrivilege, SELECT on %Dictionary.CompiledMethod"
OWN_USER = "Security.Users %OpenId, own account"
BY_SLASHES, BY_BARS = "Security.Events %OpenId, id with /", "Security.Events %OpenId, id with ||"
ROLE_RESOURCES = "Security.Roles %OpenId, Resources.Count"
NULL_TIMES, EMPTY_TIMES = f"{AUDIT} {BY_SQL}, NULL as times", f"{AUDIT} {BY_SQL}, '' as times"
GRANTS = ("%Library.SQLCatalogPriv:SQLUserPrivs", "%SQL.Manager.CatalogPriv:UserPrivs")
UNITS_BEFORE, UNITS_AFTER = "%SYSTEM.License.LUConsumed", "%SYSTEM.License.LUConsumed, again"
CONNECTIONS = f"{HOLDERS}, connections"
ROW_SETS = f"{HOLDERS} {BY_METHODS}"
BY_REST = "web sessions by the SysAdmin API"
DELETE_SESSION = "$$DeleteSession^%SYS.cspServer, id of no session"
DICTIONARY = "the class dictionary"
KEY = ("KeyCustomerName", "KeyProduct", "KeyLicenseCapacity")
"""Texts that tell Community Edition (facts: iris-license-sessions 2.6)."""

_LICENSE = (
    "KeyLicenseUnits", "LUAvailable", "LUMaxConsumed", "LUMinAvailable", "MaxConnections", "KeyEnforcedUnits",
    "CSPUsers", "CSPGrace", *KEY, "KeyLicenseType", "KeyServer", "KeyExpirationDate", "GetUserId",
)  # fmt: skip
"""(facts: iris-license-sessions 1.2)"""
_PRIVILEGE = re.compile(r"(%\w+):([RWU])")


@dataclass(frozen=True, slots=True)
class Read:
    """One read. `name` says what is read, without any name of the instance."""

    name: str
    call: Call | None
    """None for the list of web sessions by the SysAdmin API, which the driver does not bring."""
    seconds: float = 10.0
    """Deadline; a read that misses it costs the connection."""


def documented_privileges() -> tuple[str, ...]:
    """The privileges that features are documented to need, and those of every connection: `%Admin_Secure:U`, ..."""
    needed = {":".join(pair) for each in FEATURES.values() for pair in _PRIVILEGE.findall(each.privilege)}
    return tuple(sorted(needed | {"%DB_IRISSYS:R", "%Service_SQL:U", "%Native_ClassExecution:U"}))


def check_name(privilege: str) -> str:
    """The name of the read that asks for a privilege of the own account."""
    return f"%SYSTEM.Security.Check {privilege}"


def reads(user: str, pid: int | None) -> tuple[Read, ...]:
    """All reads for an account with its process, harmless ones first: a driver that dies loses the rest."""
    return (
        *_methods(user),
        *_lists(user),
        *_tables(pid),
        *_objects(user),
        Read(DICTIONARY, dictionary_query()),
        Read(BY_REST, None),
        Read(DELETE_SESSION, Function(*FUNCTION, (NO_SESSION,))),
        Read(ROW_SETS, ClassQuery(HOLDERS, max_rows=ROWS, whole_rows=True)),
    )


def _methods(user: str) -> Iterator[Read]:
    for class_name, method in (
        ("%SYSTEM.SYS", "ProcessID"),
        ("%SYSTEM.SYS", "TimeStamp"),
        ("%SYSTEM.Version", "SystemMode"),
        ("%SYS.System", "GetInstanceName"),
        *(("%SYSTEM.License", each) for each in _LICENSE),
    ):
        yield Read(f"{class_name}.{method}", ClassMethod(class_name, method))
    for privilege in documented_privileges():
        yield Read(
            check_name(privilege), ClassMethod("%SYSTEM.Security", "Check", tuple(privilege.split(":")))
        )
    yield Read(OWN_ROLES, ClassMethod("%SYSTEM.Security", "GetUserRecursedRoleSet", (user, Ref(""))))
    for name, kind, target, letter in (
        (MAY_EXECUTE, 9, "Security.Users_List", "e"),
        (MAY_SELECT, 1, "%Dictionary.CompiledMethod", "s"),
    ):
        yield Read(
            name, ClassMethod("%SYSTEM.SQL.Security", "CheckPrivilege", (user, kind, target, letter, "%SYS"))
        )


def _lists(user: str) -> Iterator[Read]:
    """Each class query that irisops reads, by SQL and by cells: a few rows, all columns."""
    for query, args in listed().items():
        given = ", ".join("'*'" for _ in args)
        yield Read(
            f"{query} {BY_SQL}",
            Query(f"SELECT TOP {ROWS} * FROM {query.replace(':', '_')}({given})"),  # noqa: S608 - names of ours
        )
        yield Read(f"{query} {BY_CELLS}", ClassQuery(query, args, max_rows=ROWS, within=CELLS_SECONDS))
    own = f"SELECT TOP {MOST_ROWS} * FROM Security.Users_List(?)"  # noqa: S608 - a number of ours
    yield Read(f"{USERS} {BY_SQL}, {OWN}", Query(own, (user,)))
    yield Read(
        f"{USERS} {BY_CELLS}, {OWN}",
        ClassQuery(USERS, (user,), ("Name", "LastLoginTime"), MOST_ROWS, within=CELLS_SECONDS),
    )
    # Two arguments: a value for each of the times, which NULL leaves open (facts: iris-security 3.7).
    audit = Query(f"SELECT TOP {ROWS} * FROM %SYS.Audit_List(?, ?)", (None, None))  # noqa: S608 - a number of ours
    yield Read(NULL_TIMES, audit)
    yield Read(EMPTY_TIMES, Query(audit.sql, ("", "")))
    for query in GRANTS:
        yield Read(
            f"{query}, {OWN}",
            ClassQuery(query, (user,), ("TYPE", "PRIVILEGE", "GRANTED_VIA"), MOST_ROWS, within=CELLS_SECONDS),
        )
    yield Read(UNITS_BEFORE, ClassMethod("%SYSTEM.License", "LUConsumed"))
    yield Read(CONNECTIONS, ClassQuery(HOLDERS, (), ("Connects", "LU"), MOST_ROWS, within=CELLS_SECONDS))
    yield Read(UNITS_AFTER, ClassMethod("%SYSTEM.License", "LUConsumed"))


def listed() -> dict[str, tuple[str, ...]]:
    """The class queries that irisops reads as lists, with their arguments."""
    return {each.query: each.args for each in FEATURES.values() if each.query}


def _tables(pid: int | None) -> Iterator[Read]:
    for name, columns in (("", CORE_COLUMNS), (", later columns", LATER_COLUMNS)):
        sql = f"SELECT {', '.join(columns)} FROM %SYS.ProcessQuery WHERE Pid = ?"  # noqa: S608 - names of ours
        yield Read(f"table %SYS.ProcessQuery{name}", Query(sql, (pid,)))
    for table in ("%SYS.Audit", "INFORMATION_SCHEMA.TABLES"):
        yield Read(f"table {table}", Query(f"SELECT TOP {ROWS} * FROM {table}"))  # noqa: S608 - names of ours


def _objects(user: str) -> Iterator[Read]:
    """A property of an object of each class; an id is the name in lower case (facts: iris-security 1)."""
    for name, class_name, key, step in (
        (OWN_USER, "Security.Users", user.lower(), "Enabled"),
        ("Security.Roles %OpenId", "Security.Roles", "%developer", "Description"),
        ("Security.Services %OpenId", "Security.Services", "%service_bindings", "AutheEnabled"),
        ("Security.Applications %OpenId", "Security.Applications", "/csp/sys", "Timeout"),
        ("Security.Resources %OpenId", "Security.Resources", "%admin_secure", "PublicPermission"),
        ("Security.System %OpenId", "Security.System", "SYSTEM", "AuditEnabled"),
        (BY_SLASHES, "Security.Events", "%system/%login/loginfailure", "Enabled"),
        (
            "Security.Events %OpenId, id with ||",
            "Security.Events",
            "%system||%login||loginfailure",
            "Enabled",
        ),
    ):
        yield Read(name, ObjectCall(class_name, "%OpenId", (key,), (ObjectStep("get", step),)))
    count = ObjectStep("invoke", "Count", path=("Resources",))
    yield Read(ROLE_RESOURCES, ObjectCall("Security.Roles", "%OpenId", ("%developer",), (count,)))
    sample = (ObjectStep("get", "CSPSessions"),)
    yield Read("SYS.Stats.Dashboard Sample", ObjectCall("SYS.Stats.Dashboard", "Sample", (), sample))
