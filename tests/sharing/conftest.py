"""A stand-in agent per test, found by an unmodified pyngrok."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from irisops.sharing.agent import Agent
from irisops.sharing.finder import AgentBinary
from irisops.sharing.lease import LeaseStore, Where, new_id
from irisops.sharing.messages import Deadlines, EndpointSpec, ShareRequest
from irisops.simulator.agent.launcher import write_launcher
from irisops.simulator.agent.switches import Switches
from tests.sharing.fake_instance import PASSWORD, FakeConnector, fresh

TOKEN = "canary-authtoken-5f2c"
QUICK = Deadlines(start=20.0, create=10.0, call=5.0, stop=3.0)

MakeBinary = Callable[[Switches], AgentBinary]
MakeAgent = Callable[..., Agent]
MakeRequest = Callable[..., ShareRequest]


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


@pytest.fixture
def instance(tmp_path: Path) -> FakeConnector:
    return FakeConnector(fresh(tmp_path / "instance.json"))


@pytest.fixture
def port() -> Iterator[int]:
    """A port with a listener."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def request_for(tmp_path: Path, make_binary: MakeBinary, port: int) -> MakeRequest:
    def make(switches: Switches | None = None, **changes: object) -> ShareRequest:
        base = ShareRequest(
            id=new_id(),
            where=Where("local", "127.0.0.1", 1972, "_SYSTEM"),
            until=datetime.now(UTC) + timedelta(hours=1),
            leases=str(tmp_path / "leases"),
            endpoints=(EndpointSpec("iris-superserver", "tcp", f"127.0.0.1:{port}"),),
            people=2,
            agent=str(make_binary(switches or Switches()).path),
            deadlines=QUICK,
            password=PASSWORD,
            token=TOKEN,
        )
        return replace(base, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def store(tmp_path: Path) -> LeaseStore:
    return LeaseStore(tmp_path / "leases")
