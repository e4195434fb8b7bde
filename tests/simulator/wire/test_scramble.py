"""The scrambling of credentials, against what driver 5.4.1 sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.wire.scramble import scramble, unscramble

CAPTURED = [
    ("SYS", "9effde"),
    ("_SYSTEM", "5d7cbefe403fdf"),
    ("tok", "9939ba"),
    ("", ""),
]
CAPTURED_WIDE = [
    ("\u0416", "3604"),
    ("\u0416\u0416", "36045604"),
    ("a\u0416", "3604f800"),
    ("\u043f\u0430\u0440\u043e\u043b\u044c", "7d04b30473045d047304b304"),
    ("\u65e5\u672c", "71676865"),
]


@pytest.mark.parametrize(("plain", "wire"), CAPTURED)
def test_latin_texts_as_captured(plain: str, wire: str) -> None:
    assert unscramble(bytes.fromhex(wire).decode("latin-1")) == plain
    assert scramble(plain).encode("latin-1").hex() == wire


@pytest.mark.parametrize(("plain", "wire"), CAPTURED_WIDE)
def test_wide_texts_as_captured(plain: str, wire: str) -> None:
    assert unscramble(bytes.fromhex(wire).decode("utf-16-le")) == plain
    assert scramble(plain).encode("utf-16-le").hex() == wire


@given(st.text(st.characters(max_codepoint=0xFFFF), max_size=400))
def test_both_ways(text: str) -> None:
    assert unscramble(scramble(text)) == text
