"""/clear, /save, /theme, /watch, /quit: effects that the screen carries out."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.quoting import quote
from irisops.contract.replies import Effect, Problem, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import filter_words

WATCHABLE = ("license", "sessions", "processes", "status")
OTHER_WORDS = {"licence": "license", "units": "license", "session": "sessions", "process": "processes"}
OFF = ("off", "nothing", "none", "stop")


async def clear(_context: Context, _command: Command) -> Replies:
    """Empty the transcript."""
    yield Effect("clear")


async def sort(_context: Context, command: Command) -> Replies:
    """Order the rows on the screen."""
    yield Effect("sort", str(command.args["column"]))


async def only(_context: Context, command: Command) -> Replies:
    """Filter the rows on the screen."""
    yield Effect("only", " ".join(command.words("words")))


async def again(_context: Context, command: Command) -> Replies:
    """Reached only if there is no last command: else the line became that command (see `follow_ups`)."""
    yield Problem(
        "NothingYet",
        "There is nothing to repeat yet.",
        "Type a command first; /help lists them.",
        command.text,
    )


async def leave(_context: Context, _command: Command) -> Replies:
    """End the program."""
    yield Effect("quit")


async def theme(_context: Context, command: Command) -> Replies:
    """Switch the theme, or ask for the list."""
    yield Effect("theme", str(command.args.get("name", "")))


async def save(_context: Context, command: Command) -> Replies:
    """Write the transcript."""
    yield Effect("save", str(command.args["file"]))


async def watch(context: Context, command: Command) -> Replies:
    """Pin a card, or remove it. The words after the noun are its filter."""
    what = str(command.args["what"]).casefold().removeprefix("/")
    if what in OFF:
        yield Effect("unpin")
        return
    what = OTHER_WORDS.get(what, what)
    if what not in WATCHABLE:
        close = nearest(what, WATCHABLE)
        raise Refusal(
            "NotWatchable",
            f"{harmless(what, 40)} cannot be watched.",
            f"Watch {listed(WATCHABLE, 'or')}; /watch off ends it.",
            suggestions=[f"/watch {each}" for each in close],
        )
    words = filter_words(command)
    spec = context.registry.get(what)
    if words and (spec is None or not spec.grammar):
        raise Refusal("BadFilter", f"/watch {what} takes no filter.", f"Write /watch {what}.")
    yield Effect("pin", " ".join([f"/{what}", *(quote(word) for word in words)]))
