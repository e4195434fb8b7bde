from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.wording import counted, duration, harmless, listed


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
