"""A session that is made when the first frame has been seen: its modules take a tenth of the time until then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from irisops.contract.chat import About, AskSecret, Command, CommandInfo, Completion, Notice, Overview
from irisops.contract.replies import Problem, Reply

if TYPE_CHECKING:
    from irisops.session import Session


class LateSession:
    """Implements `irisops.contract.chat.Chat` by the session that `make` returns.

    Profiles are read by `start`, so the frame loses nothing: until then there is no instance to show. Whatever else is
    asked for earlier makes the session.
    """

    def __init__(self, make: Callable[[], Session]) -> None:
        self._make = make
        self._made = False
        self._callbacks: tuple[Callable[[], None], Callable[[Notice], None]] | None = None
        self._ask: AskSecret | None = None

    @cached_property
    def _session(self) -> Session:
        session = self._make()
        self._made = True
        if self._callbacks is not None:
            session.subscribe(*self._callbacks)
        if self._ask is not None:
            session.ask_with(self._ask)
        return session

    async def start(self) -> None:
        """Make the session and start it."""
        await self._session.start()

    async def close(self) -> None:
        """Close the session, if it was made."""
        if self._made:
            await self._session.close()

    def ready(self, text: str) -> bool:
        """True if a line can be parsed at once."""
        return self._session.ready(text)

    async def prepare(self, text: str) -> None:
        """Load what a sentence needs."""
        await self._session.prepare(text)

    def parse(self, text: str, about: About | None = None) -> Command | Problem:
        """Parse a line."""
        return self._session.parse(text, about)

    def run(self, command: Command) -> AsyncIterator[Reply]:
        """Run a command."""
        return self._session.run(command)

    def confirm(self, plan_id: str, word: str = "") -> AsyncIterator[Reply]:
        """Carry a plan out."""
        return self._session.confirm(plan_id, word)

    def decline(self, plan_id: str) -> None:
        """Drop a plan."""
        self._session.decline(plan_id)

    def complete(self, text: str, cursor: int) -> Sequence[Completion]:
        """Completions of the word under the cursor."""
        return self._session.complete(text, cursor)

    def commands(self) -> Sequence[CommandInfo]:
        """All commands."""
        return self._session.commands()

    def overview(self) -> Overview:
        """The present state; without a session no instance is known."""
        return self._session.overview() if self._made else Overview(profiles=(), active=None)

    def subscribe(self, on_change: Callable[[], None], on_notice: Callable[[Notice], None]) -> None:
        """Set the callbacks for changes and notices."""
        self._callbacks = on_change, on_notice
        if self._made:
            self._session.subscribe(on_change, on_notice)

    def ask_with(self, ask: AskSecret) -> None:
        """Set the callback that asks for a secret."""
        self._ask = ask
        if self._made:
            self._session.ask_with(ask)
