"""Tables as data."""

from __future__ import annotations

import pytest

from irisops.contract.replies import Tone
from irisops.engine import cards


@pytest.mark.parametrize(
    ("shown", "tone"),
    [
        ("99", None),
        ("100", "warn"),
        ("1,234", "warn"),
        ("", None),
        ("–", None),
        ("12 min", None),
        ("²", None),
    ],
)
def test_numbers_have_a_colour_from_a_limit_on(shown: str, tone: Tone | None) -> None:
    assert cards.From(100, "warn").get(shown) == tone
