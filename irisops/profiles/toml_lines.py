"""Where in a TOML file something stands, so that what is wrong can be named by its line."""

from __future__ import annotations


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
