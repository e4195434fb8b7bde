"""What a person agrees to is what a person was shown: nothing of it is cut or folded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from irisops.agents.approvals import Approvals, WaitingPlan, shape_of
from irisops.agents.question import question_of, too_much_to_show
from irisops.agents.service import AgentService
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Plan, Reply
from tests.agents.serving import agent

FOLDED = Change("and 3 more of the same kind", "", "")


def a_plan(
    *changes: Change, title: str = "Give", effects: Sequence[str] = (), calls: Sequence[str] = ()
) -> Plan:
    return Plan(
        name="x",
        id="plan-1",
        title=title,
        instance="local",
        changes=list(changes),
        effects=list(effects),
        calls={"ObjectScript": list(calls)},
    )


@pytest.mark.parametrize(
    "plan",
    [
        a_plan(title="x" * 401),
        a_plan(Change("roles", "none", "r" * 401)),
        a_plan(Change("roles", "\x1b" * 401, "none")),
        a_plan(effects=["e" * 1001]),
    ],
)
def test_a_question_that_is_cut_is_not_asked_in_a_client(plan: Plan) -> None:
    waiting = WaitingPlan("0" * 12, "local", "local", "c", datetime.now(UTC), shape_of(plan))
    assert question_of(waiting).too_long
    assert not too_much_to_show(plan), "a terminal shows it"


def test_a_short_question_is_asked_in_a_client() -> None:
    plan = a_plan(Change("roles", "none", "r" * 400), effects=["e" * 1000])
    waiting = WaitingPlan("0" * 12, "local", "local", "c", datetime.now(UTC), shape_of(plan))
    assert not question_of(waiting).too_long


TOO_MUCH = [
    a_plan(title="x" * 501),
    a_plan(Change("w" * 201, "none", "some")),
    a_plan(Change("roles", "none", "r" * 2001)),
    a_plan(effects=["e" * 2001]),
    a_plan(calls=["c" * 4001]),
    a_plan(FOLDED),
]


@pytest.mark.parametrize("plan", TOO_MUCH)
async def test_what_no_terminal_shows_is_not_kept(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def replies(_self: AgentService, _command: Command) -> list[Reply]:
        return [plan]

    async with agent(tmp_path) as it:
        monkeypatch.setattr(AgentService, "_replies", replies)
        assert await it.refused("plan", line="/grant %SQL to bob") == "TooMuchToShow"
        assert Approvals(it.world.places).all(it.world.clock.now()) == []
