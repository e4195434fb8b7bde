"""Functions on values, such as `$PIECE` and `$EXTRACT`. Positions count from 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.objectscript.values import MOST_CHARACTERS, number, string, text
from irisops.simulator.wire.listitem import pack_list

Function = Callable[..., Value]


def piece(value: Value, delimiter: Value, first: Value = 1, last: Value = None) -> str:
    """`$PIECE(value, delimiter, first, last)`; an empty delimiter separates nothing."""
    separator = text(delimiter)
    if not separator:
        return ""
    begin = _whole(first)
    end = begin if last is None else _whole(last)
    pieces = text(value).split(separator)
    return separator.join(pieces[max(begin, 1) - 1 : max(end, 0)]) if end >= max(begin, 1) else ""


def with_piece(value: Value, delimiter: Value, place: Value, new: Value) -> str:
    """`SET $PIECE(value, delimiter, place)=new`: the string with that piece replaced, extended if too short."""
    separator, position = text(delimiter), _whole(place)
    if position < 1 or not separator:
        return text(value)
    if position * len(separator) > MOST_CHARACTERS:  # check before building it
        raise ThrownError("<MAXSTRING>")
    pieces = text(value).split(separator)
    pieces += [""] * (position - len(pieces))
    pieces[position - 1] = text(new)
    return string(separator.join(pieces))


def length(value: Value, delimiter: Value = None) -> int:
    """`$LENGTH(value)` in characters, or in pieces if a delimiter is given."""
    if delimiter is None:
        return len(text(value))
    separator = text(delimiter)
    return text(value).count(separator) + 1 if separator else 0


def extract(value: Value, first: Value = 1, last: Value = None) -> str:
    """`$EXTRACT(value, first, last)`."""
    begin = _whole(first)
    end = begin if last is None else _whole(last)
    return text(value)[max(begin, 1) - 1 : max(end, 0)]


def find(value: Value, wanted: Value, start: Value = 1) -> int:
    """`$FIND`: the position after the first occurrence, 0 if not found."""
    at = text(value).find(text(wanted), max(_whole(start), 1) - 1)
    return 0 if at < 0 else at + len(text(wanted)) + 1


def translate(value: Value, old: Value, new: Value = "") -> str:
    """`$TRANSLATE`: replace characters of `old` by those of `new`, or delete them."""
    table: dict[str, str] = {}
    into = text(new)
    for place, character in enumerate(text(old)):
        table.setdefault(character, into[place] if place < len(into) else "")
    return "".join(table.get(character, character) for character in text(value))


def replace(value: Value, old: Value, new: Value) -> str:
    """`$REPLACE`: replace all occurrences."""
    return string(text(value).replace(text(old), text(new))) if text(old) else text(value)


def convert(value: Value, how: Value) -> str:
    """`$ZCONVERT(value, "U")` or `"L"`. Throws `<FUNCTION>` for other conversions, which are not in the subset."""
    match text(how).upper():
        case "U":
            return text(value).upper()
        case "L":
            return text(value).lower()
    raise ThrownError("<FUNCTION>")


def char(*codes: Value) -> str:
    """`$CHAR(code, ...)`; invalid codes are ignored."""
    return "".join(chr(code) for code in map(_whole, codes) if 0 <= code <= 0x10FFFF)


def ascii_code(value: Value, place: Value = 1) -> int:
    """`$ASCII`: the code of a character, -1 if there is no such character."""
    found = extract(value, place)
    return ord(found) if found else -1


def reverse(value: Value) -> str:
    """`$REVERSE`."""
    return text(value)[::-1]


def justify(value: Value, width: Value) -> str:
    """`$JUSTIFY(value, width)`: pad with blanks on the left."""
    wanted = _whole(width)
    if wanted > MOST_CHARACTERS:
        raise ThrownError("<MAXSTRING>")
    return text(value).rjust(wanted)


def absolute(value: Value) -> int | Decimal:
    """`$ZABS`."""
    found = number(value)
    return -found if found < 0 else found


def _whole(value: Value) -> int:
    return int(number(value))


def list_build(*values: Value) -> bytes:
    """`$LISTBUILD(value, ...)`."""
    return pack_list(values)


FUNCTIONS: dict[str, tuple[Function, int, int]] = {
    "$PIECE": (piece, 2, 4),
    "$LENGTH": (length, 1, 2),
    "$EXTRACT": (extract, 1, 3),
    "$FIND": (find, 2, 3),
    "$TRANSLATE": (translate, 2, 3),
    "$REPLACE": (replace, 3, 3),
    "$ZCONVERT": (convert, 2, 2),
    "$CHAR": (char, 1, 255),
    "$ASCII": (ascii_code, 1, 2),
    "$REVERSE": (reverse, 1, 1),
    "$JUSTIFY": (justify, 2, 2),
    "$ZABS": (absolute, 1, 1),
    "$LISTBUILD": (list_build, 1, 255),
}
"""Function -> its implementation, and its minimum and maximum number of arguments."""

ON_VARIABLES: dict[str, tuple[int, int]] = {
    "$GET": (1, 2),
    "$DATA": (1, 1),
    "$ORDER": (1, 2),
    "$INCREMENT": (1, 2),
}
"""Functions whose first argument is a variable, with their minimum and maximum number of arguments."""

CHOICES = ("$SELECT", "$CASE")

SHORT = {
    "$P": "$PIECE", "$L": "$LENGTH", "$E": "$EXTRACT", "$F": "$FIND", "$TR": "$TRANSLATE", "$ZCVT": "$ZCONVERT",
    "$C": "$CHAR", "$A": "$ASCII", "$RE": "$REVERSE", "$J": "$JUSTIFY", "$G": "$GET", "$D": "$DATA", "$O": "$ORDER",
    "$I": "$INCREMENT", "$S": "$SELECT", "$LB": "$LISTBUILD",
}  # fmt: skip
"""Short names of functions."""

SYSTEM = {"$NAMESPACE", "$USERNAME", "$ROLES", "$JOB", "$HOROLOG", "$ZVERSION", "$ZERROR"}
"""Special variables; only `$NAMESPACE` can be set."""

SYSTEM_SHORT = {"$J": "$JOB", "$H": "$HOROLOG", "$ZV": "$ZVERSION", "$ZE": "$ZERROR"}


def check_count(name: str, arguments: Sequence[object]) -> str:
    """Message for a wrong number of arguments; "" if the number is right."""
    fewest, most = FUNCTIONS[name][1:] if name in FUNCTIONS else ON_VARIABLES[name]
    if fewest <= len(arguments) <= most:
        return ""
    return f"{name} takes {fewest} to {most} arguments" if fewest != most else f"{name} takes {fewest}"
