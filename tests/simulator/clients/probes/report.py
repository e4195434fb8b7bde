"""A probe's report: one line of JSON with each answer by name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Server:
    """Where the probe connects to. The password comes by the environment, as a stranger's program would take it."""

    port: int
    user: str
    password: str
    namespace: str = "%SYS"


def run(probe: Callable[[Server], dict[str, Callable[[], Any]]]) -> None:
    """Ask each question; an answer that is an exception is `{"error": its text}`."""
    server = Server(int(sys.argv[1]), sys.argv[2], os.environ["IRISOPS_PROBE_PASSWORD"])
    answers: dict[str, Any] = {}
    for name, ask in probe(server).items():
        try:
            answers[name] = ask()
        except Exception as error:  # noqa: BLE001 - whatever the client raises is its answer
            answers[name] = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answers, default=str))
