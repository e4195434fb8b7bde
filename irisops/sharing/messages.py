"""Messages between chat and keeper, as records.

Frames are those of `irisops.instance.driver_process.channel`: a length and JSON.
Passwords and the authtoken are passed only here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from irisops.sharing.endpoints import Deadlines, Endpoint, EndpointFigures, EndpointSpec, LogLine
from irisops.sharing.guests import Activity
from irisops.sharing.lease import Where
from irisops.sharing.passes import DEFAULT_TEMPLATE, TeamPass


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


@dataclass(frozen=True, slots=True)
class ShareActivity:
    """Who is connected."""

    activity: Activity
