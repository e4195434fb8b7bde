"""Sections: the parts of a card, each of which shows one reply."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.widget import Widget

from irisops.contract.replies import Problem, Reply
from irisops.ui.lines import Lines
from irisops.ui.links import Commands

R = TypeVar("R", bound=Reply)


class Section(Widget):
    """A widget that shows one reply and can show its successor in place."""

    @property
    def reply(self) -> Reply:
        """The reply shown."""
        raise NotImplementedError

    def show(self, reply: Reply) -> None:
        """Show a newer reply of the same kind and name."""
        raise NotImplementedError

    def link(self, commands: Commands) -> None:
        """Make links of these commands; called before the section is shown."""
        raise NotImplementedError

    def let_go(self) -> None:
        """Forget what is large: the section is taken off the screen."""


class LinesSection(Lines, Section, Generic[R]):
    """A section of text. Subclasses return the lines of `reply`."""

    def __init__(self, reply: R) -> None:
        super().__init__()
        self._shown: R = reply

    def link(self, commands: Commands) -> None:
        """Make links of these commands in the lines."""
        self.commands = commands

    @property
    def reply(self) -> R:
        """The reply shown."""
        return self._shown

    def show(self, reply: Reply) -> None:
        """Show a newer reply; a new layout only if the number of lines changes."""
        if not isinstance(reply, type(self._shown)) or reply == self._shown:
            return
        width = self.content_size.width
        before = len(list(self.lines(width)))
        self._shown = reply
        self.refresh(layout=len(list(self.lines(width))) != before)


def identity(reply: Reply) -> tuple[str, str]:
    """Key of a reply inside a card: a reply replaces its predecessor with the same key."""
    return type(reply).__name__, reply.error if isinstance(reply, Problem) else reply.name
