"""What the commands ask of an instance, in one place: the session builds it per connection, tests give a fake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from irisops.instance.models import LicenseBoard, PollCounts, Process, Role, User, WebSession
from irisops.instance.routes import Instance
from irisops.instance.security import access, audit, dormant, roles, sqlprivileges, users, webapps
from irisops.instance.security.access import Access
from irisops.instance.security.audit import Auditing, AuditRecord
from irisops.instance.security.dormant import Logins
from irisops.instance.security.sqlprivileges import Action, Grantee, SqlGrant, SqlHoldings, SqlObject
from irisops.instance.security.webapps import WebApplication
from irisops.instance.usage import license as license_reads
from irisops.instance.usage import (
    processes,
    sessions,
    sessions_end,
    sessions_timeout,
)
from irisops.instance.usage.license_clock import TIME, instance_time
from irisops.instance.usage.poll import Poller
from irisops.instance.usage.processes import ProcessAction
from irisops.instance.usage.sessions_end import EndOutcome
from irisops.instance.usage.sessions_timeout import AppTimeout
from irisops.instance.values import Remade


class Reads(Protocol):
    """Reads and changes; each raises the named `InstanceProblem`s of the instance layer."""

    async def poll(self) -> PollCounts:
        """The side panel's figures."""
        ...

    async def board(self) -> LicenseBoard:
        """License counts and holders."""
        ...

    async def sessions(self) -> list[WebSession]:
        """All web sessions."""
        ...

    async def processes(self) -> list[Process]:
        """All processes."""
        ...

    async def users(self) -> list[User]:
        """All users."""
        ...

    async def roles(self) -> list[Role]:
        """All roles."""
        ...

    # What the license commands need (part 3)

    async def clock_offset(self) -> float:
        """Seconds by which the instance's clock is ahead of this machine's; 0 where it does not tell its time."""
        ...

    async def timeouts(self) -> list[AppTimeout]:
        """Session timeouts of the web applications."""
        ...

    async def session_ages(self, among: Sequence[WebSession]) -> dict[str, int]:
        """Seconds since they began, by id, of the web sessions of which that can be told."""
        ...

    async def set_timeout(self, application: str, seconds: int) -> int:
        """Change one, verified; the value read back."""
        ...

    async def end_session(self, session_id: str) -> EndOutcome:
        """Mark a web session to end, or learn that it is gone."""
        ...

    async def process(self, pid: int) -> Process | None:
        """One process as it is now."""
        ...

    async def act_on_process(self, pid: int, action: ProcessAction) -> bool:
        """Suspend, resume or terminate; False if it is gone."""
        ...

    # What the access commands need (part 4)

    async def access(self) -> Access:
        """Users, roles, resources and web applications, as a model of who may do what."""
        ...

    async def application(self, known: WebApplication) -> WebApplication:
        """What the list did not tell of a web application."""
        ...

    async def check_sql(self, user: str, target: SqlObject, action: Action) -> bool:
        """Whether the user holds an SQL privilege."""
        ...

    async def sql_grants(self, user: str, namespace: str, home: str) -> list[SqlGrant]:
        """The SQL privileges a user holds in a namespace, and through whom."""
        ...

    async def sql_holdings(self, holders: Sequence[Grantee], namespace: str, home: str) -> list[SqlHoldings]:
        """All SQL privileges of several users or roles in a namespace."""
        ...

    async def change_sql(
        self, user: str, target: SqlObject, action: Action, home: str, *, grant: bool
    ) -> bool:
        """Grant or revoke an SQL privilege; whether it is held now."""
        ...

    async def denials(self, limit: int) -> list[AuditRecord]:
        """The newest refusals in the audit log."""
        ...

    async def auditing(self) -> Auditing:
        """Whether refusals are audited at all."""
        ...

    async def switch_auditing(self, events: Sequence[str], *, system: bool, on: bool) -> Auditing:
        """Switch what records refusals on or off, verified."""
        ...

    async def account_logins(self) -> Logins:
        """When each account was used last, and what ends it."""
        ...


class InstanceReads:
    """`Reads` of a real connection."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._poller = Poller(instance)
        self._sessions: Remade[WebSession] = Remade()
        self._processes: Remade[Process] = Remade()

    async def poll(self) -> PollCounts:
        """See `irisops.instance.usage.poll`."""
        return await self._poller.poll()

    async def board(self) -> LicenseBoard:
        """See `irisops.instance.usage.license`."""
        return await license_reads.read_board(self._instance)

    async def sessions(self) -> list[WebSession]:
        """See `irisops.instance.usage.sessions`."""
        return await sessions.list_sessions(self._instance, remade=self._sessions)

    async def processes(self) -> list[Process]:
        """See `irisops.instance.usage.processes`."""
        return await processes.list_processes(self._instance, remade=self._processes)

    async def users(self) -> list[User]:
        """See `irisops.instance.security.users`."""
        return await users.list_users(self._instance)

    async def roles(self) -> list[Role]:
        """See `irisops.instance.security.roles`."""
        return await roles.list_roles(self._instance)

    async def clock_offset(self) -> float:
        """See `irisops.instance.usage.license_clock`."""
        told = (await self._instance.batch([TIME]))[0]
        here = datetime.now(UTC)
        return (instance_time(told, here) - here).total_seconds()

    async def timeouts(self) -> list[AppTimeout]:
        """See `irisops.instance.usage.sessions_timeout`."""
        return await sessions_timeout.list_timeouts(self._instance)

    async def session_ages(self, among: Sequence[WebSession]) -> dict[str, int]:
        """See `irisops.instance.usage.license`."""
        return await license_reads.session_ages(self._instance, among)

    async def set_timeout(self, application: str, seconds: int) -> int:
        """See `irisops.instance.usage.sessions_timeout`."""
        return await sessions_timeout.set_timeout(self._instance, application, seconds)

    async def end_session(self, session_id: str) -> EndOutcome:
        """See `irisops.instance.usage.sessions_end`."""
        return await sessions_end.end_session(self._instance, session_id)

    async def process(self, pid: int) -> Process | None:
        """See `irisops.instance.usage.processes`."""
        return await processes.read_process(self._instance, pid)

    async def act_on_process(self, pid: int, action: ProcessAction) -> bool:
        """See `irisops.instance.usage.processes`."""
        return await processes.act_on_process(self._instance, pid, action)

    async def access(self) -> Access:
        """See `irisops.instance.security.access`."""
        return await access.read_access(self._instance)

    async def application(self, known: WebApplication) -> WebApplication:
        """See `irisops.instance.security.webapps`."""
        return await webapps.read_application(self._instance, known)

    async def check_sql(self, user: str, target: SqlObject, action: Action) -> bool:
        """See `irisops.instance.security.sqlprivileges`."""
        return await sqlprivileges.check_sql(self._instance, user, target, action)

    async def sql_grants(self, user: str, namespace: str, home: str) -> list[SqlGrant]:
        """See `irisops.instance.security.sqlprivileges`."""
        return await sqlprivileges.sql_grants(self._instance, user, namespace, home)

    async def sql_holdings(self, holders: Sequence[Grantee], namespace: str, home: str) -> list[SqlHoldings]:
        """See `irisops.instance.security.sqlprivileges`."""
        return await sqlprivileges.sql_holdings(self._instance, holders, namespace, home)

    async def change_sql(
        self, user: str, target: SqlObject, action: Action, home: str, *, grant: bool
    ) -> bool:
        """See `irisops.instance.security.sqlprivileges`."""
        return await sqlprivileges.change_sql(self._instance, user, target, action, home, grant=grant)

    async def denials(self, limit: int) -> list[AuditRecord]:
        """See `irisops.instance.security.audit`."""
        return await audit.list_denials(self._instance, limit)

    async def auditing(self) -> Auditing:
        """See `irisops.instance.security.audit`."""
        return await audit.read_auditing(self._instance)

    async def switch_auditing(self, events: Sequence[str], *, system: bool, on: bool) -> Auditing:
        """See `irisops.instance.security.audit`."""
        return await audit.switch_auditing(self._instance, events, system=system, on=on)

    async def account_logins(self) -> Logins:
        """See `irisops.instance.security.dormant`."""
        return await dormant.read_logins(self._instance)
