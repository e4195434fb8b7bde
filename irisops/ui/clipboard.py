"""The clipboard of a terminal that may be far away: OSC 52, which tmux needs to be told of in its own way."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from irisops import children

DEADLINE = 5.0
"""Seconds for tmux to take a text; its server may be stopped."""


def tmux_command(environment: Mapping[str, str]) -> list[str] | None:
    """How to hand a text to tmux, which by default ignores OSC 52 of the programs inside it; None outside tmux.

    `load-buffer -w` puts it into tmux's buffer and on to the outer terminal's clipboard.
    """
    return ["tmux", "load-buffer", "-w", "-"] if environment.get("TMUX") else None


async def send_to_tmux(
    text: str, environment: Mapping[str, str] | None = None, deadline: float = DEADLINE
) -> str:
    """Hand `text` to the tmux around this program, by a pipe. Returns why it failed, or an empty string."""
    command = tmux_command(environment if environment is not None else os.environ)
    if command is None:
        return ""
    program = children.locate(command[0], os.environ)
    if program is None:
        return "tmux cannot be started: it is not on the PATH"
    try:
        process = await children.start(
            [program, *command[1:]],
            children.program_environment(os.environ),
            stdout=children.DEVNULL,
            stderr=children.PIPE,
        )
    except OSError as error:
        return f"tmux cannot be started: {error}"
    try:
        async with asyncio.timeout(deadline):
            _, errors = await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"tmux did not take the text within {deadline:g} seconds"
    return errors.decode(errors="replace").strip() if process.returncode else ""
