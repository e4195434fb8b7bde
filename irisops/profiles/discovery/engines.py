"""Location of a container engine: this machine, another one, or unknown.

Docker: DOCKER_HOST, else the context that DOCKER_CONTEXT or `currentContext` in its config.json names. Podman:
CONTAINER_HOST or CONTAINER_CONNECTION; on macOS and Windows, where the engine is never local, its default connection.

UNVERIFIED: where Docker keeps a context (`contexts/meta`, by the SHA-256 of its name). Settle: docker context create,
then look. Where it is not found, the engine counts as one that cannot be placed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from irisops.files import read_file
from irisops.profiles.address import AddressError, read_address
from irisops.profiles.discovery.found import Surroundings

HERE = "127.0.0.1"
_LOOPBACK = frozenset({"localhost", HERE, "::1"})
_SOCKETS = ("unix", "npipe", "fd")
_NETWORK = ("tcp", "ssh", "http", "https")
BIGGEST = 1 << 20
"""Most bytes of a configuration file."""


@dataclass(frozen=True, slots=True)
class Engine:
    """`host` is where ports are published, "" if unknown; `named_by` is the setting that decides it."""

    host: str = HERE
    named_by: str = ""

    @property
    def remote(self) -> bool:
        """True if its loopback addresses are another machine's."""
        return self.host not in _LOOPBACK


def engine_of(command: str, around: Surroundings) -> Engine:
    """The engine that `docker` or `podman` talks to. Reads files: a home folder on a network may hang."""
    return _docker(around) if command == "docker" else _podman(around)


def _docker(around: Surroundings) -> Engine:
    environment = around.environment
    folder = Path(environment.get("DOCKER_CONFIG") or around.home / ".docker")
    address, context = environment.get("DOCKER_HOST", ""), environment.get("DOCKER_CONTEXT", "")
    if address and context:  # documentation and program differ on which one counts
        one, other = _at(address, "DOCKER_HOST"), _context(folder, context)
        return one if one.host == other.host else Engine("", "DOCKER_HOST and DOCKER_CONTEXT")
    if address:
        return _at(address, "DOCKER_HOST")
    return _context(folder, context or _text(_json(folder / "config.json"), "currentContext"))


def _context(folder: Path, name: str) -> Engine:
    """The engine of a Docker context; `default` and "" are this machine."""
    if name in ("", "default"):
        return Engine()
    # Docker names a context's folder by the digest of its name.
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    data = _json(folder / "contexts" / "meta" / digest / "meta.json")
    return _at(_text(_table(_table(data, "Endpoints"), "docker"), "Host"), f"the Docker context {name}")


def _podman(around: Surroundings) -> Engine:
    environment = around.environment
    address, connection = environment.get("CONTAINER_HOST", ""), environment.get("CONTAINER_CONNECTION", "")
    if address and not connection:
        return _at(address, "CONTAINER_HOST")
    if not connection and around.platform not in ("darwin", "win32"):
        return Engine()
    base = Path(environment.get("XDG_CONFIG_HOME") or around.home / ".config")
    file = Path(environment.get("PODMAN_CONNECTIONS_CONF") or base / "containers" / "podman-connections.json")
    known = _table(_json(file), "Connection")
    name = connection or _text(known, "Default")
    if not name:
        return Engine()
    uri = _text(_table(_table(known, "Connections"), name), "URI")
    engine = _at(uri, f"the Podman connection {name}")
    if address and engine.host != _at(address, "").host:
        return Engine("", "CONTAINER_HOST and CONTAINER_CONNECTION")
    return engine


def _at(address: str, named_by: str) -> Engine:
    """The engine behind an address such as `ssh://ops@box.example`; an unclear one is not used."""
    scheme = address.partition("://")[0].casefold()
    if scheme in _SOCKETS and "://" in address:
        return Engine(named_by=named_by)
    try:
        host = read_address(address).host if scheme in _NETWORK else ""
    except AddressError:
        host = ""
    return Engine(HERE if host in _LOOPBACK else host, named_by)


def _json(file: Path) -> object:
    """A configuration file's content; None if missing or unreadable."""
    try:
        raw = read_file(file, BIGGEST + 1)
        return json.loads(raw) if len(raw) <= BIGGEST else None
    except (OSError, ValueError, RecursionError):
        return None


def _table(data: object, key: str) -> Mapping[str, object]:
    value = data.get(key) if isinstance(data, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _text(data: object, key: str) -> str:
    value = data.get(key) if isinstance(data, Mapping) else None
    return value if isinstance(value, str) else ""
