"""The public side: ports on 127.0.0.1 that relay to the upstream."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from irisops.simulator.agent import web
from irisops.simulator.agent.policy import Policy
from irisops.simulator.background import Background

CHUNK = 64 * 1024
_INTERSTITIAL = b"<html><body>ERR_NGROK_6024: You are about to visit a stand-in tunnel.</body></html>"


@dataclass(slots=True)
class Counters:
    """Connection counts for `metrics.conns` and the summary line."""

    total: int = 0
    open: int = 0


@dataclass(slots=True)
class Endpoint:
    """One tunnel: its definition as created, and its live port."""

    name: str
    kind: str
    """`tcp` or `http`."""
    upstream: str
    url: str
    definition: dict[str, object]
    policy: Policy
    interstitial: bool
    counters: Counters = field(default_factory=Counters)
    loopback: str = ""
    up: bool = True
    """False while the pretended cloud session is down: connections are closed at once."""
    server: asyncio.Server | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    log: Callable[..., None] = field(default=lambda *_a, **_k: None)

    @property
    def uri(self) -> str:
        """Its path in the API."""
        return f"/api/endpoints/{self.name}"

    async def listen(self) -> int:
        """Open the public port on loopback and return its number."""
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=web.MAX_HEAD)
        port: int = self.server.sockets[0].getsockname()[1]
        self.loopback = f"{self.kind}://127.0.0.1:{port}"
        return port

    async def close(self) -> None:
        """Stop listening and cut every connection, as the cloud does when an endpoint is deleted."""
        if self.server is not None:
            self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def as_json(self) -> dict[str, object]:
        """The endpoint in the API (facts: ngrok-keyring A10)."""
        shown: dict[str, object] = {
            "name": self.name,
            "uri": self.uri,
            "url": self.url,
            "upstream": {"url": self.upstream},
            "inspect": bool(self.definition.get("inspect", False)),
            "pooling_enabled": bool(self.definition.get("pooling_enabled", False)),
            "metrics": {
                "conns": {
                    "count": self.counters.total,
                    "gauge": self.counters.open,
                    **dict.fromkeys(("rate1", "rate5", "rate15", "p50", "p90", "p95", "p99"), 0),
                }
            },
        }
        if "traffic_policy" in self.definition:
            shown["traffic_policy"] = self.definition["traffic_policy"]
        if self.url != self.loopback:
            shown["x_loopback"] = self.loopback
        return shown

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a callback of start_server is a task
        self.tasks.add(task)
        peer = str(writer.get_extra_info("peername")[0])
        try:
            # A refused TCP client sees only a closed connection, without a reason (facts: A11, A12.3).
            if self.up and (self.kind == "http" or self.policy.admits(peer)):
                self.counters.total += 1
                self.counters.open += 1
                self.log("info", "join connections", obj="join", id=secrets.token_hex(6), r=peer)
                try:
                    await (self._tcp if self.kind == "tcp" else self._http)(reader, writer, peer)
                finally:
                    self.counters.open -= 1
        except (ConnectionError, web.BadRequestError, asyncio.IncompleteReadError):
            pass  # one side hung up or did not speak HTTP: only that connection ends
        finally:
            writer.close()
            self.tasks.discard(task)

    async def _tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _peer: str) -> None:
        host, port = host_and_port(self.upstream, 0)
        try:
            up_reader, up_writer = await asyncio.open_connection(host, port)
        except OSError as error:
            self.log("warn", "failed to open private leg", id=secrets.token_hex(6), err=str(error))
            return
        await _both_ways(reader, writer, up_reader, up_writer)

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        head = await web.read_head(reader)
        if head is None:
            return
        refusal = self._refuse(head, peer)
        if refusal:
            writer.write(refusal)
            await writer.drain()
            return
        parts = urlsplit(self.upstream)
        host, port = host_and_port(self.upstream, 443 if parts.scheme == "https" else 80)
        try:
            up_reader, up_writer = await asyncio.open_connection(host, port)
        except OSError as error:
            self.log("warn", "failed to open private leg", id=secrets.token_hex(6), err=str(error))
            writer.write(
                web.response(502, b"ERR_NGROK_8012: the upstream refused the connection", "text/plain")
            )
            await writer.drain()
            return
        up_writer.write(_forwarded(head, peer))
        await _both_ways(reader, writer, up_reader, up_writer)

    def _refuse(self, head: web.Head, peer: str) -> bytes:
        """The edge's own answer, if the request may not go on.

        UNVERIFIED: the bodies of the denials (facts: A14). Settle: curl -i a real endpoint with restrict-ips, and one
        with basic-auth, from outside.
        """
        headers = head.headers
        if not self.policy.admits(peer):
            return web.response(403, b"ERR_NGROK_3205: IP restriction", "text/plain")
        if not self.policy.authorised(headers.get("authorization", "")):
            asked = {"WWW-Authenticate": 'Basic realm="ngrok"'}
            return web.response(401, b"ERR_NGROK_3202: authorization failed", "text/plain", headers=asked)
        browser = headers.get("user-agent", "").startswith("Mozilla/")
        if self.interstitial and browser and "ngrok-skip-browser-warning" not in headers:
            return web.response(200, _INTERSTITIAL, "text/html")
        return b""


def host_and_port(address: str, default: int) -> tuple[str, int]:
    """From `127.0.0.1:1972` or a URL. Raises ValueError for `localhost:127.0.0.1:1972` (facts: ngrok-keyring A4.2)."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if not parts.hostname or (parts.port is None and not default):
        raise ValueError(f"no upstream address: {address}")
    return parts.hostname, parts.port or default


def _forwarded(head: web.Head, peer: str) -> bytes:
    """The head for the upstream: one request per connection, except for a web socket upgrade."""
    upgrade = "upgrade" in head.headers.get("connection", "").lower()
    lines = [f"{head.method} {head.target} {head.version}"]
    lines += [f"{name}: {value}" for name, value in head.raw if upgrade or name.lower() != "connection"]
    host = head.headers.get("host", "")
    lines += [f"X-Forwarded-For: {peer}", f"X-Forwarded-Host: {host}", "X-Forwarded-Proto: https"]
    lines += [] if upgrade else ["Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    up_reader: asyncio.StreamReader,
    up_writer: asyncio.StreamWriter,
) -> None:
    """Relay until the upstream closes or either side fails."""
    back = asyncio.create_task(_pump(up_reader, writer))
    failures: list[BaseException] = []

    def failed(error: BaseException) -> None:
        failures.append(error)
        back.cancel()

    forth = Background(failed)
    forth.start(_pump(reader, up_writer))
    try:
        await back
    except asyncio.CancelledError:
        if failures:
            raise failures[0] from None
        raise
    finally:
        back.cancel()
        await asyncio.gather(back, return_exceptions=True)
        await forth.stop()
        up_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


_numbers = itertools.count(10000 + secrets.randbelow(10000))


def public_url(kind: str, port: int, *, real: bool) -> str:
    """The public address: the loopback one, or one that looks like ngrok's."""
    if not real:
        return f"{kind}://127.0.0.1:{port}"
    if kind == "tcp":
        return f"tcp://{secrets.randbelow(9)}.tcp.eu.ngrok.io:{next(_numbers)}"
    return f"https://{secrets.token_hex(6)}.ngrok-free.app"
