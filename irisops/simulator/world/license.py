"""The license engine: who holds which units, by the rules of concurrent-user keys (facts: license-sessions 2).

Pure: it knows identities, connections and a clock, and nothing of users, processes or web pages.

An identity (a client's address, `user@address`, or the id of a web session that nobody logged in to) holds one unit
for up to `max_connections` connections. The next one flips it to a unit for each, until all of its connections close.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import count


class Kind(Enum):
    """What a connection is for: a login (terminal, driver), or a web session."""

    USER = "User"
    CSP = "CSP"


class LicenseLimitExceededError(Exception):
    """No unit is free for this connection: the kernel's `<LICENSE LIMIT EXCEEDED>` (facts: license-sessions 2.4)."""

    def __init__(self, identity: str) -> None:
        super().__init__("<LICENSE LIMIT EXCEEDED>")
        self.identity = identity


@dataclass(eq=False, slots=True)
class Connection:
    """One connection's claim. `grace` is for how many seconds its closing would keep the unit (a one-page visit)."""

    identity: str
    kind: Kind
    grace: int = 0
    open: bool = True


@dataclass(frozen=True, slots=True)
class Holder:
    """One row of `%SYSTEM.License:UserList` (facts: license-sessions 1.3). Times are in seconds."""

    user_id: str
    kind: str
    """User, CSP, Mixed, or Grace (no connection is left, the unit is still reserved)."""
    connections: int
    max_connections: int
    csp_connections: int
    units: int
    active_seconds: int
    grace_seconds: int
    """For how long the unit would stay reserved if everything closed now."""
    flipped: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """The counters of `%SYSTEM.License` (facts: license-sessions 1.2)."""

    limit: int
    consumed: int
    available: int
    max_consumed: int
    min_available: int
    max_connections_per_unit: int
    connections: int
    max_connections: int
    csp_users: int
    max_csp_users: int
    csp_grace: int
    max_csp_grace: int


@dataclass(slots=True)
class _Account:
    """The books of one identity."""

    identity: str
    since: datetime
    connections: dict[Connection, None] = field(default_factory=dict)
    csp: int = 0
    peak: int = 0
    flipped: bool = False
    reserved_until: datetime | None = None
    units: int = 0


class LicenseEngine:
    """Grants and takes back units. `now` is asked for each change; nothing else tells it the time."""

    def __init__(
        self,
        now: Callable[[], datetime],
        units: int,
        max_connections: int = 25,
        *,
        community: bool = False,
        by_identity: Callable[[], bool] = bool,
    ) -> None:
        """A key of `units`. With `community`, no more than `units` connections fit, whoever has them.

        Its counters count connections, or identities where `by_identity` says so (facts: license-sessions 2.6).
        """
        if units < 1 or max_connections < 1:
            raise ValueError("a license has at least one unit, and a unit at least one connection")
        self._now = now
        self.limit = units
        self.max_connections = max_connections
        self.community = community
        self._by_identity = by_identity
        self.connection_limit = 0
        """`SetConnectionLimit`: the most connections that one identity may have; 0 is no limit of its own."""
        self.revision = 0
        self.on_refusal: Callable[[str], None] | None = None
        """Told the identity that was refused a connection."""
        self._accounts: dict[str, _Account] = {}
        self._later: list[tuple[datetime, int, Connection | str]] = []
        self._number = count()
        self._consumed = 0
        self._connections = 0
        self._csp = 0
        self._grace = 0
        self._marks = _Marks(units)

    @property
    def consumed(self) -> int:
        """Units in use now."""
        self.expire()
        return self._consumed

    @property
    def available(self) -> int:
        """Units free now."""
        return self.limit - self.consumed

    @property
    def room(self) -> int:
        """New identities that still get in, each with one connection; on Community Edition, fewer than `available`."""
        return self.limit - (self._occupied if self.community else self.consumed)

    @property
    def _occupied(self) -> int:
        """Places that connections and reservations take on Community Edition."""
        self.expire()
        return self._connections + self._grace

    def connect(self, identity: str, kind: Kind = Kind.USER, *, grace: int = 0) -> Connection:
        """Claim a connection for `identity`.

        Raises `LicenseLimitExceededError`, and changes nothing, if it does not fit.
        """
        self.expire()
        account = self._accounts.get(identity)
        held = len(account.connections) if account else 0
        if self.connection_limit and held >= self.connection_limit:
            raise LicenseLimitExceededError(identity)  # not logged (facts: license-sessions 2.2)
        flipped = bool(account and account.flipped) or (
            held + 1 > self.max_connections and not self.community
        )
        needed = self._price(held + 1, flipped=flipped) - (account.units if account else 0)
        free = self.limit - self._consumed
        if self.community:
            needed = 0 if account and not account.connections else 1
            free = self.limit - self._occupied
        if needed > free:
            # UNVERIFIED: a connection that would flip its identity to more units than are free is refused as any other
            # that does not fit. Settle: with 8 units, none of them Community, open a 26th connection from one address.
            if self.on_refusal is not None:
                self.on_refusal(identity)
            raise LicenseLimitExceededError(identity)
        if account is None:
            account = self._accounts[identity] = _Account(identity, self._now())
        elif not account.connections:
            account.since, account.peak = self._now(), 0
            self._end_grace(account)
        connection = Connection(identity, kind, grace)
        account.connections[connection] = None
        account.csp += kind is Kind.CSP
        account.peak = max(account.peak, len(account.connections))
        account.flipped = flipped
        self._connections += 1
        self._csp += kind is Kind.CSP
        self._settle(account)
        return connection

    def close(self, connection: Connection, *, hold: float = 0, grace: int | None = None) -> None:
        """Give a connection back. Closing twice is no error.

        `hold` keeps it, as if open, for so many seconds more (the minimum of an anonymous REST call, facts:
        license-sessions 2.3). `grace` overrides what the connection says about how long its unit stays reserved.
        """
        self.expire()
        if not connection.open:
            return
        if grace is not None:
            connection.grace = grace
        if hold > 0:
            when = self._now() + timedelta(seconds=hold)
            heapq.heappush(self._later, (when, next(self._number), connection))
            return
        self._drop(connection, self._now())

    def expire(self) -> None:
        """Let go of what has had its time. Reads do it by themselves."""
        if not self._later:
            return
        present = self._now()
        while self._later and self._later[0][0] <= present:
            when, _, what = heapq.heappop(self._later)
            if isinstance(what, Connection):
                if what.open:
                    self._drop(what, when)
                continue
            account = self._accounts.get(what)
            if account is not None and not account.connections and account.reserved_until == when:
                self._end_grace(account)
                self._settle(account)

    def next_release(self) -> datetime | None:
        """When the next reserved or held unit may come back by itself."""
        self.expire()
        return self._later[0][0] if self._later else None

    def counts(self) -> Counts:
        """All counters at this moment."""
        self.expire()
        marks = self._marks
        return Counts(
            limit=self.limit,
            consumed=self._consumed,
            available=self.limit - self._consumed,
            max_consumed=marks.consumed,
            min_available=marks.available,
            max_connections_per_unit=self.max_connections,
            connections=self._connections,
            max_connections=marks.connections,
            csp_users=self._csp,
            max_csp_users=marks.csp,
            csp_grace=self._grace,
            max_csp_grace=marks.grace,
        )

    def holders(self) -> Iterator[Holder]:
        """Everybody who holds a unit, oldest first."""
        self.expire()
        present = self._now()
        for account in list(self._accounts.values()):
            yield Holder(
                user_id=account.identity,
                kind=_row_type(account),
                connections=len(account.connections),
                max_connections=account.peak,
                csp_connections=account.csp,
                units=account.units,
                active_seconds=int((present - account.since).total_seconds()),
                grace_seconds=_grace_of(account, present),
                flipped=account.flipped,
            )

    def reset_marks(self) -> None:
        """`LUMaxConsumedReset("*")`: the high-water marks start anew from the present figures."""
        self.expire()
        self._marks = _Marks(self.limit)
        self._marks.note(self._consumed, self.limit, self._connections, self._csp, self._grace)

    def _price(self, connections: int, *, flipped: bool) -> int:
        if flipped or (self.community and not self._by_identity()):
            return connections
        return min(connections, 1)

    def _drop(self, connection: Connection, when: datetime) -> None:
        account = self._accounts[connection.identity]
        connection.open = False
        del account.connections[connection]
        account.csp -= connection.kind is Kind.CSP
        self._connections -= 1
        self._csp -= connection.kind is Kind.CSP
        if connection.grace > 0:
            until = when + timedelta(seconds=connection.grace)
            account.reserved_until = max(account.reserved_until or until, until)
        if not account.connections:
            account.flipped = False
            self._start_grace(account, when)
        self._settle(account)

    def _start_grace(self, account: _Account, when: datetime) -> None:
        if account.reserved_until is None or account.reserved_until <= when:
            account.reserved_until = None
            return
        self._grace += 1
        heapq.heappush(self._later, (account.reserved_until, next(self._number), account.identity))

    def _end_grace(self, account: _Account) -> None:
        """The reservation of an identity without connections is over: its time is, or the identity came back."""
        if account.reserved_until is not None:
            account.reserved_until = None
            self._grace -= 1

    def _settle(self, account: _Account) -> None:
        """Work out the account's units anew and enter the difference in the sums and marks."""
        # UNVERIFIED: the grace of an identity that held several units keeps one of them. Settle: open 26 one-page
        # sessions as one user, end them all, read LicenseCount() of the user.
        reserved = 1 if account.reserved_until is not None and not account.connections else 0
        units = max(self._price(len(account.connections), flipped=account.flipped), reserved)
        self._consumed += units - account.units
        account.units = units
        if not account.connections and not reserved:
            del self._accounts[account.identity]
        self._marks.note(self._consumed, self.limit, self._connections, self._csp, self._grace)
        self.revision += 1


class _Marks:
    """High-water marks, and the low-water mark of free units."""

    def __init__(self, limit: int) -> None:
        self.consumed = self.connections = self.csp = self.grace = 0
        self.available = limit

    def note(self, consumed: int, limit: int, connections: int, csp: int, grace: int) -> None:
        """Compare with the present figures."""
        self.consumed = max(self.consumed, consumed)
        self.available = min(self.available, limit - consumed)
        self.connections = max(self.connections, connections)
        self.csp = max(self.csp, csp)
        self.grace = max(self.grace, grace)


def _row_type(account: _Account) -> str:
    if not account.connections:
        return "Grace"
    if account.csp == 0:
        return Kind.USER.value
    return Kind.CSP.value if account.csp == len(account.connections) else "Mixed"


def _grace_of(account: _Account, present: datetime) -> int:
    reserved = 0.0
    if account.reserved_until is not None:
        reserved = (account.reserved_until - present).total_seconds()
    return max(0, int(reserved), *(connection.grace for connection in account.connections))
