"""What a person agrees to is what a person was shown: nothing of it is cut or folded."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from irisops.agents.approvals import Approvals, WaitingPlan, shape_of
from irisops.agents.approve import approve_in
from irisops.agents.question import as_shown, look_alikes, question_of, too_much_to_show
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Change, Plan, Reply
from irisops.contract.wording import listed
from irisops.engine import reply_text
from irisops.session import Session
from tests.agents.serving import agent
from tests.commands.fakes import a_user

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
    a_plan(title="x" * 10_001),
    a_plan(Change("w" * 201, "none", "some")),
    a_plan(Change("roles", "none", "r" * 10_001)),
    a_plan(effects=["e" * 10_001]),
    a_plan(calls=["c" * 4001]),
    a_plan(FOLDED),
]


@pytest.mark.parametrize("length", [1, 200, 201, 4000, 4001, 10_000, 10_001])
@pytest.mark.parametrize(
    "made",
    [
        lambda text: a_plan(title=text),
        lambda text: a_plan(Change(text, "none", "some")),
        lambda text: a_plan(Change("roles", text, "some")),
        lambda text: a_plan(Change("roles", "none", text)),
        lambda text: a_plan(effects=[text]),
        lambda text: replace(a_plan(), warnings=[text]),
        lambda text: replace(a_plan(), instance=text),
        lambda text: a_plan(calls=[text]),
    ],
)
def test_a_plan_is_kept_if_and_only_if_a_terminal_shows_all_of_it(
    made: Callable[[str], Plan], length: int
) -> None:
    text = "x" * (length - 1) + "y"
    plan = made(text)
    assert too_much_to_show(plan) is (text not in reply_text.text(plan, 80))


async def test_no_name_is_left_out_of_a_plan(tmp_path: Path) -> None:
    """In the chat a long list ends in "and 3 more"; whoever agrees for an agent sees all of it."""
    async with agent(tmp_path) as it:
        names = [f"clerk{number:02d}" for number in range(20)]
        it.world.instance.all_users += [a_user(name, "%SQL") for name in names]
        line = f"/disable {' '.join(names)}"
        await it.plan(line)
        (chat,) = [reply for reply in await it.world.say(line) if isinstance(reply, Plan)]
        assert "more" in chat.title
        (waiting,) = Approvals(it.world.places).all(it.world.clock.now())
        shown = question_of(waiting).text
        assert all(name in shown.splitlines()[0] for name in names)
        assert " more" not in shown


def test_letters_that_look_like_others_are_told() -> None:
    plan = a_plan(Change("roles of b\u043eb", "none", "%SQL"), title="Give %SQL to b\u043eb")
    waiting = WaitingPlan("0" * 12, "local", "local", "c", datetime.now(UTC), shape_of(plan))
    assert "! Letters of several alphabets (Cyrillic and Latin) in b\u043eb" in question_of(waiting).text
    for name, told in {
        "\u0430\u0441\u0435": "No Latin letters, but they look so, in \u0430\u0441\u0435",
        "\u0391\u0392\u0395": "No Latin letters, but they look so",
        "\u05d0\u05d1\u05d2": "Letters that run from right to left in \u05d0\u05d1\u05d2",
    }.items():
        (warning,) = look_alikes(a_plan(title=f"Give %SQL to {name}"))
        assert warning.startswith(told)
    for name in ("bob", "Иван", "müller", "患者", "患者A", "Ελένη", "20µm"):
        assert look_alikes(a_plan(title=f"Give %SQL to {name}")) == []


NAMES = {
    "bob ": "bob\u2423", " bob": "\u2423bob", "b  ob": "b\u2423\u2423ob", "bob\u00a0": "bob‹00A0›",
    "bob\t": "bob‹0009›", f"bob{' ' * 60}! Checked: harmless.": "bob‹60 blanks›! Checked: harmless.", "bob\nx": "bob⏎x",
    "bob\u3000x": "bob‹3000›x", "bob x": "bob x",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_blank_makes_one_name_look_like_another_or_a_line_like_one_of_ours(name: str) -> None:
    plan = a_plan(Change(name, "none", name), title=name, effects=[name], calls=[f"    say {name}x"])
    waiting = WaitingPlan("0" * 12, "local", "local", "c", datetime.now(UTC), shape_of(plan))
    question = question_of(waiting).text.splitlines()
    shown = NAMES[name]
    assert question[0] == f"An agent wants to change local: {shown}"
    assert question[1:3] == [f"- {shown}: none → {shown}", f"- {shown}"]
    assert len(question) == 4
    terminal = reply_text.text(as_shown(plan)).splitlines()
    assert terminal[0] == f"{shown}?  (on local)"
    assert terminal[1:3] == [f"  {shown}: none → {shown}", f"  {shown}"]
    assert terminal[-1].startswith("        say "), "code keeps its indentation"
    assert " " * 4 not in terminal[-1].strip()


def test_what_a_terminal_shows_of_odd_blanks_counts_as_it_is_shown() -> None:
    plan = a_plan(Change("roles", "none", "\u3000" * 2000))
    assert too_much_to_show(as_shown(plan)), "each is shown in six characters"


async def test_a_name_that_reads_like_another_effect_is_told_to_be_a_name(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        names = ["bob and take %All from alice", "bob: none → %SQL", 'bob" or', "bob\u00a0x"]
        it.world.instance.all_users += [a_user(name) for name in names]
        for name in names:
            plan_id = await it.plan(f"/grant %SQL to {quote(name)}")
            (waiting,) = Approvals(it.world.places).all(it.world.clock.now())
            shown = f"This is one name: “{name}”".replace("\u00a0", "‹00A0›")
            assert f"! {shown}" in question_of(waiting).text.splitlines()
            out = io.StringIO()
            approve_in(Approvals(it.world.places), plan_id, out, lambda _prompt: "local\n", it.world.clock)
            assert f"  Warning: {shown}" in out.getvalue().splitlines()
            await it.told("apply", plan_id=plan_id)
        await it.plan("/grant %SQL to bob")
        (waiting,) = Approvals(it.world.places).all(it.world.clock.now())
        assert "one name" not in question_of(waiting).text


@pytest.mark.parametrize("plan", TOO_MUCH)
async def test_what_no_terminal_shows_is_not_kept(plan: Plan, tmp_path: Path) -> None:
    class Planning(Session):
        async def run(self, command: Command) -> AsyncGenerator[Reply, None]:
            assert "more" not in listed(range(100)), "all names are in its lists"
            yield plan

    async with agent(tmp_path, session=Planning) as it:
        assert await it.refused("plan", line="/grant %SQL to bob") == "TooMuchToShow"
        assert Approvals(it.world.places).all(it.world.clock.now()) == []
