"""TOML that a person edits: read with one error for all that can be wrong, named by its line."""

from __future__ import annotations

import tomllib
from typing import Any


class TomlError(ValueError):
    """The text is no TOML. `line` counts from 1, 0 if it is not known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def decoded(raw: bytes) -> str:
    """The text of a file. Raises `TomlError`."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise TomlError("this is not UTF-8 text", raw[: error.start].count(b"\n") + 1) from None


def parsed(text: str) -> dict[str, Any]:
    """What a TOML text holds. Raises `TomlError`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(str(error), line_in(str(error), text)) from None
    except ValueError:  # a number longer than Python converts
        raise TomlError("a number in it is too long") from None
    except RecursionError:
        raise TomlError("it nests too deep") from None


def line_in(message: str, text: str) -> int:
    """The line that tomllib names in its message; the last one for an unexpected end, 0 if it names none."""
    _, found, rest = message.partition("at line ")
    if found:
        return int(rest.split(",", 1)[0].split(" ", 1)[0])
    return len(text.splitlines()) if "end of document" in message else 0


def line_of(text: str, key: str, section: str = "") -> int:
    """Where `key` stands (below `[profiles.section]`); the section's line if the key is not there, 0 if neither is."""
    inside = not section
    at = 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            inside = not section or section in stripped
            at = number if inside and not at else at
        elif inside and stripped.split("=", 1)[0].strip() == key:
            return number
    return at
