"""The small protocol of the parts of a card."""

from __future__ import annotations

from textual.widget import Widget

from irisops.contract.replies import Problem, Reply


class Section(Widget):
    """A widget that shows one reply and can show its successor in place."""

    @property
    def reply(self) -> Reply:
        """What is shown."""
        raise NotImplementedError

    def show(self, reply: Reply) -> None:
        """Show a newer reply of the same kind and name."""
        raise NotImplementedError

    def let_go(self) -> None:
        """Forget what is large: the section is taken off the screen."""


def identity(reply: Reply) -> tuple[str, str]:
    """Replies with the same identity replace each other inside a card."""
    return type(reply).__name__, reply.error if isinstance(reply, Problem) else reply.name
