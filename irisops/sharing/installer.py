"""Downloads the ngrok agent through pyngrok, in its own process, with progress. Only on request.

pyngrok prints its progress to standard output and reports nothing else, has no deadline for the whole, and checks no
sum (facts: ngrok-keyring A7); so it runs separately, and `finder` checks the result.
Whether ngrok publishes a checksum for the newest agent is not known. So the first download is trusted as far as HTTPS
goes; its SHA-256 is kept, and a later change of the file is reported before it is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from irisops import children
from irisops.files import cure_of, open_file, read_file, write_atomically
from irisops.sharing.errors import AgentMissing, explain


def sha256(path: Path) -> str:
    """Hexadecimal sum of a file; blocks for some tenths of a second. Raises `OSError`."""
    with open_file(path) as file:
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
        try:
            then = self._read().get(str(agent))
        except OSError as error:
            told = f"Whether {agent} was fetched by irisops, and is still the same, is not known"
            return (), (f"{told}: {self._path} cannot be read: {error.strerror}. {cure_of(error)}",)
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
        """The known sums; none if the file is missing or damaged. Raises `OSError`."""
        try:
            kept = json.loads(read_file(self._path))
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            return {}  # rewritten at the next download
        return {str(key): str(value) for key, value in kept.items()} if isinstance(kept, dict) else {}


DEADLINE = 180.0
"""Seconds for some 12 MB."""

_PERCENT = re.compile(r"(\d{1,3})%")


@dataclass(frozen=True, slots=True)
class Step:
    """Progress. `fraction` is None if unknown."""

    message: str
    fraction: float | None = None


def command(path: Path) -> tuple[str, ...]:
    """The process that installs to `path`."""
    return children.python("irisops.sharing.installer", str(path))


async def install_agent(path: Path, run: Sequence[str] = ()) -> AsyncIterator[Step]:
    """Install, yielding progress. Raises AgentMissing if it failed; then the person has to install it."""
    yield Step("Fetching the ngrok agent …", 0.0)
    process = await children.start(
        run or command(path),
        children.python_environment(os.environ),
        stdin=children.DEVNULL,
        stderr=children.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    assert process.stderr is not None  # noqa: S101 - the state says so
    errors = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(DEADLINE):
            while data := await process.stdout.read(256):
                found = _PERCENT.findall(data.decode(errors="replace"))
                if found:
                    yield Step("Fetching the ngrok agent …", min(int(found[-1]), 100) / 100)
            await process.wait()
    except TimeoutError:
        raise AgentMissing(f"The ngrok agent could not be fetched within {DEADLINE:g} seconds.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        said = (await errors).decode(errors="replace").strip()
    if process.returncode != 0:
        why = explain(said).message
        raise AgentMissing(f"The ngrok agent could not be fetched. {why}", detail=said[-500:])
    yield Step("The ngrok agent is installed.", 1.0)


def main(path: str) -> int:
    """The child: pyngrok's own installer."""
    from pyngrok import installer  # noqa: PLC0415 - not at the start
    from pyngrok.exception import PyngrokError  # noqa: PLC0415 - not at the start

    try:
        installer.install_ngrok(path)
    except PyngrokError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
