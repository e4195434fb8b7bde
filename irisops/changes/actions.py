"""Actions on things of an instance that are no objects with fields: run a task, dismount a database, delete a lock.

An action is one call with a state before and after it. Where the state is all there is to it, its opposite takes it
back; where it is not, `Action.final` says why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.changes.rehearsal import rehearse
from irisops.connections.connection import Link
from irisops.contract.replies import Change, Done, Plan, Problem, Progress, Refusal
from irisops.contract.wording import harmless
from irisops.engine.as_code import code_of
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.failures import not_permitted
from irisops.instance.features import FEATURES
from irisops.instance.routes import Instance, lacking
from irisops.journal import Entry, Reverse

PATIENCE = 10.0
"""Seconds after which an action whose effect is not seen is reported."""
LOOK_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Action:
    """What is done to what. `kind` is the journal's name for it, `target` finds the thing again."""

    kind: str
    target: str
    title: str
    what: str
    before: str
    after: str
    feature: str
    """Feature whose documented privilege is asked for before the plan is shown."""
    run: Callable[[Instance], Awaitable[None]] = field(repr=False)
    look: Callable[[], Awaitable[str]] = field(repr=False)
    """The state now, in the words of `before` and `after`."""
    said: str = ""
    """The sentence of success."""
    details: Sequence[str] = ()
    effects: Sequence[str] = ()
    warnings: Sequence[str] = ()
    final: str = ""
    """Why it cannot be taken back; "" if its opposite does that."""
    patience: float = PATIENCE
    gone: bool = False
    """Its thing is not there afterwards."""

    @property
    def name(self) -> str:
        """Public name of its replies."""
        return self.kind.replace(".", "_")


async def refuse_lacking(link: Link, feature: str) -> None:
    """Raise NotPermitted if the account lacks what the feature is documented to need. For what is read first, too."""
    lacks = await lacking(link.connection, FEATURES[feature].privilege)
    if lacks:
        raise not_permitted(f"That needs {lacks}.", privilege=lacks)


async def plan_action(context: Context, link: Link, action: Action, origin: Origin) -> Plan:
    """The plan. Raises `Refusal` if it is so already, and the named problem of one that can only fail."""
    if action.before == action.after:
        raise Refusal(
            "AlreadySo",
            f"{action.what[:1].upper()}{action.what[1:]} is {action.after} already.",
            "There is nothing to do.",
        )
    await refuse_lacking(link, action.feature)
    shown = Plan(
        name=action.name,
        title=action.title,
        instance=link.instance_name,
        changes=[Change(action.what, action.before, action.after, "gone" if action.gone else "set")],
        effects=action.effects,
        warnings=[*action.warnings, *([f"It cannot be taken back: {action.final}"] if action.final else [])],
        calls=code_of(await rehearse(link.connection, action.run)),
    )
    return context.plans.add(shown, lambda: _carry_out(context, link, action, origin, shown), link)


async def _carry_out(context: Context, link: Link, action: Action, origin: Origin, shown: Plan) -> Replies:
    """Look again, journal, call, wait until the effect is seen. A problem of the instance is journaled, then raised."""
    now = await action.look()
    if now != action.before:
        raise Refusal(
            "Moved",
            f"Nothing was done: {action.what} is {now} now, not {action.before} as planned.",
            "Give the command again to see a fresh plan.",
        )
    reverse = Reverse(action.kind, action.target, (action.before,), (action.after,))
    record = Record(context, link, shown, origin, reverse=reverse, final=action.final)
    with record.watched():
        await action.run(link.connection)
    yield Progress(shown.name, f"Waiting for {action.what} …")
    began = context.clock.monotonic()
    while (now := await action.look()) != action.after:
        if context.clock.monotonic() - began >= action.patience:
            record.end("failed", f"not seen within {action.patience:g} seconds")
            yield Problem(
                "NotDone",
                f"The instance took the call, but {action.what} is {now} after {action.patience:g} seconds.",
                "Look at it again in a while; /log may say why.",
            )
            return
        await context.clock.sleep(LOOK_EVERY)
    record.end("done", action.after)
    yield Done(
        shown.name,
        action.said or f"{action.what[:1].upper()}{action.what[1:]} is {action.after}.",
        details=action.details,
        undo=None if action.final else record.number,
    )


Planner = Callable[[Context, Link, str, str, Origin], Awaitable[Plan]]
"""Plans the way of the thing with this target to this state."""


def again(state: Callable[[Link, str], Awaitable[str]], planner: Planner) -> Again:
    """How a journaled action is looked at, undone and finished: by the state of its thing, read by its target."""

    def understood(entry: Entry) -> Reverse:
        reverse = entry.intent.reverse
        if reverse is None or len(reverse.before) != 1 or len(reverse.after) != 1:
            raise ValueError(f"change {entry.number} has no state before and after")
        return reverse

    async def look(link: Link, entry: Entry) -> Stand:
        reverse = understood(entry)
        now = await state(link, reverse.target)
        part = Part(reverse.target, f"{harmless(reverse.target, 80)} is {harmless(now, 40)}")
        if now == reverse.after[0]:
            return Stand(done=[part])
        return Stand(left=[part]) if now == reverse.before[0] else Stand(moved=f"{part.said}.")

    async def plan(context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin) -> Plan:
        reverse = understood(entry)
        goal = reverse.after if origin.way == "on" else reverse.before
        return await planner(context, link, reverse.target, goal[0], origin)

    return Again(understood, look, plan)
