"""Literals for code to paste: ObjectScript, Python and SQL. Quotes and `%` are kept intact."""

from __future__ import annotations


def objectscript(value: str) -> str:
    """A string literal of ObjectScript: quotation marks doubled, control characters by `$char`."""
    parts: list[str] = []
    literal: list[str] = []

    def flush() -> None:
        if literal:
            parts.append('"' + "".join(literal) + '"')
            literal.clear()

    for character in value:
        if character.isprintable():
            literal.append('""' if character == '"' else character)
        else:
            flush()
            parts.append(f"$char({ord(character)})")
    flush()
    return "_".join(parts) or '""'


def python(value: str) -> str:
    """A string literal of Python, in ASCII where characters could hide."""
    return repr(value) if value.isprintable() else ascii(value)


def sql_name(value: str) -> str:
    """A delimited identifier of SQL; quotation marks doubled."""
    return '"' + value.replace('"', '""') + '"'


def both(value: str | int) -> tuple[str, str]:
    """A literal of ObjectScript and one of Python."""
    return (str(value), str(value)) if isinstance(value, int) else (objectscript(value), python(value))
