"""Driving the app in tests: build it on the scripted chat, wait for what is to be seen, never for time.

An app made here is driven by a `Hand`: behind each press, click and pause of it the app is at rest, so what these lead
to by messages and painting can be looked at right away. What a worker, a timer or another process does comes in its own
time: wait for that with `until`.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TypeVar

from textual import events
from textual.app import App
from textual.content import Content
from textual.keys import KEY_NAME_REPLACEMENTS, REPLACED_KEYS, key_to_character
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.widget import Widget

from irisops.app import IrisopsApp
from irisops.ui.card import Card
from irisops.ui.grid import Grid
from irisops.ui.transcript import Transcript
from tests.ui.fake_chat import NOW, FakeChat

Driver = Pilot[int]
Found = TypeVar("Found")
WIDE = (120, 36)
SMALL = (80, 24)
NEVER = 3_600.0
"""Poll interval in seconds: tests call `refresh_live` themselves."""
PATIENCE = 60.0
"""Seconds after which a wait has failed: far more than anything takes, on a busy machine too."""


async def at_rest(app: App[int]) -> None:
    """Wait until all messages are handled, also those that they led to, and the screen is painted.

    Textual's pilot takes an app for idle that used no processor for 20 ms: on a busy machine one that was given none.
    """
    while app.is_running:
        nodes = _nodes(app)
        await _turns(app, lambda: not _waiting(nodes))  # noqa: B023 - it is awaited here
        # What was mounted meanwhile may not be told its size yet.
        if (
            await _painted(app)
            and not _waiting(nodes)
            and await _through(app, nodes)
            and _nodes(app) == nodes
        ):
            return


def _nodes(app: App[int]) -> list[MessagePump]:
    return [app, *(node for screen in app.screen_stack for node in screen.walk_children(with_self=True))]


def _waiting(nodes: Iterable[MessagePump]) -> bool:
    return any(node.message_queue_size for node in nodes)


async def _painted(app: App[int]) -> bool:
    """Wait until the screen on top is painted; False if another came on top."""
    screens = app.screen_stack
    painted = asyncio.Event()
    if not screens or not screens[-1].call_after_refresh(painted.set):
        return False
    await _turns(app, lambda: painted.is_set() or app.screen_stack != screens)
    return painted.is_set()


async def _through(app: App[int], nodes: Sequence[MessagePump]) -> bool:
    """Wait until each widget is through with what it does; True if nothing came of it."""
    left = 0

    def done() -> None:
        nonlocal left
        left -= 1

    for node in nodes:
        left += node.call_later(done)
    await _turns(app, lambda: left <= 0)
    return not _waiting(nodes) and await _painted(app) and not _waiting(nodes)


async def _turns(app: App[int], over: Callable[[], bool]) -> None:
    """Let the loop turn until it is over, or until the app ended: no event would be set then."""
    while app.is_running and not over():  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)


def key_event(key: str) -> events.Key:
    """What the terminal sends for a character, or for a key by its name."""
    if len(key) > 1 or key.isalnum():
        return events.Key(key, key_to_character(REPLACED_KEYS.get(key, key)))
    name = unicodedata.name(key).lower().replace("-", "_").replace(" ", "_")
    return events.Key(KEY_NAME_REPLACEMENTS.get(name, name), key)


class Hand(Pilot[int]):
    """A pilot that never looks too early: its presses, clicks and pauses end when the app is at rest."""

    async def pause(self, delay: float | None = None) -> None:
        """Wait until the app is at rest, after `delay` seconds if given."""
        if delay is not None:
            await asyncio.sleep(delay)
        await at_rest(self.app)

    async def press(self, *keys: str) -> None:
        """Press keys, each when the one before has had its effect."""
        for key in keys:
            self.app.post_message(key_event(key))
            await at_rest(self.app)


class Driven(App[int]):
    """An app whose `run_test` gives a `Hand`."""

    @asynccontextmanager
    async def run_test(
        self,
        *,
        headless: bool = True,
        size: tuple[int, int] | None = (80, 24),
        tooltips: bool = False,
        notifications: bool = False,
        message_hook: Callable[[Message], None] | None = None,
    ) -> AsyncGenerator[Pilot[int], None]:
        """Run the app headless, as Textual does, and wait until it is at rest."""
        async with super().run_test(
            headless=headless,
            size=size,
            tooltips=tooltips,
            notifications=notifications,
            message_hook=message_hook,
        ):
            await at_rest(self)
            yield Hand(self)


class DrivenApp(Driven, IrisopsApp):
    """The app, driven by a `Hand`."""


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def make_app(
    chat: FakeChat | None = None,
    *,
    clock: Clock | None = None,
    theme: str = "dark",
    history: Path | None = None,
    on_theme: Callable[[str], None] | None = None,
    seconds: Callable[[], float] = monotonic,
    word: float = 0.001,
    kind: type[DrivenApp] = DrivenApp,
    environment: Mapping[str, str] | None = None,
) -> DrivenApp:
    """The app on a scripted chat."""
    return kind(
        chat or FakeChat(),
        history=history,
        theme=theme,
        on_theme=on_theme,
        poll_interval=NEVER,
        now=clock or Clock(),
        seconds=seconds,
        word=word,
        environment=environment or {},
    )


def app_of(pilot: Driver) -> IrisopsApp:
    """The app, by its own type."""
    app = pilot.app
    assert isinstance(app, IrisopsApp)
    return app


def focus_of(app: IrisopsApp) -> Widget | None:
    """What has the focus now (a call, so that a type checker does not remember the last answer)."""
    return app.focused


def at_end(transcript: Transcript) -> bool:
    """Whether the newest lines are seen."""
    return transcript.is_vertical_scroll_end


async def until(pilot: Driver, condition: Callable[[], Found]) -> Found:
    """Let the app work until the condition holds and all that belongs to it is painted.

    Raises AssertionError if it does not hold after `PATIENCE` seconds.
    """
    end = monotonic() + PATIENCE
    while not (found := condition()):
        assert monotonic() < end, "what was waited for did not happen"
        await pilot.pause(0.005)
    await pilot.pause()
    return found


async def say(pilot: Driver, text: str) -> Card:
    """Type a line, send it, wait until it is answered or asks something. Returns its card."""
    app = app_of(pilot)
    before = app.conversation.transcript.cards[-1:]
    app.conversation.prompt.put(text)
    await pilot.press("enter")
    await until(pilot, lambda: app.conversation.transcript.cards[-1:] != before)
    card = app.conversation.transcript.cards[-1]
    await until(pilot, lambda: card.state != "running" or app.conversation.questions.shown is not None)
    if card.state == "waiting":
        await until(pilot, lambda: app.conversation.questions.shown is not None)
    return card


def text_of(widget: Widget) -> str:
    """The characters that a widget and its children show, one line per row."""
    if isinstance(widget, Grid):
        return "\n".join(widget.render_line(y).text.rstrip() for y in range(widget.size.height))
    parts = []
    rendered = widget.render()
    if isinstance(rendered, Content) and not widget.children:
        parts.append(rendered.plain)
    parts += [text_of(child) for child in widget.children if child.display]
    return "\n".join(part for part in parts if part)


def screen_text(app: IrisopsApp) -> str:
    """All that stands on the default screen."""
    return text_of(app.screen)
