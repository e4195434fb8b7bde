"""A replay on the screen: visibly not live, and the arrows move it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from irisops.contract.chat import Overview, TimeLine
from irisops.ui import frame
from irisops.ui.panels import Replay
from irisops.ui.welcome import Welcome
from tests.ui.driving import SMALL, make_app, say, screen_text, until
from tests.ui.fake_chat import LOCAL, NOW, FakeChat


def a_line(**changed: object) -> TimeLine:
    line = TimeLine(
        NOW - timedelta(hours=2),
        NOW,
        NOW - timedelta(hours=1),
        "3 d 0 h ago",
        NOW - timedelta(hours=1, seconds=7),
        (0.1, 0.5, None, 1.0),
        lambda _count, **_how: None,
    )
    return replace(line, **changed)  # type: ignore[arg-type]  # - a test names what it changes


@pytest.mark.parametrize("width", [24, 40, 80, 120, 200])
def test_the_time_line_fits_and_says_that_nothing_is_live(width: int) -> None:
    lines = frame.timeline(a_line(), width)
    assert all(each.cell_length <= width for each in lines)
    assert "RECORDED, NOT LIVE" in lines[0].plain
    assert "┃" in lines[1].plain


def test_at_80_columns_the_arrows_are_named() -> None:
    assert frame.timeline(a_line(ago="12 d 10 h ago"), 80)[0].plain.rstrip().endswith("←/→ poll")


def test_a_newcomer_is_told_how_to_move_and_offered_what_a_recording_can_do() -> None:
    active = LOCAL._replace(recorded=True, active=True)
    welcome = Welcome(Overview(profiles=(active,), active=active))
    lines = "\n".join(each.plain for each in welcome.lines(76))
    assert "nothing is live" in lines
    assert "← and →" in lines
    assert "when was the license full" in lines
    assert "show users" not in lines


def test_a_gap_is_a_blank_and_a_full_license_a_whole_block() -> None:
    line = frame.timeline(a_line(at=NOW - timedelta(hours=2)), 80)[1].plain
    assert "█" in line
    assert "  " in line.strip()


async def test_the_arrows_of_an_empty_prompt_move_the_replay() -> None:
    moves: list[tuple[int, bool]] = []

    def move(count: int, *, minutes: bool = False) -> None:
        moves.append((count, minutes))

    chat = FakeChat()
    chat.active = LOCAL._replace(recorded=True, active=True)
    chat.timeline = a_line(move=move)
    app = make_app(chat)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: bool(app.query(Replay)))
        assert "NOT LIVE" in screen_text(app)
        await pilot.press("left", "right", "shift+left")
        await until(pilot, lambda: len(moves) == 3)
        assert moves == [(-1, False), (1, False), (-1, True)]
        await pilot.press("x", "left")
        assert len(moves) == 3  # in a line they move the cursor
        await pilot.press("escape")
        card = await say(pilot, "/license")
        assert card.is_live
        assert "recorded" in str(card.border_title)
        asked = chat.log.count("run /license")
        chat.timeline = a_line(at=NOW, move=move)
        chat.become(chat.active)
        await until(pilot, lambda: chat.log.count("run /license") > asked)  # the card follows at once
