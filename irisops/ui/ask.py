"""Questions that take the prompt's place: yes or no to a plan, a word to type, a password."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from irisops.commands.replies import Plan
from irisops.commands.text import harmless
from irisops.ui.lines import Lines


class Question(Lines):
    """The words of a question: one or two lines."""

    def __init__(self, *parts: Content) -> None:
        super().__init__()
        self.parts = parts

    def lines(self, width: int) -> list[Content]:
        """Each part on a line of its own, cut to the width."""
        return [part.truncate(width, ellipsis=True) for part in self.parts]


class Confirm(Vertical, can_focus=True):
    """Yes or no to a plan. With a `confirm_word`, that word typed is the yes.

    If the person was in the middle of typing when the plan arrived, Enter must be pressed first: a `y` that was meant
    for a word must never confirm anything.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes"),
        Binding("n,escape", "answer(False)", "No", id="confirm.no"),
        Binding("question_mark", "calls", "Show the calls", id="confirm.calls"),
        Binding("enter", "arm", "Answer", show=False, id="confirm.arm"),
    ]

    class Answered(Message):
        """Yes with the typed word, or no."""

        def __init__(self, plan: Plan, *, yes: bool, word: str = "") -> None:
            super().__init__()
            self.plan, self.yes, self.word = plan, yes, word

    class ShowCalls(Message):
        """The person wants to see or hide the calls of the plan."""

    def __init__(self, plan: Plan, *, typing: bool = False) -> None:
        super().__init__()
        self.plan = plan
        self.armed = not typing
        self._word = Input(compact=True, select_on_focus=False)
        self._word.cursor_blink = False
        self._word.display = bool(plan.confirm_word) and self.armed
        self._wrong = ""
        self._question = Question(*self._words())

    def _words(self) -> list[Content]:
        plan = self.plan
        head = Content.assemble(
            ("? ", "$warning bold"),
            (harmless(plan.title, 160), "bold"),
            ("  on ", "$quiet"),
            (harmless(plan.instance, 40), "$accent bold"),
        )
        if not self.armed:
            keys = Content.assemble(("  Enter ", "$accent bold"), "answer   ", ("Esc ", "$accent bold"), "no")
        elif plan.confirm_word:
            wrong = ("   that was another word", "$error") if self._wrong else ""
            keys = Content.assemble(
                "  Type ",
                (harmless(plan.confirm_word, 60), "$accent bold"),
                " and Enter to do it   ",
                ("Esc ", "$accent bold"),
                "no   ",
                ("F2 ", "$accent bold"),
                "show the calls",
                wrong,
            )
        else:
            keys = Content.assemble(
                ("  y ", "$accent bold"),
                "yes   ",
                ("n ", "$accent bold"),
                "no   ",
                ("? ", "$accent bold"),
                "show the calls",
            )
        return [head, keys]

    def compose(self) -> ComposeResult:
        """The question, and a line for the word if one is needed."""
        yield self._question
        yield self._word

    def on_mount(self) -> None:
        """Take the focus."""
        self.focus_answer()

    def focus_answer(self) -> None:
        """Put the focus where the answer is given."""
        if self._word.display:
            self._word.focus()
        else:
            self.focus()

    def action_arm(self) -> None:
        """The person has seen the question."""
        if not self.armed:
            self.armed = True
            self._word.display = bool(self.plan.confirm_word)
            self._renew()
            self.focus_answer()

    def _renew(self) -> None:
        self._question.parts = tuple(self._words())
        self._question.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`y` works only for a plain question that was seen; no works always."""
        if action == "answer":
            return parameters == (False,) or (self.armed and not self.plan.confirm_word)
        return True

    def action_answer(self, yes: bool) -> None:
        """Answer."""
        self.post_message(self.Answered(self.plan, yes=yes))

    def action_calls(self) -> None:
        """Show or hide the calls."""
        self.post_message(self.ShowCalls())

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() == self.plan.confirm_word:
            self.post_message(self.Answered(self.plan, yes=True, word=event.value.strip()))
            return
        self._wrong = event.value
        self._word.value = ""
        self._renew()

    def on_key(self, event: events.Key) -> None:
        """Other letters mean nothing here and must not end up elsewhere."""
        if event.key == "f2":
            event.stop()
            self.action_calls()
        elif event.is_printable and event.character not in ("y", "n", "?"):
            event.stop()
            event.prevent_default()


class Secret(Vertical):
    """A masked prompt. The value goes to whoever asked and is kept nowhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "decline", "Do not give it", id="secret.decline")
    ]

    class Given(Message):
        """The secret, or None. Its `repr` does not hold it."""

        def __init__(self, value: str | None) -> None:
            super().__init__()
            self.value = value

        def __rich_repr__(self) -> list[tuple[str, str]]:
            """Never the value."""
            return [("value", "None" if self.value is None else "•••")]

    def __init__(self, title: str, prompt: str) -> None:
        super().__init__()
        self._question = Question(
            Content.assemble(("◆ ", "$warning bold"), (harmless(title, 160), "bold")),
            Content.assemble("  ", harmless(prompt, 160), ("   Enter gives it   Esc does not", "$quiet")),
        )
        self._field = Masked(password=True, compact=True, select_on_focus=False)
        self._field.cursor_blink = False

    def compose(self) -> ComposeResult:
        """The question and the masked line."""
        yield self._question
        with Horizontal(id="secret-line"):
            yield SecretMark()
            yield self._field

    def on_mount(self) -> None:
        """Take the focus."""
        self.focus_answer()

    def focus_answer(self) -> None:
        """Put the focus into the masked line."""
        self._field.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        value = event.value
        self._field.value = ""
        self.post_message(self.Given(value))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()

    def action_decline(self) -> None:
        """Give nothing."""
        self._field.value = ""
        self.post_message(self.Given(None))


class Masked(Input):
    """An input that never lets its text out to the clipboard."""

    def action_copy(self) -> None:
        """A password is not copied."""

    def action_cut(self) -> None:
        """A password is not copied."""


class SecretMark(Widget):
    """The sign before the masked line."""

    def render(self) -> Content:
        """A key."""
        return Content.styled("› ", "$warning bold")
