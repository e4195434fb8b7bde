"""Questions for a secret: every way out ends them, and nothing typed for one is kept or shown, in any order of keys."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from textual import events

from irisops.contract.replies import Form, FormField
from irisops.ui.ask import Confirm, Secret
from irisops.ui.card import Card
from irisops.ui.editor import EditorScreen
from irisops.ui.record import transcript_markdown
from tests.ui.driving import SMALL, Clock, Driver, app_of, make_app, say, screen_text, until
from tests.ui.fake_chat import FakeChat
from tests.ui.test_typing_ahead import NAMES, asked, runs, shown

SECRET = "q9zXw!K7vPjx"
PIECE = 4
"""Signs of the secret in a row that would be a piece of it."""
PAUSE = 3.0
"""Seconds between two keys of somebody slow: longer than the prompt waits."""


class Keyboard:
    """Posts keys with a time of their own, as the program tells a pause by the time of a key and by nothing else."""

    def __init__(self, pilot: Driver) -> None:
        self._app = app_of(pilot)
        self._later = 0.0

    def type(self, text: str, *, slow: bool = False) -> None:
        """`text` is characters, or one name of a key in <>."""
        for name in [text[1:-1]] if text.startswith("<") else text:
            character = name if len(name) == 1 and name.isprintable() else None
            key = events.Key(NAMES.get(name, name), character)
            if slow:
                self._later += PAUSE
            key.time += self._later
            self._app.post_message(key)


def everything_kept(pilot: Driver, history: Path) -> str:
    """All that is shown, kept, saved or copied."""
    app = app_of(pilot)
    cards = app.conversation.transcript.query(Card)
    return "\n".join(
        [
            screen_text(app),
            *(f"{card.border_title} {card.border_subtitle}" for card in cards),
            *(f"{card.command!r} {card.entry!r}" for card in cards),
            transcript_markdown(app.conversation.transcript.entries),
            str(app.status.note),
            app.clipboard,
            history.read_text() if history.exists() else "",
        ]
    )


def pieces(secret: str) -> list[str]:
    return [secret[place : place + PIECE] for place in range(len(secret) - PIECE + 1)]


KEYS = (
    "<tab>",
    "<ctrl+f>",
    "/",
    "lost escape",
    "<up>",
    "<down>",
    "<ctrl+r>",
    "<ctrl+g>",
    "<ctrl+y>",
    "<ctrl+o>",
    "<alt+up>",
    "\x7f",
    "?",
    " ",
)
STEP = st.one_of(
    st.sampled_from(["secret", "first half", "second half", "paste", "lines"]),
    st.sampled_from(["\r", "\r", "\x1b", "<ctrl+c>", "ends by itself", "ask", "line"]),
    st.sampled_from(KEYS),
)


async def carry_out(steps: Sequence[tuple[str, bool, bool]]) -> None:
    """Each step with whether its keys are slow, and whether the program comes to rest behind it."""
    chat = FakeChat()
    with tempfile.TemporaryDirectory() as folder:
        history = Path(folder) / "history.jsonl"
        clock = Clock()
        async with make_app(chat, history=history, clock=clock).run_test(size=SMALL) as pilot:
            app = app_of(pilot)
            keyboard = Keyboard(pilot)
            await asked(pilot, "/connect clinic-test")
            near = True
            half = len(SECRET) // 2
            for step, slow, rests in steps:
                clock.advance(10)  # a second Ctrl+C soon after the first would quit
                match step:
                    case "secret" | "first half" | "second half" if near:
                        text = {"secret": SECRET, "first half": SECRET[:half]}.get(step, SECRET[half:])
                        keyboard.type(text, slow=slow)
                    case "paste" | "lines" if near:
                        app.post_message(events.Paste(SECRET if step == "paste" else f"{SECRET}\n{SECRET}\n"))
                    case "ask" if shown(pilot) is None and rests:
                        app.conversation.send("/connect clinic-test")
                        near = True
                    case "ends by itself":
                        app.workers.cancel_group(app.conversation, "command")
                    case "line" if shown(pilot) is None and rests and not app.conversation.prompt.text:
                        keyboard.type("/users\r")
                        near = False  # what is typed from now on is typed for no question
                    case "secret" | "first half" | "second half" | "paste" | "lines" | "ask" | "line":
                        pass
                    case "lost escape":  # how a terminal passes Esc, / and a command typed within 0.1 s
                        keyboard.type("/users\r")
                        near = False
                    case _:
                        keyboard.type(step, slow=slow)
                if rests:
                    await pilot.pause()
                if len(app.screen_stack) > 1:
                    app.pop_screen()
            keyboard.type("\r")
            await pilot.pause()
            kept = everything_kept(pilot, history)
            assert not [piece for piece in pieces(SECRET) if piece in kept], kept
            assert not [line for line in chat.log if SECRET in line]


@settings(max_examples=12, phases=(Phase.explicit, Phase.generate))
@given(st.lists(st.tuples(STEP, st.booleans(), st.booleans()), min_size=1, max_size=9))
@example([("<ctrl+c>", False, True), ("secret", False, True), ("\r", False, True)])
@example([("secret", False, False), ("\r", False, False), ("secret", False, False), ("\r", False, True)])
@example([("first half", False, True), ("ends by itself", False, True), ("second half", False, True)])
@example([("first half", True, True), ("ends by itself", False, True), ("second half", True, True)])
@example([("\x1b", False, False), ("secret", False, False), ("\r", False, True)])
@example([("lines", False, True), ("\r", False, True), ("lines", False, True), ("\r", False, True)])
def test_nothing_typed_for_a_secret_is_kept_in_any_order_of_keys(steps: list[tuple[str, bool, bool]]) -> None:
    asyncio.run(carry_out(steps))


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
@pytest.mark.parametrize("line", ["/connect clinic-test", "/grant %SQL to appuser", "/guarded"])
async def test_esc_and_ctrl_c_end_every_question(line: str, key: str) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await asked(pilot, line)
        await pilot.press("c", key) if line == "/guarded" else await pilot.press(key)
        await until(pilot, lambda: shown(pilot) is None and app.conversation.running is None)
        assert app.focused is app.conversation.prompt.input
        assert "cancels" not in screen_text(app)
        assert chat.secret is None
        assert not any(each.startswith("confirm") for each in chat.log)
        assert app.conversation.transcript.cards[-1].state in ("failed", "declined")


@pytest.mark.parametrize("line", ["/connect clinic-test", "/grant %SQL to appuser"])
async def test_ctrl_c_ends_a_question_that_waits_for_the_line_below_it(line: str) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app_of(pilot).conversation.prompt.put("/use")
        await asked(pilot, line)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: shown(pilot) is None)
        assert app_of(pilot).conversation.prompt.text == "/use"


async def test_ctrl_c_ends_a_question_that_no_command_asks() -> None:
    """The login at the start asks by itself."""
    async with make_app().run_test(size=SMALL) as pilot:
        asking = asyncio.create_task(app_of(pilot).conversation.ask_secret("Log in", "Password"))
        await until(pilot, lambda: shown(pilot) is not None)
        await pilot.press("x", "ctrl+c")
        await until(pilot, asking.done)
        assert asking.result() is None


@pytest.mark.parametrize("kind", ["text", "secret", "flag", "choice", "roles", "privileges"])
async def test_ctrl_c_closes_a_form_from_every_field(kind: str) -> None:
    names = [f"name{number}" for number in range(9)]
    field = FormField("f", "Field", kind, choices=names)  # type: ignore[arg-type]
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await app.push_screen(EditorScreen(Form("x", "X", [field], "/x"), lambda _screen: None))
        await pilot.pause()
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not isinstance(app.screen, EditorScreen))


async def test_the_second_of_two_passphrases_typed_in_one_go_stays_hidden() -> None:
    """`/secrets file` asks twice; the second is on its way before its question can be seen."""
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        asking = app.conversation.questions.ask_secret

        async def twice() -> list[str | None]:
            return [await asking("New", "Passphrase"), await asking("New", "The same once more")]

        both = asyncio.create_task(twice())
        await until(pilot, lambda: shown(pilot) is not None)
        Keyboard(pilot).type(f"{SECRET}\r{SECRET[:5]}")
        await until(pilot, lambda: "The same once more" in screen_text(app))
        assert SECRET[:5] not in screen_text(app)
        await pilot.press(*SECRET[5:], "enter")
        await until(pilot, both.done)
        assert both.result() == [SECRET, SECRET]


async def test_a_line_behind_a_question_is_masked_until_it_is_a_command_or_a_pause() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await asked(pilot, "/connect clinic-test")
        keyboard = Keyboard(pilot)
        keyboard.type("\x1bwho")
        await until(pilot, lambda: app.conversation.prompt.text == "who")
        assert app.conversation.prompt.veiled
        assert "hidden, as it may be" in screen_text(app)
        keyboard.type("\x1b")
        await until(pilot, lambda: app.conversation.prompt.text == "")
        assert "hidden, as it may be" not in screen_text(app)
        keyboard.type("w", slow=True)
        await until(pilot, lambda: app.conversation.prompt.text == "w")
        assert not app.conversation.prompt.veiled


async def test_a_line_that_is_no_command_is_withheld_before_and_behind_a_question(tmp_path: Path) -> None:
    history = tmp_path / "history"
    async with make_app(history=history).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        Keyboard(pilot).type(f"/connect clinic-test\r{SECRET}\r")  # typed ahead, before anything asked for it
        await until(pilot, lambda: shown(pilot) is not None)
        assert SECRET not in everything_kept(pilot, history)
        assert "It may have been a password" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.conversation.running is None)
        card = await say(pilot, "make me coffee")
        assert card.command.text == ""
        await say(pilot, "/users")
        await say(pilot, "make me tea")
        assert "make me tea" in screen_text(app)
        assert "coffee" not in history.read_text()


async def test_after_a_good_login_and_a_pause_a_line_is_shown_again() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await asked(pilot, "/connect clinic-test")
        keyboard = Keyboard(pilot)
        keyboard.type(f"{SECRET}\r")
        await until(pilot, lambda: app.conversation.running is None)
        keyboard.type("make me coffee\r", slow=True)
        await until(pilot, lambda: "make me coffee" in screen_text(app))


async def test_a_command_in_a_password_question_is_given_only_the_second_time() -> None:
    """Terminals lose an Esc with a slash right behind it: what follows then stands in the masked line."""
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await asked(pilot, "/connect clinic-test")
        # what is given is known for a secret to the tests after this one
        await pilot.press("x", "backspace", *"/theme zz", "enter")
        assert "That is a command, not a password" in screen_text(app)
        assert chat.secret is None
        assert isinstance(shown(pilot), Secret)
        await pilot.press("enter")
        await until(pilot, lambda: chat.secret == "/theme zz")


async def test_a_command_typed_fast_in_a_password_question_leaves_the_question_in_sight() -> None:
    """Enter is seen before the letters in front of it have reached the masked line."""
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await asked(pilot, "/connect clinic-test")
        Keyboard(pilot).type("x\x7f/theme yy\r")
        await until(pilot, lambda: "That is a command, not a password" in screen_text(app))
        assert isinstance(shown(pilot), Secret)
        assert chat.secret is None
        await pilot.press("escape")
        await until(pilot, lambda: app.conversation.running is None)
        assert chat.secret is None


async def test_esc_lost_before_a_slash_ends_the_question_and_the_command_runs() -> None:
    """Terminals pass Esc and a slash within 0.1 s as a slash alone: nothing of the command is taken for a password."""
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await asked(pilot, "/connect clinic-test")
        Keyboard(pilot).type("/users\r")
        await until(pilot, lambda: "run /users" in chat.log)
        assert chat.secret is None
        assert app.conversation.prompt.text == ""


async def test_a_command_behind_the_beginning_of_a_password_is_not_sent_as_one() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await asked(pilot, "/connect clinic-test")
        Keyboard(pilot).type(f"{SECRET[:4]}/users\r")
        await until(pilot, lambda: "That is a command, not a password" in screen_text(app_of(pilot)))
        assert chat.secret is None


async def test_a_password_that_begins_with_a_slash_can_be_pasted() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await asked(pilot, "/connect clinic-test")
        app_of(pilot).post_message(events.Paste("/Xq8Lm2"))
        await pilot.pause()
        await pilot.press("/", "enter")
        await until(pilot, lambda: chat.secret == "/Xq8Lm2/")


async def test_ctrl_c_at_a_question_drops_the_lines_that_wait() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await asked(pilot, "/grant %SQL to appuser")
        assert isinstance(shown(pilot), Confirm)
        app.conversation.send("/users")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: shown(pilot) is None)
        assert runs(chat) == ["/grant %SQL to appuser"]
