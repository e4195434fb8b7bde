"""Repeatable randomness: one seeded source per world, so that the same seed gives the same world."""

from __future__ import annotations

import random
import string

_ID_LETTERS = string.ascii_letters + string.digits


class Chance(random.Random):
    """A seeded source, for the practice world only; nothing secret depends on it."""

    def session_id(self) -> str:
        """Ten letters and digits in mixed case (facts: license-sessions 3.2)."""
        return "".join(self.choices(_ID_LETTERS, k=10))
