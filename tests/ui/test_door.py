"""The way out to the terminal: what a widget paints, and what gets into a line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.control import Control
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.color import Color
from textual.widgets import Input, Static

from irisops.ui import ask, fields, prompt
from irisops.ui.door import Door, LineInput
from tests.hostile import ATTACKS, HOSTILE, acting
from tests.ui.driving import app_of, make_app, until

BACKGROUND = Color(0, 0, 0)


def let_out(*segments: Segment) -> list[Segment]:
    return Door().apply(list(segments), BACKGROUND)


@pytest.mark.parametrize("attack", [*ATTACKS, "lone \ud800 half", "pri\ue000vate"])
def test_a_painted_line_keeps_its_width_and_loses_what_acts(attack: str) -> None:
    segment = Segment(attack)
    (out,) = let_out(segment)
    assert acting(out.text.encode()) == []
    assert out.cell_length == segment.cell_length


def test_a_harmless_line_is_left_alone() -> None:
    segments = [Segment("─ plain ─"), Segment("漢字 é 👩"), Segment("e\u0301")]
    assert Door().apply(segments, BACKGROUND) is segments


def test_textuals_own_control_codes_pass() -> None:
    control = Control.home().segment
    assert let_out(control, Segment("\x1b")) == [control, Segment("")]


async def test_a_widget_that_asked_nobody_paints_nothing_that_acts() -> None:
    async with make_app().run_test(size=(120, 36)) as pilot:
        app = app_of(pilot)
        await app.screen.mount(Static(Text(HOSTILE), id="raw"))
        await pilot.pause()
        widget = app.screen.query_one("#raw")
        assert app.get_line_filters()[-1:] == [
            each for each in app.get_line_filters() if isinstance(each, Door)
        ]
        painted = [strip.text for strip in widget.render_lines(widget.size.region)]
        assert "canary" in painted[0]
        assert acting("\n".join(painted).encode()) == []


INPUTS: list[Callable[[], Input]] = [
    LineInput,
    lambda: prompt.Line(lambda: None),
    ask.Answer,
]


@pytest.mark.parametrize("make", INPUTS)
async def test_nothing_that_acts_gets_into_a_line(make: Callable[[], Input]) -> None:
    async with make_app().run_test(size=(120, 36)) as pilot:
        line = make()
        await app_of(pilot).screen.mount(line)
        line.value = HOSTILE
        assert acting(line.value.encode()) == []
        line.value = "ab"
        line.cursor_position = 1
        line.post_message(events.Paste("\x1b\u202e"))
        await until(pilot, lambda: line.value != "ab")
        assert (line.value, line.cursor_position) == ("a␛‹RLO›b", len("a␛‹RLO›"))


async def test_a_masked_line_keeps_a_secret_as_it_is() -> None:
    async with make_app().run_test(size=(120, 36)) as pilot:
        line = ask.Answer(password=True)
        await app_of(pilot).screen.mount(line)
        line.post_message(events.Paste("p\u200b\x1bw"))
        await until(pilot, lambda: line.value)
        assert line.value == "p\u200b\x1bw"


def test_every_line_of_ours_is_one() -> None:
    for module in (ask, fields, prompt):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Input) and value is not Input:
                assert issubclass(value, LineInput), value
