"""Replies of commands, and `Refusal`. The chat draws replies as cards, `irisops run` prints text or JSON lines.

The JSON shapes are public (docs/json.md) and do not change without a major version. Text of an instance is
kept raw here and made harmless where it is shown (`irisops.contract.wording.harmless`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

Scalar = None | bool | int | float | str | date | datetime
Cell = Scalar | list[str]
Row = Mapping[str, Cell]
Tone = Literal["good", "warn", "bad", "quiet"]
"""What a colour means. It stands beside a word or a sign that says the same, never alone."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. `name` is snake_case and public; `title` is what a card shows."""

    name: str
    title: str
    kind: Literal["text", "number", "time", "duration", "flag", "list"] = "text"
    grow: bool = False
    """Takes of the spare width what its values need, before others; is cut first."""
    hide_under: int = 0
    """Not shown when the card is narrower than this many cells (80x24 keeps what matters)."""
    least: int = 0
    """Is cut to this many cells before a growing column is cut at all; 0 for a column that keeps its width."""
    wrap: int = 1
    """Most lines of one cell where a line is too short for it; long tables keep to one."""
    tones: Mapping[str, Tone] = field(default_factory=dict, hash=False)
    """Value as shown -> its colour."""


@dataclass(slots=True)
class Facts:
    """Named values, e.g. the license counts. `labels` maps keys to words; keys without a label are not shown."""

    name: str
    title: str
    facts: Mapping[str, Scalar | list[Scalar] | dict[str, Scalar]]
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    """Sentences below: warnings, what is missing and why, what to do next."""
    series: Sequence[float] = ()
    """Recent values for a sparkline, oldest first."""
    tones: Mapping[str, Tone] = field(default_factory=dict)
    """Key of a fact -> the colour of its value."""
    blocks: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Texts of several lines to copy, by title. They may hold a secret (a teammate's password), so they are shown and
    copied, but never written to a saved transcript, a journal or JSON."""
    actions: Sequence[tuple[str, str, str]] = ()
    """What can be done about it: key, label and command line, e.g. ("f", "fix it", "/explain bob HR:R fix=yes").
    With blocks (a pass), a screen shows these only once asked to."""


@dataclass(slots=True)
class Table:
    """Rows. `key` names the column that identifies a row; `actions` are command templates for the row under the cursor.

    An action is (key, label, command template), e.g. ("enter", "open", "/user {name}"); values are quoted when
    filled in. A template of `{!column}` alone runs the command in that column of the row, which irisops must have made
    itself.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Cell]]
    key: str = ""
    notes: Sequence[str] = ()
    actions: Sequence[tuple[str, str, str]] = ()
    total: int | None = None
    """Number of all rows when `rows` is only a part."""
    offer: str = ""
    """A command to suggest: the front end puts it into an empty prompt."""
    group: str = ""
    """Column whose values are headings above the rows that share one."""
    order: tuple[str, bool] | None = None
    """Column that the rows come sorted by, and whether the highest come first."""
    status: int = 0
    """Exit status of `irisops run`, for an answer that is a verdict (/diff)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a plan: before and after, in plain words."""

    what: str
    before: str
    after: str
    kind: Literal["set", "made", "gone"] = "set"
    comes: Sequence[str] = ()
    """Entries that a list gets; with `goes` and `stays`, what a screen shows in place of both whole lists."""
    goes: Sequence[str] = ()
    stays: Sequence[str] = ()


@dataclass(slots=True)
class Plan:
    """A change awaiting yes or no. Carried out by `Chat.confirm(plan.id)`; dropped by `Chat.decline`.

    `calls` shows the same change as ready-to-paste code: language ("ObjectScript", "Python", "SQL") -> lines.
    `confirm_word` is "" for a plain y/n, else the word that must be typed (the profile's name).
    """

    name: str
    title: str
    instance: str
    changes: Sequence[Change]
    effects: Sequence[str] = ()
    warnings: Sequence[str] = ()
    calls: Mapping[str, Sequence[str]] = field(default_factory=dict)
    confirm_word: str = ""
    id: str = ""


@dataclass(slots=True)
class Done:
    """A change or a local action, carried out and verified. `undo` is the journal number that `/undo N` takes."""

    name: str
    message: str
    details: Sequence[str] = ()
    undo: int | None = None
    offer: str = ""
    """A command to suggest: the front end puts it into an empty prompt."""
    tone: Tone = "good"
    """Of the message: what was carried out may have found something bad."""


@dataclass(slots=True)
class Progress:
    """A step of a long operation. Replaces the former progress of the same name. `fraction` None means unknown."""

    name: str
    message: str
    fraction: float | None = None


@dataclass(slots=True)
class Problem:
    """An error with its cure. `error` is its public name (`Unreachable`, `NotUnderstood`); `text` the typed line."""

    error: str
    message: str
    cure: str
    text: str = ""
    suggestions: Sequence[str] = ()
    """The nearest commands, when the line was not understood."""
    detail: str = ""
    beside: str = ""
    """A line that a screen gives at once, beside this, and that others offer: it asks the model behind the chat."""


class FormField(NamedTuple):
    """One field of an editor. `kind` decides the widget; `secret` values are never echoed, kept or journaled."""

    name: str
    label: str
    kind: Literal["text", "secret", "number", "flag", "choice", "roles", "date", "privileges"] = "text"
    value: Cell = ""
    choices: Sequence[str] = ()
    help: str = ""
    required: bool = False
    group: str = ""
    """Heading of this field and of those after it with the same; "" for none."""


@dataclass(slots=True)
class Form:
    """An editor beside the transcript. Submitting runs `command` with the fields as `Command.fields`."""

    name: str
    title: str
    fields: Sequence[FormField]
    command: str
    notes: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Series:
    """Values over time for a plot, oldest first. Each of `lines` has a value per entry of `times`; None is a gap.

    `limit` is a level to draw, such as the units of the key.
    """

    name: str
    title: str
    times: Sequence[datetime]
    lines: Mapping[str, Sequence[float | None]]
    limit: float | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """An action of the front end; `irisops run` says that it needs a screen.

    `quit` leaves, `clear` empties the transcript, `theme` switches to the theme `argument` ("" asks for the list),
    `save` writes the transcript as Markdown to the file `argument`, `pin` keeps the live card of the slash command
    `argument` at the top, `unpin` takes it away, `sort` orders the rows of the last answer by the column `argument`
    (`-units` for the largest first), `only` shows those with the words `argument` ("" shows all).
    """

    name: Literal["quit", "clear", "theme", "save", "pin", "unpin", "sort", "only"]
    argument: str = ""


Reply = Facts | Table | Series | Plan | Done | Progress | Problem | Form | Effect


class Refusal(Exception):  # noqa: N818 - it is a decision
    """Refusal of a command before the instance is changed; becomes a `Problem`. `error` is its public name."""

    def __init__(self, error: str, message: str, cure: str, *, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.cure = cure
        self.suggestions = tuple(suggestions)

    def problem(self, text: str = "") -> Problem:
        """As a reply; `text` is the line typed."""
        return Problem(self.error, self.message, self.cure, text=text, suggestions=self.suggestions)
