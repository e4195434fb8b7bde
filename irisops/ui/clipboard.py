"""The clipboard of a terminal that may be far away: OSC 52, which tmux needs to be told of in its own way."""

from __future__ import annotations

import os
from collections.abc import Mapping

from irisops import children


def tmux_command(environment: Mapping[str, str]) -> list[str] | None:
    """How to hand a text to tmux, which by default ignores OSC 52 of the programs inside it; None outside tmux.

    `load-buffer -w` puts it into tmux's buffer and on to the outer terminal's clipboard.
    """
    if not environment.get("TMUX"):
        return None
    return [children.locate("tmux", environment) or "/usr/bin/tmux", "load-buffer", "-w", "-"]


async def send_to_tmux(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Hand `text` to the tmux around this program, by a pipe. Returns why it failed, or an empty string."""
    around = environment if environment is not None else os.environ
    command = tmux_command(around)
    if command is None:
        return ""
    try:
        process = await children.start(
            command, children.program_environment(around), stdout=children.DEVNULL, stderr=children.PIPE
        )
    except OSError as error:
        return f"tmux cannot be started: {error}"
    _, errors = await process.communicate(text.encode())
    return errors.decode(errors="replace").strip() if process.returncode else ""
