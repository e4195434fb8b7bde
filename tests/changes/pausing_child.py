"""An irisops that stops between its last look and its first write: `-m tests.changes.pausing_child HOME PORT LINE`.

The first line of its input is the password. It prints one word a line: `planned`, then `waits` while another irisops
has the turn, `writes` before the first call that changes the instance, and at the end the name of its last reply.
Before confirming and before the first write it waits for a line of input.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from irisops.contract.chat import Command, Notice
from irisops.contract.replies import Plan, Problem
from irisops.instance.calls import Answer, Call
from irisops.instance.connection import Connection, Target
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from tests.changes.killed_child import changes
from tests.instance.served import USER


async def ask(word: str) -> None:
    """Print the point reached and wait for permission to continue."""
    print(word, flush=True)
    await asyncio.to_thread(sys.stdin.readline)


class Pausing(Connection):
    """A connection that stops once, before the first call that changes the instance."""

    paused = False
    armed = False

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        if self.armed and not self.paused and any(changes(call) for call in calls):
            self.paused = True
            await ask("writes")
        return await super().batch(calls, deadline=deadline)


async def main(arguments: Sequence[str]) -> None:
    home, port, line = arguments
    profile = Profile("local", "127.0.0.1", int(port), "%SYS", USER)
    secrets = Secrets(None)
    secrets.remember(profile, sys.stdin.readline().strip())
    connections: list[Pausing] = []

    def connector(target: Target) -> Pausing:
        connections.append(Pausing(target))
        return connections[-1]

    session = Session(
        Places.below(Path(home)), secrets=secrets, connector=connector, extra=[profile], polling=False
    )

    def notice(told: Notice) -> None:
        if "this change waits for it" in told.message:
            print("waits", flush=True)

    session.subscribe(lambda: None, notice)
    session.load_profiles()
    session.hub.choose(profile)
    assert await session.connect(profile) is None
    command = session.parse(line)
    assert isinstance(command, Command), command
    plan = [reply async for reply in session.run(command)][-1]
    assert isinstance(plan, Plan), plan
    await ask("planned")
    connections[-1].armed = True
    last = [reply async for reply in session.confirm(plan.id)][-1]
    print(last.error if isinstance(last, Problem) else type(last).__name__, flush=True)
    await session.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
