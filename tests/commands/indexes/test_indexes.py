"""Indexes of the scenario `broken`, through the real driver: found, validated with and without the helper, built."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from irisops.contract.clock import Clock
from irisops.contract.replies import Done, Problem, Progress, Reply, Table
from irisops.simulator.doubts import standing
from irisops.simulator.world.model import Namespace, Permission
from irisops.simulator.world.scenarios import build_world
from irisops.simulator.world.user_tables import UserIndex, UserTable
from tests.commands.editing import GOOD, Desk, add_role, desk_on
from tests.instance.served import Served, serve

LOG = "Ens.Util.Log"


class Restless(Clock):
    """Nobody waits between two looks."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@asynccontextmanager
async def broken(home: Path, *doubts: str, validation_seconds: float = 0.0) -> AsyncIterator[Desk]:
    """A person at the scenario, whose instance takes so many seconds to validate a row of an index."""
    world = build_world("broken", doubts=standing().choose(*doubts))
    world.operations.validation_seconds = validation_seconds
    async with serve(world=world) as served, desk_on(served, home, clock=Restless()) as at:
        yield at


async def agreed(at: Desk, line: str) -> list[Reply]:
    plan = await at.plan(line)
    return [reply async for reply in at.session.confirm(plan.id, plan.confirm_word)]


def table(replies: Sequence[Reply], name: str) -> Table:
    (found,) = [reply for reply in replies if isinstance(reply, Table) and reply.name == name]
    return found


def verdicts(replies: Sequence[Reply]) -> dict[str, object]:
    return {str(row["index"]): row["verdict"] for row in table(replies, "index_report").rows}


def details(replies: Sequence[Reply]) -> str:
    return " ".join(detail for reply in replies if isinstance(reply, Done) for detail in reply.details)


def said(replies: Sequence[Reply]) -> str:
    return next(reply.message for reply in replies if isinstance(reply, Done))


async def test_a_global_leads_to_its_classes_and_their_indexes(tmp_path: Path) -> None:
    async with broken(tmp_path) as at:
        before = len(at.served.world.processes)
        (reply,) = await at.say("show the indexes of ^Ens.Util.LogD")
        assert isinstance(reply, Table)
        assert [(row["class"], row["index"], row["status"]) for row in reply.rows] == [
            (LOG, "ConfigName", "selectable"),
            (LOG, "TimeLogged", "selectable"),
            (LOG, "TypeMap", "selectable"),
        ]
        assert {(row["table"], row["rows"]) for row in reply.rows} == {("Ens_Util.Log", 42)}
        assert len(at.served.world.processes) == before, "the second connection is closed again"
        by_table = table(await at.say("/indexes Ens_Util.Log"), "indexes")
        assert by_table.rows == reply.rows
        (three,) = await at.say("which classes store in ^Shop.ThingD")
        assert isinstance(three, Table)
        assert "3 classes" in three.title
        assert {row["class"]: row["origin"] for row in three.rows} == {
            "Shop.Thing": "",
            "Shop.Tool": "Shop.Thing",
            "Shop.Toy": "Shop.Thing",
        }
        everything = table(await at.say("/indexes"), "indexes")
        assert {row["class"] for row in everything.rows} == {LOG, "Shop.Thing", "Shop.Toy", "Shop.Tool"}
        (none,) = await at.say("/indexes Clinic.Visit")
        assert isinstance(none, Table)
        assert "no index" in " ".join(none.notes)
        assert none.actions == []


async def test_what_cannot_be_validated_is_told_in_one_sentence(tmp_path: Path) -> None:
    async with broken(tmp_path) as at:
        link = at.session.hub.require()
        at.session.hub.add_temporary(replace(link.profile, name="user", namespace="USER"))
        await at.say("/connect user")  # in the data's own namespace no second connection is needed to read
        for line, error, words in (
            ("/indexes validate Clinic.Visit", "NoIndexes", "Clinic.Visit has no index"),
            (
                "/indexes validate ^Nope",
                "NoSuchGlobal",
                "No class was found that stores in ^Nope in USER; % classes were not looked at.",
            ),
            ("/indexes validate No.Such", "NoSuchClass", "no persistent class or table No.Such in USER"),
            ("/indexes validate ^Shop.ThingD", "WhichClass", "3 classes store in ^Shop.ThingD"),
            ("/indexes build Ens.Util.Log nope", "NoSuchIndex", "Ens.Util.Log has no index nope"),
            ("/indexes validate Shop.Toy", "Inherited", "All indexes of Shop.Toy come from Shop.Thing"),
            ("/indexes build Shop.Toy NameIdx", "Inherited", "comes from Shop.Thing"),
            ("/indexes ^Ens.Util.LogD namespace=NOWHERE", "NamespaceUnknown", "namespace cannot be entered"),
        ):
            refused = await at.problem(line)
            assert (refused.error, words in refused.message) == (error, True), (line, refused)
        plan = await at.plan("/indexes validate Ens.Util.Log")
        assert any("connection to %SYS" in warning for warning in plan.warnings), "the helper lives there"
        assert any("How large ^Ens.Util.LogD is, is not known: " in effect for effect in plan.effects)
        await at.say("/connect local")
        world = at.served.world
        world.namespaces.add(Namespace("TWIN", "USER", "USER"))
        world.user_tables += [replace(each, namespace="TWIN") for each in world.user_tables[:1]]
        refused = await at.problem("/indexes validate ^Ens.Util.LogD")
        assert refused.message == "^Ens.Util.LogD is in USER and TWIN."
        await at.plan("/indexes validate ^Ens.Util.LogD namespace=TWIN")
        for number in range(6):
            world.namespaces.add(Namespace(f"N{number}", "USER", "USER"))
        assert "11 namespaces" in (await at.problem("/indexes validate ^Ens.Util.LogD")).message


async def test_a_global_that_is_not_there_is_answered_with_those_like_it(tmp_path: Path) -> None:
    async with broken(tmp_path) as at:
        refused = await at.problem("/indexes validate ^ens.util.logd")
        assert refused.suggestions == ("/indexes ^Ens.Util.LogD namespace=USER",)
        assert refused.cure.startswith(
            "Like it: ^Ens.Util.LogD in USER. Names of globals are case-sensitive."
        )
        assert "namespace=NAME" in refused.cure
        refused = await at.problem("/indexes ^zzz")
        assert refused.suggestions == ()
        assert refused.cure.startswith("USER has ^Clinic.VisitD, ^Ens.Util.LogD and ^Shop.ThingD.")
        refused = await at.problem("/indexes ^zzz namespace=SHIP")
        assert refused.cure.startswith("No class of SHIP keeps data.")


async def test_from_the_sentence_to_the_broken_index_and_to_clean(tmp_path: Path) -> None:
    async with broken(tmp_path) as at:
        await at.do("/helper install")
        plan = await at.plan("validate the indexes of ^Ens.Util.LogD")
        told = " ".join([*plan.effects, *plan.warnings])
        for words in (
            "reads 42 rows",
            "locked (shared)",
            "as one process",
            "About 1 s",
            "^Ens.Util.LogD is in the database USER, which uses 8 MB: it is no larger",
            "one license connection more",
        ):
            assert words in told
        assert "only" not in told.casefold()
        replies = await at.yes(plan)
        assert said(replies) == "1 of 3 indexes of Ens.Util.Log is broken: ConfigName."
        assert verdicts(replies) == {"ConfigName": "broken", "TimeLogged": "clean", "TypeMap": "clean"}
        entries = table(replies, "index_entries")
        assert [row["index"] for row in entries.rows] == ["ConfigName"] * 4
        assert entries.rows[0]["entry"] == '^Ens.Util.LogI("ConfigName"," WARD…",5)'
        assert "LETTERS" not in str(entries.rows), "values are shortened"
        done = next(reply for reply in replies if isinstance(reply, Done))
        assert done.offer == "/indexes build Ens.Util.Log ConfigName namespace=USER"
        progress = [reply for reply in replies if isinstance(reply, Progress)]
        assert any("validates" in reply.message for reply in progress)
        emulation = at.served.runtime.emulation
        assert not emulation.globals.defined("USER", "IRIS.Temp.ZIrisOps", ()), "the result is dropped"
        assert list(emulation.warnings) == []

        plan = await at.plan(done.offer)
        assert plan.confirm_word == LOG
        assert plan.calls["SQL"] == ["BUILD INDEX FOR TABLE Ens_Util.Log INDEX ConfigName"]
        assert any("The journal has 7,700 MB left" in warning for warning in plan.warnings)
        (refused,) = await at.yes(plan)
        assert isinstance(refused, Problem)
        assert refused.error == "WordNeeded"
        built = [reply async for reply in at.session.confirm(plan.id, LOG)]
        assert said(built) == "1 index of Ens.Util.Log is built anew."
        assert "Queries may use it again: it is selectable." in details(built)
        assert (await at.problem("/undo")).error == "CannotUndo"
        again = await agreed(at, "are the indexes of ^Ens.Util.LogD intact")
        assert said(again) == "Clean: 3 indexes of Ens.Util.Log."
        assert set(verdicts(again).values()) == {"clean"}
        outcomes = [entry.status for entry in at.entries()]
        assert outcomes == ["done"] * 4


async def test_without_the_helper_counts_are_compared_and_the_report_says_so(tmp_path: Path) -> None:
    async with broken(tmp_path) as at:
        plan = await at.plan("validate the indexes of ^Ens.Util.LogD")
        assert any("/helper install" in warning for warning in plan.warnings)
        replies = await at.yes(plan)
        assert verdicts(replies) == {
            "ConfigName": "broken",
            "TimeLogged": "nothing seen",
            "TypeMap": "nothing seen",
        }
        assert [row["by_index"] for row in table(replies, "index_report").rows] == [40, 42, 42]
        await agreed(at, "rebuild the index ConfigName of Ens.Util.Log")
        again = await agreed(at, "validate the indexes of ^Ens.Util.LogD")
        assert said(again) == "No difference was seen in 3 indexes of Ens.Util.Log, by counting alone."
        assert "which keys are wrong" in details(again)
        assert "clean" not in str(verdicts(again).values()).casefold()


async def test_the_broken_index_is_named_whatever_shape_and_status_the_errors_have(tmp_path: Path) -> None:
    async with broken(tmp_path) as at:
        await at.do("/helper install")
        for doubts in (("index-errors=by-index", "index-status=error"), ("index-errors=numbered",)):
            at.served.doubt(*doubts)
            replies = await agreed(at, "/indexes validate Ens.Util.Log")
            assert verdicts(replies) == {"ConfigName": "broken", "TimeLogged": "clean", "TypeMap": "clean"}
            assert len(table(replies, "index_entries").rows) == 4
        # A class that is gone meanwhile: the instance's own words, and nothing is called clean.
        at.served.doubt("index-refusal=thrown")
        plan = await at.plan("/indexes validate Ens.Util.Log")
        database = at.served.runtime.emulation.databases.of("USER")
        gone = database.tables.pop(("ENS_UTIL", "LOG"))
        database.version += 1
        replies = await at.yes(plan)
        database.tables["ENS_UTIL", "LOG"] = gone
        assert set(verdicts(replies).values()) == {"not checked"}
        assert "CLASS DOES NOT EXIST" in str(table(replies, "index_report").rows[0]["why"])


async def test_an_odd_kind_and_an_index_that_stays_unselectable_are_told(tmp_path: Path) -> None:
    async with broken(tmp_path, "built-index=not-selectable") as at:
        await at.do("/helper install")
        plan = await at.plan("/indexes validate Shop.Thing")
        assert any("check the kind of NameWords" in warning for warning in plan.warnings)
        assert verdicts(await at.yes(plan)) == {"NameIdx": "clean", "NameWords": "nothing seen"}
        built = await agreed(at, "/indexes build Ens.Util.Log TypeMap ConfigName")
        assert "SetMapSelectability" in details(built)
        (reply,) = await at.say("/indexes Ens.Util.Log")
        assert isinstance(reply, Table)
        assert [row["status"] for row in reply.rows] == ["not selectable", "selectable", "not selectable"]


async def test_columns_and_sql_maps_lead_from_their_globals_to_their_classes(tmp_path: Path) -> None:
    world = build_world("broken", doubts=standing())
    kinds = {"ID": "%Integer", "Code": "%String"}
    by_code = (UserIndex("ByCode", ("Code",)),)
    world.user_tables += [
        UserTable("USER", "Old", "Part", kinds, ((1, "A"), (2, "B")), by_code, mapped='^OLD("PART")'),
        UserTable("USER", "New", "Fact", kinds, ((1, "A"),), by_code, columnar="^New.FactC"),
    ]
    world.operations.validation_seconds = 0.0
    async with serve(world=world) as served, desk_on(served, tmp_path, clock=Restless()) as at:
        await at.do("/helper install")
        columnar = table(await at.say("which classes store in ^New.FactC"), "indexes")
        assert [(row["class"], row["location"]) for row in columnar.rows] == [("New.Fact", "^New.FactD")]
        mapped = table(await at.say("show the indexes of ^OLD"), "indexes")
        assert [(row["class"], row["rows"]) for row in mapped.rows] == [("Old.Part", 2)]
        plan = await at.plan("validate the indexes of ^OLD")
        assert any("not known to work for classes of %Storage.SQL" in warning for warning in plan.warnings)
        assert "How large its global is, is not known." in plan.effects
        replies = await at.yes(plan)
        assert verdicts(replies) == {"ByCode": "nothing seen"}, (
            "nothing is called clean that may not be checked"
        )
        assert (await at.problem("rebuild the indexes of Old.Part")).error == "SqlMapped"


async def test_without_the_tables_of_columns_and_maps_the_answer_says_so(tmp_path: Path) -> None:
    async with broken(tmp_path) as at:
        served = at.served
        add_role(served, "Clerk", "%SQL", DB_USER=Permission.READ, DB_IRISSYS=Permission.READ)
        grants(served, "Clerk")
        served.doubt("dictionary=refused")
        for name in ("CompiledClass", "CompiledStorage", "CompiledStorageIndex", "CompiledIndex"):
            served.runtime.grant_select("%Dictionary", name, "Clerk", namespace="USER")
        served.runtime.grant_select("Ens_Util", "Log", "Clerk", namespace="USER")
        async with desk_as(served, tmp_path / "clerk", "clerk", "Clerk") as clerk:
            shown = table(await clerk.say("/indexes ^Ens.Util.LogD namespace=USER"), "indexes")
            assert len(shown.rows) == 3
            assert "columnar storage and SQL-mapped storage of USER could not be looked through" in " ".join(
                shown.notes
            )


async def test_a_read_only_profile_refuses_with_the_reason(tmp_path: Path) -> None:
    async with broken(tmp_path) as at:
        link = at.session.hub.require()
        link.follow(replace(link.profile, read_only=True))
        assert "loads the instance" in (await at.problem("/indexes validate Ens.Util.Log")).message
        assert (await at.problem("/indexes build Ens.Util.Log")).error == "ReadOnly"
        assert isinstance((await at.say("/indexes Ens.Util.Log"))[0], Table)


async def test_an_account_without_rights_is_told_which(tmp_path: Path) -> None:
    async with broken(tmp_path, "dictionary=readable") as at:
        served = at.served
        add_role(served, "Clerk", "%SQL", DB_USER=Permission.READ, DB_IRISSYS=Permission.READ)
        grants(served, "Clerk")
        async with desk_as(served, tmp_path / "clerk", "clerk", "Clerk") as clerk:
            refused = await clerk.problem("/indexes validate Ens.Util.Log")
            assert (refused.error, refused.message) == (
                "NotPermitted",
                "This account may not read the table Ens_Util.Log of Ens.Util.Log: it lacks SELECT on it.",
            )
            assert "GRANT SELECT ON Ens_Util.Log TO this account" in refused.cure
            served.runtime.grant_select("Ens_Util", "Log", "Clerk", namespace="USER")
            (*_, refused_build) = await agreed(clerk, "/indexes build Ens.Util.Log")
            assert isinstance(refused_build, Problem)
            assert refused_build.message == "This account lacks the SQL privilege %BUILD_INDEX in USER."
        served.doubt("dictionary=refused")
        async with desk_as(served, tmp_path / "again", "clerk2", "Clerk") as clerk:
            refused = await clerk.problem("/indexes validate Ens.Util.Log")
            assert "SQL wants SELECT on %Dictionary.CompiledClass" in refused.message
        await at.do("/helper install")
        served.doubt("execute=needed", "dictionary=readable")
        rights = {"DB_USER": Permission.READ, "DB_IRISSYS": Permission.READ, "Service_SQL": Permission.USE}
        add_role(served, "Guest", "%SQL", **rights)  # no %Native_ClassExecution
        async with desk_as(served, tmp_path / "third", "guest", "Guest") as guest:
            refused = await guest.problem("/indexes validate Ens.Util.Log")
            assert refused.message == "SQL wants EXECUTE on Config.Namespaces_List."
            served.runtime.grant_select("Ens_Util", "Log", "Guest", namespace="USER")
            (*_, refused_run) = await agreed(guest, "/indexes validate Ens.Util.Log namespace=USER")
            assert isinstance(refused_run, Problem)
            assert (
                refused_run.message
                == "This account may not run the helper, which lets the instance validate."
            )
            assert "%Native_ClassExecution:U" in refused_run.cure


def grants(served: Served, role: str) -> None:
    """What a clerk needs to connect and to call methods."""
    found = served.world.roles.get(role)
    assert found is not None
    found.resources |= {"%Native_ClassExecution": Permission.USE, "%Service_SQL": Permission.USE}


@asynccontextmanager
async def desk_as(served: Served, home: Path, user: str, *roles: str) -> AsyncIterator[Desk]:
    """Another person at the same instance."""
    from irisops.simulator.world.model import User  # noqa: PLC0415 - beside its use

    served.world.add_user(User(user, roles=list(roles)), GOOD)
    async with desk_on(served, home, clock=Restless()) as at:
        link = at.session.hub.require()
        at.session.hub.secrets.remember(replace(link.profile, user=user), GOOD)
        at.session.hub.add_temporary(replace(link.profile, name="other", user=user))
        await at.say("/connect other")
        yield at


async def test_stopping_ends_the_process_on_the_instance(tmp_path: Path) -> None:
    async with broken(tmp_path, validation_seconds=1000.0) as at:
        await at.do("/helper install")
        plan = await at.plan("/indexes validate Ens.Util.Log")
        replies = at.session.confirm(plan.id)
        async for reply in replies:
            if isinstance(reply, Progress) and "Process" in reply.message:
                break
        jobs = [
            each.pid for each in at.served.world.processes.values() if each.routine == "ZIrisOps.Helper.1"
        ]
        assert len(jobs) == 1
        assert isinstance(replies, AsyncGenerator)
        await replies.aclose()
        assert jobs[0] not in at.served.world.processes
        assert not at.served.runtime.emulation.globals.defined("USER", "IRIS.Temp.ZIrisOps", ())
        assert at.entries()[-1].status == "failed"
        # A process that somebody else ends is told.
        plan = await at.plan("/indexes validate Ens.Util.Log")
        told: list[Reply] = []
        async for reply in at.session.confirm(plan.id):
            told.append(reply)
            for process in list(at.served.world.processes.values()):
                if process.routine == "ZIrisOps.Helper.1":
                    at.served.world.terminate_process(process.pid)
        assert isinstance(told[-1], Problem)
        assert "ended without a result" in told[-1].message
