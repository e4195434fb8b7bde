"""Commands on the tool itself, as data. Handlers are resolved at first use."""

from __future__ import annotations

from functools import partial

from irisops.engine.spec import LINE, Arg, CommandSpec, Plain
from irisops.profiles.settings import SCHEMA

_command = partial(CommandSpec, group="this tool")

SPECS: tuple[CommandSpec, ...] = (
    _command(
        name="help",
        summary="What can be asked, one command in full, or what a term means",
        handler="tool.help:show_help",
        grammar=(Arg("command", "command", required=False, many=True),),
        plain=(
            Plain(
                "(help|help me|what can i say|what can you do|what can i ask|what can i do|commands|"
                "show commands|list commands)"
            ),
            Plain("(help|help me) (with|on|about) {command}"),
            Plain("how do i use {command}"),
            Plain("how does {command} work"),
        ),
        examples=("what can you do", "what is a license unit"),
        aliases=("?", "h", "commands"),
    ),
    _command(
        name="status",
        summary="The connected instance at a glance",
        handler="tool.status:show_status",
        plain=(
            Plain("(status|overview|summary|state|version)"),
            Plain("(show|give) [me] [the] [instance] (status|overview|summary|state) [of the instance]"),
            Plain("how is [the] (it|instance|system|server) [doing]"),
            Plain("(what|which) (version|instance) (is this|is it|am i on|am i connected to|do we run)"),
        ),
        examples=("how is the instance",),
        needs_connection=True,
        live=True,
        group="instance",
    ),
    _command(
        name="on",
        summary="A command on another profile, on several (a,b) or on all, side by side",
        handler="tool.on:on",
        grammar=(Arg("where", "profile", show="PROFILE|all"), Arg("line", LINE, show="COMMAND")),
        examples=("on all /license",),
        group="profiles",
    ),
    _command(
        name="dashboard",
        summary="All connected instances at a glance, live",
        handler="tool.on:dashboard",
        plain=(
            Plain("(show|open) [me] [the] (dashboard|overview) [of] [all] [the] [instances]"),
            Plain("(show|compare|how are) [me] all [the|my] instances [doing]"),
        ),
        examples=("show all my instances",),
        group="profiles",
        live=True,
    ),
    _command(
        name="doctor",
        summary="What works here and by which route; paste it into a bug report",
        handler="tool.doctor:show_doctor",
        plain=(
            Plain("(run|show|call) [me] [the] doctor"),
            Plain("(check|test|examine) [the] (instance|connection|server)"),
            Plain("(doctor|diagnose|diagnostics|self test|check everything)"),
            Plain("(what|which) (works|features|routes) (here|are there|are available|work)"),
            Plain("what does (this|the) instance (offer|support)"),
            Plain("(what is wrong|what's wrong|why does it not work|why doesn't it work)"),
        ),
        examples=("what does this instance offer",),
        uses_connection=True,
    ),
    _command(
        name="evidence",
        summary="Collect what this instance answers, without names, in a file to give away; shows it first",
        handler="tool.evidence:collect",
        grammar=(Arg("file", "file"),),
        plain=(Plain("(collect|gather|write) [the] evidence (to|in|into) {file}"),),
        examples=("collect evidence in iris.json",),
        needs_connection=True,
    ),
    _command(
        name="evidence compare",
        summary="What a file of /evidence settles, and what it contradicts",
        handler="tool.evidence:settle",
        grammar=(Arg("file", "file"),),
        plain=(Plain("(compare|read|judge) [the] evidence (of|in|from) {file}"),),
        examples=("compare the evidence in iris.json",),
    ),
    _command(
        name="settings",
        summary="Change settings: opens a form, or takes poll_interval= traffic= theme= …",
        handler="tool.settings:settings",
        options={setting.name: "flag" if setting.kind == "flag" else "text" for setting in SCHEMA},
        plain=(
            Plain("(change|edit|open) [the|my] (settings|configuration|preferences|options)"),
            Plain("set [the] poll interval to {seconds}", {"poll_interval": "{seconds}"}),
        ),
        examples=("change the settings",),
    ),
    _command(
        name="settings list",
        summary="All settings with their values, and the file they are in",
        handler="tool.settings:show",
        plain=(Plain("(show|list) [me] [the|my] (settings|configuration|preferences|options)"),),
        examples=("show my settings",),
    ),
    _command(
        name="theme",
        summary="Colours of the screen; without a name, the list",
        handler="tool.screen:theme",
        grammar=(Arg("name", "theme", required=False),),
        plain=(
            Plain("(use|switch to|change to|set) [the] {name} theme"),
            Plain("(use|switch to|change to|set) [the] theme [to] {name}"),
            Plain("(show|list|change|switch) [the|my] (themes|theme|colours|colors)"),
            Plain("dark mode", {"name": "dark"}),
            Plain("light mode", {"name": "light"}),
        ),
        examples=("show themes",),
        aliases=("themes",),
    ),
    _command(
        name="sort",
        summary="Order the rows of the last answer by a column, on the screen; -COLUMN for the largest first",
        handler="tool.screen:sort",
        grammar=(Arg("column", show="COLUMN"),),
    ),
    _command(
        name="only",
        summary="Show only the rows of the last answer with these words, on the screen; without words, all of them",
        handler="tool.screen:only",
        grammar=(Arg("words", required=False, many=True, show="WORDS"),),
    ),
    _command(
        name="again",
        summary="Repeat the last command",
        handler="tool.screen:again",
        plain=(Plain("(again|once more|repeat that|repeat it|the same again|same again)"),),
        examples=("once more",),
    ),
    _command(
        name="clear",
        summary="Empty the transcript",
        handler="tool.screen:clear",
        at_once=True,
        plain=(
            Plain("clear [the] [screen|transcript|chat|window]"),
            Plain("(empty|wipe|clean) [the] (screen|transcript|chat|window)"),
        ),
        examples=("clear the screen",),
        aliases=("cls",),
    ),
    _command(
        name="save",
        summary="Write the transcript to a file as Markdown",
        handler="tool.screen:save",
        grammar=(Arg("file", "file"),),
        plain=(
            Plain("(save|export|write) [the|this|it] [transcript|chat|conversation] (to|as|into|in) {file}"),
        ),
        examples=("save the transcript to notes.md",),
    ),
    _command(
        name="quit",
        summary="Log out everywhere and leave",
        handler="tool.screen:leave",
        at_once=True,
        plain=(Plain("(quit|exit|bye|bye bye|goodbye|leave|good bye|log off|i am done|i'm done)"),),
        examples=("bye",),
        aliases=("exit", "q"),
    ),
)
