"""/locked: help when the license is full and the login was refused: what can still be read, and how to get in.

`/connect` shows the same when the instance refuses a login because no unit is free.
"""

from __future__ import annotations

import sys
from typing import Literal

from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Facts, Refusal, Scalar, Table
from irisops.contract.wording import counted, harmless
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.models import LicenseBoard, PollCounts
from irisops.instance.usage.metrics import DEADLINE, Metrics, read_metrics
from irisops.profiles.address import named
from irisops.profiles.model import Profile

HostKind = Literal["Unix", "Windows", "container"]

COLUMNS = (
    Column("host", "HOST", hide_under=1000),
    Column("purpose", "TO", grow=True, wrap=3),
    Column("command", "TYPE ON THE HOST", grow=True, wrap=3),
)

_LOCAL = {"localhost", "127.0.0.1", "::1"}

# Facts: iris-license-sessions 2.5. The emergency login uses its own diagnostic license, one at a time.
_WAYS: dict[HostKind, tuple[tuple[str, str], ...]] = {
    "Unix": (
        ("get in without a unit (one at a time)", "iris terminal INSTANCE -B"),
        ("see the license use without a login", "irisstat -L"),
        ("activate a bigger key", "iris terminal INSTANCE -U %SYS '##Class(%SYSTEM.License).Upgrade()'"),
    ),
    "Windows": (
        ("get in without a unit, from an elevated prompt", "irisdb -sC:\\InterSystems\\IRIS\\mgr -B"),
        ("see the license use without a login", "irisstat -L"),
    ),
    "container": (
        ("get in without a unit (one at a time)", "docker exec -it CONTAINER iris terminal IRIS -B"),
        ("see the license use without a login", "docker exec CONTAINER irisstat -L"),
        (
            "activate a bigger key",
            "docker exec -it CONTAINER iris terminal IRIS -U %SYS '##Class(%SYSTEM.License).Upgrade()'",
        ),
    ),
}

# Facts: iris-license-sessions 1.4, 3.2, 3.3, 4.4. Terminate without a pid ends the emergency login itself.
_INSIDE = (
    ("go to the system's namespace", 'set $namespace="%SYS"'),
    ("see who holds units", 'do ##class(%ResultSet).RunQuery("%SYSTEM.License","UserList")'),
    ("see the web sessions", 'do ##class(%ResultSet).RunQuery("%CSP.Session","SessionInfo")'),
    ("end one of them, by its ID", 'write $$DeleteSession^%SYS.cspServer("ID")'),
    ("end a process, by its pid", "write $SYSTEM.Process.Terminate(PID)"),
)


def guess(profile: Profile, platform: str = sys.platform) -> HostKind:
    """The likely kind of host of a profile."""
    if profile.name.casefold().startswith(("docker", "podman", "container")):
        return "container"
    if profile.host.casefold() in _LOCAL and platform.startswith("win"):
        return "Windows"
    return "Unix"


def _title(profile: Profile, available: object, *, full: bool) -> str:
    name = harmless(profile.name, 60)
    if isinstance(available, int) and available > 0:
        if full:
            return f"{name} refused the login, though it counts {counted(available, 'free unit')}"
        return f"{counted(available, 'unit')} free on {name} by now: /connect {name}"
    if full or available is not None:
        return f"No unit is free on {name}"
    return f"Whether a unit is free on {name} is not known"


async def locked_out(context: Context, profile: Profile, *, full: bool = False) -> Replies:
    """What can still be read, what to end first, and emergency commands for each kind of host.

    `full`: the instance has just refused a login because no unit was free.
    """
    link = context.hub.links.get(profile.name.casefold())
    board = link.board if link is not None else None
    metrics, note = await _metrics(context, profile)
    facts: dict[str, Scalar | list[Scalar] | dict[str, Scalar]] = {"profile": profile.name}
    if metrics is not None:
        consumed, available = metrics.license_consumed, metrics.license_available
        facts |= {
            "consumed": _whole(consumed),
            "limit": _whole(consumed + available) if consumed is not None and available is not None else None,
            "available": _whole(available),
            "sessions": _whole(metrics.sessions),
            "processes": _whole(metrics.processes),
            "days_remaining": metrics.license_days,
        }
        if available is None:
            note.append("The metrics on the web port do not say how many units are free.")
        elif available > 0 and consumed is not None and consumed + available <= COMMUNITY_UNITS:
            note.append(_NEED_NOT_MOVE)
    elif link is not None and link.counts is not None and not link.stale(context.hub.interval(link)):
        facts |= _polled(link.counts)
    labels = {
        "consumed": "Units used",
        "limit": "Units in the key",
        "available": "Free",
        "sessions": "Web sessions",
        "processes": "Processes",
        "days_remaining": "Days until the key expires",
    }
    yield Facts(
        "locked_out",
        _title(profile, facts.get("available"), full=full),
        facts,
        labels={key: label for key, label in labels.items() if facts.get(key) is not None},
        notes=[
            _next_step(profile, facts.get("available"), full=full),
            *note,
            *first_to_end(board),
            *_WAITING,
        ],
    )
    first = guess(profile)
    # The likely host first, with what to type then; the others are below the edge of the card.
    ways = [
        (first, _WAYS[first]),
        ("then, inside", _INSIDE),
        *(each for each in _WAYS.items() if each[0] != first),
    ]
    rows: list[dict[str, Cell]] = [
        {"host": host, "purpose": purpose, "command": command}
        for host, lines in ways
        for purpose, command in lines
    ]
    yield Table(
        "emergency",
        "Ways in without a free unit",
        COLUMNS,
        rows,
        group="host",
        notes=[
            "INSTANCE is a name from `iris list`; CONTAINER is one from `docker ps`.",
            "On Windows, -s is followed by the mgr folder of the installation.",
            "A portal that is open in a browser keeps its unit: System Operation, Web Sessions, End works there now.",
        ],
    )


def _polled(counts: PollCounts) -> dict[str, Scalar]:
    """The same figures as last polled by an open connection."""
    return {"consumed": counts.in_use, "limit": counts.units_limit, "available": counts.free}


def _next_step(profile: Profile, available: object, *, full: bool) -> str:
    """The one thing to do first."""
    if isinstance(available, int) and available > 0 and not full:
        return f"→ /connect {quote(profile.name)}"
    if profile.web_port is None or profile.read_only:
        return f"→ On the host: {_WAYS[guess(profile)][0][1]}, then end what is named below."
    typed = f"/locked free {quote(profile.name)}"
    return f"→ {typed} offers to end the web session that is missed least, without a login (IRIS 2026.2 or newer)."


COMMUNITY_UNITS = 8
"""Units of a Community Edition (facts: iris-license-sessions 2.6); the metrics do not tell the edition."""
_NEED_NOT_MOVE = (
    "On Community Edition this counter need not move with each connection: a login can be refused although it says "
    "that units are free."
)
_WAITING = (
    "Or wait: a closed browser's session times out (15 minutes by default, an hour for VS Code).",
    "A call without a session lets go after 10 seconds. Then /connect.",
)


def first_to_end(board: LicenseBoard | None) -> list[str]:
    """What to end first, from the last board; general advice without one."""
    holders = board.holders if board is not None else ()
    able = [holder for holder in holders if not holder.own and holder.kind not in ("unexplained", "system")]
    if board is None or not able:
        return [_IN_GENERAL]
    able.sort(key=lambda holder: (_PATIENCE.get(holder.kind, 2), -board.places(holder)))
    return [
        "End first, as last seen: "
        + "; ".join(
            f"{harmless(holder.holder, 60)} ({counted(board.places(holder), board.counted)}, "
            f"{harmless(holder.why, 80)})"
            for holder in able[:3]
        )
        + "."
    ]


_IN_GENERAL = (
    "End first: many sessions of one user on one application (a client that leaks), then sessions of UnknownUser "
    "(closed browser tabs), then terminals and notebooks that nobody uses. The portal's own last."
)

_PATIENCE = {"web": 0, "client": 1, "mixed": 2, "grace": 3}
"""Order in which kinds are given up; a grace period ends by itself."""


async def _metrics(context: Context, profile: Profile) -> tuple[Metrics | None, list[str]]:
    if profile.web_port is None:
        typed = f"/profile edit {profile.name} web_port=52773"
        return None, [f"Without a web port in the profile nothing can be read without a login: {typed}"]
    try:
        return await _read(context, profile, profile.web_port), []
    except InstanceProblem as problem:
        return None, [f"{problem.message} {problem.cure}"]


async def looks_full(context: Context, profile: Profile, problem: Unreachable) -> bool:
    """True if a server hung up during the login because no unit was free, by its metrics.

    What an instance answers then is not known for sure (facts: iris-license-sessions 2.4), so both are checked.
    """
    if profile.web_port is None or "closed the connection during the login" not in problem.message:
        return False
    try:
        metrics = await _read(context, profile, profile.web_port)
    except InstanceProblem:
        return False
    return metrics.license_available is not None and metrics.license_available <= 0


async def _read(context: Context, profile: Profile, web_port: int) -> Metrics:
    """Raises what `read_metrics` raises."""
    tls = profile.web_scheme == "https"
    deadline = min(DEADLINE, context.web_deadline)
    return await read_metrics(profile.host, web_port, tls=tls, prefix=profile.path_prefix, deadline=deadline)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


async def show_locked(context: Context, command: Command) -> Replies:
    """`/locked [PROFILE]`."""
    profile = profile_meant(context, command, "/locked")
    async for reply in locked_out(context, profile):
        yield reply


def profile_meant(context: Context, command: Command, line: str) -> Profile:
    """The profile that the command names, else the usual one. Raises `Refusal`, which suggests `line` with a name."""
    wanted = str(command.args.get("profile", ""))
    profile = context.hub.find(wanted) if wanted else context.hub.usual()
    if profile is None:
        raise Refusal(
            "NoSuchProfile" if wanted else "WhichProfile",
            f"There is no profile {harmless(named(wanted), 60)}."
            if wanted
            else "Which instance do you mean?",
            f"/profiles lists them; then {line} NAME.",
            suggestions=[f"{line} {quote(each.name)}" for each in context.hub.profiles()[:3]],
        )
    return profile
