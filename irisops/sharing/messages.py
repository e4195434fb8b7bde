"""Messages between chat and keeper, as records, with what they hold of the agent: endpoints, figures, log lines.

Frames are those of `irisops.instance.driver_process.channel`: a length and JSON.
Passwords and the authtoken are passed only here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from irisops.sharing.guests import Activity
from irisops.sharing.lease import Where
from irisops.sharing.passes import DEFAULT_TEMPLATE, TeamPass
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


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """The share to open. `until` is in UTC; with `people` 0 no accounts are created and no password is needed."""

    id: str
    where: Where
    until: datetime
    leases: str
    """Folder of the lease files."""
    endpoints: tuple[EndpointSpec, ...]
    people: int = 0
    template: str = DEFAULT_TEMPLATE
    namespace: str = "USER"
    agent: str = ""
    """Path of an agent, "" to search for one."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ShareOpened:
    """An open share, with the passwords of its passes."""

    id: str
    until: datetime
    endpoints: tuple[Endpoint, ...]
    passes: tuple[TeamPass, ...]
    agent_version: str


@dataclass(frozen=True, slots=True)
class ShareStatus:
    """State of a share. `agent` is `online`, `reconnecting`, or why it is unknown."""

    until: datetime
    agent: str
    figures: tuple[EndpointFigures, ...]
    log: tuple[LogLine, ...]
    outlive: bool


@dataclass(frozen=True, slots=True)
class ShareClosed:
    """A share that was taken down as far as possible. `reason` is one sentence."""

    reason: str
    done: tuple[str, ...]
    problems: tuple[str, ...]
    unread: tuple[str, ...] = field(default=(), metadata={"later": True})
    """What could not be read of the guests' sessions and processes: some of it may be left."""

    @property
    def left(self) -> str:
        """A clause on what is left, where there were no problems."""
        return "what could not be read may be left" if self.unread else "nothing is left"


@dataclass(frozen=True, slots=True)
class ShareActivity:
    """Who is connected."""

    activity: Activity
