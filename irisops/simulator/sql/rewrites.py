"""Rewriting of CONVERT as CAST, before the parser."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.simulator.sql.failures import INVALID_STATEMENT, failure, unsupported
from irisops.simulator.sql.lexer import Kind, Lexeme
from irisops.simulator.sql.reader import split
from irisops.simulator.sql.vocabulary import TYPES


def rewritten(lexemes: Sequence[Lexeme]) -> Sequence[Lexeme]:
    """Rewrites `CONVERT(type, x)` and `{fn CONVERT(x, SQL_TYPE)}` as `CAST(x AS type)` (SQL Reference, CONVERT).

    Raises `SqlFailure` -1 for a CONVERT without a type, -400 for one with a date format.
    """
    if all(lexeme.upper != "CONVERT" for lexeme in lexemes):
        return lexemes
    result: list[Lexeme] = []
    position = 0
    while position < len(lexemes):
        lexeme = lexemes[position]
        following = lexemes[position + 1].upper if position + 1 < len(lexemes) else ""
        if lexeme.upper != "CONVERT" or following != "(":
            result.append(lexeme)
            position += 1
            continue
        end = _closing(lexemes, position + 1)
        result += _as_cast(lexeme, lexemes[position + 2 : end])
        position = end + 1
    return result


def _closing(lexemes: Sequence[Lexeme], opening: int) -> int:
    depth = 0
    for index in range(opening, len(lexemes)):
        depth += (lexemes[index].upper == "(") - (lexemes[index].upper == ")")
        if not depth:
            return index
    raise failure(INVALID_STATEMENT, "CONVERT( is not closed")


def _as_cast(convert: Lexeme, inner: Sequence[Lexeme]) -> list[Lexeme]:
    parts = split(inner)
    if len(parts) == 3:
        raise unsupported("CONVERT with a date format")
    if len(parts) != 2 or not all(parts):
        raise failure(INVALID_STATEMENT, "CONVERT takes a data type and a value")
    first, second = parts
    if first[0].upper in TYPES:
        wanted, value = list(first), second
    elif len(second) == 1 and second[0].upper.removeprefix("SQL_") in TYPES:
        name = second[0].upper.removeprefix("SQL_")
        wanted, value = [Lexeme(Kind.WORD, name, second[0].start, second[0].end)], first
    else:
        raise failure(INVALID_STATEMENT, "CONVERT without a data type")

    def at(kind: Kind, text: str) -> Lexeme:
        return Lexeme(kind, text, convert.start, convert.end)

    opening, closing = at(Kind.SYMBOL, "("), at(Kind.SYMBOL, ")")
    return [at(Kind.WORD, "CAST"), opening, *rewritten(value), at(Kind.WORD, "AS"), *wanted, closing]
