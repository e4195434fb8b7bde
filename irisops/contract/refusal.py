"""Refusal of a command before the instance is changed."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.contract.replies import Problem


class Refusal(Exception):  # noqa: N818 - it is a decision
    """Becomes a `Problem` reply. `error` is its public name (`NoSuchUser`, `OwnAccount`, ...)."""

    def __init__(self, error: str, message: str, cure: str, *, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.cure = cure
        self.suggestions = tuple(suggestions)

    def problem(self, text: str = "") -> Problem:
        """As a reply; `text` is the line typed."""
        return Problem(self.error, self.message, self.cure, text=text, suggestions=self.suggestions)
