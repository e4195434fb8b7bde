"""Runs a local program with a deadline, returns its output, and leaves no process behind."""

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
    """The program gave no answer; the text says why. `said` is its last output, if any."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


async def ask(
    argv: Sequence[str], environment: Mapping[str, str], deadline: float, folder: Path = children.GROUND
) -> str:
    """Standard output of a program without input. Raises `ProgramError`.

    It runs in its own session: it cannot prompt, and at the deadline (seconds) it is ended together with its children.
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
        # Also after success: end what it left running in its session.
        await _end(child)
    if child.returncode:
        said = err.decode("utf-8", "replace").strip().splitlines()
        raise ProgramError(f"ended with status {child.returncode}", said[-1] if said else "")
    return out.decode("utf-8", "replace")


async def _all_of(pipe: asyncio.StreamReader | None) -> bytes:
    """Output of a program, which may be endless."""
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
            # Read to the end of its pipes: unread output keeps them open.
            await asyncio.gather(child.wait(), _drain(child.stdout), _drain(child.stderr))


async def _drain(pipe: asyncio.StreamReader | None) -> None:
    while pipe is not None and await pipe.read(1 << 16):
        pass
