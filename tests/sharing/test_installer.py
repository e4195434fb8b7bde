"""Fetching the agent: progress, failure, and never more than was asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from irisops.sharing.errors import AgentMissing
from irisops.sharing.installer import command, install_agent


def script(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


async def test_progress_is_read_from_what_pyngrok_prints(tmp_path: Path) -> None:
    text = "for n in (0, 40, 100): print(f'Downloading ngrok: {n}%', end='\\r', flush=True)"
    steps = [step async for step in install_agent(tmp_path / "ngrok", script(text))]
    fractions = [step.fraction for step in steps]
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert steps[-1].message == "The ngrok agent is installed."


async def test_a_failure_is_one_sentence(tmp_path: Path) -> None:
    text = "import sys; sys.exit('An error occurred: <urlopen error dial tcp: no such host>')"
    with pytest.raises(AgentMissing, match="cannot be looked up") as caught:
        [step async for step in install_agent(tmp_path / "ngrok", script(text))]
    assert "ngrok.com/download" in caught.value.cure


def test_the_child_is_this_module() -> None:
    assert command(Path("/x/ngrok"))[1:] == ("-P", "-m", "irisops.sharing.installer", "/x/ngrok")
