"""Decode `%Status` values.

An OK status is 1. An error is a string "0 " followed by a $LIST of errors (facts: iris-security 1). The instance turns
it into text itself (`%SYSTEM.Status.GetErrorText`); this decoder is for when that cannot be called.
"""

from __future__ import annotations

import re
import struct
from decimal import Decimal
from typing import NamedTuple

from irisops.instance.calls import Value

ListItem = None | int | float | Decimal | str

_TEXTS = {
    # (facts: iris-security 1.1) Only those that this tool's own calls can meet.
    800: "Logins for Service %1 are disabled",
    809: "Service %1 does not exist",
    821: "Access Denied: Cannot access %1",
    822: "Access Denied",
    824: "Invalid Username or Password",
    828: "User %1 account is disabled",
    829: "User %1 unable to add role %2",
    837: "User %1 already exists",
    838: "User %1 does not exist",
    839: "Cannot delete superuser %1.",
    840: "Cannot delete %1, only user with %All role.",
    841: "Cannot delete default user %1.",
    842: "Username %1 is invalid.",
    845: "Password does not match length or pattern requirements",
    869: "Application %1 does not exist",
    870: "Cannot delete system application %1",
    880: "Cannot delete role %1.",
    881: "Cannot remove role %1.",
    883: "Role %1 does not exist.",
    884: "Role %1 already exists.",
    886: "Cannot modify role %1.",
    887: "Invalid role name %1.",
    891: "Resource %1 already exists.",
    892: "Resource %1 does not exist.",
    921: "Operation requires %1 privilege",
    922: "Operation requires %1 privilege on resource %2",
    935: "Password change required.",
    940: "Insufficient privilege for operation",
    942: "Username and Role cannot have the same name",
    944: "Invalid expirationdate",
    952: "Invalid password",
    959: "User %1 account has expired",
    960: "User %1 account is inactive",
    992: "Password has expired",
    5907: "Session ID '%1' does not exist",
    5915: "Unable to allocate a license",
}


class StatusError(NamedTuple):
    """One error inside a status."""

    code: int | None
    params: tuple[str, ...]

    @property
    def text(self) -> str:
        """`ERROR #n: text`, close to the instance's own words."""
        if self.code is None:
            return " ".join(self.params) or "an error without a number"
        template = _TEXTS.get(self.code)
        if template is None:
            return f"ERROR #{self.code}: {', '.join(p for p in self.params if p)}".rstrip(": ")
        for number in range(len(self.params), 0, -1):
            template = template.replace(f"%{number}", self.params[number - 1])
        return f"ERROR #{self.code}: {template}"


def is_ok(status: Value) -> bool:
    """True if a %Status means success. None ("") and 0 do not."""
    if isinstance(status, bool):
        return status
    if isinstance(status, int | float | Decimal):
        return status == 1
    return isinstance(status, str) and status.strip() == "1"


def is_error_status(value: Value) -> bool:
    """True if a value has the shape of an error status: "0 " and a $LIST."""
    return isinstance(value, str) and value.startswith("0 ") and len(value) > 2


def decode_status(status: Value) -> list[StatusError]:
    """The errors in a status, outermost first; empty if none can be read.

    UNVERIFIED: how the items of an error are laid out in the $LIST (code first, then parameters, then bookkeeping).
    Settle: on a real instance, read `##class(Security.Users).Delete("no.such")` through the driver and compare
    with GetErrorText.
    """
    if isinstance(status, bytes):
        status = status.decode("latin-1")
    if not isinstance(status, str) or not is_error_status(status):
        return []
    errors: list[StatusError] = []
    for item in list_items(status[2:]):
        if isinstance(item, str) and item:
            error = _decode_error(item)
            if error is not None:
                errors.append(error)
    return errors


def _decode_error(packed: str) -> StatusError | None:
    items = list_items(packed)
    if not items:
        return None
    code, *rest = items
    if isinstance(code, str) and re.fullmatch(r"-?[0-9]{1,9}", code):
        code = int(code)
    if not isinstance(code, int):
        return None
    params: list[str] = []
    for item in rest:
        # Parameters come first and are text; what follows them (domain, location, nested errors) is bookkeeping.
        if item is None:
            break
        text = str(item)
        if not text.isprintable():
            break
        params.append(text)
    return StatusError(code, tuple(params))


def list_items(packed: str) -> list[ListItem]:
    """The items of a $LIST held in a string of characters below 256 (facts: wire-protocol 2).

    Stops at the first byte that makes no sense: it never raises, whatever it is given.
    """
    return _decoded(packed)[0]


def whole_list(packed: str) -> list[ListItem] | None:
    """The items of a $LIST in which every byte makes sense; None for anything else. "" is the empty list."""
    items, whole = _decoded(packed)
    return items if whole else None


def _decoded(packed: str) -> tuple[list[ListItem], bool]:
    """The items of a $LIST up to the first that makes no sense, and whether that is all of them."""
    items: list[ListItem] = []
    at = 0
    try:
        data = packed.encode("latin-1")
        while at < len(data):
            item, at = _item_at(data, at)
            items.append(item)
    except ValueError:
        return items, False
    return items, True


def _item_at(data: bytes, at: int) -> tuple[ListItem, int]:
    """The item at `at`, and where the next one starts. Raises ValueError when it is cut off or of no known type."""
    length = data[at]
    if length == 1:
        return None, at + 1
    start, size = at + 1, length - 1
    if length == 0:
        start, size = at + 3, int.from_bytes(data[at + 1 : at + 3], "little")
        if size == 0:
            start, size = at + 7, int.from_bytes(data[at + 3 : at + 7], "little")
    end = start + size
    if size < 1 or end > len(data):
        raise ValueError("the item is cut off")
    return _decode_item(data[start], data[start + 1 : end]), end


def _decode_item(kind: int, body: bytes) -> ListItem:  # noqa: PLR0911 - one line per item type
    match kind:
        case 1:
            return body.decode("latin-1")
        case 2:
            return body.decode("utf-16-le", "replace")
        case 4:
            return int.from_bytes(body, "little")
        case 5:
            return int.from_bytes(body, "little") - (1 << (8 * len(body)))
        case 6 | 7 if body:
            scale = int.from_bytes(body[:1], "little", signed=True)
            number = int.from_bytes(body[1:], "little") - (1 << (8 * (len(body) - 1)) if kind == 7 else 0)
            return Decimal(number).scaleb(scale)
        case 8 | 9 if len(body) == 8:
            return float(struct.unpack("<d", body)[0])
        case 8 | 9 if len(body) in {0, 2, 4}:
            return float(struct.unpack("<f", body.rjust(4, b"\0"))[0])
    raise ValueError(f"no item has type {kind} and {len(body)} bytes")
