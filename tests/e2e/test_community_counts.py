"""Community Edition: board, status, forecast, panel, alerts and JSON tell the same, whatever its own counter counts.

The two countings are those of the doubt `community-units`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from irisops.commands.license.board import warnings
from irisops.connections.polling import crossed_alerts
from irisops.contract.replies import Done, Facts, Plan, Problem, Table
from irisops.simulator.world.model import Permission, Role, User
from irisops.ui import frame
from irisops.ui.cards.facts import facts_lines
from tests.e2e.staging import Person, Stage, stage

STAY, MOVE = "community-units=stay", "community-units=move"


@pytest.fixture(params=[STAY, MOVE], ids=["stay", "move"])
def counting(request: pytest.FixtureRequest) -> str:
    """How the instance's own counter counts."""
    value = request.param
    assert isinstance(value, str)
    return value


@pytest.fixture(params=["home", "full"])
async def on(request: pytest.FixtureRequest, counting: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """Seven of eight places are taken once this tool is in, or all eight."""
    async with stage(request.param, tmp_path, doubts=[counting]) as made:
        if request.param == "full":
            made.advance(90)  # the first of the closed tabs times out, and one place is free
        yield made


def taken(on: Stage) -> int:
    """Places taken, from the simulator's own books."""
    return on.world.license.limit - on.world.license.room


def figures(facts: Mapping[str, object]) -> tuple[object, object]:
    return facts["in_use"], facts["free"]


async def read(person: Person, line: str) -> Facts:
    facts = (await person.say(line))[0]
    assert isinstance(facts, Facts), facts
    return facts


async def run_json(on: Stage, home: Path, line: str) -> list[dict[str, Any]]:
    """`irisops run --json` in a process of its own."""
    account = on.simulator.account
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "irisops", "run", "--json"),
        *("--url", f"iris://{account.username}@127.0.0.1:{on.simulator.port}/%SYS", line),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "IRISOPS_HOME": str(home),
            "IRISOPS_PASSWORD": account.password,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        },
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out
    return [json.loads(each) for each in out.decode().splitlines()]


async def test_all_that_is_shown_agrees(on: Stage, counting: str) -> None:
    async with on.person() as person:
        used = taken(on)
        free = 8 - used
        assert used in (7, 8)
        assert (on.consumed == used) == (counting == MOVE), "with `stay` the counter tells less"

        facts, holders = await person.say("/license")
        assert isinstance(facts, Facts)
        assert isinstance(holders, Table)
        assert figures(facts.facts) == (used, free)
        assert facts.facts["connections"] == used
        assert (facts.facts["consumed"], facts.facts["available"]) == (on.consumed, 8 - on.consumed)
        assert list(facts.labels)[:3] == ["in_use", "limit", "free"], "the connections come first"
        assert {"consumed", "max_consumed"} <= facts.labels.keys(), "with the counter beside them"
        assert sum(int(str(row["units"])) for row in holders.rows) == on.consumed
        assert sum(int(str(row["connections"] or row["units"])) for row in holders.rows) == used
        assert not any("sharing one unit" in str(row["why"]) for row in holders.rows)
        nearly = "! Nearly full: 1 connection left." if free else "! No connection is free: the next login or"
        assert facts.notes[0].startswith(nearly)

        shown = "\n".join(line.plain for line in facts_lines(facts, 78))
        assert f"{used} of 8 connections" in shown
        assert f"Its own counter {on.consumed}" in shown

        status = await read(person, "/status")
        assert figures(status.facts) == (used, free)
        assert (status.facts["units_used"], status.facts["units_limit"]) == (on.consumed, 8)
        assert status.labels["in_use"] == "Connections in use"
        assert status.facts["sessions"] == len(on.world.sessions)

        forecast, ways = await person.say("/license forecast 1 clients")
        assert isinstance(forecast, Facts)
        assert isinstance(ways, Table)
        assert figures(forecast.facts) == (used, free)
        assert f"{used} of 8 connections" in facts_lines(forecast, 78)[0].plain
        assert forecast.facts["consumed"] == on.consumed
        assert {(row["units"], row["admitted"]) for row in ways.rows} == {(1, free)}

        panel = person.session.overview().active
        assert panel is not None
        assert (panel.in_use, panel.units_limit) == (used, 8)
        assert panel.history[-1] == used
        assert frame.now_panel(panel, 24)[0].plain.split() == ["connections", f"{used}/8"]

        done = (await person.say("/alert units>80%"))[-1]
        assert isinstance(done, Done)
        assert f"Now: {used} of 8 connections in use; the condition is already met." in done.details
        link = person.session.hub.active
        assert link is not None
        (notice,) = crossed_alerts(link)
        assert notice.alert
        assert notice.message == f"Alert units>80%: {used} of 8 connections in use."


async def test_json_agrees(on: Stage, counting: str, tmp_path: Path) -> None:
    used = taken(on) + 1  # with the one that reads
    told = [
        (await run_json(on, tmp_path / "runs", line))[0]["facts"]
        for line in ("/license", "/status", "/license forecast 1")
    ]
    assert {figures(each) for each in told} == {(used, 8 - used)}
    assert {each["connections"] for each in told} == {used}
    own = {told[0]["consumed"], told[1]["units_used"], told[2]["consumed"]}
    assert len(own) == 1
    assert (own == {used}) == (counting == MOVE)


async def test_ending_one_of_two_connections_frees_a_place(counting: str, tmp_path: Path) -> None:
    async with stage("home", tmp_path, doubts=[counting, "function=allowed"]) as on, on.person() as person:
        plan = await person.plan("/sessions end user=maria app=/api/atelier")
        assert any("Connections in use: 7 → 6, 2 of 8 free" in effect for effect in plan.effects), (
            plan.effects
        )
        done = (await person.yes(plan))[-1]
        assert isinstance(done, Done)
        assert done.details[-1] == "Connections in use: 7 → 6 of 8."
        assert taken(on) == 6


async def test_ending_a_process_frees_a_place(counting: str, tmp_path: Path) -> None:
    async with stage("home", tmp_path, doubts=[counting]) as on:
        other = on.world.start_process(username="maria", namespace="USER", client_ip="192.168.1.20")
        async with on.person() as person:
            plan = await person.plan(f"/process terminate {other.pid}")
            assert isinstance(plan, Plan)
            assert "Connections in use: 8 → 7." in plan.effects


async def test_what_several_connections_of_one_address_cost(counting: str, tmp_path: Path) -> None:
    async with stage("home", tmp_path, doubts=[counting]) as on, on.person() as person:
        for process in list(on.world.processes.values()):
            if process.client_ip == "192.168.1.20":
                on.world.logout(process, clean=True)
        for _ in range(2):
            on.world.start_process(username="maria", namespace="USER", client_ip="192.168.1.20")
        forecast, ways = await person.say("/license forecast 2 clients from=192.168.1.20")
        assert isinstance(forecast, Facts)
        assert isinstance(ways, Table)
        assert figures(forecast.facts) == (8, 0)
        assert [(row["units"], row["admitted"]) for row in ways.rows] == [(2, 0)]


async def test_a_login_that_is_refused_although_units_are_counted_as_free(tmp_path: Path) -> None:
    async with stage("full", tmp_path, doubts=[STAY]) as on, on.person(connect=False) as person:
        problem, facts, _ = await person.say("/connect")
        assert isinstance(problem, Problem)
        assert problem.error == "LicenseExhausted"
        assert isinstance(facts, Facts)
        free = 8 - on.consumed
        assert facts.facts["available"] == free > 0
        assert facts.title == f"stage refused the login, though it counts {free} free units"
        assert any("need not move" in note for note in facts.notes)


async def test_where_connections_cannot_be_counted_the_counter_is_called_a_counter(
    counting: str, tmp_path: Path
) -> None:
    """The tables of processes are refused to a plain account, the license list is not."""
    async with stage("home", tmp_path, doubts=[counting]) as on:
        on.world.roles.add(
            Role(
                "Plain",
                resources={
                    "%Native_ClassExecution": Permission.USE,
                    "%Service_Object": Permission.USE,
                    "%DB_USER": Permission.READ,
                },
            )
        )
        on.world.add_user(User("plain", roles=["Plain"]), "Geheim-12345")
        async with on.person("plain", "Geheim-12345", "USER") as person:
            status = await read(person, "/status")
            assert status.facts["connections"] is None
            assert status.facts["in_use"] == status.facts["units_used"] == on.consumed
            assert status.labels["in_use"] == "License units used"
            assert any("more may be in use" in note for note in status.notes)
            panel = person.session.overview().active
            assert panel is not None
            assert frame.units_text(panel) == f"{on.consumed}+/8"
            done = (await person.say("/alert units>80%"))[-1]
            assert isinstance(done, Done)
            assert "by the instance's own counter, which need not move" in done.details[0]
            board = await read(person, "/license")
            assert figures(board.facts) == (7, 1)
            link = person.session.hub.active
            assert link is not None
            assert link.board is not None
            assert warnings(link.board, link.clock.now())[0].startswith("! Nearly full: 1 connection left. ")
