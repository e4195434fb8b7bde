"""`irisops mcp --http PORT`: the server on a port of this machine alone, for clients that know its token.

The token is made at each start and lies in a private file as long as the server runs, so it is in no process list, log
or terminal. It is asked for before anything else of a request is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from irisops.agents.server import server_of
from irisops.agents.service import AgentService
from irisops.files import read_file, write_atomically
from irisops.logs import hide

HOST = "127.0.0.1"
PATH = "/mcp"
BIGGEST_REQUEST = 256 * 1024
"""Bytes of a request."""
MOST_SESSIONS = 50
"""Clients of the older protocol revision that may be connected at once."""
LAST_ANSWERS = 2
"""Seconds that answers on the way may still take at the end."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
"""An ASGI application."""

_REFUSED = json.dumps(
    {
        "error": "TokenNeeded",
        "message": "The token of this server is needed.",
        "cure": "Send the header Authorization: Bearer TOKEN. irisops mcp says at its start in which file it is.",
    }
).encode()


class Token:
    """A secret, made anew, in a file of its own: `path`, with mode 0600, removed by `close`. Raises `OSError`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.path = folder / f"http-{port}.token"
        self._token = secrets.token_urlsafe(32)
        hide(self._token)
        write_atomically(self.path, self._token)

    def opens(self, header: bytes) -> bool:
        """True if an Authorization header carries it. The time tells nothing of how much of it was right."""
        scheme, _, given = header.partition(b" ")
        right = secrets.compare_digest(given.strip(), self._token.encode())
        return scheme.lower() == b"bearer" and right

    def close(self) -> None:
        """Remove the file, unless a newer server has written its own."""
        with contextlib.suppress(OSError):
            if read_file(self.path, 200) == self._token.encode():
                self.path.unlink()


async def serve_http(service: AgentService, port: int, folder: Path, say: Callable[[str], None]) -> None:
    """Serve on a port (0: a free one) until cancelled. `say` gets the address and where the token is.

    Raises `OSError` if the port is taken or the token cannot be written.
    """
    with socket.create_server((HOST, port)) as listener:
        port = listener.getsockname()[1]
        token = Token(folder, port)
        try:
            say(f"http://{HOST}:{port}{PATH} serves agents. The token is in {token.path}. Ctrl+C ends it.")
            await _serve(application(service, port, token), listener)
        finally:
            token.close()


def application(service: AgentService, port: int, token: Token) -> Application:
    """The server for requests that carry the token and were sent to this machine by its own name.

    A page in a browser that reaches the port by another name (DNS rebinding) is refused by Host and Origin.
    """
    names = [f"{name}:{port}" for name in (HOST, "localhost")]
    inner = server_of(service).streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=BIGGEST_REQUEST,
        max_sessions=MOST_SESSIONS,
        transport_security=TransportSecuritySettings(
            allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
        ),
    )

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        given = [value for name, value in scope.get("headers", ()) if name.lower() == b"authorization"]
        if scope["type"] == "lifespan" or (len(given) == 1 and token.opens(given[0])):
            await inner(scope, receive, send)
            return
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(_REFUSED)).encode()),
            (b"www-authenticate", b"Bearer"),
        ]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": _REFUSED})

    return guarded


class _Server(uvicorn.Server):
    """Signals stay with the program, which ends this server and then logs out."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(served: Application, listener: socket.socket) -> None:
    """Serve until cancelled; then what is on the way is answered, or given up soon."""
    server = _Server(
        uvicorn.Config(
            served,
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=LAST_ANSWERS,
        )
    )
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
