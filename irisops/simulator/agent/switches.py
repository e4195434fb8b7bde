"""Switches for misbehaviour of the stand-in, from its environment (facts: ngrok-keyring A14, "Switches")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

PREFIX = "IRISOPS_AGENT_"

START_FAILURES = frozenset({"noauth", "badformat", "badtoken", "sessions", "tooold", "blocked"})
CREATE_FAILURES = frozenset({"nocard", "endpoints", "exists", "connect5xx"})
OTHER_FAILURES = frozenset(
    {
        "offline",
        "silent",
        "exit0",
        "apihang",
        "noendpointsapi",
        "nosession",
        "nopolicy",
        "stubborn",
        "ngrok103",
        "config",
    }
)


@dataclass(frozen=True, slots=True)
class Switches:
    """One field per switch. Times are seconds; 0 means never."""

    fail: str = ""
    refuse_start: int = 0
    """Number of the ERR_NGROK_ code that refuses the session: for codes without a wording here."""
    refuse_create: int = 0
    """The same for each endpoint."""
    slow_start: float = 0.0
    """Delay before the session is up."""
    slow_connect: float = 0.0
    """Delay before a POST is answered."""
    crash_after: float = 0.0
    """Delay after the session came up."""
    drop_after: float = 0.0
    drop_for: float = 0.0
    log_every: float = 0.0
    max_endpoints: int = 3
    max_sessions: int = 3
    session_dir: str = ""
    """Folder of the live agents' pid files, which count towards `max_sessions`."""
    urls: str = "loopback"
    """`loopback`, or `real` for addresses like ngrok's, with the loopback one in `x_loopback`."""
    interstitial: bool = False
    version: str = "3.39.10"
    stderr: str = ""
    """Text for standard error."""
    web_port: int = 4040
    """First port tried for the API. Like the real agent, takes the next one if it is busy."""

    def fails(self, *names: str) -> bool:
        """True if one of these failures is requested."""
        return any(name in self.fail.split(",") for name in names)

    def as_environment(self) -> dict[str, str]:
        """Environment variables for a child with these switches; defaults are omitted."""
        default = Switches()
        named = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != getattr(default, field.name):
                named[PREFIX + field.name.upper()] = "1" if value is True else str(value)
        return named


def read_switches(environment: Mapping[str, str]) -> Switches:
    """Read `IRISOPS_AGENT_*`. Raises ValueError for an unknown switch, so that no test passes by a typo."""
    given: dict[str, str | int | float | bool] = {}
    default = Switches()
    known = {field.name: type(getattr(default, field.name)) for field in fields(Switches)}
    for key, text in environment.items():
        if not key.startswith(PREFIX):
            continue
        name = key.removeprefix(PREFIX).lower()
        if name not in known:
            raise ValueError(f"{key} is not a switch of the stand-in agent")
        kind = known[name]
        given[name] = text not in {"", "0"} if kind is bool else kind(text)
    switches = Switches(**given)  # type: ignore[arg-type]  # types come from the fields themselves
    unknown = set(filter(None, switches.fail.split(","))) - START_FAILURES - CREATE_FAILURES - OTHER_FAILURES
    if unknown:
        raise ValueError(f"no failure is called {', '.join(sorted(unknown))}")
    return switches
