"""Reads are bounded, and never end with an error."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from irisops.instance.calls import Answer, Call, Function, LoadSource, ObjectCall, Query, Update
from irisops.instance.capabilities import Capabilities
from irisops.instance.errors import InstanceError, NoAnswer, NotAvailable, Unreachable
from irisops.instance.evidence.findings import BUDGET, Findings, Seen, see
from irisops.instance.evidence.reads import (
    BY_CELLS,
    BY_REST,
    DELETE_SESSION,
    Read,
    documented_privileges,
    listed,
    reads,
)
from irisops.instance.evidence.report import document
from irisops.instance.system import make_info
from irisops.instance.usage.sessions import FUNCTION, NO_SESSION

ALL = reads("_SYSTEM", 4711)
INFO = make_info("IRIS for UNIX (Ubuntu) 2026.1 (Build 1U)", "%SYS", 1, None, None)
BY_DRIVER = [read for read in ALL if read.call is not None]
SLOWEST = max(read.seconds for read in ALL)


class Answering:
    """Answers each call, or raises what it was given for it; each takes `seconds`."""

    def __init__(self, seconds: float = 0.0, **raised: Exception) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.asked = 0
        self.capabilities = Capabilities()
        self.raised = {int(number.removeprefix("at_")): error for number, error in raised.items()}

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        raise AssertionError("reads go one by one")

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        self.asked += 1
        assert deadline == BY_DRIVER[self.asked - 1].seconds
        self.now += self.seconds
        if self.asked in self.raised:
            raise self.raised[self.asked]
        return Answer(value=1)


async def seen_by(answering: Answering) -> list[Seen]:
    return [each async for each in see(answering, ALL, monotonic=lambda: answering.now)]


async def test_every_read_is_done_once_and_timed() -> None:
    answering = Answering(0.5)
    seen = await seen_by(answering)
    assert len(seen) == len(ALL)
    assert answering.asked == len(BY_DRIVER)
    *there, absent = sorted(seen, key=lambda each: each.read.call is None)
    assert {each.seconds for each in there} == {0.5}
    assert all(each.answer is not None and each.problem is None for each in there)
    assert absent.read.name == BY_REST
    assert isinstance(absent.problem, NotAvailable)


async def test_a_slow_instance_ends_the_reads_within_two_minutes() -> None:
    answering = Answering(SLOWEST)
    seen = await seen_by(answering)
    assert answering.now <= BUDGET + SLOWEST < 120
    assert len(seen) == len(ALL)
    assert [each.problem.message for each in seen[answering.asked :] if each.problem] == [
        "Not read: the time was up."
    ] * (len(ALL) - answering.asked)


async def test_an_error_of_one_read_leaves_the_others() -> None:
    answering = Answering(at_3=InstanceError("no"))
    seen = await seen_by(answering)
    assert [each.read.name for each in seen if each.problem] == [ALL[2].name, BY_REST]


@pytest.mark.parametrize("lost", [NoAnswer("late"), Unreachable("gone")])
async def test_a_lost_connection_ends_the_reads(lost: Exception) -> None:
    answering = Answering(at_5=lost)
    seen = await seen_by(answering)
    assert answering.asked == 5
    assert all(each.problem is lost for each in seen[4:])
    assert [each.done for each in seen[3:7]] == [True, True, False, False]
    findings = Findings(INFO, "bob", seen)
    evidence = document(findings, date(2026, 3, 1))
    assert {each["answer"] for each in list(evidence["reads"].values())[5:]} == {"not read"}
    assert not any(each["answer"] for each in evidence["doubts"].values())
    assert findings.all is None


def test_nothing_that_is_read_changes_anything() -> None:
    """What opens, saves or ends is not among the calls, and each name stands for one read.

    The one function that is called gets the id of no session.
    """
    assert len({read.name for read in ALL}) == len(ALL)
    for read in ALL:
        match read.call:
            case Query(sql):
                assert sql.startswith("SELECT ")
                assert "ForUpdate" not in sql
            case ObjectCall(method=method, steps=steps):
                assert method in ("%OpenId", "Sample")
                assert all(
                    step.kind == "get" or (step.kind, step.name) == ("invoke", "Count") for step in steps
                )
            case Function():
                assert (read.name, read.call) == (DELETE_SESSION, Function(*FUNCTION, (NO_SESSION,)))
            case Update() | LoadSource():
                pytest.fail(read.name)


def test_all_lists_of_irisops_are_read() -> None:
    names = {read.name for read in ALL}
    assert {f"{query} {BY_CELLS}" for query in listed()} <= names
    assert "Security.Users:List" in listed()
    assert {"%Admin_Secure:U", "%DB_IRISSYS:W"} <= set(documented_privileges())


def test_no_name_of_a_read_holds_the_account() -> None:
    assert not [read.name for read in reads("canary", 1) if "canary" in read.name]
    assert isinstance(ALL[0], Read)
