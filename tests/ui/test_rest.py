"""A live card whose reading costs the instance much is not read again at once."""

from __future__ import annotations

import pytest

from irisops.ui.pace import pace_of
from tests.ui.driving import WIDE, app_of, make_app, say, until
from tests.ui.fake_chat import FakeChat


class Time:
    """Monotonic seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_card_is_read_for_a_small_part_of_the_time() -> None:
    chat, time = FakeChat(), Time()
    async with make_app(chat, seconds=time).run_test(size=WIDE) as pilot:
        conversation = app_of(pilot).conversation
        conversation.paces.interval = 2.0
        card = await say(pilot, "/license")
        asked = chat.log.count("run /license")
        conversation.refresh_live()
        began = time.now
        time.now += 2  # what this reading takes: it runs only after this line
        await until(pilot, lambda: chat.log.count("run /license") == asked + 1)
        await until(pilot, lambda: "live, every 10 s" in card.headline().plain)
        assert card.is_live
        time.now = began + 9
        conversation.refresh_live()
        for _ in range(5):
            await pilot.pause()
        assert chat.log.count("run /license") == asked + 1
        time.now = began + 10
        conversation.refresh_live()
        await until(pilot, lambda: chat.log.count("run /license") == asked + 2)
        await until(pilot, lambda: card.headline().plain.endswith("· live"))  # this one took no time


@pytest.mark.parametrize(
    ("took", "pace"),
    [(0.02, 0), (0.1, 0), (0.11, 4), (0.3, 6), (0.33, 10), (2, 10), (2.1, 20), (59, 300), (70, 350)],
)
def test_the_pace_is_the_shortest_that_the_readings_allow(took: float, pace: float) -> None:
    assert pace_of(took) == pace


def test_the_pace_does_not_go_to_and_fro() -> None:
    pace = 0.0
    paces = [pace := pace_of(took, pace) for took in (0.19, 0.21, 0.19, 0.17, 0.15, 0.09, 0.07)]
    assert paces == [4, 6, 6, 6, 4, 4, 0]
