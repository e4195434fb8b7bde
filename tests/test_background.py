"""Tasks that are not awaited: failures are reported, and no module starts them in another way."""

from __future__ import annotations

import ast
import asyncio
import threading
from collections import Counter
from pathlib import Path

import pytest

import irisops
from irisops.background import Background, BrokenOffError, in_daemon_thread
from irisops.simulator.background import Background as SimulatorBackground

ROOT = Path(irisops.__file__).parent

AWAITED = {
    "background.py": 1,
    "simulator/background.py": 1,
    "agents/over_http.py": 1,  # awaited in the same function, also when it is left
    "run_command.py": 1,  # awaited in the same function
    "plain.py": 1,  # awaited in the same function
    "profiles/programs.py": 1,  # both readers are gathered, or cancelled with the call
    "profiles/discovery/everywhere.py": 1,  # `_one` turns each failure into a report
    "connections/open_shares.py": 2,  # awaited in the same function, also when it is left
    "commands/indexes/building.py": 1,  # awaited in the same function, and cancelled when it is left
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


async def test_a_daemon_thread_hands_over_results_and_errors() -> None:
    assert await in_daemon_thread(lambda: threading.current_thread().daemon, 5)

    def fail() -> None:
        raise LookupError("why")

    with pytest.raises(LookupError, match="why"):
        await in_daemon_thread(fail, 5)


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), StopIteration()]
)
async def test_foreign_code_cannot_end_the_program_or_the_task(error: BaseException) -> None:
    """K15: a keyring backend that exits took the program with it, with a status that means something else."""

    def leave() -> None:
        raise error

    with pytest.raises(BrokenOffError, match=type(error).__name__):
        await in_daemon_thread(leave, 5)


async def test_work_that_never_returns_costs_its_deadline_and_a_thread_that_holds_up_no_exit() -> None:
    begun, free = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def never() -> None:
        threads.append(threading.current_thread())
        begun.set()
        free.wait()

    with pytest.raises(TimeoutError):
        await in_daemon_thread(never, 0.05)
    assert await asyncio.to_thread(begun.wait, 5)
    assert threads[0].daemon
    free.set()
