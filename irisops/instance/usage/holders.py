"""Who holds the license units, why, and until when: the instance's lists joined. Pure.

The instance's own list (`%SYSTEM.License:UserList`) says how many units each license user id costs; web sessions and
processes, joined to it by that id, say why and until when (facts: iris-license-sessions 1.3, 2, 3.2, 4.1).

When units come back, if nothing further happens (facts: iris-license-sessions 2.3): web sessions end at their timeout,
and their unit with them or, after a visit of one page, when a grace period is over. A call without a session holds its
unit for ten seconds. A client's unit comes back when it disconnects, at a time nobody knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Literal, NamedTuple, overload

from irisops.instance.calls import Rows, Value
from irisops.instance.models import Holder, HolderKind, LicenseCounts, LicenseRow, WebSession
from irisops.instance.packed_rows import Cells
from irisops.instance.values import Row, as_int, as_text, places_of

REST_HOLD = timedelta(seconds=10)
"""The least time for which a call without a session holds its unit (facts: 2.3)."""

NEAR_THE_FLIP = 3
"""Connections below the most that share a unit, from which a holder is about to pay one for each."""

_AGENT_LEAVES = "when the agent has asked nothing for a minute"
UNEXPLAINED = "not explained"
"""Name of the row for units that no list explains."""
OF_HOLDERS = ("Pid", "UserName", "ClientExecutableName", "LicenseUserId", "CSPSessionID")
"""Columns of processes that say who holds what."""
_KINDS: dict[str, HolderKind] = {"USER": "client", "CSP": "web", "MIXED": "mixed", "GRACE": "grace"}


def license_row_of(row: Row) -> LicenseRow | None:
    """One row of UserList; None for a free slot or a row without an id."""
    user_id = as_text(row.get("userid"))
    units = as_int(row.get("lu")) or 0
    kind = as_text(row.get("type"))
    if not user_id or not (units or kind):
        return None
    return LicenseRow(
        user_id=user_id,
        type=kind,
        connections=as_int(row.get("connects")) or 0,
        max_connections=as_int(row.get("maxcon")) or 0,
        csp_connections=as_int(row.get("cspcon")) or 0,
        units=units,
        active=as_int(row.get("active")) or 0,
        grace=as_int(row.get("grace")) or 0,
    )


def build_holders(
    counts: LicenseCounts,
    rows: Sequence[LicenseRow],
    sessions: Sequence[WebSession] | None,
    processes: Rows | None,
    *,
    own_id: str,
    now: datetime,
    agents: Container[int] = (),
) -> Holders:
    """All holders, then the remainder: units add up to `counts.consumed` if that is known.

    Those with most units come first, on Community Edition those with most connections.

    `processes` are rows of `%SYS.ProcessQuery` with `OF_HOLDERS` among their columns. They and `sessions` are None
    where they could not be read. Sessions without a login, each a holder of its
    own, are grouped by application. `now` is when the rows were read (UTC). `agents` are processes of this tool that
    work for an agent.
    """
    by_license: dict[str, list[WebSession]] = {}
    for session in sessions or ():
        by_license.setdefault(session.license_id or session.id, []).append(session)
    running = _by_license(processes)
    community = counts.community  # it looks at the words of the key each time

    def make(row: LicenseRow) -> Holder:
        return _holder(
            row,
            by_license.get(row.user_id, ()),
            _Running.of(running.get(row.user_id, ())),
            now,
            max_connections=counts.max_connections,
            community=community,
            own=bool(own_id) and row.user_id == own_id,
            agents=agents,
            sessions_known=sessions is not None,
            processes_known=processes is not None,
        )

    listed: list[Holder | LicenseRow] = []
    anonymous: dict[str, list[tuple[LicenseRow, WebSession]]] = {}
    for row in rows:
        behind = by_license.get(row.user_id)
        if behind and len(behind) == 1 and behind[0].id == row.user_id:
            anonymous.setdefault(behind[0].application, []).append((row, behind[0]))
        else:
            listed.append(row)
    listed += (_anonymous(application, pairs, now) for application, pairs in anonymous.items())

    def place(each: Holder | LicenseRow) -> tuple[int, str]:
        name = each.holder if isinstance(each, Holder) else _name(each, by_license.get(each.user_id))
        return -(each.places if community else each.units), name.casefold()

    listed.sort(key=place)
    remainder = _remainder(counts, sum(each.units for each in listed))
    return Holders(
        [*listed, remainder] if remainder else listed, make, 0 if community else counts.max_connections
    )


class Holders(Sequence[Holder]):
    """The holders in order. One is made of its row when it is looked at: thousands are read, and few are shown."""

    __slots__ = ("_listed", "_make", "_sharing")

    def __init__(
        self, listed: Sequence[Holder | LicenseRow], make: Callable[[LicenseRow], Holder], sharing: int | None
    ) -> None:
        """`sharing` is how many connections share a unit; None or 0 where none do, or it is not known."""
        self._listed, self._make, self._sharing = listed, make, sharing

    @overload
    def __getitem__(self, place: int) -> Holder: ...

    @overload
    def __getitem__(self, place: slice) -> list[Holder]: ...

    def __getitem__(self, place: int | slice) -> Holder | list[Holder]:
        if isinstance(place, slice):
            return [*map(self._made, self._listed[place])]
        return self._made(self._listed[place])

    def __iter__(self) -> Iterator[Holder]:
        return map(self._made, self._listed)

    def __len__(self) -> int:
        return len(self._listed)

    def _made(self, each: Holder | LicenseRow) -> Holder:
        return each if isinstance(each, Holder) else self._make(each)

    def crowded(self) -> tuple[Holder, ...]:
        """Those that will soon pay one unit per connection (facts: iris-license-sessions 2.2)."""
        most = self._sharing
        if not most:
            return ()
        near = range(max(1, most - NEAR_THE_FLIP), most + 1)
        return tuple(
            [self._made(each) for each in self._listed if each.units == 1 and each.connections in near]
        )


class _Running(NamedTuple):
    """The processes of one license user."""

    pids: tuple[int, ...]
    users: tuple[str, ...]
    programs: tuple[str, ...]
    """Those of clients: a process of a web session has the program of the web gateway."""

    @classmethod
    def of(cls, processes: Iterable[Cells]) -> _Running:
        """`processes` are as those of `_by_license`."""
        known = [each for each in processes if as_int(each[0]) is not None]
        return cls(
            tuple([pid for each in known if (pid := as_int(each[0])) is not None]),
            _unique(as_text(user) for _, user, _, _, _ in known),
            _unique(as_text(program) for _, _, program, _, session in known if not as_text(session)),
        )


def _by_license(processes: Rows | None) -> Mapping[str, Sequence[Cells]]:
    """The cells of `OF_HOLDERS` by license user id. No more is done with ten thousand rows: few are looked at."""
    places = {} if processes is None else places_of(processes)
    if processes is None or not places.keys() >= {each.lower() for each in OF_HOLDERS}:
        return {}
    found: defaultdict[Value, list[Cells]] = defaultdict(list)
    for cells in map(itemgetter(*(places[each.lower()] for each in OF_HOLDERS)), processes.rows):
        found[cells[3]].append(cells)
    by_text: dict[str, list[Cells]] = {}
    for license_id, each in found.items():
        by_text.setdefault(as_text(license_id), []).extend(each)
    return by_text


def _holder(
    row: LicenseRow,
    sessions: Sequence[WebSession],
    running: _Running,
    now: datetime,
    *,
    max_connections: int | None,
    community: bool,
    own: bool,
    agents: Container[int],
    sessions_known: bool,
    processes_known: bool,
) -> Holder:
    release = release_of(row, sessions, now, own=own, sessions_known=sessions_known, apart=community)
    ours = _ours(running.pids, agents, own=own)
    applications = _unique(session.application for session in sessions)
    return Holder(
        holder=_name(row, sessions),
        kind=ours if ours and row.connections == 1 else _kind(row),
        why=_why(
            row, applications, running, max_connections, ours=ours, community=community, listed=bool(sessions)
        ),
        units=row.units,
        connections=row.connections,
        max_connections_seen=row.max_connections,
        sessions=len(sessions) if sessions_known else None,
        processes=len(running.pids) if processes_known else None,
        since=now - timedelta(seconds=row.active) if row.active else None,
        active_seconds=row.active,
        grace_seconds=row.grace,
        free_at=release.at,
        free_when=_AGENT_LEAVES if ours == "this tool (agent)" and row.connections == 1 else release.when,
        free_from=release.first,
        own=own,
        users=_unique([*running.users, *(session.username for session in sessions)]),
        applications=applications,
        session_ids=tuple([session.id for session in sessions]),
        pids=running.pids,
    )


def _name(row: LicenseRow, sessions: Sequence[WebSession] | None) -> str:
    return row.user_id if sessions or row.type.upper() != "CSP" else _short_id(row.user_id)


def _ours(
    pids: Sequence[int], agents: Container[int], *, own: bool
) -> Literal["this tool", "this tool (agent)", ""]:
    """Which connection of this tool is among those of a row."""
    if agents and any(pid in agents for pid in pids):
        return "this tool (agent)"
    return "this tool" if own else ""


def _kind(row: LicenseRow) -> HolderKind:
    # Of an unknown type: decide by its connections.
    return _KINDS.get(row.type.upper(), "web" if row.csp_connections else "client")


def _why(
    row: LicenseRow,
    applications: Sequence[str],
    running: _Running,
    max_connections: int | None,
    *,
    ours: str,
    community: bool,
    listed: bool,
) -> str:
    """`applications` are those of its sessions, `listed` that there is one."""
    if _kind(row) == "grace":
        return "left, but its unit stays reserved for a while after a visit of one page"
    clients = max(0, row.connections - row.csp_connections)
    parts: list[str] = []
    if clients:
        parts.append(_clients(clients, running, ours))
    if row.csp_connections:
        place = f" on {', '.join(applications[:3])}" if applications else ""
        parts.append(f"{_count(row.csp_connections, 'web session')}{place}")
        if not listed:
            parts.append(
                "no session is listed for it (a call without a session, or the list is not readable)"
            )
    said = ", ".join(parts) or _count(row.connections, "connection")
    if community:
        return said
    if row.units > 1 and max_connections and row.max_connections > max_connections:
        return f"{said}; more than {max_connections} connections, so each costs a unit until all have closed"
    if row.units == 1 and row.connections > 1:
        return f"{said}, sharing one unit"
    return said


def _clients(clients: int, running: _Running, ours: str) -> str:
    if ours and clients == 1:
        return "this tool's connection" if ours == "this tool" else "this tool's connection for an agent"
    named = f" ({', '.join(running.programs[:3])})" if running.programs else ""
    mine = f", {ours} among them" if ours else ""
    return f"{_count(clients, 'client connection')}{named}{mine}"


def _anonymous(application: str, pairs: Sequence[tuple[LicenseRow, WebSession]], now: datetime) -> Holder:
    """Sessions without a login: each is a holder of its own with a unit of its own (facts: 2.1)."""
    rows = [row for row, _ in pairs]
    releases = [release_of(row, [session], now, own=False).at for row, session in pairs]
    known = [release for release in releases if release is not None]
    number = len(pairs)
    each = ": each is its own holder" if number > 1 else ""
    return Holder(
        holder=f"web {application or 'unknown application'}",
        kind="web",
        why=f"{_count(number, 'browser session')} without a login{each}",
        units=sum(row.units for row in rows),
        connections=sum(row.connections for row in rows),
        max_connections_seen=max(row.max_connections for row in rows),
        sessions=number,
        processes=0,
        since=now - timedelta(seconds=longest) if (longest := max(row.active for row in rows)) else None,
        active_seconds=longest,
        grace_seconds=max(row.grace for row in rows),
        free_at=max(known) if len(known) == number else None,
        free_from=min(known) if len(known) == number > 1 else None,
        free_when="one by one as they time out; this is the last" if number > 1 else "when it times out",
        users=_unique(session.username for _, session in pairs),
        applications=(application,),
        session_ids=tuple(session.id for _, session in pairs),
        anonymous_sessions=True,
    )


def _remainder(counts: LicenseCounts, listed: int) -> Holder | None:
    """The row for units that the others, of `listed` units, do not explain; None without any or if it is unknown."""
    if counts.consumed is None:
        return None
    missing = counts.consumed - listed
    if missing == 0:
        return None
    if missing > 0:
        why = "counted by the instance, but in none of the lists that can be read"
    else:
        why = "listed above, but not counted by the instance (the lists are read one after the other)"
    return Holder(
        holder=UNEXPLAINED, kind="unexplained", why=why, units=missing, connections=None, free_when="unknown"
    )


class Release(NamedTuple):
    """`at` is when the last of the units is free (the instance's clock, UTC), None when it depends on an event.

    `when` names what it depends on, in plain words.
    """

    at: datetime | None
    when: str
    first: datetime | None = None
    """When the first of several units is free, where they return one by one."""


def release_of(
    row: LicenseRow,
    sessions: Sequence[WebSession],
    now: datetime,
    *,
    own: bool,
    sessions_known: bool = True,
    apart: bool = False,
) -> Release:
    """The release of one row of the instance's list. `now` is the instance's time at the reading (UTC).

    `apart`: each connection gives back a place of its own, as on Community Edition, though one unit is counted.
    """
    if row.type.upper() == "GRACE":
        return Release(now + timedelta(seconds=row.grace), "when its reservation ends")
    clients = row.connections - row.csp_connections
    if clients > 0:
        leaving = "when you quit" if own and clients == 1 else "when it disconnects"
        return Release(None, f"{leaving} and its sessions end" if row.csp_connections else leaving)
    if sessions:
        return _of_sessions(row, sessions, apart=apart)
    return _of_call(row, now) if sessions_known else Release(None, "when its session ends")


def _of_sessions(row: LicenseRow, sessions: Sequence[WebSession], *, apart: bool) -> Release:
    """Release of units held by web sessions alone."""
    ends = [session.expires for session in sessions]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return Release(None, "when its sessions are ended: one of them never expires")
    # Expiry is noticed by a daemon that wakes periodically, so the unit may be some seconds late (facts: 2.3). `Grace`
    # is what the instance says it would keep the unit for after that (facts: 1.3).
    at = max(known) + timedelta(seconds=row.grace)
    if row.grace and len(sessions) > 1:
        # The list does not tell which session is the one-page visit with the grace period.
        return Release(at, "at the latest: when its sessions have timed out and the grace of one is over")
    if row.grace:
        return Release(at, "when its session times out, and then the grace of a one-page visit")
    if (apart or row.units > 1) and len(sessions) > 1:
        return Release(at, "one by one as its sessions time out; this is the last", min(known))
    return Release(at, "when its sessions time out" if len(sessions) > 1 else "when its session times out")


def _of_call(row: LicenseRow, now: datetime) -> Release:
    """Release of a web connection without a listed session: a call that keeps none, or a list that lags."""
    since = now - timedelta(seconds=row.active)
    if row.connections == 1 and since + REST_HOLD >= now:
        return Release(since + REST_HOLD, "10 seconds after its call, if it makes no other")
    # The time of its last call is unknown.
    return Release(None, "10 seconds after the last of its calls")


def _short_id(session_id: str) -> str:
    """A session's id, shortened: it must not be shown whole (facts: 2.3)."""
    return session_id if "@" in session_id or len(session_id) < 8 else f"session {session_id[:4]}…"


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
