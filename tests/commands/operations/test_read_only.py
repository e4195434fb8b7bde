"""Every action is refused on a read-only profile, with the reason, before anything is asked of the instance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from irisops.commands.catalogue import ALL
from irisops.contract.chat import Command
from irisops.contract.replies import Problem
from tests.commands.fakes import LOCAL, World

SHOWN_FIRST = {"indexes validate": "reads all rows, takes locks and loads the instance"}
"""Commands that show something without a change, but act on the instance all the same: and why they are refused."""
ACTIONS = {
    each.name: (each.examples or (f"/{each.name}",))[0]
    for each in ALL
    if each.changes and each.needs_connection and (not each.shows or each.name in SHOWN_FIRST)
}


async def test_every_action_is_refused_with_the_reason(tmp_path: Path) -> None:
    assert {
        "database mount",
        "task run",
        "lock delete",
        "production stop",
        "component restart",
        "indexes build",
    } <= {*ACTIONS}
    world = World(tmp_path, replace(LOCAL, read_only=True), polling=False)
    await world.connect()
    asked: list[object] = []
    world.connection.heard = lambda calls, _answers: asked.extend(calls)
    wrong: dict[str, object] = {}
    for name, line in ACTIONS.items():
        command = world.session.parse(line)
        assert isinstance(command, Command), (line, command)
        assert command.name == name
        replies = [reply async for reply in world.session.run(command)]
        reason = SHOWN_FIRST.get(name, "nothing is changed through it")
        match replies:
            case [Problem("ReadOnly", message, cure)] if reason in message and "read_only=no" in cure:
                pass
            case _:
                wrong[name] = replies
    assert wrong == {}
    assert asked == [], "what is refused is not looked up first"
    await world.session.close()
