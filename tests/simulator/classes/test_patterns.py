"""ObjectScript patterns, checked against a plain reading of them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.classes.patterns import PatternError, compile_pattern, matches_pattern

PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "


@given(st.text(PRINTABLE, max_size=140))
def test_the_default_policy_is_a_length(text: str) -> None:
    assert matches_pattern(text, "3.128ANP") == (3 <= len(text) <= 128)


@given(st.text(PRINTABLE, max_size=12))
def test_single_codes_agree_with_their_character_classes(text: str) -> None:
    assert matches_pattern(text, ".N") == all(character.isdigit() for character in text)
    assert matches_pattern(text, ".U") == all(character in string.ascii_uppercase for character in text)
    assert matches_pattern(text, ".L") == all(character in string.ascii_lowercase for character in text)
    assert matches_pattern(text, ".A") == all(character in string.ascii_letters for character in text)
    assert matches_pattern(text, ".P") == all(character in string.punctuation + " " for character in text)
    assert matches_pattern(text, ".E")


@pytest.mark.parametrize(
    ("text", "pattern", "matches"),
    [
        ("a1", "1A1N", True),
        ("1a", "1A1N", False),
        ("ab12", '1"ab"2N', True),
        ('a"b', '1"a""b"', True),
        ("12", "1(2N,3A)", True),
        ("abc", "1(2N,3A)", True),
        ("ab", "1(2N,3A)", False),
        ("aaaa", "2.3A", False),
        ("aaaa", "2.A", True),
        ("", ".3A", True),
        ("a", "1a", True),
        ("(ab)", '1"("1.A1")"', True),
    ],
)
def test_examples(text: str, pattern: str, matches: bool) -> None:
    assert matches_pattern(text, pattern) is matches


@pytest.mark.parametrize("pattern", ["", "A", "3", "3.2A", "1Z", '1"a', "1(2N", "1(,2N)", "1A)"])
def test_what_is_no_pattern_is_told(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@given(st.text('0123456789.ANPULEC(),"ab', max_size=12))
def test_any_text_is_a_pattern_or_a_pattern_error(pattern: str) -> None:
    try:
        compile_pattern(pattern).fullmatch("abc1")
    except PatternError:
        return
