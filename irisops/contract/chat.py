"""The contract between the engine and its front ends (the Textual screen, `irisops run`, plain mode).

One path in, one path out: a typed line, a saved form, a palette entry and `irisops run` all become a `Command`; each
command yields `Reply` values. `irisops.session.Session` implements `Chat`.

What is made before the first paint is a NamedTuple here and in the modules around, where it can be: to make a frozen
dataclass takes Python 0.5 ms, and there were forty of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple, Protocol

from irisops.contract.replies import Cell, Column, Facts, Problem, Reply, Row, Table


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed line. `slash` is its canonical slash form, shown in the card's corner so that people learn it.

    `live` commands are reads that a card may repeat to stay fresh. `changes` commands yield a plan first.
    """

    name: str
    args: Mapping[str, str | list[str]] = field(default_factory=dict)
    slash: str = ""
    text: str = ""
    live: bool = False
    changes: bool = False
    fields: Mapping[str, Cell] = field(default_factory=dict, repr=False)
    """Values of a submitted form; may hold a password, hence not in `repr`."""

    def words(self, name: str) -> list[str]:
        """The values of an argument that takes several, as typed; empty if it was not given."""
        value = self.args.get(name, [])
        return [value] if isinstance(value, str) else list(value)


@dataclass(frozen=True, slots=True)
class About:
    """The last answer, to which a line such as "end them", "the second one" or "and bob?" refers.

    `rows` are the first `MOST_ROWS` of the `count` rows shown, in their order on the screen.
    """

    command: Command
    """The command of which this is the answer."""
    last: Command | None = None
    """The command after it, if that was a change: rows stay what they were, "again" and "and bob?" mean the change."""
    columns: Sequence[Column] = ()
    rows: Sequence[Row] = ()
    count: int = 0
    marked: int | None = None
    """Number of the row that the person marked, if any."""
    find: str = ""
    """Words by which the person filters the rows on the screen."""
    actions: Sequence[tuple[str, str, str]] = ()
    """`Table.actions`."""
    offers: Sequence[tuple[str, str, str]] = ()
    """`Facts.actions`."""
    suggestions: Sequence[str] = ()
    """`Problem.suggestions`."""

    MOST_ROWS: ClassVar[int] = 50

    @classmethod
    def of(cls, command: Command, replies: Iterable[Reply]) -> About:
        """The answer made of these replies, with the last table's rows in the order in which they came."""
        made = cls(command)
        for reply in replies:
            if isinstance(reply, Table) and reply.rows:
                made = replace(
                    made,
                    columns=reply.columns,
                    rows=reply.rows[: cls.MOST_ROWS],
                    count=len(reply.rows),
                    actions=reply.actions,
                )
            elif isinstance(reply, Facts) and reply.actions and not reply.blocks:
                made = replace(made, offers=reply.actions)
            elif isinstance(reply, Problem) and reply.suggestions:
                made = replace(made, suggestions=reply.suggestions)
        return made


class CommandInfo(NamedTuple):
    """One line of `/help`, the slash popup, the palette and the table of docs/commands.md."""

    name: str
    usage: str
    summary: str
    examples: Sequence[str] = ()
    """Plain-words forms that mean the same."""
    available: bool = True
    reason: str = ""
    """Why it is greyed out: a read-only profile, nothing connected, the instance lacks the class."""
    at_once: bool = False
    """Acts without a plan: a pick of it waits in the prompt for Enter."""


class Completion(NamedTuple):
    """A completion of the word under the cursor: replaces `text[start:cursor]` with `value`."""

    value: str
    start: int
    hint: str = ""


State = Literal["connected", "connecting", "lost", "off", "refused"]


class ProfileState(NamedTuple):
    """A line of the side panel: one profile. Counts are None until read."""

    name: str
    state: State
    colour: str = ""
    address: str = ""
    user: str = ""
    version: str = ""
    """Short product version, e.g. "IRIS 2025.2"."""
    read_only: bool = False
    guarded: bool = False
    recording: bool = False
    """What is read is written to a recording."""
    recorded: bool = False
    """It is a recording: nothing is live."""
    active: bool = False
    units_used: int | None = None
    units_limit: int | None = None
    sessions: int | None = None
    processes: int | None = None
    connections: int | None = None
    """Connections in use, on Community Edition, where they are what counts."""
    at_least: bool = False
    """More than `units_used` may be in use: the connections of a Community Edition could not be counted."""
    history: Sequence[float] = ()
    """What was in use at the last polls, oldest first."""
    updated: datetime | None = None
    stale: bool = False
    message: str = ""
    """Why it is lost or refused, one sentence."""
    retry_in: float | None = None

    @property
    def in_use(self) -> int | None:
        """Connections in use on Community Edition, units on others; None if unknown."""
        return self.units_used if self.connections is None else self.connections


@dataclass(frozen=True, slots=True)
class TimeLine:
    """Where the replay of a recording stands. Times are in UTC."""

    start: datetime
    end: datetime
    at: datetime
    ago: str
    """How long ago that was, e.g. "3 days ago"."""
    lists: datetime | None
    """When the newest list that can be shown was read; None if none was."""
    levels: Sequence[float | None]
    """The highest share of the license in use in equal parts of the time; None where nothing was recorded."""
    move: Callable[..., None] = field(compare=False)
    """`move(count)` goes some polls on, or back; `move(count, minutes=True)` that many minutes."""


class Overview(NamedTuple):
    """Contents of the frame around the transcript."""

    profiles: Sequence[ProfileState]
    active: ProfileState | None
    tunnels: Sequence[str] = ()
    opening: str = ""
    """A command for the first run, which the front end gives once after `start`."""
    timeline: TimeLine | None = None
    """Set in a replay: nothing that is shown is live."""


class Notice(NamedTuple):
    """Unrequested information that the person must know, shown once in the transcript."""

    level: Literal["info", "warning", "error"]
    message: str
    cure: str = ""
    profile: str = ""
    alert: bool = False
    """A limit that the person set was crossed: it rings, whether or not the terminal has the focus."""


AskSecret = Callable[[str, str], Awaitable[str | None]]
"""`await ask(title, prompt)` -> the secret or None if the person declined. The screen shows a masked prompt."""


class Chat(Protocol):
    """The engine as seen by a screen. Coroutines run on the screen's event loop and never block it."""

    async def start(self) -> None:
        """Load profiles, begin connecting in the background. Returns at once; state arrives by `on_change`."""

    async def close(self) -> None:
        """Log out everywhere, stop children. Safe to call twice."""

    def ready(self, text: str) -> bool:
        """True if `parse` has all that it needs for a line; else await `prepare` first."""

    async def prepare(self, text: str) -> None:
        """Load what sentences are compared with, and read the names that they may hold, off the event loop."""

    def parse(self, text: str, about: About | None = None) -> Command | Problem:
        """Parse a line: a command, or a problem with the nearest commands. Pure.

        With `about` it may refer to the last answer.
        """

    def run(self, command: Command) -> AsyncIterator[Reply]:
        """Run a command. Errors of an instance or a person are `Problem` replies, never raised."""

    def confirm(self, plan_id: str, word: str = "") -> AsyncIterator[Reply]:
        """Carry out a plan. It can be confirmed once."""

    def decline(self, plan_id: str) -> None:
        """Drop a plan."""

    def complete(self, text: str, cursor: int) -> Sequence[Completion]:
        """Completions from names already known; calls no instance."""

    def commands(self) -> Sequence[CommandInfo]:
        """Every command, with its availability."""

    def overview(self) -> Overview:
        """The present overview."""

    def subscribe(self, on_change: Callable[[], None], on_notice: Callable[[Notice], None]) -> None:
        """`on_change`: the overview changed. Both are called on the event loop."""

    def ask_with(self, ask: AskSecret) -> None:
        """Set how to ask the person for a secret. Before this, an unknown password is an error."""
