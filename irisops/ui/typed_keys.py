"""Whom a pressed key belongs to: the question that is asked, what has the focus, or the line in the prompt.

A printable key belongs to the prompt unless it means something where the focus is. The focus moves before the key is
handed on, not after it came back unused: a fast typist's next key, Enter among them, is already waiting and would reach
the row under the cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import App
from textual.timer import Timer
from textual.widgets import Input

from irisops.ui.cards.facts import FactsSection
from irisops.ui.cards.problem import ProblemSection
from irisops.ui.grid import Grid
from irisops.ui.prompt import Prompt
from irisops.ui.questions import Questions

WORD = 0.4
"""Seconds between two letters of one word, at most: so long is a letter held that acts on a card."""

KEYED = (Grid, FactsSection, ProblemSection)
"""Widgets with letters or digits of their own: `takes` says which, `action_act` does it."""


class Typing:
    """Gives the keys that are pressed on the main screen of `app` to whom they belong."""

    def __init__(
        self, app: App[int], prompt: Prompt, questions: Questions, show_keys: Callable[[], None], word: float
    ) -> None:
        self._app = app
        self._prompt = prompt
        self._questions = questions
        self._show_keys = show_keys
        self._word = word
        self._held: events.Key | None = None
        """A letter that acts where the focus is, until it is clear that it begins no word."""
        self._hold: Timer | None = None

    def _asked(self) -> bool:
        question = self._questions.shown
        return question is not None and question.armed and len(self._app.screen_stack) == 1

    def pressed(self, event: events.Key) -> Sequence[events.Key]:
        """The keys behind one that the terminal sent: while a question is asked, two may have become one."""
        escape = events.Key("escape", "\x1b")
        if self._asked() and event.key.startswith("alt+") and event.character:
            # Terminals send Esc and a letter right after it as Alt+letter; no question has a key with Alt.
            return escape, events.Key(event.key.removeprefix("alt+"), event.character)
        if self._asked() and self._questions.begins_line(event):
            # They lose an Esc right before a sign that is no letter: `/` at the start of a password is one.
            return escape, event
        return (event,)

    def takes(self, event: events.Key) -> bool:
        """True if nothing is left of a key; else it goes on to what has the focus, which may have moved."""
        self._questions.before_key(event)
        self._release(event)
        focused = self._app.focused
        if event.character == "/" and isinstance(focused, Grid) and focused.takes(event.key):
            focused.action_find()  # at once: what is typed next belongs to the filter line
            return True
        if event.is_printable and isinstance(focused, KEYED) and focused.takes(event.key):
            self._held = event
            self._hold = self._app.set_timer(self._word, self._release)
            return True
        if event.is_printable and not self._asked() and not isinstance(focused, Input):
            if event.character == "?" and not self._prompt.text and not self._prompt.veiled:
                self._show_keys()
                return True
            self._app.screen.set_focus(self._prompt.input)
        return False

    def _release(self, event: events.Key | None = None) -> None:
        """Let the held letter act; if another letter follows it (`event`), they begin a word, for the prompt.

        A letter acts only when the next one can no longer be of the same word: `u` on a table of tunnels ends a
        share, and "users" must not.
        """
        held, self._held = self._held, None
        if held is None:
            return
        if self._hold is not None:
            self._hold.stop()
        focused = self._app.focused
        if event is not None and event.is_printable and event.character != held.character:
            if not self._prompt.typing:
                self._prompt.put("")
            self._prompt.input.insert_text_at_cursor(held.character or "")
            self._app.screen.set_focus(self._prompt.input)
        elif isinstance(focused, KEYED) and focused.takes(held.key):
            focused.action_act(held.key)
