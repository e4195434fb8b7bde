"""What makes the stand-in behave badly, read from its environment (facts: ngrok-keyring A14, "Switches")."""

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
    """ERR_NGROK_ number with which the service refuses the session: for those without a wording of their own."""
    refuse_create: int = 0
    """The same for each endpoint."""
    slow_start: float = 0.0
    """Before the session is there."""
    slow_connect: float = 0.0
    """Before a POST is answered."""
    crash_after: float = 0.0
    """After the session came up."""
    drop_after: float = 0.0
    drop_for: float = 0.0
    log_every: float = 0.0
    max_endpoints: int = 3
    max_sessions: int = 3
    session_dir: str = ""
    """Where live agents keep their pid files, so that `max_sessions` can be counted."""
    urls: str = "loopback"
    """`loopback`, or `real` for addresses as ngrok gives them with the true one in `x_loopback`."""
    interstitial: bool = False
    version: str = "3.39.10"
    stderr: str = ""
    """Noise for standard error."""
    web_port: int = 4040
    """First port tried for the API. The real agent takes the next one when it is busy."""

    def fails(self, *names: str) -> bool:
        """Whether one of these failures was asked for."""
        return any(name in self.fail.split(",") for name in names)

    def as_environment(self) -> dict[str, str]:
        """The variables that make a child read these switches; those with their default are left out."""
        default = Switches()
        named = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != getattr(default, field.name):
                named[PREFIX + field.name.upper()] = "1" if value is True else str(value)
        return named


def read_switches(environment: Mapping[str, str]) -> Switches:
    """From `IRISOPS_AGENT_*`. Raises ValueError for one that does not exist: no test may pass by typo."""
    given: dict[str, str | int | float | bool] = {}
    default = Switches()
    known = {field.name: type(getattr(default, field.name)) for field in fields(Switches)}
    for key, text in environment.items():
        if not key.startswith(PREFIX):
            continue
        name = key.removeprefix(PREFIX).lower()
        if name not in known:
            raise ValueError(f"{key} is no switch of the stand-in agent")
        kind = known[name]
        given[name] = text not in {"", "0"} if kind is bool else kind(text)
    switches = Switches(**given)  # type: ignore[arg-type]  # kinds were taken from the fields themselves
    unknown = set(filter(None, switches.fail.split(","))) - START_FAILURES - CREATE_FAILURES - OTHER_FAILURES
    if unknown:
        raise ValueError(f"no failure is called {', '.join(sorted(unknown))}")
    return switches
