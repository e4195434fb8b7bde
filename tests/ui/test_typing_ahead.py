"""Keys pressed before a question could be seen, or right behind its answer: never lost, never taken for an answer.

A burst is posted at once, as a script or a pasted block sends it: the app has all of it before it handled any.
"""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from irisops.contract.chat import Command
from irisops.contract.replies import Done
from irisops.ui.ask import Confirm, Secret
from irisops.ui.editor import EditorScreen
from irisops.ui.grid import Grid
from tests.ui.driving import NEVER, SMALL, WIDE, Driver, app_of, focus_of, make_app, say, screen_text, until
from tests.ui.fake_chat import FakeChat

NAMES = {
    "/": "slash",
    "\r": "enter",
    "\x1b": "escape",
    "\x7f": "backspace",
    "%": "percent_sign",
    " ": "space",
}


def burst(pilot: Driver, text: str, *, pressed_at: float | None = None) -> None:
    """All keys at once; `pressed_at` is when, on the clock of messages."""
    for character in text:
        key = events.Key(NAMES.get(character, character), character if character.isprintable() else None)
        if pressed_at is not None:
            key.time = pressed_at
        app_of(pilot).post_message(key)


def runs(chat: FakeChat) -> list[str]:
    return [line.removeprefix("run ") for line in chat.log if line.startswith("run ")]


def shown(pilot: Driver) -> Confirm | Secret | None:
    return app_of(pilot).conversation.questions.shown


def waits_for_line(question: Confirm | Secret) -> bool:
    return not question.armed


async def asked(pilot: Driver, line: str) -> Confirm | Secret:
    """Send a line that ends in a question."""
    app_of(pilot).conversation.send(line)
    await until(pilot, lambda: shown(pilot) is not None)
    question = shown(pilot)
    assert question is not None
    return question


@pytest.mark.parametrize("answer", ["\x1b", "s3cret\r", "half\x1b"])
async def test_lines_right_behind_the_answer_to_a_password_prompt_are_lines(answer: str) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await asked(pilot, "/connect clinic-test")
        burst(pilot, f"{answer}/users\r/status\r/lic")
        await until(pilot, lambda: "/status" in runs(chat))
        assert runs(chat) == ["/connect clinic-test", "/users", "/status"]
        assert chat.secret == ("s3cret" if answer.startswith("s3") else None)
        assert app_of(pilot).conversation.prompt.text == "/lic"
        assert focus_of(app_of(pilot)) is app_of(pilot).conversation.prompt.input


@pytest.mark.parametrize("answer", ["y", "n", "\x1b"])
async def test_lines_right_behind_yes_or_no_are_lines(answer: str) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await asked(pilot, "/grant %SQL to appuser")
        burst(pilot, f"{answer}/users\ryes")
        await until(pilot, lambda: "/users" in runs(chat))
        assert ("confirm plan-1" in chat.log) is (answer == "y")
        assert app_of(pilot).conversation.prompt.text == "yes"


async def test_lines_right_behind_the_word_of_a_guarded_plan_are_lines() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await asked(pilot, "/guarded")
        burst(pilot, "clinic-test\r/users\r")
        await until(pilot, lambda: "/users" in runs(chat))
        assert "confirm plan-1 clinic-test" in chat.log


async def test_a_line_behind_a_wrong_word_waits_above_for_the_right_one() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await asked(pilot, "/guarded")
        burst(pilot, "clinic\r/use")
        await until(pilot, lambda: app_of(pilot).conversation.prompt.text == "/use")
        await until(pilot, lambda: shown(pilot) is not None)
        burst(pilot, "rs\r")
        await until(pilot, lambda: app_of(pilot).conversation.prompt.text == "")
        await pilot.press("enter")
        await until(pilot, lambda: "Wrong word" in screen_text(app_of(pilot)))
        await pilot.press(*"clinic-test", "enter")
        await until(pilot, lambda: "confirm plan-1 clinic-test" in chat.log)
        await until(pilot, lambda: "/users" in runs(chat))


@pytest.mark.parametrize("line", ["/connect clinic-test", "/grant %SQL to appuser", "/guarded"])
async def test_a_line_begun_before_the_question_is_finished_first(line: str) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.prompt.put("/use")  # the person is typing when the question of an earlier line comes
        question = await asked(pilot, line)
        assert "Finish your line first" in screen_text(app)
        await pilot.press("r", "s", "enter", "y")
        assert runs(chat) == [line]
        assert app.conversation.prompt.text == "y"
        assert "waits  › /users" in screen_text(app)
        assert waits_for_line(question)
        await pilot.press("enter", "enter")  # the y is a line as well; then the question is called
        assert not waits_for_line(question)
        await pilot.press("escape")
        await until(pilot, lambda: "/users" in runs(chat))
        assert not any(each.startswith("confirm") for each in chat.log)
        assert chat.secret is None


@pytest.mark.parametrize("line", ["/connect clinic-test", "/grant %SQL to appuser", "/guarded"])
async def test_keys_pressed_before_the_question_was_asked_are_a_line(line: str) -> None:
    """They were in the terminal's buffer, or waited in the app's queue, when it came."""
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        question = await asked(pilot, line)
        assert not waits_for_line(question)
        burst(pilot, "you", pressed_at=question.since - 0.001)
        burst(pilot, "y")
        await until(pilot, lambda: app.conversation.prompt.text == "youy")
        assert waits_for_line(question)
        assert not any(each.startswith("confirm") for each in chat.log)


async def test_a_whole_script_at_once_neither_confirms_nor_gives_a_secret() -> None:
    """Whenever the questions come in between: nothing of it is an answer, all of it is kept."""
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        burst(pilot, "/grant %SQL to appuser\r/users\r/connect clinic-test\ry")
        await until(pilot, lambda: shown(pilot) is not None)
        assert app.conversation.prompt.text == "y"
        assert runs(chat) == ["/grant %SQL to appuser"]
        assert "waits  › /users   and 1 more" in screen_text(app)
        await pilot.press("backspace", "enter", "n")
        await until(pilot, lambda: isinstance(shown(pilot), Secret))
        assert runs(chat) == ["/grant %SQL to appuser", "/users", "/connect clinic-test"]
        assert not any(each.startswith("confirm") for each in chat.log)


async def test_letters_that_are_no_answer_are_a_line() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/grant %SQL to appuser")
        await pilot.press(*"why")
        assert card.state == "waiting"
        assert app.conversation.prompt.text == "why"
        assert app.conversation.prompt.input.region.height == 1
        await pilot.press("escape", "enter", "y")
        await until(pilot, lambda: card.state == "done")


async def test_a_paste_is_a_line_where_yes_or_no_is_asked_and_a_password_where_that_is() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await asked(pilot, "/grant %SQL to appuser")
        app.post_message(events.Paste("give appuser %SQL\n"))
        await until(pilot, lambda: app.conversation.prompt.text == "give appuser %SQL")
        await pilot.press("escape", "enter", "n")
        await asked(pilot, "/connect clinic-test")
        app.post_message(events.Paste("s3cret"))
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: chat.secret == "s3cret")


async def test_a_paste_of_several_lines_is_refused_and_what_was_typed_stays() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await pilot.press(*"show")
        app.post_message(events.Paste("/users\n\n/license\n"))
        await until(pilot, lambda: "Not pasted: 2 lines" in app.status.note)
        assert app.conversation.prompt.text == "show"


async def test_a_letter_typed_on_a_card_answers_the_question_that_stands() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        await say(pilot, "/users")
        await asked(pilot, "/connect clinic-test")
        await pilot.press("alt+up", *"zebra", "enter")
        await until(pilot, lambda: chat.secret == "zebra")


async def test_a_question_that_was_answered_gives_its_place_to_the_next() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        asking = app_of(pilot).conversation.questions.ask_secret
        both = asyncio.gather(asking("One", ""), asking("Two", ""))
        await until(pilot, lambda: "One" in screen_text(app_of(pilot)))
        await pilot.press(*"first", "enter")
        await until(pilot, lambda: "Two" in screen_text(app_of(pilot)))
        await pilot.press(*"second", "enter")
        assert list(await both) == ["first", "second"]


async def test_an_editor_waits_until_the_line_is_done() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.prompt.put("/sta")
        app.conversation.send("/user appuser")
        await until(pilot, lambda: "editor opens when" in screen_text(app))
        assert not isinstance(app.screen, EditorScreen)
        await pilot.press(*"tus", "enter")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        assert "/status" in runs(chat)
        await pilot.press("escape")
        assert "editor opens when" not in screen_text(app)


async def test_lines_typed_before_a_reply_run_in_their_order() -> None:
    class Slow(FakeChat):
        def _replies(self, command: Command, rest: list[str]) -> list[Done]:  # type: ignore[override]
            return [Done(command.name, command.slash)]

    chat = Slow()
    lines = ["/long", *(f"/grant {number} to bob" for number in range(20))]
    async with make_app(chat).run_test(size=SMALL) as pilot:
        burst(pilot, "".join(f"{line}\r" for line in lines))
        await until(pilot, lambda: runs(chat) == ["/long"])
        chat.hold.set()
        await until(pilot, lambda: runs(chat) == lines)


@pytest.mark.parametrize("line", ["/connect clinic-test", "/grant %SQL to appuser", "/guarded"])
async def test_esc_with_words_right_behind_it_is_esc_and_a_line(line: str) -> None:
    """Textual reads Esc and a letter in quick succession as that letter with Alt."""
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await asked(pilot, line)
        app_of(pilot).post_message(events.Key("alt+s", "s"))
        burst(pilot, "how users\r")
        await until(pilot, lambda: "/users" in runs(chat))
        assert chat.secret is None
        assert not any(each.startswith("confirm") for each in chat.log)


async def test_alt_with_a_letter_clears_no_line() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app_of(pilot).conversation.prompt.put("draft")
        app_of(pilot).post_message(events.Key("alt+b", "b"))
        await until(pilot, lambda: "draft" in app_of(pilot).conversation.prompt.text)


async def test_a_word_typed_on_a_table_is_a_line_and_never_half_of_one() -> None:
    """`k` may be a key of the row under the cursor; "kick bob" is none."""
    chat = FakeChat()
    async with make_app(chat, word=NEVER).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/users")
        before = list(chat.log)
        letter = next(key for key, _, _ in card.query_one(Grid).view.table.actions if len(key) == 1)
        await pilot.press("alt+up")
        await until(pilot, lambda: card.query_one(Grid).keys_shown)
        burst(pilot, f"{letter}ick bob")
        await until(pilot, lambda: app.conversation.prompt.text == f"{letter}ick bob")
        assert chat.log == before, "the letter did not act on the row either"


async def test_a_row_key_acts_before_a_key_that_is_no_letter() -> None:
    chat = FakeChat()
    async with make_app(chat, word=NEVER).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/users")
        grid = card.query_one(Grid)
        await pilot.press("alt+up")
        await until(pilot, lambda: "g" in grid.keys_shown)
        await pilot.press("g", "escape")
        await until(pilot, lambda: "/grant %SQL to _SYSTEM" in runs(chat))


async def test_a_letter_whose_key_is_not_shown_begins_a_line() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=(40, 24)) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/processes")
        grid = card.query_one(Grid)
        await pilot.press("alt+up")
        await until(pilot, lambda: grid.has_focus)
        await pilot.pause()
        shown_keys = str(card.border_subtitle)
        actions = [key for key, _, _ in grid.view.table.actions if len(key) == 1]
        hidden = [key for key in actions if key not in grid.keys_shown]
        assert all(f" {key} " not in shown_keys for key in hidden)
        before = list(chat.log)
        await pilot.press(*(hidden or ["x"]), "z")
        assert app.conversation.prompt.text.endswith("z")
        assert chat.log == before


async def test_a_row_key_alone_still_acts() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        card = await say(pilot, "/users")
        grid = card.query_one(Grid)
        letter = next(key for key, _, _ in grid.view.table.actions if len(key) == 1)
        await pilot.press("alt+up")
        await until(pilot, lambda: letter in grid.keys_shown)
        before = len(runs(chat))
        await pilot.press(letter)
        await until(pilot, lambda: len(runs(chat)) > before)
