"""The choice of a format when a card is copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from irisops.ui.record import NAMES, Format
from irisops.ui.themes import styles_folder


class CopyScreen(ModalScreen[Format | None]):
    """Asks how to copy; None for not at all. The key that opened it takes the first."""

    CSS_PATH = str(styles_folder() / "keys.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(name[0], f"take('{name}')", f"As {words}", show=False) for name, words in NAMES.items()),
        Binding("ctrl+y", "take('text')", show=False),
        Binding("escape,q,ctrl+c", "take('')", "Copy nothing", show=False),
    ]

    def __init__(self, ways: Sequence[Format]) -> None:
        super().__init__()
        self._ways = ways

    def compose(self) -> ComposeResult:
        """A list with the letter of each."""
        options = [
            Option(Content.assemble((f"{way[0]}  ", "bold"), NAMES[way]), id=way) for way in self._ways
        ]
        box = OptionList(*options, id="copy")
        box.border_title = "Copy as"
        box.border_subtitle = "Esc: not"
        yield box

    def action_take(self, way: str) -> None:
        """Close with a format, if the card has it."""
        found = next((each for each in self._ways if each == way), None)
        if found is not None or not way:
            self.dismiss(found)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_take(event.option_id or "")
