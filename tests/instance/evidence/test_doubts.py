"""The evidence of a simulator says of each doubt what the simulator does, or nothing."""

from __future__ import annotations

import pytest

from irisops.instance.evidence import doubts as table
from irisops.simulator.doubts import DOUBTS, Doubts
from tests.instance.evidence.collecting import (
    ADMINISTRATOR,
    OPERATOR,
    SECURITY,
    collect_as,
    simulated,
    values,
)

BY_WHOM = {
    "execute": SECURITY,
    "security-objects": SECURITY,
    "dictionary": SECURITY,
    "community-units": OPERATOR,
    "empty-string": ADMINISTRATOR,
    "granted-via": SECURITY,
    "last-login": ADMINISTRATOR,
    "columns": ADMINISTRATOR,
    "row-sets": OPERATOR,
    "role-resources": ADMINISTRATOR,
    "projection": ADMINISTRATOR,
    "event-id": ADMINISTRATOR,
}
"""The account that can settle a doubt."""
NOT_BY_READING = {"function", "admin-api", "application-new", "procedure-word", "feature-options"}
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


def test_each_doubt_is_settled_or_says_what_would_settle_it() -> None:
    assert {each.name for each in table.DOUBTS if each.settle is None} == NOT_BY_READING
    assert all(bool(each.settle) != bool(each.otherwise) for each in table.DOUBTS)
    assert BY_WHOM.keys() | NOT_BY_READING == {each.name for each in DOUBTS}


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
        collected = await collect_as(running, BY_WHOM[doubt])
    assert collected.answers[doubt] == value, collected.because(doubt)


@pytest.mark.parametrize("version", ["2024.1", "2025.2", "2026.2"])
@pytest.mark.parametrize("number", range(NTH))
async def test_no_account_gets_a_wrong_answer(number: int, version: str) -> None:
    chosen = nth(number)
    settled: set[str] = set()
    async with simulated(chosen, version=version) as running:
        running.runtime.grant_select("%SYS", "Audit", "%SQL")
        for account in (ADMINISTRATOR, SECURITY, OPERATOR):
            collected = await collect_as(running, account)
            for doubt, answer in collected.answers.items():
                assert answer in ("", values(chosen)[doubt]), (account, doubt, collected.because(doubt))
                assert collected.because(doubt)
            settled |= {doubt for doubt, answer in collected.answers.items() if answer}
            assert collected.findings.all is (account == ADMINISTRATOR)
    never = set() if version > "2025.1" else {"security-objects"}
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


async def test_a_quiet_instance_leaves_open_what_it_cannot_show() -> None:
    async with simulated(Doubts(), scenario="quiet") as running:
        collected = await collect_as(running, ADMINISTRATOR)
    assert collected.answers["community-units"] == ""
    assert collected.answers["granted-via"] == ""
    assert "by a role" in collected.because("granted-via")
