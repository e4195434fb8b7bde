"""What can be typed about recordings: commands as data."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_command = partial(CommandSpec, group="license")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="record",
        summary="Write what is read of the instance to a file, for irisops replay; without a file, how it stands",
        handler="recording.record:record",
        grammar=(Arg("file", "file", required=False),),
        options={"for": "text", "most": "number", "lists": "flag", "pseudonyms": "flag"},
        plain=(
            Plain("record [this|the|my] [instance|server|everything] (to|in|into) [the] [file] {file}"),
            Plain(
                "record [this|the|my] [instance|server|everything] (to|in|into) [the] [file] {file} for {for}",
            ),
        ),
        examples=("record the instance to today.irec",),
        needs_connection=True,
    ),
    _command(
        name="record off",
        summary="End the recording",
        handler="recording.record:record_off",
        aliases=("record stop", "record end"),
        plain=(Plain("(end|stop|finish) [the|my] recording"),),
        examples=("stop the recording",),
        needs_connection=True,
    ),
    _command(
        name="at",
        summary="In a replay: go to a moment: 14:02, +5m, next or previous change, full, start, end",
        handler="recording.moments:at",
        grammar=(
            Arg("when", "text", required=False, many=True, show="14:02|+5m|next|previous|full|start|end"),
        ),
        plain=(
            Plain("(go|jump|move|skip) to [the] next change", {"when": ["next"]}),
            Plain("(go|jump|move) [back] to [the] (previous|last) change", {"when": ["previous"]}),
            Plain(
                "(go|jump|move) to [the moment] (when|where) the (license|licence) (was|got|became) full",
                {"when": ["full"]},
            ),
            Plain("when (was|did) the (license|licence) [get|become|run] full", {"when": ["full"]}),
            Plain("(go|jump|move) [back] to [the] (start|beginning) of the recording", {"when": ["start"]}),
            Plain("(go|jump|move) to [the] end of the recording", {"when": ["end"]}),
        ),
        examples=("when was the license full", "jump to the next change"),
        uses_connection=True,
    ),
)
