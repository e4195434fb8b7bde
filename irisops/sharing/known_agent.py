"""Whether the agent that irisops fetched is still the file that was fetched: its SHA-256, remembered from then on.

pyngrok compares what it fetches with no checksum (facts: ngrok-keyring A7), and whether ngrok publishes one for the
newest agent was not to be found out. So the first fetch is trusted as far as HTTPS goes, and a file that is another one
later is said before it is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from irisops.files import write_atomically


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal; blocks for some tenths of a second. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class KnownAgents:
    """Paths of fetched agents with their sums, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def remember(self, agent: Path) -> str:
        """Note what was fetched; its sum. Raises `OSError`."""
        total = sha256(agent)
        write_atomically(self._path, json.dumps({**self._read(), str(agent): total}) + "\n")
        return total

    def look_at(self, agent: Path) -> tuple[Iterable[str], Iterable[str]]:
        """What to say of an agent before it is used, as (plain facts, warnings). Raises `OSError`."""
        then = self._read().get(str(agent))
        if then is None:
            return (), ()  # somebody else put it there
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
            return {}  # it is written anew at the next fetch
        return {str(key): str(value) for key, value in kept.items()} if isinstance(kept, dict) else {}
