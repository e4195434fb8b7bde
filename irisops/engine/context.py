"""What a command's handler gets to work with."""

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
    """Run another command through the same path."""
    environment: Mapping[str, str] = field(repr=False)
    """Of this process; never shown."""
    parse: Callable[[str], Command | Problem]
    """Understand a line, as `Chat.parse`."""
    journals: dict[str, Journal] = field(default_factory=dict)
    discoverer: Discoverer = field(default_factory=Discoverer)
    """What is on this machine, once it was looked for."""
    on_close: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """Called, the last one first, when the session closes and the connections are still there."""

    loaded: dict[tuple[str, str, str], ObjectState] = field(default_factory=dict)
    """(profile, kind, casefolded name) -> what the open editor of that object showed when it was opened."""

    patience: float = 8.0
    """Seconds that one of several instances may take: the others are not kept waiting for one that stalls."""

    sharing: Callable[[], SharingSettings] | None = None
    """How this run shares, asked when something is shared; None is the usual way."""
    desk: ShareDesk | None = None
    """The open shares, once something was shared or a lease was found."""

    def sharing_desk(self) -> ShareDesk:
        """The desk of this session, made (and its modules imported) when it is first needed."""
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
        """Tell the person something that was not asked for."""
        self.hub.on_notice(notice)
