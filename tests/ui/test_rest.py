"""A live card whose reading costs the instance much is not read again at once."""

from __future__ import annotations

from irisops.ui.conversation import REST
from tests.ui.driving import WIDE, app_of, make_app, say, until
from tests.ui.fake_chat import FakeChat


class Time:
    """Monotonic seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_card_rests_four_times_as_long_as_its_reading_took() -> None:
    chat, time = FakeChat(), Time()
    async with make_app(chat, seconds=time).run_test(size=WIDE) as pilot:
        conversation = app_of(pilot).conversation
        card = await say(pilot, "/license")
        asked = chat.log.count("run /license")
        conversation.refresh_live()
        time.now += 3  # what this reading takes: it runs only after this line
        await until(pilot, lambda: chat.log.count("run /license") == asked + 1)
        await pilot.pause()
        assert card.is_live
        for passed, more in ((REST * 3 - 1, 0), (2, 1)):
            time.now += passed
            conversation.refresh_live()
            for _ in range(5):
                await pilot.pause()
            assert chat.log.count("run /license") == asked + 1 + more
