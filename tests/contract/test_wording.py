from __future__ import annotations

import unicodedata
from timeit import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.wording import acting, counted, duration, harmless, harmless_lines, in_line, listed


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\nb\r\nc", "a⏎b⏎c"),
        ("a\u202eb\u200fc", "a‹RLO›b‹RLM›c"),
        ("\x9b31m", "‹009B›31m"),
        ("\x7f\x00", "␡␀"),
        ("a\u2028b", "a⏎b"),
        ("\ud800", "‹D800›"),
        ("日本 ñ", "日本 ñ"),
    ],
)
def test_makes_visible_what_would_act(raw: str, shown: str) -> None:
    assert harmless(raw) == shown


@given(st.text(), st.integers(0, 40))
def test_is_one_printable_line_within_the_limit(text: str, limit: int) -> None:
    shown = harmless(text, limit)
    assert len(shown) <= limit
    assert all(unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for each in shown)


@given(st.text())
def test_doing_it_twice_changes_nothing(text: str) -> None:
    once = harmless(text)
    assert harmless(once) == once


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert harmless("x" * 4000) == "x" * 199 + "…"


def test_a_pile_of_marks_is_cut_down() -> None:
    assert harmless("a" + "\u0301" * 50) == "a" + "\u0301" * 4


def test_lists_and_counts() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    assert listed(map(str, range(20)), most=3) == "0, 1 and 18 more"
    assert counted(1, "unit") == "1 unit"
    assert counted(2000, "process", "processes") == "2,000 processes"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-3, "0 s"), (59, "59 s"), (540, "9 min"), (7500, "2 h 05 min"), (93600, "1 d 2 h")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a" + "\u20dd" * 50, "a" + "\u20dd" * 4),  # marks that combine without a combining class
        ("admin\u3164", "admin‹3164›"),
        ("a\ufe00b\U000e0100", "a‹FE00›b‹E0100›"),
        ("☎\ufe0f", "☎\ufe0f"),
        ("\U000e0041", "‹E0041›"),
    ],
)
def test_what_cannot_be_seen_is_told(raw: str, shown: str) -> None:
    assert harmless(raw) == shown


@pytest.mark.parametrize("character", ["x", "\x1b", "\u0301", "山"], ids=ascii)
def test_a_long_text_costs_no_more_than_what_is_shown_of_it(character: str) -> None:
    """A megabyte of marks would hold the screen for a tenth of a second at each paint of each cell."""
    assert harmless("a" + character * 1_000_000, 10).endswith("…")
    taken = min(timeit(lambda: harmless("a" + character * 1_000_000, 120), number=1) for _ in range(5))
    assert taken < 0.02


@given(st.text())
def test_a_block_keeps_its_lines_and_nothing_that_acts(text: str) -> None:
    shown = harmless_lines(text)
    assert not acting(shown.replace("\n", ""))
    assert shown.count("\n") == text.count("\n")


@given(st.text())
def test_a_line_that_is_typed_holds_nothing_that_acts(text: str) -> None:
    assert not acting(in_line(text))
    assert in_line(in_line(text)) == in_line(text)


def test_blanks_of_another_width_stay_in_a_line_that_is_typed() -> None:
    assert in_line("山田　太郎\xa0x") == "山田　太郎\xa0x"
