"""Driving the app in tests: build it on the scripted chat, wait for what is to be seen, never for time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TypeVar

from textual.content import Content
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
    kind: type[IrisopsApp] = IrisopsApp,
    environment: Mapping[str, str] | None = None,
) -> IrisopsApp:
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


async def until(pilot: Driver, condition: Callable[[], Found], tries: int = 100) -> Found:
    """Let the app work until the condition holds; an AssertionError if it never does."""
    for _ in range(tries):
        found = condition()
        if found:
            await pilot.pause()
            return found
        await pilot.pause()
    raise AssertionError("the app came to rest, but what was waited for did not happen")


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
