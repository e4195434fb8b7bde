"""Commands on the journal, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_command = partial(CommandSpec, group="access")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="history",
        summary="What was changed through this profile, or one change in full",
        handler="history.history:show_history",
        grammar=(Arg("number", "number", required=False, show="N"),),
        plain=(
            Plain("(history|journal|changes|show history|show changes|what changed)"),
            Plain("(show|list|see) [me] [the|my] (history|journal|changes|last changes)"),
            Plain("what (did|have) (i|we) (change|changed|do|done)"),
            Plain("show [me] [the] change [number] {number}"),
        ),
        examples=("what did i change",),
    ),
    _command(
        name="history agents",
        summary="What agents asked for through irisops mcp, and what came of each call",
        handler="history.agents:show_calls",
        plain=(
            Plain("(show|list|see) [me] [the] (calls|requests) of [the|my] (agent|agents)"),
            Plain("what (did|have) [the|my] (agent|agents) (do|done|ask|asked|change|changed) [for]"),
            Plain("(agent|agents) (history|log|audit|calls)"),
        ),
        examples=("what did the agents do",),
    ),
    _command(
        name="undo",
        summary="Take the last change back, or change N, after showing the plan",
        handler="history.history:undo",
        grammar=(Arg("number", "number", required=False, show="N"),),
        plain=(
            Plain("(undo|take it back|take that back|undo it|undo that|revert|revert it|revert that)"),
            Plain("(undo|revert|take back) [the] last (change|one)"),
            Plain("(undo|revert|take back) [the] [change] [number|no|no.] {number}"),
        ),
        examples=("undo the last change",),
        changes=True,
        needs_connection=True,
    ),
    _command(
        name="redo",
        summary="Do again what /undo took back, after showing the plan",
        handler="history.history:redo",
        grammar=(Arg("number", "number", required=False, show="N"),),
        plain=(
            Plain("(redo|redo it|redo that|do it again)"),
            Plain("redo [the] [change] [number|no|no.] {number}"),
        ),
        examples=("redo it",),
        changes=True,
        needs_connection=True,
    ),
    _command(
        name="finish",
        summary="Finish a change that was cut off half-way, after showing what is left of it",
        handler="history.history:finish",
        grammar=(Arg("number", "number", required=False, show="N"),),
        plain=(
            Plain("finish [the] [last] [change] [number|no|no.] {number}"),
            Plain("finish [the] [last] change"),
        ),
        examples=("finish the change",),
        changes=True,
        needs_connection=True,
    ),
)
