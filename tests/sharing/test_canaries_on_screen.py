"""No password and no token in a picture of the screen; those of the passes only while their cards show them.

Issue 7, point 5. The pictures are Textual's own, as `python -m tests.tools.make_screenshots` takes them.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from irisops.app import IrisopsApp
from irisops.sharing.client import KeeperClient
from irisops.ui.ask import Confirm, Secret
from tests.instance.served import PASSWORD
from tests.sharing.conftest import TOKEN
from tests.sharing.test_cures import connected, sharing
from tests.ui.driving import NEVER, DrivenApp, Driver, until

pytestmark = pytest.mark.timeout(180)


async def type_secret(pilot: Driver, app: IrisopsApp, secret: str) -> str:
    """Wait to be asked, type it, take a picture before Enter."""
    await until(pilot, lambda: bool(app.screen.query(Secret)) and app.screen.query_one(Secret).armed)
    await pilot.press(*secret)
    picture = app.export_screenshot()
    await pilot.press("enter")
    return picture


async def test_pictures_hold_no_secret(tmp_path: Path) -> None:
    async with sharing(tmp_path, connect=False, asks=True) as at:
        app = DrivenApp(at.session, poll_interval=NEVER, environment={})
        conversation = app.conversation
        async with app.run_test(size=(160, 120)) as pilot:
            pictures = {"password typed": await type_secret(pilot, app, PASSWORD)}
            await until(pilot, lambda: connected(at.session))
            conversation.prompt.put("/share superserver for 30m people 2 probe=no")
            await pilot.press("enter")
            await until(
                pilot, lambda: bool(app.screen.query(Confirm)) and app.screen.query_one(Confirm).armed
            )
            await pilot.press(*"local", "enter")
            pictures["token typed"] = await type_secret(pilot, app, TOKEN)
            await until(pilot, lambda: conversation.transcript.cards[-1].state in ("done", "failed"))
            desk = at.session.context.sharing_desk()
            (share,) = desk.shares.values()
            passes = [each.password for each in share.opened.passes]
            assert len(set(passes)) == 2
            await pilot.pause()
            shown = app.export_screenshot()
            assert [secret for secret in (PASSWORD, TOKEN, *passes) if secret in shown] == []
            for _ in passes:
                await pilot.press("alt+up", "enter")
            await until(pilot, lambda: all(secret in app.export_screenshot() for secret in passes))
            shown = app.export_screenshot()
            assert [secret for secret in (PASSWORD, TOKEN) if secret in shown] == []
            assert [secret for secret in passes if secret not in shown] == [], (
                "each shows its own, once opened"
            )
            await pilot.press("escape")
            for line in ("/clear", "/tunnels", "/leases", "/history", "/unshare"):
                before = conversation.transcript.cards[-1:]
                conversation.prompt.put(line)
                await pilot.press("enter")
                await until(pilot, lambda was=before: answered(app, was))  # type: ignore[misc]
                pictures[line] = app.export_screenshot()
            names = [each.name for each in share.opened.passes]
            assert names[0] in pictures["/tunnels"], "the pictures do show the passes"
            found = [
                (when, number)
                for when, picture in pictures.items()
                for number, secret in enumerate((PASSWORD, TOKEN, *passes))
                if secret in picture
            ]
            assert found == []


def answered(app: IrisopsApp, before: list[object]) -> bool:
    """Whether the line led to a card that is ready, or (`/clear`) took the cards away."""
    cards = app.conversation.transcript.cards
    return not cards or (cards[-1:] != before and cards[-1].state not in ("running", "waiting"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_keeper_inherits_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IRISOPS_PASSWORD", "NGROK_AUTHTOKEN", "NGROK_API_KEY"):
        monkeypatch.setenv(name, f"canary-{name}")
    monkeypatch.setenv("IRISOPS_HARMLESS", "handed-on")
    client = KeeperClient()
    await client.start(tmp_path / "keeper.log")
    try:
        inherited = await asyncio.to_thread(Path(f"/proc/{client.pid}/environ").read_bytes)
    finally:
        await client.leave()
        await client.wait()
    assert b"handed-on" in inherited
    assert b"canary-" not in inherited
