"""/clear, /save, /theme, /quit: effects that the screen carries out."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.replies import Effect
from irisops.engine.context import Context
from irisops.engine.spec import Replies


async def clear(_context: Context, _command: Command) -> Replies:
    """Empty the transcript."""
    yield Effect("clear")


async def leave(_context: Context, _command: Command) -> Replies:
    """End the program."""
    yield Effect("quit")


async def theme(_context: Context, command: Command) -> Replies:
    """Switch the theme, or ask for the list."""
    yield Effect("theme", str(command.args.get("name", "")))


async def save(_context: Context, command: Command) -> Replies:
    """Write the transcript."""
    yield Effect("save", str(command.args["file"]))
