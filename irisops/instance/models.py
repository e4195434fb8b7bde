"""Records that the reads return: plain, and never changed. Times are aware datetimes in UTC, durations are seconds.

Text is kept raw as the instance sent it; it is made harmless where it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Generic, Literal, NamedTuple, Self, TypeVar, overload

from irisops.instance.calls import Value
from irisops.instance.packed_rows import unpacked
from irisops.instance.values import NamedRow, Row, as_flag, as_int, as_text, as_utc, named_row

T = TypeVar("T")

HolderKind = Literal[
    "web", "client", "mixed", "grace", "this tool", "this tool (agent)", "system", "unexplained"
]


class SystemInfo(NamedTuple):
    """The instance, and this tool's own process on it."""

    zversion: str
    """`$ZVERSION` as it came."""
    product: str
    """`IRIS`, `IRIS for Health`, `Cache`; "" if the text has another shape."""
    version: str
    """Number of the release, e.g. `2025.2`; "" if unknown."""
    build: str
    platform: str
    namespace: str
    pid: int | None
    """Process id of this tool's own server process."""
    license_id: str | None
    """License user id of this tool's own server process; None if it could not be read."""
    instance_name: str | None

    @property
    def short(self) -> str:
        """Short product and version for a header, e.g. `IRIS 2025.2`."""
        return f"{self.product or 'IRIS'} {self.version}".strip()


def community_key(*words: str) -> bool:
    """True if a key's customer, product or capacity name the Community Edition (facts: license-sessions 1.2, 2.6).

    Its product is "Server" and its type "Concurrent User", as those of other keys may be.
    """
    return any("community" in each.casefold() for each in words)


def in_use_of(consumed: int | None, connections: int | None) -> int | None:
    """The main figure of a license: units, on Community Edition connections; None if unknown.

    There LUConsumed need not move with each connection (facts: license-sessions 2.6), so the larger one counts.
    `connections` is None on other editions.
    """
    return max((each for each in (consumed, connections) if each is not None), default=None)


class LicenseCounts(NamedTuple):
    """License units of the instance and facts of its key (facts: iris-license-sessions 1.2).

    Counts are None where the instance gave nothing. `max_connections` is how many connections one holder may have for
    one unit; read at run time, never assumed.
    """

    limit: int | None
    consumed: int | None
    available: int | None
    max_consumed: int | None
    min_available: int | None
    max_connections: int | None
    enforced: int | None = None
    csp_users: int | None = None
    csp_grace: int | None = None
    product: str = ""
    customer: str = ""
    license_type: str = ""
    server: str = ""
    """`Single` or `Multi`."""
    expires: date | None = None
    capacity: str = ""
    notes: tuple[str, ...] = ()
    """Sentences: what could not be read and why."""

    @property
    def community(self) -> bool:
        """True for the key of a Community Edition, where each connection takes one of the units."""
        return community_key(self.customer, self.product, self.capacity)


class Holder(NamedTuple):
    """One license holder: all rows' `units` add up to the instance's `consumed`.

    `free_at` is when the unit returns if nothing further happens (UTC); None means "when it disconnects" or unknown;
    `free_when` says which, in plain words. `pids` and `session_ids` are its processes and sessions, if readable.
    """

    holder: str
    kind: HolderKind
    why: str
    units: int
    connections: int | None
    max_connections_seen: int | None = None
    sessions: int | None = None
    processes: int | None = None
    since: datetime | None = None
    active_seconds: int | None = None
    grace_seconds: int | None = None
    free_at: datetime | None = None
    free_when: str = ""
    free_from: datetime | None = None
    """When the first of several units returns (UTC), where they return one by one; None otherwise."""
    own: bool = False
    """This tool's own connection counts under this holder."""
    users: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    session_ids: tuple[str, ...] = ()
    pids: tuple[int, ...] = ()
    anonymous_sessions: bool = False
    """The row stands for sessions without a login, each a holder of its own (facts: iris-license-sessions 2.1)."""

    @property
    def places(self) -> int:
        """What it takes of a Community Edition's connections: a reserved unit without a connection takes one, too."""
        return self.connections or self.units


class LicenseBoard(NamedTuple):
    """Counts and holders of one moment. `notes` name what could not be read and the missing privilege."""

    counts: LicenseCounts
    holders: Sequence[Holder]
    """Made when they are looked at: go through them once."""
    notes: tuple[str, ...]
    read_at: datetime
    """The instance's time at the reading; this machine's if the instance's is unknown."""
    clock_offset: float = 0.0
    """Seconds by which the instance's clock is ahead of this machine's."""
    crowded: tuple[Holder, ...] = ()
    """Those of one unit with nearly as many connections as share one."""

    @property
    def connections(self) -> int | None:
        """Connections of all holders on Community Edition; None on others, or where the holders cannot be read."""
        if not self.counts.community:
            return None
        # This tool's own connection is always in the list: an empty one tells nothing.
        listed = [holder for holder in self.holders if holder.kind != "unexplained"]
        return sum(holder.places for holder in listed) if listed else None

    @property
    def in_use(self) -> int | None:
        """Connections in use on Community Edition, units on others; None if unknown."""
        return in_use_of(self.counts.consumed, self.connections)

    @property
    def free(self) -> int | None:
        """How many more fit; None if unknown."""
        if self.connections is None or self.counts.limit is None:
            return self.counts.available
        return max(0, self.counts.limit - (self.in_use or 0))

    @property
    def counted(self) -> str:
        """What `in_use` and `free` count: "connection" or "unit"."""
        return "unit" if self.connections is None else "connection"

    def places(self, holder: Holder) -> int:
        """How much of `in_use` a holder takes."""
        return holder.units if self.connections is None else holder.places


class WebSession(NamedTuple):
    """One row of `%CSP.Session:SessionInfo` (facts: iris-license-sessions 3.2). Never show `id` whole."""

    id: str
    username: str
    application: str
    expires: datetime | None
    """UTC; moves with every request. None for a session that never expires or an unreadable value."""
    license_id: str
    preserve: bool
    pid: int | None
    allow_end: bool

    @property
    def anonymous(self) -> bool:
        """No login: the session is its own license holder (facts: iris-license-sessions 2.1)."""
        return self.license_id in {self.id, ""}


class _Cell(Generic[T]):
    """A value of a `Process`: its column, converted whenever it is asked for."""

    def __init__(self, column: str, convert: Callable[[Value], T]) -> None:
        self._column, self._convert = column, convert

    @overload
    def __get__(self, process: None, owner: type[Process]) -> Self: ...

    @overload
    def __get__(self, process: Process, owner: type[Process]) -> T: ...

    def __get__(self, process: Process | None, owner: type[Process]) -> Self | T:
        if process is None:
            return self
        place = process.places.get(self._column)  # as `get`, without its call: a sort reads 40,000 cells
        return self._convert(None if place is None else unpacked(process.kept)[place])


def is_system(holder: Value, ending: Value) -> bool:
    """See `Process.system`: by its license user id, and whether it can be terminated."""
    return not as_text(holder) and not as_flag(ending)


class Process(NamedRow):
    """One row of `%SYS.ProcessQuery`, the columns that need no answer from it (facts: license-sessions 4.1).

    It is the row alone: ten thousand records with all their values would take 4 MB more, and few are ever shown. What
    was not read is "", False or None.
    """

    __slots__ = ("own",)

    def __init__(self, row: Row, *, own: bool = False) -> None:
        row = row if isinstance(row, NamedRow) else named_row(row)
        super().__init__(row.places, row.kept)
        self.own = own
        """This tool's own server process."""

    pid = _Cell("pid", lambda value: as_int(value) or 0)
    job_number = _Cell("jobnumber", as_int)
    username = _Cell("username", as_text)
    namespace = _Cell("namespace", as_text)
    routine = _Cell("routine", as_text)
    state = _Cell("state", as_text)
    device = _Cell("currentdevice", as_text)
    client_ip = _Cell("clientipaddress", as_text)
    client_node = _Cell("clientnodename", as_text)
    executable = _Cell("clientexecutablename", as_text)
    os_username = _Cell("osusername", as_text)
    license_id = _Cell("licenseuserid", as_text)
    csp_session_id = _Cell("cspsessionid", as_text)
    location = _Cell("location", as_text)
    transaction_offset = _Cell("intransaction", lambda value: as_int(value) or 0)
    priority = _Cell("priority", as_int)
    commands = _Cell("commandsexecuted", as_int)
    global_refs = _Cell("globalreferences", as_int)
    cpu_ms = _Cell("cputime", as_int)
    roles = _Cell("roles", as_text)
    login_roles = _Cell("loginroles", as_text)
    # Unknown means no: such a process must not be acted on.
    can_be_examined = _Cell("canbeexamined", as_flag)
    can_be_suspended = _Cell("canbesuspended", as_flag)
    can_be_terminated = _Cell("canbeterminated", as_flag)
    user_info = _Cell("userinfo", as_text)
    started = _Cell("starttimeutc", as_utc)
    """UTC; None before 2025, where IRIS keeps no start time (facts: iris-license-sessions 4.1)."""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Process) and self.kept == other.kept and self.places == other.places:
            return self.own == other.own
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.pid)

    @property
    def in_transaction(self) -> bool:
        """True if it has an open transaction."""
        return self.transaction_offset != 0

    @property
    def system(self) -> bool:
        """A daemon: no license holder and not to be ended by a person."""
        return is_system(self.license_id, self.can_be_terminated)

    @property
    def suspended(self) -> bool:
        """True if it is suspended (facts: iris-license-sessions 4.2)."""
        return self.state.startswith("SUSP")


class User(NamedTuple):
    """One user (facts: iris-security 2.5). Fields that the List query does not carry are None unless read by detail."""

    name: str
    enabled: bool
    roles: tuple[str, ...]
    last_login: datetime | None
    """None for never, or if the list has no logins: see `last_login_known`."""
    full_name: str | None = None
    comment: str | None = None
    namespace: str | None = None
    routine: str | None = None
    expires: date | None = None
    type: str = ""
    """How the account is kept: password, LDAP, delegated; the instance's own words or a decoded flag."""
    change_password: bool | None = None
    password_never_expires: bool | None = None
    account_never_expires: bool | None = None
    superuser: bool = False
    """Holds %All directly."""
    last_login_known: bool = True


class Role(NamedTuple):
    """One role (facts: iris-security 3.1). `%All` shows no resources though it grants everything."""

    name: str
    description: str
    resources: tuple[tuple[str, str], ...]
    """(resource, permission letters), e.g. ("%DB_USER", "RW")."""
    granted_roles: tuple[str, ...]
    escalation_only: bool = False


class PollCounts(NamedTuple):
    """The side panel's figures. None where a figure cannot be read; `notes` says why.

    `units_used` is the instance's own counter, `connections` those of a Community Edition (as in `LicenseBoard`).
    `postponed`: the sessions, never read yet, are left to the next poll, which has round trips to spare.
    """

    units_used: int | None
    units_limit: int | None
    sessions: int | None
    processes: int | None
    read_at: datetime
    round_trips: int
    notes: tuple[str, ...] = ()
    postponed: bool = False
    community: bool = False
    connections: int | None = None

    @property
    def in_use(self) -> int | None:
        """Connections in use on Community Edition, units on others; None if unknown."""
        return in_use_of(self.units_used, self.connections)

    @property
    def free(self) -> int | None:
        """How many more fit; None if unknown."""
        used, limit = self.in_use, self.units_limit
        return None if used is None or limit is None else max(0, limit - used)

    @property
    def at_least(self) -> bool:
        """True if more may be in use: a Community Edition's own counter, without the connections."""
        return self.community and self.connections is None and self.units_used is not None


class LicenseRow(NamedTuple):
    """One row of UserList. Durations in seconds."""

    user_id: str
    type: str
    connections: int
    max_connections: int
    csp_connections: int
    units: int
    active: int
    grace: int

    @property
    def places(self) -> int:
        """As `Holder.places`."""
        return self.connections or self.units
