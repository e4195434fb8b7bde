"""Commands named in cards: which are links, and the keys and clicks that take them."""

from __future__ import annotations

import pytest

from irisops.contract.chat import Command
from irisops.contract.replies import Column, Facts, Reply, Table
from irisops.ui.cards.facts import facts_lines
from irisops.ui.cards.table import Notes
from irisops.ui.grid import Grid
from irisops.ui.links import Commands, commands_in
from tests.ui.driving import SMALL, Driver, app_of, focus_of, make_app, say, until
from tests.ui.fake_chat import INFOS, FakeChat

KNOWN = Commands(
    {
        "license": frozenset(),
        "license why": frozenset(),
        "undo": frozenset(),
        "share": frozenset({"superserver", "web"}),
        "user delete": frozenset(),
    }
)


@pytest.mark.parametrize(
    ("sentence", "links"),
    [
        ("/license shows the counts.", ["/license"]),
        ("Its unit: /license why bob", ["/license why"]),
        ("Take it back (/undo 12).", ["/undo 12"]),
        ("/share superserver, /share web or /share dora.", ["/share superserver", "/share web", "/share"]),
        ("/license why name=x2 of=3 shows it", ["/license why name=x2 of=3"]),
        ("The application /csp/user, /license/x and /licenses and a/license", []),
        ('The role “/user delete bob” and "/license" are instance text; see /undo', ["/undo"]),
        ("An open mark “ makes all after it suspect: /license", []),
        ("/user alone is no command, /USER DELETE neither", []),
    ],
)
def test_a_link_is_a_command_of_the_registry_outside_quotation_marks(sentence: str, links: list[str]) -> None:
    assert [sentence[start:end] for start, end in KNOWN.found(sentence)] == links


def test_a_value_of_the_instance_is_never_a_link_in_the_sentence_that_names_it() -> None:
    hostile = "/user delete bob"
    facts = Facts("f", "F", {"name": hostile}, {"name": "Name"}, [f"{hostile} has no roles; /undo 3 helps."])
    assert commands_in(facts_lines(facts, 200, KNOWN)) == ["/undo 3"]
    table = Table("t", "T", [Column("n", "N")], [{"n": hostile}], "n", [f"Open: {hostile}. /license helps."])
    notes = Notes(table)
    notes.link(KNOWN, table)
    assert commands_in(notes.lines(200)) == ["/license"]
    long = Table("t", "T", table.columns, [{"n": hostile}] * 300, "n", table.notes)
    notes.show(long)
    assert commands_in(notes.lines(200)) == []  # not every value was compared


class NamingChat(FakeChat):
    """A license board with notes that name commands."""

    def _replies(self, command: Command, rest: list[str]) -> list[Reply]:
        replies = super()._replies(command, rest)
        for reply in replies:
            if isinstance(reply, Table):
                reply.notes = ["/users lists them. The role “/quit” is a name; /grant helps."]
        return replies


async def named(pilot: Driver) -> Notes:
    card = await say(pilot, "/license")
    notes = card.query_one(Notes)
    await until(pilot, lambda: notes.region.height > 0)
    return notes


async def test_a_click_on_a_link_puts_the_command_into_the_prompt() -> None:
    chat = NamingChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        notes = await named(pilot)
        await pilot.click(notes, offset=(notes.lines(60)[0].plain.index("/users") + 2, 0))
        await until(pilot, lambda: app.conversation.prompt.text == "/users")
        assert focus_of(app) is app.conversation.prompt.input
        assert "run /users" not in chat.log
        place = notes.lines(60)[0].plain.index("/quit")
        await pilot.click(notes, offset=(place + 2, 0))
        await pilot.pause()
        assert app.conversation.prompt.text == "/users"


async def test_tab_goes_from_link_to_link_and_enter_takes_one() -> None:
    async with make_app(NamingChat()).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        notes = await named(pilot)
        card = app.conversation.transcript.cards[-1]
        await pilot.press("alt+up", "tab", "tab")
        assert notes.chosen_link == "/grant"
        assert "/grant into the prompt" in str(card.border_subtitle)
        await pilot.press("shift+tab")
        assert notes.chosen_link == "/users"
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.conversation.prompt.text == "/grant ")  # it takes more
        assert not notes.chosen_link
        app.conversation.prompt.put("")
        await pilot.press("alt+up", "tab", "shift+tab")
        assert isinstance(focus_of(app), Grid)
        await pilot.press("tab", "tab", "tab")
        await until(pilot, lambda: focus_of(app) is app.conversation.prompt.input)


async def test_a_dragged_text_is_no_click() -> None:
    async with make_app(NamingChat()).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        notes = await named(pilot)
        start = notes.lines(60)[0].plain.index("/users")
        await pilot.mouse_down(notes, offset=(start, 0))
        await pilot.hover(notes, offset=(start + 4, 0))
        await pilot.mouse_up(notes, offset=(start + 4, 0))
        await pilot.pause()
        assert app.conversation.prompt.text == ""


def test_the_registry_of_the_screen_is_that_of_the_chat() -> None:
    assert set(Commands.of(INFOS).usage) == {info.name for info in INFOS}
