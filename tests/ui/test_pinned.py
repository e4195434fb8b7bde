"""The card that /watch keeps at the top, the plot, and the bell of an alert."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.chat import About, Command, Notice, ProfileState
from irisops.contract.replies import Effect, Problem, Reply, Series
from irisops.ui.cards.plot import HEIGHT, PlotSection, columns_of, drawn, plot_lines
from irisops.ui.frame import window_title
from irisops.ui.grid import Grid
from irisops.ui.record import reply_markdown
from irisops.ui.terminal import TerminalTitle, to_terminal
from tests.ui.driving import SMALL, WIDE, DrivenApp, app_of, make_app, say, text_of, until
from tests.ui.fake_chat import LOCAL, NOW, FakeChat

SERIES = Series(
    "plot",
    "License units in use",
    [NOW + timedelta(seconds=15 * number) for number in range(20)],
    {"units": [float(number % 8) for number in range(20)]},
    limit=8,
    notes=["From 0 to 7."],
)


class WatchChat(FakeChat):
    """Knows /watch and /plot besides."""

    def parse(self, text: str, about: About | None = None) -> Command | Problem:
        if text.startswith("/watch") or text == "/plot":
            return Command(
                text[1:].split(maxsplit=1)[0], {"what": text.partition(" ")[2]}, slash=text, text=text
            )
        return super().parse(text)

    async def run(self, command: Command) -> AsyncIterator[Reply]:
        if command.name == "watch":
            what = str(command.args["what"])
            yield Effect("unpin") if what == "off" else Effect("pin", f"/{what}")
        elif command.name == "plot":
            yield SERIES
        else:
            async for reply in super().run(command):
                yield reply


async def test_a_watched_card_stays_above_the_transcript_and_keeps_itself_fresh() -> None:
    chat = WatchChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        answer = await say(pilot, "/watch license")
        assert answer.state == "done"
        assert "/watch off" in text_of(answer)
        card = app.conversation.pinned.card
        assert card is not None
        await until(pilot, lambda: card.state == "live")
        assert "5 of 8 units" in text_of(card)
        assert card.region.bottom <= app.conversation.transcript.region.y
        before = chat.log.count("run /license")
        app.conversation.refresh_live()
        await until(pilot, lambda: chat.log.count("run /license") == before + 1)


async def test_a_card_of_the_same_command_leaves_the_watched_one_live() -> None:
    async with make_app(WatchChat()).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/watch license")
        card = app.conversation.pinned.card
        assert card is not None
        await until(pilot, lambda: card.is_live)
        await say(pilot, "/license")
        assert card.is_live


async def test_there_is_one_pin_and_off_takes_it_away() -> None:
    async with make_app(WatchChat()).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await say(pilot, "/watch license")
        await say(pilot, "/watch sessions")
        assert len(app.conversation.pinned.children) == 1
        pinned = app.conversation.pinned
        assert pinned.size.height <= 0.4 * app.size.height
        assert app.conversation.prompt.region.bottom <= app.size.height
        answer = await say(pilot, "/watch off")
        assert "No longer watching" in text_of(answer)
        assert (pinned.card, pinned.display, len(pinned.children)) == (None, False, 0)
        answer = await say(pilot, "/watch off")
        assert "Nothing was being watched" in text_of(answer)


async def test_a_lost_connection_marks_the_watched_card() -> None:
    chat = WatchChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/watch license")
        card = app.conversation.pinned.card
        assert card is not None
        await until(pilot, lambda: card.is_live)
        chat.become(LOCAL._replace(state="lost"))
        await until(pilot, lambda: card.stale)
        chat.become(LOCAL)
        await until(pilot, lambda: not card.stale)


async def test_what_cannot_be_parsed_is_not_pinned() -> None:
    async with make_app(WatchChat()).run_test(size=WIDE) as pilot:
        answer = await say(pilot, "/watch nonsense")
        assert answer.state == "failed"
        assert app_of(pilot).conversation.pinned.card is None


class Ringing(DrivenApp):
    """Writes down when it rings."""

    rung: ClassVar[list[bool]]

    def bell(self) -> None:
        self.rung.append(True)


async def test_an_alert_rings_even_with_the_focus_here() -> None:
    chat = WatchChat()
    rung: list[bool] = []
    Ringing.rung = rung
    async with make_app(chat, kind=Ringing).run_test(size=WIDE):
        chat.say(Notice("warning", "units over 80%", profile="local"))
        assert rung == []
        chat.say(Notice("warning", "units over 80%", profile="local", alert=True))
        assert rung == [True]


class Title(TerminalTitle):
    """A title with what was written to the terminal."""

    def __init__(self) -> None:
        self.written: list[str] = []
        super().__init__(self._to_list)

    def _to_list(self, text: str) -> bool:
        self.written.append(text)
        return True


def test_the_title_of_the_terminal_is_given_back() -> None:
    title = Title()
    title.restore()
    assert title.written == []
    title.alert("(!) evil\x1b]2;pwned\x07 7 of 8")
    title.alert("again")
    title.restore()
    title.restore()
    assert title.written[0].startswith("\x1b[22;2t\x1b]2;")
    assert title.written[0].count("\x1b") == 2
    assert title.written[1:] == ["\x1b]2;again\x07", "\x1b[23;2t"]


def test_an_alert_stands_in_the_title_until_it_was_seen() -> None:
    title = Title()
    title.show("local 5/8")
    title.show("local 5/8")
    assert title.written == ["\x1b[22;2t\x1b]2;local 5/8\x07"], "nothing is sent twice"
    title.alert("(!) local: units over 80%")
    title.show("local 7/8")
    assert len(title.written) == 2
    title.seen()
    assert title.written[2:] == ["\x1b]2;local 7/8\x07"]
    title.show("")
    assert title.written[3:] == ["\x1b[23;2t"], "the terminal has its own again"


def test_the_title_says_where_one_is_and_how_full_it_is() -> None:
    local = ProfileState("local", "connected", units_used=5, units_limit=8)
    assert window_title(local) == "local 5/8 – irisops"
    assert window_title(local._replace(units_used=None)) == "local – irisops"
    assert window_title(local._replace(state="lost")) == "local lost – irisops"
    assert window_title(None) == "irisops"


def test_without_a_terminal_nothing_is_written(tmp_path: Path) -> None:
    write = partial(to_terminal, device=str(tmp_path / "none"))
    assert not write("x")
    title = TerminalTitle(write)
    title.alert("x")
    title.restore()
    assert list(tmp_path.iterdir()) == []


async def test_a_plot_is_drawn_in_a_card() -> None:
    async with make_app(WatchChat()).run_test(size=SMALL) as pilot:
        card = await say(pilot, "/plot")
        section = card.query_one(PlotSection)
        lines = [line.plain for line in section.lines(60)]
        assert len(lines) == HEIGHT + 2
        assert lines[0].startswith("8 │")
        assert "┄" in lines[0]
        assert any("⣿" in line for line in lines)
        assert "From 0 to 7." in lines[-1]


def test_the_highest_value_fills_the_plot_and_nothing_is_a_gap() -> None:
    assert drawn([8.0, 8.0], 8.0, 2) == ["⣿", "⣿"]
    assert drawn([4.0, None], 8.0, 2) == [" ", "⡇"]
    assert drawn([0.0, 0.0], 8.0, 1) == ["⣀"], "nothing used is still seen"


def test_a_reading_holds_until_the_next_and_a_gap_stays_one() -> None:
    times = [NOW + timedelta(seconds=seconds) for seconds in (0, 10, 20)]
    assert columns_of(times, [1, None, 3], 5) == [1, 1, None, None, 3]
    assert columns_of(times[:1], [7], 3) == [None, None, 7]
    assert columns_of([], [], 3) == []


@given(
    st.lists(st.none() | st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=200),
    st.integers(8, 200),
    st.none() | st.floats(1, 1e6),
)
def test_any_series_fits_its_card(values: list[float | None], width: int, limit: float | None) -> None:
    times = [NOW + timedelta(seconds=number) for number in range(len(values))]
    for line in plot_lines(Series("plot", "x", times, {"units": values}, limit=limit), width):
        assert line.cell_length <= max(width, 20)


def test_a_saved_plot_is_a_table_of_readings() -> None:
    text = reply_markdown(SERIES)
    assert "| time | units |" in text
    assert text.count("| 7 |") == 2


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_watched_card_is_whole_and_stands_apart(size: tuple[int, int]) -> None:
    async with make_app(WatchChat()).run_test(size=size) as pilot:
        app = app_of(pilot)
        await say(pilot, "/watch license")
        card = app.conversation.pinned.card
        assert card is not None
        await until(pilot, lambda: card.is_live)
        grid = card.query_one(Grid)
        await until(pilot, lambda: grid.region.height == 4)
        assert grid.rows_in_sight == 3  # all holders
        assert grid.region.bottom == card.region.bottom - 1  # its lower edge is seen below
        assert card.region.bottom == app.conversation.transcript.region.y - 1
        assert card.hidden_lines == 0
