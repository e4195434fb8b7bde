"""What can be typed about configurations as text: commands as data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from irisops.engine.spec import Arg, CommandSpec, Keyword, Plain

_ONLY = (
    Keyword("only", alone=True),
    Arg("kinds", "configuration kind", required=False, many=True, show="KIND,…"),
)
_CONFIGURATION = "[the|this] (configuration|config|instance|server)"
_command = partial(CommandSpec, group="instance")


def _file_of(  # noqa: PLR0917 - the columns of a table of formats
    word: str, summary: str, handler: str, plain: str, example: str, options: Mapping[str, str] | None = None
) -> CommandSpec:
    """`/export WORD FILE`: the configuration in another format."""
    return _command(
        name=f"export {word}",
        summary=summary,
        handler=f"configuration.generate:{handler}",
        grammar=(Arg("file", "file"), *_ONLY),
        options={**(options or {}), "from": "file"},
        plain=(Plain(plain),),
        examples=(example,),
        uses_connection=True,
    )


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
    _file_of(
        "merge",
        "Write a CPF merge file of the configuration; passwords=jane,bob asks for theirs and writes hashes",
        "merge",
        "(write|make|create|generate|produce) [me] [a|the] [cpf] merge file (to|in|into|as|named|called) {file}",
        "make a merge file named merge.cpf",
        {"target": "text", "passwords": "user"},
    ),
    _file_of(
        "manifest",
        "Write the configuration as an %Installer class, with comments on what its tags cannot say",
        "manifest",
        (
            "(write|make|create|generate|produce) [me] [a|an|the] [installer|%installer] manifest "
            "(to|in|into|as|named|called) {file}"
        ),
        "make an installer manifest named App.Installer.cls",
    ),
    _file_of(
        "objectscript",
        "Write the configuration as ObjectScript for a terminal session",
        "as_objectscript",
        f"(write|export|generate) {_CONFIGURATION} as objectscript (to|in|into) {{file}}",
        "write the configuration as objectscript to setup.txt",
    ),
    _file_of(
        "python",
        "Write the configuration as a Python program for the driver",
        "as_python",
        f"(write|export|generate) {_CONFIGURATION} as [a] python [program|script] (to|in|into) {{file}}",
        "write the configuration as a python program to setup.py",
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
            **{
                name: f"configuration.setting_kinds:{name.upper()}"
                for name in (
                    "system",
                    "audit_event",
                    "tls",
                    "ldap",
                    "sql_holder",
                    "task",
                    "namespace",
                    "database",
                )
            },
        },
        needs_connection=True,
        changes=True,
    ),
)
