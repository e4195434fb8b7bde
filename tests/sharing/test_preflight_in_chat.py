"""Rules on more than accounts: each fires on a simulated instance, from the chat, and then no longer.

Issue 7, point 3. `test_preflight_on_instance.py` has the rules on accounts, doors and databases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.simulator.world.model import User
from tests.sharing.test_cures import Sharing, levels, preflight, sharing

LINE = "/share both for 1h people 2 probe=no"


async def level(at: Sharing, rule: str, line: str = LINE) -> str | None:
    """The worst level of a rule for this share; None without a finding."""
    return levels(preflight(await at.say(line))).get(rule)


def profile_with(at: Sharing, **changes: object) -> None:
    link = at.session.context.link()
    link.profile = replace(link.profile, **changes)  # type: ignore[arg-type]


def live(at: Sharing) -> None:
    at.served.world.mode = "LIVE"


def guarded(at: Sharing) -> None:
    profile_with(at, guarded=True)


def called_production(at: Sharing) -> None:
    profile_with(at, name="clinic-prod")


def many_superusers(at: Sharing) -> None:
    for name in ("ann", "ben", "cleo"):
        at.served.world.users.add(User(name, roles=["%All"]))
    at.served.world.users.touch()


def almost_full(at: Sharing) -> None:
    fill(at, leave=1)


def full(at: Sharing) -> None:
    fill(at, leave=0)


def fill(at: Sharing, leave: int) -> None:
    world = at.served.world
    number = 0
    while world.license_counts().available > leave:
        number += 1
        world.start_process(username=f"worker{number}", namespace="USER", client_ip=f"10.0.0.{number}")


FIRING: list[tuple[str, str, Callable[[Sharing], None]]] = [
    ("production", "red", live),
    ("production", "amber", guarded),
    ("production", "amber", called_production),
    ("superusers", "amber", many_superusers),
    ("license", "amber", almost_full),
    ("license", "red", full),
]


@pytest.mark.parametrize(
    ("rule", "wanted", "spoil"), FIRING, ids=[f"{rule}-{spoil.__name__}" for rule, _, spoil in FIRING]
)
async def test_fires_and_not_without_the_cause(
    tmp_path: Path, rule: str, wanted: str, spoil: Callable[[Sharing], None]
) -> None:
    async with sharing(tmp_path) as at:
        assert await level(at, rule) == "green"
        spoil(at)
        assert await level(at, rule) == wanted


@pytest.mark.parametrize(
    ("rule", "fires", "silent"),
    [
        ("portal", LINE, f"{LINE} allow=203.0.113.7"),
        ("portal", LINE, f"{LINE} oauth=google"),
        ("address", LINE, f"{LINE} allow=203.0.113.7"),
    ],
)
async def test_a_restriction_silences_it(tmp_path: Path, rule: str, fires: str, silent: str) -> None:
    async with sharing(tmp_path) as at:
        assert await level(at, rule, fires) == "amber"
        assert await level(at, rule, silent) == "green"


async def test_a_portal_that_is_off_is_not_reachable(tmp_path: Path) -> None:
    async with sharing(tmp_path) as at:
        portal = at.served.world.application("/csp/sys")
        assert portal is not None
        portal.enabled = False
        assert await level(at, "portal") == "green"


async def test_tls_is_that_of_the_profile(tmp_path: Path) -> None:
    async with sharing(tmp_path) as at:
        assert await level(at, "tls") == "amber"
        profile_with(at, sslconfig="client")
        assert await level(at, "tls") == "green"


@pytest.mark.parametrize("rule", ["tls", "address", "idle", "bindings-unauthenticated"])
async def test_the_web_alone_says_nothing_of_the_superserver(tmp_path: Path, rule: str) -> None:
    async with sharing(tmp_path) as at:
        assert await level(at, rule, "/share web for 1h probe=no") is None
        assert await level(at, rule, "/share superserver for 1h probe=no") is not None


@pytest.mark.parametrize("rule", ["portal", "open-applications"])
async def test_the_superserver_alone_says_nothing_of_the_web(tmp_path: Path, rule: str) -> None:
    async with sharing(tmp_path) as at:
        assert await level(at, rule, "/share superserver for 1h probe=no") is None
