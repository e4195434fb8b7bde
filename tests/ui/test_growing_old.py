"""The transcript's budget: old cards keep what they showed, not what they were made of; `/clear` gives it back."""

from __future__ import annotations

import asyncio
import gc
import re
import weakref
from collections import Counter
from collections.abc import AsyncIterator
from html import unescape

import pytest
from textual.css.styles import RenderStyles
from textual.dom import DOMNode
from textual.strip import Strip

from irisops.app import IrisopsApp
from irisops.contract.chat import Command, Notice
from irisops.contract.replies import Cell, Column, Facts, Plan, Reply, Table
from irisops.ui.card import Turn
from irisops.ui.grid import Grid
from irisops.ui.keys import active_keys
from irisops.ui.old_turn import OldTurn
from irisops.ui.record import Entry, copy_of, packed_text, transcript_markdown
from irisops.ui.transcript import Earlier, Transcript
from tests.ui.driving import SMALL, WIDE, Driver, app_of, make_app, say, text_of, until
from tests.ui.fake_chat import NOW, FakeChat


class Row(dict[str, Cell]):
    """A row that can be watched."""


class Counting(FakeChat):
    """Each `/users` gives rows of its own, which are remembered weakly."""

    def __init__(self, rows: int = 40) -> None:
        super().__init__()
        self.rows = rows
        self.given: list[list[weakref.ref[Row]]] = []

    async def run(self, command: Command) -> AsyncIterator[Reply]:
        if command.name != "users":
            async for reply in super().run(command):
                yield reply
            return
        number = len(self.given)
        rows = [
            Row(name=f"u{number}-{row}", roles=["%SQL"], full=f"Person {row}") for row in range(self.rows)
        ]
        self.given.append([weakref.ref(row) for row in rows])
        columns = [
            Column("name", "Name"),
            Column("roles", "Roles", "list"),
            Column("full", "Name in full", grow=True),
        ]
        yield Table("users", "Users", columns, rows, key="name", notes=["A note."])

    def held(self) -> list[int]:
        """How many rows of each answer are still somewhere."""
        self.about = None  # this double keeps what it was last asked; a session does not
        return [sum(ref() is not None for ref in refs) for refs in self.given]


def transcript_of(pilot: Driver) -> Transcript:
    return app_of(pilot).conversation.transcript


async def at_rest(pilot: Driver) -> None:
    """Until nothing more grows old."""
    app = app_of(pilot)
    await until(pilot, lambda: all(worker.group != "tidy" for worker in app.workers))


async def grown_old(pilot: Driver, lines: int = 12) -> OldTurn:
    """The oldest turn as a picture: after it others were asked, until none of it was in sight."""
    transcript = transcript_of(pilot)
    transcript.most_whole = 1
    for _ in range(lines):
        await say(pilot, "/users")
    await at_rest(pilot)
    return transcript.query(OldTurn).first()


async def test_rows_of_old_cards_are_let_go_and_what_they_showed_stays() -> None:
    chat = Counting()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_whole = 4
        for _ in range(12):
            await say(pilot, "/users")
        await at_rest(pilot)
        assert (len(transcript.query(OldTurn)), len(transcript.cards)) == (8, 4)
        gc.collect()
        assert chat.held() == [0] * 8 + [40] * 4
        assert len(transcript.query(Grid)) == 4
        old = text_of(transcript.query(OldTurn).first())
        assert "u0-0 " in old
        assert "A note." in old
        assert "u0-39" not in old


async def test_an_old_turn_is_one_widget() -> None:
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_whole = 2
        for _ in range(5):
            await say(pilot, "/users")
        await at_rest(pilot)
        before = len(transcript.walk_children())
        for _ in range(5):
            await say(pilot, "/users")
        await at_rest(pilot)
        assert len(transcript.walk_children()) - before == 5


def painted_lines() -> int:
    """Lines that Textual holds."""
    gc.collect()
    return sum(isinstance(each, Strip) for each in gc.get_objects())


async def test_painted_lines_of_what_left_the_screen_are_let_go() -> None:
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_whole, transcript.most_turns = 2, 4
        for _ in range(10):
            await say(pilot, "/users")
        await at_rest(pilot)
        before = painted_lines()
        for _ in range(15):
            await say(pilot, "/users")
        await at_rest(pilot)
        assert painted_lines() - before < 15 * 10  # a turn that is kept has more than fifty
        app_of(pilot).conversation.send("/clear")
        await until(pilot, lambda: not transcript.cards)
        await pilot.pause()
        assert painted_lines() < before


async def test_whole_cards_out_of_sight_keep_no_painted_lines() -> None:
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        await say(pilot, "/users")
        await pilot.pause()
        before = painted_lines()
        for _ in range(transcript.most_whole - 1):
            await say(pilot, "/users")
        await pilot.pause()
        assert len(transcript.cards) == transcript.most_whole
        assert painted_lines() < 2 * before


def held_by_the_screen(transcript: Transcript) -> Counter[str]:
    """Objects that a turn is made of, by kind; without the entries, whose text is kept for /save within its budget."""
    gc.collect()
    kinds = (DOMNode, RenderStyles, Strip, Row, Entry, asyncio.Task)
    kept = set(map(id, transcript.entries))
    return Counter(
        kind.__name__
        for each in gc.get_objects()
        for kind in kinds
        if issubclass(type(each), kind) and id(each) not in kept
    )


async def test_after_many_commands_no_more_is_held_than_after_some() -> None:
    """What is counted stands for the memory of a day's work; `tests/benchmarks/bench_memory.py` measures that."""
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_turns, transcript.most_whole = 8, 3
        held: list[Counter[str]] = []
        for _ in range(3):
            for _ in range(6):
                await say(pilot, "/users")
                await say(pilot, "/license")
            await until(pilot, lambda: (len(transcript.children), len(transcript.cards)) == (8 + 1, 3))
            await at_rest(pilot)
            await pilot.pause()
            held.append(held_by_the_screen(transcript))
        _, some, many = held
        assert some["DOMNode"] > 50
        assert {kind: many[kind] - some[kind] for kind in many if many[kind] > 1.1 * some[kind] + 10} == {}


async def test_a_picture_has_one_set_of_styles() -> None:
    """A component class is a node of its own with styles of its own: eight a picture were 5 MB for a hundred."""
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_whole = 1
        for _ in range(6):
            await say(pilot, "/users")
        await at_rest(pilot)
        before = held_by_the_screen(transcript)["RenderStyles"]
        for _ in range(6):
            await say(pilot, "/users")
        await at_rest(pilot)
        assert held_by_the_screen(transcript)["RenderStyles"] - before <= 6


async def test_what_leaves_the_screen_is_let_go_and_said() -> None:
    chat = Counting(rows=3)
    async with make_app(chat).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_turns, transcript.most_whole = 8, 3
        for _ in range(20):
            await say(pilot, "/users")
        for number in range(490):
            chat.say(Notice("info", f"number {number}"))
        await pilot.pause()
        await at_rest(pilot)
        assert len(transcript.children) == 8 + 1
        assert len(transcript.entries) == 500
        assert transcript.forgotten == 10
        gc.collect()
        assert sum(chat.held()) == 0
        [earlier] = transcript.query(Earlier)
        assert "502 earlier entries have left the screen; /save writes the newest 500." in text_of(earlier)
        assert "10 earlier entries are not in this file" in transcript_markdown(
            transcript.entries, transcript.forgotten
        )


async def test_clear_gives_everything_back() -> None:
    chat = Counting()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        for _ in range(6):
            await say(pilot, "/users")
        cards = [weakref.ref(card) for card in transcript_of(pilot).cards]
        assert sum(chat.held()) == 240
        app_of(pilot).conversation.send("/clear")
        await until(pilot, lambda: not transcript_of(pilot).cards)
        await pilot.pause()
        gc.collect()  # what the program's own collection came too early for, its housekeeping takes later
        assert sum(chat.held()) == 0
        assert [ref() for ref in cards] == [None] * 6
        assert transcript_of(pilot).entries == []


def seen_cells(app: IrisopsApp) -> dict[int, dict[int, tuple[str, str]]]:
    """Every character on the screen with its style, by row and column; without scroll bars and borders."""
    svg = app.export_screenshot()
    styles = dict(re.findall(r"\.terminal-\d+-(r\d+) \{([^}]*)\}", svg))
    cells: dict[int, dict[int, tuple[str, str]]] = {}
    texts = re.findall(
        r'<text class="terminal-\d+-(r\d+)" x="([\d.]+)"[^>]*line-(\d+)\)">([^<]*)</text>', svg
    )
    for style, x, row, text in texts:
        for number, character in enumerate(unescape(text).replace("\xa0", " ")):
            if character not in " ▁▂▃▄▅▆▇│":
                cells.setdefault(int(row), {})[round(float(x) / 12.2) + number] = (character, styles[style])
    return cells


@pytest.mark.parametrize("line", ["/users", "/license", "/nothing"])
async def test_a_picture_looks_as_the_turn_did(line: str) -> None:
    async with make_app(Counting()).run_test(size=WIDE) as pilot:
        app, transcript = app_of(pilot), transcript_of(pilot)
        card = await say(pilot, line)
        app.conversation.focus_prompt()
        await pilot.pause()
        before, borders = seen_cells(app), [card.region.y, card.region.bottom - 1]
        if card.is_live:
            card.set_state("frozen")
            await pilot.pause()
            before = seen_cells(app)
        [turn] = transcript.query(Turn)
        turn.display = False
        await transcript.mount(OldTurn(turn))
        await until(pilot, lambda: "an old picture" in characters(seen_cells(app).get(borders[1], {})))
        after = seen_cells(app)
        differing = [row for row in range(36) if before.get(row) != after.get(row)]
        assert differing == borders[1:]  # the lower border says what the picture is
        assert "an old picture" in characters(after[borders[1]])
        assert line != "/users" or "14 of 40 rows" in characters(after[borders[1]])


def characters(row: dict[int, tuple[str, str]]) -> str:
    """One row without its styles."""
    return "".join(row.get(column, (" ", ""))[0] for column in range(max(row, default=-1) + 1))


async def test_a_picture_says_that_it_is_one_and_its_keys_renew_it() -> None:
    async with make_app(Counting()).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        old = await grown_old(pilot)
        assert "an old picture · 14 of 40 rows" in text_of(old)
        assert transcript_of(pilot).stops()[0] is old
        for key in ("enter", "ctrl+s", "right"):
            app.conversation.prompt.put("")
            old.focus()
            await pilot.pause()
            assert "an old picture · ↵ takes /users into the prompt" in text_of(old)
            assert "An old picture: its command into the prompt" in [each.words for each in active_keys(old)]
            await pilot.press(key)
            await until(pilot, lambda: app.conversation.prompt.text == "/users")


async def test_the_block_cursor_walks_through_pictures_in_their_order() -> None:
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        await grown_old(pilot, 5)
        transcript = transcript_of(pilot)
        for stop in reversed(transcript.stops()):
            transcript.walk(-1)
            await pilot.pause()
            assert app_of(pilot).focused is stop
        assert transcript.selected is transcript.query(OldTurn).first()


async def test_a_picture_is_saved_and_copied_as_the_card_was() -> None:
    async with make_app(Counting()).run_test(size=WIDE) as pilot:
        transcript = transcript_of(pilot)
        card = await say(pilot, "/users")
        saved, copied = transcript_markdown(transcript.entries), copy_of(card.entry)
        assert "u0-39" in saved
        old = await grown_old(pilot)
        assert old.entry is transcript.entries[0]
        assert old.entry.replies == []
        assert (transcript_markdown(transcript.entries[:1]), copy_of(old.entry)) == (saved, copied)


async def test_the_text_kept_for_saving_has_a_bound() -> None:
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_saved = 1
        await grown_old(pilot, 6)
        assert transcript.forgotten == 6 - len(transcript.entries) > 0
        assert not any(entry.packed for entry in transcript.entries)
        saved = transcript_markdown(transcript.entries, transcript.forgotten)
        assert f"{transcript.forgotten} earlier entries are not in this file" in saved


def test_what_is_shown_once_is_copied_but_never_saved() -> None:
    blocks = {"Card": "password hunter2"}
    entry = Entry(NOW, "/share", "/share", [Facts("share", "Share", {"a": 1}, {"a": "A"}, blocks=blocks)])
    copied = copy_of(entry).text
    entry.put_away(packed_text(entry))
    assert copy_of(entry).text == copied
    assert "hunter2" in copied
    assert "hunter2" not in transcript_markdown([entry])
    assert "hunter2" not in repr(entry)


async def test_the_newest_card_stays_whole_whatever_it_holds() -> None:
    chat = Counting(rows=400)
    async with make_app(chat).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_table_rows = 100
        for _ in range(4):
            await say(pilot, "/users")
        await at_rest(pilot)
        assert (len(transcript.query(OldTurn)), len(transcript.cards)) == (3, 1)
        gc.collect()
        assert chat.held() == [0, 0, 0, 400]


async def test_what_is_asked_or_in_hand_is_left_alone() -> None:
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_whole = 1
        first = await say(pilot, "/users")
        first.query_one(Grid).focus()
        app_of(pilot).conversation.send("/grant %SQL to appuser")
        await until(pilot, lambda: transcript.cards[-1].state == "waiting")
        asking = transcript.cards[-1]
        first.query_one(Grid).focus()
        transcript.most_turns = 3
        for _ in range(30):
            transcript.add_notice(Notice("info", "news"))
        await pilot.pause()
        await at_rest(pilot)
        assert [card for card in (first, asking) if card not in transcript.cards] == []
        assert [reply for reply in asking.replies if isinstance(reply, Plan)]


async def test_a_picture_of_a_live_card_tells_its_time_and_is_no_longer_refreshed() -> None:
    async with make_app(FakeChat()).run_test(size=SMALL) as pilot:
        transcript = transcript_of(pilot)
        transcript.most_whole = 1
        card = await say(pilot, "/license")
        for _ in range(3):
            await say(pilot, "/users")
        await at_rest(pilot)
        assert not card.is_live
        assert "as of" in text_of(transcript.query(OldTurn).first())


async def test_a_reply_or_a_line_that_comes_while_the_app_ends_raises_nothing() -> None:
    async with make_app(Counting()).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        card = await say(pilot, "/users")
        app.conversation.send("/users")
        app.conversation.send("/clear")
        app.exit(0)
        app.conversation.send("/license")
        app.conversation.notice(Notice("info", "news"))
        card.add(Facts("other", "Other", {"a": 1}, {"a": "A"}), NOW)
        await pilot.pause()
    assert app.return_code == 0
