"""Sections of a line or two: a result, progress, an opened form."""

from __future__ import annotations

from textual.content import Content

from irisops.contract.replies import Done, Form, Progress
from irisops.contract.wording import harmless
from irisops.ui.cards.section import LinesSection
from irisops.ui.figures import DONE_SIGNS, SIGNS, TEXT_LIMIT, bar
from irisops.ui.lines import wrapped
from irisops.ui.links import linked


class DoneSection(LinesSection[Done]):
    """A change that was carried out and verified."""

    def lines(self, width: int) -> list[Content]:
        """The result, its details, and how to undo it."""
        done = self.reply
        sign = DONE_SIGNS[done.tone]
        text: list[Content | tuple[str, str] | str] = [
            (f"{sign} ", SIGNS[sign]),
            harmless(done.message, TEXT_LIMIT),
        ]
        lines = wrapped(Content.assemble(*text), width, indent=2)
        if done.undo is not None:
            back = Content.assemble(
                ("take back: ", "$quiet"), linked(Content(f"/undo {done.undo}"), self.commands)
            )
            if lines[-1].cell_length + back.cell_length + 3 <= width:
                lines[-1] = Content.assemble(lines[-1], "   ", back)
            else:
                lines.append(back.pad_left(2))
        for detail in done.details:
            told = Content.styled(f"  {harmless(detail, TEXT_LIMIT)}", "$quiet")
            lines += wrapped(linked(told, self.commands), width, indent=2)
        return lines


class ProgressSection(LinesSection[Progress]):
    """A step of a long operation, with a bar where the share is known."""

    def lines(self, width: int) -> list[Content]:
        """The step, with its share."""
        progress = self.reply
        message = harmless(progress.message, TEXT_LIMIT)
        if progress.fraction is None:
            return wrapped(Content.assemble(("◐ ", "$warning"), message), width, indent=2)
        share = f"{round(progress.fraction * 100):>3} %"
        room = min(24, max(6, width // 4))
        gauge = bar(progress.fraction, 1.0, room)
        return wrapped(Content.assemble((gauge, "$primary"), f" {share}  ", message), width, indent=room + 8)


class FormSection(LinesSection[Form]):
    """The trace of an editor in the transcript."""

    def lines(self, width: int) -> list[Content]:
        """One line."""
        title = harmless(self.reply.title, 200)
        return wrapped(Content.assemble(("▤ ", "$secondary"), title, ("  editor", "$quiet")), width, indent=2)
