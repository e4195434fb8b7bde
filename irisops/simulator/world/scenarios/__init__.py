"""Situations to practise on. Each is reproducible from its seed and goes on by the world's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from irisops.simulator.doubts import Doubts
from irisops.simulator.world.clock import Clock, SystemClock
from irisops.simulator.world.model import LicenseKey
from irisops.simulator.world.scenarios import broken, clinic, hackathon, home, quiet, webapps
from irisops.simulator.world.scenarios.cast import hand_out_accounts
from irisops.simulator.world.world import World

DEFAULT = "home"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation: its license key, the uptime of the instance, and its people and their actions."""

    name: str
    summary: str
    key: Callable[[date], LicenseKey]
    fill: Callable[[World], None]
    uptime: float
    """In seconds."""


SCENARIOS: dict[str, Scenario] = {
    each.name: each
    for each in (
        Scenario("quiet", "almost nothing: one terminal, plenty of units", quiet.key, quiet.fill, 3 * 86400),
        Scenario(
            "home",
            "Community Edition at home: a closed browser, an editor, a forgotten notebook hold 6 of 8 connections",
            home.key,
            home.fill,
            26 * 3600,
        ),
        Scenario(
            "full",
            "home with all 8 connections held: nobody gets in until the first closed tab times out, after 90 seconds",
            home.key,
            home.fill_completely,
            26 * 3600,
        ),
        Scenario(
            "hackathon",
            "five teammates with VS Code, and a leaking REST client: its license is full within a quarter of an hour",
            hackathon.key,
            hackathon.fill,
            9 * 3600,
        ),
        Scenario(
            "clinic",
            "400 users, 120 nested roles, 60 web applications, 2,000 sessions, 10,000 processes",
            clinic.key,
            clinic.fill,
            40 * 86400,
        ),
        Scenario(
            "broken",
            "locked accounts, expired passwords, dangling roles, open doors, hostile names, a broken index",
            broken.key,
            broken.fill,
            5 * 3600,
        ),
        Scenario(
            "webapps",
            "a shop of pages, a REST API and a Python service; its control socket breaks the way to them (break_page)",
            webapps.key,
            webapps.fill,
            3600,
        ),
    )
}


def build_world(
    name: str = DEFAULT,
    *,
    clock: Clock | None = None,
    seed: int = 1,
    version: tuple[int, int] = (2025, 2),
    password: str | None = None,
    doubts: Doubts | None = None,
) -> World:
    """The world of a scenario, ready to serve. `password` replaces the administrator's published one.

    Raises ValueError, naming the scenarios, for an unknown name.
    """
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(f"There is no scenario {name!r}. Choose one of: {', '.join(SCENARIOS)}.")
    clock = clock or SystemClock()
    world = World(
        clock, scenario.key(clock.now().date()), seed, version, uptime=scenario.uptime, doubts=doubts
    )
    with world.scheduler.as_of(world.started):
        hand_out_accounts(world, password)
    scenario.fill(world)
    world.tick()
    return world
