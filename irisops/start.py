"""`irisops` and `irisops demo`: the chat on the person's own profiles or on a private simulator, drawn or by lines."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from irisops import streams
from irisops.contract.wording import harmless
from irisops.demo import Demo, DemoError, Practice, prepared, simulator_options
from irisops.late_session import LateSession
from irisops.profiles.places import Places
from irisops.profiles.settings import SettingsStore, start_log

if TYPE_CHECKING:
    from irisops.session import Session

STATUS_OF_PROBLEM = 1
STATUS_NOT_UNDERSTOOD = 2


def chat(options: argparse.Namespace) -> int:
    """The chat on the person's own profiles. Returns the exit status."""
    if not choose_mode(options, "irisops"):
        return STATUS_NOT_UNDERSTOOD
    plain = is_plain(options)
    places = Places.find()
    start_log(places, options.log_level)

    def make() -> Session:
        from irisops import session  # noqa: PLC0415 - with the engine 30 ms, not before the first paint

        return session.Session(places, first=options.profile, connect_first=not plain)

    return converse(make()) if plain else show(places, make)


def demo(options: argparse.Namespace) -> int:
    """The chat on a simulator of its own. Returns the exit status."""
    if not choose_mode(options, "irisops demo"):
        return STATUS_NOT_UNDERSTOOD
    with prepared(simulator_options(options)) as practice:
        if is_plain(options):
            return _converse_with_demo(practice)
        return show(practice.places, partial(_session_of_demo, practice))


def _session_of_demo(practice: Practice, ready: Demo | None = None) -> Session:
    from irisops.demo_session import session_on  # noqa: PLC0415 - not before the first paint

    return session_on(practice, ready)


def is_plain(options: argparse.Namespace) -> bool:
    """True for plain mode."""
    return getattr(options, "plain", False)


def choose_mode(options: argparse.Namespace, asked: str) -> bool:
    """Fall back to plain mode where TERM cannot draw; False, with a message, where no chat is possible."""
    if is_plain(options):
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


def converse(session: Session) -> int:
    """Plain mode."""
    from irisops import plain, plain_terminal  # noqa: PLC0415 - not for the screen

    terminal = plain_terminal.terminal_for(session, session.places.prompt_history)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return asyncio.run(plain.run_plain(session, terminal, width=width))


def show(places: Places, session: Callable[[], Session]) -> int:
    """The screen. `session` is made after the first paint."""
    gc.disable()  # until the screen is seen: `irisops.ui.housekeeping` goes on from there
    from irisops.app import run  # noqa: PLC0415 - not for plain mode

    store = SettingsStore(places.settings)

    def keep_theme(theme: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the theme is shown all the same
            store.change({"theme": theme})

    loaded = store.load().settings
    chosen = {"theme": loaded.theme} if loaded.theme else {}
    streams.for_screen()
    try:
        return run(
            LateSession(session),
            history=places.prompt_history,
            on_theme=keep_theme,
            poll_interval=loaded.interval(os.environ),
            mouse=loaded.mouse,
            **chosen,
        )
    finally:
        streams.for_screen(on=False)
        gc.enable()


def _converse_with_demo(practice: Practice) -> int:
    """Plain mode waits for the instance before the first prompt: a pipe's first line would come too early."""
    try:
        ready = practice.start()
    except DemoError as error:
        streams.say(f"irisops: {harmless(error, 2000)}", sys.stderr)
        return STATUS_OF_PROBLEM
    return converse(_session_of_demo(practice, ready))
