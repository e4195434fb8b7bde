"""The evidence of a simulator says of each doubt what the simulator does, or nothing."""

from __future__ import annotations

from functools import partial

import iris
import pytest

from irisops.instance.evidence import doubts as table
from irisops.instance.evidence.report import compare
from irisops.simulator.doubts import DOUBTS, Doubts
from irisops.simulator.main import Options
from tests.instance.evidence.collecting import (
    ADMINISTRATOR,
    OPERATOR,
    SECURITY,
    collect_as,
    simulated,
    take_last_places,
    values,
)
from tests.simulator.conformance.target import simulator

BY_WHOM = {
    "execute": SECURITY,
    "security-objects": SECURITY,
    "dictionary": SECURITY,
    "community-units": OPERATOR,
    "empty-string": ADMINISTRATOR,
    "granted-via": SECURITY,
    "last-login": ADMINISTRATOR,
    "columns": ADMINISTRATOR,
    "function": OPERATOR,
    "row-sets": OPERATOR,
    "role-resources": ADMINISTRATOR,
    "projection": ADMINISTRATOR,
    "admin-api": OPERATOR,
    "event-id": ADMINISTRATOR,
}
"""The account that can settle a doubt."""
BY_HAND = {
    "free-rows": "/database dismount NAME",
    "journal-free": "write ##class(%SYS.Journal.System).GetFreeSpace()",
    "index-status": "0,1,0,0,.errors) write status",
    "index-errors": "0,1,0,0,.errors) zwrite errors",
    "index-refusal": 'write ##class(%SYSTEM.OBJ).ValidateIndices("No.Such","",0,1,0,0,.errors)',
    "index-kinds": "0,1,0,0,.errors) zwrite errors",
    "built-index": "BUILD INDEX FOR TABLE SCHEMA.TABLE",
    "device-output": 'classMethodVoid("%SYSTEM.License", "ShowCounts")',
    "disabled-app": "curl -i http://HOST:PORT/APP/",
    "unlicensed-page": "open terminals until one is refused, then curl -i",
    "procedure-word": "write ##class(%SYSTEM.SQL.Security).GrantPrivilege(",
    "feature-options": 'iris.connect(..., featureOptions=1).cursor().execute("SELECT 1")',
}
"""The call that settles a doubt which reading cannot."""
NTH = max(len(doubt.behaviours) for doubt in DOUBTS)


def nth(number: int) -> Doubts:
    """Each doubt with its behaviour of this number, or its last."""
    return Doubts().choose(
        *(f"{each.name}={each.behaviours[min(number, len(each.behaviours) - 1)].value}" for each in DOUBTS)
    )


def test_names_and_values_are_those_of_the_simulator() -> None:
    assert {each.name: each.values for each in table.DOUBTS} == {
        each.name: tuple(behaviour.value for behaviour in each.behaviours) for each in DOUBTS
    }


def test_each_doubt_is_settled_by_reading_or_by_hand() -> None:
    assert BY_WHOM.keys() | BY_HAND.keys() == {each.name for each in DOUBTS}


@pytest.mark.parametrize(
    ("doubt", "value"),
    [
        (each.name, behaviour.value)
        for each in DOUBTS
        if each.name in BY_WHOM
        for behaviour in each.behaviours
    ],
)
async def test_it_is_settled_rightly(doubt: str, value: str) -> None:
    async with simulated(Doubts().choose(f"{doubt}={value}")) as running:
        running.runtime.grant_select("%SYS", "Audit", "%SQL")
        fill = partial(take_last_places, running) if doubt == "admin-api" else None
        collected = await collect_as(running, BY_WHOM[doubt], fill)
    assert collected.answers[doubt] == value, collected.because(doubt)


@pytest.mark.parametrize("version", ["2024.1", "2025.2", "2026.2"])
@pytest.mark.parametrize("number", range(NTH))
async def test_no_account_gets_a_wrong_answer(number: int, version: str) -> None:
    chosen = nth(number)
    settled: set[str] = set()
    async with simulated(chosen, version=version) as running:
        running.runtime.grant_select("%SYS", "Audit", "%SQL")
        for account in (ADMINISTRATOR, SECURITY, OPERATOR):
            # With every unit in use, the SysAdmin API shows what it does then.
            fill = partial(take_last_places, running) if account == OPERATOR else None
            collected = await collect_as(running, account, fill)
            for doubt, answer in collected.answers.items():
                assert answer in ("", values(chosen)[doubt]), (account, doubt, collected.because(doubt))
                assert collected.because(doubt)
            for doubt, call in BY_HAND.items():
                assert collected.because(doubt).startswith("not by reading: ")
                assert "; by hand: " in collected.because(doubt)
                assert call in collected.because(doubt)
            settled |= {doubt for doubt, answer in collected.answers.items() if answer}
            assert collected.findings.all is (account == ADMINISTRATOR)
    later = {"security-objects": "2025.2", "admin-api": "2026.2"}
    never = {doubt for doubt, since in later.items() if version < since}
    assert settled == BY_WHOM.keys() - never


async def test_what_was_granted_proves_nothing() -> None:
    """An account that was given EXECUTE says nothing about those that were not."""
    async with simulated(Doubts()) as running:
        admin = await collect_as(running, ADMINISTRATOR)
        assert admin.because("execute") == "this account has %All; ask as one without it"
        running.runtime.grant_select("%Dictionary", "CompiledMethod", SECURITY)
        for name in ("CompiledQuery", "CompiledProperty"):
            running.runtime.grant_select("%Dictionary", name, SECURITY)
        collected = await collect_as(running, SECURITY)
    assert collected.answers["dictionary"] == ""
    assert collected.because("dictionary") == "this account was granted SELECT"


async def test_what_stays_open_is_told_with_the_way_to_settle_it() -> None:
    async with simulated(Doubts()) as running:
        collected = await collect_as(running, ADMINISTRATOR)
    found = {each.doubt: each for each in compare(collected.evidence)}
    assert {each.name for each in table.DOUBTS if each.by_hand} == {"admin-api", *BY_HAND}
    for doubt in table.DOUBTS:
        if doubt.by_hand:
            assert found[doubt.name].verdict == "not settled"
            assert found[doubt.name].because.endswith(f"; by hand: {doubt.by_hand}")
    assert found["admin-api"].because.startswith("units are free; by hand: ")


@pytest.mark.parametrize(("value", "works"), [("granted", True), ("none", False)])
def test_a_login_by_hand_settles_the_feature_option(value: str, works: bool) -> None:
    doubts = Doubts().choose(f"feature-options={value}")
    with simulator(Options(scenario="quiet", web_port=None, doubts=doubts)) as target:
        asked = iris.connect(target.host, target.port, "%SYS", target.user, target.password, featureOptions=1)
        cursor = asked.cursor()
        if works:
            cursor.execute("SELECT 1")
            assert cursor.fetchall() == ((1,),)
        else:
            with pytest.raises(iris.dbapi.DataError):
                cursor.execute("SELECT 1")
        asked.close()


@pytest.mark.parametrize(("value", "taken"), [("taken", True), ("refused", False)])
def test_a_grant_by_hand_settles_the_word_for_procedures(value: str, taken: bool) -> None:
    doubts = Doubts().choose(f"procedure-word={value}")
    with simulator(Options(scenario="quiet", web_port=None, doubts=doubts)) as target:
        connection = target.connect()
        status = iris.createIRIS(connection).classMethodValue(
            "%SYSTEM.SQL.Security", "GrantPrivilege", "EXECUTE", "Some.Procedure", "PROCEDURE", target.user
        )
        assert (status == 1) is taken
        connection.close()


async def test_a_quiet_instance_leaves_open_what_it_cannot_show() -> None:
    async with simulated(Doubts(), scenario="quiet") as running:
        collected = await collect_as(running, ADMINISTRATOR)
    assert collected.answers["community-units"] == ""
    assert collected.answers["granted-via"] == ""
    assert "by a role" in collected.because("granted-via")
