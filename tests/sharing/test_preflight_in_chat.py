"""Rules on more than accounts: each fires on a simulated instance, from the chat, and then no longer.

Issue 7, point 3. `test_preflight_on_instance.py` has the rules on accounts, doors and databases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.contract.replies import Facts, Plan, Problem
from irisops.simulator.world.model import Application, User
from irisops.simulator.world.seed import PASSWORD_BIT, UNAUTHENTICATED_BIT
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


SHOP = "/share web for 1h probe=no app=/csp/shop"


def shop(at: Sharing, **changes: object) -> None:
    made = Application("/csp/shop", authe_enabled=PASSWORD_BIT, match_roles={"": ["%SQL"]})
    at.served.world.applications.add(replace(made, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, "green"),
        ({"authe_enabled": PASSWORD_BIT | UNAUTHENTICATED_BIT}, "red"),
        ({"enabled": False}, "red"),
    ],
)
async def test_the_application_that_is_shared_is_checked(
    tmp_path: Path, changes: dict[str, object], wanted: str
) -> None:
    async with sharing(tmp_path) as at:
        shop(at, **changes)
        assert await level(at, "application", SHOP) == wanted
        assert await level(at, "application", LINE) is None


async def test_an_application_is_shared_in_plain_words_after_its_cure(tmp_path: Path) -> None:
    async with sharing(tmp_path) as at:
        shop(at, authe_enabled=UNAUTHENTICATED_BIT)
        at.served.world.applications.add(Application("/free", authe_enabled=UNAUTHENTICATED_BIT))
        table = preflight(await at.say("share the app /CSP/Shop for 2 hours"))
        titles = [str(row["title"]) for row in table.rows]
        assert "/csp/shop is open without a login" in titles
        assert any("through the same port without a login: /free" in each for each in titles)
        row = next(row for row in table.rows if row["rule"] == "application")
        replies = await at.yes(await at.say(str(row["key"])))
        assert levels(preflight(replies))["application"] == "green"
        plan = replies[-1]
        assert isinstance(plan, Plan)
        assert plan.title.startswith("Share /csp/shop by http://127.0.0.1:")
        assert any("other applications" in each for each in plan.effects)
        done = [reply async for reply in at.session.confirm(plan.id, plan.confirm_word)]
        opened = next((each for each in done if isinstance(each, Facts) and each.name == "share"), None)
        assert opened is not None, done
        assert str(opened.facts["web"]).endswith("/csp/shop/")


@pytest.mark.parametrize(
    ("line", "namespace", "wanted"),
    [
        ("/share web for 1h people 2 probe=no app=/csp/shop", "HR", "REST in HR"),
        ("/share web for 1h people 2 probe=no app=/csp/shop namespace user", "HR", "REST in USER"),
        ("/share web for 1h people 2 probe=no app=/csp/shop", "%SYS", "REST in USER"),
        ("/share web for 1h people 2 probe=no", "HR", "REST in USER"),
        ("/share web for 1h people 2 as sql probe=no", "HR", "SQL in USER"),
        ("/share both for 1h people 2 probe=no", "HR", "read-only SQL in USER"),
    ],
)
async def test_passes_are_for_what_the_address_reaches(
    tmp_path: Path, line: str, namespace: str, wanted: str
) -> None:
    async with sharing(tmp_path) as at:
        shop(at, namespace=namespace)
        plan = (await at.say(line))[-1]
        assert isinstance(plan, Plan)
        assert next(change.after for change in plan.changes if change.what == "role").endswith(wanted)


async def test_looking_again_without_a_command(tmp_path: Path) -> None:
    async with sharing(tmp_path) as at:
        refused = (await at.say("/share after"))[-1]
        assert isinstance(refused, Problem)
        assert refused.error == "NothingFound"
        shop(at, enabled=False)
        assert await level(at, "application", SHOP) == "red"
        made = at.served.world.applications.get("/csp/shop")
        assert made is not None
        made.enabled = True
        at.served.world.applications.touch()
        assert await level(at, "application", "/share after") == "green"


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("/share web app=/csp/usr", "NoSuchApplication", "/share web app=/csp/user"),
        ("/share web app=nothing", "NoSuchApplication", "/apps"),
        ("/share superserver app=/csp/user", "BadShare", "/share web app=/csp/user"),
        ("/share laptop app=/csp/user", "BadShare", "/share web"),
        ("/share web app=/csp/user for yesterday", "BadTime", "2h"),
    ],
)
async def test_a_wrong_word_about_an_application(tmp_path: Path, line: str, error: str, hint: str) -> None:
    async with sharing(tmp_path) as at:
        told = (await at.say(line))[-1]
        assert isinstance(told, Problem)
        assert told.error == error, told
        assert hint in " ".join([told.cure, *told.suggestions])


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
