"""Metrics that need no login: `/api/monitor/metrics` on the web port (facts: iris-license-sessions 6.1).

For when nobody can log in. The text is in Prometheus's format; the names depend on the version, so each is optional.
`/api/monitor/alerts` is never read: reading moves a cursor that others rely on.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from irisops.instance.errors import InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.web import WebAddress, WebAnswer, WebFailure, WebRequest, ask

PATH = "/api/monitor/metrics"
DEADLINE = 5.0
"""Seconds for the whole request."""

# Prometheus's text, and OpenMetrics's with fractions of a second and an exemplar after `#`. No part gives back what it
# took: a hostile line costs no more time than it is long.
_LINE = re.compile(
    r"([a-zA-Z_:][a-zA-Z0-9_:]*+)(?:\s*+(\{(?:[^{}\"]|\"(?:[^\"\\]|\\.)*+\")*+\}))?+"
    r"\s++(\S++)(?:\s++-?[\d.]++(?:[eE][+-]?\d++)?+)?+(?:\s++#.*+)?+\s*+"
)
_MOST_LINES = 50_000


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures used here; None where this version lacks one."""

    license_consumed: float | None
    license_available: float | None
    license_days: float | None
    """Until the key expires."""
    sessions: float | None
    processes: float | None
    known: bool
    """True if the text held at least one metric."""


def _samples(text: str) -> dict[str, dict[str, float]]:
    """Values by name and labels; other lines are skipped, of repeated ones the last counts."""
    found: dict[str, dict[str, float]] = {}
    for line in text.splitlines()[:_MOST_LINES]:
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        if math.isfinite(value):
            found.setdefault(match[1], {})[(match[2] or "").strip("{}")] = value
    return found


def metrics_of(text: str) -> Metrics:
    """The figures of a text in Prometheus's format.

    A metric with labels counts if it occurs once (`{instance="IRIS"}`, as exporters add): of several, none is the
    instance's figure.
    """
    samples = _samples(text)

    def figure(name: str) -> float | None:
        values = samples.get(name, {})
        return next(iter(values.values())) if len(values) == 1 else values.get("")

    return Metrics(
        license_consumed=figure("iris_license_consumed"),
        license_available=figure("iris_license_available"),
        license_days=figure("iris_license_days_remaining"),
        sessions=figure("iris_csp_sessions"),
        processes=figure("iris_process_count"),
        known=bool(samples),
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
    if answer.status != 200:
        raise _refused(answer)
    text = answer.body.decode("utf-8", "replace")
    metrics = metrics_of(text)
    if not metrics.known:
        what = "a page for browsers" if text.lstrip("\ufeff \t\r\n").startswith("<") else "something"
        raise NotAvailable(
            f"{PATH} answered with {what}, but with nothing that can be read.",
            "Check web_port; or a proxy in front of it wants a login.",
        )
    return metrics


def _refused(answer: WebAnswer) -> InstanceProblem:
    """The problem that a status other than 200 means (facts: iris-license-sessions 2.4, 6.1; iris-webapps-gateway)."""
    status = answer.status
    if status in (401, 403):
        return NotPermitted(
            f"{PATH} wants a login on this instance (HTTP {status}).",
            "An administrator can read it, or the portal.",
        )
    if 300 <= status < 400:
        return _elsewhere(status, answer.headers.get("location", ""))
    said, cure = _STATUSES.get(
        status, ("answered with an error", "The web server's log on the host may say why.")
    )
    return NotAvailable(f"{PATH} {said} (HTTP {status}).", cure)


_NO_IRIS = ("cannot be served: the web server reaches no IRIS", "Check that IRIS runs.")
_NOT_THERE = (
    "It exists from IRIS 2019.4 on. Or the instance is behind a path prefix (path_prefix in the profile), or another "
    "web server has that port."
)
_STATUSES = {
    404: ("is not there", _NOT_THERE),
    502: _NO_IRIS,
    503: (
        "cannot be served now: no unit is free for the request, or the web server reaches no IRIS",
        "On the host, irisstat -L tells which.",
    ),
    504: _NO_IRIS,
}


def _elsewhere(status: int, location: str) -> NotAvailable:
    """The problem of a redirect; shows its host and port alone, as the rest may hold anything."""
    try:
        parts = urlsplit(location)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return NotAvailable(f"{PATH} redirects to an invalid address (HTTP {status}).", "Check web_port.")
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    where = f" {parts.scheme}://{name}{port}" if name else " another page"
    if parts.scheme == "https":
        cure = "Set web_scheme=https in the profile, and web_port to the port of https."
    else:
        cure = "Check web_port; or a proxy in front of it wants a login."
    return NotAvailable(f"{PATH} redirects to{where} (HTTP {status}).", cure)
