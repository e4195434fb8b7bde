"""The command line: `irisops`, `irisops demo`, `irisops run`, `irisops simulator`.

Everything heavy is imported where it is needed: `irisops --version` and `--help` cost the interpreter and argparse.
This is the only module of the product that knows the simulator.
"""

# ruff: noqa: PLC0415 - late imports are what keeps the start quick
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from irisops import streams
from irisops.cli_options import Arguments, parser

if TYPE_CHECKING:
    from pathlib import Path

    from irisops.connections.open_shares import SharingSettings
    from irisops.demo import Practice
    from irisops.profiles.model import Profile
    from irisops.profiles.places import Places
    from irisops.profiles.secrets import Secrets
    from irisops.run_command import Output
    from irisops.session import Session

STATUS_OF_PROBLEM = 1
STATUS_NOT_UNDERSTOOD = 2
STATUS_OF_INTERRUPT = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status. Raises SystemExit for `--help` and wrong options, as argparse does."""
    streams.prepare()
    try:
        status = _main(list(sys.argv[1:] if argv is None else argv))
    except SystemExit:
        if lost := streams.flush():
            return streams.status_of(lost)
        raise
    if lost := streams.flush():
        return status or streams.status_of(lost)
    return status


def _main(arguments: list[str]) -> int:
    if arguments[:1] == ["simulator"]:
        return _simulator(arguments[1:])
    options = parser().parse_args(arguments)
    from irisops.children import no_core_dumps, pass_over_relative_folders

    no_core_dumps()
    pass_over_relative_folders()
    if options.command == "run":
        return _run(options)
    if options.command == "demo":
        return _conversation(options, _demo)
    if options.command == "leases":
        return _leases(options.action)
    if options.command == "completion":
        return _completion(options.shell)
    return _conversation(options, _chat)


def _leases(action: str | None) -> int:
    """Shares without the chat."""
    if action == "watch":
        from irisops.leases_watch import run_watch

        return run_watch()
    return main(["run", "/leases clear" if action == "clear" else "/leases"])


def _completion(shell: str) -> int:
    """A completion script, or the profiles' names for one."""
    from irisops.completion import script
    from irisops.profiles.places import Places
    from irisops.profiles.store import ProfileStore

    if shell == "names":
        text = "".join(f"{each.name}\n" for each in ProfileStore(Places.find().profiles).load().profiles)
    else:
        from irisops.commands.catalogue import default_registry

        text = script(shell, [(spec.name, spec.summary) for spec in default_registry()])
    lost = streams.say(text, sys.stdout, end="")
    return 0 if lost is None else streams.status_of(lost)


def _start_log(places: Places, level: str) -> None:
    """Log as it was said here, or in the settings."""
    from irisops import logs
    from irisops.profiles.settings import SettingsStore

    trouble = logs.start(places.logs, level or SettingsStore(places.settings).load().settings.log_level)
    if trouble:
        _complain(trouble)


def _complain(trouble: object) -> None:
    """Say what is wrong, on the error stream: it may hold text of a file or of the system."""
    from irisops.contract.wording import harmless

    streams.say(f"irisops: {harmless(trouble, 2000)}", sys.stderr)


def _is_plain(options: argparse.Namespace) -> bool:
    return getattr(options, "plain", False)


def _conversation(options: argparse.Namespace, begin: Callable[[argparse.Namespace], int]) -> int:
    """On the screen or line by line, as this terminal allows; a sentence where only lines could and nobody asked."""
    from irisops import terminals

    if not _is_plain(options):
        asked = "irisops demo" if options.command == "demo" else "irisops"
        if trouble := terminals.no_screen(asked, sys.stdin, sys.stdout, sys.stderr):
            streams.say(f"irisops: {trouble}", sys.stderr)
            return STATUS_NOT_UNDERSTOOD
        if terminals.cannot_draw():
            kind = os.environ.get("TERM") or "none"
            streams.say(
                f"irisops: This terminal (TERM: {kind}) cannot draw a screen, so this is plain mode.",
                sys.stderr,
            )
            options.plain = True
    return begin(options)


def _chat(options: argparse.Namespace) -> int:
    """The chat on the person's own profiles."""
    from irisops.profiles.places import Places
    from irisops.session import Session

    plain = _is_plain(options)
    places = Places.find()
    _start_log(places, options.log_level)
    session = Session(places, first=options.profile, connect_first=not plain)
    return _converse(session) if plain else _show(session)


def _converse(session: Session) -> int:
    """Plain mode."""
    import asyncio
    import shutil

    from irisops.plain import run_plain
    from irisops.plain_terminal import terminal_for
    from irisops.ui.history import History

    terminal = terminal_for(session, History(session.places.prompt_history))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return asyncio.run(run_plain(session, terminal, width=width))


def _show(session: Session) -> int:
    import contextlib

    from irisops.app import run

    def keep_theme(theme: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the theme is shown all the same
            session.settings.set_theme(theme)

    loaded = session.settings.load().settings
    chosen = {"theme": loaded.theme} if loaded.theme else {}
    streams.for_screen()
    try:
        return run(
            session,
            history=session.places.prompt_history,
            on_theme=keep_theme,
            poll_interval=session.hub.default_interval,
            mouse=loaded.mouse,
            **chosen,
        )
    finally:
        streams.for_screen(on=False)


def _demo(options: argparse.Namespace) -> int:
    """The chat on a simulator of its own."""
    from irisops.contract.refusal import Refusal
    from irisops.daemon_thread import in_daemon_thread
    from irisops.demo import READY_DEADLINE, DemoError, prepared
    from irisops.profiles.secrets import Secrets
    from irisops.session import Session

    with prepared(_passed_on(options)) as practice:
        secrets = Secrets(None)

        async def instance() -> Profile:
            try:
                # Begun by the chat once the screen was painted.
                demo = await in_daemon_thread(practice.start, READY_DEADLINE + 1)
            except DemoError as error:
                raise Refusal("NoSimulator", str(error), "Correct the options, or report it.") from None
            secrets.remember(demo.profile, demo.password)
            return demo.profile

        def sharing() -> SharingSettings:
            return _loopback_only(practice.places.state)

        if _is_plain(options):
            return _converse_with_demo(practice, secrets, sharing)
        return _show(Session(practice.places, secrets=secrets, later=instance, sharing=sharing))


def _converse_with_demo(practice: Practice, secrets: Secrets, sharing: Callable[[], SharingSettings]) -> int:
    """Plain mode waits for the instance before the first prompt: a pipe's first line would come too early."""
    from irisops.demo import DemoError
    from irisops.session import Session

    try:
        demo = practice.start()
    except DemoError as error:
        _complain(error)
        return STATUS_OF_PROBLEM
    secrets.remember(demo.profile, demo.password)
    session = Session(
        practice.places,
        secrets=secrets,
        extra=[demo.profile],
        first=demo.profile.name,
        sharing=sharing,
        connect_first=False,
    )
    return _converse(session)


def _loopback_only(folder: Path) -> SharingSettings:
    """The demo shares through a stand-in for the ngrok agent: nothing leaves this machine, and it says so."""
    from irisops.connections.open_shares import SharingSettings
    from irisops.simulator.agent.launcher import write_launcher

    agent = write_launcher(folder / "stand-in-ngrok")
    return SharingSettings(agent=str(agent), token="stand-in", loopback=True)  # noqa: S106 - it is no secret


def _passed_on(options: argparse.Namespace) -> list[str]:
    """The simulator's own options."""
    passed: list[str] = []
    if options.scenario:
        passed += ["--scenario", options.scenario]
    if options.seed is not None:
        passed += ["--seed", str(options.seed)]
    return passed


def _run(options: argparse.Namespace) -> int:
    """One command without a screen."""
    import asyncio

    from irisops.run_command import standard_output

    output = standard_output(json=options.json)
    try:
        status = asyncio.run(_run_guarded(options, output))
    except KeyboardInterrupt:
        streams.say("", sys.stderr)
        return STATUS_OF_INTERRUPT
    if output.lost is None:
        return status
    lost = streams.status_of(output.lost)
    return status or lost


async def _run_guarded(options: argparse.Namespace, output: Output) -> int:
    """End through the normal path, logged out, when a signal comes."""
    import asyncio
    import signal

    ended: list[int] = []
    task = asyncio.ensure_future(_run_with(options, output))
    if sys.platform != "win32":
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            ended.append(number)
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, end, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not ended:
            raise
        return 128 + ended[0]


async def _run_with(options: argparse.Namespace, output: Output) -> int:
    from irisops.contract.refusal import Refusal
    from irisops.demo import DemoError, running
    from irisops.profiles.address import AddressError, named, parse_address
    from irisops.profiles.places import Places
    from irisops.profiles.secrets import Secrets
    from irisops.run_command import exit_of, take_password
    from irisops.session import Session

    password = take_password()
    if options.demo:
        try:
            with running(_passed_on(options)) as demo:
                session = Session(demo.places, secrets=Secrets(None), extra=[demo.profile], polling=False)
                return await _run_in(session, options, output, demo.profile, demo.password)
        except DemoError as error:
            refusal = Refusal("NoSimulator", str(error), "Please report it.")
            output.reply(refusal.problem())
            return exit_of(refusal.problem())
    places = Places.find()
    _start_log(places, options.log_level)
    if options.url:
        try:
            profile = parse_address(options.url)
        except AddressError as error:
            problem = Refusal(
                "BadAddress", str(error), "Write it as iris://user@host:1972/NAMESPACE."
            ).problem()
            output.reply(problem)
            return exit_of(problem)
        session = Session(places, extra=[profile], first=profile.name, polling=False)
        return await _run_in(session, options, output, profile, password)
    wanted = options.run_profile or options.profile
    session = Session(places, first=wanted, polling=False)
    session.load_profiles()
    found = session.start_profile()
    if found is None and wanted:
        problem = Refusal(
            "NoSuchProfile",
            f"There is no profile {named(wanted)}.",
            'irisops run "/profiles" lists them.',
        ).problem()
        output.reply(problem)
        return exit_of(problem)
    return await _run_in(session, options, output, found, password)


async def _run_in(
    session: Session,
    options: argparse.Namespace,
    output: Output,
    profile: Profile | None,
    password: str | None,
) -> int:
    from irisops.run_command import ask_on_terminal, run_line

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
        )
    finally:
        await session.close()


def _simulator(arguments: list[str]) -> int:
    """Hand over to the simulator. `--with-parent` ends it when its standard input closes, for the demo."""
    from irisops.simulator import main as simulator

    command = Arguments(prog="irisops simulator", formatter_class=argparse.RawDescriptionHelpFormatter)
    simulator.add_arguments(command)
    command.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    options = command.parse_args(arguments)
    if options.with_parent:
        _stop_with_parent()
    try:
        return simulator.main(options)
    except OSError as error:  # of what it prints; the errors of its sockets end in the event loop
        return streams.lose(error)


def _stop_with_parent() -> None:
    """Watch standard input from a thread; its end means that the parent is gone, whatever ended it."""
    import signal
    import threading

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
