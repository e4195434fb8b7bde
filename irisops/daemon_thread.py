"""Blocking work in a daemon thread with a deadline: for what may never return (a keyring, a prompt, a foreign program).

An executor's threads would be waited for at the end of the program; these are not.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


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
