"""Choosing from lists: the popup above the prompt (commands, completions, history) and the palette (Ctrl+P)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.app import SystemCommand
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher
from textual.markup import escape

from irisops.contract.chat import CommandInfo, Completion
from irisops.contract.wording import harmless
from irisops.ui.lines import Lines

MOST = 8


class Item(NamedTuple):
    """A line of the list; choosing it replaces the prompt's text with `text`."""

    text: str
    label: str
    hint: str = ""
    greyed: bool = False


def matching_commands(typed: str, infos: Sequence[CommandInfo]) -> list[Item]:
    """Commands for the text after `/`: names that begin with it, then names that contain it, then other words."""
    needle = typed.removeprefix("/").casefold()

    def rank(info: CommandInfo) -> int:
        name = info.name.casefold()
        if name.startswith(needle):
            return 0
        if needle in name:
            return 1
        if needle in f"{info.usage} {info.summary}".casefold():
            return 2
        return 3 if _scattered(needle, name) else 4

    ranked = sorted(
        ((rank(info), number, info) for number, info in enumerate(infos)), key=lambda each: each[:2]
    )
    return [command_item(info) for place, _, info in ranked if place < 4]


def _scattered(needle: str, name: str) -> bool:
    letters = iter(name)
    return bool(needle) and all(letter in letters for letter in needle)


def command_item(info: CommandInfo) -> Item:
    """A command as a line of the list; with arguments, its text ends with a blank."""
    head = f"/{info.name.removeprefix('/')}"
    takes = info.usage.removeprefix(head).strip()
    hint = info.summary if info.available else f"not now: {info.reason}"
    return Item(f"{head} " if takes else head, info.usage or head, hint, greyed=not info.available)


def completed(text: str, cursor: int, completion: Completion) -> str:
    """The line with one completion inserted."""
    return text[: completion.start] + completion.value + text[cursor:]


def completion_items(text: str, cursor: int, completions: Sequence[Completion]) -> list[Item]:
    """Completions as lines of the list."""
    return [Item(completed(text, cursor, each), each.value.strip(), each.hint) for each in completions]


def common_start(values: Sequence[str]) -> str:
    """The longest common prefix."""
    if not values:
        return ""
    low, high = min(values), max(values)
    for number, letter in enumerate(low):
        if number >= len(high) or letter != high[number]:
            return low[:number]
    return low


class Popup(Lines):
    """Shows up to `MOST` items around the chosen one. It never has the focus; the prompt handles its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[Item] = []
        self.chosen = 0
        self.moved = False
        """True if the person moved in it; only then Enter takes the chosen line."""
        self.display = False

    def offer(self, items: Sequence[Item]) -> None:
        """Show these items; an empty list closes it."""
        if list(items) == self.items and self.display == bool(items):
            return
        height = min(MOST, len(self.items))
        self.items = list(items)
        self.chosen = 0
        self.moved = False
        self.display = bool(self.items)
        self.refresh(layout=min(MOST, len(self.items)) != height)

    def close(self) -> None:
        """Hide it."""
        self.offer([])

    def move(self, step: int) -> None:
        """Move the choice, wrapping at the ends."""
        if self.items:
            self.chosen = (self.chosen + step) % len(self.items) if self.moved or step < 0 else self.chosen
            self.moved = True
            self.refresh(layout=True)

    @property
    def item(self) -> Item | None:
        """The chosen line."""
        return self.items[self.chosen] if self.items and self.display else None

    def lines(self, width: int) -> list[Content]:
        """The items around the chosen one, whose hint is shown whole."""
        first = max(0, min(self.chosen - MOST // 2, len(self.items) - MOST))
        shown = self.items[first : first + MOST]
        hints = max((len(each.hint) for each in shown), default=0) + 1
        label_width = min(
            max(18, width * 2 // 5, width - hints), max((len(each.label) for each in shown), default=0) + 4
        )
        lines: list[Content] = []
        for number, each in enumerate(shown, first):
            here = number == self.chosen and self.moved
            mark = "▸ " if here else "  "
            style = "$row-cursor-text" if here else "$quiet" if each.greyed else "$foreground"
            hint_style = "$row-cursor-text" if here else "$quiet"
            label = Content.styled(
                f"{mark}{harmless(each.label, 120)}", f"{style} {'bold' if here else ''}".strip()
            )
            more = f" {number + 1}/{len(self.items)}" if here and len(self.items) > MOST else ""
            label = label.truncate(label_width, ellipsis=True, pad=True)
            hint = Content.styled(harmless(each.hint, 200), hint_style)
            room = max(1, width - label_width - 1 - len(more))
            if not here:
                lines.append(Content.assemble(label, " ", hint.truncate(room, ellipsis=True, pad=True)))
                continue
            for place, part in enumerate(hint.wrap(room) or [hint]):
                head = label if not place else " " * label_width
                tail = (more if not place else " " * len(more), hint_style)
                line = Content.assemble(head, " ", part.truncate(room, pad=True), tail)
                lines.append(line.stylize("on $row-cursor"))
            over = max(0, len(lines) - MOST)
            lines = lines[over:]
        return lines[:MOST]


IN_SUMMARY = 0.5
"""Score of a match in the summary; a match in the title scores higher."""


class Commands(Provider):
    """Provider for the app's `get_system_commands`. Textual's own searches only titles."""

    async def discover(self) -> Hits:
        """All of them, in the order of `/help`."""
        for command in self.app.get_system_commands(self.screen):
            yield DiscoveryHit(
                Content(command.title), command.callback, text=command.title, help=escape(command.help)
            )

    async def search(self, query: str) -> Hits:
        """Commands whose title or summary matches."""
        matcher = self.matcher(query)
        words = query.casefold().split()
        for command in self.app.get_system_commands(self.screen):
            score = matcher.match(command.title)
            if not score and all(word in command.help.casefold() for word in words):
                score = IN_SUMMARY
            if score > 0:
                yield _hit(score, matcher, command)


def _hit(score: float, matcher: Matcher, command: SystemCommand) -> Hit:
    """A line of the palette, as content: strings count as markup, and a usage has many brackets."""
    shown = Content(command.title)
    _, offsets = matcher.fuzzy_search.match(matcher.query, command.title)
    for offset in offsets:
        if not command.title[offset].isspace():
            shown = shown.stylize(matcher.match_style, offset, offset + 1)
    return Hit(score, shown, command.callback, text=command.title, help=escape(command.help))
