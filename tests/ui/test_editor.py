"""The editor: every kind of field by keyboard, values, faults, leaving."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events

from irisops.app import IrisopsApp
from irisops.contract.replies import Cell, Form, FormField
from irisops.ui.editor import EditorScreen
from irisops.ui.fields import FIELD_LIMIT, PrivilegesGrid, TextField, Ticks
from tests.hostile import acting
from tests.ui.driving import SMALL, Driver, app_of, make_app, screen_text, until
from tests.ui.fake_chat import user_form


@asynccontextmanager
async def editing(form: Form) -> AsyncIterator[tuple[Driver, EditorScreen, list[dict[str, Cell]]]]:
    """The editor open on a form; what is submitted is collected."""
    sent: list[dict[str, Cell]] = []
    async with make_app().run_test(size=SMALL) as pilot:
        screen = EditorScreen(form, lambda editor: sent.append(editor.values()))
        await app_of(pilot).push_screen(screen)
        await pilot.pause()
        yield pilot, screen, sent


async def test_a_form_gives_back_what_it_was_given() -> None:
    async with editing(user_form("appuser")) as (_, screen, _sent):
        assert screen.values() == {
            "full_name": "",
            "password": "",
            "enabled": True,
            "namespace": "USER",
            "expires": None,
            "limit": 5,
            "roles": ["%DB_USER"],
            "privileges": ["%DB_USER:RW"],
        }


async def test_every_kind_of_field_by_keyboard_alone() -> None:
    async with editing(user_form("appuser")) as (pilot, screen, sent):
        await pilot.press(*"App", "tab", *"pw1", "tab", "space", "tab")  # name, password, flag
        await pilot.press("enter", "down", "enter", "tab")  # the second namespace
        await pilot.press(*"2027-03-31", "tab", "backspace", *"12", "tab")  # date, number
        await pilot.press("down", "space", "tab")  # %All
        await pilot.press("w", "down", "u", "ctrl+s")  # take W, give U
        await until(pilot, lambda: sent)
        assert sent == [
            {
                "full_name": "App",
                "password": "pw1",
                "enabled": False,
                "namespace": "%SYS",
                "expires": "2027-03-31",
                "limit": 12,
                "roles": ["%DB_USER", "%All"],
                "privileges": ["%DB_USER:R", "%Service_Login:U"],
            }
        ]
        assert "pw1" not in screen_text(app_of(pilot))
        assert screen.is_current


@pytest.mark.parametrize(
    ("kind", "typed", "fault"),
    [
        ("text", "", "This is needed."),
        ("number", "many", "Not a number."),
        ("date", "31.03.2027", "Not a date. Write it as 2027-03-31."),
        ("roles", "", "Choose at least one."),
        ("choice", "", "Choose one."),
    ],
)
async def test_a_fault_stands_on_its_field_and_nothing_is_sent(kind: str, typed: str, fault: str) -> None:
    field = FormField("f", "Field", kind, required=True, choices=["a"])  # type: ignore[arg-type]
    async with editing(Form("x", "X", [field], "/x")) as (pilot, _, sent):
        await pilot.press(*typed, "ctrl+s")
        assert fault in screen_text(app_of(pilot))
        assert sent == []


async def test_errors_of_the_command_stand_on_their_fields_and_keep_what_was_typed() -> None:
    form = user_form("appuser")
    async with editing(form) as (pilot, screen, _):
        await pilot.press(*"App")
        screen.show_errors(
            Form(
                "user", "X", form.fields, form.command, errors={"expires": "In the past.", "other": "Moved."}
            )
        )
        await pilot.pause()
        shown = screen_text(app_of(pilot))
        assert "✕ In the past." in shown
        assert "✕ Moved." in shown
        assert screen.values()["full_name"] == "App"
        focused = app_of(pilot).focused
        assert isinstance(focused, TextField)
        assert focused.field.name == "expires"


async def test_many_roles_are_found_by_typing() -> None:
    choices = [f"role{number}" for number in range(100)]
    field = FormField("roles", "Roles", "roles", value=["kept"], choices=choices)
    async with editing(Form("x", "X", [field], "/x")) as (pilot, screen, _):
        await pilot.press("shift+tab", *"role77", "tab", "space")
        assert screen.values() == {"roles": ["kept", "role77"]}
        assert len(screen.query(Ticks)) == 1


async def test_leaving_with_changes_asks_once() -> None:
    async with editing(user_form("appuser")) as (pilot, screen, _):
        await pilot.press(*"App", "escape")
        assert "Not saved." in screen_text(app_of(pilot))
        assert screen.is_current
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app_of(pilot).screen, EditorScreen))


async def test_leaving_without_changes_closes_at_once() -> None:
    async with editing(user_form("appuser")) as (pilot, _, _sent):
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app_of(pilot).screen, EditorScreen))


async def test_a_permission_that_makes_no_sense_cannot_be_given() -> None:
    field = FormField("p", "P", "privileges", choices=["%Service_Login:U", "%DB_USER"])
    async with editing(Form("x", "X", [field], "/x")) as (pilot, screen, _):
        assert isinstance(app_of(pilot).focused, PrivilegesGrid)
        await pilot.press("r", "w", "u", "down", "r")
        assert screen.values() == {"p": ["%Service_Login:U", "%DB_USER:R"]}


async def test_the_arrows_leave_a_list_at_its_ends() -> None:
    fields = [FormField("a", "A", "roles", choices=["x", "y"]), FormField("b", "B", "flag")]
    async with editing(Form("x", "X", fields, "/x")) as (pilot, screen, _):
        await pilot.press("down", "down", "space")
        assert screen.values() == {"a": [], "b": True}


async def test_one_of_many_resources_is_found_by_typing_and_what_is_hidden_is_kept() -> None:
    choices = [f"R{number}:RW" for number in range(100)]
    field = FormField("p", "P", "privileges", value=["R3:R"], choices=choices)
    async with editing(Form("x", "X", [field], "/x")) as (pilot, screen, _):
        await pilot.press("shift+tab", *"R77", "tab", "w")
        assert screen.values() == {"p": ["R3:R", "R77:W"]}


async def test_letters_right_behind_tab_land_in_the_next_field() -> None:
    async with editing(user_form("appuser")) as (pilot, screen, sent):
        for character in "App\tpw1":
            key = "tab" if character == "\t" else character
            app_of(pilot).post_message(events.Key(key, character if character.isprintable() else None))
        await pilot.pause()
        assert (screen.values()["full_name"], screen.values()["password"]) == ("App", "pw1")
        assert not sent


async def test_what_belongs_to_no_field_is_seen_from_the_last_field_too() -> None:
    fields = [FormField(f"f{number}", f"Field {number}") for number in range(30)]
    async with editing(Form("x", "X", fields, "/x")) as (pilot, screen, _):
        await pilot.press("shift+tab", *"App")
        await pilot.pause()
        assert "Field 29" in screen_text(app_of(pilot))
        assert "Field 0 " not in screen_text(app_of(pilot))
        await pilot.press("escape")
        await pilot.pause()
        shown = screen_text(app_of(pilot))
        assert "Not saved." in shown
        assert "Field 29" in shown
        assert screen.is_current


ATTACK = "Bob \x1b]52;c;Y2FuYXJ5\x07\x9b2J\u202e\r\n "
"""A full name that writes the reader's clipboard. The blank at its end belongs to it."""


def one_field(value: str, **options: bool) -> Form:
    return Form("user", "User h0", [FormField("full_name", "Full name", value=value, **options)], "/user h0")  # type: ignore[arg-type]  # flags


async def test_a_field_shows_control_characters_as_signs_and_gives_back_what_nobody_touched() -> None:
    async with editing(one_field(ATTACK)) as (pilot, screen, sent):
        field = screen.query_one(TextField)
        assert acting(field.value.encode()) == []
        assert field.value == r"Bob \u{1b}]52;c;Y2FuYXJ5\u{7}\u{9b}2J\u{202e}\u{d}\u{a} "
        assert r"Control characters are written \u{1b}" in flowing(app_of(pilot))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: sent)
        assert sent == [{"full_name": ATTACK}]


async def test_an_edit_changes_nothing_but_what_was_edited() -> None:
    async with editing(one_field(ATTACK)) as (pilot, _, sent):
        await pilot.press("home", *"St. ", "ctrl+s")
        await until(pilot, lambda: sent)
        assert sent == [{"full_name": f"St. {ATTACK}".strip()}]


async def test_an_edit_that_is_taken_back_is_none() -> None:
    async with editing(one_field(ATTACK)) as (pilot, screen, sent):
        await pilot.press("end", "x", "backspace", "ctrl+s")
        await until(pilot, lambda: sent)
        assert sent == [{"full_name": ATTACK}]
        await pilot.press("escape")
        await until(pilot, lambda: not screen.is_current)


@pytest.mark.parametrize("value", [r"DOMAIN\u{1b}", r"\n", "山田　太郎", "e\u0301"])
async def test_a_value_without_control_characters_stands_as_it_is(value: str) -> None:
    async with editing(one_field(value)) as (pilot, screen, sent):
        assert screen.query_one(TextField).value == value
        assert "Control characters" not in screen_text(app_of(pilot))
        await pilot.press("end", "x", "ctrl+s")
        await until(pilot, lambda: sent)
        assert sent == [{"full_name": f"{value}x"}]


LONG = {"letters": "x" * 1_000_000, "escapes": "\x1b" * 1_000_000, "marks": "n" + "\u0301" * 999_999}


@pytest.mark.parametrize("kind", LONG)
async def test_a_value_too_long_to_edit_stays_as_it_is(kind: str) -> None:
    async with editing(one_field(LONG[kind], required=True)) as (pilot, screen, sent):
        field = screen.query_one(TextField)
        assert field.disabled
        assert len(field.value) == FIELD_LIMIT
        assert "1,000,000 characters, too long to edit here." in flowing(app_of(pilot))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: sent)
        assert sent[0]["full_name"] is LONG[kind]


async def test_a_paste_that_does_not_fit_is_refused_in_words() -> None:
    async with editing(one_field("Bob")) as (pilot, screen, _):
        field = screen.query_one(TextField)
        field.post_message(events.Paste("x" * 1_000_000))
        await until(pilot, lambda: "At most 4,000 characters fit here" in flowing(app_of(pilot)))
        assert len(field.value) == len("Bob")


def flowing(app: IrisopsApp) -> str:
    """The words on the screen, however they are wrapped."""
    return " ".join(screen_text(app).split())


async def test_a_group_has_its_heading_once() -> None:
    fields = [
        FormField("a", "Alpha", group="First things"),
        FormField("b", "Beta", group="First things"),
        FormField("c", "Gamma", group="Second things"),
    ]
    async with editing(Form("x", "X", fields, "/x")) as (pilot, screen, _sent):
        text = screen_text(app_of(pilot))
        assert [text.count(word) for word in ("First things", "Second things")] == [1, 1]
        assert text.index("First things") < text.index("Beta") < text.index("Second things")
        assert screen.values() == {"a": "", "b": "", "c": ""}
