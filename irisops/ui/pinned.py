"""The card that `/watch` pins above the transcript; at most one."""

from __future__ import annotations

from datetime import datetime

from textual.containers import Vertical

from irisops.contract.chat import Command
from irisops.ui.card import Card
from irisops.ui.record import Entry


class Pinned(Vertical):
    """Container of the card; hidden without one."""

    def __init__(self) -> None:
        super().__init__()
        self.card: Card | None = None
        self.display = False

    async def pin(self, command: Command, at: datetime) -> Card:
        """Show a new card for a live command in place of the former one; the caller fills it."""
        await self.unpin()
        self.card = Card(command, Entry(at, command.slash, command.slash))
        self.display = True
        await self.mount(self.card)
        return self.card

    async def unpin(self) -> bool:
        """Remove the card. False if there was none."""
        card, self.card = self.card, None
        self.display = False
        if card is None:
            return False
        await card.remove()
        return True

    def due(self) -> list[Card]:
        """The card, if it has to be refreshed."""
        return [self.card] if self.card is not None and self.card.is_live and self.display else []

    def set_stale(self, stale: bool) -> None:
        """Mark or unmark it as stale."""
        if self.card is not None and (self.card.is_live or self.card.stale):
            self.card.set_stale(stale)
