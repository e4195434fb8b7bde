"""The arguments of `irisops` and the text of its `--help`."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from irisops import __version__

DESCRIPTION = """\
Chat with InterSystems IRIS from your terminal: licenses, sessions, users and roles.

Without a command, irisops opens the chat on the profile used last. Everything can be typed in plain words
(who holds my license) or with a slash (/license); /help lists it all, /quit leaves."""

EPILOG = """\
commands:
  irisops demo               the chat on a private practice instance; nothing of yours is touched or written
  irisops run "/license"     one command without the screen, as text or with --json
  irisops evidence FILE      what an instance answers, without names, in a file that helps this project
  irisops export DIR         the configuration of an instance as text, fit for Git; --check for drift
  irisops diff A [B]         what differs between folders, profiles, or the instance now
  irisops apply DIR          make an instance what such a folder says; the plan comes first
  irisops record FILE        what happens on an instance, written down without the screen
  irisops replay FILE        the chat on such a recording: the same answers, as of any moment
  irisops targets DIR        the instances as targets for Prometheus, and a dashboard for Grafana
  irisops mcp                a server of tools for an agent (MCP); changes need a person's yes
  irisops approve            say yes in a terminal to what an agent has planned
  irisops completion bash    completion for bash, zsh or fish
  irisops leases             what shares have made and not yet taken back; "clear" takes it back
  irisops simulator          the practice instance alone, for any tool that speaks to IRIS

environment:
  IRISOPS_PASSWORD           the password for "irisops run"
  IRISOPS_HOME               keep profiles, settings, journals and history below this folder
  NO_COLOR                   no colours, if it is not empty
  TERM=dumb                  the chat line by line, as with --plain

exit status of run:
  0 done   1 the instance refused or failed   2 not understood   3 needs a yes (--yes)
  4 cannot reach or log in   5 the output cannot be written   141 the reader of the output left (as after SIGPIPE)

Passwords are kept in the system's keyring, or in memory where there is none; never in a file or on the command line."""

RUN_DESCRIPTION = """\
Do one command through the same path as the chat, print the replies and leave. COMMAND is a slash command or plain
words: irisops run "who holds my license"."""

DEMO_DESCRIPTION = """\
Open the chat on a practice instance of its own: a simulator in a process beside it, thrown away at the end. It is not
IRIS and says so. Nothing of yours is touched, read or written. "irisops simulator --help" lists the scenarios."""

EVIDENCE_DESCRIPTION = """\
Read once what irisops can read of an instance and write how it answered: versions, which calls exist, columns, error
codes, times, and the shape of values (9999-99-99, Aaaa). No names, no addresses, nothing of yours; nothing is changed.
The file is shown before it is written, and sent nowhere. It tells what nobody public knows of IRIS: please attach it
to an issue."""

EXPORT_DESCRIPTION = """\
Write the configuration of an instance as text: one TOML file for each user, role, resource, service, web application
and so on, always in the same form, without secrets, and with a list of what could not be read. Two exports of an
unchanged instance are the same to the byte, so the folder is fit for Git.

exit status: 0 done, with --check: the folder is what the instance is   1 with --check: it differs
  2 with --check: it could not be told   3 files would vanish, needs a yes (--yes)   4 cannot reach or log in"""

DIFF_DESCRIPTION = """\
Compare two configurations by object and field: folders that "irisops export" has made, profiles, or the instance now.

exit status: 0 the same   1 different   2 could not be told   4 cannot reach or log in"""

APPLY_DESCRIPTION = """\
Make an instance what a folder of "irisops export" says: the differences are shown as one plan, and on a terminal you
are asked for a yes. It is journaled, and /undo takes it back as a whole. Nothing is deleted without --delete.

exit status: 0 done, or nothing to do   1 the folder cannot be used, or the instance refused or failed
  2 not understood   3 needs a yes (--yes)   4 cannot reach or log in"""

RECORD_DESCRIPTION = """\
Record an instance without the screen: every poll, and holders, sessions, processes and refusals when the counts move.
It takes one connection and ends by itself. The file is yours alone; /record in the chat does the same.

exit status: 0 the time is up   1 refused or failed   4 cannot reach or log in   143 ended by a signal"""

REPLAY_DESCRIPTION = """\
Open the chat on a recording. Left and right go from poll to poll, with Shift by minutes; /at 14:02, /at next and
/at full jump; /license, /sessions, /processes, /denied and /plot answer as of that moment; /diff 09:00 10:00 tells what
changed. Nothing is live and nothing can be changed."""

TARGETS_DESCRIPTION = """\
Write two files into a folder: irisops-targets.json, which Prometheus reads by file_sd_configs, with the web ports of
the profiles; and irisops-dashboard.json, to import into Grafana. IRIS gives its metrics at /api/monitor/metrics."""

MCP_DESCRIPTION = """\
Serve tools for an agent over standard input and output (Model Context Protocol). What an agent may do is decided for
each profile: /profile edit NAME agents=off, read (the default), plan or apply. A change is planned, shown to a person
in the client or by "irisops approve", and carried out after a yes. Needs: pip install '.[mcp]' in a clone. More in
docs/agents.md.

With --http PORT it serves on 127.0.0.1, for several clients, until Ctrl+C. It says in which file the token is that
each request needs; the file is yours alone and goes with the server.

exit status: 0 the client has left   2 no such profile, the port is taken, or the package is missing"""

COMPLETION_DESCRIPTION = """\
Print a completion script.

  bash   source <(irisops completion bash)          for this shell; in ~/.bashrc for all
  zsh    irisops completion zsh > DIR/_irisops      DIR is a folder of $fpath
  fish   irisops completion fish > ~/.config/fish/completions/irisops.fish"""


class Arguments(argparse.ArgumentParser):
    """A parser, and those of its subcommands, whose errors are fit to show: they quote what was given as it is.

    Descriptions are shown line by line as they are written.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        """Say it on the error stream and end with 2, with no secret in it and nothing that acts on a terminal."""
        from irisops.contract import secret_words, wording  # noqa: PLC0415 - 30 ms, not for --help

        super().error(wording.harmless(secret_words.without_secrets(message), 2000))


def parser() -> Arguments:
    """The arguments, without those of the simulator (its own module knows them)."""
    top = Arguments(prog="irisops", description=DESCRIPTION, epilog=EPILOG)
    top.add_argument("--version", action="version", version=f"irisops {__version__}")
    top.add_argument("--profile", metavar="NAME", default="", help="open the chat on this profile")
    top.add_argument(
        "--log-level",
        metavar="LEVEL",
        choices=("error", "warning", "info", "debug"),
        default="",
        help="how much the log in the state folder says: error, warning (the setting's default), info, debug",
    )
    _plain_option(top)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands in short")

    demo = commands.add_parser(
        "demo", help="the chat on a private practice instance", description=DEMO_DESCRIPTION
    )
    _simulator_options(demo)
    _plain_option(demo)

    run = commands.add_parser(
        "run",
        help="one command without the screen",
        description=RUN_DESCRIPTION,
        epilog=EPILOG[EPILOG.index("exit status") :],
    )
    _where(run)
    _simulator_options(run)
    run.add_argument("--json", action="store_true", help="one JSON object per reply, one per line")
    run.add_argument(
        "--yes", action="store_true", help="carry a plan out (without it, a change exits with 3)"
    )
    run.add_argument("--confirm", metavar="NAME", default="", help="the name that a guarded profile asks for")
    run.add_argument("line", metavar="COMMAND", nargs="+", help="a slash command or plain words")

    evidence = commands.add_parser(
        "evidence", help="what an instance answers, as a file to give away", description=EVIDENCE_DESCRIPTION
    )
    _where(evidence)
    _simulator_options(evidence)
    evidence.add_argument("--yes", action="store_true", help="write the file without asking")
    what = evidence.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--compare", metavar="FILE", default="", help="say what a file settles, and read nothing"
    )
    what.add_argument("file", metavar="FILE", nargs="?", default="", help="the file to write; must not exist")

    export = commands.add_parser(
        "export", help="the configuration of an instance as text, in a folder", description=EXPORT_DESCRIPTION
    )
    _as_command(export)
    export.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if the folder differs"
    )
    export.add_argument("folder", metavar="DIR", help="a new folder, or one that this has made")

    diff = commands.add_parser(
        "diff", help="what differs between two configurations", description=DIFF_DESCRIPTION
    )
    _as_command(diff)
    diff.add_argument("first", metavar="A", help="a folder, or a profile")
    diff.add_argument("second", metavar="B", nargs="?", default="", help="another; else the instance, now")

    apply = commands.add_parser(
        "apply", help="make an instance what such a folder says", description=APPLY_DESCRIPTION
    )
    _as_command(apply)
    apply.add_argument("--delete", action="store_true", help="delete what the folder does not have, by name")
    apply.add_argument("folder", metavar="DIR", help="a folder that export has made")

    _recording(commands)

    mcp = commands.add_parser("mcp", help="a server of tools for an agent", description=MCP_DESCRIPTION)
    mcp.add_argument(
        "--profile",
        metavar="NAME",
        action="append",
        default=[],
        dest="profiles",
        help="serve this profile only; may be given several times",
    )
    mcp.add_argument(
        "--http",
        metavar="PORT",
        type=_port,
        default=None,
        help="on this port of 127.0.0.1, with a token, instead of standard input and output; 0 takes a free one",
    )
    mcp.add_argument("--demo", action="store_true", help="on a private practice instance, to try it")
    _simulator_options(mcp)

    approve = commands.add_parser("approve", help="say yes to what an agent has planned")
    approve.add_argument("plan", metavar="ID", nargs="?", default="", help="the plan; else the only one")

    leases = commands.add_parser("leases", help="what shares have made and not yet taken back")
    leases.add_argument(
        "action",
        nargs="?",
        choices=("clear", "watch"),
        help="clear: take down what was left behind; watch: keep all deadlines until no share is left",
    )

    completion = commands.add_parser(
        "completion", help="completion for bash, zsh or fish", description=COMPLETION_DESCRIPTION
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish", "names"), metavar="bash|zsh|fish")

    commands.add_parser("simulator", help="the practice instance alone", add_help=False)
    return top


def _recording(commands: argparse._SubParsersAction[Arguments]) -> None:
    """Subcommands that look back, or hand over to programs that do."""
    record = commands.add_parser(
        "record", help="what happens on an instance, in a file", description=RECORD_DESCRIPTION
    )
    _where(record)
    _simulator_options(record)
    record.add_argument(
        "--for", metavar="TIME", default="8h", dest="span", help="2h, 90m, 1d; 8h if not given"
    )
    record.add_argument("--most", metavar="MB", default="", help="most megabytes; the oldest part goes first")
    record.add_argument("--pseudonyms", action="store_true", help="write no names and no addresses")
    record.add_argument("--no-lists", action="store_true", help="read nothing but the counts")
    record.add_argument("--detach", action="store_true", help="go on in the background")
    record.add_argument("--in-background", action="store_true", help=argparse.SUPPRESS)
    record.add_argument(
        "file", metavar="FILE", help="a new file, or a recording of this instance to go on with"
    )

    replay = commands.add_parser("replay", help="the chat on a recording", description=REPLAY_DESCRIPTION)
    _plain_option(replay)
    replay.add_argument("file", metavar="FILE", help="the recording")

    targets = commands.add_parser(
        "targets", help="files for Prometheus and Grafana", description=TARGETS_DESCRIPTION
    )
    targets.add_argument("--json", action="store_true", help="one JSON object per reply, one per line")
    targets.add_argument("folder", metavar="DIR", help="the folder; the two files in it are replaced")


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError("PORT is a number from 0 to 65535")


def _where(command: argparse.ArgumentParser) -> None:
    where = command.add_mutually_exclusive_group()
    where.add_argument("--profile", metavar="NAME", default="", dest="run_profile", help="on this profile")
    where.add_argument(
        "--url",
        metavar="iris://USER@HOST:PORT/NAMESPACE",
        default="",
        help="on this instance; its password is asked for, or taken from IRISOPS_PASSWORD",
    )
    where.add_argument(
        "--demo", action="store_true", help="on a private practice instance, for this command alone"
    )


def _as_command(command: argparse.ArgumentParser) -> None:
    """The options of a subcommand that is one command of the chat, about configurations."""
    _where(command)
    _simulator_options(command)
    command.add_argument("--json", action="store_true", help="one JSON object per reply, one per line")
    command.add_argument("--yes", action="store_true", help="carry a plan out (without it, exit with 3)")
    command.add_argument(
        "--confirm", metavar="NAME", default="", help="the name that a guarded profile asks for"
    )
    command.add_argument("--only", metavar="KIND,…", default="", help="only these kinds of objects")


def _plain_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--plain",
        action="store_true",
        # A value given before `demo` must not be overwritten by the default after it.
        default=argparse.SUPPRESS,
        help="line by line, for screen readers, simple terminals and pipes",
    )


def _simulator_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--scenario", metavar="NAME", default="", help="the practice instance's situation")
    command.add_argument("--seed", metavar="N", type=int, default=None, help="the practice instance's seed")
    command.add_argument(
        "--doubt",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="what it does where nothing public says what IRIS does; see irisops simulator --doubt list",
    )
