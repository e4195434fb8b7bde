"""Tasks that nobody awaits: held until they end, and never lost when they fail."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from irisops.logs import LOG

T = TypeVar("T")

Failed = Callable[[str, BaseException], None]
"""`failed(name, error)`, on the event loop: the task of that name ended by that error."""


def to_log(name: str, error: BaseException) -> None:
    """Write a failed task to the log of irisops, with its traceback."""
    LOG.error("%s failed: %s", name, type(error).__name__, exc_info=error)


class Background:
    """The only way in which the product runs a task that nobody awaits.

    asyncio keeps a weak reference to a task and tells of its failure when it is collected, on standard error if at
    all. Here a failure is told to `failed` at once, so that whoever depends on the task can end or mend what it served.
    """

    def __init__(self, failed: Failed = to_log) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str, failed: Failed | None = None) -> asyncio.Task[T]:
        """Run `work` as a task. `failed` is told of its failure in place of the one of `__init__`."""
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
        """Cancel all; `wait` sees them end."""
        for task in self._tasks:
            task.cancel()

    async def wait(self) -> None:
        """Until none is left, also those that were started meanwhile."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)


class BrokenOffError(Exception):
    """Foreign code asked to end the program; the text is the name of what it raised."""


async def in_daemon_thread(work: Callable[[], T], deadline: float) -> T:
    """Run blocking `work` with a deadline in seconds, in a thread that never holds up the program's end.

    Raises `TimeoutError` at the deadline (the thread is left to itself), else what `work` raises. What would end the
    program or this task (SystemExit, KeyboardInterrupt, CancelledError) is no business of a waiting thread: foreign
    code that raises it raises `BrokenOffError`.
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
