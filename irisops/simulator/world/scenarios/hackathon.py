"""hackathon: five teammates work on one instance, and one of their programs leaks.

The leaking client logs in with every REST call and never returns its cookie, so each call leaves a session of
fifteen minutes. At the 26th its identity flips from one unit to one per session, and a few minutes later the 40 units
are used up (facts: license-sessions 2.2, 10.1).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from irisops.simulator.world.model import Application, LicenseKey, Namespace, Permission, Role
from irisops.simulator.world.scenarios.cast import Stage, key_of
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT, add_database
from irisops.simulator.world.user_tables import CLINIC
from irisops.simulator.world.world import World

TEAM = (
    ("ana", "Ana Duarte", "10.0.0.11"),
    ("ben", "Ben Okafor", "10.0.0.12"),
    ("chen", "Chen Wei", "10.0.0.13"),
    ("dora", "Dora Kiss", "10.0.0.14"),
    ("emil", "Emil Novak", "10.0.0.15"),
)
LEAKING, LEAKING_ADDRESS, LEAK_EVERY = "bot", "10.0.0.20", 20.0
SESSIONS_AT_START = 18


def key(today: date) -> LicenseKey:
    """Forty units for the weekend."""
    return key_of(40, today, customer="Hackathon Team Nimbus", days=30)


def fill(world: World) -> None:
    """The team at work, with eighteen leaked sessions."""
    stage = Stage(world)
    world.user_tables += CLINIC
    use, both = Permission.USE, Permission.READ | Permission.WRITE
    add_database(world.tables, "HACK")
    world.namespaces.add(Namespace("HACK", "HACK", "HACK"))
    world.roles.add(
        Role(
            "HackTeam",
            "What a teammate needs",
            {"%DB_HACK": both, "%Development": use, "%Service_SQL": use},
            ["%DB_USER"],
        )
    )
    world.roles.add(Role("HackApi", "What the REST client needs", {"%DB_HACK": both}))
    world.applications.add(
        Application("/api/hack", "HACK", "Team API", dispatch_class="Hack.REST", authe_enabled=PASSWORD_BIT)
    )
    world.applications.add(
        Application("/csp/hack", "HACK", "Team page", authe_enabled=PASSWORD_BIT | UNAUTHENTICATED_BIT)
    )
    for name, full_name, address in TEAM:
        stage.person(name, full_name, "HackTeam", "HackNative", password=f"{name}-demo")
        stage.ago(world.chance.randint(3000, 20000), _editor(stage, name, address))
    world.roles.add(
        Role(
            "HackNative",
            "Class methods over the driver",
            {"%Native_ClassExecution": use, "%Native_GlobalAccess": use},
        )
    )
    stage.person(LEAKING, "Leaderboard bot", "HackApi", password="bot-demo")  # noqa: S106 - of a practice instance
    stage.ago(5400, lambda: stage.client("chen", TEAM[2][2], executable="dbeaver", namespace="HACK"))
    stage.ago(
        2400, lambda: stage.client("dora", TEAM[3][2], executable="python", namespace="HACK", state="RUN")
    )
    stage.ago(1300, lambda: stage.client("dora", TEAM[3][2], executable="python", namespace="HACK"))
    stage.ago(200, lambda: stage.visit("/csp/hack", "10.0.0.31", pages=1))
    for number in range(SESSIONS_AT_START):
        stage.ago(LEAK_EVERY * (number + 1), lambda: _leak(stage))
    stage.again(LEAK_EVERY, lambda: _leak(stage), jitter=0.0)


def _editor(stage: Stage, name: str, address: str) -> Callable[[], None]:
    def start() -> None:
        session = stage.visit("/api/atelier", address, name, pages=2, agent="Visual Studio Code")
        if session is not None:
            stage.again(55, lambda: stage.world.request_session(session.id))

    return start


def _leak(stage: Stage) -> None:
    stage.visit("/api/hack", LEAKING_ADDRESS, LEAKING, pages=2, agent="python-requests/2.32")
