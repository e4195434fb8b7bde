"""`irisops` and `irisops demo`: the chat on the person's own profiles or on a private simulator, drawn or by lines."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from irisops import streams
from irisops.background import in_daemon_thread
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
from irisops.demo import READY_DEADLINE, DemoError, Practice, prepared, simulator_options
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session, start_log

if TYPE_CHECKING:
    from irisops.connections.open_shares import SharingSettings

STATUS_OF_PROBLEM = 1
STATUS_NOT_UNDERSTOOD = 2


def chat(options: argparse.Namespace) -> int:
    """The chat on the person's own profiles. Returns the exit status."""
    if not _choose_mode(options, "irisops"):
        return STATUS_NOT_UNDERSTOOD
    plain = _is_plain(options)
    places = Places.find()
    start_log(places, options.log_level)
    session = Session(places, first=options.profile, connect_first=not plain)
    return _converse(session) if plain else _show(session)


def demo(options: argparse.Namespace) -> int:
    """The chat on a simulator of its own. Returns the exit status."""
    if not _choose_mode(options, "irisops demo"):
        return STATUS_NOT_UNDERSTOOD
    with prepared(simulator_options(options)) as practice:
        secrets = Secrets(None)

        async def instance() -> Profile:
            try:
                # Started by the chat after the first paint.
                ready = await in_daemon_thread(practice.start, READY_DEADLINE + 1)
            except DemoError as error:
                raise Refusal("NoSimulator", str(error), "Correct the options, or report it.") from None
            secrets.remember(ready.profile, ready.password)
            return ready.profile

        def sharing() -> SharingSettings:
            return _loopback_only(practice.places.state)

        if _is_plain(options):
            return _converse_with_demo(practice, secrets, sharing)
        return _show(Session(practice.places, secrets=secrets, later=instance, sharing=sharing))


def _is_plain(options: argparse.Namespace) -> bool:
    return getattr(options, "plain", False)


def _choose_mode(options: argparse.Namespace, asked: str) -> bool:
    """Fall back to plain mode where TERM cannot draw; False, with a message, where no chat is possible."""
    if _is_plain(options):
        return True
    if trouble := streams.no_screen(asked, sys.stdin, sys.stdout, sys.stderr):
        streams.say(f"irisops: {trouble}", sys.stderr)
        return False
    if streams.cannot_draw():
        kind = os.environ.get("TERM") or "none"
        streams.say(
            f"irisops: This terminal (TERM: {kind}) cannot draw a screen, so this is plain mode.", sys.stderr
        )
        options.plain = True
    return True


def _converse(session: Session) -> int:
    """Plain mode."""
    from irisops.plain import run_plain  # noqa: PLC0415 - not for the screen
    from irisops.plain_terminal import terminal_for  # noqa: PLC0415 - not for the screen

    terminal = terminal_for(session, session.places.prompt_history)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return asyncio.run(run_plain(session, terminal, width=width))


def _show(session: Session) -> int:
    from irisops.app import run  # noqa: PLC0415 - not for plain mode

    def keep_theme(theme: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the theme is shown all the same
            session.settings.change({"theme": theme})

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


def _converse_with_demo(practice: Practice, secrets: Secrets, sharing: Callable[[], SharingSettings]) -> int:
    """Plain mode waits for the instance before the first prompt: a pipe's first line would come too early."""
    try:
        ready = practice.start()
    except DemoError as error:
        streams.say(f"irisops: {harmless(error, 2000)}", sys.stderr)
        return STATUS_OF_PROBLEM
    secrets.remember(ready.profile, ready.password)
    session = Session(
        practice.places,
        secrets=secrets,
        extra=[ready.profile],
        first=ready.profile.name,
        sharing=sharing,
        connect_first=False,
    )
    return _converse(session)


def _loopback_only(folder: Path) -> SharingSettings:
    """The demo shares through a stand-in for the ngrok agent: nothing leaves this machine, and it says so."""
    from irisops.connections.open_shares import SharingSettings  # noqa: PLC0415 - sharing, not at the start
    from irisops.simulator.agent.launcher import write_launcher  # noqa: PLC0415 - at the first share

    agent = write_launcher(folder / "stand-in-ngrok")
    return SharingSettings(agent=str(agent), token="stand-in", loopback=True)  # noqa: S106 - not a secret
