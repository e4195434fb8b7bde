"""`irisops record`: a recording without the screen, here or in the background."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable

from irisops import children, streams
from irisops.connections.recorder import Recorder
from irisops.contract.quoting import quote
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
from irisops.files import named_file
from irisops.profiles.model import Profile
from irisops.run_command import (
    STATUS_OF_INTERRUPT,
    Exit,
    Output,
    ask_on_terminal,
    exit_of,
    opened,
    run_line,
    take_password,
    until_signal,
)
from irisops.session import Session


def record(options: argparse.Namespace) -> int:
    """Record until the time is up or a signal comes. Returns the exit status."""
    try:
        options.file = str(
            named_file(options.file).absolute()
        )  # one in the background runs in another folder
    except OSError as error:
        streams.say(f"irisops: {harmless(options.file)} cannot be used: {error.strerror}.", sys.stderr)
        return Exit.FAILED
    if options.detach:
        return _in_background(options)
    background = options.in_background
    output = Output(sys.stdout, sys.stdout if background else sys.stderr, json=False)
    password = _given() if background else take_password()
    try:
        return asyncio.run(
            until_signal(_record(options, output, password, _leave if background else lambda: None))
        )
    except KeyboardInterrupt:
        streams.say("", sys.stderr)
        return STATUS_OF_INTERRUPT


def line_of(options: argparse.Namespace) -> str:
    """The command of the chat that does it."""
    parts = ["/record", quote(options.file), f"for={quote(options.span)}"]
    parts += [f"most={quote(options.most)}"] if options.most else []
    parts += ["pseudonyms=yes"] if options.pseudonyms else []
    parts += ["lists=no"] if options.no_lists else []
    return " ".join(parts)


async def _record(
    options: argparse.Namespace, output: Output, password: str | None, begun: Callable[[], None]
) -> int:
    try:
        with opened(options, password, polling=True) as (session, profile, known):
            if profile is not None:
                return await _on(session, profile, options, output, known, begun=begun)
        refusal = Refusal("WhichProfile", "It is not said which instance to record.", "Add --profile NAME.")
    except Refusal as raised:
        refusal = raised
    problem = refusal.problem()
    output.reply(problem)
    return exit_of(problem)


async def _on(
    session: Session,
    profile: Profile,
    options: argparse.Namespace,
    output: Output,
    password: str | None,
    *,
    begun: Callable[[], None],
) -> int:
    session.subscribe(lambda: None, output.notice)
    if sys.stdin.isatty() and not options.demo:
        session.ask_with(ask_on_terminal)
    try:
        status = await run_line(session, line_of(options), output, profile=profile, password=password)
        recorder = session.hub.active.tape if session.hub.active is not None else None
        if status or not isinstance(recorder, Recorder):
            return status or Exit.FAILED
        begun()
        await recorder.ended.wait()
        return Exit.FAILED if recorder.failed else Exit.DONE
    finally:
        await session.close()


# In the background


def _in_background(options: argparse.Namespace) -> int:
    """Start the same in a process of its own, wait until it records, and leave it."""
    if options.demo:
        streams.say("irisops: The practice instance ends with this program: leave --detach out.", sys.stderr)
        return Exit.NOT_UNDERSTOOD
    arguments = ["record", "--in-background", f"--for={options.span}"]
    for name, value in (
        ("--profile", options.run_profile or options.profile),
        ("--url", options.url),
        ("--most", options.most),
    ):
        arguments += [f"{name}={value}"] if value else []
    arguments += ["--pseudonyms"] if options.pseudonyms else []
    arguments += ["--no-lists"] if options.no_lists else []
    child = children.start_apart(
        children.python("irisops", *arguments, "--", options.file), children.python_environment(os.environ)
    )
    assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - they are pipes
    child.stdin.write(json.dumps({"password": take_password()}).encode())
    child.stdin.close()
    said = child.stdout.read(children.MOST_SAID).decode("utf-8", "replace")
    streams.say(said.rstrip(), sys.stdout)
    # It closes its output once it records, or when it ends.
    try:
        return child.wait(timeout=0.2)
    except children.TimeoutExpired:
        streams.say(f"It goes on in the background; it ends by itself, or with: kill {child.pid}", sys.stdout)
        return Exit.DONE


def _given() -> str | None:
    """The password that the parent sends over the pipe; never on the command line, and in no variable."""
    try:
        found = json.loads(sys.stdin.readline() or "{}").get("password")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _leave() -> None:
    """Tell the parent that it records, by closing the output: nobody reads it any more."""
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
