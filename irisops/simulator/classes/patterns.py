"""ObjectScript pattern match (`?`), as the password policy uses it, e.g. `3.128ANP` (facts: iris-security 3.6)."""

from __future__ import annotations

import re
from functools import lru_cache

_COUNT = re.compile(r"(\d*)(\.?)(\d*)")
_CODES = {
    "A": r"[^\W\d_]",
    "N": r"\d",
    "U": r"[A-Z\u00C0-\u00D6\u00D8-\u00DE]",
    "L": r"[a-z\u00DF-\u00F6\u00F8-\u00FF]",
    "P": r"[ !-/:-@\[-`{-~\u00A0-\u00BF]",
    "C": r"[\x00-\x1f\x7f-\x9f]",
    "E": r"[\s\S]",
}


class PatternError(ValueError):
    """The text is no pattern."""


def matches_pattern(text: str, pattern: str) -> bool:
    """Whether `text` matches the whole of `pattern`. Raises `PatternError` for a malformed pattern."""
    return compile_pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The regular expression of an ObjectScript pattern. Raises `PatternError`."""
    expression, rest = _sequence(pattern, "")
    if rest:
        raise PatternError(f"unexpected {rest!r} in pattern {pattern!r}")
    return re.compile(expression)


def _sequence(text: str, closing: str) -> tuple[str, str]:
    """Elements up to one of the `closing` characters or the end; the expression and what follows."""
    parts: list[str] = []
    while text and text[0] not in closing:
        count = _COUNT.match(text)
        if count is None or not count.group():
            raise PatternError(f"a repeat count is missing before {text!r}")
        atom, text = _atom(text[count.end() :])
        parts.append(f"(?:{atom}){_quantifier(count)}")
    if not parts:
        raise PatternError("an empty pattern")
    return "".join(parts), text


def _quantifier(count: re.Match[str]) -> str:
    low, dot, high = count.groups()
    if not dot:
        return f"{{{low}}}"
    if high and low and int(high) < int(low):
        raise PatternError(f"the repeat count {count.group()} ends before it begins")
    return f"{{{low or 0},{high}}}"


def _atom(text: str) -> tuple[str, str]:
    if text.startswith('"'):
        return _literal(text)
    if text.startswith("("):
        options: list[str] = []
        rest = "," + text[1:]
        while rest.startswith(","):
            option, rest = _sequence(rest[1:], ",)")
            options.append(option)
        if not rest.startswith(")"):
            raise PatternError("an alternation is not closed")
        return "|".join(options), rest[1:]
    codes = re.match(r"[A-Za-z]+", text)
    if codes is None:
        raise PatternError(f"a pattern code is missing at {text!r}")
    letters = codes.group().upper()
    unknown = [letter for letter in letters if letter not in _CODES]
    if unknown:
        raise PatternError(f"{unknown[0]} is no pattern code")
    return "|".join(_CODES[letter] for letter in letters), text[codes.end() :]


def _literal(text: str) -> tuple[str, str]:
    match = re.match(r'"((?:[^"]|"")*)"', text)
    if match is None:
        raise PatternError("a literal is not closed")
    return re.escape(match[1].replace('""', '"')), text[match.end() :]
