"""Finds a usable ngrok agent (facts: ngrok-keyring A1.3, A6.5, A7). Runs only `--version`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from irisops import children
from irisops.files import read_file
from irisops.sharing.errors import AgentCannotRun, AgentFailed, AgentMissing, AgentTooOld, explain

OLDEST = (3, 30)
"""`/api/endpoints`, which pyngrok uses, exists since 3.30; an older agent hangs pyngrok for ever (facts: A1.9)."""
VERSION_DEADLINE = 10.0
"""Seconds for `--version`."""

_VERSION = re.compile(r"version\s+(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class AgentBinary:
    """An agent that answered `--version`."""

    path: Path
    version: tuple[int, int, int]

    @property
    def version_text(self) -> str:
        """The version as text: `3.30.0`."""
        return ".".join(map(str, self.version))


def default_path() -> Path:
    """Where pyngrok installs the agent."""
    from pyngrok.conf import DEFAULT_NGROK_PATH  # noqa: PLC0415 - 80 ms that only a share needs

    return Path(DEFAULT_NGROK_PATH)


def is_pyngroks_own_script(path: Path) -> bool:
    """True for pyngrok's own Python script called `ngrok`, which is no agent (facts: A6.5). Raises `OSError`."""
    head = read_file(path, 4096)
    return head.startswith(b"#!") and b"pyngrok" in head


def usable(path: Path) -> bool:
    """True if the file is executable and not pyngrok's script. One that cannot be looked at is not usable."""
    try:
        return os.access(path, os.X_OK) and not is_pyngroks_own_script(path)
    except OSError:
        return False


def candidates(environment: Mapping[str, str], default: Path) -> Iterator[Path]:
    """Usable files called ngrok: each folder of the PATH in order, then pyngrok's place.

    A folder may hold pyngrok's script while a later one holds the agent, so all of them are looked at.
    """
    name = "ngrok.exe" if os.name == "nt" else "ngrok"
    seen: set[Path] = set()
    places = [
        Path(folder) / name
        for folder in environment.get("PATH", os.defpath).split(os.pathsep)
        if Path(folder).is_absolute()  # a relative one means the working folder
    ]
    for path in (*places, default):
        if path not in seen and usable(path):
            seen.add(path)
            yield path


def read_version(path: Path) -> tuple[int, int, int]:
    """Ask the binary itself; pyngrok's way fails while an agent runs (facts: A1.18).

    Raises AgentFailed or AgentCannotRun.
    """
    try:
        said = children.ask_and_wait(
            [str(path), "--version"], children.program_environment(os.environ), VERSION_DEADLINE
        )
    except children.TimeoutExpired:
        raise AgentFailed(
            f"{path} did not say its version within {VERSION_DEADLINE:g} seconds.", "Is it the ngrok agent?"
        ) from None
    except OSError as error:
        known = explain(str(error))
        if isinstance(known, AgentCannotRun):
            raise AgentCannotRun(f"{path} cannot be started. {known.message}", known.cure) from error
        raise AgentFailed(f"{path} cannot be started: {error.strerror}.", "Install ngrok afresh.") from error
    found = _VERSION.search(said)
    if found is None:
        raise AgentFailed(
            f"{path} is not an ngrok agent: it did not say its version.", "Install ngrok afresh."
        )
    major, minor, patch = found.groups(default="0")
    return int(major), int(minor), int(patch)


def find_agent(
    named: Path | None = None, *, environment: Mapping[str, str] | None = None, default: Path | None = None
) -> AgentBinary:
    """The agent to use: the named one, else the first on the PATH that is new enough, else pyngrok's.

    Raises AgentMissing, AgentTooOld or AgentFailed. Never downloads anything.
    """
    if named is not None:
        path = named.absolute()
        if not usable(path):
            raise AgentMissing(
                f"{path} is not an ngrok agent that can be run.", "Name another file, or none."
            )
        return _new_enough(AgentBinary(path, read_version(path)))
    old: AgentBinary | None = None
    broken: AgentFailed | AgentCannotRun | None = None
    for path in candidates(os.environ if environment is None else environment, default or default_path()):
        try:
            found = AgentBinary(path, read_version(path))
        except (AgentFailed, AgentCannotRun) as error:
            broken = broken or error
            continue
        if found.version >= OLDEST:
            return found
        old = old or found
    if old is not None:
        return _new_enough(old)
    if broken is not None:
        raise broken
    raise AgentMissing("There is no ngrok agent on this machine.")


def _new_enough(found: AgentBinary) -> AgentBinary:
    if found.version < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise AgentTooOld(
            f"The ngrok agent {found.path} has version {found.version_text}; {needed} or newer is needed."
        )
    return found


def setpriv() -> str:
    """util-linux's `setpriv`, which gives the agent a death signal; "" on a system without it (macOS, BusyBox)."""
    return children.locate("setpriv", os.environ) or ""
