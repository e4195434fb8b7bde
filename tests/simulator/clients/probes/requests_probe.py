"""requests: a script that knows nothing of irisops logs in to a REST application with tokens, on the web port."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run

requests: Any = import_module("requests")


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    base = f"http://127.0.0.1:{server.port}/api/shop"
    session = requests.Session()

    def post(path: str, content: dict[str, str]) -> Any:
        answer = session.post(f"{base}{path}", json=content, timeout=20)
        if answer.ok and answer.text:
            session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            session.refresh = answer.json()["refresh_token"]
        return answer.status_code

    def call() -> Any:
        return session.get(f"{base}/", timeout=20).status_code

    return {
        "no token": call,
        "wrong password": lambda: post("/login", {"user": server.user, "password": "wrong"}),
        "login": lambda: post("/login", {"user": server.user, "password": server.password}),
        "call": call,
        "refresh": lambda: post(
            "/refresh", {"refresh_token": session.refresh, "grant_type": "refresh_token"}
        ),
        "call again": call,
        "logout": lambda: post("/logout", {}),
        "call after it": call,
    }


if __name__ == "__main__":
    run(probe)
