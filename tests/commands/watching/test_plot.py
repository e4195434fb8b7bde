from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.commands.watching.plot import POINTS, span_of, thinned
from irisops.connections.count_history import COARSE_STEP, FINE, MIDDLE, CountHistory, Sample
from irisops.contract.replies import Problem, Refusal, Series
from irisops.engine import reply_json, reply_text
from tests.commands.fakes import START, World


def sample(seconds: float, units: int | None = 1) -> Sample:
    return Sample(START + timedelta(seconds=seconds), units, 2, 3)


def test_the_last_minutes_are_kept_whole() -> None:
    history = CountHistory()
    for number in range(400):
        history.add(sample(2 * number))
    assert len(history) == 400
    assert [each.at for each in history.since(START + timedelta(seconds=790))] == [
        START + timedelta(seconds=seconds) for seconds in (790, 792, 794, 796, 798)
    ]


def test_a_day_of_polls_stays_small_and_keeps_its_peaks() -> None:
    history = CountHistory()
    for number in range(24 * 1800):
        history.add(sample(2 * number, units=40 if number == 100 else 5))
    fine = FINE.total_seconds() / 2
    middle = (MIDDLE - FINE).total_seconds() / 15
    coarse = (timedelta(hours=24) - MIDDLE) / COARSE_STEP
    assert len(history) <= fine + middle + coarse + 200
    kept = history.since(START)
    assert max(each.units or 0 for each in kept) == 40
    assert [each.at for each in kept] == sorted(each.at for each in kept)


def test_a_clock_that_was_set_back_begins_anew() -> None:
    history = CountHistory()
    history.add(sample(100))
    history.add(sample(50))
    assert [each.at for each in history.since(START)] == [START + timedelta(seconds=50)]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=2000))
def test_thinning_keeps_the_peak_and_the_order(values: list[int]) -> None:
    samples = [sample(number, value) for number, value in enumerate(values)]
    fewer = thinned(samples, "units")
    assert len(fewer) <= POINTS
    assert max(each.units or 0 for each in fewer) == max(values)
    assert [each.at for each in fewer] == sorted(each.at for each in fewer)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("10m", 600), ("10 min", 600), ("1h", 3600), ("2d", 172800)]
)
def test_spans(text: str, seconds: int) -> None:
    assert span_of(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "0m", "3d", "hour", "1y", "-5m"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(Refusal) as told:
        span_of(text)
    assert told.value.cure


async def test_counts_of_the_polls_are_plotted(connected: World) -> None:
    for used in (5, 6, 7):
        connected.instance.used = used
        await connected.clock.advance(2)
    (series,) = await connected.say("plot the units")
    assert isinstance(series, Series)
    assert [value for value in series.lines["units"] if value is not None][-3:] == [5, 6, 7]
    assert series.limit == 8
    assert len(series.times) == len(series.lines["units"])
    assert any("what was before is not known" in note for note in series.notes)
    (series,) = await connected.say("plot sessions of the last 10m")
    assert isinstance(series, Series)
    assert set(series.lines["sessions"]) == {12}
    assert series.limit is None


async def test_a_plot_as_text_and_as_json(connected: World) -> None:
    await connected.clock.advance(4)
    (series,) = await connected.say("/plot units 1h")
    text = reply_text.text(series)
    assert "units" in text
    assert "of 8" in text
    shape = reply_json.shape(series)
    assert shape is not None
    assert shape["reply"] == "series"
    assert len(shape["times"]) == len(shape["lines"]["units"])
    assert shape["times"][0].endswith("Z")


async def test_gaps_are_drawn_as_gaps() -> None:
    times = [START + timedelta(seconds=number) for number in range(3)]
    text = reply_text.text(Series("plot", "Units", times, {"units": [1, None, 2]}))
    assert "▅ █" in text or "▄ █" in text
    assert "nothing" in reply_text.text(Series("plot", "Units", times, {"units": [None, None, None]}))


async def test_what_cannot_be_plotted(world: World, connected: World) -> None:
    (problem,) = await connected.say("/plot cows")
    assert isinstance(problem, Problem)
    assert problem.error == "NoSuchFigure"
    (problem,) = await connected.say("/plot units forever")
    assert isinstance(problem, Problem)
    assert problem.error == "BadSpan"
