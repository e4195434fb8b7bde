"""A stand-in agent per test, found by an unmodified pyngrok."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from irisops.sharing.agent import Agent, Deadlines
from irisops.sharing.finder import AgentBinary
from irisops.simulator.agent.launcher import write_launcher
from irisops.simulator.agent.switches import Switches

TOKEN = "canary-authtoken-5f2c"
QUICK = Deadlines(start=20.0, create=10.0, call=5.0, stop=3.0)

MakeBinary = Callable[[Switches], AgentBinary]
MakeAgent = Callable[..., Agent]


@pytest.fixture
def make_binary(tmp_path: Path) -> MakeBinary:
    numbers = itertools.count()

    def make(switches: Switches) -> AgentBinary:
        path = write_launcher(tmp_path / f"bin{next(numbers)}" / "ngrok", switches)
        return AgentBinary(path, (3, 39, 10))

    return make


@pytest.fixture
def make_agent(tmp_path: Path, make_binary: MakeBinary) -> Iterator[MakeAgent]:
    made: list[Agent] = []

    def make(
        switches: Switches | None = None,
        *,
        token: str = TOKEN,
        deadlines: Deadlines = QUICK,
        token_in_memory: bool = True,
    ) -> Agent:
        runtime = tmp_path / f"run{len(made)}"
        runtime.mkdir(mode=0o700)
        binary = make_binary(switches or Switches())
        made.append(Agent(binary, token, runtime, deadlines=deadlines, token_in_memory=token_in_memory))
        return made[-1]

    yield make
    for agent in made:
        agent.stop()
