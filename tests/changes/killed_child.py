"""A program that kills itself during a change: `python -m tests.changes.killed_child HOME PORT CALLS WHEN LINE`.

It does LINE on the instance at PORT and kills itself, with no chance to clean up, BEFORE or AFTER its call number CALLS
(from 1) that changes the instance. Prints nothing; a journal in HOME is all that stays. The password comes by a pipe.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from irisops.contract.chat import Command
from irisops.contract.replies import Plan
from irisops.instance.calls import Answer, Call, ClassMethod, Function, LoadSource, ObjectCall, Update
from irisops.instance.connection import Connection, Target
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from tests.instance.served import USER

_READS = {"ValidatePassword", "Exists", "CheckPrivilege", "SetNamespace"}
_WRITERS = {"%SYSTEM.SQL.Security", "%SYSTEM.Process", "%SYSTEM.OBJ"}
_OPERATIONS = {"DismountDatabase", "MountDatabase", "StopProduction", "StartProduction", "EnableConfigItem"}
_STEPS = {"%Save", "Suspend", "Resume", "Terminate"}


class Killed(Connection):
    """A connection that counts the changing calls and kills the process at one of them."""

    def __init__(self, target: Target, at: int, when: str) -> None:
        super().__init__(target)
        self._at, self._when, self._seen = at, when, 0
        self.armed = False

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        if not (self.armed and any(changes(call) for call in calls)):
            return await super().batch(calls, deadline=deadline)
        self._seen += 1
        if (self._seen, self._when) == (self._at, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        answers = await super().batch(calls, deadline=deadline)
        if (self._seen, self._when) == (self._at, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return answers


def changes(call: Call) -> bool:
    """True if a call changes the instance."""
    if isinstance(call, ObjectCall):
        return any(step.name in _STEPS for step in call.steps)
    if isinstance(call, ClassMethod):
        written = call.class_name.startswith("Security.") or call.class_name in _WRITERS
        return (written and call.method not in _READS) or call.method in _OPERATIONS
    return isinstance(call, Update | Function | LoadSource)


async def main(arguments: Sequence[str]) -> None:
    home, port, at, when, line = arguments
    profile = Profile("local", "127.0.0.1", int(port), "%SYS", USER)
    secrets = Secrets(None)
    secrets.remember(profile, sys.stdin.readline().strip())
    connections: list[Killed] = []

    def connector(target: Target) -> Killed:
        connections.append(Killed(target, int(at), when))
        return connections[-1]

    session = Session(
        Places.below(Path(home)), secrets=secrets, connector=connector, extra=[profile], polling=False
    )
    session.load_profiles()
    session.hub.choose(profile)
    assert await session.connect(profile) is None
    command = session.parse(line)
    assert isinstance(command, Command), command
    plan = [reply async for reply in session.run(command)][-1]
    assert isinstance(plan, Plan), plan
    connections[-1].armed = True
    async for _ in session.confirm(plan.id):
        pass
    await session.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
