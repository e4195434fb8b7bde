"""An agent that comes up as a real one and whose API then answers a POST as its first argument says."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAYS = (
    "endless",
    "huge",
    "garbage",
    "list",
    "nested",
    "drip",
    "types",
    "headers",
    "redirect",
    "hang",
    "reset",
)


class Handler(BaseHTTPRequestHandler):
    way = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing on standard error."""

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer(b'{"endpoints": [], "status": "online"}')

    def do_DELETE(self) -> None:
        self.answer(b"", 204)

    def do_POST(self) -> None:  # noqa: C901, PLR0912 - one line for each way
        match self.way:
            case "endless":
                self.answer(b"{")
                while True:
                    self.wfile.write(b" " * 65536)
            case "huge":
                self.answer(json.dumps({"url": "tcp://x:1", "more": "x" * 5_000_000}).encode())
            case "garbage":
                self.answer(b"\xff\x00\x1b]52;c;eA==\x07" * 100)
            case "list":
                self.answer(b"[]")
            case "nested":
                self.answer(b"[" * 200_000)
            case "drip":
                self.answer(b"")
                while True:
                    self.wfile.write(b" ")
                    time.sleep(0.2)
            case "types":
                self.answer(b'{"url": {"a": 1}, "traffic_policy": 5}')
            case "headers":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                while True:
                    self.wfile.write(b"X-More: y\r\n" * 1000)
            case "redirect":
                self.answer(b"", 302, Location="http://127.0.0.1:9/")
            case "hang":
                time.sleep(600)
            case "reset":
                self.connection.close()


def main() -> None:
    if "--version" in sys.argv:
        print("ngrok version 3.39.10")
        return
    Handler.way = sys.argv[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    said = (
        f'msg="starting web service" obj=web addr=127.0.0.1:{server.server_port}',
        'msg="client session established" obj=tunnels.session',
        'msg="tunnel session started" obj=tunnels.session',
    )
    for line in said:
        print(f"t=2026-05-01T12:00:00+0000 lvl=info {line}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
