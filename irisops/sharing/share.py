"""One share, from opening to complete removal. Runs in the keeper process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from irisops.instance.errors import InstanceProblem, LoginRefused
from irisops.instance.web import WebAddress, WebFailure, WebRequest, ask
from irisops.sharing import guests, passes, procs
from irisops.sharing.agent import Agent
from irisops.sharing.agent_files import runtime_folder
from irisops.sharing.errors import LeaseStays, LocalPortDead, SharingProblem
from irisops.sharing.finder import AgentBinary, find_agent
from irisops.sharing.guests import Activity
from irisops.sharing.lease import Item, Lease, LeasedEndpoint, LeaseError, LeaseStore, State
from irisops.sharing.messages import (
    EndpointFigures,
    EndpointSpec,
    ShareClosed,
    ShareOpened,
    ShareRequest,
    ShareStatus,
)
from irisops.sharing.passes import TeamPass
from irisops.sharing.procs import ProcessId
from irisops.sharing.teardown import Connector, InstanceLogin, Report, Teardown, connect_by_driver, open_login

PORT_DEADLINE = 5.0
"""Seconds for the local port to answer before it is shared."""
LOG_SHOWN = 60


def _now() -> datetime:
    return datetime.now(UTC)


class Share:
    """Opens one share, watches it and takes it down. Coroutines run on one event loop and never block it."""

    def __init__(
        self,
        request: ShareRequest,
        *,
        progress: Callable[[str], None] = lambda _message: None,
        connector: Connector = connect_by_driver,
        now: Callable[[], datetime] = _now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        find: Callable[[Path | None], AgentBinary] = find_agent,
    ) -> None:
        self._request = request
        self._progress = progress
        self._connector = connector
        self._now = now
        self._monotonic = monotonic
        self._ends = self._ends_at(request.until)
        self._sleep = sleep
        self._find = find
        self._store = LeaseStore(Path(request.leases))
        self._teardown = Teardown(self._store, connector, sleep)
        self._agent: Agent | None = None
        self._runtime: Path | None = None
        self._lease = Lease(
            id=request.id,
            where=request.where,
            created=now(),
            until=request.until,
            namespace=request.namespace,
            template=request.template,
            keeper=procs.identify(os.getpid()),
        )
        self._latest = passes.latest_extension(request.until)
        self._lease_lock = threading.Lock()
        self._closing = asyncio.Lock()
        self._closed: ShareClosed | None = None
        self._noted = False
        """The lease has been written; before that nothing was created."""
        self.refused = False
        """The instance refused the password; it is not sent again, because accounts get locked."""

    @property
    def lease(self) -> Lease:
        """What would have to be removed now."""
        return self._lease

    @property
    def overdue(self) -> bool:
        """True if the deadline has passed by the wall clock (a laptop may sleep past it) or the monotonic clock.

        Setting the wall clock back does not prolong a share.
        """
        return self._lease.overdue(self._now()) or self._monotonic() >= self._ends

    def _ends_at(self, until: datetime) -> float:
        """The deadline on the monotonic clock."""
        return self._monotonic() + (until - self._now()).total_seconds()

    @property
    def agent_running(self) -> bool:
        """True if the agent runs."""
        return self._agent is not None and self._agent.running

    @property
    def outlive(self) -> bool:
        """True if it goes on without the chat."""
        return self._lease.outlive

    def _note(self, change: Callable[[Lease], Lease]) -> None:
        """Change the lease and write it. Called from any thread.

        Raises LeaseError if it cannot be written; it is then unchanged.
        """
        with self._lease_lock:
            lease = change(self._lease)
            self._store.save(lease)
            self._lease, self._noted = lease, True

    def _note_account(self, name: str, state: State) -> None:
        self._note(lambda lease: lease.with_account(name, state))

    # open

    async def open(self) -> ShareOpened:
        """Open the share completely, or remove everything and raise the named problem."""
        try:
            return await self._open()
        except BaseException as error:
            self.refused = isinstance(error, LoginRefused)
            closed = await asyncio.shield(self.close("it could not be opened"))
            if closed.problems and isinstance(error, InstanceProblem | LeaseError):
                raise LeaseStays(
                    f"{error} And not all could be taken back: {'; '.join(closed.problems).rstrip('.')}.",
                    detail=getattr(error, "detail", ""),
                ) from error
            if isinstance(error, OSError):
                raise SharingProblem(
                    f"The files of the share cannot be written: {error.strerror or error}.",
                    "Make room, or correct the rights of that folder.",
                ) from error
            raise

    async def _open(self) -> ShareOpened:
        request = self._request
        self._progress("Looking at the local ports …")
        for spec in request.endpoints:
            await check_upstream(spec)
        self._progress("Looking for the ngrok agent …")
        binary = await asyncio.to_thread(self._find, Path(request.agent) if request.agent else None)
        runtime = self._runtime = runtime_folder()
        self._note(lambda lease: replace(lease, runtime=str(runtime)))
        self._agent = Agent(
            binary,
            request.token,
            self._runtime,
            on_start=self._agent_started,
            deadlines=request.deadlines,
        )
        self._progress(f"Starting the ngrok agent {binary.version_text} …")
        await asyncio.to_thread(self._agent.start)
        for spec in request.endpoints:
            self._progress(f"Opening the tunnel to {spec.upstream} …")
            await self._open_endpoint(self._agent, spec)
        made = await self._make_passes() if request.people else ()
        return ShareOpened(
            request.id, self._lease.until, tuple(self._agent.endpoints), made, binary.version_text
        )

    def _agent_started(self, process: ProcessId) -> None:
        self._note(lambda lease: replace(lease, agent=process))

    async def _open_endpoint(self, agent: Agent, spec: EndpointSpec) -> None:
        opened = await asyncio.to_thread(agent.open, spec)
        leased = LeasedEndpoint(opened.name, opened.kind, opened.public_url, opened.upstream)
        self._note(lambda lease: replace(lease, endpoints=(*lease.endpoints, leased)))

    async def _make_passes(self) -> tuple[TeamPass, ...]:
        """Create the role with its SQL privileges, then the accounts; each is in the lease before it is created."""
        request = self._request
        template = passes.template_named(request.template)
        self._progress("Making the role of the share …")
        role = passes.role_name(request.id)
        async with self._login() as admin:
            databases = await guests.database_resources(admin, request.namespace)
            taken = [user.name for user in await guests.accounts(admin)] + await guests.role_names(admin)
            self._note(lambda lease: replace(lease, role=Item(role, "intended")))
            await guests.make_role(admin, passes.create_role(request.id, template, databases))
            self._note(lambda lease: replace(lease, role=Item(role, "made")))
        if template.sql:
            async with self._login(request.namespace) as there:
                schemas = tuple(await guests.own_schemas(there))
                self._note(lambda lease: replace(lease, schemas=schemas, sql=template.sql))
                for problem in await guests.run_all(there, guests.grant_sql(template, schemas, role)):
                    raise problem
        made = [TeamPass(name, passes.new_password()) for name in passes.guest_names(request.people, taken)]
        async with self._login() as admin:
            for each in made:
                self._progress(f"Making {each.name} …")
                self._note_account(each.name, "intended")
                call = passes.create_user(request.id, each, request.namespace, self._lease.until)
                await guests.make_account(admin, call)
                self._note_account(each.name, "made")
        return tuple(made)

    @contextlib.asynccontextmanager
    async def _login(self, namespace: str = "%SYS") -> AsyncIterator[InstanceLogin]:
        """A short login: the keeper holds no license unit while idle."""
        login = open_login(self._connector, self._request.where, namespace)
        try:
            await login.connect(self._request.password)
            yield login
        finally:
            await login.disconnect()

    # while open

    async def status(self) -> ShareStatus:
        """State of the share and its agent, which may not answer."""
        agent = self._agent
        log = tuple(agent.log)[-LOG_SHOWN:] if agent else ()
        figures: tuple[EndpointFigures, ...] = ()
        if agent is None:
            said = "not started"
        else:
            try:
                said = await asyncio.to_thread(agent.status)
                figures = tuple(await asyncio.to_thread(agent.figures))
            except SharingProblem as problem:
                said = problem.message
        return ShareStatus(self._lease.until, said, figures, log, self._lease.outlive)

    async def activity(self) -> Activity:
        """Who is connected, according to the instance. Raises the named problem."""
        names = [item.name for item in self._lease.accounts]
        if not names:
            return Activity((), ())
        async with self._login() as admin:
            return await guests.activity(admin, names)

    def extend(self, until: datetime) -> None:
        """Move the deadline. Raises SharingProblem if it is past or the accounts would expire before."""
        if until <= self._now():
            raise SharingProblem("That time has passed.", "/unshare ends the share now.")
        if until > self._latest:
            raise SharingProblem(
                f"The passes of this share cannot go on after {self._latest:%Y-%m-%d %H:%M} UTC.",
                "Share again for longer: new passes are made.",
            )
        self._note(lambda lease: replace(lease, until=until))
        self._ends = self._ends_at(until)

    def set_outlive(self, outlive: bool) -> None:
        """Set whether it goes on when the chat is closed."""
        self._note(lambda lease: replace(lease, outlive=outlive))

    async def kick(self, name: str) -> Report:
        """Delete one pass and end its work. Raises SharingProblem for a name not of this share."""
        item = next((item for item in self._lease.accounts if item.name.casefold() == name.casefold()), None)
        if item is None:
            known = ", ".join(item.name for item in self._lease.accounts) or "none"
            raise SharingProblem(f"{name} is not a pass of this share.", f"Its passes: {known}.")
        report = Report()
        async with self._login() as admin:
            # Delete the account first, so that nobody logs in again in between.
            await guests.delete_account(admin, item.name)
            own = admin.info.pid if admin.info else None
            left = await guests.end_activity(admin, [item.name], own_pid=own, sleep=self._sleep)
        undone = guests.left_behind(left)
        report.done.append(
            f"{item.name} is deleted"
            + ("" if undone or left.notes else " and its sessions and processes are ended")
        )
        report.done += left.notes if not undone else ()
        try:
            self._note(lambda lease: lease.without_account(item.name))
        except LeaseError as error:
            report.problems.append(f"its lease still names it: {error}")
        report.problems += undone
        return report

    # close

    async def close(self, reason: str) -> ShareClosed:
        """Take it down. Can be called again for what was left, unless the password was refused.

        Never raises for errors of the instance or the disk.
        """
        async with self._closing:
            if self._closed is not None and (self.refused or not self._closed.problems):
                return self._closed
            if self._agent is not None:
                await asyncio.to_thread(self._agent.stop)
            if self._runtime is not None:
                await asyncio.to_thread(shutil.rmtree, self._runtime, ignore_errors=True)
            # From memory: the file may be unreadable, and names no more than this.
            report = Report()
            if self._noted:
                password = None if self.refused else self._request.password
                report = await self._teardown.run(self._lease, password)
                self._lease = report.left or self._lease
            self.refused = self.refused or report.refused
            self._closed = ShareClosed(
                reason, tuple(report.done), tuple(report.problems), tuple(report.unread)
            )
            return self._closed


async def check_upstream(spec: EndpointSpec) -> None:
    """Check that something answers on the local port. Raises LocalPortDead.

    The web port is checked by HTTP. The superserver does not speak first; the chat's own connection shows that logins
    work.
    """
    address = spec.upstream if "://" in spec.upstream else f"tcp://{spec.upstream}"
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        if spec.kind == "tcp":
            async with asyncio.timeout(PORT_DEADLINE):
                _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        web = WebAddress(host, port, parts.scheme == "https")
        await ask(web, WebRequest("HEAD", "/"), deadline=PORT_DEADLINE)
    except WebFailure as failure:
        raise LocalPortDead(failure.message, failure.cure) from failure
    except OSError as error:
        raise LocalPortDead(f"Nothing answers on {host}:{port}.", detail=str(error)) from error
