"""Wrapping and spreading: nothing is lost, nothing is too wide."""

from __future__ import annotations

from typing import Self

from hypothesis import given
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Region

from irisops.ui.lines import GivenLines, changed, same, spread, wrapped
from tests.ui.driving import Driven

words = st.lists(st.text("abcdef", min_size=1, max_size=12), min_size=1, max_size=30)


@given(words, st.integers(24, 60), st.integers(0, 8))
def test_every_word_stays_and_fits(parts: list[str], width: int, indent: int) -> None:
    lines = wrapped(Content(" ".join(parts)), width, indent)
    assert " ".join(line.plain for line in lines).split() == parts
    assert all(line.cell_length <= width for line in lines)
    assert all(line.plain.startswith(" " * indent) for line in lines[1:])


def test_the_first_line_uses_the_whole_width() -> None:
    assert [line.plain for line in wrapped(Content("one two three"), 13, 6)] == ["one two three"]


@given(st.text(max_size=40), st.text(max_size=40), st.integers(1, 80))
def test_two_ends_of_a_line_fit_it(left: str, right: str, width: int) -> None:
    assert spread(Content(left), Content(right), width).cell_length <= width


def test_the_same_text_in_another_colour_is_not_the_same() -> None:
    assert same([Content.styled("a", "red")], [Content.styled("a", "red")])
    assert not same([Content.styled("a", "red")], [Content.styled("a", "green")])
    assert not same([Content("a")], [])


def test_a_changed_line_is_painted_as_far_as_its_last_changed_cell() -> None:
    before = [Content("units   7/8 |"), Content("the same"), Content("sessions  5")]
    after = [Content("units   6/8 |"), Content("the same"), Content("sessions 漢")]
    assert changed(before, before) == []
    assert changed(before, after) == [Region(0, 0, 9, 1), Region(0, 2, 11, 1)]


def test_another_colour_is_a_change_and_another_width_shifts_all_that_follows() -> None:
    before = Content.assemble("a ", ("b", "red"), " c")
    assert changed([before], [Content.assemble("a ", ("b", "green"), " c")]) == [Region(0, 0, 3, 1)]
    assert changed([before], [Content("a bb c")]) == [Region(0, 0, 6, 1)]


@given(st.text("ab漢 ", max_size=12), st.text("ab漢 ", max_size=12))
def test_what_is_not_painted_anew_is_the_same(one: str, other: str) -> None:
    regions = changed([Content(one)], [Content(other)])
    if not regions:
        assert one == other
    elif Content(one).cell_length == Content(other).cell_length:
        start = regions[0].right
        tails = [text.plain[len(text.truncate(start).plain) :] for text in (Content(one), Content(other))]
        assert tails[0] == tails[1]


class Counting(GivenLines):
    """Notes what is painted anew."""

    def __init__(self, *given: Content) -> None:
        super().__init__(*given)
        self.asked: list[tuple[Region, ...]] = []

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        self.asked.append(regions)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Panel(Driven):
    """One widget with two lines."""

    def __init__(self) -> None:
        super().__init__()
        self.panel = Counting(Content("units 7/8"), Content("sessions 5"))

    def compose(self) -> ComposeResult:
        yield self.panel


async def test_a_poll_paints_only_the_lines_that_it_changed() -> None:
    async with Panel().run_test(size=(20, 4)) as pilot:
        app = pilot.app
        assert isinstance(app, Panel)
        app.panel.asked.clear()
        for _ in range(30):  # a minute in which nothing happens
            app.panel.put(Content("units 7/8"), Content("sessions 5"))
        await pilot.pause()
        assert len(app.panel.asked) == 0
        app.panel.put(Content("units 7/8"), Content("sessions 6"))
        await pilot.pause()
        assert app.panel.asked == [(Region(0, 1, 10, 1),)]
        assert [strip.text.rstrip() for strip in app.panel.render_lines(Region(0, 0, 20, 2))] == [
            "units 7/8",
            "sessions 6",
        ]
