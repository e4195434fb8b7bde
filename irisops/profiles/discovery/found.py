"""What a source found: enough to make a profile of it, and never a password by itself."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from irisops.profiles.model import Profile, ProfileInvalidError

DEFAULT_USER = "_SYSTEM"
"""The administrator that every installation creates (facts: iris-security); used where a source names no user."""
_UNFIT = re.compile(r"[^A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """Where a password lies. It is read only when the person says so, and then only once."""

    where: str
    read: Callable[[], Awaitable[str | None]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """One instance that may be there. `problem` says why it cannot become a profile as it is."""

    name: str
    source: str
    host: str = "127.0.0.1"
    port: int | None = None
    user: str = ""
    web_port: int | None = None
    web_scheme: str = "http"
    state: str = ""
    """`running`, `down`, `listens`, ... in the source's own words; "" where it does not tell."""
    about: str = ""
    """Version, image or file: what helps a person recognise it."""
    problem: str = ""
    cure: str = ""
    password: StoredPassword | None = None

    @property
    def place(self) -> tuple[str, int | None]:
        """What makes two findings the same instance."""
        host = self.host.casefold()
        return ("127.0.0.1" if host in ("localhost", "::1", "0.0.0.0") else host, self.port)  # noqa: S104 - compared, not bound

    def profile(self) -> Profile:
        """The profile it becomes. Raises `ProfileInvalidError` where the source holds nonsense."""
        if self.port is None:
            raise ProfileInvalidError("port", self.problem or "Its superserver port is not known.")
        profile = Profile(
            name=self.name,
            host=self.host,
            port=self.port,
            user=self.user or DEFAULT_USER,
            web_port=self.web_port,
            web_scheme=self.web_scheme,
        )
        profile.check()
        return profile


@dataclass(frozen=True, slots=True)
class Report:
    """What one source has to say. `trouble` is one sentence where it was there but could not be read."""

    found: tuple[Found, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the sources look; tests give others than the real ones. Environment values never appear in `repr`."""

    home: Path
    folder: Path
    """The folder the person works in: workspace settings are looked for here and above."""
    environment: Mapping[str, str] = field(repr=False)
    platform: str
    ports: tuple[int, ...] = (1972, 51773, 56772)
    """Superserver ports of standard installations: since 2020.3, before, and of Caché (facts:
    iris-license-sessions 9). Caché cannot be reached by the driver, but newer instances inherit its port."""
    deadline: float = 1.5
    """Seconds that one source may take."""


def fit_name(text: str) -> str:
    """A profile name out of any text."""
    name = _UNFIT.sub("-", text).strip("-_.:")
    return name[:60] or "instance"
