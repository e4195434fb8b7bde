"""Commands on processes, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_PID = (Arg("pid", "number", show="PID"),)

_command = partial(CommandSpec, needs_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="processes",
        summary="Processes with user, namespace, routine and state; filter and sort by words",
        handler="processes.listing:show_processes",
        grammar=(Arg("filter", "filter", required=False, many=True),),
        plain=(
            Plain("(show|list|see|display) [me] [all] [the|my] [running] (processes|jobs)"),
            Plain("(processes|jobs|top|ps|running processes|running jobs)"),
            Plain(
                "(show|list|see) [me] [all] [the] (processes|jobs) (of|by|for|from) [user|the user] {user}",
                {"filter": ["user={user}"]},
            ),
            Plain("(show|list|see) [me] {user's} (processes|jobs)", {"filter": ["user={user}"]}),
            Plain(
                "(what|who|which process|which processes) (is|are) (using|eating|burning|taking) [up] "
                "[all|most|so much|much] [of] [the|my] cpu",
                {"filter": ["sort=-cpu_ms"]},
            ),
            Plain(
                "(what|who|which process|which processes) (is|are) (slow|busy|busiest|making it slow)",
                {"filter": ["sort=-cpu_ms"]},
            ),
            Plain("(what|which processes|which jobs) (is|are) running [on the instance|now]"),
            Plain("how many (processes|jobs) (are there|are running|do we have|run)"),
        ),
        examples=("show processes", "what is running"),
        aliases=("ps",),
        needs=("processes.list",),
        live=True,
    ),
    _command(
        name="process",
        summary="All about one process",
        handler="processes.listing:show_process",
        grammar=(Arg("pid", "number", show="PID"),),
        plain=(
            Plain("(show|open|explain) [me] [the] (process|job|pid) {pid}"),
            Plain("what (is|does) [the] (process|job|pid) {pid} [do|doing]"),
        ),
        examples=("what is process 4711 doing",),
        needs=("processes.list",),
        live=True,
    ),
    _command(
        name="process terminate",
        undo={"process.terminate": "processes.acting:AGAIN"},
        summary="End a process; says what an open transaction would lose",
        handler="processes.acting:terminate",
        grammar=_PID,
        plain=(Plain("(terminate|kill|end|stop) [the] (process|job|pid) {pid}"),),
        examples=("terminate process 4711",),
        aliases=("process kill", "kill"),
        changes=True,
        needs=("processes.list", "processes.terminate"),
    ),
    _command(
        name="process suspend",
        undo={"process.suspend": "processes.acting:AGAIN"},
        summary="Stop a process for a while",
        handler="processes.acting:suspend",
        grammar=_PID,
        plain=(Plain("(suspend|pause|freeze|halt) [the] (process|job|pid) {pid}"),),
        examples=("suspend process 4711",),
        changes=True,
        needs=("processes.list", "processes.suspend"),
    ),
    _command(
        name="process resume",
        undo={"process.resume": "processes.acting:AGAIN"},
        summary="Let a suspended process go on",
        handler="processes.acting:resume",
        grammar=_PID,
        plain=(Plain("(resume|continue|unpause|unfreeze) [the] (process|job|pid) {pid}"),),
        examples=("resume process 4711",),
        changes=True,
        needs=("processes.list", "processes.resume"),
    ),
)
