"""`irisops run` and `irisops evidence`: one command without a screen, as text or JSON lines, with an exit status."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import TextIO

from irisops import streams
from irisops.background import in_daemon_thread
from irisops.contract.chat import Command, Notice
from irisops.contract.picks import with_beside
from irisops.contract.quoting import quote
from irisops.contract.replies import Effect, Form, Plan, Problem, Progress, Refusal, Reply, Table
from irisops.contract.wording import harmless, harmless_lines
from irisops.demo import DemoError, running, simulator_options
from irisops.engine import reply_json, reply_text
from irisops.profiles.address import AddressError, named, parse_address
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.profiles.settings import start_log
from irisops.session import Session

PASSWORD_VARIABLE = "IRISOPS_PASSWORD"  # noqa: S105 - the variable's name
STATUS_OF_INTERRUPT = 130
ASK_DEADLINE = 600.0
"""Seconds for a person to type a password, or a yes."""
_ASKING = ("evidence", "apply")
"""Subcommands whose plan is asked about on a terminal."""
AskYes = Callable[[], Awaitable[bool]]


class Exit(IntEnum):
    """Exit statuses; public, as docs/json.md lists them."""

    DONE = 0
    FAILED = 1
    NOT_UNDERSTOOD = 2
    COULD_NOT_TELL = 2
    NEEDS_YES = 3
    CANNOT_REACH = 4
    UNWRITABLE = streams.STATUS_UNWRITABLE
    BROKEN_PIPE = streams.STATUS_OF_BROKEN_PIPE


_EXITS = {
    "NotUnderstood": Exit.NOT_UNDERSTOOD,
    "FormNeeded": Exit.NOT_UNDERSTOOD,
    "NeedsYes": Exit.NEEDS_YES,
    "WordNeeded": Exit.NEEDS_YES,
    **dict.fromkeys(
        (
            "Unreachable",
            "NoAnswer",
            "DriverCrashed",
            "EndedByServer",
            "ReplyTooBig",
            "NotAnInstance",
            "LoginRefused",
            "PasswordChangeRequired",
            "AccountDisabled",
            "LoginsOff",
            "LicenseExhausted",
            "NamespaceUnknown",
            "NotConnected",
            "PasswordNeeded",
            "Declined",
            "NoProfile",
            "NoSuchProfile",
            "WhichProfile",
            "BadAddress",
        ),
        Exit.CANNOT_REACH,
    ),
}


def exit_of(problem: Problem) -> Exit:
    """The exit status for a problem."""
    return _EXITS.get(problem.error, Exit.FAILED)


@dataclass(slots=True)
class Output:
    """Writes replies to `out`, and progress, notices and problems (as text) to `err`.

    When `out` can no longer be written (its reader left, the disk is full), `lost` holds the reason and further output
    is dropped: a running change is not interrupted.
    """

    out: TextIO
    err: TextIO
    json: bool
    lost: OSError | None = field(default=None, init=False)

    def reply(self, reply: Reply) -> None:
        """Print one reply."""
        if self.json:
            line = reply_json.line(reply)
            if line is not None:
                self._print(line)
            return
        beside = isinstance(reply, Problem | Progress)
        text = reply_text.text(
            reply, self._width(), partial(streams.spelled, stream=self.err if beside else self.out)
        )
        if text and beside:
            self.say(harmless_lines(text))
        elif text:
            self._print(harmless_lines(text))

    def notice(self, notice: Notice) -> None:
        """Print a notice."""
        words = f"{notice.message} {notice.cure}".strip()
        self.say(f"irisops: {harmless(words, 2000)}")

    def say(self, text: str) -> None:
        """Print to `err`; failures are ignored."""
        streams.say(text, self.err)

    def _print(self, text: str) -> None:
        if self.lost is None:
            self.lost = streams.say(text, self.out)

    def _width(self) -> int | None:
        return shutil.get_terminal_size().columns if self.out.isatty() else None


async def ask_on_terminal(title: str, prompt: str) -> str | None:
    """Ask for a secret without echo; None if none is given."""

    def ask() -> str | None:
        try:
            return getpass.getpass(f"{harmless(title)}. {harmless(prompt)}: ") or None
        except (EOFError, KeyboardInterrupt):
            return None

    with _terminal_restored():
        try:
            return await in_daemon_thread(ask, ASK_DEADLINE)
        except TimeoutError:
            return None


async def ask_yes_on_terminal() -> bool:
    """Ask for a yes; False for anything else."""

    def ask() -> bool:
        sys.stderr.write("Type y for yes: ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().casefold() in ("y", "yes")

    try:
        return await in_daemon_thread(ask, ASK_DEADLINE)
    except TimeoutError:
        return False


@contextlib.contextmanager
def _terminal_restored() -> Iterator[None]:
    """Restore the terminal's settings, also when Ctrl+C leaves the prompt's thread waiting with echo off."""
    try:
        import termios  # noqa: PLC0415 - not on Windows, where getpass leaves nothing switched off
    except ImportError:
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def take_password() -> str | None:
    """The password from the environment, removed there so that no child inherits it."""
    return os.environ.pop(PASSWORD_VARIABLE, None) or None


async def run_line(
    session: Session,
    line: str,
    output: Output,
    *,
    profile: Profile | None,
    password: str | None = None,
    yes: bool = False,
    word: str = "",
    ask: AskYes | None = None,
) -> Exit:
    """Run one line on a profile and print its replies. The session stays open.

    `yes` confirms plans, and so does a person who says yes to `ask`; a guarded profile also needs its name as `word`.
    """
    command = session.parse(line)
    if isinstance(command, Problem):
        output.reply(with_beside(command))
        return exit_of(command)
    problem = _ends_with_us(command)
    if problem is not None:
        output.reply(problem)
        return exit_of(problem)
    status = Exit.DONE
    if profile is not None:
        if password is not None:
            session.hub.secrets.remember(profile, password)
        session.hub.choose(profile)
        problem = await session.connect(profile) if session.uses_connection(command) else None
        if problem is not None:
            output.reply(problem)
            status = exit_of(problem)
            if session.needs_connection(command):
                return status
    return max(status, await _print(session, command, output, yes=yes, word=word, ask=ask))


def _ends_with_us(command: Command) -> Problem | None:
    """The problem with a share that would end with this program at once."""
    if command.name != "share" or command.args.get("what") in {None, "", "help"}:
        return None
    if command.args.get("outlive") in {True, "yes"}:
        return None
    return Problem(
        "NeedsChat",
        "A share ends with the program that opened it, and this one ends at once.",
        "Add outlive=yes: it goes on until its time is up (irisops leases shows it, irisops leases clear ends what was "
        "left). Or share from the chat.",
        text=command.text or command.slash,
    )


async def _print(
    session: Session, command: Command, output: Output, *, yes: bool, word: str, ask: AskYes | None
) -> Exit:
    status = Exit.DONE
    async for reply in session.run(command):
        if isinstance(reply, Plan):
            output.reply(reply)
            agreed = yes or (ask is not None and output.lost is None and await ask())
            status = max(status, await _confirm(session, reply, output, yes=agreed, word=word))
            continue
        status = max(status, _one(reply, command, output))
    return status


async def _confirm(session: Session, plan: Plan, output: Output, *, yes: bool, word: str) -> Exit:
    """Carry a plan out with --yes, else say how."""
    if output.lost is not None:
        session.decline(plan.id)
        output.say("Nothing was changed: the plan could not be shown.")
        return Exit.DONE  # the lost output decides the status
    if not yes:
        session.decline(plan.id)
        if not output.json:
            output.say("Nothing was changed: add --yes to carry it out.")
        return Exit.NEEDS_YES
    status = Exit.DONE
    async for reply in session.confirm(plan.id, word):
        if isinstance(reply, Problem) and reply.error == "WordNeeded":
            reply.cure = f"Add --confirm {plan.confirm_word} beside --yes."
        status = max(status, _one(reply, None, output))
    return status


def _one(reply: Reply, command: Command | None, output: Output) -> Exit:
    """Print a reply other than a plan; returns its status."""
    if isinstance(reply, Effect):
        if reply.name == "quit":
            return Exit.DONE
        name = command.name if command else reply.name
        reply = Problem("NeedsScreen", f"/{name} needs the screen.", "Start irisops without “run”.")
    elif isinstance(reply, Form):
        usage = f"/{command.name}" if command else "the command"
        names = ", ".join(f"{field.name}=" for field in reply.fields if field.kind != "secret")
        reply = Problem(
            "FormNeeded", f"{usage} without values is a form, for the screen.", f"Give values: {names}"
        )
    output.reply(reply)
    if isinstance(reply, Table):
        return Exit(reply.status)
    if not isinstance(reply, Problem):
        return Exit.DONE
    status = exit_of(reply)
    # Where 1 is a verdict, a failure must not look like one.
    verdict = command is not None and (command.name == "diff" or command.args.get("check") == "yes")
    return Exit.COULD_NOT_TELL if verdict and status == Exit.FAILED else status


def run(options: argparse.Namespace) -> int:
    """`irisops run`. Returns the exit status."""
    output = Output(sys.stdout, sys.stderr, options.json)
    try:
        status = asyncio.run(until_signal(_run(options, output)))
    except KeyboardInterrupt:
        streams.say("", sys.stderr)
        return STATUS_OF_INTERRUPT
    if output.lost is None:
        return status
    lost = streams.status_of(output.lost)
    return status or lost


def evidence(options: argparse.Namespace) -> int:
    """`irisops evidence`: `/evidence FILE` with a question instead of `--yes`, or `/evidence compare FILE`."""
    line = (
        f"/evidence compare {quote(options.compare)}"
        if options.compare
        else f"/evidence {quote(options.file)}"
    )
    options.line, options.json, options.confirm = [line], False, ""
    return run(options)


def export(options: argparse.Namespace) -> int:
    """`irisops export`: `/export DIR`."""
    check = " check=yes" if options.check else ""
    options.line = [f"/export {quote(options.folder)}{check}{_only(options)}"]
    return run(options)


def diff(options: argparse.Namespace) -> int:
    """`irisops diff`: `/diff A [B]`."""
    second = f" {quote(options.second)}" if options.second else ""
    options.line = [f"/diff {quote(options.first)}{second}{_only(options)}"]
    return run(options)


def apply(options: argparse.Namespace) -> int:
    """`irisops apply`: `/apply DIR`, with a question on a terminal instead of `--yes`."""
    delete = " delete=yes" if options.delete else ""
    options.line = [f"/apply {quote(options.folder)}{delete}{_only(options)}"]
    return run(options)


def targets(options: argparse.Namespace) -> int:
    """`irisops targets`: `/targets DIR`."""
    options.line, options.url, options.demo = [f"/targets {quote(options.folder)}"], "", False
    options.run_profile, options.yes, options.confirm = "", False, ""
    return run(options)


def _only(options: argparse.Namespace) -> str:
    return f" only {quote(options.only)}" if options.only else ""


async def until_signal(
    work: Coroutine[object, object, int], interrupted: Callable[[], bool] | None = None
) -> int:
    """Run `work` for its exit status; SIGTERM and SIGHUP cancel it, so that it logs out.

    With `interrupted` SIGINT does so as well, unless that returns True: it dealt with the key.
    """
    ended: list[int] = []
    task = asyncio.ensure_future(work)
    if sys.platform != "win32":
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            if number == signal.SIGINT and interrupted is not None and interrupted():
                return
            ended.append(number)
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP, *([signal.SIGINT] if interrupted else [])):
            loop.add_signal_handler(number, end, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not ended:
            raise
        return 128 + ended[0]


@contextlib.contextmanager
def opened(
    options: argparse.Namespace, password: str | None, *, polling: bool
) -> Iterator[tuple[Session, Profile | None, str | None]]:
    """The session of a command line (`--demo`, `--url`, a profile), its profile if there is one, and its password.

    Raises `Refusal`.
    """
    if options.demo:
        try:
            with running(simulator_options(options)) as demo:
                session = Session(demo.places, secrets=Secrets(None), extra=[demo.profile], polling=polling)
                yield session, demo.profile, demo.password
        except DemoError as error:
            raise Refusal("NoSimulator", str(error), "Please report it.") from None
        return
    places = Places.find()
    start_log(places, options.log_level)
    if options.url:
        try:
            profile = parse_address(options.url)
        except AddressError as error:
            cure = "Write it as iris://user@host:1972/NAMESPACE."
            raise Refusal("BadAddress", str(error), cure) from None
        yield Session(places, extra=[profile], first=profile.name, polling=polling), profile, password
        return
    wanted = options.run_profile or options.profile
    session = Session(places, first=wanted, polling=polling)
    session.load_profiles()
    found = session.start_profile()
    if found is None and wanted:
        cure = 'irisops run "/profiles" lists them.'
        raise Refusal("NoSuchProfile", f"There is no profile {named(wanted)}.", cure)
    yield session, found, password


async def _run(options: argparse.Namespace, output: Output) -> int:
    """Run the command on the demo, on `--url`, or on a profile."""
    try:
        with opened(options, take_password(), polling=False) as (session, profile, password):
            return await _run_in(session, options, output, profile, password)
    except Refusal as refusal:
        problem = refusal.problem()
    output.reply(problem)
    return exit_of(problem)


async def _run_in(
    session: Session,
    options: argparse.Namespace,
    output: Output,
    profile: Profile | None,
    password: str | None,
) -> int:
    session.subscribe(lambda: None, output.notice)
    if sys.stdin.isatty() and not options.demo:
        session.ask_with(ask_on_terminal)
    try:
        return await run_line(
            session,
            " ".join(options.line),
            output,
            profile=profile,
            password=password,
            yes=options.yes,
            word=options.confirm,
            ask=ask_yes_on_terminal if options.command in _ASKING and sys.stdin.isatty() else None,
        )
    finally:
        await session.close()
