"""A server for agents that kills itself during a change: `python -m tests.agents.killed_server HOME PORT CALLS WHEN`.

As `tests.changes.killed_child`, for a plan that an agent applies. The password comes by the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from irisops.agent_calls import AgentCalls
from irisops.agents.server import serve_stdio
from irisops.agents.service import AgentService
from irisops.commands.catalogue import default_registry
from irisops.instance.calls import Answer, Call
from irisops.instance.connection import Target
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from tests.changes.killed_child import Killed
from tests.instance.served import USER


class KilledOnceBegun(Killed):
    """Counts the changing calls from the moment at which the server has written that it begins."""

    def __init__(self, target: Target, at: int, when: str, calls: AgentCalls) -> None:
        super().__init__(target, at, when)
        self._calls = calls

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        self.armed = self.armed or any(call.outcome == "begun" for call in self._calls.read()[0])
        return await super().batch(calls, deadline=deadline)


async def main(arguments: Sequence[str]) -> None:
    home, port, at, when = arguments
    places = Places.below(Path(home))
    profile = Profile("local", "127.0.0.1", int(port), "%SYS", USER, agents="apply")
    secrets = Secrets(None)
    secrets.remember(profile, os.environ["IRISOPS_PASSWORD"])
    calls = AgentCalls(places.journals)
    session = Session(
        places,
        secrets=secrets,
        connector=lambda target: KilledOnceBegun(target, int(at), when, calls),
        extra=[profile],
        polling=False,
    )
    await serve_stdio(AgentService(session, default_registry()))
    await session.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
