"""What can be typed about indexes: commands as data."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Plain

_WHAT = "CLASS|TABLE|^GLOBAL"
_ALL = "[the|all|all the] (index|indexes|indices)"
_OF = "(of|on|in|for) [the] [class|table|global]"
_command = partial(CommandSpec, group="instance", options={"namespace": "namespace"}, needs_connection=True)

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="indexes",
        summary="The classes that store in a global, and the indexes of a class or a table, with their map status",
        handler="indexes.finding:show",
        grammar=(Arg("target", "stored", required=False, show=_WHAT),),
        plain=(
            Plain(f"(show|list|see) [me] {_ALL}"),
            Plain(f"(show|list|see) [me] {_ALL} {_OF} {{target}}"),
            Plain(
                "(what|which) (index|indexes|indices) (has|does) [the] [class|table|global] {target} [have]"
            ),
            Plain(
                "(what|which) (class|classes) (store|stores|live|lives|keep|keeps) [data] in [the] [global] {target}"
            ),
        ),
        examples=("show the indexes of ^Ens.Util.LogD", "which classes store in ^Ens.Util.LogD"),
    ),
    _command(
        name="indexes validate",
        summary="Check each index against its data, after a plan that says what it costs; nothing is corrected",
        handler="indexes.validating:validate",
        grammar=(
            Arg("target", "stored", show=_WHAT),
            Arg("indexes", required=False, many=True, show="INDEX,…"),
        ),
        plain=(
            Plain(f"(validate|check|verify|test) {_ALL} {_OF} {{target}}"),
            Plain(f"(validate|check|verify|test) [the] index {{indexes}} {_OF} {{target}}"),
            Plain(f"are {_ALL} {_OF} {{target}} (clean|ok|okay|intact|right|correct|sound|broken|damaged)"),
        ),
        examples=("validate the indexes of ^Ens.Util.LogD", "are the indexes of Ens.Util.Log intact"),
        changes=True,
        shows=True,
        needs=("indexes.count",),
    ),
    _command(
        name="indexes build",
        summary="Build indexes anew from the data, after a plan that says who must wait meanwhile",
        handler="indexes.building:build_anew",
        grammar=(
            Arg("target", "stored", show=_WHAT),
            Arg("indexes", required=False, many=True, show="INDEX,…"),
        ),
        plain=(
            Plain(f"(build|rebuild|repair|recreate) {_ALL} {_OF} {{target}}"),
            Plain(f"(build|rebuild|repair|recreate) [the] index {{indexes}} {_OF} {{target}}"),
        ),
        examples=("rebuild the indexes of Ens.Util.Log",),
        aliases=("indexes rebuild",),
        changes=True,
        needs=("indexes.build",),
    ),
)
