"""/watch: pin a live card at the top of the screen."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.quoting import quote
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Effect
from irisops.contract.wording import harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies

WATCHABLE = ("license", "sessions", "processes", "status")
OFF = ("off", "nothing", "none", "stop")


async def watch(context: Context, command: Command) -> Replies:
    """Pin a card, or remove it. The words after the noun are its filter."""
    what = str(command.args["what"]).casefold()
    if what in OFF:
        yield Effect("unpin")
        return
    what = {"licence": "license", "units": "license", "session": "sessions", "process": "processes"}.get(
        what, what
    )
    if what not in WATCHABLE:
        close = nearest(what, WATCHABLE)
        raise Refusal(
            "NotWatchable",
            f"{harmless(what, 40)} cannot be watched.",
            f"Watch {listed(WATCHABLE, 'or')}; /watch off ends it.",
            suggestions=[f"/watch {each}" for each in close],
        )
    given = command.args.get("filter", [])
    words = given if isinstance(given, list) else [given]
    spec = context.registry.get(what)
    if words and (spec is None or not spec.grammar):
        raise Refusal("BadFilter", f"/watch {what} takes no filter.", f"Write /watch {what}.")
    yield Effect("pin", " ".join([f"/{what}", *(quote(word) for word in words)]))
