"""Minimal HTTP/1.1, with limits for everything a client can send."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, unquote

MAX_LINE = 8 * 1024
MAX_HEADERS = 100
MAX_BODY = 256 * 1024
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class BadRequestError(Exception):
    """The client sent an invalid or too large request; `status` is the answer before the connection closes."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower-case; the body is not in the `repr`, because it may contain a password."""

    method: str
    path: str
    """Decoded, without the query."""
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    keep_alive: bool = True

    def form(self) -> dict[str, str]:
        """The fields of a posted form; empty for any other body. The last of duplicate fields counts."""
        if not self.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
            return {}
        text = self.body.decode("utf-8", errors="replace")
        try:
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
        except ValueError as error:
            raise BadRequestError(HTTPStatus.BAD_REQUEST, str(error)) from None

    def cookies(self) -> dict[str, str]:
        """The cookies; empty if the header is malformed."""
        try:
            parsed = SimpleCookie(self.headers.get("cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in parsed.items()}


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. `encode` adds the length header."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Sequence[tuple[str, str]] = ()
    reason: str = ""
    """The words behind the status; "" for the usual ones."""

    def encode(self, *, with_body: bool, keep_alive: bool) -> bytes:
        """The bytes for the socket; line breaks are removed from header values."""
        lines = [
            f"HTTP/1.1 {self.status.value} {self.reason or self.status.phrase}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            "Cache-Control: no-store",
            f"Connection: {'keep-alive' if keep_alive else 'close'}",
            *(f"{name}: {_one_line(value)}" for name, value in self.headers),
        ]
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1", errors="replace") + (self.body if with_body else b"")


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request; None if the client closed between requests. Raises `BadRequestError`."""
    line = await _line(reader)
    if not line:
        return None
    try:
        method, target, version = line.decode("ascii").rstrip("\r\n").split(" ")
    except ValueError:
        raise BadRequestError(HTTPStatus.BAD_REQUEST, "no request line") from None
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequestError(
            HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.0 and HTTP/1.1 are spoken here"
        )
    if method not in METHODS:
        raise BadRequestError(HTTPStatus.NOT_IMPLEMENTED, "unknown method")
    if not target.startswith("/"):
        raise BadRequestError(HTTPStatus.BAD_REQUEST, "the target must be a path")
    headers = await _headers(reader)
    body = await _body(reader, headers)
    path, _, query = target.partition("?")
    try:
        fields = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise BadRequestError(HTTPStatus.BAD_REQUEST, str(error)) from None
    wishes = headers.get("connection", "").lower()
    keep = "close" not in wishes if version == "HTTP/1.1" else "keep-alive" in wishes
    return Request(method, unquote(path), fields, headers, body, keep)


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS + 1):
        line = await _line(reader)
        if not line:
            raise BadRequestError(HTTPStatus.BAD_REQUEST, "the headers do not end")
        text = line.decode("latin-1").rstrip("\r\n")
        if not text:
            return headers
        name, colon, value = text.partition(":")
        if not colon or not name or not _TOKEN.issuperset(name):
            raise BadRequestError(HTTPStatus.BAD_REQUEST, "not a header line")
        lower = name.lower()
        if lower in headers and lower in ("content-length", "host", "authorization"):
            raise BadRequestError(HTTPStatus.BAD_REQUEST, f"{lower} was sent twice")
        joiner = "; " if lower == "cookie" else ", "
        headers[lower] = f"{headers[lower]}{joiner}{value.strip()}" if lower in headers else value.strip()
    raise BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers")


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        raise BadRequestError(
            HTTPStatus.NOT_IMPLEMENTED, "send a Content-Length instead of a transfer encoding"
        )
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise BadRequestError(HTTPStatus.BAD_REQUEST, "Content-Length is no number")
    if len(text) > 9 or int(text) > MAX_BODY:
        raise BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {MAX_BODY} bytes")
    try:
        return await reader.readexactly(int(text))
    except asyncio.IncompleteReadError:
        raise BadRequestError(HTTPStatus.BAD_REQUEST, "the body is shorter than announced") from None


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise BadRequestError(HTTPStatus.BAD_REQUEST, "a line does not end") from None
        return b""
    except asyncio.LimitOverrunError:
        raise BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "a line is too long") from None


def _one_line(value: str) -> str:
    return value.replace("\r", "").replace("\n", "")
