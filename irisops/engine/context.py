"""The session's parts, as passed to a command's handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irisops.connections.connection import Link
from irisops.connections.connections import Hub
from irisops.contract.chat import Command, CommandInfo, Notice
from irisops.contract.clock import Clock
from irisops.contract.replies import Problem
from irisops.engine.plans import PlanStore
from irisops.engine.spec import Registry, Replies
from irisops.journal import Journal
from irisops.profiles.discovery.discoverer import Discoverer
from irisops.profiles.places import Places

if TYPE_CHECKING:
    from irisops.connections.open_shares import ShareDesk, SharingSettings
    from irisops.instance.security.object_state import ObjectState


@dataclass(slots=True)
class Context:
    """The session's parts, for handlers. A handler keeps no state of its own."""

    hub: Hub
    registry: Registry
    plans: PlanStore
    clock: Clock
    places: Places
    infos: Callable[[], list[CommandInfo]]
    """`Chat.commands`."""
    rerun: Callable[[Command], Replies]
    """Run another command the same way."""
    environment: Mapping[str, str] = field(repr=False)
    """Environment of this process; never shown."""
    parse: Callable[[str], Command | Problem]
    """See `Chat.parse`."""
    journals: dict[str, Journal] = field(default_factory=dict)
    discoverer: Discoverer = field(default_factory=Discoverer)
    """Instances found on this machine, once searched for."""
    on_close: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """Called in reverse order when the session closes, before the connections do."""

    loaded: dict[tuple[str, str, str], ObjectState] = field(default_factory=dict)
    """(profile, kind, casefolded name) -> state of the object when its editor was opened."""

    patience: float = 8.0
    """Seconds for one of several instances to answer, so that one that stalls does not delay the others."""

    web_deadline: float = 10.0
    """Seconds for one request of `/app test`, `/locked` and `/profile test` to a web port, at most."""

    sharing: Callable[[], SharingSettings] | None = None
    """Returns this run's sharing settings; None for the default ones."""
    sent_to_model: list[str] = field(default_factory=list)
    """The last messages to the assistant's model, as JSON; at most one."""
    desk: ShareDesk | None = None
    """The open shares; made at first use."""

    def sharing_desk(self) -> ShareDesk:
        """The session's open shares, made (and their modules imported) at first use."""
        if self.desk is None:
            from irisops.connections.open_shares import ShareDesk  # noqa: PLC0415 - the start must not pay for it

            self.desk = ShareDesk(self.hub, self.places, self.sharing() if self.sharing else None)
            self.on_close.append(self.desk.close)
        return self.desk

    def link(self) -> Link:
        """The active, connected link. Raises `Refusal`."""
        return self.hub.require()

    def journal(self, profile: str) -> Journal:
        """The journal of a profile."""
        key = profile.casefold()
        if key not in self.journals:
            self.journals[key] = Journal.of_profile(self.places.journals, key, self.clock.now)
        return self.journals[key]

    def notify(self, notice: Notice) -> None:
        """Show an unrequested notice."""
        self.hub.on_notice(notice)
