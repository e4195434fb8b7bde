"""No password and no token in any place where it could be found: the whole program in a terminal, and every place read.

Issue 7, point 5.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sharing.living import PASSWORD, TOKEN, Running, journal_texts, living, passwords_on

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.timeout(180),
]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with living(tmp_path) as everything:
        yield everything


def told_by_processes(running: Running) -> dict[str, bytes]:
    """What any local user (cmdline) or this one (environ) reads of each process of the run."""
    told = {}
    for pid in running.processes():
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                told[f"{pid} {name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
    return told


def files_below(*folders: Path) -> dict[str, bytes]:
    """Every file: journal, leases, logs, history, settings, the saved transcript, the agent's config and script."""
    return {
        str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()
    }


def found(secrets: list[str], places: dict[str, bytes]) -> list[str]:
    """Where a secret stands."""
    return [place for place, text in places.items() for secret in secrets if secret.encode() in text]


def test_no_secret_is_written_or_shown_to_others(running: Running) -> None:
    home, folder = running.home, running.home.parent
    terminal = running.connected()
    running.share(terminal, "/share both for 30m people 2")
    passes: list[str] = []
    for name in reversed(re.findall(r"Pass (guest-\S+)", terminal.text)):
        terminal.press("alt+up")
        terminal.wait_for(rf"▸ Pass {name}")
        terminal.press("enter")  # each pass shows its own, once opened
        terminal.wait_for(rf"(?s)▸ Pass {name}.*password +\w{{20}}\b")
        passes += passwords_on(terminal.text)
        terminal.press("enter")
        terminal.wait_gone(r"password +\w{20}")
    assert len(set(passes)) == 2
    names = [user.name for user in running.instance.guests()]
    assert len(names) == 2
    secrets = [PASSWORD, TOKEN, *passes]
    terminal.press("escape")
    terminal.wait_for("Tab complete")

    processes = told_by_processes(running)
    assert {place.split()[1] for place in processes} == {"cmdline", "environ"}
    assert len(running.processes()) == 5  # the chat, its driver, the keeper, the start script, the agent
    assert found(secrets, processes) == []

    saved = folder / "transcript.md"
    terminal.type_line(f"/save {saved}")
    terminal.wait_for(r"[Ss]aved")
    text = saved.read_text()
    assert names[0] in text, "the transcript does tell of the pass"
    terminal.type_line("/tunnels")
    terminal.wait_for(r"Who is on")
    places = files_below(home, folder / "run", folder / "bin") | {str(saved): saved.read_bytes()}
    kinds = {Path(place).suffix or Path(place).name for place in places}
    assert {".jsonl", ".json", ".log", ".toml", ".md", "ngrok-agent"} <= kinds, kinds
    assert found(secrets, places) == []
    assert journal_texts(home), "something was journaled"
    assert names[0] in repr(journal_texts(home))

    screen = terminal.text
    assert TOKEN not in screen
    assert PASSWORD not in screen
    assert TOKEN not in terminal.raw.decode(errors="replace"), "not even while it was typed"
    assert PASSWORD not in terminal.raw.decode(errors="replace")

    terminal.type_line("/quit")
    assert terminal.wait_exit() == 0
    running.wait_all_gone()
    assert found(secrets, files_below(home, folder / "run", folder / "bin")) == []


@pytest.mark.parametrize("place", ["a file", "a process"])
def test_the_search_would_find_one(running: Running, place: str) -> None:
    """The same search, with a secret left where it must not be."""
    if place == "a file":
        (running.home / "state").mkdir(parents=True, exist_ok=True)
        (running.home / "state" / "left.log").write_text(f"login with {PASSWORD}\n")
        assert found([PASSWORD], files_below(running.home)) != []
    else:
        assert found([TOKEN], {"1 cmdline": f"ngrok\0--authtoken\0{TOKEN}\0".encode()}) == ["1 cmdline"]
