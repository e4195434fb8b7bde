"""Takes a share down from its lease. Every step can be repeated; what could not be done stays in the lease."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from irisops.instance.connection import Connection
from irisops.instance.errors import InstanceProblem, LoginRefused
from irisops.instance.models import SystemInfo
from irisops.instance.routes import Instance
from irisops.instance.target import Target
from irisops.instance.web import WebAddress
from irisops.sharing import guests, procs
from irisops.sharing.agent_files import RUNTIME_PREFIX
from irisops.sharing.lease import Lease, LeaseError, LeaseStore, Where

STOP_PATIENCE = 3.0
"""Seconds an agent gets to end by itself."""
ADMIN_NAMESPACE = "%SYS"


class InstanceLogin(Instance, Protocol):
    """The needed part of `irisops.instance.connection.Connection`."""

    web: WebAddress | None
    """The instance's web port, for what the driver cannot do."""

    @property
    def info(self) -> SystemInfo | None:
        """Data read at the login, including this connection's pid."""
        ...

    async def connect(self, password: str) -> SystemInfo:
        """Log in once."""
        ...

    async def disconnect(self) -> None:
        """Log out."""
        ...


Connector = Callable[[Target], InstanceLogin]


def connect_by_driver(target: Target) -> InstanceLogin:
    """The product's connector."""
    return Connection(target)


def target(where: Where, namespace: str = ADMIN_NAMESPACE) -> Target:
    """The login for a share."""
    return Target(where.host, where.port, namespace, where.user, sslconfig=where.sslconfig)


def web_address(where: Where) -> WebAddress | None:
    """The web port of a share's instance; None if none is known, or the lease names none that can be."""
    try:
        parts = urlsplit(where.web)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or not port:
        return None
    return WebAddress(parts.hostname, port, parts.scheme == "https", parts.path)


def open_login(connector: Connector, where: Where, namespace: str = ADMIN_NAMESPACE) -> InstanceLogin:
    """A login for a share, which may end web sessions by the web port, too. It does not connect."""
    login = connector(target(where, namespace))
    login.web = web_address(where)
    return login


@dataclass(slots=True)
class Report:
    """What was taken down, and what was not and why, as sentences."""

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """What could not be read of the guests' sessions and processes."""
    refused: bool = False
    """The instance refused the login; the password must not be sent again (accounts get locked)."""
    password_refused: bool = False
    """The reason was user or password."""
    left: Lease | None = None
    """The lease of what is left."""
    unwritten: str = ""
    """Why the lease could not be rewritten."""

    @property
    def clean(self) -> bool:
        """True if nothing is left."""
        return not self.problems


class Teardown:
    """Takes one share down. `connector` makes a login; `sleep` takes seconds."""

    def __init__(
        self,
        store: LeaseStore,
        connector: Connector = connect_by_driver,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._connector = connector
        self._sleep = sleep

    async def run(self, lease: Lease, password: str | None) -> Report:
        """Take down the agent first (nobody can enter any more), then sessions and processes, then accounts and role.

        The lease is rewritten after each step and deleted at the end. Without a `password`, accounts and role stay in
        the lease. A failed write of the lease (full disk, read-only folder) stops nothing: the file on disk names at
        least what is left.
        """
        report = Report()
        lease = await self._stop_agent(lease, report)
        if lease.on_instance:
            if password is None:
                report.problems.append(f"the password of {lease.where.text} is not known")
            else:
                lease = await self._clear_instance(lease, password, report)
        if report.clean:
            self._forget(lease, report)
        else:
            lease = replace(lease, problem="; ".join(report.problems))
            self._keep(lease, report)
            report.left = lease
            if report.unwritten:
                report.done.append(f"the lease names more than is left: {report.unwritten}")
        return report

    def _forget(self, lease: Lease, report: Report) -> None:
        try:
            self._store.delete(lease.id)
        except LeaseError as error:
            report.problems.append(
                f"everything is taken down but its lease stays: {error} Make that folder writable"
            )
            report.left = lease
        else:
            report.done.append("the lease is cleared")

    def _keep(self, lease: Lease, report: Report) -> None:
        try:
            self._store.save(lease)
        except LeaseError as error:
            report.unwritten = str(error)
        else:
            report.unwritten = ""

    async def _stop_agent(self, lease: Lease, report: Report) -> Lease:
        agent = lease.agent
        if agent is not None and procs.is_running(agent):
            stopped = await asyncio.to_thread(procs.stop, agent, STOP_PATIENCE)
            if not stopped:
                report.problems.append(f"the ngrok agent (pid {agent.pid}) does not end")
                return lease
            report.done.append("the ngrok agent is stopped")
        if lease.endpoints:
            names = ", ".join(endpoint.public_url for endpoint in lease.endpoints)
            report.done.append(f"closed: {names}")
        if Path(lease.runtime).name.startswith(
            RUNTIME_PREFIX
        ):  # the lease is only a file: remove no other folder
            await asyncio.to_thread(shutil.rmtree, lease.runtime, ignore_errors=True)
        lease = replace(lease, agent=None, endpoints=(), runtime="")
        self._keep(lease, report)
        return lease

    async def _clear_instance(self, lease: Lease, password: str, report: Report) -> Lease:
        login = open_login(self._connector, lease.where)
        try:
            info = await login.connect(password)
            lease = await self._clear_accounts(lease, login, info.pid, report)
        except InstanceProblem as problem:
            report.refused = isinstance(problem, LoginRefused)
            report.password_refused = problem.name == LoginRefused.__name__
            report.problems.append(f"{lease.where.text}: {problem.message}")
            return lease
        finally:
            await login.disconnect()
        if lease.role is None or lease.accounts:
            return lease
        try:
            return await self._clear_role(lease, password, report)
        except InstanceProblem as problem:
            report.problems.append(f"the role {lease.role.name}: {problem.message}")
            return lease

    async def _clear_accounts(
        self, lease: Lease, caller: Instance, own_pid: int | None, report: Report
    ) -> Lease:
        there = {user.name.casefold(): user for user in await guests.accounts(caller)}
        ours = []
        gone = []
        for item in lease.accounts:
            user = there.get(item.name.casefold())
            role = lease.role.name.casefold() if lease.role else ""
            if user is None:
                gone.append(item.name)  # what they left running may still be there, from the last attempt
            elif item.state == "made" or role in {held.casefold() for held in user.roles}:
                ours.append(item.name)
            else:
                # The account exists without our role, so it is not ours: leave it.
                report.done.append(f"{item.name} is not of this share and was left alone")
                lease = lease.without_account(item.name)
        left = await guests.end_activity(caller, [*ours, *gone], own_pid=own_pid, sleep=self._sleep)
        for name in ours:
            try:
                await guests.delete_account(caller, name)
            except InstanceProblem as problem:
                report.problems.append(f"{name}: {problem.message}")
            else:
                report.done.append(f"{name} is deleted")
                gone.append(name)
        if left.processes or left.sessions:
            # Without its account nobody can log in again; what is left is ended once more, else reported.
            left = await guests.end_activity(caller, [*ours, *gone], own_pid=own_pid, sleep=self._sleep)
        report.problems += guests.left_behind(left)
        if not left.processes and not left.sessions:
            report.unread += left.notes
        # An account whose work goes on stays in the lease, so that the next attempt ends that.
        working = {process.user.casefold() for process in left.processes}
        working |= {session.user.casefold() for session in left.sessions}
        for name in gone:
            if name.casefold() not in working:
                lease = lease.without_account(name)
        self._keep(lease, report)
        return lease

    async def _clear_role(self, lease: Lease, password: str, report: Report) -> Lease:
        role = lease.role
        if role is None:
            return lease
        if lease.schemas and lease.sql:
            login = open_login(self._connector, lease.where, lease.namespace)
            try:
                await login.connect(password)
                # A missing role or schema has nothing to revoke; the result is read back below.
                await guests.run_all(login, guests.revoke_sql(lease.sql, lease.schemas, role.name))
            finally:
                await login.disconnect()
        login = open_login(self._connector, lease.where)
        try:
            await login.connect(password)
            await guests.delete_role(login, role.name)
        finally:
            await login.disconnect()
        report.done.append(f"the role {role.name} is deleted")
        lease = replace(lease, role=None)
        self._keep(lease, report)
        return lease
