"""`%Status` values: `1` for success, otherwise `"0 "` followed by $LIST data (facts: iris-security 1, 1.1).

The message numbers and texts are those of the vendor's error reference. The exact inner layout of a real status holds
more items (where it was raised, in which namespace); clients are documented to treat it as opaque and to ask
`%SYSTEM.Status` for its text, which is what this module answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

OK = 1
"""The success value of every method that returns %Status."""

MESSAGES: dict[int, str] = {
    800: "Logins for Service %1 are disabled",
    809: "Service %1 does not exist",
    821: "Access Denied: Cannot access %1",
    822: "Access Denied",
    824: "Invalid Username or Password",
    828: "User %1 account is disabled",
    829: "User %1 unable to add role %2",
    831: "User %1 invalid name or password",
    837: "User %1 already exists",
    838: "User %1 does not exist",
    839: "Cannot delete superuser %1.",
    840: "Cannot delete %1, only user with %All role.",
    841: "Cannot delete default user %1.",
    842: "Username %1 is invalid.",
    843: "Username %1 is in use by service %2.",
    845: "Password does not match length or pattern requirements",
    846: "Username cannot contain domain specification",
    848: "System Security configuration %1 already exists.",
    849: "System Security configuration %1 does not exist.",
    850: "Audit database %1 not available",
    851: "Invalid Audit Event name %1",
    852: "Audit Event %1 already exists",
    853: "Audit Event %1 does not exist",
    854: "Cannot delete system Audit Event %1",
    855: "Cannot modify system Audit Event %1",
    859: "Audit record %1 does not exist",
    869: "Application %1 does not exist",
    870: "Cannot delete system application %1",
    874: "Duplicate Match role %1.",
    875: "Match role %1 does not exist.",
    878: "Duplicate Target role %1.",
    879: "Target role %1 does not exist.",
    880: "Cannot delete role %1.",
    881: "Cannot remove role %1.",
    883: "Role %1 does not exist.",
    884: "Role %1 already exists.",
    885: "Maximum number of roles reached.",
    886: "Cannot modify role %1.",
    887: "Invalid role name %1.",
    890: "Cannot delete system resource %1.",
    891: "Resource %1 already exists.",
    892: "Resource %1 does not exist.",
    893: "Cannot modify system resource %1.",
    894: "Maximum number of resources reached",
    895: "Duplicate resource %1.",
    896: "Invalid resource name %1.",
    897: "Invalid permission %1 for resource name %2.",
    898: "SSL configuration %1 already exists",
    920: "Cannot modify field '%1'",
    921: "Operation requires %1 privilege",
    930: "Cannot delete system security parameters",
    935: "Password change required.",
    940: "Insufficient privilege for operation",
    942: "Username and Role cannot have the same name",
    943: "User %1 has no role",
    944: "Invalid expirationdate",
    952: "Invalid password",
    958: "Invalid password pattern '%1'",
    959: "User %1 account has expired",
    960: "User %1 account is inactive",
    979: "SSL configuration %1 does not exist",
    981: "Invalid SSL configuration name",
    992: "Password has expired",
    993: "Cannot modify LDAP authentication user",
    994: "Cannot modify Delegated authentication user",
    5001: "%1",
    5002: "ObjectScript error: %1",
    5351: "Class '%1' does not exist",
    5659: "Property '%1' required",
    5802: "Datatype validation failed on property '%1', with value equal to \"%2\"",
    5809: "Object to Load not found, class '%1', ID '%2'",
    5907: "Session ID '%1' does not exist",
    5915: "Cannot allocate a license",
    7201: "Datatype value '%1' length longer than MAXLEN allowed of %2",
    7203: "Datatype value '%1' less than MINVAL allowed of %2",
    7204: "Datatype value '%1' greater than MAXVAL allowed of %2",
    7207: "Datatype value '%1' is not a valid boolean",
}
"""Error number -> text template. 56xx to 59xx and 72xx are of the general object range.

UNVERIFIED: which of the general object errors a failed %Save of a Security class answers with, and the exact texts of
#5351 and #5809.
Settle: save an object with a property that is too long, and print $SYSTEM.Status.GetErrorText of the status.
"""


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One error inside a status: its number and the values of `%1`, `%2` ..."""

    code: int
    arguments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The message with its arguments put in."""
        template = MESSAGES.get(self.code, "Unknown status code: <%1>(%2)")
        arguments = self.arguments if self.code in MESSAGES else (str(self.code), ",".join(self.arguments))
        parts: list[str] = []
        position = 0
        while position < len(template):
            following = template[position + 1 : position + 2]
            if template[position] == "%" and following.isdigit() and following != "0":
                index = int(following) - 1
                parts.append(arguments[index] if index < len(arguments) else "")
                position += 2
            else:
                parts.append(template[position])
                position += 1
        return "".join(parts)


class StatusError(Exception):
    """Raised inside the emulated classes; the dispatcher turns it into the method's %Status."""

    def __init__(self, code: int, *arguments: object) -> None:
        self.entries = (ErrorEntry(code, tuple(str(argument) for argument in arguments)),)
        super().__init__(f"ERROR #{code}: {self.entries[0].text}")

    @property
    def code(self) -> int:
        """The error number."""
        return self.entries[0].code

    @property
    def status(self) -> str:
        """The encoded %Status."""
        return encode(self.entries)


def error(code: int, *arguments: object) -> str:
    """The %Status of one error."""
    return encode((ErrorEntry(code, tuple(str(argument) for argument in arguments)),))


def encode(entries: Sequence[ErrorEntry]) -> str:
    """`"0 "` and one $LIST element per error, each a $LIST of its number and arguments."""
    body = b"".join(
        list_item(_integer_item(entry.code) + b"".join(_text_item(argument) for argument in entry.arguments))
        for entry in entries
    )
    return "0 " + body.decode("latin-1")


def is_error(status: object) -> bool:
    """Whether `status` is an error %Status (an unset one counts as an error, as `$SYSTEM.Status.IsError` has it)."""
    if isinstance(status, bytes):
        status = status.decode("latin-1")
    return str(status).split(" ", 1)[0] != "1"


def decode(status: object) -> list[ErrorEntry]:
    """The errors of a status; empty for success. Text that is no status becomes one entry of number 5001."""
    if isinstance(status, bytes):
        status = status.decode("latin-1")
    text = str(status)
    if not is_error(text):
        return []
    if not text.startswith("0 "):
        return [ErrorEntry(5001, (text,))]
    try:
        elements = list_elements(text[2:].encode("latin-1"))
        entries: list[ErrorEntry] = []
        for element in elements:
            if not isinstance(element, bytes):
                return [ErrorEntry(5001, (text,))]
            code, *arguments = list_elements(element)
            if not isinstance(code, int):
                return [ErrorEntry(5001, (text,))]
            entries.append(ErrorEntry(code, tuple(_as_text(argument) for argument in arguments)))
    except (ValueError, UnicodeEncodeError):
        return [ErrorEntry(5001, (text,))]
    return entries


def error_text(status: object, *, word: str = "ERROR") -> str:
    """What `$SYSTEM.Status.GetErrorText` answers. `word` is localised on a real instance (facts: iris-security 1.1)."""
    return "\r\n".join(f"{word} #{entry.code}: {entry.text}" for entry in decode(status))


def list_item(data: bytes, kind: int = 1) -> bytes:
    """One $LIST element of raw data (facts: wire-protocol 2)."""
    if len(data) <= 0xFD:
        return bytes((len(data) + 2, kind)) + data
    if len(data) + 1 <= 0xFFFF:
        return b"\x00" + (len(data) + 1).to_bytes(2, "little") + bytes((kind,)) + data
    return b"\x00\x00\x00" + (len(data) + 1).to_bytes(4, "little") + bytes((kind,)) + data


def list_build(values: Sequence[str | int]) -> str:
    """`$LISTBUILD(...)` as the string of 8-bit characters that crosses the wire."""
    parts = [_integer_item(value) if isinstance(value, int) else _text_item(value) for value in values]
    return b"".join(parts).decode("latin-1")


def list_elements(data: bytes) -> list[bytes | str | int | None]:
    """Elements of a $LIST: 8-bit strings as bytes, wide ones as str. Raises ValueError for anything malformed."""
    elements: list[bytes | str | int | None] = []
    position = 0
    while position < len(data):
        head, size = data[position], data[position]
        if head == 0:
            size = int.from_bytes(data[position + 1 : position + 3], "little")
            head = 3
            if size == 0:
                size = int.from_bytes(data[position + 3 : position + 7], "little")
                head = 7
            size += head
        else:
            head = 1
        if position + size > len(data) or size < head:
            raise ValueError("not a $LIST")
        element = data[position + head : position + size]
        elements.append(_value(element))
        position += size
    return elements


def _value(element: bytes) -> bytes | str | int | None:
    if not element:
        return None
    kind, payload = element[0], element[1:]
    if kind == 1:
        return payload
    if kind == 2:
        return payload.decode("utf-16-le")
    if kind == 4:
        return int.from_bytes(payload, "little")
    if kind == 5:
        return int.from_bytes(payload + b"\xff", "little", signed=True)
    raise ValueError(f"$LIST type {kind} is not used in a status")


def _integer_item(value: int) -> bytes:
    if value >= 0:
        return list_item(value.to_bytes((value.bit_length() + 7) // 8, "little"), 4)
    data = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return list_item(data.rstrip(b"\xff"), 5)


def _text_item(text: str) -> bytes:
    try:
        return list_item(text.encode("latin-1"), 1)
    except UnicodeEncodeError:
        return list_item(text.encode("utf-16-le", "surrogatepass"), 2)


def _as_text(argument: bytes | str | int | None) -> str:
    if argument is None:
        return ""
    return argument.decode("latin-1") if isinstance(argument, bytes) else str(argument)
