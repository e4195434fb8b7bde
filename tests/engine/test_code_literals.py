from __future__ import annotations

import ast
import re

from hypothesis import given
from hypothesis import strategies as st

from irisops.engine import code_literals


def objectscript_value(literal: str) -> str:
    """An independent reader of ObjectScript literals."""
    value = ""
    for piece in re.findall(r'"(?:[^"]|"")*"|\$char\(\d+\)', literal):
        value += chr(int(piece[6:-1])) if piece.startswith("$char") else piece[1:-1].replace('""', '"')
    return value


@given(st.text())
def test_objectscript_literals_hold_the_value_on_one_line(value: str) -> None:
    literal = code_literals.objectscript(value)
    assert literal.isprintable()
    assert objectscript_value(literal) == value


@given(st.text())
def test_python_literals_hold_the_value_on_one_line(value: str) -> None:
    literal = code_literals.python(value)
    assert literal.isprintable()
    assert ast.literal_eval(literal) == value


def test_sql_names_cannot_end_early() -> None:
    assert code_literals.sql_name('x" TO "y') == '"x"" TO ""y"'
