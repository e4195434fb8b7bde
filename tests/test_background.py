"""Tasks that nobody awaits: their failure is told, and there is no other way to run one."""

from __future__ import annotations

import ast
import asyncio
from collections import Counter
from pathlib import Path

import irisops
from irisops.background import Background
from irisops.simulator.background import Background as SimulatorBackground

ROOT = Path(irisops.__file__).parent

AWAITED = {
    "background.py": 1,
    "simulator/background.py": 1,
    "cli.py": 1,  # awaited in the same function
    "plain.py": 2,  # awaited in the same functions
    "profiles/programs.py": 1,  # both readers are gathered, or cancelled with the call
    "profiles/discovery/everywhere.py": 1,  # `_one` turns each failure into a report
    "connections/open_shares.py": 2,  # awaited in the same function, also when it is left
    "connections/connections.py": 1,  # awaited on both ways out
    "sharing/keeper.py": 2,  # a pause and an event, waited for and cancelled
    "sharing/installer.py": 1,  # awaited at the end, whatever happens
    "simulator/agent/relay.py": 1,  # awaited; its other half goes by Background
}
"""Tasks made by hand, each awaited by who made it, so that its failure is raised there."""


def test_every_task_is_awaited_by_its_maker_or_goes_by_background() -> None:
    made: Counter[str] = Counter()
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in {"create_task", "ensure_future"}:
                made[file.relative_to(ROOT).as_posix()] += 1
    assert dict(made) == AWAITED


async def fails() -> None:
    raise ValueError("from the task")


async def test_a_failure_is_told_at_once() -> None:
    told: list[tuple[str, str]] = []
    tasks = Background(lambda name, error: told.append((name, str(error))))
    tasks.start(fails(), "one")
    own: list[str] = []
    tasks.start(fails(), "two", lambda name, _error: own.append(name))
    await tasks.wait()
    assert told == [("one", "from the task")]
    assert own == ["two"]


async def test_a_cancelled_task_is_no_failure() -> None:
    told: list[str] = []
    tasks = Background(lambda name, _error: told.append(name))
    tasks.start(asyncio.sleep(3600), "sleeping")
    await asyncio.sleep(0)
    tasks.cancel()
    await tasks.wait()
    assert told == []


async def test_the_simulators_own_is_the_same() -> None:
    told: list[str] = []
    tasks = SimulatorBackground(lambda error: told.append(str(error)))
    task = tasks.start(fails())
    await asyncio.wait({task})
    await asyncio.sleep(0)
    assert told == ["from the task"]
    await tasks.stop()
