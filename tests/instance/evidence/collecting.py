"""Evidence of a simulator, collected by the real driver as any account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from irisops.instance.connection import Connection, Target
from irisops.instance.evidence.findings import Findings, see
from irisops.instance.evidence.reads import reads
from irisops.instance.evidence.report import document
from irisops.instance.web import WebAddress
from irisops.simulator.doubts import DOUBTS, Doubts
from irisops.simulator.main import Options, RunningSimulator, serve

ADMINISTRATOR, SECURITY, OPERATOR = "admin1", "secadmin", "operator"
TODAY = date(2026, 3, 1)


@dataclass
class Collected:
    """The findings, and the file made of them."""

    findings: Findings
    evidence: dict[str, Any]

    @property
    def answers(self) -> dict[str, str]:
        """The answer to each doubt, "" for one that is not settled."""
        return {name: entry["answer"] for name, entry in self.evidence["doubts"].items()}

    def because(self, doubt: str) -> str:
        return str(self.evidence["doubts"][doubt]["because"])


@asynccontextmanager
async def simulated(
    doubts: Doubts, *, version: str = "2026.2", scenario: str = "home"
) -> AsyncIterator[RunningSimulator]:
    running = await serve(Options(scenario=scenario, version=version, doubts=doubts))
    try:
        yield running
    finally:
        await running.stop()


async def collect(
    running: RunningSimulator, user: str, password: str, before: Callable[[], None] | None = None
) -> Collected:
    """Log in, call `before`, do all reads once, log out."""
    connection = Connection(Target("127.0.0.1", running.port, "%SYS", user, 5.0))
    assert running.web is not None
    connection.web = WebAddress("127.0.0.1", running.web.port)
    info = await connection.connect(password)
    try:
        if before is not None:
            before()
        seen = [each async for each in see(connection, reads(user, info.pid))]
    finally:
        await connection.disconnect()
    findings = Findings(info, user, seen)
    return Collected(findings, document(findings, TODAY))


async def collect_as(
    running: RunningSimulator, user: str, before: Callable[[], None] | None = None
) -> Collected:
    """The same as one of the published accounts."""
    (account,) = (each for each in running.world.accounts if each.username == user)
    return await collect(running, user, account.password, before)


def take_last_places(running: RunningSimulator) -> None:
    """Others take all free units."""
    while running.world.license.room > 0:
        running.world.start_process(username="irisowner", namespace="USER", client_ip="192.168.1.20")
    running.world.tick()


def values(doubts: Doubts) -> dict[str, str]:
    return {each.name: value for each, value in zip(DOUBTS, doubts.values, strict=True)}
