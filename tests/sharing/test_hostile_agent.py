"""An agent whose local API answers without end, with garbage, far too much, or never: named, bounded, and stopped."""

from __future__ import annotations

import shlex
import sys
import tracemalloc
from pathlib import Path

import pytest

from irisops.sharing.agent import Agent
from irisops.sharing.agent_api import AgentApi
from irisops.sharing.errors import AgentFailed, SharingProblem
from irisops.sharing.finder import AgentBinary
from irisops.sharing.messages import Deadlines, EndpointSpec
from tests.sharing.hostile_agent import WAYS

ROOT = Path(__file__).resolve().parents[2]
QUICK = Deadlines(start=20.0, create=1.0, call=1.0, stop=1.0)


@pytest.mark.parametrize("way", WAYS)
def test_a_hostile_answer_is_named_and_the_agent_ends(tmp_path: Path, way: str) -> None:
    path = tmp_path / "ngrok"
    program = f"{shlex.quote(sys.executable)} -m tests.sharing.hostile_agent {way}"
    path.write_text(f'#!/bin/sh\nexport PYTHONPATH={shlex.quote(str(ROOT))}\nexec {program} "$@"\n')
    path.chmod(0o700)
    runtime = tmp_path / "run"
    runtime.mkdir()
    agent = Agent(AgentBinary(path, (3, 39, 10)), "canary-token", runtime, deadlines=QUICK)
    agent.start()
    tracemalloc.start()
    try:
        with pytest.raises(SharingProblem) as caught:  # by its deadline, else by the time limit of the test
            agent.open(EndpointSpec("iris", "tcp", "127.0.0.1:1"))
        assert caught.value.message.endswith(".")
        assert len(caught.value.detail) < 2000
        assert "canary-token" not in caught.value.message + caught.value.detail
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
        assert agent.endpoints == []
    finally:
        tracemalloc.stop()
        agent.stop()
    assert not agent.running


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example:80",
        "http://127.0.0.1",
        "http://127.0.0.1:x",
        "http://127.0.0.1@evil.example:1",
        "",
    ],
)
def test_an_api_elsewhere_is_never_asked(address: str) -> None:
    with pytest.raises(AgentFailed, match="not on this machine"):
        AgentApi(address, "t")
