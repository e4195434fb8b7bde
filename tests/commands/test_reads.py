from __future__ import annotations

from importlib import metadata
from pathlib import Path

from irisops.commands.catalogue import ALL
from irisops.commands.tool.doctor import DRIVER
from irisops.contract.replies import Facts, Problem, Table
from irisops.engine import reply_json
from irisops.instance.errors import NotPermitted
from irisops.instance.features import FEATURES
from tests.commands.fakes import LOCAL, World


async def table_of(world: World, line: str) -> Table:
    table = (await world.say(line))[-1]
    assert isinstance(table, Table), table
    return table


async def test_the_license_board_adds_up(connected: World) -> None:
    facts, holders = await connected.say("who holds my license")
    assert isinstance(facts, Facts)
    assert isinstance(holders, Table)
    assert (facts.name, holders.name) == ("license", "holders")
    assert {key: facts.facts[key] for key in ("limit", "consumed", "available", "max_consumed")} == {
        "limit": 8,
        "consumed": 5,
        "available": 3,
        "max_consumed": 7,
    }
    assert sum(int(str(row["units"])) for row in holders.rows) == facts.facts["consumed"]
    assert [column.name for column in holders.columns][:5] == [
        "holder",
        "kind",
        "why",
        "units",
        "connections",
    ]
    assert str(holders.rows[0]["returns"]).endswith("(9 min)")
    (client,) = (row for row in holders.rows if row["kind"] == "client")
    assert client["returns"] == "when it disconnects"


async def test_the_board_warns_of_expiry_and_of_the_flip(connected: World) -> None:
    facts, _ = await connected.say("/license")
    assert isinstance(facts, Facts)
    assert any("expires in 10 days, on 2026-12-04" in note for note in facts.notes)
    assert any("appuser@10.0.0.9 has 24 of 25 connections" in note for note in facts.notes)


async def test_why_a_holder_costs_units_and_what_is_behind_it(connected: World) -> None:
    facts, sessions = await connected.say("/license why")
    assert isinstance(facts, Facts)
    assert isinstance(sessions, Table)
    assert facts.title == "Why web /csp/user holds 3 units"
    assert "one unit each" in facts.notes[0]
    assert [row["session"] for row in sessions.rows] == ["AbCdEfGh…"]
    facts, sessions, processes = await connected.say("why does appuser@10.0.0.9 hold a unit?")
    assert isinstance(facts, Facts)
    assert isinstance(sessions, Table)
    assert len(sessions.rows) == 6
    assert isinstance(processes, Table)
    assert "Up to 25 connections" in facts.notes[0]
    assert [row["pid"] for row in processes.rows] == [4711]
    (problem,) = await connected.say("/license why appuser@10.0.0.8")
    assert isinstance(problem, Problem)
    assert problem.suggestions[0] == "/license why appuser@10.0.0.9"


async def test_why_names_what_may_not_be_read_by_the_board(connected: World) -> None:
    connected.instance.fail["sessions"] = NotPermitted("Sessions may not be listed.")
    (facts,) = await connected.say("/license why")
    assert isinstance(facts, Facts)
    assert any(note.startswith("Sessions cannot be read: ") for note in facts.notes)


async def test_the_board_in_json_has_the_public_shape(connected: World) -> None:
    facts, holders = map(reply_json.shape, await connected.say("/license"))
    assert facts is not None
    assert holders is not None
    assert facts["facts"]["expires"] == "2026-12-04"
    assert holders["rows"][0]["free_at"] == "2026-11-24T14:52:05Z"
    assert set(holders["rows"][0]) == set(holders["columns"])
    assert {"holder", "kind", "why", "units", "connections", "free_at"} <= set(holders["columns"])


async def test_sessions_hide_their_ids_and_tell_leaks(connected: World) -> None:
    table = await table_of(connected, "/sessions")
    assert table.rows[0]["session"] == "AbCdEfGh…"
    assert "AbCdEfGhIjKl" not in repr(table)
    assert any("1 session without a login" in note for note in table.notes)
    assert any("appuser has 6 sessions on /api/atelier" in note for note in table.notes)


async def test_filters_work_on_every_table(connected: World) -> None:
    assert (await table_of(connected, "/sessions user=UnknownUser")).total == 1
    assert (await table_of(connected, "/processes user=appuser")).total == 1
    assert [row["name"] for row in (await table_of(connected, "/users role=%All sort=name")).rows] == [
        "_SYSTEM",
        "SuperUser",
    ]
    assert (await table_of(connected, "/roles super-user")).total == 1
    (problem,) = await connected.say("/users colour=red")
    assert isinstance(problem, Problem)
    assert problem.error == "BadFilter"


async def test_processes_put_people_first_and_mark_this_tool(connected: World) -> None:
    rows = (await table_of(connected, "/processes")).rows
    assert [row["pid"] for row in rows] == [4712, 4711, 11]
    assert [row["kind"] for row in rows] == ["this tool", "user", "system"]


async def test_users_have_lists_of_roles(connected: World) -> None:
    shaped = reply_json.shape(await table_of(connected, "/users"))
    assert shaped is not None
    assert shaped["rows"][1] == {
        "name": "appuser",
        "enabled": True,
        "roles": ["%Developer"],
        "last_login": "2026-11-23T14:43:05Z",
        "superuser": False,
        "type": "",
    }
    assert "full_name" not in shaped["columns"], "the list does not tell it, so it must not look empty"
    shown = await connected.say("/user appuser")
    assert "full_name" in str(shown), "a user alone is read with it"


async def test_status_reads_afresh(connected: World) -> None:
    connected.instance.used = 6
    (facts,) = await connected.say("/status")
    assert isinstance(facts, Facts)
    assert facts.facts["units_used"] == 6
    assert facts.series == (5.0, 6.0)
    active = connected.session.overview().active
    assert active is not None
    assert active.units_used == 6


async def test_status_has_the_sessions_that_a_first_poll_leaves_to_the_next(tmp_path: Path) -> None:
    world = World(tmp_path, LOCAL, polling=False)
    await world.connect()
    # The other way to count them takes more round trips than the first poll has left.
    world.connection.offers.learn(FEATURES["sessions.count"].routes[0], "not projected")
    (facts,) = await world.say("/status")
    assert isinstance(facts, Facts)
    assert world.instance.polls == 2
    assert facts.facts["sessions"] == 12
    await world.session.close()


async def test_a_missing_privilege_is_a_problem_with_its_cure(connected: World) -> None:
    connected.instance.fail["users"] = NotPermitted("Users may not be listed.", privilege="%Admin_Secure:U")
    (problem,) = await connected.say("/users")
    assert isinstance(problem, Problem)
    assert problem.error == "NotPermitted"
    assert problem.cure.startswith("It needs %Admin_Secure:U.")
    assert problem.text == "/users"


async def test_what_this_version_lacks_is_greyed_out_and_refused_with_the_reason(connected: World) -> None:
    connected.connection.offers.gone["sessions.list"] = "there is no class %CSP.Session"
    greyed = {info.name: info.reason for info in connected.session.commands() if not info.available}
    assert set(greyed) == {spec.name for spec in ALL if "sessions.list" in spec.needs}
    assert greyed["sessions"] == "there is no class %CSP.Session"
    (problem,) = await connected.say("/sessions")
    assert isinstance(problem, Problem)
    assert (problem.error, problem.message) == ("NotAvailable", "there is no class %CSP.Session")


def test_every_need_is_a_feature_that_the_instance_layer_knows() -> None:
    assert {need for spec in ALL for need in spec.needs} <= set(FEATURES)


async def test_doctor_works_without_and_with_a_connection(world: World) -> None:
    (facts,) = await world.say("/doctor")
    assert isinstance(facts, Facts)
    assert facts.notes == ["Connect first to see what the instance offers."]
    assert facts.facts["driver"] == f"{DRIVER} {metadata.version(DRIVER)}"
    await world.connect()
    facts, routes = await world.say("/doctor")
    assert isinstance(facts, Facts)
    assert isinstance(routes, Table)
    assert facts.facts["keyring"] == "used for passwords"
    assert facts.facts["zversion"] == "IRIS for UNIX (test) 2025.2 (Build 1U)"
    assert routes.rows[0]["route"] == "SQL Security.Users_List"
    assert [note.partition(":")[0] for note in routes.notes[:-1]] == ["STATE", "PROVED FOR"]
    assert routes.notes[-1] == "Missing: %CSP.Session.SessionInfo (not in this version)"


async def test_help_lists_every_command_and_shows_one(world: World) -> None:
    table = await table_of(world, "/help")
    assert len(table.rows) == len(world.session.commands())
    (facts,) = await world.say("/help grant")
    assert isinstance(facts, Facts)
    assert facts.facts["usage"] == "/grant ROLE to USER"
    assert facts.facts["available"] == "no: nothing is connected"
    (facts,) = await world.say("/help profile add")
    assert isinstance(facts, Facts)
    (problem,) = await world.say("/help nonsense")
    assert isinstance(problem, Problem)
