"""The conversation as data, for saving it as Markdown and for copying a card. No secrets.

Passwords never get here: a masked prompt asks for them, and they go to the chat alone. A password in a typed line is
masked (`irisops.contract.secret_words`) before the line is shown, kept or saved.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from irisops.contract.chat import Notice
from irisops.contract.replies import Done, Facts, Form, Plan, Problem, Progress, Reply, Series, Table
from irisops.contract.secret_words import without_secrets
from irisops.contract.wording import harmless, harmless_lines
from irisops.ui.arrange import written_as
from irisops.ui.figures import DONE_SIGNS, TEXT_LIMIT, cell, clock

MOST_ROWS = 1_000
"""Rows of one table in a saved transcript."""


@dataclass(slots=True)
class Entry:
    """One turn of the conversation. Replies of the same identity replace each other, as on the screen."""

    at: datetime
    text: str = ""
    slash: str = ""
    replies: list[Reply] = field(default_factory=list)
    notice: Notice | None = None
    packed: bytes = b""
    """Replies that are no longer held, as compressed Markdown: the text that is saved and copied."""
    blocks: Sequence[Mapping[str, str]] = field(default=(), repr=False)
    """Their blocks, which must not be in the Markdown."""

    def put_away(self, packed: bytes) -> None:
        """Replace the replies by their text. `packed` is the result of `packed_text` for this entry."""
        self.blocks = _blocks(self)
        self.packed, self.replies = packed, []


def packed_text(entry: Entry) -> bytes:
    """The answer as compressed Markdown. Thread-safe."""
    return zlib.compress(_answer(entry).encode("utf-8", "surrogatepass"))


def _answer(entry: Entry) -> str:
    """The whole answer as Markdown."""
    before = [zlib.decompress(entry.packed).decode("utf-8", "surrogatepass")] if entry.packed else []
    return "\n\n".join([*before, *map(reply_markdown, entry.replies)])


def _blocks(entry: Entry) -> list[Mapping[str, str]]:
    return [
        *entry.blocks,
        *(each.blocks for each in entry.replies if isinstance(each, Facts) and each.blocks),
    ]


def _escaped(text: str) -> str:
    """Text inside Markdown, with nothing in it that acts as markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", text)


def reply_markdown(reply: Reply) -> str:
    """One reply as Markdown."""
    return "\n".join(_reply_lines(reply))


def _reply_lines(reply: Reply) -> Iterable[str]:
    match reply:
        case Facts():
            lines = _facts(reply)
        case Table():
            lines = _table(reply)
        case Series():
            lines = _series(reply)
        case Plan():
            lines = _plan(reply)
        case Problem():
            lines = _problem(reply)
        case Done():
            undo = f" (`/undo {reply.undo}`)" if reply.undo is not None else ""
            lines = [
                f"{DONE_SIGNS[reply.tone]} {_text(reply.message)}{undo}",
                *(f"- {_text(each)}" for each in reply.details),
            ]
        case Progress():
            lines = [f"… {_text(reply.message)}"]
        case Form():
            lines = [f"Editor: {_text(reply.title)}"]
        case _:
            lines = []
    return lines


def _text(value: str) -> str:
    return _escaped(harmless(value, TEXT_LIMIT))


def _facts(facts: Facts) -> list[str]:
    lines = [f"**{_text(facts.title)}**", ""]
    lines += [
        f"- {_text(label)}: {_escaped(cell(facts.facts.get(name), 'id', TEXT_LIMIT))}"
        for name, label in facts.labels.items()
        if name in facts.facts
    ]
    return [*lines, *(f"- {_text(note)}" for note in facts.notes)]


def _table(table: Table) -> list[str]:
    lines = [f"**{_text(table.title)}**", ""]
    lines.append(_row(_text(column.title) for column in table.columns))
    lines.append(_row("---:" if column.kind in ("number", "duration") else "---" for column in table.columns))
    lines += [
        _row(
            _escaped(cell(row.get(column.name), written_as(table, column), TEXT_LIMIT))
            for column in table.columns
        )
        for row in table.rows[:MOST_ROWS]
    ]
    total = table.total if table.total is not None else len(table.rows)
    if total > min(len(table.rows), MOST_ROWS):
        lines += ["", f"{min(len(table.rows), MOST_ROWS):,} of {total:,} rows."]
    return [*lines, *(["", *(f"- {_text(note)}" for note in table.notes)] if table.notes else [])]


def _series(series: Series) -> list[str]:
    """The readings as a table: a plot can be neither searched nor computed with."""
    names = list(series.lines)
    lines = [f"**{_text(series.title)}**", "", _row(["time", *(_text(name) for name in names)])]
    lines.append(_row(["---", *("---:" for _ in names)]))
    for place, at in list(enumerate(series.times))[-MOST_ROWS:]:
        values = (series.lines[name][place] for name in names)
        lines.append(_row([clock(at), *("" if value is None else f"{value:g}" for value in values)]))
    return [*lines, "", *(f"- {_text(note)}" for note in series.notes)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plan(plan: Plan) -> list[str]:
    lines = [f"**{_text(plan.title)}** on {_text(plan.instance)}", ""]
    lines += [f"- {_text(each.what)}: {_text(each.before)} → {_text(each.after)}" for each in plan.changes]
    lines += [f"- → {_text(each)}" for each in plan.effects]
    return [*lines, *(f"- **!** {_text(each)}" for each in plan.warnings)]


def _problem(problem: Problem) -> list[str]:
    lines = [f"✕ **{_text(problem.error)}**: {_text(problem.message)}"]
    if problem.cure:
        lines += ["", f"→ {_text(problem.cure)}"]
    return [*lines, *(f"- `{harmless(each, 200).replace('`', chr(39))}`" for each in problem.suggestions)]


def transcript_markdown(entries: Sequence[Entry], forgotten: int = 0) -> str:
    """The conversation as Markdown, for `/save FILE`. `forgotten` is the number of entries before these."""
    parts = ["# irisops transcript", ""]
    if forgotten:
        kept = f"irisops keeps the newest {len(entries):,}"
        parts += [f"> {forgotten:,} earlier entries are not in this file: {kept}.", ""]
    for entry in entries:
        if entry.notice is not None:
            parts += [f"> {clock(entry.at)} {entry.notice.level}: {_text(entry.notice.message)}", ""]
            continue
        said = harmless(without_secrets(entry.text or entry.slash), TEXT_LIMIT).replace("`", "'")
        parts += [f"## {clock(entry.at)} `› {said}`", ""]
        if entry.slash and entry.slash != entry.text:
            parts += [f"`{harmless(without_secrets(entry.slash), TEXT_LIMIT).replace('`', chr(39))}`", ""]
        parts += [_answer(entry), ""]
    return "\n".join(parts).rstrip() + "\n"


MARKUP = re.compile(r"\\([\\`*_{}\[\]<>#|~&])|\*\*|`")
"""What `_escaped` adds, and the marks around titles, errors and commands."""


def plain_text(entry: Entry) -> str:
    """The typed line and the answer, or the notice, without the marks of Markdown. Thread-safe."""
    if entry.notice is not None:
        return f"{harmless(entry.notice.message, TEXT_LIMIT)}\n{harmless(entry.notice.cure, TEXT_LIMIT)}"
    said = harmless(without_secrets(entry.text or entry.slash), TEXT_LIMIT)
    return f"{said}\n{old_text(entry)}"


def old_text(entry: Entry) -> str:
    """The answer of an entry that holds no replies any more, as plain text."""
    return without_markup(_answer(entry))


def without_markup(markdown: str) -> str:
    """Markdown of this module as plain text."""
    return MARKUP.sub(lambda found: found[1] or "", markdown)


Format = Literal["text", "markdown", "csv", "json"]
NAMES: Mapping[Format, str] = {"text": "text", "markdown": "Markdown", "csv": "CSV", "json": "JSON"}


def formats(entry: Entry) -> list[Format]:
    """How an answer can be copied, the most usual first. One that is no longer held has only its text.

    An answer with blocks, which may hold a secret, is copied by the rules of `to_copy` alone.
    """
    if _blocks(entry):
        return ["text"]
    if entry.packed:
        return ["text", "markdown"]
    rows = any(isinstance(each, Table) and each.rows for each in entry.replies)
    return ["text", "markdown", "csv", "json"] if rows else ["text", "markdown", "json"]


@dataclass(frozen=True, slots=True)
class Copied:
    """Text for the clipboard, and words for the status line. Without a text the words say what to do."""

    said: str
    text: str = field(default="", repr=False)


def to_copy(replies: Sequence[Reply], focused: Reply | None = None) -> Copied:
    """An answer as plain Markdown, for the clipboard.

    If it holds blocks (a teammate's access, a new password), only one section is copied: the focused one, or the only
    one with blocks. So another person's password or the findings of the preflight are not handed over by accident.
    """
    passes = [each for each in replies if isinstance(each, Facts) and each.blocks]
    if not passes:
        return Copied(
            "Card sent to the terminal's clipboard", harmless_lines("\n\n".join(map(reply_markdown, replies)))
        )
    if focused is None and len(passes) > 1:
        return Copied(
            f"Nothing copied: go to one of the {len(passes)} with Alt+↑, then Ctrl+Y copies that one"
        )
    chosen = focused or passes[0]
    said = harmless(getattr(chosen, "title", "") or "This part", 60)
    text = reply_markdown(chosen)
    if isinstance(chosen, Facts) and chosen.blocks:
        text = "\n\n".join(f"{title}\n{block}" for title, block in chosen.blocks.items())
    return Copied(f"“{said}” alone sent to the terminal's clipboard", harmless_lines(text))


def copy_of(entry: Entry, focused: Reply | None = None) -> Copied:
    """A turn's answer for the clipboard, by the rules of `to_copy`, even if its replies are no longer held."""
    if not entry.packed:
        return to_copy(entry.replies, focused)
    if not entry.blocks:
        return Copied("Card sent to the terminal's clipboard", harmless_lines(_answer(entry)))
    if len(entry.blocks) > 1:
        return Copied(
            "Nothing copied: this is an old picture of several; Enter takes its command into the prompt"
        )
    text = "\n\n".join(f"{title}\n{block}" for title, block in entry.blocks[0].items())
    return Copied("Its one part sent to the terminal's clipboard", harmless_lines(text))
