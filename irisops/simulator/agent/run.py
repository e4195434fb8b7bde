"""`ngrok start --none`: the life of one agent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from irisops.simulator.agent import failures
from irisops.simulator.agent.api import Api
from irisops.simulator.agent.logfmt import Log
from irisops.simulator.agent.switches import START_FAILURES, Switches
from irisops.simulator.background import Background

_BACK_OFF = (0, 0, 1, 2, 4, 6, 10)
"""Seconds between attempts of an agent without internet (facts: ngrok-keyring A9)."""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def _counted(switches: Switches) -> Iterator[bool]:
    """Take a seat among the live agents; yields False if all seats are taken."""
    if not switches.session_dir:
        yield True
        return
    folder = Path(switches.session_dir)
    folder.mkdir(parents=True, exist_ok=True)
    others = sum(1 for file in folder.iterdir() if file.name.isdigit() and _alive(int(file.name)))
    seat = folder / str(os.getpid())
    seat.touch()
    try:
        yield others < switches.max_sessions
    finally:
        seat.unlink(missing_ok=True)


class Agent:
    """One run. `token` "": no token was found anywhere."""

    def __init__(self, switches: Switches, token: str, config_path: str) -> None:
        self._switches = switches
        self._token = token
        self._config = config_path
        self._log = Log()
        self._api = Api(switches, self._log)
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._background = Background(self._failed)

    async def run(self) -> int:
        """Run until stopped; returns the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop)
        if self._switches.stderr:
            print(self._switches.stderr, file=sys.stderr, flush=True)
        if self._switches.fails("exit0"):
            return 0
        if self._switches.fails("silent"):
            await self._stop.wait()
            return 0
        try:
            with _counted(self._switches) as seated:
                if not await self._start(seated=seated):
                    return 1
                await self._stop.wait()
        finally:
            await self._background.stop()
            await self._api.close()
        if self._failure is not None:
            raise self._failure
        return 0

    def _failed(self, error: BaseException) -> None:
        """Stop the whole agent if one of its parts fails."""
        self._failure = error
        self._stop.set()

    async def _start(self, *, seated: bool) -> bool:
        self._log.write("info", "open config file", path=self._config, err="nil")
        failure = self._start_failure(seated=seated)
        text = ""
        if failure:
            text = failures.start_text(
                failure, self._token, self._switches.max_sessions, self._switches.version
            )
        elif self._switches.refuse_start:
            text = failures.refusal(*failures.any_code(self._switches.refuse_start))
        if text:
            self._log.write("eror", "terminating with error", obj="app", err=text)
            self._log.write("crit", "command failed", err=text)
            print(f"ERROR:  {text}", file=sys.stderr, flush=True)
            return False
        address = await self._api.listen()
        self._log.write("info", "starting web service", obj="web", addr=address, allow_hosts="[]")
        if self._switches.fails("offline"):
            self._background.start(self._offline())
            return True
        await asyncio.sleep(self._switches.slow_start)
        if self._switches.fails("nosession"):
            return True  # becomes silent before it is healthy (facts: A1.7)
        self._api.set_online(True)
        self._log.write("info", "client session established", obj="tunnels.session")
        self._log.write("info", "tunnel session started", obj="tunnels.session")
        for span, work in (
            (self._switches.crash_after, self._crash),
            (self._switches.drop_after, self._drop),
            (self._switches.log_every, self._chatter),
        ):
            if span:
                self._background.start(work())
        return True

    def _start_failure(self, *, seated: bool) -> str:
        for kind in sorted(START_FAILURES | {"ngrok103"}):
            if self._switches.fails(kind):
                return kind
        if not self._token:
            return "noauth"
        return "" if seated else "sessions"

    def _asked_to_stop(self) -> None:
        if self._switches.fails("stubborn"):
            return  # only SIGKILL helps
        self._log.write("info", "received stop request", obj="app", stopReq="{err:<nil> restart:false}")
        self._log.write("info", "session closing", obj="tunnels.session", err="nil")
        self._stop.set()

    async def _offline(self) -> None:
        attempt = 0
        while True:
            await asyncio.sleep(_BACK_OFF[min(attempt, len(_BACK_OFF) - 1)])
            attempt += 1
            self._log.write(
                "eror",
                "failed to reconnect session",
                obj="csess",
                id="6d940ec69880",
                err="dial tcp: lookup connect.ngrok-agent.com: network is unreachable",
            )

    async def _crash(self) -> None:
        await asyncio.sleep(self._switches.crash_after)
        os._exit(2)

    async def _drop(self) -> None:
        """The session goes and comes back.

        UNVERIFIED: the words, and that a random TCP address stays (facts: A14). Settle: start a TCP endpoint with a
        real agent, cut its network for a minute, and read its log.
        """
        await asyncio.sleep(self._switches.drop_after)
        self._api.set_online(False)
        self._log.write(
            "warn", "session closed, starting reconnect loop", obj="csess", err="read tcp: connection reset"
        )
        await asyncio.sleep(self._switches.drop_for)
        self._api.set_online(True)
        self._log.write("info", "client session established", obj="tunnels.session")
        self._log.write("info", "tunnel session started", obj="tunnels.session")

    async def _chatter(self) -> None:
        while True:
            await asyncio.sleep(self._switches.log_every)
            self._log.write("info", "heartbeat received", obj="csess", latency_ms="1")
