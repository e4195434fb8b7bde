"""Cells that are wrong today, each with its reason. One that is right by now fails the test: take its line out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.matrix.worlds import Place


@dataclass(frozen=True, slots=True)
class Known:
    """A wrong cell: the line, the account and the behaviour in doubt, NAME=VALUE, that it takes; "" for any."""

    line: str
    account: str
    doubt: str
    reason: str
    versions: Sequence[str] = ("2024.1", "2025.2", "2026.2")

    def fits(self, line: str, place: Place) -> bool:
        """True for the cell of this line in that place."""
        name, _, behaviour = self.doubt.partition("=")
        return (
            self.line == line
            and self.account in ("", place.account)
            and (not name or place.doubts[name] == behaviour)
            and place.version in self.versions
        )


KNOWN: tuple[Known, ...] = ()
