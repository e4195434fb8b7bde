"""What a source found: enough to make a profile of it, and never a password by itself."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from irisops.profiles.model import DEFAULT_USER, Profile, ProfileInvalidError, fit_prefix

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
    """"" where it is not known."""
    port: int | None = None
    port_assumed: bool = False
    """The source names no superserver port, so `port` is the usual one: worth a try, but it identifies nothing."""
    user: str = ""
    web_port: int | None = None
    web_scheme: str = "http"
    path_prefix: str = ""
    state: str = ""
    """`running`, `down`, `listens`, ... in the source's own words; "" where it does not tell."""
    down: bool = False
    """The source knows that it does not run."""
    aside: bool = False
    """It can become a profile, but should not be the one that is offered: hung, or switched off by the person."""
    about: str = ""
    """Version, image or file: what helps a person recognise it."""
    problem: str = ""
    cure: str = ""
    password: StoredPassword | None = None
    """The password of `user`, or of an account that the source does not name; of no other."""

    @property
    def address(self) -> str:
        """host:port for people, with what is not known left out."""
        if not self.host:
            return f"port {self.port}" if self.port else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    def same_instance(self, other: Found) -> bool:
        """Whether both are one instance: the same superserver, or the same address on a web server."""
        mine, theirs = self.place, other.place
        if mine is not None and theirs is not None:
            return mine == theirs
        return self._web is not None and self._web == other._web

    def goes_to(self, profile: Profile) -> bool:
        """Whether a profile leads to this instance. One that was made of an assumed port leads to where it was made."""
        other = Found(
            profile.name,
            "",
            profile.host,
            profile.port,
            web_port=profile.web_port,
            path_prefix=profile.path_prefix,
        )
        if self.port_assumed and self.web_port is None:
            return (_same_host(self.host), self.port) == (_same_host(profile.host), profile.port)
        return self.same_instance(other)

    def may_be_meant_instead_of(self, other: Found) -> bool:
        """Whether the port that is assumed for `other` is as likely, or for sure, the one of this other instance."""
        place, theirs = (_same_host(self.host), self.port), (_same_host(other.host), other.port)
        known_apart = self._web is not None and other._web is not None and self._web != other._web
        return other.port_assumed and place == theirs and known_apart

    @property
    def place(self) -> tuple[str, int] | None:
        """Host and port of the superserver, as far as they identify it: None for a port that is assumed."""
        known = self.port is not None and not self.port_assumed and self.host
        return (_same_host(self.host), self.port) if known and self.port else None

    @property
    def _web(self) -> tuple[str, int, str] | None:
        known = self.web_port is not None and self.host
        return (_same_host(self.host), self.web_port, self.path_prefix) if known and self.web_port else None

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
            path_prefix=fit_prefix(self.path_prefix),
        )
        profile.check()
        return profile


def _same_host(host: str) -> str:
    """One spelling for all names of this machine."""
    host = host.casefold()
    return "127.0.0.1" if host in ("localhost", "::1", "0.0.0.0") else host  # noqa: S104 - compared, not bound


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
