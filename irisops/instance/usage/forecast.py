"""How many license units more people, browsers or programs would cost, and whether they fit. Pure.

The rules are those of concurrent-user keys (facts: iris-license-sessions 2.1, 2.2, 2.6): an identity holds one unit for
up to `max_connections` connections; one connection more and it pays one unit for each, until all of them have closed.
On Community Edition every connection is one of the units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from irisops.instance.models import Holder, LicenseBoard

ArrivalKind = Literal["people", "browsers", "vscode", "clients"]

MOST = 100_000
"""Largest number of arrivals accepted; more is taken for a typing error."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Connections and units of one license user id now."""

    connections: int = 0
    units: int = 0
    flipped: bool = False
    """It passed `max_connections` and pays for each connection until all have closed."""


@dataclass(frozen=True, slots=True)
class Situation:
    """License use at present. `consumed` is `LicenseBoard.in_use`: units, on Community Edition connections."""

    limit: int
    consumed: int
    max_connections: int
    community: bool = False

    @property
    def free(self) -> int:
        """Units not in use."""
        return max(0, self.limit - self.consumed)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cost of `number` newcomers.

    `units` is the cost if all were admitted; `admitted` is how many are, in order, before the first refusal.
    `flips_at` is the newcomer that makes the shared identity pay per connection; None if none does.
    """

    number: int
    units: int
    admitted: int
    consumed_after: int
    free_after: int
    flips_at: int | None = None

    @property
    def fits(self) -> bool:
        """True if all are admitted."""
        return self.admitted == self.number


def situation_of(board: LicenseBoard) -> Situation | None:
    """License use as the board has it; None if the key's units or their use are unknown."""
    counts = board.counts
    if not counts.limit or board.in_use is None:
        return None
    return Situation(counts.limit, board.in_use, counts.max_connections or 1, counts.community)


def identity_of(board: LicenseBoard, license_id: str) -> Identity:
    """The identity of a license user id; an empty one if it holds nothing."""
    for holder in board.holders:
        if holder.holder == license_id and holder.connections is not None:
            return identity_of_holder(holder, board.counts.max_connections)
    return Identity()


def identity_of_holder(holder: Holder, max_connections: int | None) -> Identity:
    """The identity behind one row of the board."""
    connections = holder.connections or 0
    most = max_connections or 0
    flipped = bool(most) and connections > 0 and (holder.max_connections_seen or connections) > most
    return Identity(connections, holder.units, flipped)


def price(connections: int, *, flipped: bool, community: bool) -> int:
    """Units that one identity pays for its connections."""
    return connections if flipped or community else min(connections, 1)


def each_its_own(situation: Situation, number: int) -> Forecast:
    """`number` newcomers, each a separate identity: different addresses, or browsers without a login."""
    admitted = min(number, situation.free)
    after = situation.consumed + admitted
    return Forecast(number, number, admitted, after, max(0, situation.limit - after))


def all_as_one(situation: Situation, number: int, held: Identity | None = None) -> Forecast:
    """`number` connections of one identity: one shared address, or one user at one address."""
    held = held or Identity()
    community, most = situation.community, situation.max_connections
    admitted = flips_at = None
    # Community Edition's counter may have one unit for several connections: what counts are the connections.
    paid = price(held.connections, flipped=held.flipped, community=True) if community else held.units
    units, consumed = paid, situation.consumed
    for newcomer in range(1, number + 1):
        connections = held.connections + newcomer
        flipped = held.flipped or (connections > most and not community)
        needed = max(price(connections, flipped=flipped, community=community), units)
        if flipped and not held.flipped and flips_at is None:
            flips_at = newcomer
        if admitted is None and consumed + needed - units > situation.limit:
            admitted = newcomer - 1
            consumed_after = consumed
        consumed, units = consumed + needed - units, needed
    if admitted is None:
        admitted, consumed_after = number, consumed
    return Forecast(
        number,
        units - paid,
        admitted,
        consumed_after,
        max(0, situation.limit - consumed_after),
        flips_at,
    )


def until_flip(identity: Identity, max_connections: int | None) -> int | None:
    """Connections left before an identity pays for each; None if it already does, or the limit is unknown."""
    if not max_connections or identity.flipped:
        return None
    return max(0, max_connections - identity.connections)


def after_ending(held: Identity, ended: int, *, community: bool) -> int:
    """Units of an identity when `ended` of its connections have closed and nothing stays reserved."""
    left = max(0, held.connections - ended)
    return min(held.units, price(left, flipped=held.flipped, community=community))


def total_after(board: LicenseBoard, ended: Iterable[tuple[Holder, int]]) -> int | None:
    """`in_use` of a board after so many connections of each holder have closed; None if the present use is unknown."""
    if board.in_use is None:
        return None
    if board.connections is not None:
        return board.in_use - sum(min(number, holder.places) for holder, number in ended)
    saved = 0
    for holder, number in ended:
        if holder.anonymous_sessions:
            # Each is an identity of its own with one connection (facts: 2.1).
            saved += round(holder.units * number / max(1, holder.connections or number))
            continue
        identity = identity_of_holder(holder, board.counts.max_connections)
        saved += holder.units - after_ending(identity, number, community=board.counts.community)
    return board.in_use - saved
