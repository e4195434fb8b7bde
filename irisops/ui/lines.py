"""Base widgets for content in lines: computed for a width, or given."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from irisops.contract.wording import harmless
from irisops.ui.figures import NOTE_LIMIT, SIGNS, TEXT_LIMIT
from irisops.ui.links import META, NO_COMMANDS, Commands, linked, marked

if TYPE_CHECKING:
    _Mixin = Widget
else:
    _Mixin = object


class Onward(Message):
    """An arrow or Tab went beyond a stop of the block cursor, to the next one (`step` 1) or the one before (-1)."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step


class Picked(Message):
    """A line that a card offers was picked, or one was typed in it."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


def wrapped(content: Content, width: int, indent: int = 0) -> list[Content]:
    """Word-wrap to `width` cells; lines after the first are indented by `indent` cells."""
    if width < 4:
        return [content.truncate(max(1, width))]
    first = (content.wrap(width) or [Content("")])[0]
    rest = content[len(first.plain) :]
    blanks = len(rest.plain) - len(rest.plain.lstrip(" "))
    rest = rest[blanks:]
    if not rest.plain:
        return [first]
    return [first, *(line.pad_left(indent) for line in rest.wrap(max(4, width - indent)))]


def item(
    mark: str,
    style: str,
    text: str,
    width: int,
    limit: int = TEXT_LIMIT,
    *,
    text_style: str = "",
    commands: Commands = NO_COMMANDS,
    foreign: Sequence[str] = (),
) -> list[Content]:
    """A paragraph behind a mark of one cell: harmless text of at most `limit` characters, wrapped and indented.

    `commands` named in it become links; see `irisops.ui.links` for `foreign`.
    """
    words = linked(Content.styled(harmless(text, limit), text_style), commands, foreign)
    return wrapped(Content.assemble((f"{mark} ", style), words), width, indent=2)


def note_lines(
    note: str, width: int, commands: Commands = NO_COMMANDS, foreign: Sequence[str] = ()
) -> list[Content]:
    """A note; the sign that it begins with, if any, stands before it in its colour."""
    mark = note[:1] if note[1:2] == " " and note[:1] in SIGNS else ""
    text = note[2:] if mark else note
    style = SIGNS.get(mark, "$quiet")
    return item(mark or "·", style, text, width, NOTE_LIMIT, commands=commands, foreign=foreign)


def same(one: Iterable[Content], other: Iterable[Content]) -> bool:
    """True if text and styles are the same; `==` of Content compares only the text."""
    first, second = list(one), list(other)
    return len(first) == len(second) and all(a.is_same(b) for a, b in zip(first, second, strict=True))


def changed(before: Sequence[Content], after: Sequence[Content]) -> list[Region]:
    """What must be painted anew where lines replace as many others: each changed one, as far as its last changed cell.

    Textual paints a line from the widget's edge in any case.
    """
    found = []
    for y, (old, new) in enumerate(zip(before, after, strict=True)):
        if old.is_same(new):
            continue
        width = max(old.cell_length, new.cell_length)
        if old.cell_length == new.cell_length:
            width -= Content(old.plain[len(old.plain) - _same_at_end(old, new) :]).cell_length
        found.append(Region(0, y, max(1, width), 1))
    return found


def _same_at_end(one: Content, other: Content) -> int:
    """Characters at the end that are the same in both, with their styles."""
    first, second = len(one.plain), len(other.plain)

    def differ(count: int) -> bool:
        return not one[first - count - 1 :].is_same(other[second - count - 1 :])

    return bisect_left(range(min(first, second)), 1, key=differ)


def spread(left: Content, right: Content, width: int) -> Content:
    """`left` and `right` at the ends of a line of `width` cells; `left` is cut if they do not fit."""
    space = width - left.cell_length - right.cell_length
    if space < 1:
        left = left.truncate(max(0, width - right.cell_length - 1), ellipsis=True)
        space = max(1, width - left.cell_length - right.cell_length)
    return Content.assemble(left, " " * space, right).truncate(width)


class Ground(_Mixin):
    """Mixin for containers without a border: they paint their background alone, so one line does for all.

    Textual keeps the lines of each widget, and each of them with all pieces that other widgets ever cut it into: 5 MB
    for the containers of a full screen. No widget itself: Textual takes the styles of the first base that is one.
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        """The same line for each row of `crop`."""
        below, own = self.background_colors
        strip = Strip.blank(crop.width, Style(background=below + own).rich_style)
        for each in self.get_line_filters():
            strip = strip.apply_filter(each, own)
        return [strip] * crop.height


class Lines(Widget):
    """Base class: subclasses return their lines for a width; the height follows."""

    DEFAULT_CSS = "Lines { height: auto; width: 1fr; }"

    commands: Commands = NO_COMMANDS
    """The commands that become links."""
    chosen_link = ""
    """The command whose link is marked."""

    class Named(Message):
        """A link was chosen: the command to put into the prompt."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    def lines(self, width: int) -> Iterable[Content]:
        """The content, one entry per screen row, none wider than `width` cells."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - the base class's signature
        """Rows needed at `width` cells."""
        return max(1, len(list(self.lines(width)))) if width > 0 else 1

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002 - the base class's signature
        """The full width."""
        return container.width

    def render(self) -> Content:
        """The lines, joined."""
        lines = self.lines(self.content_size.width)
        return Content("\n").join(marked(lines, self.chosen_link) if self.chosen_link else lines)

    def mark_link(self, command: str) -> None:
        """Mark the links to a command; "" marks none."""
        if command != self.chosen_link:
            self.chosen_link = command
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click on a link puts its command into the prompt."""
        command = event.style.meta.get(META)
        if command and self.text_selection is None:
            event.stop()
            self.post_message(self.Named(str(command)))


class GivenLines(Lines):
    """Lines that are given, each cut to the width."""

    def __init__(self, *given: Content) -> None:
        super().__init__()
        self.given = given

    def put(self, *given: Content) -> None:
        """Replace the lines; a new layout only if their number changes."""
        before, self.given = self.given, given
        if len(before) != len(given):
            self.refresh(layout=True)
        elif regions := changed(before, given):
            self.refresh(*regions)

    def lines(self, width: int) -> list[Content]:
        """One line each."""
        return [line.truncate(width, ellipsis=True) for line in self.given]
