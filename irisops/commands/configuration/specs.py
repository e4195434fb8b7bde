"""What can be typed about configurations as text: commands as data."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain

_ONLY = (
    Keyword("only", alone=True),
    Arg("kinds", "configuration kind", required=False, many=True, show="KIND,…"),
)
_CONFIGURATION = "[the|this] (configuration|config|instance|server)"
_command = partial(CommandSpec, group="instance")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="export",
        summary="Write the configuration of the instance as text, one file for each object, fit for Git",
        handler="configuration.export:export",
        grammar=(Arg("folder", "file", show="DIR"), *_ONLY),
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
        name="export merge",
        summary="Write a CPF merge file of the configuration; passwords=jane,bob asks for theirs and writes hashes",
        handler="configuration.generate:merge",
        grammar=(Arg("file", "file"), *_ONLY),
        options={"target": "text", "passwords": "user", "from": "file"},
        plain=(
            Plain(
                "(write|make|create|generate|produce) [me] [a|the] [cpf] merge file (to|in|into|as|named|called) {file}"
            ),
        ),
        examples=("make a merge file named merge.cpf",),
        uses_connection=True,
    ),
    _command(
        name="export manifest",
        summary="Write the configuration as an %Installer class, with comments on what its tags cannot say",
        handler="configuration.generate:manifest",
        grammar=(Arg("file", "file"), *_ONLY),
        options={"from": "file"},
        plain=(
            Plain(
                "(write|make|create|generate|produce) [me] [a|an|the] [installer|%installer] manifest "
                "(to|in|into|as|named|called) {file}"
            ),
        ),
        examples=("make an installer manifest named App.Installer.cls",),
        uses_connection=True,
    ),
    _command(
        name="export objectscript",
        summary="Write the configuration as ObjectScript for a terminal session",
        handler="configuration.generate:as_objectscript",
        grammar=(Arg("file", "file"), *_ONLY),
        options={"from": "file"},
        plain=(
            Plain(
                f"(write|export|generate) {_CONFIGURATION} as objectscript (to|in|into) {{file}}",
            ),
        ),
        examples=("write the configuration as objectscript to setup.txt",),
        uses_connection=True,
    ),
    _command(
        name="export python",
        summary="Write the configuration as a Python program for the driver",
        handler="configuration.generate:as_python",
        grammar=(Arg("file", "file"), *_ONLY),
        options={"from": "file"},
        plain=(
            Plain(
                f"(write|export|generate) {_CONFIGURATION} as [a] python [program|script] (to|in|into) {{file}}"
            ),
        ),
        examples=("write the configuration as a python program to setup.py",),
        uses_connection=True,
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
    _command(
        name="apply",
        summary="Make the instance what a folder of /export says, by one plan; deletes nothing without delete=yes",
        handler="configuration.apply:apply",
        grammar=(Arg("folder", "file", show="DIR"), *_ONLY),
        options={"delete": "flag"},
        plain=(
            Plain("apply [the] [configuration|config] [of|in|from] [folder] {folder}"),
            Plain(
                "apply [the] [configuration|config] [of|in|from] [folder] {folder} to [the|this] (instance|server)"
            ),
            Plain(f"(make|set|bring) {_CONFIGURATION} (like|to|as) [it is] [in] [the] [folder] {{folder}}"),
        ),
        examples=("apply the configuration in ./live",),
        undo={
            "oauth_server": "configuration.oauth_kinds:SERVER",
            "oauth_client": "configuration.oauth_kinds:CLIENT",
        },
        needs_connection=True,
        changes=True,
    ),
)
