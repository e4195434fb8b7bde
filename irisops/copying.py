"""Copying of a card: the choice of a format, and the text in it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from irisops.contract.replies import Reply
from irisops.engine import reply_copy
from irisops.ui.record import NAMES, Copied, Entry, Format, copy_of, formats, old_text
from irisops.ui.themes import styles_folder


class CopyScreen(ModalScreen[Copied | None]):
    """Asks how to copy an answer; None for not at all. The key that opened it takes text."""

    CSS_PATH = str(styles_folder() / "keys.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(name[0], f"take('{name}')", f"As {words}", show=False) for name, words in NAMES.items()),
        Binding("ctrl+y", "take('text')", show=False),
        Binding("escape,q,ctrl+c", "take('')", "Copy nothing", show=False),
    ]

    def __init__(self, entry: Entry, focused: Reply | None) -> None:
        super().__init__()
        self._entry, self._focused = entry, focused
        self._ways = formats(entry)

    @property
    def needed(self) -> bool:
        """True if there is a choice."""
        return len(self._ways) > 1

    def copied(self, way: Format) -> Copied:
        """The answer in one of its `formats`. Text and JSON are what `irisops run` prints."""
        by_rule = copy_of(self._entry, self._focused)
        if not self.needed or not by_rule.text or way == "markdown":
            return by_rule
        if self._entry.packed:
            return Copied(by_rule.said, old_text(self._entry))
        text = reply_copy.written(self._entry.replies, way, self._focused)
        return Copied(f"{by_rule.said} as {NAMES[way]}", text)

    def compose(self) -> ComposeResult:
        """A list with the letter of each."""
        options = [
            Option(Content.assemble((f"{way[0]}  ", "bold"), NAMES[way]), id=way) for way in self._ways
        ]
        box = OptionList(*options, id="copy")
        box.border_title = "Copy as"
        box.border_subtitle = "Esc closes"
        yield box

    def action_take(self, way: str) -> None:
        """Close with the answer in a format, if it has that."""
        found = next((each for each in self._ways if each == way), None)
        if found is not None or not way:
            self.dismiss(self.copied(found) if found is not None else None)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_take(event.option_id or "")
