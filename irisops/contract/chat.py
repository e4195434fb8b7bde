"""The contract between the chat's brain and whoever shows it (the Textual screen, `irisops run`, plain mode).

One path in, one path out: a typed line, a saved form, a palette entry and `irisops run` all become a `Command`; each
command yields `Reply` values. `irisops.session.Session` implements `Chat`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from irisops.contract.replies import Cell, Problem, Reply


@dataclass(frozen=True, slots=True)
class Command:
    """A line that was understood. `slash` is its canonical slash form, shown in the card's corner so people learn it.

    `live` commands are reads that a card may run again to keep itself fresh. `changes` commands yield a plan first.
    """

    name: str
    args: Mapping[str, str | list[str]] = field(default_factory=dict)
    slash: str = ""
    text: str = ""
    live: bool = False
    changes: bool = False
    fields: Mapping[str, Cell] = field(default_factory=dict, repr=False)
    """Values of a submitted form; may hold a password, hence not in `repr`."""


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """One line of `/help`, the slash popup, the palette and the table of docs/commands.md."""

    name: str
    usage: str
    summary: str
    examples: Sequence[str] = ()
    """Plain-words forms that mean the same."""
    available: bool = True
    reason: str = ""
    """Why it is greyed out: a read-only profile, nothing connected, the instance lacks the class."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A way to finish the word under the cursor: replaces `text[start:cursor]` with `value`."""

    value: str
    start: int
    hint: str = ""


State = Literal["connected", "connecting", "lost", "off", "refused"]


@dataclass(frozen=True, slots=True)
class ProfileState:
    """A line of the side panel: what is known of one profile. Counts are None until they were read."""

    name: str
    state: State
    colour: str = ""
    address: str = ""
    user: str = ""
    version: str = ""
    """Short product version, e.g. "IRIS 2025.2"."""
    read_only: bool = False
    guarded: bool = False
    active: bool = False
    units_used: int | None = None
    units_limit: int | None = None
    sessions: int | None = None
    processes: int | None = None
    history: Sequence[float] = ()
    """Units used at the last polls, oldest first."""
    updated: datetime | None = None
    stale: bool = False
    message: str = ""
    """Why it is lost or refused, one sentence."""
    retry_in: float | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the frame around the transcript shows."""

    profiles: Sequence[ProfileState]
    active: ProfileState | None
    tunnels: Sequence[str] = ()
    opening: str = ""
    """A command to begin with, at the first run: whoever shows the chat gives it once after `start`."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person did not ask for but must know, said once in the transcript."""

    level: Literal["info", "warning", "error"]
    message: str
    cure: str = ""
    profile: str = ""
    alert: bool = False
    """A limit that the person set was crossed: it rings, whether or not the terminal has the focus."""


AskSecret = Callable[[str, str], Awaitable[str | None]]
"""`await ask(title, prompt)` -> the secret or None if the person declined. The screen shows a masked prompt."""


class Chat(Protocol):
    """What a screen needs. All coroutines run on the screen's own event loop and never block it."""

    async def start(self) -> None:
        """Load profiles, begin connecting in the background. Returns at once; state arrives by `on_change`."""
        ...

    async def close(self) -> None:
        """Log out everywhere, stop children. Safe to call twice."""
        ...

    def parse(self, text: str) -> Command | Problem:
        """Pure: a line and the present state -> a command, or a problem with the nearest commands."""
        ...

    def run(self, command: Command) -> AsyncIterator[Reply]:
        """Do it. Never raises for what an instance or a person did: that is a `Problem` reply."""
        ...

    def confirm(self, plan_id: str, word: str = "") -> AsyncIterator[Reply]:
        """Carry out a plan that was shown. A plan can be confirmed once."""
        ...

    def decline(self, plan_id: str) -> None:
        """Drop a plan: the person said no."""
        ...

    def complete(self, text: str, cursor: int) -> Sequence[Completion]:
        """Answers from what is already known (no instance call)."""
        ...

    def commands(self) -> Sequence[CommandInfo]:
        """Every command, with whether it can be given now."""
        ...

    def overview(self) -> Overview:
        """What is known at this moment."""
        ...

    def subscribe(self, on_change: Callable[[], None], on_notice: Callable[[Notice], None]) -> None:
        """`on_change`: the overview changed. Both are called on the event loop."""
        ...

    def ask_with(self, ask: AskSecret) -> None:
        """How to ask the person for a secret. Until this is called, a password that is nowhere is simply missing."""
        ...
