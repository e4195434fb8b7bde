"""The connection that agents use: to one profile at a time, given back when nothing is asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from irisops.agent_connections import announced
from irisops.background import Background
from irisops.connections.connection import Link
from irisops.contract.replies import Problem
from irisops.logs import LOG
from irisops.profiles.model import Profile
from irisops.session import Session

IDLE = 60.0
"""Seconds without a call after which the connection, and its license unit, is given back."""


class AgentConnection:
    """The session's connections, of which one call at a time uses one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._turn = asyncio.Lock()
        self._tasks = Background()
        self._presence = contextlib.ExitStack()
        self._used = 0.0
        self._watching = False

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """For one call; afterwards only the connection of its profile stays."""
        async with self._turn:
            try:
                yield
            finally:
                await self._leave_others()
                self._watch_idle()

    async def connect(self, profile: Profile) -> Link | Problem:
        """The connection to a profile, instead of the one to another; the problem of a failed login."""
        hub = self._session.hub
        for link in hub.in_use():
            if link.name.casefold() != profile.name.casefold():
                await hub.disconnect(link)
                self._presence.close()
        fresh = not (hub.active is not None and hub.active.name == profile.name and hub.active.connected)
        hub.choose(profile)
        problem = await self._session.connect(profile)
        if problem is not None:
            return problem
        link = hub.require()
        if fresh:
            self._announce(link)
        return link

    async def close(self) -> None:
        """Stop watching; the session logs out."""
        self._tasks.cancel()
        await self._tasks.wait()
        self._presence.close()

    def _announce(self, link: Link) -> None:
        """Let the license board of every irisops here say whose connection this is."""
        self._presence.close()
        pid = link.connection.info.pid if link.connection.info else None
        if pid is not None:
            try:
                self._presence.enter_context(announced(self._session.places, link.profile, pid))
            except OSError as error:
                LOG.warning("the connection of the agent cannot be announced: %s", error.strerror)

    async def _leave_others(self) -> None:
        """End the connections that one call made beside its own (/diff of two profiles)."""
        hub = self._session.hub
        for link in hub.in_use():
            if link is not hub.active:
                await hub.disconnect(link)

    def _watch_idle(self) -> None:
        self._used = self._session.clock.monotonic()
        if not self._watching and self._session.hub.in_use():
            self._watching = True
            self._tasks.start(self._give_back(), "the idle connection of an agent")

    async def _give_back(self) -> None:
        """Log out once nothing was asked for `IDLE` seconds."""
        clock = self._session.clock
        try:
            while (left := self._used + IDLE - clock.monotonic()) > 0:
                await clock.sleep(left)
                async with self._turn:  # a call that runs is no idleness: it sets `_used` at its end
                    pass
            async with self._turn:
                self._presence.close()
                for link in self._session.hub.in_use():
                    await self._session.hub.disconnect(link)
        finally:
            self._watching = False
