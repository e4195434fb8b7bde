"""Records of the agent: endpoints, figures, log lines, deadlines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from irisops.sharing.policy import Policy


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. A session took ten in a published log (facts: A9), so the start has more than pyngrok's default."""

    start: float = 45.0
    create: float = 25.0
    call: float = 6.0
    stop: float = 3.0


USUAL_DEADLINES = Deadlines()


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """One tunnel to open. `upstream` is `127.0.0.1:1972` for TCP, a URL for HTTP; never `localhost` (facts: C2.8)."""

    name: str
    kind: str
    upstream: str
    policy: Policy | None = field(default=None, repr=False)
    url: str = ""
    """A fixed public address, "" for one assigned by ngrok."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An open tunnel. `loopback` is the true address when a stand-in agent pretends to be ngrok's cloud."""

    name: str
    kind: str
    public_url: str
    upstream: str
    loopback: str = ""


@dataclass(frozen=True, slots=True)
class EndpointFigures:
    """Connections open now and since the start; None if unknown."""

    name: str
    public_url: str
    open: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the agent, without secrets. `level` is DEBUG, INFO, WARNING, ERROR or CRITICAL."""

    at: datetime
    level: str
    text: str
