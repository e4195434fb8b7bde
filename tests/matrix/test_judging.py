"""The judge itself, and the strictness of the table of known cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.replies import Column, Done, Plan, Problem, Reply, Table
from irisops.instance.capabilities import DoctorRow, State
from irisops.simulator.world.model import Permission
from tests.matrix.judging import Judged, Verdict, judge
from tests.matrix.known import Known
from tests.matrix.test_matrix import Cell, boasted, mended, new_wrongs
from tests.matrix.worlds import KINDEST, Figures, Held, Place, Seen, Walk, standing_in

PLACE = Place("secadmin", "2025.2", KINDEST)
HELD = Held(superuser=False, permissions={"%admin_secure": Permission.USE})
PLAN = Plan("user", "Change bob", "local", [])


def table(*rows: tuple[str, int | None], note: str = "") -> Seen:
    cells = [{"name": name, "age": age} for name, age in rows]
    columns = [Column("name", "NAME"), Column("age", "AGE", "number")]
    return Seen([Table("users", "Users", columns, cells, key="name", notes=[note] if note else [])])


def refused(message: str, error: str = "NotPermitted", cure: str = "Ask somebody.") -> Problem:
    return Problem(error, message, cure)


def changed(*after: Reply, value: int = 2) -> Seen:
    return Seen([PLAN], list(after), {"users/bob/age": (1, value)}, agreed=True)


LISTED = table(("ann", 1), ("bob", 2))
DONE = changed(Done("user", "Bob is changed."))


@pytest.mark.parametrize(
    ("reference", "seen", "verdict"),
    [
        (LISTED, table(("ann", 1), ("bob", 2), note="More to say."), "right"),
        (LISTED, table(("ann", 1), ("bob", None), note="Ages cannot be read: no."), "partial"),
        (LISTED, table(("ann", 1), note="The age of bob is not known."), "partial"),
        (LISTED, table(("ann", 1), note="This is the list."), "wrong"),
        (LISTED, table(("ann", 1), ("bob", None), note="Roles cannot be read: no."), "wrong"),
        (LISTED, table(("ann", 1), ("bob", 3), note="Ages cannot be read."), "wrong"),
        (LISTED, table(("ann", 1), ("bob", 2), ("eve", 3)), "wrong"),
        (LISTED, table(), "wrong"),
        (LISTED, Seen([refused("This account lacks %Admin_Operate:U.")]), "refused early"),
        (LISTED, Seen([refused("This account lacks %Admin_Secure:U.")]), "wrong"),
        (LISTED, Seen([refused("This account has %Admin_Operate:U, but no.")]), "wrong"),
        (LISTED, Seen([refused("No.", cure="Ask an administrator for the privilege, or …")]), "wrong"),
        (LISTED, Seen([refused("<CLASS DOES NOT EXIST>", "InstanceError")]), "wrong"),
        (DONE, changed(Done("user", "Bob is changed.")), "right"),
        (DONE, changed(Done("user", "Bob is changed."), value=3), "wrong"),
        (DONE, Seen([PLAN], [refused("This account lacks %Admin_Operate:U.")], agreed=True), "wrong"),
        (DONE, Seen([PLAN], [Done("user", "Bob is changed.")], agreed=True), "wrong"),
    ],
)
def test_what_an_answer_is_worth(reference: Seen, seen: Seen, verdict: Verdict) -> None:
    judged = judge(reference, seen, HELD, PLACE)
    assert judged.verdict == verdict, judged


def test_a_sweep_may_leave_out_what_it_names() -> None:
    both: Figures = {"users/ann/enabled": (True, False), "users/bob/enabled": (True, False)}
    one: Figures = {"users/ann/enabled": (True, False)}
    reference = Seen([PLAN], [Done("user", "Both.")], dict(both), agreed=True)

    def swept(*warnings: str, change: Figures = one) -> Verdict:
        plan = Plan("user", "Change bob", "local", [], warnings=list(warnings))
        return judge(
            reference, Seen([plan], [Done("user", "One.")], dict(change), agreed=True), HELD, PLACE
        ).verdict

    said = "Left out, because the instance does not give their age: {}."
    assert swept(said.format("bob")) == "partial"
    assert swept(said.format("bobby")) == "wrong"
    assert swept() == "wrong"
    assert swept(said.format("bob"), change={**one, "users/bob/enabled": (True, True)}) == "wrong"
    assert swept(said.format("bob"), change={**one, "users/eve/enabled": (True, False)}) == "wrong"


@pytest.mark.parametrize("helper", [False, True])
def test_a_cure_that_is_there_already_is_none(helper: bool) -> None:
    refusal = Seen([refused("This account lacks %Admin_Operate:U.", cure="/helper install offers it.")])
    place = Place("secadmin", "2025.2", KINDEST, helper)
    assert judge(LISTED, refusal, HELD, place).verdict == ("wrong" if helper else "refused early")


def test_a_known_cell_passes_while_it_is_wrong_and_fails_when_it_is_right() -> None:
    known = Known("/users", "secadmin", "execute=not-needed", "an example")
    wrong = [Cell("/users", PLACE, Judged("wrong", "3 instead of 2"))]
    right = [Cell("/users", PLACE, Judged("right"))]
    assert new_wrongs(wrong, ())
    assert not new_wrongs(wrong, [known])
    assert not mended(wrong, [known])
    assert mended(right, [known])
    assert not known.fits("/users", Place("operator", "2025.2", KINDEST))


@pytest.mark.parametrize(
    ("proved", "state", "superuser", "complaints"),
    [
        ("privilege", "failed", False, 1),
        ("privilege", "worked", False, 0),
        ("%All", "failed", False, 0),
        ("%All", "failed", True, 1),
        ("nobody", "failed", True, 0),
    ],
)
def test_what_is_proved_for_an_account_must_not_fail_for_it(
    proved: str, state: State, superuser: bool, complaints: int
) -> None:
    row = DoctorRow("users.edit", available=True, route="", rejected=(), state=state, proved=proved)
    held = Held(superuser, HELD.permissions)
    assert len(boasted(Walk(PLACE, held, {}, [row]))) == complaints
    lacks = Held(superuser, {})
    assert len(boasted(Walk(PLACE, lacks, {}, [row]))) == (complaints if superuser else 0)


async def test_the_clock_alone_changes_nothing_and_a_suspended_process_shows(tmp_path: Path) -> None:
    async with standing_in(PLACE.reference, tmp_path) as stand:
        processes = stand.world.processes
        states = {pid: row.state for pid, row in processes.items()}
        before = stand.figures()
        for _ in range(30):
            stand.simulator.control.advance(2.0)
        assert {pid: row.state for pid, row in processes.items()} != states
        assert stand.figures() == before
        pid = stand.names()["pid"]
        suspended = await stand.say(f"/process suspend {pid}", agree=True)
        assert suspended.change == {f"processes/{pid}/suspended": (False, True)}
        ended = await stand.say(f"/process terminate {pid}", agree=True)
        assert ended.change[f"processes/{pid}/suspended"] == (True, None)
