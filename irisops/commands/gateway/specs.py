"""Commands on the Web Gateway, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

KIND = "gateway.password"
"""The journal's name for this kind of change."""

_command = partial(CommandSpec, group="access", uses_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="gateway",
        summary="The Web Gateway of this machine: its file, its credentials and what each is for, its paths",
        handler="gateway.showing:show",
        grammar=(Arg("file", "file", required=False),),
        plain=(
            Plain("(show|see) [me] [the] [web] gateway"),
            Plain("where is (CSP.ini|the web gateway)"),
        ),
        examples=("show the web gateway",),
    ),
    _command(
        name="gateway password",
        undo={KIND: "gateway.password:AGAIN"},
        summary="Set a new password for the Web Gateway's management pages; keeps the former file beside it",
        handler="gateway.password:change",
        grammar=(Arg("file", "file", required=False),),
        plain=(
            Plain("(set|change|reset) [the] [web] gateway password"),
            Plain("(set|change|reset) [the] password of [the] [web] gateway"),
            Plain("(i lost|i forgot|we lost|we forgot) [the] [web] gateway password"),
        ),
        examples=("reset the web gateway password",),
        changes=True,
    ),
    _command(
        name="gateway server",
        summary="What the Web Gateway sends to this instance, beside what it expects; side= sets the password",
        handler="gateway.server:compare",
        grammar=(Arg("server", required=False),),
        options={"file": "file", "side": "text"},
        plain=(
            Plain("why can the [web] gateway not (connect|log in) [to iris]"),
            Plain("(check|compare) [the] [web] gateway [with the instance]"),
            Plain("[why] server availability error"),
        ),
        examples=("check the web gateway", "server availability error"),
        changes=True,
        shows=True,
        needs_connection=True,
        needs=("users.list", "services.read"),
    ),
)
