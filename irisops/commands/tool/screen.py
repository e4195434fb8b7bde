"""/clear, /save, /theme, /quit: carried out by whoever shows the replies."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.replies import Effect
from irisops.engine.context import Context
from irisops.engine.spec import Arg, CommandSpec, Plain, Replies


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


SPECS = (
    CommandSpec(
        name="theme",
        summary="Colours of the screen; without a name, the list",
        handler=theme,
        grammar=(Arg("name", "theme", required=False),),
        plain=(
            Plain("(use|switch to|change to|set) [the] {name} theme"),
            Plain("(use|switch to|change to|set) [the] theme [to] {name}"),
            Plain("(show|list|change|switch) [the|my] (themes|theme|colours|colors)"),
            Plain("dark mode", {"name": "dark"}),
            Plain("light mode", {"name": "light"}),
        ),
        examples=("show themes",),
        aliases=("themes",),
        group="this tool",
    ),
    CommandSpec(
        name="clear",
        summary="Empty the transcript",
        handler=clear,
        plain=(
            Plain("(clear|empty|wipe|clean) [the] [screen|transcript|chat|window]"),
            Plain("(clear|empty|wipe|clean) everything"),
        ),
        examples=("clear the screen",),
        aliases=("cls",),
        group="this tool",
    ),
    CommandSpec(
        name="save",
        summary="Write the transcript to a file as Markdown",
        handler=save,
        grammar=(Arg("file", "file"),),
        plain=(
            Plain("(save|export|write) [the|this|it] [transcript|chat|conversation] (to|as|into|in) {file}"),
        ),
        examples=("save the transcript to notes.md",),
        group="this tool",
    ),
    CommandSpec(
        name="quit",
        summary="Log out everywhere and leave",
        handler=leave,
        plain=(Plain("(quit|exit|bye|bye bye|goodbye|leave|good bye|log off|i am done|i'm done)"),),
        examples=("bye",),
        aliases=("exit", "q"),
        group="this tool",
    ),
)
