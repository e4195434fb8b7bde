"""Spans and times of day as people type them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.durations import moment, span
from irisops.contract.replies import Refusal

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LOCAL = NOW.astimezone(timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("2h", 120), ("90m", 90), ("1h30m", 90), ("1d", 1440), ("45", 45), ("1D2H3min", 1563), (" 7d ", 10080)],
)
def test_spans(text: str, minutes: int) -> None:
    assert span(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "0m", "8d", "7d1m", "h", "two hours", "-1h", "1.5h", "1h 30m"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        span(text)
    assert "1h30m" in caught.value.cure


@given(st.text(max_size=12))
def test_any_text_is_a_span_or_a_refusal(text: str) -> None:
    with contextlib.suppress(Refusal):
        assert timedelta(minutes=1) <= span(text) <= timedelta(days=7)


def test_a_time_of_day_is_the_next_one_here() -> None:
    assert moment("18:30", NOW, LOCAL) == datetime(2026, 5, 1, 16, 30, tzinfo=UTC)
    assert moment("9:05", NOW, LOCAL) == datetime(2026, 5, 2, 7, 5, tzinfo=UTC)
    assert moment("2h", NOW, LOCAL) == NOW + timedelta(hours=2)
