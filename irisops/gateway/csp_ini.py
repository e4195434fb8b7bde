"""CSP.ini, the configuration of a Web Gateway: read, and one value changed with every other byte kept.

Its names are case-sensitive and its values may be secrets: a server's password is only encoded
(facts: iris-webapps-gateway 5.2, 5.3).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

SYSTEM = "SYSTEM"
"""The section of the management pages and of everything that is not a server or a path."""
PASSWORD = "Password"  # noqa: S105 - the key's name
SECRETS = frozenset({PASSWORD, "SSLCC_Private_Key_Password"})
"""Keys whose values are never shown."""
MOST_BYTES = 1_000_000
"""A larger file is no CSP.ini."""
ENCODED = "]]]"
"""Begins a server's password on UNIX; base64 of the clear password follows (facts: iris-webapps-gateway 5.3)."""

INDEXES = frozenset({"SYSTEM_INDEX", "APP_PATH_INDEX"})
PATH = "APP_PATH:"
"""Begins the section of a path."""

Use = Literal["management", "server"]


class CspIniError(ValueError):
    """The file is none that this tool can read or change; the text says why."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line with its ending. `key` is "" for a heading, a comment or an empty line."""

    raw: bytes
    section: str
    key: str = ""
    value: str = ""


class CspIni:
    """The contents of a CSP.ini. Raises `CspIniError` for what is none."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MOST_BYTES:
            raise CspIniError(f"It has more than {MOST_BYTES:,} bytes.")
        if b"\0" in data:
            raise CspIniError(
                "It holds NUL characters, as a text in UTF-16 does; a gateway writes plain text."
            )
        self._lines = tuple(_lines(data))
        if not any(line.section == SYSTEM for line in self._lines):
            raise CspIniError(f"It has no section [{SYSTEM}].")

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of the sections, in order."""
        return tuple(dict.fromkeys(line.section for line in self._lines if line.section))

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the servers, which are sections too."""
        aside = (SYSTEM, *INDEXES)
        return tuple(each for each in self.sections if each not in aside and not each.startswith(PATH))

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths, e.g. `/csp`."""
        return tuple(each.removeprefix(PATH) for each in self.sections if each.startswith(PATH))

    def section(self, name: str) -> dict[str, str]:
        """The values of a section by key; empty without the section. Of a key given twice the first counts here."""
        found: dict[str, str] = {}
        for line in self._lines:
            if line.section == name and line.key:
                found.setdefault(line.key, line.value)
        return found

    def with_value(self, section: str, key: str, value: str) -> bytes:
        """The file with this value alone changed, or the key added at the section's end.

        Raises `CspIniError` for a key that is given twice: the gateway does not say which of them counts.
        """
        at = [n for n, line in enumerate(self._lines) if line.section == section and line.key == key]
        if len(at) > 1:
            raise CspIniError(f"{key} is given {len(at)} times in [{section}]: take out all but one by hand.")
        raw = [line.raw for line in self._lines]
        new = value.encode("latin-1")
        if at:
            before, equals, after = raw[at[0]].partition(b"=")
            end = after[len(after.rstrip(b"\r\n")) :]
            blanks = after[: len(after) - len(after.lstrip(b" \t"))] if after.strip() else b""
            raw[at[0]] = before + equals + blanks + new + end
            return b"".join(raw)
        filled = [n for n, line in enumerate(self._lines) if line.section == section and line.raw.strip()]
        end = next((line[len(line.rstrip(b"\r\n")) :] for line in raw if line.endswith(b"\n")), b"\n")
        if not raw[filled[-1]].endswith(b"\n"):
            raw[filled[-1]] += end
        raw.insert(filled[-1] + 1, key.encode("latin-1") + b"=" + new + end)
        return b"".join(raw)


def _lines(data: bytes) -> Iterator[_Line]:
    """The lines; text is taken as Latin-1, so that every byte is kept whatever the encoding is."""
    section = ""
    for number, raw in enumerate(data.splitlines(keepends=True)):
        text = raw.decode("latin-1")
        if not number:
            text = text.removeprefix("\xef\xbb\xbf")  # the mark of UTF-8
        text = text.strip()
        if text.startswith("[") and text.endswith("]"):
            section = text[1:-1].strip()
            yield _Line(raw, section)
            continue
        key, equals, value = text.partition("=")
        if not equals or text[:1] in "#;" or not section:
            yield _Line(raw, section)
            continue
        yield _Line(raw, section, key.strip(), value.strip())


def form_of(value: str, use: Use) -> str:
    """How a password is stored, in words, without the password (facts: iris-webapps-gateway 5.3)."""
    if not value:
        return "none"
    if value.startswith("{") and value.endswith("}"):
        return "from a command"
    if use == "server":
        return (
            "encoded, readable to anyone who can read the file"
            if value.startswith(ENCODED)
            else "in clear or encrypted"
        )
    if value.startswith("PBKDF2|"):
        return "hashed"
    return "hashed, in the older form" if value.startswith("1") else "in clear, until the web server restarts"


def clear_password(value: str) -> str | None:
    """The password that a server's entry stands for; None if only the gateway can tell (a command, encrypted)."""
    if not value.startswith(ENCODED):
        return None if value.startswith("{") or not value.isascii() else value
    try:
        return base64.b64decode(value.removeprefix(ENCODED), validate=True).decode("ascii")
    except ValueError:
        return None


def refusal_of(password: str, use: Use) -> str:
    """Why a password cannot be written in clear; "" if it can.

    It may not begin as a hash, an encoded one or a command does (facts: iris-webapps-gateway 5.3). Which encoding the
    gateway takes a letter outside ASCII in is not known.
    """
    taken = ("1", "PBKDF2|", "{") if use == "management" else (ENCODED, "{")
    if not password:
        return "it is empty"
    if password.startswith(taken):
        return f"it begins with one of {' '.join(taken)}, which the gateway takes for something else"
    if password != password.strip():
        return "it begins or ends with a blank"
    if not (password.isascii() and password.isprintable()):
        return "it has signs outside ASCII, and which encoding the gateway reads is not known"
    return ""
