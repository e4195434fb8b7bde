"""The lexical rules of InterSystems SQL."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.lexer import Kind, lex


def _shown(sql: str) -> list[tuple[Kind, str]]:
    return [(lexeme.kind, lexeme.text) for lexeme in lex(sql)]


def test_a_statement_as_the_client_sends_it() -> None:
    assert _shown("SELECT id FROM %SYS . ProcessQuery WHERE id > :%qpar(1)") == [
        (Kind.WORD, "SELECT"),
        (Kind.WORD, "id"),
        (Kind.WORD, "FROM"),
        (Kind.WORD, "%SYS"),
        (Kind.SYMBOL, "."),
        (Kind.WORD, "ProcessQuery"),
        (Kind.WORD, "WHERE"),
        (Kind.WORD, "id"),
        (Kind.SYMBOL, ">"),
        (Kind.PARAMETER, "1"),
    ]


def test_question_marks_are_numbered_in_their_order() -> None:
    assert [text for kind, text in _shown("a = ? AND b = ?") if kind is Kind.PARAMETER] == ["1", "2"]


@pytest.mark.parametrize(
    ("sql", "kind", "text"),
    [
        ("'it''s'", Kind.STRING, "it's"),
        ("''", Kind.STRING, ""),
        ('"a""b"', Kind.NAME, 'a"b'),
        ("Users_List", Kind.WORD, "Users_List"),
        ("Job#", Kind.WORD, "Job#"),
        ("$LENGTH", Kind.WORD, "$LENGTH"),
        (".5", Kind.NUMBER, ".5"),
        ("1.5e-3", Kind.NUMBER, "1.5e-3"),
        ("Größe", Kind.WORD, "Größe"),
        (": %QPAR ( 12 )", Kind.PARAMETER, "12"),
    ],
)
def test_single_lexemes(sql: str, kind: Kind, text: str) -> None:
    assert _shown(sql) == [(kind, text)]


def test_comments_and_space_separate_and_vanish() -> None:
    assert _shown("a--x\nb/* c\n d */e") == [(Kind.WORD, "a"), (Kind.WORD, "b"), (Kind.WORD, "e")]


@pytest.mark.parametrize(
    ("sql", "sqlcode"),
    [("'open", -3), ('"open', -3), ('""', -1), ("a ~ b", -1), ("a /* never closed", None), (":name", None)],
)
def test_what_is_no_lexeme_fails(sql: str, sqlcode: int | None) -> None:
    if sqlcode is None:
        assert {kind for kind, _ in _shown(sql)} <= {Kind.WORD, Kind.SYMBOL}
        return
    with pytest.raises(SqlFailure) as caught:
        lex(sql)
    assert caught.value.sqlcode == sqlcode


@given(st.text())
def test_any_string_survives_quoting(value: str) -> None:
    quoted = value.replace("'", "''")
    assert _shown(f"'{quoted}'") == [(Kind.STRING, value)]


@given(st.text(min_size=1))
def test_any_name_survives_delimiting(name: str) -> None:
    quoted = name.replace('"', '""')
    assert _shown(f'"{quoted}"') == [(Kind.NAME, name)]


@given(st.text(alphabet="ab1.'\"%$:?()[]{}*/-<>=!&|#@;, \n~", max_size=40))
def test_lexing_ends_with_lexemes_or_an_sql_failure(sql: str) -> None:
    try:
        lexemes = lex(sql)
    except SqlFailure as failure:
        lexemes, sqlcode = [], failure.sqlcode
    else:
        sqlcode = 0
    assert sqlcode in {0, -1, -3}
    assert all(first.end <= second.start for first, second in pairwise(lexemes))
