"""The editor: a form beside the transcript (over it on a narrow screen). Saving runs its command."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Select

from irisops.contract.replies import Cell, Form, FormField
from irisops.contract.wording import harmless
from irisops.ui.fields import FIELD_LIMIT, FieldWidget, ListField, TextField, Touched, widget_for
from irisops.ui.figures import TEXT_LIMIT
from irisops.ui.keys import footer_keys
from irisops.ui.lines import Lines, wrapped
from irisops.ui.themes import styles_folder


class Words(Lines):
    """A short text in one style."""

    def __init__(self, text: str, style: str, *, classes: str = "") -> None:
        super().__init__(classes=classes)
        self.text, self.style_name = text, style
        self.display = bool(text)

    def put(self, text: str, style: str | None = None) -> None:
        """Replace the text; an empty one hides the widget."""
        self.text = text
        self.style_name = style or self.style_name
        self.display = bool(text)
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        """The text, wrapped."""
        return wrapped(Content.styled(harmless(self.text, TEXT_LIMIT), self.style_name), width)


class FieldRow(Vertical):
    """A label, a field, and below it an error or, while the field has the focus, its help."""

    def __init__(self, field: FormField, error: str) -> None:
        super().__init__()
        self.field = field
        self.widget: FieldWidget = widget_for(field)
        mark = " *" if field.required else ""
        self._label = Words(f"{field.label}{mark}", "$quiet", classes="label")
        self._below = Words("", "$quiet", classes="below")
        self._error = error
        self._wrong: Cell = None
        """The value that the error is about."""

    def compose(self) -> ComposeResult:
        """Label and field on one line, error or help below."""
        with Horizontal():
            yield self._label
            yield self.widget
        yield self._below

    def on_mount(self) -> None:
        """Show the error that came with the form."""
        self.say(self._error)

    def say(self, error: str) -> None:
        """Show an error on the field; an empty one clears it."""
        self._error = error
        self._wrong = self.widget.value_of()
        self.set_class(bool(error), "-wrong")
        self._tell()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Touched)
    def _mended(self) -> None:
        """Check a wrong field again once its value is another."""
        if self._error and self.widget.value_of() != self._wrong:
            self.say(self.widget.fault())

    def _tell(self) -> None:
        if self._error:
            self._below.put(f"✕ {self._error}", "$error")
        else:
            note = self.widget.note if isinstance(self.widget, TextField) else ""
            help_text = self.field.help if self.has_focus_within else ""
            self._below.put(" ".join(filter(None, (note, help_text))), "$quiet")

    @on(TextField.Full)
    def _full(self) -> None:
        self.say(f"At most {FIELD_LIMIT:,} characters fit here; that was not taken.")

    def on_descendant_focus(self) -> None:
        """Show the help of the focused field."""
        self._tell()

    def on_descendant_blur(self) -> None:
        """Hide the help."""
        self._tell()


class EditorScreen(ModalScreen[bool]):
    """Edits the fields of a `Form`. `submit` is called with the screen when the fields are valid.

    The result is True if what was submitted was answered, False if the person left.
    """

    CSS_PATH = str(styles_folder() / "editor.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the field sees it: letters typed right after Tab belong to the next field.
        Binding("tab", "app.focus_next", "Next field", show=False, priority=True, id="editor.next"),
        Binding("shift+tab", "app.focus_previous", "Field before", show=False, priority=True),
        Binding("ctrl+s", "save", "Save: shows the plan", id="editor.save"),
        Binding("escape", "leave", "Close without saving", id="editor.leave"),
        Binding("ctrl+c", "app.interrupt", "Cancel what runs, else close", id="editor.cancel"),
        Binding("f1", "app.keys", "Which keys work now", id="app.keys"),
        Binding("down", "app.focus_next", "Next field", show=False, id="editor.below"),
        Binding("up", "app.focus_previous", "Field before", show=False, id="editor.before"),
    ]

    def __init__(self, form: Form, submit: Callable[[EditorScreen], None]) -> None:
        super().__init__()
        self.form = form
        self._submit = submit
        self._rows = [FieldRow(field, form.errors.get(field.name, "")) for field in form.fields]
        self._loaded: dict[str, Cell] = {}
        self._warned = False
        self._message = Words("", "$error")
        self._message.id = "editor-message"

    def compose(self) -> ComposeResult:
        """A box at the right."""
        self.set_class(any(field.group for field in self.form.fields), "-grouped")
        with VerticalScroll(id="editor") as box:
            box.can_focus = False
            box.border_title = Content(harmless(self.form.title, 80))
            yield self._message
            for before, row in zip([None, *self._rows], self._rows, strict=False):
                if row.field.group and (before is None or before.field.group != row.field.group):
                    yield Words(row.field.group, "bold $accent", classes="group")
                yield row
            for note in self.form.notes:
                yield Words(f"· {note}", "$quiet")

    def on_mount(self) -> None:
        """Remember the loaded values; focus the first wrong field, or the first one."""
        self._loaded = self.values()
        self.watch(self, "focused", self._show_keys)
        self._focus_first_wrong(default=True)

    def _show_keys(self) -> None:
        """Show the keys of the focused field in the border."""
        parts = [
            Content.assemble((key, "$foreground"), (f" {words}", "$quiet"))
            for key, words in footer_keys(self.focused or self)
        ]
        self.query_one("#editor").border_subtitle = Content("  ").join(parts)

    def values(self) -> dict[str, Cell]:
        """Entered values by field name."""
        return {row.field.name: row.widget.value_of() for row in self._rows}

    def show_errors(self, form: Form) -> None:
        """Show errors on their fields and keep the entered values."""
        self.form = form
        for row in self._rows:
            row.say(form.errors.get(row.field.name, ""))
        known = {row.field.name for row in self._rows}
        self.say("  ".join(text for name, text in form.errors.items() if name not in known))
        self._focus_first_wrong(default=False)

    def say(self, message: str) -> None:
        """Show a problem of the whole form."""
        self._message.put(f"✕ {message}" if message else "")

    def _focus_first_wrong(self, *, default: bool) -> None:
        wrong = next((row for row in self._rows if row.has_class("-wrong")), None)
        target = wrong or (self._rows[0] if default and self._rows else None)
        if target is not None:
            widget = target.widget
            (widget.names if isinstance(widget, ListField) else widget).focus()

    def action_save(self) -> None:
        """Check the fields and submit them."""
        for row in self._rows:
            row.say(row.widget.fault())
        if any(row.has_class("-wrong") for row in self._rows):
            self._focus_first_wrong(default=False)
            return
        self.say("")
        self._submit(self)

    def action_leave(self) -> None:
        """Close; with unsaved changes only the second time it is pressed."""
        if self.values() == self._loaded or self._warned:
            self.dismiss(result=False)
            return
        self._warned = True
        self.say("Not saved. Esc again closes and forgets the changes, Ctrl+S saves.")
