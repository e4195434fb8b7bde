"""Lexical rules of InterSystems SQL: words, names, literals and parameters.

Sources: "InterSystems SQL Reference", Symbols Used in InterSystems SQL; the client's `:%qpar(n)` parameters (facts:
wire-protocol 7). The client sends statements tokenised with spaces (`FROM %SYS . ProcessQuery`), so spaces between
lexemes have no meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from irisops.simulator.sql.failures import INVALID_STATEMENT, failure


class Kind(Enum):
    """Kind of a lexeme."""

    WORD = auto()
    """A keyword or an ordinary identifier, including a leading `%` or `$`."""
    NAME = auto()
    """A delimited identifier; `text` is unquoted, with `""` undoubled."""
    STRING = auto()
    """A string literal; `text` is its value."""
    NUMBER = auto()
    PARAMETER = auto()
    """`:%qpar(n)` or the n-th `?`; `text` is the number from 1."""
    SYMBOL = auto()


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One unit of a statement; `start` and `end` are its offsets in the statement."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """The text in upper case; empty for a quoted name or a literal."""
        return self.text.upper() if self.kind in {Kind.WORD, Kind.SYMBOL} else ""


_PATTERN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<parameter>:\s*%qpar\s*\(\s*(?P<number_of_parameter>[0-9]{1,5})\s*\)|\?)
    | (?P<string>'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*")
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<word>\$?%?[^\W\d][\w@\#$]*)
    | (?P<symbol><>|!=|<=|>=|\|\||->|\*\*|[-+*/\\\#=<>(),.\[\]&!:;{}])
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def lex(sql: str) -> list[Lexeme]:
    """Split a statement into lexemes, without comments and spaces. Raises `SqlFailure` -3 or -1."""
    lexemes: list[Lexeme] = []
    position = 0
    anonymous_parameters = 0
    while position < len(sql):
        match = _PATTERN.match(sql, position)
        if match is None:
            raise _stray_character(sql, position)
        start, position = position, match.end()
        group = match.lastgroup if match["parameter"] is None else "parameter"
        if group == "space":
            continue
        text = match[0]
        if group == "parameter":
            if text == "?":
                anonymous_parameters += 1
                text = str(anonymous_parameters)
            else:
                text = match["number_of_parameter"]
        elif group == "string":
            text = text[1:-1].replace("''", "'")
        elif group == "name":
            text = text[1:-1].replace('""', '"')
            if not text:
                raise failure(INVALID_STATEMENT, 'a delimited identifier must not be empty ("")')
        lexemes.append(Lexeme(_KINDS[group or ""], text, start, position))
    return lexemes


def _stray_character(sql: str, position: int) -> Exception:
    character = sql[position]
    if character in "'\"":
        return failure(-3, f"the quote opened at position {position + 1} is never closed")
    return failure(INVALID_STATEMENT, f"unexpected {character!r} at position {position + 1}")


_KINDS = {
    "parameter": Kind.PARAMETER,
    "string": Kind.STRING,
    "name": Kind.NAME,
    "number": Kind.NUMBER,
    "word": Kind.WORD,
    "symbol": Kind.SYMBOL,
}
