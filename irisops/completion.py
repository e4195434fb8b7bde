"""`irisops completion bash|zsh|fish`: completion scripts, made from one table. A test holds the table to `--help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from irisops import streams
from irisops.commands.catalogue import default_registry
from irisops.profiles.places import Places
from irisops.profiles.store import ProfileStore

SHELLS = ("bash", "zsh", "fish")
NAMES = "irisops completion names 2>/dev/null"
"""Command that a script runs to list the profiles."""
PROFILE = "profile"
TEXT = "text"


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `value` is "" for none, `PROFILE`, `TEXT`, or the choices."""

    name: str
    help: str
    value: str | tuple[str, ...] = ""


_SIMULATOR = (
    Option("--scenario", "the practice instance's situation", TEXT),
    Option("--seed", "the practice instance's seed", TEXT),
    Option("--doubt", "what it does where nothing public says what IRIS does", TEXT),
)
_WHERE = (
    Option("--profile", "on this profile", PROFILE),
    Option("--url", "on this instance", TEXT),
    Option("--demo", "on a private practice instance"),
)
_PLAIN = Option("--plain", "line by line, without drawing")
_HELP = Option("--help", "show help")
_AS_COMMAND = (
    _HELP,
    *_WHERE,
    *_SIMULATOR,
    Option("--json", "one JSON object per reply"),
    Option("--yes", "carry a plan out"),
    Option("--confirm", "the name that a guarded profile asks for", TEXT),
    Option("--only", "only these kinds of objects", TEXT),
)
"""Options of a subcommand that is one command of the chat."""
LEVELS = ("error", "warning", "info", "debug")

TOP = (
    _HELP,
    Option("--version", "show the version"),
    Option("--profile", "open the chat on this profile", PROFILE),
    Option("--log-level", "how much the log says", LEVELS),
    _PLAIN,
)
COMMANDS: dict[str, tuple[str, tuple[Option, ...], tuple[str, ...]]] = {
    "mcp": (
        "a server of tools for an agent",
        (
            _HELP,
            Option("--profile", "serve this profile only", PROFILE),
            Option("--http", "on this port of 127.0.0.1, with a token", TEXT),
            Option("--demo", "on a private practice instance"),
            *_SIMULATOR,
        ),
        (),
    ),
    "approve": ("say yes to what an agent has planned", (_HELP,), ()),
    "demo": ("the chat on a private practice instance", (_HELP, *_SIMULATOR, _PLAIN), ()),
    "run": (
        "one command without the screen",
        (
            _HELP,
            *_WHERE,
            *_SIMULATOR,
            Option("--json", "one JSON object per reply"),
            Option("--yes", "carry a plan out"),
            Option("--confirm", "the name that a guarded profile asks for", TEXT),
        ),
        (),
    ),
    "evidence": (
        "what an instance answers, as a file to give away",
        (
            _HELP,
            *_WHERE,
            *_SIMULATOR,
            Option("--yes", "write the file without asking"),
            Option("--compare", "say what a file settles", TEXT),
        ),
        (),
    ),
    "export": (
        "the configuration of an instance as text, in a folder",
        (*_AS_COMMAND, Option("--check", "exit with 1 if the folder differs")),
        (),
    ),
    "diff": ("what differs between two configurations", _AS_COMMAND, ()),
    "apply": (
        "make an instance what such a folder says",
        (*_AS_COMMAND, Option("--delete", "delete what the folder does not have")),
        (),
    ),
    "record": (
        "what happens on an instance, in a file",
        (
            _HELP,
            *_WHERE,
            *_SIMULATOR,
            Option("--for", "how long", TEXT),
            Option("--most", "most megabytes", TEXT),
            Option("--pseudonyms", "write no names and no addresses"),
            Option("--no-lists", "read nothing but the counts"),
            Option("--detach", "go on in the background"),
        ),
        (),
    ),
    "replay": ("the chat on a recording", (_HELP, _PLAIN), ()),
    "targets": (
        "files for Prometheus and Grafana",
        (_HELP, Option("--json", "one JSON object per reply")),
        (),
    ),
    "leases": ("what shares have made and not yet taken back", (_HELP,), ("clear", "watch")),
    "completion": ("completion for a shell", (_HELP,), SHELLS),
    "simulator": (
        "the practice instance alone",
        (
            _HELP,
            Option("--port", "superserver port", TEXT),
            Option("--web-port", "web port", TEXT),
            Option("--control-port", "control port", TEXT),
            *_SIMULATOR,
            Option("--iris-version", "which release to emulate", TEXT),
            Option("--frozen", "stop the world's clock"),
            Option("--unverified", "list the rules that nothing public confirms"),
            Option("--with-parent", "stop when standard input closes"),
        ),
        (),
    ),
}
"""Command -> summary, options, words that may follow it."""


def completion(options: argparse.Namespace) -> int:
    """Print a completion script, or the names of the profiles for one. Returns the exit status."""
    if options.shell == "names":
        text = "".join(f"{each.name}\n" for each in ProfileStore(Places.find().profiles).load().profiles)
    else:
        text = script(options.shell, [(spec.name, spec.summary) for spec in default_registry()])
    lost = streams.say(text, sys.stdout, end="")
    return 0 if lost is None else streams.status_of(lost)


def script(shell: str, slash_commands: Sequence[tuple[str, str]]) -> str:
    """The script for one of `SHELLS`. `slash_commands` are (name, summary), offered after `irisops run`."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](slash_commands)


def _bash(slash_commands: Sequence[tuple[str, str]]) -> str:
    slashes = " ".join(name for name, _ in _first_words(slash_commands))
    everywhere = [*TOP, *(option for _, options, _ in COMMANDS.values() for option in options)]
    valued = sorted({option.name for option in everywhere if option.value})
    first = " ".join([*COMMANDS, *(option.name for option in TOP)])
    lines = [
        "# bash completion for irisops. For this shell: source <(irisops completion bash)",
        "_irisops() {",
        '    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command="" at',
        "    for ((at = 1; at < COMP_CWORD; at++)); do",
        '        case "${COMP_WORDS[at]}" in',
        f"            {'|'.join(valued)}) ((at++)) ;;",
        "            -*) ;;",
        '            *) command="${COMP_WORDS[at]}"; break ;;',
        "        esac",
        "    done",
        "    COMPREPLY=()",
        '    case "$before" in',
        f'        --profile) COMPREPLY=($(compgen -W "$({NAMES})" -- "$word")); return ;;',
        f'        --log-level) COMPREPLY=($(compgen -W "{" ".join(LEVELS)}" -- "$word")); return ;;',
        f"        {'|'.join(name for name in valued if name not in ('--profile', '--log-level'))}) return ;;",
        "    esac",
        '    case "$command" in',
        f'        "") COMPREPLY=($(compgen -W "{first}" -- "$word")) ;;',
    ]
    for name, (_, options, words) in COMMANDS.items():
        offered = " ".join([*words, *(option.name for option in options)])
        if name == "run":
            offered += f" {slashes}"
        lines.append(f'        {name}) COMPREPLY=($(compgen -W "{offered}" -- "$word")) ;;')
    return "\n".join([*lines, "    esac", "}", "complete -F _irisops irisops", ""])


def _zsh(slash_commands: Sequence[tuple[str, str]]) -> str:
    lines = [
        "#compdef irisops",
        "# zsh completion for irisops. Put it into a file _irisops in a folder of $fpath, or: source it after compinit",
        "_irisops() {",
        "    local -a commands",
        "    local context state state_descr line",
        "    typeset -A opt_args",
        "    commands=(",
        *(_zsh_described(name, about) for name, (about, _, _) in COMMANDS.items()),
        "    )",
        "    _arguments -C \\",
        *(f"        {_zsh_option(option)} \\" for option in TOP),
        "        '1: :->command' '*:: :->rest'",
        '    case "$state" in',
        "        command) _describe command commands ;;",
        "        rest)",
        '            case "$line[1]" in',
    ]
    for name, (_, options, words) in COMMANDS.items():
        rest = (
            f"'1:word:({' '.join(words)})'" if words else "'*:word:_irisops_slash'" if name == "run" else ""
        )
        parts = [_zsh_option(option) for option in options] + ([rest] if rest else [])
        lines.append(f"                {name}) _arguments {' '.join(parts)} ;;")
    return "\n".join(
        [
            *lines,
            "            esac ;;",
            "    esac",
            "}",
            "_irisops_slash() {",
            "    local -a slashes",
            "    slashes=(",
            *(_zsh_described(name, about) for name, about in _first_words(slash_commands)),
            "    )",
            "    _describe 'command' slashes",
            "}",
            "_irisops_profiles() {",
            "    local -a profiles",
            f'    profiles=("${{(@f)$({NAMES})}}")',
            "    compadd -a profiles",
            "}",
            'if [ "$funcstack[1]" = "_irisops" ]; then _irisops "$@"; else compdef _irisops irisops; fi',
            "",
        ]
    )


def _zsh_described(name: str, about: str) -> str:
    return f"        {_quoted(f'{name}:{_plain(about)}')}"


def _zsh_option(option: Option) -> str:
    value = ""
    if option.value == PROFILE:
        value = ":profile:_irisops_profiles"
    elif isinstance(option.value, tuple):
        value = f":value:({' '.join(option.value)})"
    elif option.value:
        value = ":value: "
    return _quoted(f"{option.name}[{_plain(option.help)}]{value}")


def _fish(slash_commands: Sequence[tuple[str, str]]) -> str:
    names = " ".join(COMMANDS)
    lines = [
        "# fish completion for irisops: irisops completion fish > ~/.config/fish/completions/irisops.fish",
        "complete -c irisops -f",
        *(_fish_option(option, f"not __fish_seen_subcommand_from {names}") for option in TOP),
    ]
    for name, (about, options, words) in COMMANDS.items():
        unseen = f"not __fish_seen_subcommand_from {names}"
        lines.append(f"complete -c irisops -n {_quoted(unseen)} -a {name} -d {_quoted(about)}")
        seen = f"__fish_seen_subcommand_from {name}"
        lines += [_fish_option(option, seen) for option in options]
        if words:
            lines.append(f"complete -c irisops -n {_quoted(seen)} -a {_quoted(' '.join(words))}")
    lines += [
        f"complete -c irisops -n '__fish_seen_subcommand_from run' -a {_quoted(name)} -d {_quoted(about)}"
        for name, about in _first_words(slash_commands)
    ]
    return "\n".join([*lines, ""])


def _fish_option(option: Option, when: str) -> str:
    value = ""
    if option.value == PROFILE:
        value = f" -x -a {_quoted(f'({NAMES})')}"
    elif isinstance(option.value, tuple):
        value = f" -x -a {_quoted(' '.join(option.value))}"
    elif option.value:
        value = " -x"
    return f"complete -c irisops -n {_quoted(when)} -l {option.name.lstrip('-')}{value} -d {_quoted(option.help)}"


def _first_words(slash_commands: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """One entry per first word: `profile add` and `profile edit` are both /profile."""
    found: dict[str, str] = {}
    for name, about in slash_commands:
        found.setdefault(f"/{name.split()[0]}", about)
    return list(found.items())


def _plain(text: str) -> str:
    """Remove the characters that have a meaning in zsh's descriptions."""
    return text.replace(":", ",").replace("[", "(").replace("]", ")")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
