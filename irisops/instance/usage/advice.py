"""Lasting cures for a full license: the exact setting, its present value, the effect of a change. Pure.

No cure makes several people look like one: the license counts people and devices. Each frees unused units sooner, or
keeps a program from taking more than it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from irisops.instance.models import Holder, LicenseBoard, Process, WebSession
from irisops.instance.usage.leaks import find_crowds, find_leaks
from irisops.instance.usage.sessions_timeout import AppTimeout, same_application

ATELIER = "/api/atelier"
"""The application of VS Code (facts: iris-license-sessions 2.3)."""

SHORTER_TIMEOUT = 300
"""Timeout in seconds proposed for pages that people leave by closing the tab."""
LONG_CLIENT = 2 * 3600
"""Seconds after which an idle client connection is reported."""
NEAR_FLIP = 3
"""Warn when an identity is this many connections away from the flip."""

CureKind = Literal["timeout", "login", "logout", "cookies", "close", "flip", "key"]


@dataclass(frozen=True, slots=True)
class Cure:
    """One proposal. `units` is what it would have saved now, None if unknown.

    `application` and `seconds` are set for a timeout that this tool can change; `license_id` for a leak that it can
    sweep; `pids` for connections that it can close.
    """

    kind: CureKind
    title: str
    setting: str
    present: str
    proposed: str
    consequence: str
    units: int | None = None
    application: str = ""
    seconds: int | None = None
    license_id: str = ""
    pids: tuple[int, ...] = field(default=())


def advise(
    board: LicenseBoard,
    sessions: Sequence[WebSession] | None,
    processes: Sequence[Process] | None,
    applications: Sequence[AppTimeout] | None,
    *,
    own_license_id: str = "",
) -> list[Cure]:
    """All cures that apply, largest saving first. None stands for a list that could not be read."""
    cures: list[Cure] = []
    cures += _cookies(board, sessions or ())
    cures += _anonymous(board, sessions or (), applications)
    cures += _editors(board, sessions or (), applications)
    cures += _clients(board, processes or ())
    cures += _flips(board, own_license_id)
    cures += _key(board)
    return sorted(cures, key=lambda cure: -(cure.units or 0))


def _cookies(board: LicenseBoard, sessions: Sequence[WebSession]) -> Iterable[Cure]:
    for leak in find_leaks(sessions):
        holder = _holder_of(board, leak.license_id)
        yield Cure(
            "cookies",
            f"{leak.username} opens a session per call on {leak.application.rstrip('/')}",
            f"the program of {leak.license_id}",
            f"{leak.number} sessions, no cookie kept",
            "one cookie jar for the whole run, and a last request with ?IRISLogout=end",
            "One session and one unit, freed when the program ends. Until it is fixed, its sessions can be swept.",
            units=max(0, board.places(holder) - 1) if holder else None,
            application=leak.application,
            license_id=leak.license_id,
        )


def _anonymous(
    board: LicenseBoard, sessions: Sequence[WebSession], applications: Sequence[AppTimeout] | None
) -> Iterable[Cure]:
    for crowd in find_crowds(sessions, at_least=1):
        known = _application(applications, crowd.application)
        name = crowd.application.rstrip("/")
        timeout = known.timeout
        if timeout is None or timeout > SHORTER_TIMEOUT or timeout == 0:
            waiting = _units_idle(sessions, crowd.application, timeout, board.read_at)
            yield Cure(
                "timeout",
                f"Closed tabs of {name} keep their units until the timeout",
                f"session timeout of {name}",
                _seconds(known),
                f"{SHORTER_TIMEOUT} seconds",
                "A visitor who does nothing for five minutes is logged out and the unit is free. Reading for longer "
                "without a click means a new session. Open sessions keep the timeout they began with.",
                units=waiting,
                application=name,
                seconds=SHORTER_TIMEOUT,
            )
        if crowd.number > 1 and not board.counts.community:  # nothing is shared there (facts: 2.6)
            yield Cure(
                "login",
                f"Each visitor of {name} is a holder of its own",
                f"allowed authentication of {name}",
                known.methods or "unknown; sessions without a login are open",
                "Password instead of Unauthenticated, if these are people with accounts",
                "Sessions of one person from one address then share one unit. Visitors without an account stay out.",
                application=name,
            )


def _editors(
    board: LicenseBoard, sessions: Sequence[WebSession], applications: Sequence[AppTimeout] | None
) -> Iterable[Cure]:
    found = [session for session in sessions if same_application(session.application, ATELIER)]
    if not found:
        return
    known = _application(applications, ATELIER)
    idle = _units_idle(found, ATELIER, known.timeout, board.read_at)
    yield Cure(
        "logout",
        "VS Code keeps its session after it was closed",
        "the InterSystems extensions of each VS Code",
        f"session timeout of {ATELIER}: {_seconds(known)}",
        "extensions of 2024 or later: they log out of web sessions when VS Code exits",
        "The unit is free at once instead of an hour after the last request.",
        units=idle,
        application=ATELIER,
    )


def _clients(board: LicenseBoard, processes: Sequence[Process]) -> Iterable[Cure]:
    """Clients connected for hours without work: only a person knows whether they are needed."""
    places = {process.pid: place for place, process in enumerate(processes)}
    for holder in board.holders:
        if holder.own or holder.kind != "client" or (holder.active_seconds or 0) < LONG_CLIENT:
            continue
        listed = (processes[places[pid]] for pid in holder.pids if pid in places)
        waiting = [process for process in listed if _waits(process)]
        if not waiting or len(waiting) < (holder.connections or 0):
            continue
        programs = ", ".join(dict.fromkeys(process.executable or "a terminal" for process in waiting))
        names = ", ".join(dict.fromkeys(process.username for process in waiting))
        hours = (holder.active_seconds or 0) // 3600
        back = (
            "Each connection that closes is free at once."
            if board.counts.community
            else "The unit is free as soon as its last connection has closed."
        )
        yield Cure(
            "close",
            f"{names} has been connected for {hours} hours and waits for input",
            f"{programs} at {holder.holder}",
            f"{len(waiting)} connection{'s' if len(waiting) > 1 else ''}, none at work",
            "close the program when it is not used",
            f"{back} Unsaved work in the program may be lost.",
            units=board.places(holder),
            license_id=holder.holder,
            pids=tuple(process.pid for process in waiting),
        )


def _waits(process: Process) -> bool:
    """READ: waiting for input (facts: iris-license-sessions 4.2)."""
    return process.state.startswith("READ") and not process.in_transaction


def _flips(board: LicenseBoard, own_license_id: str) -> Iterable[Cure]:
    most = board.counts.max_connections
    if not most or board.counts.community:
        return
    for holder in board.holders:
        connections = holder.connections or 0
        if holder.anonymous_sessions or holder.kind in ("grace", "unexplained"):
            continue
        if holder.units > 1 and (holder.max_connections_seen or 0) > most:
            yield Cure(
                "flip",
                f"{holder.holder} pays one unit per connection",
                "connections open at the same time",
                f"{connections} now, {holder.max_connections_seen} at the most; one unit covers {most}",
                f"at most {most}; close all of them once",
                f"It passed {most} connections and pays for each until all have closed; then one unit again.",
                units=holder.units - 1,
                license_id=holder.holder,
            )
        elif (
            holder.units == 1 and most - NEAR_FLIP <= connections <= most and holder.holder != own_license_id
        ):
            yield Cure(
                "flip",
                f"{holder.holder} is about to pay one unit per connection",
                "connections open at the same time",
                f"{connections} of {most}",
                f"stay below {most + 1}: close what is idle",
                f"The connection after the {most}th makes it {most + 1} units at once.",
                license_id=holder.holder,
            )


def _key(board: LicenseBoard) -> Iterable[Cure]:
    counts = board.counts
    if counts.expires is not None and counts.expires - board.read_at.date() <= timedelta(days=30):
        community = " A newer Community Edition image brings a newer key." if counts.community else ""
        yield Cure(
            "key",
            "The license key expires soon",
            "mgr/iris.key",
            f"expires on {counts.expires:%Y-%m-%d}",
            "a new key, activated with $SYSTEM.License.Upgrade()",
            f"Without a key the instance lets one user in.{community}",
        )


def _holder_of(board: LicenseBoard, license_id: str) -> Holder | None:
    return next((holder for holder in board.holders if holder.holder == license_id), None)


def _application(applications: Sequence[AppTimeout] | None, name: str) -> AppTimeout:
    """The application, or one of that name of which nothing is known."""
    if applications is None:
        return AppTimeout(name, None, unread="the settings of the applications cannot be read")
    unlisted = AppTimeout(name, None, unread="it is not among the applications of the instance")
    return next((each for each in applications if same_application(each.name, name)), unlisted)


def _units_idle(
    sessions: Sequence[WebSession], application: str, timeout: int | None, now: datetime
) -> int | None:
    """Sessions that a timeout of `SHORTER_TIMEOUT` would have ended by now; None if the present timeout is unknown."""
    if not timeout:
        return None
    return sum(
        session.expires is not None and timeout - (session.expires - now).total_seconds() > SHORTER_TIMEOUT
        for session in sessions
        if same_application(session.application, application) and session.preserve is False
    )


def _seconds(application: AppTimeout) -> str:
    """The timeout of an application, or why it is not known."""
    if application.timeout is None:
        return f"unknown ({application.unread.rstrip('.')})"
    return f"{application.timeout} seconds" if application.timeout else "never"
