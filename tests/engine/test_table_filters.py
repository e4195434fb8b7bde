from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Refusal
from irisops.engine.table_filters import list_table, select

COLUMNS = (
    Column("name", "NAME"),
    Column("roles", "ROLES", "list"),
    Column("enabled", "ENABLED", "flag"),
    Column("idle", "IDLE", "duration"),
    Column("seen", "LAST SEEN", "time"),
)
ROWS: list[dict[str, Cell]] = [
    {
        "name": "Ann",
        "roles": ["%All"],
        "enabled": True,
        "idle": 30.0,
        "seen": datetime(2026, 1, 1, tzinfo=UTC),
    },
    {"name": "bob", "roles": ["%SQL", "%Dev"], "enabled": False, "idle": 700.0, "seen": None},
    {"name": "carl", "roles": [], "enabled": True, "idle": 9000.0, "seen": datetime(2026, 6, 1, tzinfo=UTC)},
]


def names(*words: str) -> list[str]:
    return [str(row["name"]) for row in select(ROWS, words, COLUMNS).rows]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["Ann", "bob", "carl"]),
        (["name=ANN"], ["Ann"]),
        (["role=%sql"], ["bob"]),
        (["roles="], ["carl"]),
        (["enabled=no"], ["bob"]),
        (["enabled!=no"], ["Ann", "carl"]),
        (["name~A"], ["Ann", "carl"]),
        (["%dev"], ["bob"]),
        (["idle>10m"], ["bob", "carl"]),
        (["idle<=30s"], ["Ann"]),
        (["idle>1h", "enabled=yes"], ["carl"]),
        (["seen>2026-03-01"], ["carl"]),
        (["last seen>2026-03-01"], ["carl"]),
        (["sort=-idle"], ["carl", "bob", "Ann"]),
        (["sort=seen"], ["Ann", "carl", "bob"]),
        (["sort=-seen"], ["carl", "Ann", "bob"]),
        (["sort=name", "limit=2"], ["Ann", "bob"]),
    ],
)
def test_selects(words: list[str], expected: list[str]) -> None:
    assert names(*words) == expected


def test_says_how_many_there_were_before_the_limit() -> None:
    chosen = select(ROWS, ["limit=1"], COLUMNS)
    assert (len(chosen.rows), chosen.total) == (1, 3)


@pytest.mark.parametrize("word", ["colour=red", "idle>soon", "seen<yesterday", "limit=all", "sort=colour"])
def test_what_cannot_be_is_refused_with_a_cure(word: str) -> None:
    with pytest.raises(Refusal) as caught:
        names(word)
    assert caught.value.error == "BadFilter"
    assert caught.value.cure


@given(st.lists(st.text(max_size=15), max_size=4))
def test_any_words_select_or_are_refused(words: list[str]) -> None:
    try:
        chosen = select(ROWS, words, COLUMNS)
    except Refusal:
        return
    assert len(chosen.rows) <= chosen.total <= len(ROWS)
    assert all(row in ROWS for row in chosen.rows)


@pytest.mark.parametrize("written", ["/csp/user", "/csp/user/", "/CSP/User"])
def test_a_path_is_the_same_with_and_without_its_last_slash(written: str) -> None:
    columns = (Column("application", "APPLICATION"),)
    rows: list[dict[str, Cell]] = [
        {"application": each} for each in ("/csp/user/", "/csp/user", "/csp/userx")
    ]
    assert len(select(rows, [f"app={written}"], columns).rows) == 2
    assert len(select(rows, [f"app!={written}"], columns).rows) == 1


def test_an_empty_list_without_a_note_says_that_there_is_nothing() -> None:
    fields = ((Column("name", "NAME"), str),)
    none = list_table(Command("productions", {}), "productions", "production", fields, [])
    assert none.notes == ["There is no production on this instance."]
    noted = list_table(
        Command("productions", {}), "productions", "production", fields, [], notes=["Not readable."]
    )
    assert noted.notes == ["Not readable."]
    (left,) = list_table(
        Command("productions", {"filter": ["x"]}), "productions", "production", fields, ["one"]
    ).notes
    assert left == "None of 1 production fits: x"
