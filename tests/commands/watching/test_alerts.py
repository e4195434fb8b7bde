from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.connections.alert_rules import FIGURES, Rule, RuleError, Watchman, parse_rule
from irisops.contract.replies import Done, Effect, Problem, Table
from irisops.instance.models import PollCounts
from tests.commands.fakes import World


def counts(units: int | None, limit: int | None, sessions: int | None, processes: int | None) -> PollCounts:
    return PollCounts(units, limit, sessions, processes, datetime(2026, 11, 24, 14, 0, tzinfo=UTC), 4)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("units>80%", Rule("units", ">", 80, percent=True)),
        ("UNITS >= 6", Rule("units", ">=", 6)),
        ("license>80%", Rule("units", ">", 80, percent=True)),
        ("free<2", Rule("free", "<", 2)),
        ("free<=12.5%", Rule("free", "<=", 12.5, percent=True)),
        ("sessions>100", Rule("sessions", ">", 100)),
        ("process > 5", Rule("processes", ">", 5)),
    ],
)
def test_rules_as_people_write_them(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule
    assert parse_rule(str(rule)) == rule


@pytest.mark.parametrize(
    "text", ["", "units", "units>", "units=5", "cows>3", "sessions>80%", "units>101%", "units>-1"]
)
def test_what_is_no_rule_is_told_how_one_is_written(text: str) -> None:
    with pytest.raises(RuleError) as told:
        parse_rule(text)
    assert str(told.value)


@given(st.text(max_size=30))
def test_any_text_is_a_rule_or_told(text: str) -> None:
    try:
        rule = parse_rule(text)
    except RuleError:
        return
    assert rule.figure in FIGURES


@pytest.mark.parametrize(
    ("text", "units", "holds"),
    [
        ("units>80%", 6, False),
        ("units>80%", 7, True),
        ("units>=75%", 6, True),
        ("free<2", 7, True),
        ("free<2", 6, False),
        ("free<=25%", 6, True),
        ("sessions>11", 6, True),
        ("processes<48", 6, False),
    ],
)
def test_when_a_rule_holds(text: str, units: int, holds: bool) -> None:
    assert parse_rule(text).holds(counts(units, 8, 12, 48)) is holds


def test_an_unknown_figure_neither_begins_nor_ends_an_alert() -> None:
    watchman = Watchman()
    rule = parse_rule("units>6")
    assert watchman.add(rule)
    assert not watchman.add(rule)
    assert watchman.look(counts(7, 8, None, None)) == ([rule], [])
    assert watchman.look(counts(None, 8, None, None)) == ([], [])
    assert watchman.look(counts(8, 8, None, None)) == ([], []), "told once, not while it holds"
    assert watchman.look(counts(6, 8, None, None)) == ([], [rule])
    assert watchman.look(counts(7, 8, None, None)) == ([rule], [])
    assert parse_rule("units>80%").holds(counts(7, None, None, None)) is None
    assert watchman.remove(rule)
    assert not watchman.remove(rule)


async def test_an_alert_rings_once_when_the_limit_is_crossed(connected: World) -> None:
    (done,) = await connected.say("/alert units>80%")
    assert isinstance(done, Done)
    connected.notices.clear()
    for used, rings in ((5, 0), (7, 1), (8, 1), (5, 1), (7, 2)):
        connected.instance.used = used
        await connected.clock.advance(4)
        assert sum(notice.alert for notice in connected.notices) == rings, used
    begun = next(notice for notice in connected.notices if notice.alert)
    assert begun.message == "Alert units>80%: 7 of 8 license units in use."
    assert "/license free" in begun.cure
    assert any(notice.message.startswith("Alert units>80% is over") for notice in connected.notices)


async def test_alerts_are_listed_and_ended(connected: World) -> None:
    await connected.say("tell me when the license is full")
    await connected.say("warn me when sessions are over 100")
    (table,) = await connected.say("/alert")
    assert isinstance(table, Table)
    assert [row["rule"] for row in table.rows] == ["free<1", "sessions>100"]
    (again,) = await connected.say("/alert free<1")
    assert isinstance(again, Problem)
    assert again.error == "AlreadySo"
    await connected.say("/alert off free<1")
    (table,) = await connected.say("/alerts")
    assert isinstance(table, Table)
    assert [row["rule"] for row in table.rows] == ["sessions>100"]
    (problem,) = await connected.say("/alert off free<1")
    assert isinstance(problem, Problem)
    (done,) = await connected.say("clear my alerts")
    assert isinstance(done, Done)
    assert done.message.startswith("1 alert ended")


@pytest.mark.parametrize(
    ("line", "effect"),
    [
        ("/watch license", Effect("pin", "/license")),
        ("watch my sessions", Effect("pin", "/sessions")),
        ("/watch sessions user=appuser idle>10m", Effect("pin", "/sessions user=appuser idle>10m")),
        ('/watch processes "user=John Doe"', Effect("pin", '/processes "user=John Doe"')),
        ("/watch off", Effect("unpin")),
        ("stop watching the license", Effect("unpin")),
    ],
)
async def test_watching_is_an_effect_of_the_screen(connected: World, line: str, effect: Effect) -> None:
    assert await connected.say(line) == [effect]


@pytest.mark.parametrize("line", ["/watch users", "/watch license user=x"])
async def test_what_cannot_be_watched(connected: World, line: str) -> None:
    (problem,) = await connected.say(line)
    assert isinstance(problem, Problem)
    assert problem.cure
