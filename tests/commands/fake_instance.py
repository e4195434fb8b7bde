"""An instance in memory: what is behind a port in the tests of the commands. It answers the calls of the driver."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from irisops.instance.calls import (
    Answer,
    Call,
    ClassMethod,
    ClassQuery,
    Function,
    ObjectCall,
    Query,
    Ref,
    Rows,
    Value,
)
from irisops.instance.errors import InstanceProblem, NotAvailable, Unreachable
from irisops.instance.models import Process, Role, User, WebSession
from irisops.instance.security.audit import REFUSALS, Auditing, AuditRecord
from irisops.instance.security.lists import Resource, WebApplication
from irisops.instance.security.permissions import Permission
from irisops.instance.security.sqlprivileges import LETTERS, SqlGrant, SqlHoldings
from irisops.instance.usage.sessions import NO_SESSION

START = datetime(2026, 11, 24, 14, 43, 5, tzinfo=UTC)
PASSWORD = "canary-Secret-1"
Listed = Mapping[str, Value]
"""One row by the names of its columns."""
Argument = Value | Ref


def a_user(name: str, *roles: str, enabled: bool = True) -> User:
    return User(name, enabled, roles, START - timedelta(days=1), superuser="%All" in roles)


_OPERATIONS = re.compile(
    r"SYS\.Database|Config\.Databases|Config\.Namespaces\b(?!:)|%SYS\.(Task|LockQuery|Journal)|Ens\."
    r"|%SYSTEM\.(Monitor|Mirror)|JournalSpace"
)
"""What tests/commands/operations and a real simulator answer."""


class FakeInstance:
    """What is behind a port. Tests change its lists, say what shall `fail`, and look at what was `done`.

    What fails is named by a list (`_lists`), by a class method, or by the change that it is (see `answer`).
    """

    def __init__(self) -> None:
        self.all_users: list[User] = [
            a_user("_SYSTEM", "%All"),
            a_user("SuperUser", "%All"),
            a_user("appuser", "%Developer"),
            a_user("bob"),
            a_user("UnknownUser"),
        ]
        self.all_roles: list[Role] = [
            Role("%All", "The Super-User Role", (), ()),
            Role("%Developer", "Developer", (("%Development", "U"), ("%DB_USER", "RW")), ()),
            Role("%SQL", "SQL access", (("%Service_SQL", "U"),), ()),
            Role("Boss", "Holds all by way of a role", (), ("%All",)),
            Role("to", "A role named like a keyword", (), ()),
        ]
        self.password = PASSWORD
        self.logins: list[str] = []
        self.refuse: InstanceProblem | None = None
        self.fail: dict[str, InstanceProblem] = {}
        self.done: list[tuple[str, str, str]] = []
        self.gone: set[str] = set()
        """Ids of sessions and pids of processes that have ended."""
        self.stubborn = False
        """What is told to end does not."""
        self.holders_asked = 0
        """How often the license holders were listed."""
        self.replaced_sessions: list[WebSession] = []
        """Web sessions instead of the usual ones."""
        self.replaced: list[Process] = []
        """Processes instead of the usual ones."""
        self.holdings: dict[str, SqlHoldings] = {}
        """SQL privileges by the name of a user, or the key of a role."""
        self.holdings_asked: list[tuple[str, str, str]] = []
        """Kind and name of a holder, and the namespace in which its SQL privileges were asked for."""
        self.namespace = "%SYS"
        """That of the process behind the connection, which calls may change."""
        self.timeouts_now: dict[str, int | None] = {"/csp/user": 900, "/api/atelier": 3600}
        self.polls = 0
        self.poll_waits: asyncio.Event | None = None
        self.used = 5
        self.resources = [
            Resource("%DB_USER", "", Permission.NONE),
            Resource("%DB_PAYROLL", "", Permission.NONE),
            Resource("%Development", "", Permission.NONE),
            Resource("%Service_SQL", "", Permission.NONE),
            Resource("HR", "", Permission.R),
        ]
        self.applications = [
            WebApplication("/csp/user", "USER", True, "", (), "Unauthenticated,Password"),  # noqa: FBT003
            WebApplication(
                "/csp/payroll",
                "PAYROLL",
                True,  # noqa: FBT003
                "HR",
                (("", ("%SQL",)),),
                "Password",
            ),
            WebApplication("/api/atelier", "USER", True, "", (), "Password"),  # noqa: FBT003
        ]
        self.completed: dict[str, WebApplication] = {}
        """What the object of an application tells beyond the list, by name."""
        self.escalation: dict[str, tuple[str, ...]] = {}
        self.sql: set[tuple[str, str, str, str]] = set()
        self.sql_obeys = True
        self.grants: list[SqlGrant] = []
        self.audit: list[AuditRecord] = []
        self.audits = Auditing(True, dict.fromkeys(REFUSALS, True))  # noqa: FBT003
        self.inactive_limit = 90
        self.created: dict[str, datetime] = {}
        """When accounts were made, by name."""
        self.tells_logins = True
        """Whether the lists of users have the last login."""
        self.own_privileges: set[str] = {"%DB_IRISSYS:W"}
        """What the connection's account holds, as far as the instance is asked about it."""
        self.on_change: Callable[[], None] = lambda: None
        """Called right before a change."""
        self.after_change: Callable[[], None] = lambda: None
        self.before_batch: Callable[[], Awaitable[None]] | None = None
        """Waited for before the calls of a batch are answered."""
        self._lists: Mapping[str, tuple[tuple[str, ...], Callable[[Sequence[Value]], list[Listed]]]] = {
            "Security.Users:List": (("users",), self._user_list),
            "Security.Users:Detail": (("users", "user details"), self._user_details),
            "Security.Roles:ListAll": (("roles",), self._roles),
            "Security.Resources:List": (("resources",), self._resources),
            "Security.Applications:Detail": (("applications",), self._applications),
            "Security.Applications:List": (("applications",), self._applications),
            "Security.Events:List": (("auditing",), self._events),
            "%SYS.Audit:List": (("denials",), self._audited),
            "%CSP.Session:SessionInfo": (("sessions",), self._sessions),
            "%SYSTEM.License:UserList": (("holders",), self._holders),
            "Config.Namespaces:List": ((), self._namespaces),
            "%SQL.Manager.CatalogPriv:UserPrivs": (("sql grants",), self._grants),
            "%Library.SQLCatalogPriv:SQLUserPrivs": (("sql holdings",), self._user_holdings),
            "%Library.SQLCatalogPriv:SQLRolePrivileges": (("sql holdings",), self._role_holdings),
            "%Library.SQLCatalogPriv:SQLUserSysPrivs": (("sql holdings",), self._admin_holdings),
        }
        """Class queries: what makes each fail, and its rows."""

    def _check(self, what: str) -> None:
        if what in self.fail:
            raise self.fail[what]

    async def batch(self, calls: Sequence[Call]) -> list[Answer | Exception]:
        if self.before_batch is not None:
            await self.before_batch()
        if POLLED in calls:
            self.polls += 1
            if self.poll_waits is not None:
                await self.poll_waits.wait()
            self._check("poll")
        answers: list[Answer | Exception] = []
        for call in calls:
            try:
                answers.append(self.answer(call))
            except Unreachable:
                raise
            except InstanceProblem as problem:
                answers.append(problem)
        return answers

    def answer(self, call: Call) -> Answer:  # noqa: PLR0911 - a kind of call after the other
        if _OPERATIONS.search(repr(call)):
            raise NotAvailable("The fake has nothing of daily operations.")
        match call:
            case Query(sql, params) if "FROM %SYS.ProcessQuery" in sql:
                return self._processes(sql, params)
            case Query(sql) if sql.startswith("SELECT COUNT(*) AS Sessions"):
                self._check("sessions count")
                return Answer(rows=Rows(("Sessions",), [(SESSIONS_COUNTED,)]))
            case Query(sql) if "FROM %SYS.Audit " in sql:
                self._check("audit table")
                return self._list("%SYS.Audit:List", ())
            case Query(sql, params) if found := re.search(r"FROM ([%\w.]+)_(\w+)\(", sql):
                return self._list(f"{found[1]}:{found[2]}", params)
            case ClassQuery(query, args):
                return self._list(query, args)
            case ClassMethod(class_name, method, args):
                self._check(method)
                return Answer(value=self._method(f"{class_name}.{method}", args))
            case ObjectCall("SYS.Stats.Dashboard"):
                self._check("sessions count")
                return Answer(values=(SESSIONS_COUNTED,))
            case ObjectCall(class_name, "%OpenId", (key, *_)):
                return self._object(call, class_name, str(key))
            case Function("DeleteSession", _, (session_id,)):
                self._check("end session")
                if session_id == NO_SESSION:
                    return Answer(value=1)
                self._end("end", str(session_id))
                return Answer(value=1)
        raise AssertionError(f"the fake does not answer {call!r}")

    def _end(self, what: str, name: str) -> None:
        self.done.append((what, name, ""))
        if not self.stubborn:
            self.gone.add(name)

    # Lists

    def _list(self, query: str, args: Sequence[Value]) -> Answer:
        for name in self._lists[query][0]:
            self._check(name)
        rows = self._lists[query][1](args)
        columns = tuple(rows[0]) if rows else ()
        columns = tuple(each for each in columns if all(each in row for row in rows))
        return Answer(rows=Rows(columns, [tuple(row[each] for each in columns) for row in rows]))

    def _user_list(self, _args: Sequence[Value]) -> list[Listed]:
        known = ("Name", "Enabled", "Roles", "LastLoginTime", "Type")
        return [{each: row[each] for each in known if each in row} for row in self._user_details(())]

    def _user_details(self, _args: Sequence[Value]) -> list[Listed]:
        return [self._user(user) for user in self.all_users]

    def _user(self, user: User) -> Listed:
        return {
            "Name": user.name,
            "FullName": user.full_name or "",
            "Comment": user.comment or "",
            "Enabled": int(user.enabled),
            "Roles": ",".join(user.roles),
            "EscalationRoles": ",".join(self.escalation.get(user.name, ())),
            "NameSpace": user.namespace or "",
            "Routine": user.routine or "",
            "EmailAddress": "",
            "ExpirationDate": user.expires,
            "AccountNeverExpires": int(user.account_never_expires or False),
            "PasswordNeverExpires": int(user.password_never_expires or False),
            "ChangePassword": int(user.change_password or False),
            "InvalidLoginAttempts": 0,
            "Type": user.type,
            "CreateDateTime": self.created.get(user.name),
            **({"LastLoginTime": user.last_login} if self.tells_logins else {}),
        }

    def _roles(self, _args: Sequence[Value]) -> list[Listed]:
        return [
            {
                "Name": role.name,
                "Description": role.description,
                "GrantedRoles": ",".join(role.granted_roles),
                "Resources": ",".join(f"{name}:{letters}" for name, letters in role.resources),
                "EscalationOnly": int(role.escalation_only),
            }
            for role in self.all_roles
        ]

    def _resources(self, _args: Sequence[Value]) -> list[Listed]:
        return [
            {"Name": each.name, "Description": each.description, "PublicPermission": int(each.public)}
            for each in self.resources
        ]

    def _applications(self, _args: Sequence[Value]) -> list[Listed]:
        return [self._application(each) for each in self.applications]

    def _application(self, each: WebApplication) -> Listed:
        row: dict[str, Value] = {
            "Name": each.name,
            "NameSpace": each.namespace,
            "Enabled": int(each.enabled),
            "AutheEnabled": each.methods,
            "Timeout": self.timeouts_now.get(each.name),
        }
        if each.resource is not None:
            row["Resource"] = each.resource
        if each.match_roles is not None:
            row["MatchRoles"] = ",".join(":".join((match, *roles)) for match, roles in each.match_roles)
        return row

    def _events(self, _args: Sequence[Value]) -> list[Listed]:
        return [
            {"Source": "%System", "Type": REFUSALS[name], "Name": name, "Enabled": int(on)}
            for name, on in self.audits.events.items()
        ]

    def _audited(self, _args: Sequence[Value]) -> list[Listed]:
        return [
            {
                "UTCTimeStamp": each.time,
                "EventType": REFUSALS[each.event],
                "Event": each.event,
                "Username": each.username,
                "Description": each.description,
                "EventData": each.data,
                "ClientIPAddress": each.client_ip,
                "ClientExecutableName": each.executable,
                "Namespace": each.namespace,
                "RoutineSpec": each.routine,
                "Pid": each.pid,
                "AuditIndex": each.index,
            }
            for each in self.audit
        ]

    def _sessions(self, _args: Sequence[Value]) -> list[Listed]:
        return [
            {
                "ID": each.id,
                "Username": each.username,
                "Preserve": int(each.preserve),
                "Application": each.application,
                "Timeout": each.expires,
                "LicenseId": each.license_id,
                "SesProcessId": each.pid,
                "AllowEndSession": int(each.allow_end),
            }
            for each in self.sessions()
        ]

    def _holders(self, _args: Sequence[Value]) -> list[Listed]:
        """The units of the visitors make up for what the others leave of those in use."""
        self.holders_asked += 1
        names = ("UserId", "Type", "Connects", "MaxCon", "CSPCon", "LU", "Active", "Grace")
        rows = (
            ("AbCdEfGhIjKl", "CSP", 1, 1, 1, max(0, self.used - 2), 400, 0),
            ("appuser@10.0.0.9", "User", 24, 24, 0, 1, 0, 0),
            ("127.0.0.1", "User", 1, 1, 0, 1, 0, 0),
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _namespaces(self, _args: Sequence[Value]) -> list[Listed]:
        return [{"Nsp": name} for name in ("%SYS", "USER", "PAYROLL")]

    def _grants(self, _args: Sequence[Value]) -> list[Listed]:
        return [_grant(each) for each in self.grants]

    def _user_holdings(self, args: Sequence[Value]) -> list[Listed]:
        return self._held_by_sql("user", str(args[0]))

    def _role_holdings(self, args: Sequence[Value]) -> list[Listed]:
        return self._held_by_sql("role", str(args[0]))

    def _held_by_sql(self, kind: str, name: str) -> list[Listed]:
        self.holdings_asked.append((kind, name, self.namespace))
        return [_grant(each) for each in self.holdings.get(name, SqlHoldings()).objects]

    def _admin_holdings(self, args: Sequence[Value]) -> list[Listed]:
        return [_grant(each) for each in self.holdings.get(str(args[0]), SqlHoldings()).admin]

    def sessions(self) -> list[WebSession]:
        """Those that have not ended."""
        usual = [
            _session("AbCdEfGhIjKl", "UnknownUser", "/csp/user", 9, ""),
            *(
                _session(f"Leak{number:08}", "appuser", "/api/atelier", number, "appuser@10.0.0.9")
                for number in range(6)
            ),
        ]
        return [each for each in self.replaced_sessions or usual if each.id not in self.gone]

    def processes(self) -> list[Process]:
        """Those that have not ended."""
        usual = [
            _process(11, "", system=True),
            _process(4711, "appuser", commands=500, license_id="appuser@10.0.0.9"),
            _process(OWN_PID, "_SYSTEM", commands=9000, license_id="127.0.0.1"),
        ]
        return [each for each in self.replaced or usual if str(each.pid) not in self.gone]

    def _processes(self, sql: str, params: Sequence[Value]) -> Answer:
        if sql == POLLED.sql:
            return Answer(rows=Rows(("Processes",), [(48,)]))
        self._check("processes")
        found = self.processes()
        if "WHERE Pid = ?" in sql:
            found = [each for each in found if each.pid == params[0]]
        elif "WHERE Pid IN (" in sql:
            found = [each for each in found if each.pid in params]
        elif "WHERE LicenseUserId <> ''" in sql:
            found = [each for each in found if each.license_id]
        columns = tuple(sql.removeprefix("SELECT ").partition(" FROM ")[0].split(", "))
        rows = [tuple(_process_row(each)[name] for name in columns) for each in found]
        return Answer(rows=Rows(columns, rows))

    # Class methods

    def _method(self, method: str, args: Sequence[Argument]) -> Value:  # noqa: PLR0911 - one after the other
        match method, args:
            case "%SYSTEM.License.LUConsumed", _:
                return self.used
            case "%SYSTEM.License.LUAvailable", _:
                return UNITS - self.used
            case "%SYSTEM.SYS.ProcessID", _:
                return OWN_PID
            case "%SYSTEM.SYS.TimeStamp", _:
                return None  # an instance whose clock nobody knows is taken to agree with this machine's
            case "%SYSTEM.Process.SetNamespace", (name,):
                self.namespace = str(name)
                return self.namespace
            case "%SYSTEM.Security.Check", (resource, permission):
                return int(f"{resource!s}:{permission!s}" in self.own_privileges)
            case "Security.Users.AddRoles", (user, roles):
                return self._change_roles("add", str(user), str(roles))
            case "Security.Users.RemoveRoles", (user, roles):
                return self._change_roles("remove", str(user), str(roles))
            case "%SYSTEM.SQL.Security.CheckPrivilege", (user, _kind, name, letter, namespace):
                self._check("check sql")
                action = next(word for word, short in LETTERS.items() if short == letter)
                return int((user, name, action, namespace) in self.sql)
            case "%SYSTEM.SQL.Security.GrantPrivilege", (action, name, _kind, user):
                self._check("change sql")
                self.done.append(("grant sql", str(user), f"{str(action).lower()} {name!s}"))
                if self.sql_obeys:
                    self.sql.add((str(user), str(name), str(action).lower(), self.namespace))
                return 1
        return LICENSE[method]

    def set_roles(self, name: str, *roles: str) -> None:
        """Somebody else changes a user."""
        self.all_users = [
            user._replace(roles=roles) if user.name == name else user for user in self.all_users
        ]

    def held(self, name: str) -> tuple[str, ...]:
        return next(user.roles for user in self.all_users if user.name == name)

    def _change_roles(self, way: str, user: str, roles: str) -> int:
        for role in roles.split(","):
            self._check(f"{way} {role}")
            self.on_change()
            before = tuple(each for each in self.held(user) if each != role)
            self.set_roles(user, *before, *([role] if way == "add" else []))
            self.done.append((way, user, role))
            if way == "add":
                self.after_change()
        return 1

    # Objects

    def _object(self, call: ObjectCall, class_name: str, key: str) -> Answer:
        if class_name == "SYS.Process" and not call.steps:
            self._check("open process")
            return Answer(found=key not in self.gone)
        if class_name == "SYS.Process":
            action = call.steps[0].name.lower()
            self._check(action)
            self._end(action, key)
            return Answer(values=(1,))
        if not call.steps:
            self._check("user objects" if class_name == "Security.Users" else "application")
            return Answer()
        if call.steps[-1].name == "%Save":
            self._set(class_name, key, call.steps[0].args[0])
            return Answer(values=(None, 1))
        values = self._values(class_name, key)
        if values is None:
            return Answer(found=False)
        return Answer(
            values=tuple(
                values[f"GetAt{step.args[0]!r}" if step.name == "GetAt" else step.name] for step in call.steps
            )
        )

    def _set(self, class_name: str, key: str, value: Argument) -> None:
        if class_name == "Security.Applications":
            self._check("set timeout")
            spelled = next(each for each in self.timeouts_now if each.lower() == key)
            self.timeouts_now[spelled] = int(str(value))
            self.done.append(("timeout", spelled, str(value)))
            return
        self._check("switch auditing")
        on = value == 1
        event = next((each for each in REFUSALS if key.endswith(f"||{each.lower()}")), "")
        self.done.append(("audit on" if on else "audit off", event or "all", ""))
        if event:
            self.audits = replace(self.audits, events={**self.audits.events, event: on})
        else:
            self.audits = replace(self.audits, system=on)

    def _values(self, class_name: str, key: str) -> Mapping[str, Value] | None:
        """What can be got from an object: properties, the number of a list's elements and each of them."""
        if class_name == "Security.System":
            self._check("auditing")
            system = None if self.audits.system is None else int(self.audits.system)
            return {"AuditEnabled": system, "InactiveLimit": self.inactive_limit}
        if class_name == "Security.Applications":
            self._check("application")
            listed = next((each for each in self.applications if each.name.lower() == key), None)
            if listed is None:
                return None
            row = self._application(self.completed.get(listed.name, listed))
            items = [each for each in str(row.get("MatchRoles", "")).split(",") if each]
            # The list tells the methods in words, the object as bits (facts: iris-security 3.4).
            words = str(row["AutheEnabled"])
            bits = sum(bit for word, bit in (("Unauthenticated", 64), ("Password", 32)) if word in words)
            elements = {f"GetAt{at}": each for at, each in enumerate(items, 1)}
            return {**row, "AutheEnabled": bits, "Count": len(items), **elements}
        if class_name == "Security.Users":
            self._check("user times")
            user = next((each for each in self.all_users if each.name.lower() == key), None)
            times = (user.last_login, self.created.get(user.name)) if user is not None else ()
            return dict(zip(("LoginDateTime", "CreateDateTime"), times, strict=True)) if times else None
        raise AssertionError(f"the fake has no object {class_name} {key}")


UNITS = 8
OWN_PID = 4712
SESSIONS_COUNTED = 12
POLLED = Query("SELECT COUNT(*) AS Processes FROM %SYS.ProcessQuery")
"""What only polls ask for."""
LICENSE: Mapping[str, Value] = {
    f"%SYSTEM.License.{name}": value
    for name, value in {
        "KeyLicenseUnits": UNITS,
        "LUMaxConsumed": 7,
        "LUMinAvailable": 1,
        "MaxConnections": 25,
        "KeyEnforcedUnits": None,
        "CSPUsers": None,
        "CSPGrace": None,
        "KeyProduct": "Enterprise",
        "KeyCustomerName": "ACME",
        "KeyLicenseType": "Concurrent User",
        "KeyServer": None,
        "KeyLicenseCapacity": None,
        "KeyExpirationDate": date(2026, 12, 4),
        "GetUserId": "127.0.0.1",
    }.items()
}


def _grant(grant: SqlGrant) -> Listed:
    return {
        "TYPE": grant.type,
        "NAME": grant.name,
        "PRIVILEGE": grant.privilege,
        "GRANTED_BY": grant.granted_by,
        "GRANT_OPTION": int(grant.grantable),
        "GRANTED_VIA": grant.via,
    }


def _process_row(each: Process) -> Listed:
    return {
        "Pid": each.pid,
        "JobNumber": each.job_number,
        "UserName": each.username,
        "NameSpace": each.namespace,
        "Routine": each.routine,
        "State": each.state,
        "CurrentDevice": each.device,
        "ClientIPAddress": each.client_ip,
        "ClientNodeName": each.client_node,
        "ClientExecutableName": each.executable,
        "OSUserName": each.os_username,
        "LicenseUserId": each.license_id,
        "CSPSessionID": each.csp_session_id,
        "Location": each.location,
        "InTransaction": int(each.in_transaction),
        "Priority": each.priority,
        "GlobalReferences": each.global_refs,
        "CanBeExamined": int(each.can_be_examined),
        "CanBeSuspended": int(each.can_be_suspended),
        "CanBeTerminated": int(each.can_be_terminated),
        "UserInfo": each.user_info,
        "CommandsExecuted": each.commands,
        "CPUTime": each.cpu_ms,
        "Roles": each.roles,
        "LoginRoles": each.login_roles,
        "StartTimeUTC": each.started,
    }


def _session(session_id: str, user: str, application: str, minutes: int, holder: str) -> WebSession:
    return WebSession(
        id=session_id,
        username=user,
        application=application,
        expires=START + timedelta(minutes=minutes),
        license_id=holder,
        preserve=False,
        pid=None,
        allow_end=True,
    )


def _process(
    pid: int, user: str, *, commands: int = 1, system: bool = False, license_id: str = ""
) -> Process:
    return Process(
        {
            "pid": pid,
            "jobnumber": pid % 100,
            "username": user,
            "namespace": "%SYS",
            "state": "RUN",
            "clientipaddress": "127.0.0.1",
            "clientexecutablename": "python",
            "licenseuserid": license_id,
            "location": "Daemon" if system else "",
            "priority": 0,
            "commandsexecuted": commands,
            "globalreferences": 0,
            "cputime": 0,
            "canbeexamined": True,
            "canbesuspended": not system,
            "canbeterminated": not system,
        }
    )
