"""Every pipe of the product, each with its reader stopped: nothing that guards a share or ends a program waits for it.

- Keeper to chat: non-blocking and bounded (`sharing.outbox`). The first two tests.
- Chat to keeper: non-blocking, each request with a deadline. `test_a_stopped_keeper_…`
- The agent's log to the keeper: pyngrok's thread always drains it, and the loop has no part in it. `test_a_flood_…`
- Chat or keeper to a driver: asyncio's, under the deadline of each call, at which the driver is killed.
  `test_a_stopped_driver_…`
- Driver to chat or keeper: eight frames are read ahead, then the driver waits; it has nothing else to do, and ends with
  its input. `test_a_driver_whose_answer_nobody_wants_…`
- Installer to chat: both outputs are read together. `test_an_installer_…`
- Demo to simulator: never written to, its end is the message (tests/test_demo.py); simulator to demo: one line in all.
  `test_the_simulator_says_one_line`
- Text to tmux, and programs that are asked for a password, for containers or for their version: read together, under a
  deadline (tests/ui/test_pure.py, tests/profiles/test_password_command.py, tests/sharing/test_finder.py).
- Error outputs of keeper, agent and simulator are files; that of a driver leads nowhere.
- Screen and plain mode to the terminal: a chat may hang on an unread terminal, its keeper does not (see the first).
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from irisops.demo import prepared
from irisops.instance.driver_process.channel import HEADER_SIZE, decode_body, encode_frame, frame_size
from irisops.instance.driver_process.child import DriverGoneError, DriverProcess
from irisops.sharing.client import KeeperClient
from irisops.sharing.errors import KeeperLost
from irisops.sharing.installer import install_agent
from irisops.sharing.lease import LeaseStore
from irisops.sharing.records import to_json
from irisops.simulator.agent.switches import Switches
from tests.sharing.conftest import MakeRequest
from tests.sharing.fake_instance import FakeConnector
from tests.sharing.living import ended
from tests.sharing.test_agent import refused

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="waits for processes by their pidfd"),
    pytest.mark.timeout(180),
]
TALKATIVE = Switches(log_every=0.002)


@dataclass
class Unread:
    """A keeper whose output is read up to the answer to its one request, and never again."""

    process: subprocess.Popen[bytes]

    def message(self) -> dict[str, object]:
        assert self.process.stdout is not None
        size = frame_size(self.process.stdout.read(HEADER_SIZE))
        return dict(decode_body(self.process.stdout.read(size)))

    def ask(self, **message: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(encode_frame(message))  # type: ignore[arg-type]
        self.process.stdin.flush()

    def answer(self, number: int) -> dict[str, object]:
        while (said := self.message()).get("id") != number:
            continue
        return said


@pytest.fixture
def keeper(tmp_path: Path, instance: FakeConnector) -> Iterator[Unread]:
    with (tmp_path / "keeper.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.sharing.keeper_on_fake", str(instance.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    yield Unread(process)
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def fill(keeper: Unread) -> None:
    """Ask for more answers than the pipe holds, and read none of them."""
    for number in range(2, 400):
        keeper.ask(id=number, op="nothing of that name " + "x" * 400)


def asked_to_end(keeper: Unread) -> None:
    keeper.process.send_signal(signal.SIGTERM)


def left_alone(keeper: Unread) -> None:
    assert keeper.process.stdin is not None
    keeper.process.stdin.close()


def waited_for(_keeper: Unread) -> None:
    """Waits for the deadline."""


@pytest.mark.parametrize("how", [asked_to_end, left_alone, waited_for])
def test_a_keeper_whose_listener_stopped_reading_ends_its_share(
    keeper: Unread,
    request_for: MakeRequest,
    instance: FakeConnector,
    store: LeaseStore,
    how: Callable[[Unread], None],
) -> None:
    """R2: with a talkative agent, its deadline, its signals and the end of its input were all missed."""
    before = instance.state()
    lasts = 10 if how is waited_for else 3600
    request = request_for(TALKATIVE, until=datetime.now(UTC) + timedelta(seconds=lasts))
    keeper.ask(id=1, op="open", request=to_json(request))
    answer = keeper.answer(1)
    (endpoint,) = answer["ok"]["endpoints"]  # type: ignore[index]
    fill(keeper)
    how(keeper)
    assert ended(keeper.process.pid, 40)
    assert refused(str(endpoint["public_url"]))
    assert store.all().leases == []
    assert instance.state() == before


async def test_a_chat_that_missed_the_end_learns_it_from_the_lease(
    tmp_path: Path, request_for: MakeRequest, instance: FakeConnector
) -> None:
    """The keeper is killed after it took all down: its last words never came, and yet nothing is left."""
    closed: list[tuple[str, ...]] = []
    client = KeeperClient(on_closed=lambda told: closed.append(told.problems))
    await client.start(
        tmp_path / "log", (sys.executable, "-m", "tests.sharing.keeper_on_fake", str(instance.path))
    )
    request = request_for(Switches())
    await client.open(request)
    store = LeaseStore(Path(request.leases))
    (lease,) = store.all().leases
    store.delete(lease.id)
    await client.kill()
    async with asyncio.timeout(60):
        while not closed:  # noqa: ASYNC110 - told by the client's own task
            await asyncio.sleep(0.01)
    assert closed == [()]
    await client.leave()


async def test_a_stopped_keeper_does_not_hold_up_the_chat(tmp_path: Path, instance: FakeConnector) -> None:
    """More requests than the pipe holds: each can be given up, and the chat can leave."""
    client = KeeperClient()
    await client.start(
        tmp_path / "log", (sys.executable, "-m", "tests.sharing.keeper_on_fake", str(instance.path))
    )
    assert client.pid is not None
    os.kill(client.pid, signal.SIGSTOP)
    try:
        asked = [asyncio.create_task(client.kick("x" * 400)) for _ in range(400)]
        _done, waiting = await asyncio.wait(asked, timeout=0.5)
        assert waiting == set(asked)
        async with asyncio.timeout(60):
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            await client.leave()
            # What a blocked thread would keep from ending is the program itself.
            await asyncio.get_running_loop().shutdown_default_executor()
    finally:
        os.kill(client.pid, signal.SIGKILL)
        await client.wait()
    with pytest.raises(KeeperLost):
        await client.status()


async def test_a_flood_of_the_agents_log_takes_nothing_from_the_keeper(
    tmp_path: Path, request_for: MakeRequest, instance: FakeConnector
) -> None:
    client = KeeperClient()
    await client.start(
        tmp_path / "log", (sys.executable, "-m", "tests.sharing.keeper_on_fake", str(instance.path))
    )
    try:
        await client.open(request_for(Switches(log_every=0.00001)))
        async with asyncio.timeout(60):
            for _ in range(20):
                assert (await client.status()).agent == "online"
            assert (await client.close()).problems == ()
    finally:
        await client.leave()
        await client.kill()


SLOW_DRIVER = """
import sys, time
print(end="", flush=True)
sys.stdin.buffer.read(1)
time.sleep(600)
"""


async def test_a_stopped_driver_is_given_up_at_the_deadline() -> None:
    """It reads one byte and no more; the request is larger than the pipe."""
    child = await DriverProcess.start((sys.executable, "-c", SLOW_DRIVER))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await child.connect({"host": "h" * 300_000}, "pw")
    async with asyncio.timeout(60):
        await child.kill()
    assert not child.alive


FLOODING_DRIVER = """
import json, os
body = json.dumps({"kind": "rows", "id": 1, "rows": ["x" * 100_000]}).encode()
while True:
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(1, data):]
"""


async def test_a_driver_whose_answer_nobody_wants_waits_and_is_ended() -> None:
    child = await DriverProcess.start((sys.executable, "-c", FLOODING_DRIVER))
    state = Path(f"/proc/{child.pid}/stat")
    asleep = 0
    async with asyncio.timeout(60):
        while asleep < 20:
            asleep = asleep + 1 if ") S " in state.read_text() else 0  # noqa: ASYNC240 - a file of the kernel
            await asyncio.sleep(0.01)
        await child.close(seconds=0.5)
    assert not child.alive
    with pytest.raises(DriverGoneError):
        await child.batch([])


async def test_an_installer_that_talks_on_both_outputs_ends(tmp_path: Path) -> None:
    text = (
        "import sys\n"
        "for n in range(101):\n"
        "    print(f'Downloading ngrok: {n}% ' + 'x' * 2000, flush=True)\n"
        "    print('y' * 2000, file=sys.stderr, flush=True)"
    )
    steps = [step async for step in install_agent(tmp_path / "ngrok", (sys.executable, "-c", text))]
    assert steps[-1].fraction == 1.0


def test_the_simulator_says_one_line(tmp_path: Path) -> None:
    """Its output is a pipe that is not read after that line."""
    child = subprocess.Popen(
        [sys.executable, "-m", "irisops", "simulator", "--with-parent", "--port", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline().startswith(b"{")
        child.stdin.close()
        assert select.select([child.stdout], [], [], 30)[0]
        assert child.stdout.read() == b""
        assert child.wait(30) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        if child.stderr is not None:
            child.stderr.close()
    with prepared() as practice:
        assert practice.start().profile.port
