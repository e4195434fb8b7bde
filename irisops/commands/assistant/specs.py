"""/assistant and /assistant sent, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import SENTENCE, Arg, CommandSpec, Plain

_command = partial(CommandSpec, group="this tool")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="assistant",
        summary="Let the model of /settings assistant_url= choose the command for a sentence; alone: which one it is",
        handler="assistant.asking:ask",
        grammar=(Arg("sentence", SENTENCE, required=False, show="SENTENCE"),),
        uses_connection=True,
        plain=(
            Plain("is (an|the) (assistant|model) (set up|on|configured)"),
            Plain("which (assistant|model) is (set up|asked|on)"),
        ),
        examples=("is an assistant set up",),
    ),
    _command(
        name="assistant sent",
        summary="What was sent to the model last",
        handler="assistant.asking:sent",
        plain=(
            Plain("what was sent to the (assistant|model)"),
            Plain("(show|see) [me] what the (assistant|model) (got|gets|was sent|was told)"),
        ),
        examples=("what was sent to the assistant",),
    ),
)
