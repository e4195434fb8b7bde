"""What an instance tells without a login: `/api/monitor/metrics` on its web port (facts: iris-license-sessions 6.1).

It is for the moment when nobody gets in. The text is Prometheus's; which names are there depends on the version, so
each is optional. `/api/monitor/alerts` is never read: reading moves a cursor that others rely on.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import ssl
from dataclasses import dataclass

from irisops.instance.errors import NotAvailable, NotPermitted, Unreachable

PATH = "/api/monitor/metrics"
DEADLINE = 5.0
"""Seconds for the whole request."""
MOST_BYTES = 4_000_000

_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^{}]*\})?\s+(\S+)(?:\s+-?\d+)?\s*")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of interest; None where this version does not tell one. `others` holds every unlabelled metric."""

    license_consumed: float | None
    license_available: float | None
    license_percent: float | None
    license_days: float | None
    """Until the key expires."""
    sessions: float | None
    processes: float | None
    others: dict[str, float]


def parse_metrics(text: str) -> dict[str, float]:
    """Unlabelled metrics by name; lines of another form are passed over, of a repeated name the last one counts."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None or match[2]:
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        if math.isfinite(value):
            found[match[1]] = value
    return found


def metrics_of(text: str) -> Metrics:
    """The figures of interest out of the text."""
    found = parse_metrics(text)
    return Metrics(
        license_consumed=found.get("iris_license_consumed"),
        license_available=found.get("iris_license_available"),
        license_percent=found.get("iris_license_percent_used"),
        license_days=found.get("iris_license_days_remaining"),
        sessions=found.get("iris_csp_sessions"),
        processes=found.get("iris_process_count"),
        others=found,
    )


async def read_metrics(host: str, port: int, *, tls: bool = False, deadline: float = DEADLINE) -> Metrics:
    """Ask once, without credentials.

    Raises Unreachable, NotPermitted (it wants a login) or NotAvailable (it is not there).
    """
    try:
        async with asyncio.timeout(deadline):
            status, body = await _get(host, port, tls=tls)
    except TimeoutError:
        raise Unreachable(
            f"The web port {port} of {host} did not answer within {deadline:g} seconds.",
            "Check web_port of the profile.",
        ) from None
    except ssl.SSLError as error:
        raise Unreachable(
            f"The web port {port} of {host} and this machine do not agree on TLS: {error.reason or error}.",
            "Check web_scheme of the profile.",
        ) from None
    except (OSError, EOFError) as error:
        raise Unreachable(
            f"The web port {port} of {host} does not answer: {_reason(error)}.",
            "Check web_port of the profile; from 2023.2 on a web server has to be installed beside IRIS.",
        ) from None
    if status in (401, 403):
        raise NotPermitted(
            f"{PATH} wants a login on this instance.", "An administrator can read it, or the portal."
        )
    if status != 200:
        raise NotAvailable(
            f"{PATH} answered with HTTP {status}.", "It exists from IRIS 2019.4 on, behind a web server."
        )
    metrics = metrics_of(body.decode("utf-8", "replace"))
    if not metrics.others:
        raise NotAvailable(f"{PATH} answered, but with nothing that can be read.", "Check web_port.")
    return metrics


def _reason(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it hung up" if isinstance(error, EOFError) else str(error) or type(error).__name__


async def _get(host: str, port: int, *, tls: bool) -> tuple[int, bytes]:
    """One GET by HTTP/1.0, so that the body ends with the connection. Raises OSError, EOFError, ssl.SSLError."""
    context = ssl.create_default_context() if tls else None
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    shown = f"[{host}]" if ":" in host else host
    try:
        writer.write(
            f"GET {PATH} HTTP/1.0\r\nHost: {shown}:{port}\r\nAccept: text/plain\r\nConnection: close\r\n\r\n".encode(
                "idna" if not host.isascii() else "ascii"
            )
        )
        await writer.drain()
        data = bytearray()
        while len(data) < MOST_BYTES and (piece := await reader.read(65_536)):
            data += piece
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    head, separator, body = bytes(data).partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    if status is None or not separator:
        raise ConnectionError("something else than a web server answers there")
    if re.search(rb"^transfer-encoding:\s*chunked\s*$", head, re.IGNORECASE | re.MULTILINE):
        body = _unchunked(body)
    return int(status[1]), body


def _unchunked(data: bytes) -> bytes:
    """A chunked body put together: some servers chunk whatever was asked for. What is cut off is left out."""
    parts: list[bytes] = []
    while data:
        size, separator, rest = data.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            break
        if not separator or length <= 0:
            break
        parts.append(rest[:length])
        data = rest[length + 2 :]
    return b"".join(parts)
