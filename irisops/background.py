"""Background tasks, whose failures are reported, and blocking work in daemon threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from irisops.logs import LOG

T = TypeVar("T")

Failed = Callable[[str, BaseException], None]
"""Callback `failed(name, error)`, called on the event loop when a task fails."""


def to_log(name: str, error: BaseException) -> None:
    """Write a failed task to the log of irisops, with its traceback."""
    LOG.error("%s failed: %s", name, type(error).__name__, exc_info=error)


class Background:
    """The only way in which the product runs a task that nobody awaits.

    asyncio keeps only a weak reference to a task and reports its failure when the task is collected, if at all. Here
    `failed` is called at once, so that the owner of the task can end or restart what depends on it.
    """

    def __init__(self, failed: Failed = to_log) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str, failed: Failed | None = None) -> asyncio.Task[T]:
        """Run `work` as a task. `failed` replaces the callback of `__init__`."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        told = failed or self._failed

        def ended(_task: asyncio.Task[T]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                told(name, error)

        task.add_done_callback(ended)
        return task

    def cancel(self) -> None:
        """Cancel all tasks. `wait` returns when they have ended."""
        for task in self._tasks:
            task.cancel()

    async def wait(self) -> None:
        """Wait until no task is left, including tasks started meanwhile."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)


class BrokenOffError(Exception):
    """Foreign code raised an exception that would end the program; the text is its name."""


async def in_daemon_thread(work: Callable[[], T], deadline: float) -> T:
    """Run blocking `work` with a deadline in seconds, in a daemon thread: the program's end does not wait for it.

    For code that may never return: a keyring, a prompt, a foreign program. Raises `TimeoutError` at the deadline (the
    thread goes on), else what `work` raises. SystemExit, KeyboardInterrupt and CancelledError become `BrokenOffError`.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(act: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(lambda: None if outcome.done() else act())
        except RuntimeError:
            return  # the loop has ended: nobody waits for this any more

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed over to the waiting coroutine
            # A future takes no StopIteration either.
            passed = isinstance(error, Exception) and not isinstance(error, StopIteration)
            failure = error if passed else BrokenOffError(type(error).__name__)
            settle(lambda: outcome.set_exception(failure))
        else:
            settle(lambda: outcome.set_result(result))

    threading.Thread(target=run, name="irisops waiting", daemon=True).start()
    async with asyncio.timeout(deadline):
        return await outcome
