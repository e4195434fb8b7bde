"""Pictures of the screen. After a wanted change: `pytest tests/ui/test_snapshots.py --snapshot-update`, then look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from irisops.contract.chat import Notice, TimeLine
from irisops.ui.editor import EditorScreen
from irisops.ui.grid import Grid
from irisops.ui.panels import Replay
from tests.ui import daily_answers
from tests.ui.driving import SMALL, WIDE, Driver, Hand, app_of, make_app, say, until
from tests.ui.fake_chat import LOCAL, NOW, FakeChat

Scene = Callable[[Driver], Awaitable[None]]
Compare = Callable[..., bool]
SIZES = {"120x36": WIDE, "80x24": SMALL}


def chat_of(pilot: Driver) -> FakeChat:
    chat = app_of(pilot).chat
    assert isinstance(chat, FakeChat)
    return chat


async def welcome(pilot: Driver) -> None:
    await pilot.pause()


async def license_board(pilot: Driver) -> None:
    await say(pilot, "who holds my license")


async def plan(pilot: Driver) -> None:
    await say(pilot, "show users")
    await say(pilot, "give appuser %SQL")


async def plan_calls(pilot: Driver) -> None:
    await plan(pilot)
    await pilot.press("question_mark")


async def guarded(pilot: Driver) -> None:
    chat_of(pilot).become(LOCAL._replace(guarded=True, colour="#ff8080"))
    await say(pilot, "/guarded")


async def done(pilot: Driver) -> None:
    await plan(pilot)
    await pilot.press("y")
    conversation = app_of(pilot).conversation
    await until(pilot, lambda: conversation.transcript.cards[-1].state == "done")
    await until(pilot, lambda: conversation.questions.shown is None)


async def problem(pilot: Driver) -> None:
    await say(pilot, "make me coffee")
    await pilot.press("alt+up", "down")


async def rows(pilot: Driver) -> None:
    await say(pilot, "/processes")
    await pilot.press("alt+up", *["down"] * 20, "ctrl+s")


async def finding(pilot: Driver) -> None:
    card = await say(pilot, "/processes")
    await pilot.press("alt+up", "slash", *"ward1")
    grid = card.query_one(Grid)
    await until(pilot, lambda: len(grid.view.rows) < 60)


async def popup(pilot: Driver) -> None:
    await say(pilot, "/status")
    await pilot.press("slash", "s", "down", "down")


async def secret(pilot: Driver) -> None:
    await say(pilot, "/connect clinic-test")
    await pilot.press(*"hunter2")


async def waiting(pilot: Driver) -> None:
    app = app_of(pilot)
    app.conversation.send("/long")
    app.conversation.send("/users")
    app.conversation.send("/license")
    await until(pilot, lambda: "run /long" in chat_of(pilot).log)


async def stale(pilot: Driver) -> None:
    await say(pilot, "/license")
    chat_of(pilot).become(
        LOCAL._replace(state="lost", stale=True, retry_in=8.0, message="Nothing answers at localhost:1972.")
    )
    chat_of(pilot).say(
        Notice("error", "The connection was lost.", "It is tried again by itself, in 8 s.", "local")
    )


async def editor(pilot: Driver) -> None:
    await say(pilot, "show users")
    app_of(pilot).conversation.send("/user appuser")
    await until(pilot, lambda: isinstance(app_of(pilot).screen, EditorScreen))
    await pilot.press("ctrl+s")


async def keys(pilot: Driver) -> None:
    await say(pilot, "/users")
    await pilot.press("alt+up", "f1")


async def hostile(pilot: Driver) -> None:
    chat_of(pilot).become(LOCAL._replace(name="[red]\x1b[31mx\n", user="\u202ebob", version="a\x07b"))
    await say(pilot, "/hostile")


async def first_run(pilot: Driver) -> None:
    chat = chat_of(pilot)
    chat.others.clear()
    chat.tunnels = ()
    chat.become(LOCAL._replace(state="off", units_used=None, sessions=None, processes=None, history=()))


async def diff(pilot: Driver) -> None:
    chat_of(pilot).answers["diff"] = [daily_answers.DIFF]
    await say(pilot, "/diff ./live")


async def report(pilot: Driver) -> None:
    chat_of(pilot).answers["indexes"] = daily_answers.REPORT
    await say(pilot, "/indexes validate Ens.Util.Log")


async def health(pilot: Driver) -> None:
    chat_of(pilot).answers["status"] = [daily_answers.HEALTH]
    await say(pilot, "/status")


async def agents(pilot: Driver) -> None:
    chat_of(pilot).answers["history"] = [daily_answers.CALLS]
    await say(pilot, "/history agents")


async def replay(pilot: Driver) -> None:
    chat = chat_of(pilot)
    chat.timeline = TimeLine(
        NOW - timedelta(hours=2), NOW, NOW - timedelta(hours=1), "3 d 0 h ago", NOW - timedelta(hours=1),
        (0.1, 0.5, 0.6, None, None, 0.6, 0.9, 1.0, 1.0, 0.8), lambda _count, **_how: None,
    )  # fmt: skip
    chat.become(LOCAL._replace(recorded=True))
    await until(pilot, lambda: bool(app_of(pilot).query(Replay)))
    await say(pilot, "/license")


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        welcome, license_board, plan, plan_calls, guarded, done, problem, rows, finding, popup, secret, waiting,
        stale, editor, keys, hostile, first_run, diff, report, health, agents, replay,
    )
}  # fmt: skip


def driven(scene: Scene) -> Scene:
    """The scene as a `Hand` plays it, in an app that the picture's own pilot runs."""

    async def play(pilot: Driver) -> None:
        hand = Hand(pilot.app)
        await hand.pause()
        await scene(hand)
        await hand.pause()

    return play


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("scene", list(SCENES))
def test_scene(scene: str, size: str, snap_compare: Compare) -> None:
    assert snap_compare(make_app(), terminal_size=SIZES[size], run_before=driven(SCENES[scene]))


@pytest.mark.parametrize("theme", ["slate", "light", "frost", "contrast", "ansi"])
def test_theme(theme: str, snap_compare: Compare) -> None:
    assert snap_compare(make_app(theme=theme), terminal_size=WIDE, run_before=driven(plan))


@pytest.mark.parametrize("scene", ["plan", "rows", "problem", "editor", "secret"])
def test_without_colour(scene: str, snap_compare: Compare) -> None:
    """State and cursor are seen without any colour too."""
    app = make_app(environment={"NO_COLOR": "1"})
    assert snap_compare(app, terminal_size=SMALL, run_before=driven(SCENES[scene]))


def test_the_least_screen(snap_compare: Compare) -> None:
    assert snap_compare(make_app(), terminal_size=(60, 15), run_before=driven(plan))
