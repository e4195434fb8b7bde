"""The transcript's end: followed through every change of height, left alone once the reader scrolled up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.geometry import Region

from irisops.contract.chat import Notice
from irisops.contract.replies import Done, Plan
from irisops.ui.cards.table import TableSection
from irisops.ui.lines import Ground
from irisops.ui.popup import Item
from tests.ui.driving import SMALL, WIDE, Driver, app_of, make_app, say, until
from tests.ui.fake_chat import NOW, FakeChat


class Thorough(FakeChat):
    """Its plans have so many effects that they fill the screen."""

    def __init__(self, effects: int = 14) -> None:
        super().__init__()
        self.effects = effects

    def _keep(self, plan: Plan) -> Plan:
        return super()._keep(replace(plan, effects=[f"effect {number}" for number in range(self.effects)]))


def below(pilot: Driver) -> int:
    """Lines of the newest turn that are out of sight below; negative when there is a gap."""
    transcript = app_of(pilot).conversation.transcript
    return transcript.children[-1].region.bottom - transcript.region.bottom + 1  # a turn has a margin


async def fill(pilot: Driver) -> None:
    """More cards than fit."""
    for line in ("/users", "/license", "/status"):
        await say(pilot, line)


@pytest.mark.parametrize("effects", [1, 8, 14, 30])
@pytest.mark.parametrize("calls", [False, True])
async def test_a_plan_that_grows_by_its_answer_ends_in_sight(effects: int, calls: bool) -> None:
    async with make_app(Thorough(effects)).run_test(size=SMALL) as pilot:
        await fill(pilot)
        card = await say(pilot, "/grant %SQL to appuser")
        assert below(pilot) == 0
        if calls:
            await pilot.press("question_mark")
            await until(pilot, lambda: below(pilot) == 0)
        await pilot.press("y")
        await until(pilot, lambda: card.state == "done")
        for _ in range(5):  # it stays so, whatever is laid out behind
            await pilot.pause()
            assert below(pilot) == 0


async def test_all_that_changes_heights_keeps_the_end_in_sight() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await fill(pilot)
        prompt, card = app.conversation.prompt, app.conversation.transcript.cards[-1]
        items = [Item(f"/{number}", f"/{number}") for number in range(8)]
        changes: list[Callable[[], object]] = [
            lambda: prompt.wait(["/users"]),
            lambda: prompt.popup.offer(items),
            lambda: prompt.popup.offer(items[:3]),
            prompt.popup.close,
            lambda: prompt.wait([]),
            lambda: chat.say(Notice("error", "The connection was lost.", "It is tried again.", "local")),
            lambda: card.add(Done("one", "The card has grown.", ["By a detail.", "And another."]), NOW),
            lambda: card.renew([Done("one", "And is small again.")], NOW),
            card.toggle_expanded,
        ]
        for change in changes:
            change()
            await pilot.pause()
            assert below(pilot) == 0
        for size in ((80, 18), (80, 30), (120, 36), (60, 15)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert below(pilot) == 0


async def test_a_reader_who_scrolled_up_stays_there() -> None:
    chat = Thorough()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        transcript = app.conversation.transcript
        await fill(pilot)
        card = await say(pilot, "/grant %SQL to appuser")
        await pilot.press("pageup")
        await pilot.pause()
        place = transcript.scroll_y
        assert below(pilot) > 0
        await pilot.press("question_mark")
        await pilot.pause()
        transcript.release_anchor()  # `?` shows the calls, so it goes to the end; up again
        transcript.scroll_to(y=place, animate=False)
        await pilot.press("y")
        await until(pilot, lambda: card.state == "done")
        chat.say(Notice("info", "Something else happened."))
        for _ in range(3):
            await pilot.pause()
            assert transcript.scroll_y == place


async def test_back_at_the_end_it_is_followed_again() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await fill(pilot)
        await pilot.press("pageup")
        chat.say(Notice("info", "Below, out of sight."))
        await pilot.pause()
        assert below(pilot) > 0
        for _ in range(4):
            await pilot.press("pagedown")
        assert below(pilot) <= 0
        chat.say(Notice("warning", "Seen.", "By itself."))
        await pilot.pause()
        assert below(pilot) <= 0


async def test_few_cards_stand_at_the_prompt_and_nowhere_else() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/users")
        for step in (-1, 1):
            app.action_page(step)
            await pilot.pause()
            assert below(pilot) == 0
            assert app.conversation.transcript.scroll_y == 0


@pytest.mark.parametrize("no_color", ["", "1"])
async def test_containers_paint_one_line_for_all_rows(no_color: str) -> None:
    app = make_app(environment={"NO_COLOR": no_color})
    async with app.run_test(size=WIDE) as pilot:
        card = await say(pilot, "/users")
        turn = card.parent
        assert turn is not None
        places = [app.screen, app.query_one("#body"), app.side, app.conversation, app.conversation.transcript]
        for place in [*places, card.query_one(TableSection), turn]:
            assert isinstance(place, Ground)
            lines = place.render_lines(Region(0, 0, 40, 9))
            assert len(lines) == 9
            assert len(set(map(id, lines))) == 1
            assert lines[0].text == " " * 40
            (piece,) = lines[0]
            assert piece.style is not None
            assert piece.style.bgcolor is not None
            assert piece.style.bgcolor.is_default == bool(no_color)
