"""The lists of daily operations at 80x24, over a simulator: nothing is cut off, and ten thousand locks scroll."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from irisops.simulator.world.operations import Lock
from irisops.ui.card import Card
from irisops.ui.grid import Grid
from tests.commands.editing import Desk
from tests.commands.operations.test_width import HEADS
from tests.commands.operations.working import working
from tests.ui.driving import NEVER, SMALL, DrivenApp, Driver, app_of, text_of, until

MANY = 10_000


@asynccontextmanager
async def screen(home: Path, *doubts: str) -> AsyncIterator[tuple[Desk, Driver]]:
    """The app on a session that is connected to the scenario `broken`."""
    async with working(home, *doubts) as at:
        app = DrivenApp(at.session, poll_interval=NEVER, word=0.001, environment={})
        async with app.run_test(size=SMALL) as pilot:
            yield at, pilot


def headed(grid: Grid, head: str) -> Callable[[], bool]:
    """Whether the first line of the table has these headings and no others."""
    return lambda: " ".join(text_of(grid).splitlines()[0].split()) == head


async def grid_of(pilot: Driver, line: str) -> tuple[Card, Grid]:
    """Type a line; the table of its answer."""
    conversation = app_of(pilot).conversation
    before = conversation.transcript.cards[-1:]  # not how many: an old one may become a picture meanwhile
    conversation.prompt.input.focus()
    conversation.prompt.put(line)
    await pilot.press("enter")
    await until(pilot, lambda: conversation.transcript.cards[-1:] != before)
    card = conversation.transcript.cards[-1]
    await until(pilot, lambda: card.state != "running" and bool(card.query(Grid)))
    return card, card.query(Grid).first()


async def test_each_list_fits_eighty_columns(tmp_path: Path) -> None:
    async with screen(tmp_path) as (_, pilot):
        for line, head in HEADS.items():
            card, grid = await grid_of(pilot, line)
            await until(pilot, headed(grid, head))
            assert card.region.right <= SMALL[0]
            assert max(len(row) for row in text_of(grid).splitlines()) <= grid.size.width
            assert len(text_of(grid).splitlines()) > 1


async def test_ten_thousand_locks_scroll_and_are_filtered(tmp_path: Path) -> None:
    async with screen(tmp_path, "projection=yes") as (at, pilot):
        locks = at.served.world.operations.locks
        locks += [Lock(f"3|^A({number})", 5000 + number % 7, f"^A({number:05d})") for number in range(MANY)]
        _, grid = await grid_of(pilot, "/locks")
        await pilot.press("alt+up")
        await until(pilot, lambda: app_of(pilot).focused is grid and "^Ship.OrderD(4711)" in text_of(grid))
        await pilot.press("end")
        await until(pilot, lambda: f"^A({MANY - 1:05d})" in text_of(grid))
        assert grid.cursor == MANY + 1
        await pilot.press("pageup")
        await until(pilot, lambda: grid.cursor < MANY)
        await pilot.press("home")
        await until(pilot, lambda: "^Ship.OrderD(4711)" in text_of(grid))
        _, some = await grid_of(pilot, "/locks lock~(0123")
        await until(pilot, lambda: "^A(01239)" in text_of(some))
        assert [row["lock"] for row in some.view.table.rows] == [
            f"^A({number:05d})" for number in range(1230, 1240)
        ]
