"""A yes in a terminal: the plan as it is in the server, shown whole, agreed by its word, used once."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from irisops.agents.approvals import Approvals
from irisops.agents.approve import approve_in
from irisops.engine.plans import LIFETIME
from irisops.run_command import Exit
from tests.agents.serving import APPLY, Agent, agent
from tests.commands.fakes import a_user


def approve(it: Agent, plan_id: str, word: str) -> tuple[int, str]:
    """What `irisops approve` prints to a person who types `word`."""
    out = io.StringIO()

    def typed(prompt: str) -> str:
        out.write(prompt)
        return f"{word}\n"

    status = approve_in(Approvals(it.world.places), plan_id, out, typed, it.world.clock)
    return status, out.getvalue()


async def test_a_yes_in_a_terminal_lets_the_agent_apply_once(tmp_path: Path) -> None:
    async with agent(tmp_path, replace(APPLY, guarded=True), can_ask=False) as it:
        plan_id = await it.plan()
        assert await it.refused("apply", plan_id=plan_id) == "NeedsApproval"
        status, said = approve(it, "", "local")
        assert status == Exit.DONE
        assert said.startswith("An agent wants to do this:\n\nGive %SQL to bob?")
        assert "\nIts program calls itself: mcp 0.1.0\nTo agree type local; " in said
        assert "bob gains 1 privilege" in said
        await it.told("apply", plan_id=plan_id)
        assert it.world.instance.held("bob") == ("%SQL",)
        assert it.calls()[-1].approval == "terminal"
        refused = next(call for call in it.calls() if call.outcome == "NeedsApproval")
        assert (refused.profile, refused.line) == ("local", "/grant %SQL to bob")
        assert await it.refused("apply", plan_id=plan_id) == "PlanGone"
        assert approve(it, plan_id, "local")[1] == "No plan of an agent waits.\n"


async def test_on_a_terminal_lines_break_between_words_and_nothing_is_lost(tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    async with agent(tmp_path, replace(APPLY, guarded=True), can_ask=False) as it:
        names = [f"clerk.with.a.long.name.{number:02d}" for number in range(20)]
        it.world.instance.all_users += [a_user(name) for name in names]
        await it.plan(f"/disable {' '.join(names)}")
        out = Terminal()
        approve_in(Approvals(it.world.places), "", out, lambda _prompt: "local\n", it.world.clock)
        lines = out.getvalue().splitlines()
        assert all(len(line) < 80 for line in lines)
        for name in names:
            assert any(f"{name}," in line or name in line.split() for line in lines), "no name is broken"


async def test_anything_else_is_a_no(tmp_path: Path) -> None:
    async with agent(tmp_path, can_ask=False) as it:
        for word in ("y", "", "yes"):
            plan_id = await it.plan()
            assert approve(it, plan_id, word)[0] == Exit.NEEDS_YES
            assert await it.refused("apply", plan_id=plan_id) == "Declined"
            assert await it.refused("apply", plan_id=plan_id) == "PlanGone"
        assert not it.changed


async def test_several_plans_are_listed_and_chosen_by_id(tmp_path: Path) -> None:
    async with agent(tmp_path, can_ask=False) as it:
        first, second = await it.plan(), await it.plan("/grant %SQL to appuser")
        status, said = approve(it, "", "local")
        assert status == Exit.DONE
        assert first in said
        assert second in said
        assert approve(it, "000000000000", "local")[0] == Exit.NOT_UNDERSTOOD
        assert approve(it, second, "local")[0] == Exit.DONE
        assert await it.refused("apply", plan_id=first) == "NeedsApproval"
        await it.told("apply", plan_id=second)
        assert it.world.instance.held("appuser") == ("%Developer", "%SQL")


async def test_a_yes_is_for_what_was_shown(tmp_path: Path) -> None:
    """The plan's file is changed on the way to the terminal: what is agreed there is not what the server would do."""
    async with agent(tmp_path, can_ask=False) as it:
        plan_id = await it.plan()
        (file,) = (tmp_path / "state" / "agents" / "plans").glob("*.json")
        record = json.loads(file.read_text())
        record["plan"]["changes"] = [{"what": "nothing much", "before": "a", "after": "b"}]
        file.write_text(json.dumps(record))
        assert "nothing much" in approve(it, plan_id, "local")[1]
        assert await it.refused("apply", plan_id=plan_id) == "NeedsApproval"
        for damaged in ("", "{}", "[]", '{"id": 1}', json.dumps({**record, "plan": {}})):
            file.write_text(damaged)
            assert approve(it, plan_id, "local")[1] == "No plan of an agent waits.\n"
        assert not it.changed


async def test_a_yes_to_a_plan_that_waited_for_hours_is_too_late_and_says_so(tmp_path: Path) -> None:
    """The terminal stays open in the evening; in the morning somebody types the word."""
    async with agent(tmp_path, can_ask=False) as it:
        for gone in ("by age", "by another no"):
            plan_id = await it.plan()
            out = io.StringIO()
            approvals = Approvals(it.world.places)

            def typed(_prompt: str, gone: str = gone, plan_id: str = plan_id) -> str:
                if gone == "by age":
                    it.world.clock.passed += 3600
                else:
                    Approvals(it.world.places).drop(plan_id)
                return "local\n"

            assert approve_in(approvals, plan_id, out, typed, it.world.clock) == Exit.FAILED
            assert "Too late" in out.getvalue()
            assert "Agreed" not in out.getvalue()
            assert list((tmp_path / "state" / "agents" / "plans").iterdir()) == []
        assert not it.changed


async def test_a_terminal_that_is_left_says_neither_yes_nor_no(tmp_path: Path) -> None:
    def left(_prompt: str) -> str:
        raise KeyboardInterrupt

    async with agent(tmp_path, can_ask=False) as it:
        plan_id = await it.plan()
        out = io.StringIO()
        assert approve_in(Approvals(it.world.places), "", out, left, it.world.clock) == Exit.NEEDS_YES
        assert out.getvalue().endswith("Not answered: nothing is changed, and the plan still waits.\n")
        assert await it.refused("apply", plan_id=plan_id) == "NeedsApproval"
        assert approve(it, plan_id, "local")[0] == Exit.DONE
        await it.told("apply", plan_id=plan_id)


async def test_an_old_plan_cannot_be_agreed_and_the_files_are_private(tmp_path: Path) -> None:
    async with agent(tmp_path, can_ask=False) as it:
        await it.plan()
        folder = tmp_path / "state" / "agents" / "plans"
        (file,) = folder.glob("*.json")
        assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
        it.world.clock.passed += LIFETIME + 1
        assert approve(it, "", "local")[1] == "No plan of an agent waits.\n"
        assert list(folder.glob("*.json")) == []


async def test_a_plan_leaves_no_file_behind_when_the_server_ends(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        await it.plan()
    assert list((tmp_path / "state" / "agents" / "plans").iterdir()) == []
