"""The first ten minutes of three people, in plain sentences alone: no line of theirs begins with a slash."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from irisops.ui.card import Card
from tests.e2e.staging import stage
from tests.terminal import Terminal
from tests.ui.driving import NEVER, DrivenApp, Driver, app_of, text_of, until

if sys.platform == "win32":
    pytest.skip("pseudo-terminals", allow_module_level=True)

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.timeout(180)


class Newcomer:
    """Somebody at a terminal who knows no command."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def say(self, sentence: str, *seen: str) -> str:
        """Type a sentence; wait until the screen shows all of `seen`. Returns the screen."""
        assert not sentence.startswith("/")
        self.terminal.type_line(sentence)
        return self.see(*seen)

    def see(self, *seen: str) -> str:
        for pattern in seen:
            self.terminal.wait_for(pattern, timeout=60)
        return self.terminal.text

    def yes(self, *seen: str) -> str:
        self.terminal.wait_for("y yes")
        self.terminal.send("y")
        return self.see(*seen)

    def no(self) -> None:
        self.terminal.wait_for("y yes")
        self.terminal.send("n")
        self.terminal.wait_gone("y yes")

    def leave(self) -> None:
        self.terminal.type_line("bye")
        assert self.terminal.wait_exit() == 0


@contextmanager
def newcomer(home: Path, scenario: str, columns: int, rows: int) -> Iterator[Newcomer]:
    argv = [sys.executable, "-m", "irisops", "demo", "--scenario", scenario]
    environment = {"IRISOPS_HOME": str(home), "TERM": "xterm-256color"}
    with Terminal(argv, columns=columns, rows=rows, env=environment, cwd=ROOT) as terminal:
        terminal.wait_for(r"● demo +IRIS", timeout=60)
        yield Newcomer(terminal)


@pytest.mark.parametrize(("columns", "rows"), [(120, 36), (80, 24)])
def test_a_hackathon_is_shared_watched_and_ended(tmp_path: Path, columns: int, rows: int) -> None:
    with newcomer(tmp_path, "hackathon", columns, rows) as host:
        # What is agreed to is in sight while the question is open, however many findings there are.
        host.say(
            "share superserver for 2h with 4 people",
            "Type demo and Enter",
            "findings are amber: see above",
            "4 passes named guest-",
            "role  none →",
            "Open until",
            "Each may: SELECT",
            "Not: changing data",
        )
        host.say("amber", "Wrong word")
        # The wrong word is selected, so the next letter replaces it. Ctrl+U would act after the letters behind it.
        host.say("demo", "Pass guest-")
        host.say("who is on the tunnel", "Who is on", "guest-")
        host.say("extend the share by 1h", "open until")
        host.yes("is open until")
        host.say("kick the second one", "Send guest-")
        host.yes("is sent away")
        host.say("stop sharing", "End share")
        host.yes("nothing is left")
        host.leave()


def test_a_role_is_made_given_changed_and_taken_back_at_80x24(tmp_path: Path) -> None:
    with newcomer(tmp_path, "home", 80, 24) as admin:
        admin.say("create a role called Clerk", "New role", "Privileges")
        admin.terminal.press("tab")
        admin.terminal.send("for the desk")
        admin.see("for the desk")
        admin.terminal.press("ctrl+s")
        admin.yes("Role Clerk")
        admin.say("give appuser Clerk", "Give Clerk to appuser")
        admin.yes("appuser now")
        admin.say("and reader?", "Give Clerk to reader")
        admin.yes("reader now")
        admin.say("show the members of Clerk", "appuser", "reader")
        admin.say("can reader write the database IRISSYS", r"\? No", "f fix it")
        assert "y yes" not in admin.terminal.text, "the answer is followed by no question"
        admin.say("fix it", "y yes")
        admin.no()
        admin.say("undo that", "Take back change")
        admin.yes("reader now holds SimConnect, %SQL, %DB_USER\\.")
        admin.say("Clerk", "Clerk is a role", "1 /role members Clerk")
        admin.say("1", "appuser")
        admin.leave()


async def say(pilot: Driver, sentence: str) -> Card:
    """Type a sentence; its card once it is answered or asks for a yes."""
    assert not sentence.startswith("/")
    conversation = app_of(pilot).conversation
    before = conversation.transcript.cards[-1:]
    conversation.prompt.put(sentence)
    await pilot.press("enter")
    await until(pilot, lambda: conversation.transcript.cards[-1:] != before and not conversation.running)
    card = conversation.transcript.cards[-1]
    if card.state == "waiting":
        await until(pilot, lambda: conversation.questions.shown is not None)
    return card


async def test_a_full_license_is_understood_and_a_unit_got_back(tmp_path: Path) -> None:
    async with stage("home", tmp_path) as on, on.person() as maria:
        on.simulator.control.fill_license()
        app = DrivenApp(maria.session, poll_interval=NEVER, environment={})
        async with app.run_test(size=(100, 30)) as pilot:
            assert "No connection is free" in text_of(await say(pilot, "license limit exceeded"))
            assert (await say(pilot, "why?")).command.name == "license why"
            sessions = await say(pilot, "show sessions")
            assert sessions.command.slash == "/sessions"
            plan = await say(pilot, "end the second one")
            assert (plan.state, plan.command.name) == ("waiting", "sessions end")
            await pilot.press("n")
            await until(pilot, lambda: plan.state == "declined")
            assert on.consumed == 8
            plan = await say(pilot, "free a unit")
            assert "8 → 7" in text_of(plan)
            await pilot.press("y")
            await until(pilot, lambda: plan.state == "done")
            assert on.consumed == 7
            assert "cannot be" in text_of(await say(pilot, "undo that"))
            await say(pilot, "who holds my license")
            assert (await say(pilot, "sort by units")).command.slash == "/sort -units"
            assert (await say(pilot, "and maria?")).state in ("failed", "done")
