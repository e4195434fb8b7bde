"""Commands on the helper class, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import CommandSpec, Plain

KIND = "helper"
"""The journal's name for this kind of change."""

_command = partial(CommandSpec, group="instance", needs_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="helper",
        summary="Whether the helper class is on the instance, and what it is used for",
        handler="helper.managing:show",
        plain=(
            Plain("(show|list|describe) [me] [the] helper [class|status]"),
            Plain("is (the|a) helper [class] (installed|there)"),
            Plain("what is the helper [class] [for]"),
        ),
        examples=("is the helper installed",),
        aliases=("helper status",),
    ),
    _command(
        name="helper install",
        undo={KIND: "helper.managing:AGAIN"},
        summary="Add a small class to the instance for what only code there can do, after showing it",
        handler="helper.managing:install",
        plain=(Plain("(install|add|load) [the|a] helper [class]"),),
        examples=("install the helper",),
        changes=True,
        needs=("helper.install",),
    ),
    _command(
        name="helper remove",
        summary="Delete the helper class from the instance",
        handler="helper.managing:remove",
        plain=(Plain("(remove|delete|uninstall) [the] helper [class]"),),
        examples=("remove the helper",),
        aliases=("helper uninstall",),
        changes=True,
        needs=("helper.remove",),
    ),
)
