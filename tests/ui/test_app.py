"""The app around the conversation: frame, keys, palette, themes, sizes, leaving."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual import messages
from textual.command import CommandPalette, Hit
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from irisops.app import run_async
from irisops.contract.chat import CommandInfo, Notice
from irisops.ui import themes
from irisops.ui.card import Card
from irisops.ui.popup import Commands
from irisops.ui.themes import theme_names
from tests.ui.driving import (
    SMALL,
    WIDE,
    Clock,
    DrivenApp,
    app_of,
    at_end,
    focus_of,
    make_app,
    say,
    screen_text,
    text_of,
    until,
)
from tests.ui.fake_chat import LOCAL, FakeChat


async def test_the_first_picture_does_not_wait_for_the_chat() -> None:
    gate = asyncio.Event()

    class Slow(FakeChat):
        async def start(self) -> None:
            await gate.wait()

    async with make_app(Slow()).run_test(size=WIDE) as pilot:
        await pilot.press("x")
        assert app_of(pilot).conversation.prompt.text == "x"
        gate.set()


async def test_the_frame_follows_the_chat() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        assert "license 5/8" in text_of(app.header)
        assert "● local" in text_of(app.side)
        chat.become(LOCAL._replace(state="lost", stale=True, units_used=7, retry_in=4.0))
        await pilot.pause()
        assert "lost, again in 4 s" in text_of(app.header)
        assert "stale, as of 14:43:05" in text_of(app.header)
        assert "7/8" in text_of(app.side)


async def test_unchanged_figures_repaint_nothing() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        frame = {app.header, app.status, *app.side.children}
        painted: list[Widget] = []

        def heard(message: Message) -> None:
            if isinstance(message, messages.Update) and message.widget in frame:
                painted.append(message.widget)

        await pilot.pause()
        app.screen.message_signal.subscribe(app, heard, immediate=True)
        chat.become(LOCAL._replace())
        await pilot.pause()
        assert painted == []
        chat.become(LOCAL._replace(sessions=13))
        await until(pilot, lambda: len(set(painted)) == 1)
        assert app.header not in painted, "the side panel has the sessions"
        chat.become(LOCAL._replace(units_used=6))
        await until(pilot, lambda: app.header in painted)


async def test_under_100_columns_the_side_panel_folds_into_the_status_line() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        assert app.side.display
        assert "processes" not in text_of(app.status)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "processes 48" in text_of(app.status))
        await until(pilot, lambda: app.side.region.width == 0)
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: app.side.region.width > 0)


@pytest.mark.parametrize("size", [(60, 15), (40, 10), (20, 5)])
async def test_small_screens_keep_a_working_prompt(size: tuple[int, int]) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=size) as pilot:
        app = app_of(pilot)
        await say(pilot, "/license")
        card = await say(pilot, "/grant %SQL to appuser")
        await pilot.press("y")
        await until(pilot, lambda: card.state == "done")
        assert app.conversation.prompt.input.region.width > 5
        assert app.conversation.prompt.input.region.bottom <= size[1]


async def test_ctrl_c_twice_leaves_but_not_when_too_slow() -> None:
    clock = Clock()
    async with make_app(clock=clock).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await pilot.press("ctrl+c")
        assert "Ctrl+C again quits" in text_of(app.status)
        clock.advance(5)
        await pilot.press("ctrl+c")
        assert app.return_value is None
        clock.advance(1)
        await pilot.press("ctrl+c")
        assert app.return_value == 0


async def test_ctrl_c_copies_a_selection_first() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.prompt.put("copy me", selected=True)
        await pilot.press("ctrl+c")
        assert app.clipboard == "copy me"
        assert "again quits" not in text_of(app.status)


@pytest.mark.parametrize("way", ["ctrl+q", "/quit"])
async def test_ways_out(way: str) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        if way.startswith("/"):
            app.conversation.send(way)
        else:
            await pilot.press(way)
        await until(pilot, lambda: app.return_value == 0)


async def test_every_command_is_in_the_palette() -> None:
    chat = FakeChat()
    app = make_app(chat)
    async with app.run_test(size=WIDE) as pilot:
        listed = {command.title for command in app.get_system_commands(app.screen)}
        assert listed == {info.usage for info in chat.commands()}
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press("escape")
        sessions = next(each for each in app.get_system_commands(app.screen) if each.title == "/sessions")
        sessions.callback()
        await until(pilot, lambda: "run /sessions" in chat.log)


@pytest.mark.parametrize(("typed", "found"), [("sessions", "/sessions"), ("holds unit", "/license")])
async def test_the_palette_finds_by_command_and_by_summary(typed: str, found: str) -> None:
    app = make_app()
    async with app.run_test(size=WIDE):
        provider = Commands(app.screen)
        hits = [hit async for hit in provider.search(typed) if isinstance(hit, Hit)]
        best = max(hits, key=lambda hit: hit.score)
        assert str(best.prompt) == found
        assert [hit async for hit in provider.search("zzz nothing like it")] == []
        listed = [hit async for hit in provider.discover()]
        assert len(listed) == len(list(app.get_system_commands(app.screen)))


class Bracketed(FakeChat):
    """Offers commands whose usage and summary would be markup, some of them broken."""

    def commands(self) -> Sequence[CommandInfo]:
        usages = ("/brk [red|/web/app|sql] [/x]", "/brk2 [key=value …] [/]")
        known = super().commands()
        return [*known, *(known[0]._replace(usage=usage, summary="Sets [b]x[/red]") for usage in usages)]


@pytest.mark.parametrize("typed", ["", "brk", "sets x"])
async def test_brackets_in_the_palette_are_brackets(typed: str) -> None:
    """The palette takes strings for markup, as is done here; what is none ended the program."""
    app = make_app(Bracketed())
    async with app.run_test(size=WIDE):
        provider = Commands(app.screen)
        hits = provider.search(typed) if typed else provider.discover()
        shown = {hit.text: hit async for hit in hits if str(hit.text).startswith("/brk")}
        assert list(shown) == ["/brk [red|/web/app|sql] [/x]", "/brk2 [key=value …] [/]"]
        for text, hit in shown.items():
            assert isinstance(hit.prompt, Content)
            assert hit.prompt.plain == text
            assert hit.help is not None
            assert Content.from_markup(hit.help).plain == "Sets [b]x[/red]"


async def test_a_palette_command_with_arguments_goes_to_the_prompt() -> None:
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        grant = next(each for each in app.get_system_commands(app.screen) if each.title.startswith("/grant"))
        grant.callback()
        await pilot.pause()
        assert app.conversation.prompt.text == "/grant "


async def test_a_theme_is_switched_remembered_and_listed() -> None:
    remembered: list[str] = []
    async with make_app(on_theme=remembered.append).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/theme")
        await until(pilot, lambda: "/theme contrast" in text_of(card))
        await say(pilot, "/theme light")
        await until(pilot, lambda: app.theme == "light")
        assert remembered == ["light"]
        card = await say(pilot, "/theme nonsense")
        await until(pilot, lambda: card.state == "failed")
        assert "/theme ansi" in text_of(card)
        assert app.theme == "light"


@pytest.mark.parametrize("theme", theme_names())
async def test_every_theme_paints_every_card(theme: str) -> None:
    async with make_app(theme=theme).run_test(size=WIDE) as pilot:
        await say(pilot, "/license")
        await say(pilot, "make me coffee")
        await say(pilot, "/grant %SQL to appuser")
        assert "waits for yes or no" in app_of(pilot).export_screenshot().replace("&#160;", " ")


class ReadingAgain(DrivenApp):
    """Counts how often all style sheets are read again."""

    times = 0

    def refresh_css(self, animate: bool = True) -> None:
        self.times += 1
        super().refresh_css(animate=animate)


async def test_the_standard_theme_is_there_from_the_start() -> None:
    """To switch to it would have the style sheets read twice before the first frame."""
    async with make_app(kind=ReadingAgain).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        assert isinstance(app, ReadingAgain)
        assert app.times == 0
        assert app.theme == "dark"
        assert app.theme_variables["quiet"] == themes.load_theme("dark").variables["quiet"]


async def test_an_unknown_theme_from_the_settings_is_the_default() -> None:
    async with make_app(theme="gone").run_test(size=SMALL) as pilot:
        assert app_of(pilot).theme == "dark"


async def test_saving_the_transcript(tmp_path: Path) -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        await say(pilot, "/users")
        card = await say(pilot, f"/save {tmp_path / 'notes.md'}")
        await until(pilot, lambda: "Saved" in text_of(card))
        assert "rest\\_client" in (tmp_path / "notes.md").read_text()


async def test_a_card_is_copied_expanded_and_its_command_reused() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "show users")
        await pilot.press("ctrl+y", "m")
        await until(pilot, lambda: "| rest\\_client |" in app.clipboard)
        await until(pilot, lambda: "sent to the terminal" in text_of(app.status))
        await pilot.press("alt+up", "ctrl+g")
        assert app.conversation.prompt.text == "/users"
        assert focus_of(app) is app.conversation.prompt.input
        await pilot.press("ctrl+o")
        assert card.has_class("-expanded")


async def test_a_long_answer_is_cut_and_says_how_to_see_it() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        card = await say(pilot, "/hostile")
        await until(pilot, lambda: "more lines · ^O shows all" in str(card.border_subtitle))
        low = card.size.height
        await pilot.press("ctrl+o")
        await until(pilot, lambda: card.size.height > low)
        assert "more lines" not in str(card.border_subtitle)


async def test_typing_reaches_the_prompt_from_a_card() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/status")
        await pilot.press("alt+up")
        assert focus_of(app) is card
        await pilot.press("h", "i")
        assert app.conversation.prompt.text == "hi"
        assert focus_of(app) is app.conversation.prompt.input


async def test_the_transcript_stays_where_the_reader_scrolled_until_the_prompt_is_back() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        for _ in range(4):
            await say(pilot, "/users")
        transcript = app.conversation.transcript
        assert at_end(transcript)
        await pilot.press("pageup")
        place = transcript.scroll_y
        assert not at_end(transcript)
        transcript.add_notice(Notice("info", "news"))
        await pilot.pause()
        assert transcript.scroll_y == place
        await say(pilot, "/users")
        await until(pilot, lambda: at_end(transcript))


async def test_old_turns_leave_the_screen_but_not_the_record() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.transcript.most_rows = 40
        for _ in range(6):
            await say(pilot, "/users")
        await until(pilot, lambda: len(app.query(Card)) < 6)
        assert len(app.conversation.transcript.entries) == 6


async def test_a_click_on_a_profile_asks_to_connect() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        await pilot.click(app_of(pilot).side, offset=(6, 2))
        await until(pilot, lambda: any(line.startswith("run /connect") for line in chat.log))
        assert "run /connect clinic-test" in chat.log


async def test_hostile_text_acts_nowhere() -> None:
    chat = FakeChat()
    chat.active = LOCAL._replace(name="[red]\x1b[31mx\n", user="\u202ebob", version="a\x07b")
    async with make_app(chat).run_test(size=WIDE) as pilot:
        await say(pilot, "/hostile")
        shown = screen_text(app_of(pilot))
        assert "[red]" in shown  # markup stays text
        for character in ("\x1b", "\x07", "\u202e"):
            assert character not in shown


async def test_no_cursor_blinks() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        assert all(not each.cursor_blink for each in app_of(pilot).query(Input))
        assert app_of(pilot).animation_level == "none"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_by_the_normal_path(number: signal.Signals) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        os.kill(os.getpid(), number)
        await until(pilot, lambda: app.return_value == 128 + number)


async def test_the_chat_is_closed_whatever_ended_the_screen() -> None:
    chat = FakeChat()
    app = make_app(chat)

    async def fail(**_options: object) -> int:
        raise RuntimeError("terminal gone")

    app.run_async = fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="terminal gone"):
        await run_async(app)
    assert chat.closed == 1
