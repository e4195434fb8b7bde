"""The prompt: completion, popup, history, search, typing from anywhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from textual import events

from irisops.ui.history import History
from tests.ui.driving import SMALL, WIDE, app_of, focus_of, make_app, say, screen_text, until
from tests.ui.fake_chat import NOW, FakeChat

KEYS = {"/": "slash", "\r": "enter"}


async def test_the_first_key_lands_in_the_prompt() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await pilot.press("h", "i")
        assert app_of(pilot).conversation.prompt.text == "hi"


async def test_a_slash_opens_the_list_and_tab_takes_a_line() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        prompt = app_of(pilot).conversation.prompt
        await pilot.press("slash", "g", "r")
        assert prompt.popup.display
        assert "/grant ROLE to USER" in screen_text(app_of(pilot))
        await pilot.press("tab")
        assert prompt.text == "/grant "
        assert not prompt.popup.display


async def test_the_list_says_why_a_command_is_greyed() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        await pilot.press("slash", "u", "n", "d")
        assert "not now: nothing was changed yet" in screen_text(app_of(pilot))


async def test_enter_takes_a_chosen_line_and_sends_it_if_it_is_whole() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        prompt = app_of(pilot).conversation.prompt
        await pilot.press("slash", "u", "s", "down", "enter")  # /users is the first hit
        await until(pilot, lambda: "run /users" in chat.log)
        await pilot.press("slash", "g", "r", "down", "enter")
        assert prompt.text == "/grant "  # it needs more
        await pilot.press("escape", "slash", "s", "t", "a", "t", "u", "s", "enter")  # typed out, not chosen
        await until(pilot, lambda: "run /status" in chat.log)


async def test_the_usage_makes_room_for_a_long_line() -> None:
    async with make_app().run_test(size=(74, 30)) as pilot:
        app = app_of(pilot)
        usage = "/grant ROLE to USER"
        await pilot.press(*"/grant ")
        await until(pilot, lambda: usage in screen_text(app))
        more = "%DB_USER to appuser of the clinic, please"
        await pilot.press(*more)
        await until(pilot, lambda: usage not in screen_text(app))
        assert app.conversation.prompt.input.region.width > len("/grant ") + len(more)
        await pilot.resize_terminal(140, 30)
        await until(pilot, lambda: usage in screen_text(app))
        await pilot.resize_terminal(74, 30)
        await until(pilot, lambda: usage not in screen_text(app))


async def test_escape_closes_the_list_then_clears_the_line() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        prompt = app_of(pilot).conversation.prompt
        await pilot.press("slash", "u", "escape")
        assert (prompt.popup.display, prompt.text) == (False, "/u")
        await pilot.press("escape")
        assert prompt.text == ""


async def test_tab_completes_one_name_and_lists_several() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        prompt = app_of(pilot).conversation.prompt
        prompt.put("/grant %S")
        await pilot.press("tab")
        assert prompt.text == "/grant %SQL"
        prompt.put("/grant %SQL to a")
        await pilot.press("tab")
        assert prompt.text == "/grant %SQL to app"  # as far as both agree
        assert [item.label for item in prompt.popup.items] == ["appuser", "appadmin"]
        await pilot.press("down", "down", "tab")
        assert prompt.text == "/grant %SQL to appadmin"


async def test_tab_without_a_completion_changes_nothing() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.prompt.put("zzz")
        await pilot.press("tab")
        assert app.conversation.prompt.text == "zzz"
        assert focus_of(app) is app.conversation.prompt.input


async def test_history_up_and_down_with_the_draft_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    History(path, lambda: NOW - timedelta(days=1)).add("/from an earlier run")
    async with make_app(history=path).run_test(size=SMALL) as pilot:
        prompt = app_of(pilot).conversation.prompt
        await say(pilot, "/users")
        await pilot.press(*"draft", "up")
        assert prompt.text == "/users"
        await pilot.press("up")
        assert prompt.text == "/from an earlier run"
        await pilot.press("up", "down", "down")
        assert prompt.text == "draft"
    assert History(path).lines == ["/from an earlier run", "/users"]


async def test_searching_the_history(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    for line in ("/grant %SQL to bob", "/users", "/grant %All to carla"):
        history.add(line)
    async with make_app(history=path).run_test(size=SMALL) as pilot:
        prompt = app_of(pilot).conversation.prompt
        await pilot.press(*"draft", "ctrl+r", *"grant")
        assert [item.text for item in prompt.popup.items] == ["/grant %All to carla", "/grant %SQL to bob"]
        await pilot.press("ctrl+r", "ctrl+r", "enter")
        assert prompt.text == "/grant %SQL to bob"  # taken, not sent
        await pilot.press("ctrl+r", *"users", "escape")
        assert prompt.text == "/grant %SQL to bob"


async def test_a_history_that_cannot_be_kept_is_said_once(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    async with make_app(history=blocked / "history.jsonl").run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/users")
        await say(pilot, "/users")
        await until(pilot, lambda: "cannot be kept" in screen_text(app))
        assert screen_text(app).count("cannot be kept") == 1


async def test_the_usage_of_the_command_is_shown_while_its_arguments_are_typed() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app_of(pilot).conversation.prompt.input.focus()
        await pilot.press(*"/grant ")
        assert "/grant ROLE to USER" in screen_text(app_of(pilot))


async def test_a_question_mark_in_an_empty_line_shows_the_keys_else_it_is_typed() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "Search the history" in screen_text(app)
        assert "To the card above" in screen_text(app)
        await pilot.press("escape", *"who", "question_mark")
        assert app.conversation.prompt.text == "who?"


async def test_a_fast_typist_on_a_table_reaches_the_prompt_with_every_key() -> None:
    """Keys that are already in the terminal's buffer: Enter must not open the row under the cursor."""
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/license")
        await pilot.press("alt+up")
        for character in "/users\r":
            app.post_message(events.Key(KEYS.get(character, character), character))
        await until(pilot, lambda: "run /users" in chat.log)
        assert not any("/sessions" in line for line in chat.log)


async def test_a_burst_of_keys_keeps_its_order() -> None:
    """Pasted lines and a fast typist over a slow line: letters behind Enter or Backspace must not overtake it."""
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        for character in "/licex\x7fnse\r/status\r":
            key = {"/": "slash", "\r": "enter", "\x7f": "backspace"}.get(character, character)
            app.post_message(events.Key(key, character if character.isprintable() else None))
        await until(pilot, lambda: "run /status" in chat.log)
        assert [line for line in chat.log if line.startswith("run ")][:2] == ["run /license", "run /status"]
        assert app.conversation.prompt.text == ""
