"""When live cards are read again: often enough to be watched, seldom enough to leave the processor to others."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from irisops.ui.card import Card

SHARE = 20
"""A live card reads for at most one of so many seconds, as long as that means no pause of more than `PATIENCE` seconds:
the processor has other work."""

PATIENCE = 10.0
"""Seconds for which people wait for newer figures."""

MOST = 5
"""A slow reading takes at most one of so many seconds of the instance, however long the pause."""

PACES = (4.0, 6.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds between two readings of a live card; it takes the shortest that its readings allow. 10,000 processes take a
third of a second, so they are read every 10 seconds."""

QUICK = 2.0
"""Seconds between readings that are short enough for everything: the usual poll interval."""

SLACK = 0.5
"""Seconds by which a reading may come early: the clock that starts it ticks every second or two."""


def pace_of(took: float, pace: float = 0.0) -> float:
    """Seconds between two readings of a card, the last of which took `took`; `pace` is the one that it has.

    It becomes quicker only where there is a quarter to spare, so that it does not go to and fro.
    """
    slow, spare = _shortest(took), _shortest(took * 1.25)
    return slow if slow > pace else min(pace, spare)


def _shortest(took: float) -> float:
    need = max(min(SHARE * took, PATIENCE), MOST * took)
    return 0.0 if need <= QUICK else next((each for each in PACES if each >= need), need)


class Paces:
    """The pace of each live card, from what its readings take. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.interval = 0.0
        """Seconds between two looks for what is due: a slower pace is shown on the card."""
        self._rests: WeakKeyDictionary[Card, float] = WeakKeyDictionary()
        """Until when a card is not read again."""

    def is_due(self, card: Card, now: float) -> bool:
        """True if the card may be read again."""
        return now >= self._rests.get(card, now)

    def was_read(self, card: Card, began: float, ended: float) -> None:
        """Set the pace by a reading."""
        pace = pace_of(ended - began, card.pace)
        self._rests[card] = began + pace - SLACK
        card.set_pace(pace, told=pace > self.interval)
