"""Search in the transcript, jumps between answers, and the ways to copy one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.widget import Widget

from irisops.contract.chat import Notice
from irisops.contract.replies import Cell, Column, Facts, Problem, Table
from irisops.copying import CopyScreen
from irisops.engine.reply_copy import as_csv
from irisops.ui.card import Card
from irisops.ui.grid import Grid
from irisops.ui.old_turn import OldTurn
from irisops.ui.record import Entry, formats, packed_text, plain_text
from irisops.ui.search import Highlight, SearchLine
from irisops.ui.transcript import NoticeLine
from tests.ui.driving import SMALL, WIDE, Driver, app_of, focus_of, make_app, say, text_of, until
from tests.ui.fake_chat import NOW, FakeChat


def count_of(pilot: Driver) -> str:
    bar = app_of(pilot).conversation.searching
    assert bar is not None
    return text_of(bar).split("\n")[-1]


def seen(pilot: Driver, count: str) -> bool:
    return count in count_of(pilot)


async def search(pilot: Driver, words: str, count: str) -> None:
    await pilot.press("ctrl+f", *words)
    await until(pilot, lambda: count in count_of(pilot))


def marked(pilot: Driver) -> list[str]:
    """What is painted reversed in the transcript."""
    return [
        segment.text
        for part in app_of(pilot).conversation.transcript.walk_children()
        if isinstance(part, Widget) and part.size and not part.children
        for strip in part.render_lines(part.size.region)
        for segment in strip.apply_style(Style.null())
        if segment.style is not None and segment.style.reverse
    ]


async def test_rows_and_words_are_found_marked_and_stepped_through() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        users = await say(pilot, "/users")
        await say(pilot, "/processes")
        await search(pilot, "user3", "of ")
        assert count_of(pilot).startswith("9 of 9")  # the newest first
        grid = users.query_one(Grid)
        await pilot.press("escape")
        await search(pilot, "rest_cl", "1 of 1")
        assert grid.cursor_key == "rest_client"
        assert "rest_cl" in "".join(marked(pilot))
        assert grid.region.overlaps(app.conversation.transcript.content_region)
        await pilot.press("escape")
        await until(pilot, lambda: app.conversation.searching is None)
        assert focus_of(app) is app.conversation.prompt.input
        assert not marked(pilot)


async def test_what_is_found_in_a_hidden_column_is_shown() -> None:
    async with make_app().run_test(size=(60, 24)) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/processes")
        assert "GLOBALS" not in text_of(card)  # not shown at this width
        await search(pilot, "1798", "1 of 1")
        await until(pilot, lambda: "1,798" in text_of(card))
        assert isinstance(focus_of(app), SearchLine)


async def test_enter_and_the_arrows_go_round() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await say(pilot, "/users")
        await search(pilot, "developer", "1 of 1")
        await pilot.press(*["backspace"] * 9, *"%db_user")
        await until(pilot, lambda: "3 of 3" in count_of(pilot))
        for key, count in (
            ("up", "2 of"),
            ("up", "1 of"),
            ("up", "3 of"),
            ("enter", "1 of"),
            ("down", "2 of"),
        ):
            await pilot.press(key)
            await until(pilot, partial(seen, pilot, count))
        await pilot.press("shift+enter")
        await until(pilot, partial(seen, pilot, "1 of"))


async def test_the_search_opens_from_a_row_too() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await say(pilot, "/users")
        await pilot.press("alt+up", "ctrl+f", *"carla")
        await until(pilot, partial(seen, pilot, "1 of 1"))
        assert isinstance(focus_of(app), SearchLine)
        await until(pilot, lambda: app.status.text(80).plain.rstrip().endswith("F1 keys"))


async def test_an_old_picture_a_notice_and_what_left_the_screen_are_found() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        transcript = app.conversation.transcript
        await say(pilot, "make me coffee")
        transcript.most_whole, transcript.most_turns = 1, 4
        await say(pilot, "/users")
        chat.say(Notice("warning", "The journal disk is full."))
        await say(pilot, "/license")
        await say(pilot, "/status")
        await say(pilot, "/license")
        await until(pilot, lambda: transcript.query(OldTurn))
        await search(pilot, "journal disk is full", "1 of 1")
        assert transcript.query_one(NoticeLine).region.overlaps(transcript.content_region)
        await pilot.press("escape")
        await search(pilot, "coffee", "1 of 1  in an answer that left the screen")


async def test_nothing_found_is_said_and_a_masked_word_is_not_found() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        await say(pilot, "/users password=hunter2")
        await search(pilot, "hunter", "nothing found")


async def test_no_search_while_a_question_is_open_or_a_password_expected() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await say(pilot, "/grant %SQL to appuser")
        await pilot.press("ctrl+f")
        assert app.conversation.searching is None
        assert "Search waits until the question is answered" in str(app.status.note)
        await pilot.press("n")
        await say(pilot, "/connect clinic-test")
        await pilot.press("escape", "ctrl+f")
        assert app.conversation.searching is None


async def test_a_question_that_comes_while_one_searches_waits_and_takes_no_letter() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await pilot.press("ctrl+f", "a")
        app.conversation.send("/grant %SQL to appuser")
        await until(pilot, lambda: app.conversation.questions.shown is not None)
        await pilot.press("y", "enter")
        assert isinstance(focus_of(app), SearchLine)
        assert not [line for line in chat.log if line.startswith("confirm")]
        await pilot.press("escape", "y")
        await until(pilot, lambda: "confirm plan-1" in chat.log)


def test_highlighting_keeps_the_text_and_its_styles() -> None:
    line = [Segment("one Tw", Style(bold=True)), Segment("o three two")]
    out = Highlight("two").apply(line, Color(0, 0, 0))
    assert "".join(each.text for each in out) == "one Two three two"
    assert [each.text for each in out if each.style and each.style.reverse] == ["Tw", "o", "two"]
    assert Highlight("four").apply(line, Color(0, 0, 0)) is line


@pytest.mark.parametrize("keys", [("ctrl+up", "ctrl+down"), ("shift+up", "shift+down")])
async def test_jumps_between_answers(keys: tuple[str, str]) -> None:
    up, down = keys
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        cards = [await say(pilot, line) for line in ("/users", "/status", "make me coffee")]

        def at() -> Card | OldTurn | None:
            return app.conversation.transcript.selected

        for card in reversed(cards):
            await pilot.press(up)
            assert at() is card
        await pilot.press(up)
        assert at() is cards[0]
        for card in cards[1:]:
            await pilot.press(down)
            assert at() is card
        await pilot.press(down)
        await until(pilot, lambda: focus_of(app) is app.conversation.prompt.input)


# Copying


@pytest.mark.parametrize(
    ("key", "begins"),
    [
        ("t", "Users\n"),
        ("m", "**Users**"),
        ("c", "name,full_name,enabled,roles\n_SYSTEM,System,yes,%All\n"),
        ("j", '{"reply": "table", "name": "users"'),
        ("ctrl+y", "Users\n"),
        ("enter", "Users\n"),
    ],
)
async def test_a_card_is_copied_in_the_chosen_way(key: str, begins: str) -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await say(pilot, "/users")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: isinstance(app.screen, CopyScreen))
        await pilot.press(key)
        await until(pilot, lambda: app.clipboard)
        assert app.clipboard.startswith(begins)
        if key == "j":
            assert json.loads(app.clipboard)["rows"][0]["name"] == "_SYSTEM"


async def test_esc_copies_nothing_and_a_click_takes_a_way() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await say(pilot, "/status")
        await pilot.press("ctrl+y", "c", "escape")  # no rows: no CSV
        assert not app.clipboard
        assert not isinstance(app.screen, CopyScreen)
        await pilot.press("ctrl+y")
        await until(pilot, lambda: isinstance(app.screen, CopyScreen))
        await pilot.click("#copy", offset=(3, 2))
        await until(pilot, lambda: app.clipboard)
        assert app.clipboard.startswith("**Status**")


async def test_an_open_question_copies_the_text_at_once() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await say(pilot, "/grant %SQL to appuser")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: app.clipboard)
        assert app.clipboard.startswith("Give %SQL to appuser")
        assert len(app.screen_stack) == 1


async def test_text_copied_from_an_error_has_no_markup() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "make me coffee")
        await pilot.press("ctrl+y", "t")
        await until(pilot, lambda: app.clipboard)
        assert "not understood" in app.clipboard
        assert "*" not in app.clipboard


def test_what_may_be_a_secret_is_copied_by_its_own_rules_alone() -> None:
    entry = Entry(NOW, "/share", "/share", [Facts("pass", "Pass", {}, blocks={"ODBC": "pw=1"})])
    assert formats(entry) == ["text"]
    entry.put_away(packed_text(entry))
    assert formats(entry) == ["text"]
    assert "pw=1" not in plain_text(entry)


def test_an_old_answer_keeps_its_plain_text() -> None:
    table = Table("t", "Users", [Column("name", "Name")], [{"name": "_SYSTEM*"}])
    entry = Entry(NOW, "/users", "/users", [table, Problem("NoSuch_Thing", "a `b` \\ c", "")])
    entry.put_away(packed_text(entry))
    assert formats(entry) == ["text", "markdown"]
    text = plain_text(entry)
    assert "_SYSTEM*" in text
    assert "NoSuch_Thing: a `b` \\ c" in text


def test_a_copied_cell_computes_nothing() -> None:
    columns = [Column("name", "Name"), Column("count", "N", "number")]
    rows: list[Mapping[str, Cell]] = [{"name": "=1+1", "count": -5}, {"name": 'a,"b"\n', "count": None}]
    assert as_csv(Table("t", "T", columns, rows)) == 'name,count\n\'=1+1,-5\n"a,""b""⏎",\n'
