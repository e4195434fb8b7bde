"""Downloads the ngrok agent through pyngrok, in its own process, with progress. Only on request.

pyngrok prints its progress to standard output and reports nothing else, has no deadline for the whole, and checks no
sum (facts: ngrok-keyring A7); so it runs separately, and `finder` checks the result.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from irisops import children
from irisops.sharing.errors import AgentMissing, explain

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
