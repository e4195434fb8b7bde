"""TOML of files that people edit, with one error type that names the line."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tomlkit


class TomlError(ValueError):
    """Invalid TOML. `line` counts from 1, 0 if unknown."""

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
    """The parsed TOML. Raises `TomlError`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(str(error), line_in(str(error), text)) from None
    except ValueError:  # a number longer than Python converts
        raise TomlError("a number in it is too long") from None
    except RecursionError:
        raise TomlError("it nests too deep") from None


def document(text: str) -> tomlkit.TOMLDocument:
    """The TOML for an edit that keeps comments and order. Raises `TomlError`; tomlkit is stricter than tomllib."""
    import tomlkit  # noqa: PLC0415 - 30 ms that only an edit needs
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise TomlError(f"it can be read, but not be changed: {error}") from None


def line_in(message: str, text: str) -> int:
    """The line in tomllib's message; the last line for an unexpected end, 0 if none is named."""
    _, found, rest = message.partition("at line ")
    if found:
        return int(rest.split(",", 1)[0].split(" ", 1)[0])
    return len(text.splitlines()) if "end of document" in message else 0


def line_of(text: str, key: str, section: str = "") -> int:
    """Line of `key` (in `[profiles.section]`); the section's line if the key is missing, 0 if both are."""
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
