"""Keep the side panel's figures fresh: per connection one task that reads and one that detects stale figures."""

from __future__ import annotations

import asyncio

from irisops.background import Background, to_log
from irisops.connections.alert_rules import state_of
from irisops.connections.connection import Link
from irisops.connections.connections import Hub
from irisops.contract.chat import Notice
from irisops.instance.errors import InstanceProblem, Unreachable

MISSED_REFRESHES = 6
"""Polls without a list after which its rows are given up: a live card asks for them at every poll or two, for ten
thousand processes at every fifth. One that rests for longer reads them whole.
"""
_CURES = {
    "units": "/license shows who holds them, /license free gives one back.",
    "free": "/license shows who holds them, /license free gives one back.",
    "sessions": "/sessions shows them, /sessions sweep ends what leaks.",
    "processes": "/processes shows them.",
}


def crossed_alerts(link: Link) -> list[Notice]:
    """Notices after a reading. A crossed limit rings the bell; its end does not."""
    if link.counts is None:
        return []
    begun, over = link.watchman.look(link.counts)
    notices: list[Notice] = []
    for rule in begun:
        message = f"Alert {rule}: {state_of(rule, link.counts)}."
        notices.append(Notice("warning", message, _CURES[rule.figure], link.name, alert=True))
    for rule in over:
        message = f"Alert {rule} is over: {state_of(rule, link.counts)}."
        notices.append(Notice("info", message, profile=link.name))
    return notices


class Polling:
    """Polling tasks per connection: started at each login, ended when the connection is given up."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._background = Background()
        self._tasks: dict[int, tuple[asyncio.Task[None], asyncio.Task[None]]] = {}

    def start(self, link: Link) -> None:
        """Poll a link that has just logged in. Starting it twice has no effect."""
        key = id(link)
        running = self._tasks.get(key)
        if running and not running[0].done():
            return
        self._stop(key)

        def failed(name: str, error: BaseException) -> None:
            to_log(name, error)
            cure = f"The side panel is no longer renewed. /connect {link.name} starts it again; please report it."
            self._hub.say_stale(link, f"{link.name}: reading failed ({type(error).__name__}).", cure)

        self._tasks[key] = (
            self._background.start(self._poll(link), f"poll {link.name}", failed),
            self._background.start(self._watch(link), f"watch {link.name}", failed),
        )

    async def close(self) -> None:
        """Stop all tasks and wait for their end."""
        self._tasks.clear()
        self._background.cancel()
        await self._background.wait()

    def _stop(self, key: int) -> None:
        for task in self._tasks.pop(key, ()):
            task.cancel()

    async def _poll(self, link: Link) -> None:
        """One reading per interval while the connection exists or may come back."""
        problem = ""
        while link.connection.state.name in ("connected", "connecting", "lost"):
            if link.connected:
                problem = await self._read(link, problem)
            await link.clock.sleep(self._hub.interval(link))

    async def _read(self, link: Link, former: str) -> str:
        """Poll once; a problem other than a lost connection is reported once until it changes."""
        try:
            counts = await link.read_figures()
        except Unreachable:
            return former  # the connection reports its own state
        except InstanceProblem as error:
            if error.message != former:
                self._hub.say_stale(link, f"{link.name}: {error.message}", error.cure)
            return error.message
        link.took(counts)
        link.forget_old_rows(MISSED_REFRESHES * self._hub.interval(link))
        if link.tape is not None:
            await link.tape.polled(counts)
        for notice in crossed_alerts(link):
            self._hub.on_notice(notice)
        if link.stale_said and link.connected:
            link.stale_said = False
        self._hub.on_change()
        return ""

    async def _watch(self, link: Link) -> None:
        """Mark the figures stale when a poll takes too long, before its deadline."""
        was_stale = False
        while link.connection.state.name in ("connected", "connecting", "lost"):
            interval = self._hub.interval(link)
            age = 0.0 if link.read_at is None else link.clock.monotonic() - link.read_at
            await link.clock.sleep(max(0.25, min(2 * interval, 2 * interval - age + 0.05)))
            stale = link.stale(interval)
            if stale and not was_stale and link.connected:
                self._hub.say_stale(link, f"{link.name} does not answer.")
            if stale != was_stale:
                was_stale = stale
                self._hub.on_change()
