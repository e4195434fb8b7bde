"""Reads member declarations written as the class reference prints them.

The emulated classes declare their methods by the vendor's own signature, e.g.
`AddRoles(Username As %String, ByRef Roles As %String, Admin As %Boolean = 0) As %Status`. From it come the binding of
arguments, and what the class dictionary says of the method, so that the two cannot differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = r"[%A-Za-z][\w%]*"
_HEAD = re.compile(
    rf"^\s*(?P<name>{_NAME})\s*\((?P<arguments>.*)\)\s*(?:As\s+(?P<returns>%?[\w.%]+))?\s*$", re.DOTALL
)
_ARGUMENT = re.compile(
    rf"^(?:(?P<direction>ByRef|Output)\s+)?(?P<name>{_NAME})(?:\s+As\s+(?P<type>%?[\w.%]+))?(?:\s*=\s*(?P<default>.+))?$",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Argument:
    """One formal argument. `default` is None where the caller must pass it or it stays undefined."""

    name: str
    type: str = ""
    default: str | int | None = None
    by_reference: bool = False
    output: bool = False
    variadic: bool = False

    @property
    def formal_spec(self) -> str:
        """As `%Dictionary.CompiledMethod.FormalSpec` writes it: `&Roles:%String`, `Admin:%Boolean=0`."""
        if self.variadic:
            return f"{self.name}..."
        mark = "*" if self.output else "&" if self.by_reference else ""
        kind = f":{self.type}" if self.type else ""
        if self.default is None:
            return f"{mark}{self.name}{kind}"
        shown = str(self.default) if isinstance(self.default, int) else f'"{self.default}"'
        return f"{mark}{self.name}{kind}={shown}"


@dataclass(frozen=True, slots=True)
class Signature:
    """A method's or query's name, arguments and return type ("" where it declares none)."""

    name: str
    arguments: tuple[Argument, ...]
    returns: str

    @property
    def formal_spec(self) -> str:
        """As the class dictionary writes it."""
        return ",".join(argument.formal_spec for argument in self.arguments)


def parse_signature(text: str) -> Signature:
    """Parse a declaration. Raises ValueError where it is not one: a mistake of the emulated class, found at import."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"not a method declaration: {text!r}")
    inside = head["arguments"].strip()
    arguments = tuple(_parse_argument(part) for part in _split(inside)) if inside else ()
    return Signature(head["name"], arguments, head["returns"] or "")


def _split(text: str) -> list[str]:
    """Split at commas that are not inside quotes."""
    parts, current, quoted = [], "", False
    for character in text:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    parts.append(current.strip())
    return parts


def _parse_argument(text: str) -> Argument:
    if text.endswith("..."):
        return Argument(text.removesuffix("..."), variadic=True)
    match = _ARGUMENT.match(text)
    if match is None:
        raise ValueError(f"not an argument: {text!r}")
    return Argument(
        match["name"],
        match["type"] or "",
        _parse_default(match["default"]),
        by_reference=match["direction"] is not None,
        output=match["direction"] == "Output",
    )


def _parse_default(text: str | None) -> str | int | None:
    if text is None:
        return None
    text = text.strip()
    if text.startswith('"') and text.endswith('"') and len(text) >= 2:
        return text[1:-1].replace('""', '"')
    return int(text)
