"""What the screen may ask before its first frame makes no session; whatever else it asks does."""

from __future__ import annotations

from pathlib import Path

from irisops.contract.chat import Notice
from irisops.contract.replies import Problem
from irisops.late_session import LateSession
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session


class Maker:
    """Makes a session on an empty folder and counts how often."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times = 0

    def __call__(self) -> Session:
        self.times += 1
        return Session(Places.below(self.folder), secrets=Secrets(None))


async def _no_secret(_title: str, _prompt: str) -> None:
    return None


async def test_the_first_frame_makes_no_session(tmp_path: Path) -> None:
    make = Maker(tmp_path)
    chat = LateSession(make)
    notices: list[Notice] = []
    changes: list[str] = []
    chat.subscribe(lambda: changes.append("changed"), notices.append)
    chat.ask_with(_no_secret)
    assert chat.overview().profiles == ()
    assert chat.overview().active is None
    assert make.times == 0
    await chat.start()
    try:
        assert make.times == 1
        assert [each.message for each in notices] == ["Welcome. No instance is known yet."]
        assert changes
        assert chat.overview().opening == "/discover"
    finally:
        await chat.close()
    assert make.times == 1


async def test_a_line_that_comes_before_the_start_is_understood(tmp_path: Path) -> None:
    make = Maker(tmp_path)
    chat = LateSession(make)
    assert not isinstance(chat.parse("/help"), Problem)
    assert any(each.name == "help" for each in chat.commands())
    assert "/help " in [each.value for each in chat.complete("/hel", 4)]
    assert make.times == 1
    await chat.close()


async def test_a_program_that_ends_at_once_has_nothing_to_close(tmp_path: Path) -> None:
    make = Maker(tmp_path)
    await LateSession(make).close()
    assert make.times == 0
