"""What an instance tells without a login: `/api/monitor/metrics` on its web port (facts: iris-license-sessions 6.1).

It is for the moment when nobody gets in. The text is Prometheus's; which names are there depends on the version, so
each is optional. `/api/monitor/alerts` is never read: reading moves a cursor that others rely on.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from irisops.instance.errors import NotAvailable, NotPermitted, Unreachable
from irisops.instance.web import WebAddress, WebFailure, WebRequest, ask

PATH = "/api/monitor/metrics"
DEADLINE = 5.0
"""Seconds for the whole request."""

_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^{}]*\})?\s+(\S+)(?:\s+-?\d+)?\s*")


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


async def read_metrics(
    host: str, port: int, *, tls: bool = False, prefix: str = "", deadline: float = DEADLINE
) -> Metrics:
    """Ask once, without credentials; `prefix` as in `WebAddress`.

    Raises Unreachable, NotPermitted (it wants a login) or NotAvailable (it is not there).
    """
    try:
        answer = await ask(
            WebAddress(host, port, tls, prefix),
            WebRequest("GET", PATH, {"Accept": "text/plain"}),
            deadline=deadline,
        )
    except WebFailure as failure:
        raise Unreachable(failure.message, failure.cure) from None
    status = answer.status
    if status in (401, 403):
        raise NotPermitted(
            f"{PATH} wants a login on this instance.", "An administrator can read it, or the portal."
        )
    if status != 200:
        raise NotAvailable(
            f"{PATH} answered with HTTP {status}.", "It exists from IRIS 2019.4 on, behind a web server."
        )
    metrics = metrics_of(answer.body.decode("utf-8", "replace"))
    if not metrics.others:
        raise NotAvailable(f"{PATH} answered, but with nothing that can be read.", "Check web_port.")
    return metrics
