"""/assistant and /assistant sent, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import SENTENCE, Arg, CommandSpec, Plain

_command = partial(CommandSpec, group="this tool")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="assistant",
        summary="Let the model of /settings assistant_url= choose the command for a sentence",
        handler="assistant.asking:ask",
        grammar=(Arg("sentence", SENTENCE, show="SENTENCE"),),
        plain=(Plain("ask the (assistant|model) [about|for|to] {sentence}"),),
        examples=("ask the assistant who is busy",),
        uses_connection=True,
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
