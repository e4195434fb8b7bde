"""/license forecast, /license advice, /license timeout and /locked, with a faked instance."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from weakref import ref

import pytest

from irisops.commands.license.board import clock_note, holders_table, returns
from irisops.commands.license.locked import first_to_end, guess
from irisops.contract.replies import Done, Facts, Plan, Problem, Table
from irisops.instance.errors import LicenseExhausted, NotPermitted, Unreachable
from irisops.instance.models import Holder, LicenseBoard, LicenseCounts
from irisops.instance.usage.license import read_board
from irisops.profiles.model import Profile
from irisops.ui.arrange import arrange, fit
from tests.commands.fakes import LOCAL, World
from tests.instance.served import until


async def test_a_forecast_says_what_each_way_costs(connected: World) -> None:
    facts, ways = await connected.say("do 3 more people fit?")
    assert isinstance(facts, Facts)
    assert isinstance(ways, Table)
    assert facts.facts["fits"] is True
    assert [(row["units"], row["admitted"]) for row in ways.rows] == [(3, 3), (1, 3)]
    _, ways = await connected.say("/license forecast 4 browsers")
    assert isinstance(ways, Table)
    cut = {column.name for column in ways.columns if column.kind == "text" and column.wrap < 3}
    assert not cut, "at 80x24 the verdict would be cut"
    assert [(row["units"], row["admitted"]) for row in ways.rows] == [(4, 3)]
    assert "only 3 fit" in str(ways.rows[0]["verdict"])


async def test_a_forecast_says_when_a_shared_address_flips(connected: World) -> None:
    _, ways = await connected.say("/license forecast 2 clients from=appuser@10.0.0.9")
    assert isinstance(ways, Table)
    (row,) = ways.rows
    assert "holds 24 connections" in str(row["how"])
    assert "from no. 2 on" in str(row["verdict"])


@pytest.mark.parametrize(
    ("line", "error"),
    [("/license forecast 0", "BadNumber"), ("/license forecast 3 cows", "NoSuchKind")],
)
async def test_what_cannot_be_forecast(connected: World, line: str, error: str) -> None:
    (problem,) = await connected.say(line)
    assert isinstance(problem, Problem)
    assert problem.error == error


async def test_advice_names_settings_and_what_could_not_be_read(connected: World) -> None:
    connected.instance.fail["applications"] = NotPermitted("This account lacks %Admin_Secure:U.")
    (table,) = await connected.say("how can we save license units?")
    assert isinstance(table, Table)
    commands = [row["command"] for row in table.rows]
    assert "/sessions sweep appuser@10.0.0.9" in commands
    assert any("%Admin_Secure:U" in note for note in table.notes)
    told = " ".join(table.notes)
    assert not [row["title"] for row in table.rows if str(row["title"]) in told], "each thing is said once"
    assert [action for action in table.actions if action[0] == "enter"] == [("enter", "do it", "{!command}")]


async def test_a_timeout_is_changed_by_plan(connected: World) -> None:
    (plan,) = await connected.say("set the session timeout of /CSP/user/ to 300")
    assert isinstance(plan, Plan)
    assert (plan.changes[0].before, plan.changes[0].after) == ("900 s (15 min)", "300 s (5 min)")
    (done,) = await connected.yes(plan.id)
    assert isinstance(done, Done)
    assert done.undo == 1
    assert connected.instance.done == [("timeout", "/csp/user", "300")]


async def test_a_timeout_is_taken_back_and_set_again(connected: World) -> None:
    for line in ("/license timeout /csp/user 300", "/undo", "/redo"):
        (plan,) = await connected.say(line)
        assert isinstance(plan, Plan)
        (done,) = await connected.yes(plan.id)
        assert isinstance(done, Done)
    assert [seconds for _, _, seconds in connected.instance.done] == ["300", "900", "300"]


async def test_a_timeout_that_somebody_else_set_since_is_left_alone(connected: World) -> None:
    (plan,) = await connected.say("/license timeout /csp/user 300")
    assert isinstance(plan, Plan)
    await connected.yes(plan.id)
    connected.instance.timeouts_now["/csp/user"] = 60
    (problem,) = await connected.say("/undo")
    assert isinstance(problem, Problem)
    assert problem.error == "Moved"
    assert "is 60 s (1 min)" in problem.message


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("/license timeout /csp/usr 300", "NoSuchApplication"),
        ("/license timeout /csp/user 900", "AlreadySo"),
        ("/license timeout /csp/user 100001", "BadTimeout"),
    ],
)
async def test_timeouts_that_are_refused(connected: World, line: str, error: str) -> None:
    (problem,) = await connected.say(line)
    assert isinstance(problem, Problem)
    assert problem.error == error
    assert connected.instance.done == []


async def test_never_and_very_short_are_warned_of(connected: World) -> None:
    for seconds, word in ((0, "never"), (30, "short")):
        (plan,) = await connected.say(f"/license timeout /csp/user {seconds}")
        assert isinstance(plan, Plan)
        assert any(word in warning for warning in plan.warnings)


async def test_a_full_license_at_login_shows_the_emergency_commands(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL)
    world.instance.refuse = LicenseExhausted("No unit is free.")
    replies = await world.say("/connect")
    assert [type(reply).__name__ for reply in replies[-3:]] == ["Problem", "Facts", "Table"]
    facts = replies[-2]
    assert isinstance(facts, Facts)
    assert any("web_port=" in note for note in facts.notes)
    await world.session.close()


async def test_what_was_seen_before_says_what_to_end_first(connected: World) -> None:
    await connected.say("/license")
    facts, _ = await connected.say("I am locked out")
    assert isinstance(facts, Facts)
    first = next(note for note in facts.notes if note.startswith("End first, as last seen"))
    assert "127.0.0.1" not in first, "this tool's own connection is not for ending"


async def test_a_server_that_hangs_up_is_only_full_if_its_metrics_say_so(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    world = World(tmp_path, replace(LOCAL, web_port=unused_tcp_port))
    world.instance.refuse = Unreachable("The server closed the connection during the login.")
    replies = await world.say("/connect")
    assert [reply.error for reply in replies if isinstance(reply, Problem)] == ["Unreachable"]
    assert not any(isinstance(reply, Table) for reply in replies)
    await world.session.close()


async def test_the_first_connect_tells_of_locked(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL, first="local")
    world.instance.refuse = LicenseExhausted("No unit is free.")
    await world.session.start()
    await until(lambda: any("/locked" in notice.cure for notice in world.notices))
    await world.session.close()


@pytest.mark.parametrize(
    ("profile", "platform", "kind"),
    [
        (Profile("docker-iris"), "linux", "container"),
        (Profile("local"), "win32", "Windows"),
        (Profile("far", "example.org"), "win32", "Unix"),
        (Profile("local"), "linux", "Unix"),
    ],
)
def test_the_kind_of_host_is_guessed(profile: Profile, platform: str, kind: str) -> None:
    assert guess(profile, platform) == kind


async def test_times_are_those_of_this_machine(connected: World) -> None:
    board = (await read_board(connected.connection, now=connected.clock.now()))._replace(clock_offset=3600.0)
    holder = board.holders[0]
    assert holder.free_at is not None
    early = returns(holder, connected.clock.now(), 3600.0)
    assert early.endswith("(any moment)")
    assert returns(holder, connected.clock.now()).endswith("(9 min)")
    assert "1 h 00 min ahead" in clock_note(board)[0]
    assert clock_note(board._replace(clock_offset=5.0)) == []
    assert first_to_end(None)[0].startswith("End first: many sessions of one user")


def test_the_reason_of_a_license_holder_has_room_at_80_columns() -> None:
    now = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    holder = Holder(
        holder="web /csp/paeds6/",
        kind="web",
        why="7 browser sessions without a login: each is its own holder",
        units=7,
        connections=7,
        free_from=now + timedelta(minutes=20),
        free_at=now + timedelta(minutes=65),
    )
    table = holders_table(LicenseBoard(LicenseCounts(8, 7, 1, 7, 1, 25), (holder,), (), now), now)
    widths = {each.column.name: each.width for each in fit(arrange(table), 72)}
    assert widths["why"] >= 28
    assert widths["holder"] == len(holder.holder)
    for each in fit(arrange(table), 67):
        lines = each.lines(table.rows[0])
        assert all(len(line) <= each.width for line in lines), "nothing is cut"
    assert (
        table.rows[0]["returns"]
        == f"first in 20 min, all by {(now + timedelta(minutes=65)).astimezone():%H:%M}"
    )


def test_a_row_that_is_kept_does_not_keep_the_whole_board() -> None:
    """A screen keeps the rows that it has painted, of a live card those of many readings."""

    class Listed(list[Holder]):
        pass

    now = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    listed = Listed([Holder("a@1", "client", "", 1, 1), Holder("b@1", "client", "", 1, 1)])
    gone = ref(listed)
    kept = holders_table(LicenseBoard(LicenseCounts(8, 2, 6, 6, 2, 25), listed, (), now), now).rows[0]
    del listed
    gc.collect()
    assert gone() is None
    assert kept["holder"] == "a@1"
