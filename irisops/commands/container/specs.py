"""What can be typed about containers: commands as data."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_command = partial(CommandSpec, group="instance")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="container",
        summary="A container of IRIS on this machine: is it up, what is wrong with it, the exact command for that",
        handler="container.showing:show",
        grammar=(Arg("container", "found", required=False),),
        plain=(
            Plain("(show|list|check|examine) [me] [the|my] container"),
            Plain("(show|check|examine) [the|my] container {container}"),
            Plain("why does (the|my) container not (start|run|come up)"),
            Plain("is (the|my) container (up|running|ok|healthy)"),
        ),
        examples=("is my container up", "check the container docker:iris-1"),
    ),
    _command(
        name="container fix",
        summary="Run the command for a failure that /container shows, after showing it",
        handler="container.fixing:fix",
        grammar=(Arg("container", "found"), Arg("failure", show="FAILURE")),
        plain=(
            Plain("fix [the] {failure} (of|in|on) [the] container {container}"),
            Plain("fix [the] container {container} {failure}"),
        ),
        examples=("fix the login of the container docker:iris-1",),
        changes=True,
    ),
)
