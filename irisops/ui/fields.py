"""Fields of the editor: one widget per kind, with its value and validation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select

from irisops.contract.quoting import spelled, unspelled
from irisops.contract.replies import Cell, FormField
from irisops.contract.wording import ELLIPSIS, harmless
from irisops.ui.door import LineInput
from irisops.ui.lines import Lines

PERMISSIONS = "RWU"
FIELD_LIMIT = 4_000
"""Most characters of an editable value; longer ones are slow to edit."""


CURSOR = "$row-cursor-text on $row-cursor bold"
"""Style of the line under the cursor."""


class TextField(LineInput):
    """An input for text, masked text, a number or a date.

    Reached by a key, its value is selected, so that typing replaces it.

    A value with control characters is shown as `spelled` writes it, and converted back when saved. One that is too long
    to edit shows its beginning. An untouched value is returned unchanged, to the byte.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+u", "empty", "Empty the field", id="editor.clear"),
    ]

    class Full(Message):
        """The field's length limit was reached."""

    def __init__(self, field: FormField) -> None:
        given = "" if field.value is None else str(field.value)
        secret = field.kind == "secret"
        shown = given if secret else spelled(given[: FIELD_LIMIT + 1])
        self._too_long = len(shown) > FIELD_LIMIT
        self._spelled = not secret and shown != given
        super().__init__(
            value=shown[: FIELD_LIMIT - 1] + ELLIPSIS if self._too_long else shown,
            password=secret,
            max_length=FIELD_LIMIT,
            disabled=self._too_long,
            select_on_focus=True,
        )
        self.field = field
        self._given, self._shown = given, self.value

    def action_empty(self) -> None:
        """Remove all of the text."""
        self.value = ""

    @property
    def note(self) -> str:
        """A note on a value that is not shown exactly, or ""."""
        if self._too_long:
            return f"{len(self._given):,} characters, too long to edit here. It stays as it is."
        if self._spelled:
            return r"Control characters are written \u{1b}. What you do not touch stays as it is."
        return ""

    def restricted(self) -> None:
        """Report a rejected character in words."""
        super().restricted()
        self.post_message(self.Full())

    @property
    def _text(self) -> str:
        if self.value == self._shown:
            return self._given
        if self.password:
            return self.value
        return (unspelled(self.value) if self._spelled else self.value).strip()

    def value_of(self) -> Cell:
        """Text, or a number or date; None for an empty number or date."""
        text = self._text
        if self.field.kind in ("number", "date") and not text:
            return None
        if self.field.kind == "number":
            return _number(text)
        return text

    def fault(self) -> str:
        """Missing, not a number, not a date."""
        text = self._text.strip()
        if not text:
            return "This is needed." if self.field.required else ""
        if self.field.kind == "number" and isinstance(_number(text), str):
            return "Not a number."
        if self.field.kind == "date":
            try:
                date.fromisoformat(text)
            except ValueError:
                return "Not a date. Write it as 2027-03-31."
        return ""


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


class Touched(Message):
    """A value without a text was changed."""


class FlagField(Widget, can_focus=True):
    """Yes or no; Space or Enter switches."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "switch", "Switch", id="editor.switch")]

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self._on = bool(field.value)

    def render(self) -> Content:
        """A box."""
        text = f"{'▸ ' if self.has_focus else '  '}{_box(self._on)}"
        return Content.styled(text, CURSOR if self.has_focus else "")

    def action_switch(self) -> None:
        """Toggle the value."""
        self._on = not self._on
        self.refresh()
        self.post_message(Touched())

    def on_click(self) -> None:
        """A click toggles the value."""
        self.action_switch()

    def value_of(self) -> Cell:
        """True or False."""
        return self._on

    def fault(self) -> str:
        """Always well-formed."""
        return ""


def _box(on: bool) -> str:
    return "[x]" if on else "[ ]"


class ChoiceField(Select[str]):
    """One of several."""

    def __init__(self, field: FormField) -> None:
        choices = list(field.choices)
        value = str(field.value or "")
        if value and value not in choices:
            choices.insert(0, value)
        super().__init__(
            [(Content(harmless(choice, 80)), choice) for choice in choices],
            prompt="not set",
            allow_blank=not field.required or not value,
            compact=True,
            value=value or Select.NULL,
        )
        self.field = field

    def value_of(self) -> Cell:
        """The choice, or an empty string."""
        return self.value if isinstance(self.value, str) else ""

    def fault(self) -> str:
        """Missing."""
        return "Choose one." if self.field.required and not self.value_of() else ""


class NameList(Lines, can_focus=True):
    """Base class: a line per name, at most `ROWS` at once, with a cursor."""

    ROWS = 6
    EMPTY = "  none"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Line up", show=False),
        Binding("down", "move(1)", "Line down", show=False),
    ]

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        self._all = self._names = list(dict.fromkeys(names))
        self._row = 0
        self._found = len(self._all)
        """Names that fit what is looked for."""

    def line(self, name: str) -> Content:
        """The line of a name, without the cursor."""
        raise NotImplementedError

    def chosen(self) -> list[str]:
        """The value: what is chosen, in the order of the names."""
        raise NotImplementedError

    def is_chosen(self, name: str) -> bool:
        """True if a name is part of the value."""
        raise NotImplementedError

    def touched(self) -> None:
        """Show and report a change of the value."""
        self.refresh()
        self.post_message(Touched())

    @property
    def many(self) -> bool:
        """True if the names do not all fit."""
        return len(self._all) > self.ROWS

    def find(self, text: str) -> None:
        """Show only names that contain `text`, below those that are chosen; the cursor is on the first of them."""
        held = [name for name in self._all if text and self.is_chosen(name)]
        others = [name for name in self._all if name not in held and text.casefold() in name.casefold()]
        self._names = [*held, *others]
        self._row = len(held) if others else 0
        self._found = len(others) + sum(text.casefold() in name.casefold() for name in held)
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:  # noqa: ARG002 - the base class's signature
        """The lines around the cursor."""
        if not self._names:
            return [Content.styled(self.EMPTY, "$quiet")]
        first = window(self._row, len(self._names), self.ROWS)
        lines = []
        for number, name in enumerate(self._names[first : first + self.ROWS], first):
            here = number == self._row and self.has_focus
            line = Content.assemble("▸ " if here else "  ", self.line(name))
            lines.append(line.stylize(CURSOR) if here else line)
        if self.many:
            count = sum(map(self.is_chosen, self._all))
            found = "" if self._found == len(self._all) else f", {self._found:,} found"
            lines.append(Content.styled(f"  {count:,} chosen of {len(self._all):,}{found}", "$quiet"))
        return lines

    def row_at(self, line: int) -> int | None:
        """Number of the name on a line of the widget, if there is one."""
        row = window(self._row, len(self._names), self.ROWS) + line
        return row if line < self.ROWS and row < len(self._names) else None

    def action_move(self, step: int) -> None:
        """Move the cursor; beyond the ends to the next field."""
        row = self._row + step
        if 0 <= row < len(self._names):
            self._row = row
            self.refresh()
        elif step > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()


class Ticks(NameList):
    """A list with a box before each line, readable without colour."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "switch", "Switch", id="editor.tick"),
    ]

    def __init__(self, field: FormField) -> None:
        self._held = {str(each) for each in field.value} if isinstance(field.value, list) else set()
        super().__init__([*sorted(self._held), *field.choices])

    def line(self, name: str) -> Content:
        """The box and the name."""
        return Content(f"{_box(name in self._held)} {harmless(name, 80)}")

    def chosen(self) -> list[str]:
        """The names with a mark in their box."""
        return [name for name in self._all if name in self._held]

    def is_chosen(self, name: str) -> bool:
        """True if its box is marked."""
        return name in self._held

    def action_switch(self) -> None:
        """Toggle the name under the cursor."""
        if self._names:
            self._held ^= {self._names[self._row]}
            self.touched()

    def on_click(self, event: events.Click) -> None:
        """A click toggles a line."""
        row = self.row_at(event.y)
        if row is not None:
            self._row = row
            self.action_switch()


def window(row: int, count: int, rows: int) -> int:
    """Index of the first of `rows` visible lines of `count`, so that `row` is visible."""
    return max(0, min(row - rows // 2, count - rows))


class PrivilegesGrid(NameList):
    """Resources with their sensible permissions; r, w and u toggle them.

    Values and choices are `RESOURCE:PERMISSIONS`, e.g. `%DB_USER:RW`; a choice without `:` allows R, W and U.
    """

    ROWS = 8
    EMPTY = "no resources"
    BOXES = len("  [R]  [W]  [U]")

    def __init__(self, field: FormField) -> None:
        held = field.value if isinstance(field.value, list) else []
        self._held = {name: set(letters) for name, letters in map(_privilege, held)}
        self._possible = {name: letters or PERMISSIONS for name, letters in map(_privilege, field.choices)}
        for name, letters in self._held.items():
            possible = self._possible.get(name, PERMISSIONS)
            self._possible[name] = "".join(p for p in PERMISSIONS if p in possible or p in letters)
        super().__init__([*self._held, *self._possible])

    def line(self, name: str) -> Content:
        """The resource and its boxes."""
        room = max(8, self.size.width - self.BOXES - 2)
        width = min(room, max(len(each) for each in self._names))
        held = self._held.get(name, set())
        boxes = "  ".join(
            f"[{letter if letter in held else ' '}]" if letter in self._possible[name] else " – "
            for letter in PERMISSIONS
        )
        return Content(harmless(name, width).ljust(width + 2) + boxes)

    def on_key(self, event: events.Key) -> None:
        """Toggle a permission."""
        letter = (event.character or "").upper()
        if not self._names or letter not in PERMISSIONS or not letter:
            return
        event.stop()
        name = self._names[self._row]
        if letter in self._possible[name]:
            self._held.setdefault(name, set()).symmetric_difference_update({letter})
            self.touched()

    def is_chosen(self, name: str) -> bool:
        """True if any permission is held."""
        return bool(self._held.get(name))

    def chosen(self) -> list[str]:
        """The privileges held, permissions in the order R, W, U."""
        return [
            f"{name}:{''.join(p for p in PERMISSIONS if p in held)}"
            for name in self._all
            if (held := self._held.get(name))
        ]


class ListField(Vertical):
    """A list of names, with an input to find them if they do not all fit."""

    def __init__(self, field: FormField, names: NameList) -> None:
        super().__init__()
        self.field = field
        self.names = names
        self._find = LineInput(placeholder="type to find", select_on_focus=True)
        self._find.display = names.many

    def compose(self) -> ComposeResult:
        """Find input and list."""
        yield self._find
        yield self.names

    @on(Input.Changed)
    def _found(self, event: Input.Changed) -> None:
        event.stop()
        self.names.find(event.value)

    def value_of(self) -> Cell:
        """The chosen names."""
        return self.names.chosen()

    def fault(self) -> str:
        """Missing."""
        return "Choose at least one." if self.field.required and not self.names.chosen() else ""


def _privilege(text: object) -> tuple[str, str]:
    name, _, letters = str(text).rpartition(":")
    return (name, letters.upper()) if name else (str(text), "")


FieldWidget = TextField | FlagField | ChoiceField | ListField
"""Each has `value_of`, the value entered, and `fault`, why it is invalid or ""."""


def widget_for(field: FormField) -> FieldWidget:
    """The widget for a field's kind."""
    match field.kind:
        case "flag":
            return FlagField(field)
        case "choice":
            return ChoiceField(field)
        case "roles":
            return ListField(field, Ticks(field))
        case "privileges":
            return ListField(field, PrivilegesGrid(field))
        case _:
            return TextField(field)
