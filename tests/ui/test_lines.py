"""Wrapping and spreading: nothing is lost, nothing is too wide."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from irisops.ui.lines import same, spread, wrapped

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
