"""Minimal HTTP/1.1 for the agent's API and its HTTP endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

MAX_HEAD = 64 * 1024
MAX_BODY = 1024 * 1024


class BadRequestError(ValueError):
    """The client sent something that is not HTTP."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request. `headers` has lower-case names; `raw` keeps their spelling and order."""

    method: str
    target: str
    version: str
    raw: tuple[tuple[str, str], ...]

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name; the last one wins."""
        return {name.lower(): value for name, value in self.raw}

    @property
    def length(self) -> int:
        """Content-Length in bytes, 0 if absent. Raises BadRequestError."""
        text = self.headers.get("content-length", "0")
        if not text.isdigit():
            raise BadRequestError(f"Content-Length {text!r}")
        return int(text)


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The head of the next request, None at the end of the connection. Raises BadRequestError."""
    try:
        block = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise BadRequestError("cut off head") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequestError("the head is too long") from error
    lines = block.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        raise BadRequestError("not a request line")
    raw = []
    for text in lines[1:]:
        if text:
            name, colon, value = text.partition(":")
            if not colon:
                raise BadRequestError("not a header line")
            raw.append((name, value.strip()))
    return Head(words[0], words[1], words[2], tuple(raw))


async def read_body(reader: asyncio.StreamReader, head: Head) -> bytes:
    """The body by its Content-Length. Raises BadRequestError if it is too long."""
    if head.length > MAX_BODY:
        raise BadRequestError("the body is too long")
    return await reader.readexactly(head.length)


def response(
    status: int, body: bytes = b"", content_type: str = "application/json", *, headers: Mapping[str, str] = {}
) -> bytes:
    """A whole response that closes the connection."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    if status != HTTPStatus.NO_CONTENT:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
