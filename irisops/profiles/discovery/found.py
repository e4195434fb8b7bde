"""Findings of a source: enough for a profile, but never a password."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from irisops.profiles.model import DEFAULT_USER, Profile, ProfileInvalidError, fit_prefix

_UNFIT = re.compile(r"[^A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """Location of a password. It is read only at the person's request, and only once."""

    where: str
    read: Callable[[], Awaitable[str | None]] = field(repr=False)


def known_password(where: str, value: str) -> StoredPassword | None:
    """A password that its source has already read; None for ""."""

    async def read() -> str | None:
        return value

    return StoredPassword(where, read) if value else None


@dataclass(frozen=True, slots=True)
class Found:
    """A possible instance. `problem` says why it cannot become a profile."""

    name: str
    source: str
    host: str = "127.0.0.1"
    """"" if unknown."""
    port: int | None = None
    port_assumed: bool = False
    """The source names no superserver port, so `port` is the default: worth a try, but it identifies nothing."""
    user: str = ""
    web_port: int | None = None
    folder: str = ""
    """Where it is installed, if it is on this machine."""
    web_scheme: str = "http"
    path_prefix: str = ""
    state: str = ""
    """`running`, `down`, `listens`, ... in the source's own words; "" if unknown."""
    down: bool = False
    """It is known not to run."""
    aside: bool = False
    """It can become a profile, but should not be suggested: hung, or switched off."""
    about: str = ""
    """Version, image or file, to recognise it."""
    problem: str = ""
    cure: str = ""
    password: StoredPassword | None = None
    """The password of `user`, or of an account that the source does not name."""

    @property
    def address(self) -> str:
        """host:port for people, without unknown parts."""
        if not self.host:
            return f"port {self.port}" if self.port else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    def same_instance(self, other: Found) -> bool:
        """True if both are one instance: the same superserver, or the same address on a web server."""
        mine, theirs = self.place, other.place
        if mine is not None and theirs is not None:
            return mine == theirs
        return self._web is not None and self._web == other._web

    def goes_to(self, profile: Profile) -> bool:
        """True if a profile leads to this instance; for an assumed port, if it was made from this finding."""
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
        """True if the port assumed for `other` may be, or is, this instance's."""
        place, theirs = (_same_host(self.host), self.port), (_same_host(other.host), other.port)
        known_apart = self._web is not None and other._web is not None and self._web != other._web
        return other.port_assumed and place == theirs and known_apart

    @property
    def place(self) -> tuple[str, int] | None:
        """Host and port of the superserver; None for an assumed port, which identifies nothing."""
        known = self.port is not None and not self.port_assumed and self.host
        return (_same_host(self.host), self.port) if known and self.port else None

    @property
    def _web(self) -> tuple[str, int, str] | None:
        known = self.web_port is not None and self.host
        return (_same_host(self.host), self.web_port, self.path_prefix) if known and self.web_port else None

    def profile(self) -> Profile:
        """The profile for it. Raises `ProfileInvalidError` for invalid data of the source."""
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
    """One spelling for all names of the local machine."""
    host = host.casefold()
    return "127.0.0.1" if host in ("localhost", "::1", "0.0.0.0") else host  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class Report:
    """Result of one source. `trouble` is a sentence if it exists but could not be read."""

    found: tuple[Found, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the sources look; replaced in tests. Environment values never appear in `repr`."""

    home: Path
    folder: Path
    """The working folder: workspace settings are searched here and above."""
    environment: Mapping[str, str] = field(repr=False)
    platform: str
    ports: tuple[int, ...] = (1972, 51773, 56772)
    """Superserver ports of standard installations: since 2020.3, before, and of Caché (facts:
    iris-license-sessions 9). Caché cannot be reached by the driver, but newer instances inherit its port."""
    deadline: float = 1.5
    """Seconds per source."""


def fit_name(text: str) -> str:
    """A valid profile name made from any text."""
    name = _UNFIT.sub("-", text).strip("-_.:")
    return name[:60] or "instance"
