from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from irisops.commands.access.dormant import days_of
from irisops.contract.replies import Plan, Problem, Refusal, Table
from irisops.instance.errors import NotPermitted
from irisops.instance.models import User
from irisops.instance.security.dormant import Account
from irisops.simulator.world.model import User as WorldUser
from tests.commands.editing import GOOD, Desk, desk
from tests.commands.fakes import START, World, failed


def account(name: str, idle: int | None, *roles: str, created: int | None = None, **more: object) -> Account:
    """`idle` and `created` are days ago."""
    user = User(
        name,
        enabled=bool(more.pop("enabled", True)),
        roles=roles,
        last_login=None if idle is None else START - timedelta(days=idle),
        superuser="%All" in roles,
    )
    made = None if created is None else START - timedelta(days=created)
    return Account(user, created=made, **more)  # type: ignore[arg-type]


async def table(world: World, line: str) -> Table:
    (found,) = await world.say(line)
    assert isinstance(found, Table), found
    return found


def put(world: World, *accounts: Account) -> None:
    """Make these all accounts of the instance."""
    world.instance.all_users = [
        each.user._replace(account_never_expires=each.never_expires, expires=each.expires)
        for each in accounts
    ]
    world.instance.created = {each.user.name: each.created for each in accounts if each.created}


@pytest.fixture
def people(connected: World) -> World:
    put(
        connected,
        account("_SYSTEM", 400, "%All", never_expires=True),
        account("UnknownUser", None),
        account("busy", 1, never_expires=False),
        account("forgotten", 120, never_expires=False),
        account("leaving", 50, never_expires=False, expires=date(2026, 11, 30)),
        account("newcomer", None, created=3, never_expires=False),
        account("never", None, created=200, never_expires=False, enabled=False),
        account("service", 200, "%SQL", never_expires=True),
    )
    return connected


async def test_the_longest_idle_come_first_and_the_busy_not_at_all(people: World) -> None:
    found = await table(people, "/users dormant 90d")
    assert [(row["name"], row["idle_days"], row["never_used"]) for row in found.rows] == [
        ("_SYSTEM", 400, False),
        ("never", 200, True),
        ("service", 200, False),
        ("forgotten", 120, False),
    ]
    assert any("refuses accounts after 90 days" in note for note in found.notes)


async def test_what_ends_an_account_is_told(people: World) -> None:
    found = await table(people, "/users dormant 45d")
    ends = {row["name"]: (row["days_left"], row["ends"]) for row in found.rows}
    assert ends["service"] == (None, "nothing: the account never expires")
    assert ends["forgotten"] == (-30, "inactivity limit of 90 days, already over")
    assert ends["leaving"] == (6, "expires 2026-11-30 or inactivity limit of 90 days")


async def test_without_a_limit_it_says_that_nothing_ends_them(people: World) -> None:
    put(people, account("old", 500, never_expires=False))
    people.instance.inactive_limit = 0
    people.instance.fail["user details"] = failed("no such query")
    found = await table(people, "/users dormant")
    assert found.rows[0]["ends"] == "nothing: no limit is set"
    assert any("no inactivity limit" in note for note in found.notes)
    assert "Expiry dates cannot be read: no such query" in found.notes


async def test_it_filters_like_every_table(people: World) -> None:
    assert [row["name"] for row in (await table(people, "who has never logged in")).rows] == ["never"]
    assert [
        row["name"] for row in (await table(people, "/users dormant 90d enabled=yes superuser=no")).rows
    ] == [
        "service",
        "forgotten",
    ]


async def test_an_account_of_unknown_age_is_named_and_never_swept(people: World) -> None:
    people.instance.fail["user times"] = NotPermitted("protected")
    put(people, account("busy", 1), account("new", None), account("old", 200))
    found = await table(people, "/users dormant 90d")
    assert [row["name"] for row in found.rows] == ["old"]
    assert any("Age unknown" in note and "new" in note for note in found.notes)
    (plan,) = await people.say("/dormant disable 90d")
    assert isinstance(plan, Plan)
    assert [change.what for change in plan.changes] == ["enabled of old"]


async def test_where_the_lists_tell_no_age_the_accounts_themselves_do(people: World) -> None:
    people.instance.tells_logins = False
    put(people, account("busy", 1), account("idle", 200), account("new", None, created=3))
    people.instance.fail["user details"] = failed("no such query")
    assert [row["name"] for row in (await table(people, "/users dormant 90d")).rows] == ["idle"]


async def test_a_list_in_which_nobody_ever_logged_in_is_not_believed(people: World) -> None:
    people.instance.fail["user times"] = NotPermitted("protected")
    put(people, account("admin", None, created=400), account("maria", None, created=400))
    found = await table(people, "/users dormant 90d")
    assert found.rows == []
    assert any("Age unknown" in note and "admin and maria" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("90d", 90),
        ("90", 90),
        ("12w", 84),
        ("3m", 90),
        ("1y", 365),
        ("2 weeks", 14),
        ("1 day", 1),
        ("6 months", 180),
    ],
)
def test_spans_are_understood(text: str, days: int) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["", "0", "0d", "-1d", "soon", "99999y", "1.5d", "9" * 99])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        days_of(text)


async def test_nothing_is_planned_when_only_superusers_and_this_account_are_dormant(people: World) -> None:
    put(
        people,
        account("_SYSTEM", 400, "%All"),
        account("SuperUser", 400, "%All"),
        account("off", 400, enabled=False),
    )
    (found,) = await people.say("/dormant disable 90d")
    assert isinstance(found, Problem)
    assert found.error == "NothingToDisable"
    assert "SuperUser" in found.message
    assert "the account you are using" in found.message


# On a simulator: the change itself, and one undo for all of it


def age(made: Desk, name: str, days: int) -> None:
    user = made.user(name)
    user.created = user.last_login = made.served.world.now() - timedelta(days=days)


async def test_all_are_disabled_by_one_change_and_come_back_by_one_undo(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        for name in ("eve", "mallory", "fresh"):
            made.served.world.add_user(WorldUser(name, roles=["%SQL"]), GOOD)
        for name in ("eve", "mallory", "SuperUser"):
            age(made, name, 200)
        plan = await made.plan("disable accounts not used for 90 days")
        assert [change.what for change in plan.changes] == ["enabled of eve", "enabled of mallory"]
        assert any("Superusers are left out: SuperUser" in warning for warning in plan.warnings)
        assert made.user("eve").enabled
        await made.yes(plan)
        assert [made.user(name).enabled for name in ("eve", "mallory", "fresh", "SuperUser")] == [
            False,
            False,
            True,
            True,
        ]
        assert len(made.entries()) == 1
        await made.do("/undo")
        assert made.user("eve").enabled
        assert made.user("mallory").enabled


async def test_who_logged_in_meanwhile_is_not_dormant_any_more(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        age(made, "bob", 200)
        plan = await made.plan("/dormant disable 90d name=bob")
        made.user("bob").enabled = False
        made.served.world.users.touch()
        (found,) = await made.yes(plan)
        assert isinstance(found, Problem)
        assert found.error == "Moved"
