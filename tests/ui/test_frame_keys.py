"""The bottom line, the first screen, and what is told while another window has the focus."""

from __future__ import annotations

import pytest
from textual import events
from textual.content import Content
from textual.widget import Widget

from irisops.contract.chat import Notice, Overview
from irisops.contract.replies import FormField, Problem
from irisops.ui.ask import Confirm
from irisops.ui.card import Card
from irisops.ui.cards.problem import problem_lines
from irisops.ui.editor import EditorScreen
from irisops.ui.fields import Ticks
from irisops.ui.keys import KeysScreen
from irisops.ui.panels import StatusLine
from irisops.ui.transcript import Transcript
from irisops.ui.welcome import CONNECTED, Welcome, things_to_try
from tests.ui.driving import (
    SMALL,
    WIDE,
    DrivenApp,
    Driver,
    app_of,
    focus_of,
    make_app,
    say,
    screen_text,
    text_of,
    until,
)
from tests.ui.fake_chat import CLINIC, LOCAL, FakeChat


def bottom(pilot: Driver) -> str:
    return app_of(pilot).status.render().plain


def edge(box: Widget) -> str:
    return Content.from_markup(box.border_subtitle or "").plain


@pytest.mark.parametrize("size", [(60, 20), SMALL, (100, 30), WIDE])
async def test_the_bottom_line_shows_the_keys_of_the_focus(size: tuple[int, int]) -> None:
    async with make_app().run_test(size=size) as pilot:
        await until(pilot, lambda: "F1 keys" in bottom(pilot))
        assert "Tab complete" in bottom(pilot)
        await say(pilot, "/users")
        await pilot.press("alt+up")
        await until(pilot, lambda: "^Y copy" in bottom(pilot))
        assert "Tab complete" not in bottom(pilot)
        await pilot.press("escape")
        await say(pilot, "/grant %SQL to appuser")
        await until(pilot, lambda: "y yes" in text_of(app_of(pilot).screen))
        assert "yes" not in bottom(pilot), "the question has its keys right above"
        assert len(bottom(pilot)) <= size[0]
        assert bottom(pilot).rstrip().endswith("F1 keys")


def test_what_runs_is_never_pushed_out_by_keys() -> None:
    line = StatusLine()
    line.keys = [(f"^{letter}", "something") for letter in "ABCDEFGH"] + [("F1", "keys")]
    line.running = "/share superserver for 2h people 4"
    for width in range(60, 140):
        shown = line.text(width)
        assert shown.cell_length <= width
        assert "people 4  ^C cancels" in shown.plain
        assert shown.plain.rstrip().endswith("F1 keys")


async def test_a_form_shows_its_keys_and_lists_them() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.send("/user appuser")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        editor = app.screen
        box = editor.query_one("#editor")
        await until(pilot, lambda: "^U empty" in edge(box))
        await pilot.press("tab", "tab")
        await until(pilot, lambda: "Space switch" in edge(box))
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        listed = text_of(app.screen)
        assert "Save: shows the plan" in listed
        assert "To the card above" not in listed  # what stands behind a form takes no keys
        await pilot.press("escape")
        assert app.screen is editor


async def test_the_keys_of_a_row_are_listed() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await say(pilot, "/users")
        await pilot.press("alt+up", "f1")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        listed = [" ".join(line.split()) for line in text_of(app.screen).split("\n")]
        assert listed[:3] == ["Row", "Enter edit", "g grant"]


# The first screen


async def test_three_things_to_try_act_on_enter() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        shown = screen_text(app)
        for words in (
            "who holds my license",
            "how can I save units",
            "show users",
            "IRIS 2025.2 as _SYSTEM",
            "Ctrl+Q",
        ):
            assert words in shown
        await pilot.press("tab")
        await until(pilot, lambda: isinstance(focus_of(app), Welcome))
        await pilot.press("down", "tab", "enter")
        await until(pilot, lambda: "run /users" in chat.log)
        assert not app.query(Welcome)
        assert focus_of(app) is app.conversation.prompt.input


async def test_a_click_on_one_of_them_acts() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        welcome = app_of(pilot).query_one(Welcome)
        row = next(
            number
            for number, line in enumerate(welcome.lines(welcome.content_size.width))
            if "who holds" in line.plain
        )
        await pilot.click(Welcome, offset=(5, row))
        await until(pilot, lambda: "run /license" in chat.log)


async def test_letters_on_the_first_screen_begin_a_line_and_arrows_leave_it() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await pilot.press("up", "x")
        assert app.conversation.prompt.text == "x"
        await pilot.press("backspace", "tab", "down", "down", "down")
        await until(pilot, lambda: focus_of(app) is app.conversation.prompt.input)


def test_what_is_offered_works_in_the_state_at_hand() -> None:
    assert things_to_try(Overview([LOCAL], LOCAL)) == CONNECTED
    assert things_to_try(Overview([CLINIC], None))[0][0] == "/connect clinic-test"
    odd = CLINIC._replace(name="my instance")
    assert things_to_try(Overview([odd], odd))[0][0] == '/connect "my instance"'
    assert "find my instances" in [line for line, _ in things_to_try(Overview([], None))]


class Newcomer(FakeChat):
    """Knows no instance, and looks for some at the start."""

    def overview(self) -> Overview:
        return Overview([], None, (), "/status")


async def test_the_first_screen_stays_beside_what_the_program_asks_itself() -> None:
    chat = Newcomer()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await until(pilot, lambda: "run /status" in chat.log)
        assert "find my instances" in screen_text(app)
        await say(pilot, "/users")
        assert not app.query(Welcome)


# While another window has the focus


class Ringing(DrivenApp):
    """Counts its bells."""

    bells = 0

    def bell(self) -> None:
        self.bells += 1


async def test_the_end_of_a_change_and_of_a_long_command_rings_elsewhere_alone() -> None:
    clock = [0.0]
    chat = FakeChat()
    app = make_app(chat, kind=Ringing, seconds=lambda: clock[0])
    assert isinstance(app, Ringing)
    async with app.run_test(size=SMALL) as pilot:
        await say(pilot, "/grant %SQL to appuser")
        await pilot.press("y")
        await until(pilot, lambda: app.conversation.transcript.cards[-1].state == "done")
        assert app.bells == 0  # it is looked at
        app.post_message(events.AppBlur())
        await until(pilot, lambda: not app.app_focus)
        app.conversation.send("/users")
        await until(pilot, lambda: "run /users" in chat.log and app.conversation.running is None)
        assert app.bells == 0  # quick, and changes nothing
        app.conversation.send("/grant %SQL to appuser")
        question = await until(pilot, lambda: app.conversation.questions.shown)
        assert isinstance(question, Confirm)
        question.action_answer(yes=True)
        await until(pilot, lambda: app.bells == 1)
        app.conversation.send("/long")
        await until(pilot, lambda: "run /long" in chat.log)
        clock[0] += 30
        chat.hold.set()
        await until(pilot, lambda: app.bells == 2)


# Forms and errors


async def test_a_form_that_is_left_leaves_no_card() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        await say(pilot, "/users")
        app.conversation.send("/user appuser")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("escape")
        await until(pilot, lambda: len(app.query(Card)) == 1)
        transcript = app.query_one(Transcript)
        assert [entry.text for entry in transcript.entries] == ["/users"]


async def test_a_filled_field_is_replaced_by_typing_and_emptied_by_a_key() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.send("/user appuser")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        screen = app.screen
        assert isinstance(screen, EditorScreen)
        await pilot.press(*["tab"] * 5, *"12")
        assert screen.values()["limit"] == 12
        await pilot.press("left", "ctrl+u")
        assert screen.values()["limit"] is None


async def test_an_error_goes_once_the_field_is_mended() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        app.conversation.send("/user appuser")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "This is needed." in text_of(app.screen))
        await pilot.press("A")
        await until(pilot, lambda: "This is needed." not in text_of(app.screen))
        await pilot.press("backspace")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "This is needed." in text_of(app.screen))


async def test_what_is_ticked_stays_in_sight_while_one_looks_for_more() -> None:
    names = [f"role{number}" for number in range(40)]
    ticks = Ticks(FormField("roles", "Roles", "roles", value=["role7", "role30"], choices=names))
    ticks.find("role3")
    shown = [line.plain for line in ticks.lines(40)]
    assert shown[:3] == ["  [x] role30", "  [x] role7", "  [ ] role3"]
    assert shown[-1] == "  2 chosen of 40, 11 found"
    ticks.action_switch()
    assert ticks.chosen() == ["role30", "role7", "role3"]


def test_the_drivers_own_words_are_shown_on_a_key_only() -> None:
    problem = Problem(
        "Unreachable", "Nothing answers.", "Start it.", detail="<COMMUNICATION LINK ERROR> Details"
    )
    assert "LINK ERROR" not in "".join(line.plain for line in problem_lines(problem, 80))
    assert "LINK ERROR" in "".join(line.plain for line in problem_lines(problem, 80, detailed=True))


async def test_the_first_screen_stands_in_the_middle_until_something_is_below_it() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        transcript, welcome = app.query_one(Transcript), app.query_one(Welcome)

        def room() -> tuple[int, int]:
            return welcome.region.y - transcript.region.y, transcript.region.bottom - welcome.region.bottom

        await until(pilot, lambda: abs(room()[0] - room()[1]) <= 1)
        app.conversation.notice(Notice("info", "Something was found."))
        await until(pilot, lambda: room()[1] < room()[0])
