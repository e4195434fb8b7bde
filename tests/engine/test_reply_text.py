from __future__ import annotations

import json
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.replies import (
    Cell,
    Change,
    Column,
    Done,
    Effect,
    Facts,
    Form,
    Plan,
    Problem,
    Progress,
    Reply,
    Table,
)
from irisops.engine import reply_json, reply_text

HOSTILE = "\x1b[31m[red]\n\u202e" + "x" * 4000
TABLE = Table(
    "users",
    "Users",
    [Column("name", "NAME"), Column("roles", "ROLES", "list", grow=True), Column("n", "N", "number")],
    [{"name": HOSTILE, "roles": ["%All", HOSTILE], "n": 12345}, {"name": "日本", "roles": [], "n": None}],
    notes=["a note"],
)
ALL: list[Reply] = [
    TABLE,
    Facts(
        "f", "Facts", {"a": HOSTILE, "b": date(2026, 1, 2), "c": {"x": 1}}, {"a": "A", "b": "B"}, [HOSTILE]
    ),
    Plan("p", HOSTILE, "local", [Change(HOSTILE, "a", "b")], [HOSTILE], ["w"], {"SQL": [HOSTILE]}, id="1"),
    Done("d", HOSTILE, [HOSTILE], undo=3),
    Problem("InstanceError", HOSTILE, "cure", suggestions=["/x"], detail=HOSTILE),
    Progress("p", HOSTILE),
    Form("f", "Form", [], "/x"),
]


def test_text_never_acts_on_a_terminal() -> None:
    for reply in ALL:
        assert all(character.isprintable() or character == "\n" for character in reply_text.text(reply, 80))


def test_json_is_one_ascii_line_that_keeps_the_value() -> None:
    for reply in ALL:
        line = reply_json.line(reply)
        if line is not None:
            assert line.isascii()
            assert line.isprintable()
    line = reply_json.line(TABLE)
    assert line is not None
    assert json.loads(line)["rows"][0]["name"] == HOSTILE


def test_shapes_of_what_only_a_screen_can_use_are_none() -> None:
    assert reply_json.line(Progress("p", "x")) is None
    assert reply_json.line(Effect("quit")) is None


def test_a_table_fits_the_terminal() -> None:
    for width in (40, 80, 120):
        lines = reply_text.text(TABLE, width).splitlines()
        assert all(reply_text.width_of(line) <= width for line in lines)
        assert "12345" in reply_text.text(TABLE, width)


def test_a_reason_takes_more_lines_before_it_is_cut() -> None:
    columns = [Column("who", "WHO"), Column("why", "WHY", grow=True, wrap=3), Column("n", "N", "number")]
    row: dict[str, Cell] = {"who": "anna", "why": "24 client connections of one user and address", "n": 24}
    assert reply_text.text(Table("t", "T", columns, [row]), 30).splitlines() == [
        "T",
        "  WHO   WHY                  N",
        "  anna  24 client           24",
        "        connections of one",
        "        user and address",
    ]
    cut = reply_text.text(Table("t", "T", columns, [row | {"why": "word " * 30}]), 30).splitlines()
    assert len(cut) == 5
    assert cut[-1].endswith("…")
    assert all(reply_text.width_of(line) <= 30 for line in cut)


def test_columns_stand_under_their_titles() -> None:
    text = reply_text.text(
        Table(
            "t",
            "T",
            [Column("a", "AAA"), Column("b", "B", "number")],
            [{"a": "日本", "b": 1}, {"a": "x", "b": 22}],
        )
    )
    assert text.splitlines() == ["T", "  AAA    B", "  日本   1", "  x     22"]


def test_values_for_people_and_for_programs() -> None:
    assert reply_text.cell(None) == "–"
    assert reply_text.cell(False) == "no"  # noqa: FBT003
    assert reply_text.cell(540.0, "duration") == "9 min"
    moment = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert reply_json.value(moment) == "2026-11-24T14:00:00Z"
    assert reply_json.value({"a": [moment]}) == {"a": ["2026-11-24T14:00:00Z"]}


def test_error_shape() -> None:
    assert reply_json.shape(Problem("Unreachable", "m", "c")) == {
        "reply": "error",
        "name": "Unreachable",
        "error": "Unreachable",
        "message": "m",
        "cure": "c",
        "suggestions": [],
        "detail": "",
    }


@given(st.text(), st.integers(1, 30))
def test_fitted_text_fits(text: str, width: int) -> None:
    assert reply_text.width_of(reply_text.fitted(text, width)) <= width
