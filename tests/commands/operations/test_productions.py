"""Productions and the rest: what is wrong first, acted on by plan, taken back where that can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from irisops.commands.operations.mirror import trouble as mirror_trouble
from irisops.commands.operations.productions import brief, trouble
from irisops.contract.replies import Facts, Table
from irisops.instance.calls import Answer, ClassQuery, Query, Rows
from irisops.instance.errors import InstanceError
from irisops.instance.operations.mirror import Mirror
from irisops.instance.operations.namespaces import read_namespaces
from irisops.instance.operations.productions import MOST_ENTRIES, Production, look_inside
from irisops.simulator.world.operations import Production as SimulatedProduction
from tests.commands.fakes import FakeCapabilities
from tests.commands.operations.working import facts, make_read_only, table, working

SHIP = "/production ship"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def production(at: object) -> SimulatedProduction:
    found = at.served.world.operations.production("SHIP")  # type: ignore[attr-defined] # - a desk
    assert isinstance(found, SimulatedProduction)
    return found


async def test_queues_and_errors_are_counted(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        shown = await table(at, "/productions")
        assert [dict(row) for row in shown.rows] == [
            {
                "namespace": "SHIP", "production": "Ship.Production", "state": "running", "queued": 217, "errors": 12,
                "components": 3, "disabled": 0,
            }
        ]  # fmt: skip
        assert "214 messages in the queue of To carrier and had 12 errors" in shown.notes[0]
        card, parts = await at.say(SHIP)
        assert isinstance(card, Facts)
        assert isinstance(parts, Table)
        assert "ERROR #6059" in card.notes[1]
        assert [(row["component"], row["queued"], row["errors"]) for row in parts.rows] == [
            ("To carrier", 214, 12), ("To stock", 3, 0), ("From shop", 0, 0),
        ]  # fmt: skip
        assert at.session.context.link().connection.info is not None
        (process,) = [each for each in at.served.world.processes.values() if each.username == "_SYSTEM"]
        assert process.namespace == "%SYS", "the connection is where it was"
        assert (await at.problem("/production user")).error == "NoProduction"
        assert (await at.problem("/production shop")).error == "NoSuchNamespace"


async def test_a_production_is_stopped_started_and_taken_back(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        world = production(at)
        plan = await at.plan("/production stop ship")
        assert "217 messages wait" in " ".join(plan.warnings)
        assert 'set $namespace = "SHIP"' in plan.calls["ObjectScript"]
        assert any("StopProduction(60, 0)" in line for line in plan.calls["ObjectScript"])
        await at.yes(plan)
        assert world.state == 2
        shown = await table(at, "/productions")
        assert (shown.rows[0]["state"], shown.rows[0]["production"]) == ("stopped", "Ship.Production")
        await at.do("/undo")
        assert production(at).state == 1
        assert (await at.problem("/production start ship")).error == "AlreadySo"
        world.queues["_SyncCall:7"] = 1
        refused = (await at.yes(await at.plan("/production stop ship")))[-1]
        assert "quiescent" in str(refused)
        await at.do("/production stop ship force=yes")
        world.state = 4
        assert (await at.problem("/production start ship")).error == "Troubled"
        await at.do("/production recover ship")
        assert (await at.problem("/undo")).error == "CannotUndo"


async def test_components_are_stopped_started_and_restarted(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        stock = next(each for each in production(at).items if each.name == "To stock")
        plan = await at.plan('/component stop "To stock" in ship')
        assert "3 messages wait in its queue" in " ".join(plan.warnings)
        await at.yes(plan)
        assert [row["disabled"] for row in (await table(at, "/productions")).rows] == [1]
        assert (await at.problem('/component restart "To stock" in ship')).error == "NotEnabled"
        await at.do("/undo")
        assert stock.enabled
        await at.do('/component restart "to stock" in ship')
        assert (stock.enabled, stock.restarted) == (True, 2)
        assert (await at.problem("/component stop x in ship")).error == "NoSuchComponent"
        make_read_only(at)
        for line in (
            "/production stop ship", "/production start ship", "/production recover ship",
            "/component stop x in ship", "/component start x in ship", "/component restart x in ship",
        ):  # fmt: skip
            assert (await at.problem(line)).error == "ReadOnly"


class Elsewhere:
    """An instance whose SQL stays in %SYS."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def batch(self, calls: list[object], *, deadline: float | None = None) -> list[object]:
        self.asked += calls
        missing = InstanceError("Table not found", detail="SQLCODE: <-30>")
        queues = Answer(rows=Rows(("Name", "Count"), [("Q", "5")]))
        return [
            queues
            if isinstance(each, ClassQuery)
            else missing
            if isinstance(each, Query)
            else Answer(value=1)
            for each in calls
        ]


@pytest.mark.parametrize("home", ["%SYS", "OTHER"])
async def test_where_sql_stays_behind_the_log_is_unread_and_never_anothers(home: str) -> None:
    instance = Elsewhere()
    found = await look_inside(instance, Production("SHIP", "P", "running"), home)  # type: ignore[arg-type] # - it calls batch alone
    assert (found.queued, found.components, found.log) == (5, None, None)
    assert any("cannot be read" in note for note in found.notes)
    assert any(isinstance(each, Query) for each in instance.asked) == (home == "%SYS")
    assert found.errors_since(datetime.now(UTC) - timedelta(hours=1)) is None


class Inside(Elsewhere):
    """An instance whose log has as many errors as are looked at, one a second before NOW."""

    word = "Error"

    async def batch(self, calls: list[object], *, deadline: float | None = None) -> list[object]:
        self.asked += calls
        items = Answer(rows=Rows(("Name", "ClassName", "Enabled"), [("A", "X.A", 1)]))
        log = Answer(
            rows=Rows(
                ("TimeLogged", "Type", "ConfigName", "Text"),
                [
                    (f"{NOW - timedelta(seconds=each):%Y-%m-%d %H:%M:%S}", self.word, "A", "x")
                    for each in range(MOST_ENTRIES)
                ],
            )
        )
        queues = Answer(rows=Rows(("Name", "Count"), [("Q", 5)]))
        told = {"Ens_Config": items, "Ens_Util": log, "Ens.Queue_Enumerate()": queues}
        return [
            next(answer for part, answer in told.items() if part in each.sql)
            if isinstance(each, Query)
            else Answer(value=1)
            for each in calls
        ]


async def test_components_are_those_of_the_production_if_its_name_is_known() -> None:
    for name, params in (("P", ("P",)), ("", ())):
        instance = Inside()
        found = await look_inside(instance, Production("SHIP", name, "running"), "SHIP")  # type: ignore[arg-type] # - it calls batch alone
        asked = next(each for each in instance.asked if isinstance(each, Query) and "Ens_Config" in each.sql)
        assert (asked.params, "WHERE Production = ?" in asked.sql) == (params, bool(name))
        assert any("of all productions" in note for note in found.notes) != bool(name)


async def test_errors_beyond_what_was_looked_at_are_not_left_out_unsaid() -> None:
    found = await look_inside(Inside(), Production("SHIP", "P", "running"), "SHIP")  # type: ignore[arg-type] # - it calls batch alone
    assert "at least 500 errors in the last hour" in trouble(found, NOW)
    assert trouble(found, NOW + timedelta(minutes=55)).count("at least") == 0
    assert "at least 500 errors" in brief(found, NOW)


async def test_types_in_another_language_are_not_taken_for_no_errors() -> None:
    instance = Inside()
    instance.word = "Fehler"
    found = await look_inside(instance, Production("SHIP", "P", "running"), "SHIP")  # type: ignore[arg-type] # - it calls batch alone
    assert found.errors_since(NOW - timedelta(hours=1)) is None
    assert any("it calls its types fehler" in note for note in found.notes)


async def test_the_namespaces_of_several_cpfs_are_listed_once() -> None:
    rows = [
        ("SHIP", "SHIP", "CODE", "a.cpf"),
        ("Ship", "SHIP", "OTHER", "b.cpf"),
        ("USER", "USER", "USER", "a.cpf"),
    ]

    class Table(Elsewhere):
        async def call(self, _call: object, *, deadline: float | None = None) -> Answer:
            return Answer(rows=Rows(("Name", "Globals", "Routines", "CPFName"), rows))

        capabilities = FakeCapabilities()

    found = await read_namespaces(Table())  # type: ignore[arg-type] # - it calls call alone
    assert [(each.name, each.data, each.code) for each in found] == [
        ("SHIP", "SHIP", ""),
        ("USER", "USER", "USER"),
    ]


@pytest.mark.parametrize(
    ("status", "well", "told"),
    [("MULTIASYNC^2/3", None, ""), ("CRASHED", False, "is CRASHED"), ("PRIMARY", True, "")],
)
def test_the_status_of_a_member_of_several_mirrors_is_not_judged(
    status: str, well: object, told: str
) -> None:
    found = Mirror(member=True, name="M", status=status)
    assert found.well is well
    assert told in mirror_trouble(found)
    assert bool(told) == bool(mirror_trouble(found))


async def test_namespaces_running_sql_and_mirror(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        shown = await table(at, "/namespaces name=ship")
        assert [dict(row) for row in shown.rows] == [{"name": "SHIP", "data": "SHIP", "code": "SHIP"}]
        (row,) = (await table(at, "/sql running")).rows
        assert (row["user"], row["running_for"], row["namespace"]) == ("till1", 360.0, "SHIP")
        assert str(row["statement"]).startswith("SELECT COUNT(*) FROM Ship.Item")
        assert (await facts(at, "/mirror")).facts["member"] is False
        at.served.world.operations.mirror = "CLINIC"
        mirror = await facts(at, "/mirror")
        assert [mirror.facts[key] for key in ("name", "role", "status")] == ["CLINIC", "primary", "PRIMARY"]


async def test_the_status_says_what_is_wrong_first(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        shown = await facts(at, "/status")
        areas = [note.partition(":")[0][2:] for note in shown.notes if ": " in note]
        assert areas[-7:] == ["databases", "journal", "productions", "tasks", "locks", "alerts", "mirror"]
        said = " ".join(shown.notes)
        for part in (
            "WAREHOUSE full and ARCHIVE dismounted",
            "3.0 days",
            "217 queued, 12 errors",
            "Nightly export",
            "2 processes wait",
            "mirror: none",
        ):
            assert part in said
        at.served.world.operations.locks.clear()
        assert (await facts(at, "/status")).notes == shown.notes, "it is read again after half a minute"
        at.session.context.link().health = None
        assert "0 locks" in " ".join((await facts(at, "/status")).notes)
