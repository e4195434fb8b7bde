"""Asking a program of the machine something, with a deadline: its output, and never a process left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from irisops import children
from irisops.children import locate

__all__ = ["ProgramError", "ask", "locate"]

MOST_OUTPUT = 1 << 20
"""Bytes."""
END_DEADLINE = 1.0
"""Seconds for a killed program to be gone."""


class ProgramError(Exception):
    """It is there, but gave no answer; the text says why in plain words. `said` is its own last word, if it had one."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


async def ask(
    argv: Sequence[str], environment: Mapping[str, str], deadline: float, folder: Path = children.GROUND
) -> str:
    """Standard output of a program that is given nothing to read. Raises `ProgramError`.

    It runs in a session of its own: without a terminal it cannot ask anything, and at the deadline (seconds) it ends
    together with all that it started.
    """
    try:
        child = await children.start(
            argv,
            children.program_environment(environment),
            stdin=children.DEVNULL,
            stderr=children.PIPE,
            folder=folder,
        )
    except (OSError, ValueError) as error:
        raise ProgramError(f"could not be started ({type(error).__name__})") from None
    readers = [asyncio.create_task(_all_of(pipe)) for pipe in (child.stdout, child.stderr)]
    try:
        async with asyncio.timeout(deadline):
            out, err = await asyncio.gather(*readers)
            await child.wait()
    except TimeoutError:
        raise ProgramError(f"did not answer within {deadline:g} seconds") from None
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        # Also after a good answer: what it left running in its session is not wanted.
        await _end(child)
    if child.returncode:
        said = err.decode("utf-8", "replace").strip().splitlines()
        raise ProgramError(f"ended with status {child.returncode}", said[-1] if said else "")
    return out.decode("utf-8", "replace")


async def _all_of(pipe: asyncio.StreamReader | None) -> bytes:
    """What a program prints, which may be without end."""
    read = bytearray()
    while pipe is not None and (part := await pipe.read(1 << 16)):
        read += part
        if len(read) > MOST_OUTPUT:
            raise ProgramError("printed more than 1 MB")
    return bytes(read)


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_DEADLINE):
            # To the end of its pipes, too: what is not read keeps them open.
            await asyncio.gather(child.wait(), _drain(child.stdout), _drain(child.stderr))


async def _drain(pipe: asyncio.StreamReader | None) -> None:
    while pipe is not None and await pipe.read(1 << 16):
        pass
