r"""Splitting a typed line into words, and writing a word so that it splits back to itself.

The rules are those that people expect of a shell, cut down to what names on an instance need:

- words are separated by blanks; `"…"` and `'…'` keep blanks together, at the start of a word or right after `=`;
- inside `"…"` a backslash makes `\"` and `\\`, and `\u{1b}` is the character with that number; anywhere else a
  backslash is a backslash (`DOMAIN\bob` needs no quotes), and an apostrophe inside a word is one too (`O'Brien`);
- a quoted word is never a keyword or an option: `/grant "to" to bob` grants the role `to`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from irisops.contract.replies import Cell
from irisops.contract.wording import in_line, signs

_BLANK = " \t\u00a0\n\r"
_FIELD = re.compile(r"\{(\w+)\}")
_WHOLE = re.compile(r"\{!(\w+)\}")
_ESCAPE = re.compile(r"\\u\{([0-9a-fA-F]{1,6})\}")


class Word(NamedTuple):
    """One word: value, whether it was quoted from its first character, and position in the line."""

    value: str
    quoted: bool
    start: int
    end: int


class UnclosedQuoteError(ValueError):
    """A quotation mark that is never closed. `position` is its place in the line."""

    def __init__(self, position: int, quote: str) -> None:
        super().__init__(f"the quotation mark {quote} at character {position + 1} is never closed")
        self.position = position
        self.quote = quote


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The text from the quotation mark at `at`, and the position after the closing one."""
    quote = text[at]
    out: list[str] = []
    position = at + 1
    while position < len(text):
        character = text[position]
        if character == quote:
            return "".join(out), position + 1
        if character == "\\" and quote == '"':
            following = text[position + 1 : position + 2]
            if following in ('"', "\\"):
                out.append(following)
                position += 2
                continue
            numbered = _ESCAPE.match(text, position)
            if numbered and int(numbered[1], 16) <= 0x10FFFF:
                out.append(chr(int(numbered[1], 16)))
                position = numbered.end()
                continue
        out.append(character)
        position += 1
    raise UnclosedQuoteError(at, quote)


def split(text: str) -> list[Word]:
    """Words of a line. Raises `UnclosedQuoteError`."""
    words: list[Word] = []
    position = 0
    while position < len(text):
        if text[position] in _BLANK:
            position += 1
            continue
        start = position
        quoted = text[position] in "\"'"
        out: list[str] = []
        while position < len(text) and text[position] not in _BLANK:
            opens = text[position] in "\"'" and (position == start or text[position - 1] == "=")
            if opens:
                piece, position = _quoted(text, position)
                out.append(piece)
            else:
                out.append(text[position])
                position += 1
        words.append(Word("".join(out), quoted, start, position))
    return words


def quote(value: str, *, force: bool = False) -> str:
    """`value` as one word of a line, quoted where `split` would otherwise change it, or when `force` is set."""
    plain = (
        bool(value)
        and value.isprintable()
        and in_line(value) == value
        and not any(character in _BLANK for character in value)
        and value[0] not in "\"'"
        and not re.search("=[\"']", value)
    )
    if plain and not force:
        return value
    out: list[str] = []
    for character, sign in zip(value, signs(value), strict=True):
        if character in '"\\':
            out.append("\\" + character)
        elif character == sign and character.isprintable():
            out.append(character)
        else:
            out.append(f"\\u{{{ord(character):x}}}")
    return f'"{"".join(out)}"'


def filled(template: str, row: Mapping[str, Cell]) -> str:
    """`/user {name}` and a row -> the command line, e.g. `/user "John Doe"`. A list gives one word per item.

    The template `{!cure}` takes that cell as the whole line, for rows with their own command; "" if the row has none.
    The cell must be a slash command made by irisops, with quoted names.
    """
    whole = _WHOLE.fullmatch(template)
    if whole is not None:
        line = row.get(whole[1])
        return line if isinstance(line, str) and line.startswith("/") and line.isprintable() else ""

    def value(match: re.Match[str]) -> str:
        found = row.get(match[1])
        words = found if isinstance(found, list) else ["" if found is None else found]
        return " ".join(quote(str(word)) for word in words)

    return _FIELD.sub(value, template)


def spelled(value: str) -> str:
    r"""`value` as a person may edit it on a terminal: control characters are written as `\u{1b}`.

    A value without them stays as it is. `unspelled` restores any other exactly: if it holds `\u{1b}` itself, the
    backslash is escaped, too.
    """
    if in_line(value) == value:
        return value
    literal = {found.start() for found in _ESCAPE.finditer(value)}
    return "".join(
        character if sign == character and place not in literal else f"\\u{{{ord(character):x}}}"
        for place, (character, sign) in enumerate(zip(value, signs(value), strict=True))
    )


def unspelled(text: str) -> str:
    r"""Inverse of `spelled`, also after a person changed the text: `\u{1b}` becomes its character."""
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if int(found[1], 16) <= 0x10FFFF else found[0], text
    )
