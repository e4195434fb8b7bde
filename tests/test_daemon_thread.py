from __future__ import annotations

import asyncio
import threading

import pytest

from irisops.daemon_thread import BrokenOffError, in_daemon_thread


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
