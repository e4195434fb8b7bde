"""Where the conformance tests connect to: the simulator in this process, or the IRIS that --iris-url names."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import iris

from irisops.simulator.main import Options, RunningSimulator, serve

_QUIET = Options(scenario="quiet", web_port=None)


@dataclass(frozen=True)
class Target:
    """An instance and an administrator's account on it. `is_simulator` where a rule can only be checked on it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    is_simulator: bool = False
    web_port: int | None = None

    def connect(self, *, user: str = "", password: str = "", namespace: str = "%SYS") -> Any:
        """A driver connection. Close it."""
        return iris.connect(
            self.host, self.port, namespace, user or self.user, password or self.password, timeout=10
        )


def parse_url(url: str) -> Target:
    """`iris://USER[:PASSWORD]@HOST:PORT/NAMESPACE`, else the password is `IRISOPS_PASSWORD`.

    Raises ValueError for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme != "iris" or not parts.hostname or not parts.username:
        raise ValueError("--iris-url must look like iris://USER@HOST:PORT/%SYS")
    password = os.environ.get("IRISOPS_PASSWORD") if parts.password is None else unquote(parts.password)
    if password is None:
        raise ValueError("--iris-url has no password: put it into the environment, as IRISOPS_PASSWORD")
    return Target(parts.hostname, parts.port or 1972, unquote(parts.username), password)


@contextmanager
def simulator(options: Options = _QUIET) -> Iterator[Target]:
    """A simulator that serves from a thread of its own: the driver blocks the one that calls it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulator")
    thread.start()
    running: RunningSimulator | None = None
    try:
        running = asyncio.run_coroutine_threadsafe(serve(options), loop).result(30)
        account = running.account
        yield Target(
            "127.0.0.1",
            running.port,
            account.username,
            account.password,
            is_simulator=True,
            web_port=running.web.port if running.web is not None else None,
        )
    finally:
        if running is not None:
            asyncio.run_coroutine_threadsafe(running.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
