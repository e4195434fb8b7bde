"""What can be typed about configurations as text: commands as data."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain

_ONLY = (Keyword("only", alone=True), Arg("kinds", required=False, many=True, show="KIND,…"))
_CONFIGURATION = "[the|this] (configuration|config|instance|server)"
_command = partial(CommandSpec, group="instance")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="export",
        summary="Write the configuration of the instance as text, one file for each object, fit for Git",
        handler="configuration.export:export",
        grammar=(Arg("folder", "file"), *_ONLY),
        options={"check": "flag"},
        plain=(
            Plain(f"(export|write|save|dump) {_CONFIGURATION} (to|in|into|as) [the] [folder] {{folder}}"),
            Plain(
                f"has {_CONFIGURATION} (changed|drifted) since {{folder}}",
                {"check": "yes"},
            ),
        ),
        examples=("export the configuration to ./live",),
        needs_connection=True,
    ),
    _command(
        name="diff",
        summary="Differences of two configurations: folders of /export, profiles, or the instance now",
        handler="configuration.diff:diff",
        grammar=(
            Arg("first", "file", required=False, show="DIR|PROFILE"),
            Arg("second", "file", required=False, show="DIR|PROFILE"),
            *_ONLY,
        ),
        plain=(
            Plain(
                "(what|what's|what is) [the] (different|difference|changed) (between|in) {first} (and|from) {second}"
            ),
            Plain(f"(compare|diff) {_CONFIGURATION} [of|in] {{first}} (with|and|to|against) {{second}}"),
            Plain(f"(compare|diff) {_CONFIGURATION} (with|to|against) {{first}}"),
        ),
        examples=("compare the configuration of test with prod",),
        uses_connection=True,
    ),
)
