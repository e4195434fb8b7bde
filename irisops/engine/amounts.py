"""Numbers, spans and times in a sentence: `half an hour`, `quarter past 5`, `the second`, `a dozen`.

Each of the `as_…` takes the next pieces, or gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from irisops.engine.language import MORE, NUMBERS, ONE, ORDINALS, PARTS, SECONDS, UNITS, Word, misspelt
from irisops.engine.reader import Reader

_SPAN = re.compile(r"(?:\d+(?:mins?|secs?|hrs?|hours?|days?|minutes?|[dhmsw]))+")
_HALF_DAY = re.compile(r"(1[0-2]|\d)(am|pm)")


def as_span(reader: Reader) -> list[Word]:
    """`10m`, `10 minutes`, `an hour and a half`, `half a year`, `a fortnight`, `since yesterday`."""
    piece = reader.plain
    if piece in _DAYS and reader.after(-1) in _DAYS[piece][1]:
        return reader.value("span", _DAYS[piece][0])
    if _SPAN.fullmatch(piece) and not piece.isdigit():
        return reader.value("span", re.sub(r"([dhmsw])[a-z]*", r"\1", piece))
    number, far = _amount(reader)
    unit = _unit(reader, reader.after(far)) if far else ""
    if not unit or (piece in ONE and len(reader.after(far)) < 3):
        return []
    far += 1
    if [reader.after(far + at) for at in range(3)] == ["and", "a", "half"]:
        number, far = number + 0.5, far + 3
    return reader.value("span", _in_unit(number, unit), far)


def _unit(reader: Reader, word: str) -> str:
    """The unit of time that a word names, also one that is misspelt: `houers`."""
    if word in UNITS or len(word) < 4 or word in reader.language or reader.names.find(word):
        return UNITS.get(word, "")
    return UNITS.get(misspelt(word, _LONG_UNITS, {}), "")


_LONG_UNITS = [word for word in UNITS if len(word) > 3]
_DAYS: Mapping[str, tuple[str, Sequence[str]]] = {
    "yesterday": ("1d", ("since", "from")),
    "overnight": ("1d", ()),
    "fortnight": ("14d", ("a", "one", "last", "past", "half", "this", "the")),
}
"""Word for a span -> the span, and the words it follows."""


def _amount(reader: Reader) -> tuple[float, int]:
    """The number before a unit of time, and its pieces: `ten more`, `1.5`, `half an`, `three quarters of an`."""
    piece, far = reader.plain, 1
    if piece in (*ONE, "the", "another") and (following := reader.after(1)) in (*PARTS, "couple"):
        piece, far = following, 2
    if piece in PARTS:
        number = PARTS[piece]
    elif piece in ("couple", *ONE, "another"):
        number = 2.0 if piece == "couple" else 1.0
        if [reader.after(far + at) for at in range(3)] == ["and", "a", "half"]:
            number, far = 1.5, far + 3
    elif re.fullmatch(r"\d{1,3}\.\d", piece):
        number = float(piece)
    else:
        digits, far = _digits_of(reader)
        if not digits:
            return 0.0, 0
        number = float(digits)
        if reader.after(far) == "quarters":
            number, far = number / 4, far + 1
        elif [reader.after(far + at) for at in range(3)] == ["and", "a", "half"]:
            number, far = number + 0.5, far + 3
    while reader.after(far) in ("of", "a", "an", *MORE):
        far += 1
    return number, far


def _digits_of(reader: Reader) -> tuple[str, int]:
    """A whole number, and its pieces: `12`, `twelve`, `twenty five`, `twenty-five`, `#12`."""
    first, dash, second = reader.plain.lstrip("#").partition("-")
    tens, ones = _digits(first), _digits(second if dash else reader.after(1))
    if tens.endswith("0") and len(tens) == 2 and first.isalpha() and len(ones) == 1 and ones != "0":
        return str(int(tens) + int(ones)), 1 if dash else 2
    return ("", 1) if dash else (tens, 1)


def _in_unit(number: float, unit: str) -> str:
    """`90m`, `2h`, `180d`: a span in its unit, or in a smaller one that has no rest."""
    days = {"w": 7, "mo": 30, "y": 365}.get(unit)
    if days:
        return f"{int(number * 12) * 30 if unit == 'y' and number < 1 else int(number * days)}d"
    if number == int(number):
        return f"{int(number)}{unit}"
    smaller = {"d": "h", "h": "m", "m": "s"}.get(unit, "s")
    return f"{int(number * SECONDS[unit] // SECONDS[smaller])}{smaller}"


def as_half_past(reader: Reader) -> list[Word]:
    """`half past six in the evening`, `quarter to seven`, `midnight`."""
    if reader.plain in ("midnight", "noon"):
        return reader.value("clock", "00:00" if reader.plain == "midnight" else "12:00")
    minutes = {"half": 30, "quarter": 15}.get(reader.plain)
    hour = _digits(reader.after(2))
    if minutes is None or reader.after(1) not in ("past", "to") or not hour:
        return []
    before = reader.after(1) == "to"
    whole = (int(hour) + reader.half_day) * 60 + (-minutes if before else minutes)
    return reader.value("clock", f"{whole // 60 % 24}:{whole % 60:02}", 3)


def as_time(reader: Reader) -> list[Word]:
    """`9pm`, `9 pm`, `nine in the evening`, `ten tonight`, `till 22`."""
    apart = reader.after(1) in ("am", "pm")
    found = _HALF_DAY.fullmatch(reader.plain + (reader.after(1) if apart else ""))
    if found is not None:
        return reader.value("clock", f"{int(found[1]) % 12 + 12 * (found[2] == 'pm')}:00", 2 if apart else 1)
    hour = _digits(reader.plain)
    if not hour or int(hour) > 23:
        return []
    clock = f"{int(hour) + (reader.half_day if int(hour) < 12 else 0)}:00"
    following = [reader.after(at) for at in (1, 2, 3)]
    if following[:2] == ["in", "the"] and following[2] in ("evening", "afternoon", "morning"):
        return reader.value("clock", clock, 4)
    if following[0] in ("tonight", "o'clock", "oclock", "uhr"):
        return reader.value("clock", clock, 2)
    until = reader.after(-1) in ("till", "until", "til") and following[0] not in (*UNITS, *MORE)
    return reader.value("clock", clock) if until else []


def as_part(reader: Reader) -> list[Word]:
    """`half of the units`, `three quarters of it`."""
    quarters = reader.after(1) == "quarters" and _digits(reader.plain) == "3"
    part = 0.75 if quarters else PARTS.get(reader.plain, 0.0)
    far = 2 if quarters else 1
    return reader.value("percent", f"{int(part * 100)}%", far) if part and reader.after(far) == "of" else []


def as_few(reader: Reader) -> list[Word]:
    """`a couple of`, `half a dozen`, and the `one` of `one more developer`."""
    following = reader.after(1)
    if reader.plain == "half" and [following, reader.after(2)] == ["a", "dozen"]:
        return reader.value("number", "6", 3)
    if reader.plain == "couple":
        return reader.value("number", "2", 2 if following == "of" else 1)
    one = reader.plain in ("one", "another", "single") and _counts_people(reader, following)
    return reader.value("number", "1") if one else []


def as_ordinal(reader: Reader) -> list[Word]:
    """`the third`, `14th`."""
    if found := re.fullmatch(r"(\d{1,6})(?:st|nd|rd|th)", reader.plain):
        return reader.value("number", found[1])
    ordinal = ORDINALS.get(reader.plain)
    if ordinal is None or reader.after(1) in UNITS:
        return []
    return [
        Word(reader.piece, reader.language.meaning(reader.plain), frozenset({"ordinal"}), ordinal, sure=True)
    ]


def as_number(reader: Reader) -> list[Word]:
    """`7`, `two dozen`, `80 percent`."""
    digits, far = _digits_of(reader)
    if not digits:
        return []
    if reader.after(far) == "dozen":
        digits, far = str(int(digits) * 12), far + 1
    if reader.after(far) in ("percent", "prozent", "%"):
        return reader.value("percent", digits + "%", far + 1)
    return reader.value("number", str(int(digits)), far)


def _counts_people(reader: Reader, following: str) -> bool:
    """True before `person`, `more developer`: a `one` that counts."""
    if following in MORE:
        following = reader.after(2)
    return reader.language.meaning(following) in ("user", "guest", "developer", "pass", "browser", "session")


def _digits(word: str) -> str:
    digits = NUMBERS.get(word, word)
    return digits if re.fullmatch(r"[0-9]{1,9}", digits) else ""
