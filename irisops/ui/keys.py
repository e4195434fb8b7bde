"""Key bindings as data, and the screen that lists the active ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import ClassVar, NamedTuple

from textual.actions import parse
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.events import Key
from textual.screen import ModalScreen

from irisops.ui.lines import Lines
from irisops.ui.themes import styles_folder

APP_KEYS: list[BindingType] = [
    Binding(keys, action, words, id=f"app.{name}", show=False)
    for name, keys, action, words in (
        ("keys", "f1", "keys", "Which keys work now"),
        ("palette", "ctrl+p", "command_palette", "All commands, to choose from"),
        ("find", "ctrl+f", "find", "Search the answers so far"),
        ("answer_above", "ctrl+up,shift+up", "jump(-1)", "To the answer above"),
        ("answer_below", "ctrl+down,shift+down", "jump(1)", "To the answer below, then the prompt"),
        ("quit", "ctrl+q", "quit", "Quit"),
        ("interrupt", "ctrl+c", "interrupt", "Copy, else cancel, else twice to quit"),
        ("above", "alt+up,shift+tab", "walk(-1)", "To the card above"),
        ("below", "alt+down", "walk(1)", "To the card below, then the prompt"),
        ("prompt", "escape", "to_prompt", "Back to the prompt"),
        ("pageup", "pageup", "page(-1)", "Scroll up"),
        ("pagedown", "pagedown", "page(1)", "Scroll down"),
        ("expand", "ctrl+o", "expand", "Show all of a card, or less"),
        ("copy", "ctrl+y", "copy_card", "Copy a card, or a pass alone; asks how"),
        ("reuse", "ctrl+g", "reuse", "Take a card's command into the prompt"),
    )
]
"""The app's keys. Ids allow remapping. Priority is not needed, as none is printable."""

CARD_KEYS: list[BindingType] = [
    Binding(keys, f"app.{action}", words, id=f"card.{name}", show=False)
    for name, keys, action, words in (
        ("copy", "ctrl+y", "copy_card", "Copy it, or a pass alone; asks how"),
        ("expand", "ctrl+o", "expand", "Show all of it, or less"),
        ("reuse", "ctrl+g", "reuse", "Take its command into the prompt"),
        ("prompt", "escape", "to_prompt", "Back to the prompt"),
    )
]
"""Keys of a card. They work from the prompt, too, on the newest one; here they are known as the card's."""

FOOTER = {
    "search.next": "next",
    "search.previous": "previous",
    "search.leave": "back",
    "welcome.run": "do it",
    "welcome.down": "choose",
    "editor.save": "save",
    "editor.next": "next",
    "editor.switch": "switch",
    "editor.tick": "tick",
    "editor.clear": "empty",
    "editor.leave": "close",
    "prompt.complete": "complete",
    "problem.take": "take",
    "find.rows": "to the rows",
    "find.forget": "all rows",
    "card.copy": "copy",
    "card.expand": "all or less",
    "card.again": "use again",
    "card.reuse": "use again",
    "card.prompt": "prompt",
    "app.find": "search",
    "app.palette": "commands",
    "app.keys": "keys",
}
"""Words of the keys in the bottom line, by id, the first shown first. A row's own keys are in its card's lower edge,
those of a question in the question; `Which keys work now` has all."""

GROUPS = (
    ("search", "Search"),
    ("welcome", "Start"),
    ("editor", "Form"),
    ("prompt", "Prompt"),
    ("confirm", "Question"),
    ("secret", "Password"),
    ("row", "Row"),
    ("pass", "Pass"),
    ("grid", "Table"),
    ("find", "Find"),
    ("card", "Card"),
)
_NAMES = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "enter": "Enter",
    "escape": "Esc",
    "question_mark": "?",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "home": "Home",
    "slash": "/",
    "delete": "Del",
    "end": "End",
}


def key_words(key: str) -> str:
    """Display name of a key: `Ctrl+F`, `Alt+↑`."""
    if key in _NAMES:
        return _NAMES[key]
    *modifiers, last = key.split("+")
    letter = last.upper() if modifiers else last
    name = _NAMES.get(last, letter if len(last) == 1 else last.capitalize())
    return "+".join([*(each.capitalize() for each in modifiers), name])


def short_key(key: str) -> str:
    """Display name where there is little room: `^F`."""
    if len(key) == 1:
        return key
    return f"^{key[-1].upper()}" if len(key) == 6 and key.startswith("ctrl+") else key_words(key)


class KeyLine(NamedTuple):
    """One line of the list: group, keys, description."""

    group: str
    keys: str
    words: str


def active_keys(node: DOMNode) -> list[KeyLine]:
    """The program's keys that work while `node` has the focus, nearest first, in groups."""
    titles = dict(GROUPS)
    lines = [
        KeyLine(
            titles.get((binding.id or "").split(".")[0], "Everywhere"),
            " ".join(map(key_words, keys)),
            binding.description,
        )
        for binding, keys in _working(node)
        if binding.description
    ]
    return sorted(lines, key=lambda line: line.group == "Everywhere")


def footer_keys(node: DOMNode) -> list[tuple[str, str]]:
    """Keys and words for the bottom line while `node` has the focus, the most important first."""
    order = list(FOOTER)
    found = sorted(
        (order.index(binding.id), keys[0]) for binding, keys in _working(node) if binding.id in FOOTER
    )
    return [(short_key(key), FOOTER[order[place]]) for place, key in found]


def _working(node: DOMNode) -> Iterable[tuple[Binding, list[str]]]:
    """Bindings of the program that work while `node` has the focus, with their free keys, nearest first.

    What stands behind a form or a list takes no keys.
    """
    taken: set[str] = set()
    for place in node.ancestors_with_self:
        for binding in _own_bindings(place):
            pressed = [each.strip() for each in binding.key.split(",")]
            free = [each for each in pressed if each not in taken]
            taken.update(pressed)
            _, action, parameters = parse(binding.action)
            if free and place.check_action(action, parameters):
                yield binding, free
        if isinstance(place, ModalScreen):
            return


def _own_bindings(node: DOMNode) -> Iterable[Binding]:
    """The keys of a row or a pass, then those of this program's classes, without those inherited from Textual."""
    yield from getattr(node, "row_keys", ())
    for ancestor in type(node).__mro__:
        if ancestor.__module__.startswith("irisops."):
            yield from (each for each in vars(ancestor).get("BINDINGS", ()) if isinstance(each, Binding))


@cache
def _actions(kind: type[DOMNode]) -> dict[str, str]:
    """Keys declared by a class and its bases, with their actions."""
    actions: dict[str, str] = {}
    for ancestor in reversed(kind.__mro__):
        for binding in Binding.make_bindings(vars(ancestor).get("BINDINGS", ())):
            actions[binding.key] = binding.action
    return actions


async def act_now(node: DOMNode, event: Key) -> bool:
    """Run `node`'s binding of a key at once. False if there is none.

    Textual runs a binding only after its key bubbled up to the app, so later keys would overtake it.
    """
    action = _actions(type(node)).get(event.key)
    if action is None or not await node.app.run_action(action, node):
        return False
    event.stop()
    event.prevent_default()
    return True


class KeyList(Lines):
    """The lines, with a heading per group."""

    def __init__(self, keys: list[KeyLine]) -> None:
        super().__init__()
        self.keys = keys

    def lines(self, width: int) -> list[Content]:
        """Headings and keys."""
        lines: list[Content] = []
        group = ""
        for key in self.keys:
            if key.group != group:
                lines += ([Content("")] if lines else []) + [Content.styled(key.group, "$secondary bold")]
                group = key.group
            lines.append(
                Content.assemble((f"  {key.keys:<20} ", "$accent"), key.words).truncate(width, ellipsis=True)
            )
        return lines


class KeysScreen(ModalScreen[None]):
    """Lists the active keys. Esc, Enter, F1 and q close it."""

    CSS_PATH = str(styles_folder() / "keys.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,f1,q,question_mark,ctrl+c", "close", "Close", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
    ]

    def __init__(self, keys: list[KeyLine]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """A box with the list."""
        with VerticalScroll(id="keys") as box:
            box.border_title = "Keys that work now"
            box.border_subtitle = "Esc closes"
            yield KeyList(self._keys)

    def action_close(self) -> None:
        """Close the screen."""
        self.dismiss()

    def action_scroll(self, step: int) -> None:
        """Scroll by a line."""
        box = self.query_one("#keys")
        box.scroll_relative(y=step, animate=False)
