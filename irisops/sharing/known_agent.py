"""SHA-256 sums of downloaded agents, to notice when such a file changes.

pyngrok compares what it fetches with no checksum (facts: ngrok-keyring A7), and whether ngrok publishes one for the
newest agent was not to be found out. So the first download is trusted as far as HTTPS goes, and a later change of the
file is reported before it is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from irisops.files import write_atomically


def sha256(path: Path) -> str:
    """Hexadecimal sum of a file; blocks for some tenths of a second. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class KnownAgents:
    """A file with the paths of downloaded agents and their sums."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def remember(self, agent: Path) -> str:
        """Store the sum of a downloaded agent, and return it. Raises `OSError`."""
        total = sha256(agent)
        write_atomically(self._path, json.dumps({**self._read(), str(agent): total}) + "\n")
        return total

    def look_at(self, agent: Path) -> tuple[Iterable[str], Iterable[str]]:
        """Notes on an agent before it is used: (facts, warnings). Raises `OSError`."""
        then = self._read().get(str(agent))
        if then is None:
            return (), ()  # not downloaded by irisops
        now = sha256(agent)
        if now == then:
            return (f"The ngrok agent is the one that was fetched over HTTPS, SHA-256 {now}.",), ()
        changed = (
            f"{agent} is another file than the ngrok agent that was fetched: SHA-256 {now}, it was {then}"
        )
        return (), (f"{changed}. If you did not update it, fetch it again with install=yes",)

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            return {}  # rewritten at the next download
        return {str(key): str(value) for key, value in kept.items()} if isinstance(kept, dict) else {}
