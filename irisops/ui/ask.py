"""Questions in place of the prompt: yes or no to a plan, a word to type, a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from irisops.contract.replies import Plan
from irisops.contract.wording import harmless
from irisops.ui.door import LineInput
from irisops.ui.keys import act_now
from irisops.ui.lines import GivenLines
from irisops.ui.prompt import Mark


class Asked(Vertical):
    """A question. It takes keys only while armed, not while a line is being typed below it."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = False
        self.since = float("inf")
        """Time of arming, on the clock of `Message.time`: earlier keys were not meant for it."""
        self._question = GivenLines()

    def words(self) -> tuple[Content, ...]:
        """The question and its keys."""
        raise NotImplementedError

    def focus_answer(self) -> None:
        """Focus the answer at once: the next key may already be queued."""
        raise NotImplementedError

    @property
    def focused(self) -> bool:
        """True if keys go to the answer; `has_focus` is updated only later."""
        holder = self.screen.focused
        return holder is not None and self in holder.ancestors_with_self

    def answers(self, key: str) -> bool:
        """True if this key is an answer, Ctrl+C aside."""
        raise NotImplementedError

    def ends(self, key: str) -> bool:
        """True if this key ends the question; later keys belong to a line."""
        return not self.copying if key == "ctrl+c" else self.answers(key)

    @property
    def copying(self) -> bool:
        """True if text is selected: Ctrl+C then copies it."""
        return bool(self.screen.get_selected_text())

    def action_cancel(self) -> None:
        """Ctrl+C: cancel the question and its command."""
        if self.copying:
            raise SkipAction
        self.post_message(self.Cancelled(self))

    class Cancelled(Message):
        """The question and its command are cancelled."""

        def __init__(self, question: Asked) -> None:
            super().__init__()
            self.question = question

    def is_stray(self, event: events.Key) -> bool:  # noqa: ARG002 - subclasses look at it
        """True if this key is no answer but may begin a line."""
        return False

    def on_mount(self) -> None:
        """Show the words."""
        self.renew()

    def renew(self) -> None:
        """Show the current text."""
        self._question.put(*self.words())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - the base class's signature
        """Keys work only while armed."""
        return self.armed

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()

    async def on_key(self, event: events.Key) -> None:
        """Act at once: the focus may be elsewhere before the key has bubbled up to the app."""
        await act_now(self, event)

    def arm(self) -> None:
        """Start to take keys."""
        self.armed = True
        self.since = Message().time
        self.renew()
        self.focus_answer()

    def disarm(self) -> None:
        """Take no keys until the line below is finished."""
        self.armed = False
        self.renew()


LINE_FIRST = Content.assemble(
    ("  Finish your line first; then ", "$quiet"),
    ("Enter ", "$accent bold"),
    ("in an empty line asks this", "$quiet"),
)


class Answer(LineInput):
    """An input for an answer. Enter acts at once, so that the letters after it already go elsewhere."""

    def __init__(self, *, password: bool = False) -> None:
        super().__init__(password=password)
        self.display = False

    async def on_key(self, event: events.Key) -> None:
        """Act at once: a binding would act only after its key reached the app, on whatever has the focus then."""
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            await self.action_submit()


class Confirm(Asked, can_focus=True):
    """Yes or no to a plan; a `confirm_word` has to be typed in place of yes.

    A `y` that begins a word must never confirm anything: letters other than its keys go to the prompt.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes"),
        Binding("n,escape", "answer(False)", "No", id="confirm.no"),
        Binding("ctrl+c", "cancel", "No, and drop the lines that wait", id="confirm.cancel"),
        Binding("question_mark,f2", "calls", "Show the calls", id="confirm.calls"),
    ]

    class Answered(Message):
        """Yes with the typed word, or no."""

        def __init__(self, plan: Plan, *, yes: bool, word: str = "") -> None:
            super().__init__()
            self.plan, self.yes, self.word = plan, yes, word

    class ShowCalls(Message):
        """Show or hide the calls of the plan."""

    class Wrong(Message):
        """A wrong word was typed."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self._word = Answer()
        self._wrong = False

    @property
    def takes_words(self) -> bool:
        """True if a word has to be typed."""
        return bool(self.plan.confirm_word)

    def words(self) -> tuple[Content, ...]:
        """The question, its instance, and the keys."""
        plan = self.plan
        head = Content.assemble(
            ("? ", "$warning bold"),
            (harmless(plan.title, 160), "bold"),
            ("  on ", "$quiet"),
            (harmless(plan.instance, 40), "$accent bold"),
        )
        if not self.armed:
            keys = LINE_FIRST
        elif self.takes_words:
            wrong = ("Wrong word. ", "$error") if self._wrong else ""
            keys = Content.assemble(
                "  ",
                wrong,
                "Type ",
                (harmless(plan.confirm_word, 60), "$accent bold"),
                " and Enter   " if self._wrong else " and Enter to do it   ",
                ("Esc ", "$accent bold"),
                "no   ",
                ("F2 ", "$accent bold"),
                "the calls" if self._wrong else "show the calls",
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
        return head, keys

    def compose(self) -> ComposeResult:
        """The question, and an input for the word if needed."""
        yield self._question
        yield self._word

    def renew(self) -> None:
        """Show the text, and the input for the word."""
        self._word.display = self.takes_words and self.armed
        super().renew()

    def focus_answer(self) -> None:
        """Focus the word's input, or this widget."""
        self.screen.set_focus(self._word if self.takes_words else self)

    def answers(self, key: str) -> bool:
        """Esc; y and n, or Enter after the word."""
        return key in (("escape", "enter") if self.takes_words else ("escape", "y", "n"))

    def is_stray(self, event: events.Key) -> bool:
        """Letters that are no answer, if no word is asked for."""
        return event.is_printable and not self.takes_words and event.character not in ("y", "n", "?")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`y` works only while armed and without a word to type."""
        return self.armed and not (self.takes_words and action == "answer" and parameters == (True,))

    def action_answer(self, yes: bool) -> None:
        """Answer."""
        self.post_message(self.Answered(self.plan, yes=yes))

    def action_calls(self) -> None:
        """Show or hide the calls."""
        self.post_message(self.ShowCalls())

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        word = event.value.strip()
        if word == self.plan.confirm_word:
            self.post_message(self.Answered(self.plan, yes=True, word=word))
            return
        self._wrong = True
        self._word.action_select_all()  # so that the next key replaces it
        self.post_message(self.Wrong())


class Secret(Asked):
    """A masked prompt. The value goes to the caller and is not stored."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "decline", "Do not give it", id="secret.decline"),
        Binding("ctrl+c", "cancel", "Cancel the command that asks", id="secret.cancel"),
    ]

    class Given(Message):
        """The secret, or None; not in `repr`."""

        def __init__(self, value: str | None) -> None:
            super().__init__()
            self.value = value

        def __rich_repr__(self) -> list[tuple[str, str]]:
            """Never the value."""
            return [("value", "None" if self.value is None else "•••")]

    class Doubted(Message):
        """A command was typed as the secret: the person has to confirm it or give another."""

    def __init__(self, title: str, prompt: str, is_command: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_command = is_command
        self._doubted = ""
        self._title, self._prompt = harmless(title, 160), harmless(prompt, 160)
        self._field = Answer(password=True)
        self._line = Horizontal(Mark(Content.styled("› ", "$warning bold")), self._field, id="secret-line")

    def words(self) -> tuple[Content, ...]:
        """The question, where the answer is kept, and the keys."""
        head = Content.assemble(("◆ ", "$warning bold"), (self._title, "bold"))
        if not self.armed:
            return head, LINE_FIRST
        if self._doubted:
            warned = ("That is a command, not a password. ", "$error")
            return head, Content.assemble("  ", warned, ("Enter sends it anyway   Esc cancels", "$quiet"))
        return head, Content.assemble("  ", self._prompt, ("   Enter sends it   Esc or / cancels", "$quiet"))

    def compose(self) -> ComposeResult:
        """The question and the masked line."""
        yield self._question
        yield self._line

    def renew(self) -> None:
        """Show the text and the masked input."""
        self._line.display = self._field.display = self.armed
        super().renew()

    def focus_answer(self) -> None:
        """Focus the masked input."""
        self.screen.set_focus(self._field)

    def answers(self, key: str) -> bool:
        """Enter and Esc."""
        return key == "escape" or (key == "enter" and not self._doubtful())

    def take(self, typed: str) -> None:
        """Start with the text typed before it was visible."""
        self._field.value = typed
        self._field.cursor_position = len(typed)

    def _doubtful(self) -> bool:
        """True if a command is typed, or typed behind something: terminals lose an Esc right before a slash."""
        value = self._field.value
        tails = (value[place:] for place, sign in enumerate(value) if sign == "/")
        return value != self._doubted and any(map(self._is_command, tails))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        value = event.value
        if self._doubtful():
            self._doubted = value
            self.renew()
            # Enter, pressed before the letters arrived, was taken for the answer.
            self.post_message(self.Doubted())
            return
        self._field.value = ""
        self.post_message(self.Given(value))

    def action_decline(self) -> None:
        """Give nothing."""
        self._field.value = ""
        self.post_message(self.Given(None))

    def action_cancel(self) -> None:
        """Give nothing, and cancel the command."""
        super().action_cancel()
        self._field.value = ""
