"""The small protocol of the parts of a card, and which part shows which reply."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual.widget import Widget

from irisops.commands.replies import Done, Facts, Form, Plan, Problem, Progress, Reply, Table


@runtime_checkable
class Section(Protocol):
    """A widget that shows one reply and can show its successor in place."""

    @property
    def reply(self) -> Reply:
        """What is shown."""
        ...

    def show(self, reply: Reply) -> None:
        """Show a newer reply of the same kind and name."""
        ...


def identity(reply: Reply) -> tuple[str, str]:
    """Replies with the same identity replace each other inside a card."""
    return type(reply).__name__, reply.error if isinstance(reply, Problem) else reply.name


def section_for(reply: Reply) -> Widget:
    """A new widget for a reply; every one of them is a `Section`. Imports late: most cards need one kind.

    A `Form` is drawn by the editor screen; in the transcript it leaves one line.
    """
    if isinstance(reply, Table):
        from irisops.ui.cards.table import TableSection

        return TableSection(reply)
    if isinstance(reply, Facts):
        from irisops.ui.cards.facts import FactsSection

        return FactsSection(reply)
    if isinstance(reply, Plan):
        from irisops.ui.cards.plan import PlanSection

        return PlanSection(reply)
    if isinstance(reply, Problem):
        from irisops.ui.cards.problem import ProblemSection

        return ProblemSection(reply)
    from irisops.ui.cards.small import DoneSection, FormSection, ProgressSection

    if isinstance(reply, Progress):
        return ProgressSection(reply)
    if isinstance(reply, Done):
        return DoneSection(reply)
    assert isinstance(reply, Form)  # noqa: S101 - tells the type checker that the list above is complete
    return FormSection(reply)
