"""An instance in memory: what is behind a port in the tests of the commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from irisops.instance.calls import Answer, Call, ClassMethod, ClassQuery, Query, Rows, Value
from irisops.instance.errors import InstanceProblem
from irisops.instance.models import (
    Holder,
    LicenseBoard,
    LicenseCounts,
    PollCounts,
    Process,
    Role,
    User,
    WebSession,
)
from irisops.instance.security.access import Access, make_access
from irisops.instance.security.audit import REFUSALS, Auditing, AuditRecord
from irisops.instance.security.dormant import Logins
from irisops.instance.security.permissions import Permission
from irisops.instance.security.resources import Resource
from irisops.instance.security.sqlprivileges import Action, Grantee, SqlGrant, SqlHoldings, SqlObject
from irisops.instance.security.user_changes import FIELDS
from irisops.instance.security.webapps import WebApplication
from irisops.instance.usage.processes import ProcessAction
from irisops.instance.usage.sessions_end import EndOutcome
from irisops.instance.usage.sessions_timeout import AppTimeout

START = datetime(2026, 11, 24, 14, 43, 5, tzinfo=UTC)
PASSWORD = "canary-Secret-1"


def a_user(name: str, *roles: str, enabled: bool = True) -> User:
    return User(name, enabled, roles, START - timedelta(days=1), superuser="%All" in roles)


class FakeInstance:
    """What is behind a port: implements `Reads`. Tests change it and look at `done`."""

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
        self.ages_asked = 0
        """What is told to end does not."""
        self.replaced_sessions: list[WebSession] = []
        """Web sessions instead of the usual ones."""
        self.replaced: list[Process] = []
        """Processes instead of the usual ones."""
        self.holdings: dict[str, SqlHoldings] = {}
        """SQL privileges by the name of a user, or the key of a role."""
        self.holdings_asked: list[tuple[tuple[Grantee, ...], str, str]] = []
        self.timeouts_now: dict[str, int | None] = {"/csp/user": 900, "/api/atelier": 3600}
        self.polls = 0
        self.postponed = 0
        """Polls that leave the sessions to the next one."""
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
            WebApplication("/csp/user", "USER", True, "", (), "Password", False),  # noqa: FBT003
            WebApplication(
                "/csp/payroll",
                "PAYROLL",
                True,  # noqa: FBT003
                "HR",
                (("", ("%SQL",)),),
                "Password",
                False,  # noqa: FBT003
            ),
        ]
        self.completed: dict[str, WebApplication] = {}
        self.escalation: dict[str, tuple[str, ...]] = {}
        self.access_notes: list[str] = []
        self.sql: set[tuple[str, str, str, str]] = set()
        self.sql_obeys = True
        self.grants: list[SqlGrant] = []
        self.audit: list[AuditRecord] = []
        self.audits = Auditing(True, dict.fromkeys(REFUSALS, True))  # noqa: FBT003
        self.all_logins = Logins((), 90)
        self.on_change: Callable[[], None] = lambda: None
        """Called right before a change."""
        self.after_change: Callable[[], None] = lambda: None

    def _check(self, what: str) -> None:
        if what in self.fail:
            raise self.fail[what]

    async def poll(self) -> PollCounts:
        self.polls += 1
        if self.poll_waits is not None:
            await self.poll_waits.wait()
        self._check("poll")
        if self.polls <= self.postponed:
            return PollCounts(self.used, 8, None, 48, START, 3, postponed=True)
        return PollCounts(self.used, 8, 12, 48, START, 3)

    async def board(self) -> LicenseBoard:
        self._check("board")
        counts = LicenseCounts(
            8, 5, 3, 7, 1, 25, product="Enterprise", customer="ACME", license_type="Concurrent User",
            expires=date(2026, 12, 4),
        )  # fmt: skip
        holders = (
            Holder(
                "web /csp/user",
                "web",
                "3 sessions, no login",
                3,
                3,
                free_at=START + timedelta(minutes=9),
                session_ids=("AbCdEfGhIjKl",),
            ),
            Holder(
                "appuser@10.0.0.9",
                "client",
                "2 clients, one unit",
                1,
                24,
                free_when="when it disconnects",
                pids=(4711,),
            ),
            Holder("127.0.0.1", "this tool", "1 connection", 1, 1, free_when="when you quit", own=True),
        )
        return LicenseBoard(counts, holders, ("note of the board",), START)

    async def sessions(self) -> list[WebSession]:
        self._check("sessions")
        return [session for session in self._all_sessions() if session.id not in self.gone]

    def _all_sessions(self) -> list[WebSession]:
        return self.replaced_sessions or [
            _session("AbCdEfGhIjKl", "UnknownUser", "/csp/user", 9, ""),
            *(
                _session(f"Leak{number:08}", "appuser", "/api/atelier", number, "appuser@10.0.0.9")
                for number in range(6)
            ),
        ]

    async def processes(self) -> list[Process]:
        self._check("processes")
        return [process for process in self._all_processes() if str(process.pid) not in self.gone]

    def _all_processes(self) -> list[Process]:
        return self.replaced or [
            _process(11, "", system=True),
            _process(4711, "appuser", commands=500),
            _process(4712, "_SYSTEM", commands=9000, own=True),
        ]

    async def users(self) -> list[User]:
        self._check("users")
        return list(self.all_users)

    async def user(self, name: str) -> User | None:
        self._check("user")
        return next((user for user in self.all_users if user.name.casefold() == name.casefold()), None)

    async def roles(self) -> list[Role]:
        self._check("roles")
        return list(self.all_roles)

    def set_roles(self, name: str, *roles: str) -> None:
        """Somebody else changes a user."""
        self.all_users = [
            replace(user, roles=roles) if user.name == name else user for user in self.all_users
        ]

    def held(self, name: str) -> tuple[str, ...]:
        return next(user.roles for user in self.all_users if user.name == name)

    async def add_role(self, user: str, role: str) -> None:
        self._check(f"add {role}")
        before = self.held(user)
        self.on_change()
        self.set_roles(user, *before, role)
        self.done.append(("add", user, role))
        self.after_change()

    async def remove_role(self, user: str, role: str) -> None:
        self._check(f"remove {role}")
        before = self.held(user)
        self.on_change()
        self.set_roles(user, *(each for each in before if each != role))
        self.done.append(("remove", user, role))

    async def answer(self, call: Call) -> Answer:
        """What the editors ask for by calls, beside `Reads`: lists of users and roles, adding and removing roles."""
        match call:
            case Query(sql) if "Security.Users_" in sql:
                self._check("users")
                columns = ("Name", *(spec.property for spec in FIELDS.values()))
                rows: list[tuple[Value, ...]] = [
                    (user.name, "", "", int(user.enabled), ",".join(user.roles), *("" for _ in columns[5:]))
                    for user in self.all_users
                ]
                return Answer(rows=Rows(columns, rows))
            case Query(sql) if "Security.Roles_ListAll" in sql:
                self._check("roles")
                listed: list[tuple[Value, ...]] = [
                    (role.name, role.description, ",".join(role.granted_roles), _privileges(role))
                    for role in self.all_roles
                ]
                return Answer(rows=Rows(("Name", "Description", "GrantedRoles", "Resources"), listed))
            case ClassQuery("Security.Roles:ListAll"):
                self._check("roles")
                return Answer()
            case Query():
                return Answer(rows=Rows(("Name",), []))
            case ClassMethod("Security.Users", "AddRoles", (user, roles)):
                for role in str(roles).split(","):
                    await self.add_role(str(user), role)
                return Answer(value=1)
            case ClassMethod("Security.Users", "RemoveRoles", (user, roles)):
                for role in str(roles).split(","):
                    await self.remove_role(str(user), role)
                return Answer(value=1)
        raise AssertionError(f"the fake does not answer {call!r}")

    # What the license commands need (part 3)

    async def clock_offset(self) -> float:
        return 0.0

    async def timeouts(self) -> list[AppTimeout]:
        self._check("timeouts")
        methods = {"/csp/user": "Unauthenticated,Password"}
        return [
            AppTimeout(name, seconds, methods.get(name, "Password"))
            for name, seconds in self.timeouts_now.items()
        ]

    async def session_ages(self, among: Sequence[WebSession]) -> dict[str, int]:
        self._check("ages")
        self.ages_asked += 1
        return {session.id: 400 for session in among if session.anonymous}

    async def set_timeout(self, application: str, seconds: int) -> int:
        self._check("set timeout")
        self.done.append(("timeout", application, str(seconds)))
        self.timeouts_now[application] = seconds
        return seconds

    async def end_session(self, session_id: str) -> EndOutcome:
        self._check("end session")
        self.done.append(("end", session_id, ""))
        if session_id in self.gone:
            return "gone"
        if not self.stubborn:
            self.gone.add(session_id)
        return "marked"

    async def process(self, pid: int) -> Process | None:
        return next((process for process in await self.processes() if process.pid == pid), None)

    async def act_on_process(self, pid: int, action: ProcessAction) -> bool:
        self._check(action)
        self.done.append((action, str(pid), ""))
        if not self.stubborn:
            self.gone.add(str(pid))
        return True

    # What the access commands need (part 4)

    async def access(self) -> Access:
        self._check("access")
        return make_access(
            self.all_users,
            self.all_roles,
            self.resources,
            self.applications,
            escalation=self.escalation,
            notes=self.access_notes,
        )

    async def application(self, known: WebApplication) -> WebApplication:
        self._check("application")
        return self.completed.get(known.name, known)

    async def check_sql(self, user: str, target: SqlObject, action: Action) -> bool:
        self._check("check sql")
        return (user, target.name, action, target.namespace) in self.sql

    async def sql_grants(self, user: str, namespace: str, home: str) -> list[SqlGrant]:
        self._check("sql grants")
        return list(self.grants)

    async def sql_holdings(self, holders: Sequence[Grantee], namespace: str, home: str) -> list[SqlHoldings]:
        self._check("sql holdings")
        self.holdings_asked.append((tuple(holders), namespace, home))
        return [self.holdings.get(name, SqlHoldings()) for _kind, name in holders]

    async def change_sql(
        self, user: str, target: SqlObject, action: Action, home: str, *, grant: bool
    ) -> bool:
        self._check("change sql")
        self.done.append(("grant sql" if grant else "revoke sql", user, f"{action} {target.name}"))
        if self.sql_obeys:
            self.sql.add((user, target.name, action, target.namespace))
        return await self.check_sql(user, target, action)

    async def denials(self, limit: int) -> list[AuditRecord]:
        self._check("denials")
        return self.audit[:limit]

    async def auditing(self) -> Auditing:
        self._check("auditing")
        return self.audits

    async def switch_auditing(self, events: Sequence[str], *, system: bool, on: bool) -> Auditing:
        self._check("switch auditing")
        self.done.append(("audit on" if on else "audit off", ",".join(events), str(system)))
        whole = on if system else self.audits.system
        self.audits = Auditing(whole, self.audits.events | dict.fromkeys(events, on))
        return self.audits

    async def account_logins(self) -> Logins:
        self._check("account logins")
        return self.all_logins


def _privileges(role: Role) -> str:
    return ",".join(f"{name}:{letters}" for name, letters in role.resources)


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


def _process(pid: int, user: str, *, commands: int = 1, system: bool = False, own: bool = False) -> Process:
    return Process(
        pid=pid,
        job_number=pid % 100,
        username=user,
        namespace="%SYS",
        routine="",
        state="RUN",
        device="",
        client_ip="127.0.0.1",
        client_node="",
        executable="python",
        os_username="",
        license_id="" if system else user,
        csp_session_id="",
        location="Daemon" if system else "",
        in_transaction=False,
        transaction_offset=0,
        priority=0,
        commands=commands,
        global_refs=0,
        cpu_ms=0,
        roles="",
        login_roles="",
        can_be_examined=True,
        can_be_suspended=not system,
        can_be_terminated=not system,
        own=own,
    )
