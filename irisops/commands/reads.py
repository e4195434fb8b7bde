"""What the commands ask of an instance, in one place: the session builds it per connection, tests give a fake."""

from __future__ import annotations

from typing import Protocol

from irisops.instance import license as license_reads
from irisops.instance import processes, roles, sessions, users
from irisops.instance.models import LicenseBoard, PollCounts, Process, Role, RoleChange, User, WebSession
from irisops.instance.poll import Poller
from irisops.instance.routes import Instance


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

    async def user(self, name: str) -> User | None:
        """One user, None if there is none of that name."""
        ...

    async def roles(self) -> list[Role]:
        """All roles."""
        ...

    async def add_role(self, user: str, role: str) -> RoleChange:
        """Grant, verified."""
        ...

    async def remove_role(self, user: str, role: str) -> RoleChange:
        """Revoke, verified."""
        ...


class InstanceReads:
    """`Reads` of a real connection."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._poller = Poller(instance)

    async def poll(self) -> PollCounts:
        """See `irisops.instance.poll`."""
        return await self._poller.poll()

    async def board(self) -> LicenseBoard:
        """See `irisops.instance.license`."""
        return await license_reads.read_board(self._instance)

    async def sessions(self) -> list[WebSession]:
        """See `irisops.instance.sessions`."""
        return await sessions.list_sessions(self._instance)

    async def processes(self) -> list[Process]:
        """See `irisops.instance.processes`."""
        return await processes.list_processes(self._instance)

    async def users(self) -> list[User]:
        """See `irisops.instance.users`."""
        return await users.list_users(self._instance)

    async def user(self, name: str) -> User | None:
        """See `irisops.instance.users`."""
        return await users.read_user(self._instance, name)

    async def roles(self) -> list[Role]:
        """See `irisops.instance.roles`."""
        return await roles.list_roles(self._instance)

    async def add_role(self, user: str, role: str) -> RoleChange:
        """See `irisops.instance.users`."""
        return await users.add_role(self._instance, user, role)

    async def remove_role(self, user: str, role: str) -> RoleChange:
        """See `irisops.instance.users`."""
        return await users.remove_role(self._instance, user, role)
