"""The agent's local API (facts: ngrok-keyring A10, A14)."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from irisops.simulator.agent import failures, web
from irisops.simulator.agent.logfmt import Log
from irisops.simulator.agent.policy import Policy, PolicyError, read_policy
from irisops.simulator.agent.relay import Endpoint, host_and_port, public_url
from irisops.simulator.agent.switches import Switches

V3_KEYS = frozenset(
    {
        "name",
        "url",
        "upstream",
        "bindings",
        "metadata",
        "description",
        "traffic_policy",
        "pooling_enabled",
        "inspect",
        "agent_tls_termination",
    }
)
"""Keys of a v3 endpoint. Whether a real agent refuses others is unknown (facts: A4.6); this one does."""

_LOCAL_HOSTS = {"127.0.0.1", "localhost"}

Answer = tuple[int, object]


class Api:
    """Serves the API and owns the endpoints."""

    def __init__(self, switches: Switches, log: Log) -> None:
        self._switches = switches
        self._log = log
        self.endpoints: dict[str, Endpoint] = {}
        self.online = False
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def listen(self) -> str:
        """Bind the first free port from the default on; returns the address. Raises OSError if all are taken."""
        first = self._switches.web_port
        for port in range(first, first + 200):
            try:
                self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=web.MAX_HEAD)
            except OSError:
                self._log.write(
                    "warn",
                    "can't bind default web address, trying alternatives",
                    obj="web",
                    addr=f"127.0.0.1:{port}",
                )
                continue
            return f"127.0.0.1:{port}"
        raise OSError("no free port for the web service")

    async def close(self) -> None:
        """Stop serving and close every endpoint."""
        if self._server is not None:
            self._server.close()
        for endpoint in list(self.endpoints.values()):
            await endpoint.close()
        self.endpoints.clear()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def set_online(self, online: bool) -> None:
        """Connect or disconnect the pretended cloud session."""
        self.online = online
        for endpoint in self.endpoints.values():
            endpoint.up = online

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a callback of start_server is a task
        self._open.add(task)
        try:
            head = await web.read_head(reader)
            if head is not None:
                body = await web.read_body(reader, head)
                if self._switches.fails("apihang"):
                    await asyncio.Event().wait()
                writer.write(await self._respond(head, body))
                await writer.drain()
        except (ConnectionError, web.BadRequestError, asyncio.IncompleteReadError):
            pass  # a client that hangs up or sends nonsense ends only its own connection
        finally:
            writer.close()
            self._open.discard(task)

    async def _respond(self, head: web.Head, body: bytes) -> bytes:
        host = head.headers.get("host", "")
        if (urlsplit(f"//{host}").hostname or "") not in _LOCAL_HOSTS:
            return web.response(401, f'Rejected host "{host}".'.encode(), "text/plain")
        path = unquote(urlsplit(head.target).path)
        number, started = secrets.token_hex(8), time.monotonic()
        self._log.write("info", "start", pg=path, id=number)
        status, answer = await self._route(head.method, path, body)
        spent = f"{(time.monotonic() - started) * 1000:.1f}ms"
        self._log.write("info", "end", pg=path, id=number, status=str(status), dur=spent)
        return web.response(status, b"" if answer is None else json.dumps(answer).encode())

    async def _route(self, method: str, path: str, body: bytes) -> Answer:
        if path == "/api/status" and method == "GET":
            return 200, {
                "status": "online" if self.online else "reconnecting",
                "agent_version": self._switches.version,
                "session": {"legs": [{"region": "loopback", "latency": "0ms"}] if self.online else []},
                "uri": "/api/status",
            }
        if path == "/api/requests/http":
            return (200, {"uri": path, "requests": []}) if method == "GET" else (204, None)
        if path == "/api" and method == "GET":
            return 200, {"tunnels_uri": "/api/tunnels", "http_requests_uri": "/api/requests/http"}
        if path.startswith("/api/endpoints") and not self._switches.fails("noendpointsapi"):
            return await self._endpoints(method, path.removeprefix("/api/endpoints").strip("/"), body)
        return 404, {"status_code": 404, "msg": "Not Found", "details": {"path": path}}

    async def _endpoints(self, method: str, name: str, body: bytes) -> Answer:
        if not name:
            if method == "POST":
                return await self._create(body)
            shown = [endpoint.as_json() for endpoint in self.endpoints.values()]
            return 200, {"endpoints": shown, "uri": "/api/endpoints"}
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            return 404, {
                "error_code": 100,
                "status_code": 404,
                "msg": "tunnel not found",
                "details": {"name": name},
            }
        if method == "DELETE":
            del self.endpoints[name]
            await endpoint.close()
            self._log.write("info", "stopped endpoint", obj="tunnels", name=name)
            return 204, None
        return 200, endpoint.as_json()

    async def _create(self, body: bytes) -> Answer:
        await asyncio.sleep(self._switches.slow_connect)
        if not self.online:
            return 503, {
                "error_code": 104,
                "status_code": 503,
                "msg": "ngrok is not yet ready to start tunnels",
                "details": {"err": "a successful ngrok tunnel session has not yet been established"},
            }
        try:
            name, kind, upstream, definition, policy = understand(body)
        except (ValueError, PolicyError) as error:
            return 400, {
                "error_code": 102,
                "status_code": 400,
                "msg": "invalid endpoint configuration",
                "details": {"err": str(error)},
            }
        refusal = self._refusal(name, kind)
        if refusal is not None:
            return refusal
        if self._switches.fails("nopolicy"):
            definition.pop("traffic_policy", None)
            policy = Policy()
        write: Callable[..., None] = self._log.write
        endpoint = Endpoint(
            name, kind, upstream, "", definition, policy, self._switches.interstitial, log=write
        )
        port = await endpoint.listen()
        endpoint.url = public_url(kind, port, real=self._switches.urls == "real")
        self.endpoints[name] = endpoint
        self._log.write("info", "started tunnel", obj="tunnels", name=name, addr=upstream, url=endpoint.url)
        return 201, endpoint.as_json()

    def _refusal(self, name: str, kind: str) -> Answer | None:
        fails = self._switches.fails
        if fails("connect5xx"):
            return 500, {"error_code": 0, "status_code": 500, "msg": "internal error", "details": {}}
        if self._switches.refuse_create:
            return 502, failures.create_body(*failures.any_code(self._switches.refuse_create))
        if kind == "tcp" and fails("nocard"):
            return 502, failures.create_body(*failures.NO_CARD)
        if fails("endpoints") or len(self.endpoints) >= self._switches.max_endpoints:
            code, text = failures.TOO_MANY
            return 502, failures.create_body(code, text.format(limit=self._switches.max_endpoints))
        # UNVERIFIED: a real agent's words for a name that is taken; the code is that of a taken address. Settle: POST
        # the same name twice to /api/tunnels of a real agent.
        if fails("exists") or name in self.endpoints:
            return 502, failures.create_body(*failures.ALREADY_ONLINE)
        return None


def understand(body: bytes) -> tuple[str, str, str, dict[str, object], Policy]:
    """(name, kind, upstream, definition, policy) of a POST. Raises ValueError for unknown or invalid fields."""
    document = json.loads(body or b"null")
    if not isinstance(document, dict):
        raise ValueError("an endpoint is an object")  # noqa: TRY004 - the sender's value is wrong
    unknown = set(document) - V3_KEYS
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    upstream = document.get("upstream")
    address = upstream.get("url") if isinstance(upstream, dict) else None
    name, policy = document.get("name"), document.get("traffic_policy", "")
    if not isinstance(address, str) or not isinstance(name, str) or not name or not isinstance(policy, str):
        raise ValueError("name, upstream.url and traffic_policy must be text")
    kind = "tcp" if str(document.get("url", "")).startswith(("tcp:", "tls:")) else "http"
    if kind == "tcp" and "://" in address and not address.startswith("tcp://"):
        raise ValueError(f"a TCP endpoint cannot have the upstream {address}")
    host_and_port(address, 0 if kind == "tcp" else 80)
    return name, kind, address, document, read_policy(policy, tcp=kind == "tcp")
