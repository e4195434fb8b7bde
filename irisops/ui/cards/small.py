"""The replies that need a line or two: done, progress, a form that was opened."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from irisops.contract.replies import Done, Form, Progress, Reply
from irisops.contract.wording import harmless
from irisops.ui.cards.section import Section
from irisops.ui.figures import TEXT_LIMIT, bar
from irisops.ui.lines import Lines, wrapped


class DoneSection(Lines, Section):
    """A change that was carried out and verified."""

    def __init__(self, reply: Done) -> None:
        super().__init__()
        self._done = reply

    @property
    def reply(self) -> Done:
        """What is shown."""
        return self._done

    def show(self, reply: Reply) -> None:
        """Show a newer one of the same name."""
        if isinstance(reply, Done) and reply != self._done:
            self._done = reply
            self.refresh(layout=True)

    def lines(self, width: int) -> Iterable[Content]:
        """What was done, details, how to take it back."""
        done = self._done
        text: list[tuple[str, str] | str] = [("✓ ", "$success bold"), harmless(done.message, TEXT_LIMIT)]
        if done.undo is not None:
            text += [("   take back: ", "$quiet"), (f"/undo {done.undo}", "$accent")]
        lines = wrapped(Content.assemble(*text), width, indent=2)
        for detail in done.details:
            lines += wrapped(Content.styled(f"  {harmless(detail, TEXT_LIMIT)}", "$quiet"), width, indent=2)
        return lines


class ProgressSection(Lines, Section):
    """A step of something long; a bar where the share is known."""

    def __init__(self, reply: Progress) -> None:
        super().__init__()
        self._progress = reply

    @property
    def reply(self) -> Progress:
        """What is shown."""
        return self._progress

    def show(self, reply: Reply) -> None:
        """The next step."""
        if isinstance(reply, Progress) and reply != self._progress:
            self._progress = reply
            self.refresh(layout=True)

    def lines(self, width: int) -> Iterable[Content]:
        """The step, with its share."""
        progress = self._progress
        message = harmless(progress.message, TEXT_LIMIT)
        if progress.fraction is None:
            return wrapped(Content.assemble(("◐ ", "$warning"), message), width, indent=2)
        share = f"{round(progress.fraction * 100):>3} %"
        room = min(24, max(6, width // 4))
        gauge = bar(progress.fraction, 1.0, room)
        return wrapped(Content.assemble((gauge, "$primary"), f" {share}  ", message), width, indent=room + 8)


class FormSection(Lines, Section):
    """The trace of an editor in the transcript."""

    def __init__(self, reply: Form) -> None:
        super().__init__()
        self._form = reply

    @property
    def reply(self) -> Form:
        """What was opened."""
        return self._form

    def show(self, reply: Reply) -> None:
        """The same editor again, perhaps with errors on its fields."""
        if isinstance(reply, Form):
            self._form = reply
            self.refresh(layout=True)

    def lines(self, width: int) -> Iterable[Content]:
        """One line."""
        title = harmless(self._form.title, 200)
        return wrapped(Content.assemble(("▤ ", "$secondary"), title, ("  editor", "$quiet")), width, indent=2)
