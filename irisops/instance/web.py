"""One HTTP request to the web port of an instance, for `metrics` and `admin_api`.

No proxy is used, no redirect is followed, no cookie is kept; the answer's size is bounded. Answers are untrusted: what
reads them takes a time that grows with their size and no faster, as no deadline interrupts it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_BYTES = 4_000_000
"""Largest answer accepted."""
MOST_HEAD = 400_000
"""Largest head of one: some 10,000 headers."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)\b ?([ -~]{0,60})")
_NAME = re.compile(rb"[!-9;-~]+")


class WebAddress(NamedTuple):
    """A web port. With `tls` the certificate is checked against the machine's authorities."""

    host: str
    port: int
    tls: bool = False
    prefix: str = ""
    """Start of every path, where one web server serves several instances: `/iris-a`."""

    def page(self, path: str) -> str:
        """The URL of a path of the instance, for a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.prefix}{path}"

    @property
    def shown(self) -> str:
        """Value of the Host header. Raises UnicodeError for an impossible host name."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host if host.isascii() else host.encode('idna').decode('ascii')}:{self.port}"

    @property
    def local(self) -> bool:
        """True if requests stay on this machine."""
        return self.host.casefold() in {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A request. Header values and the body stay out of `repr`: they may hold a password or a token."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer. Header names are in lower case; of repeated ones the last counts."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    cookies: tuple[str, ...] = field(default=(), repr=False)
    """Values of all Set-Cookie headers."""
    reason: str = field(default="", repr=False)
    """The words behind the status."""


class _NotAWebServerError(Exception):
    """What answers does not speak HTTP."""


class _TooMuchError(Exception):
    """An answer beyond the bounds; the text says which."""


class WebFailure(Exception):  # noqa: N818 - an outcome that callers turn into a named problem
    """No answer. `sent`: the request may have reached the server and taken effect."""

    def __init__(self, message: str, cure: str, *, sent: bool) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.sent = sent


async def ask(address: WebAddress, request: WebRequest, *, deadline: float) -> WebAnswer:
    """Ask once; `deadline` in seconds for everything, whatever the server does. Raises WebFailure."""
    port = f"web port {address.port} of {address.host}"
    exchange = _Exchange(address, request)
    try:
        async with asyncio.timeout(deadline):
            return await exchange.run()
    except TimeoutError:
        message = f"The {port} did not answer within {deadline:g} seconds."
        cure = "Check web_port of the profile."
    except _NotAWebServerError:
        message = f"On the {port} something else than a web server answers."
        cure = "Check web_port of the profile."
    except _TooMuchError as error:
        message = f"The {port} {error}."
        cure = "Check web_port of the profile."
    except ssl.SSLCertVerificationError as error:
        message = f"The certificate of the {port} is not trusted: {error.verify_message.rstrip('.')}."
        cure = "Have its authority among this machine's; SSL_CERT_FILE names a file of them."
    except ssl.SSLError as error:
        message = f"The {port} and this machine do not agree on TLS: {error.reason or error}."
        cure = "Check web_scheme of the profile."
    except (OSError, EOFError, UnicodeError) as error:
        message = f"The {port} does not answer: {_reason(error)}."
        cure = "Check web_port of the profile; from 2023.2 on a web server has to be installed beside IRIS."
    raise WebFailure(message, cure, sent=exchange.sent)


def _reason(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it hung up" if isinstance(error, EOFError) else str(error) or type(error).__name__


class _Exchange:
    """One request on a connection of its own."""

    def __init__(self, address: WebAddress, request: WebRequest) -> None:
        self._address = address
        self._request = request
        self.sent = False

    async def run(self) -> WebAnswer:
        """Raises OSError, EOFError, ssl.SSLError."""
        context = ssl.create_default_context() if self._address.tls else None
        reader, writer = await asyncio.open_connection(
            self._address.host, self._address.port, ssl=context, limit=MOST_BYTES
        )
        try:
            self.sent = True
            writer.write(self._head() + self._request.body)
            await writer.drain()
            return await _read(reader, head=self._request.method == "HEAD")
        finally:
            writer.transport.abort()  # a polite end would wait for the server: by TLS 30 seconds
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _head(self) -> bytes:
        """The request head, in HTTP/1.0, so that the body ends with the connection unless its length is given."""
        request = self._request
        headers = {"Host": self._address.shown, **request.headers, "Connection": "close"}
        if request.body:
            headers["Content-Length"] = str(len(request.body))
        target = f"{self._address.prefix}{request.target}"
        lines = [f"{request.method} {target} HTTP/1.0", *(f"{k}: {v}" for k, v in headers.items())]
        if any("\r" in line or "\n" in line for line in lines):
            raise ConnectionError("a header would not fit on one line")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


async def _read(reader: asyncio.StreamReader, *, head: bool) -> WebAnswer:
    """The answer; that to a HEAD request has no body, whatever length it announces."""
    data = bytearray()
    pairs: list[tuple[str, str]] | None = None
    end: int | None = None
    while end is None or len(data) < end:
        piece = await reader.read(65_536)
        if not piece:
            break
        data += piece
        if len(data) > MOST_BYTES:
            raise _TooMuchError(f"answers with more than {MOST_BYTES:,} bytes")
        if pairs is None:
            top, found, _ = bytes(data).partition(b"\r\n\r\n")
            if len(top) > MOST_HEAD:
                raise _TooMuchError(f"answers with headers of more than {MOST_HEAD:,} bytes")
            if found:
                pairs = _pairs(top)
                length = "0" if head else dict(pairs).get("content-length", "")
                known = length.isascii() and length.isdigit() and len(length) < 9
                end = len(top) + 4 + int(length) if known else None
    top, separator, body = bytes(data).partition(b"\r\n\r\n")
    status = _STATUS.match(top)
    if status is None or not separator or pairs is None:
        raise _NotAWebServerError
    if end is not None and len(data) < end:
        raise EOFError
    headers = dict(pairs)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _unchunked(body)
    cookies = tuple(value for name, value in pairs if name == "set-cookie")
    return WebAnswer(int(status[1]), headers, body, cookies, status[2].decode("ascii").strip())


def _pairs(head: bytes) -> list[tuple[str, str]]:
    parts = [line.partition(b":") for line in head.split(b"\n")]
    return [
        (name.decode("latin-1").lower(), value.strip(b" \t\r").decode("latin-1"))
        for name, colon, value in parts
        if colon and _NAME.fullmatch(name)
    ]


def _unchunked(data: bytes) -> bytes:
    """The content of a chunked body, which some servers send even to HTTP/1.0; an incomplete chunk is left out."""
    parts: list[bytes] = []
    at = 0
    while (end := data.find(b"\r\n", at)) >= 0:
        try:
            length = int(data[at:end].split(b";")[0], 16)
        except ValueError:
            break
        if length <= 0:
            break
        parts.append(data[end + 2 : end + 2 + length])
        at = end + 4 + length
    return b"".join(parts)
