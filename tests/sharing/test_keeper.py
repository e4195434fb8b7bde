"""The keeper as a process: however it or the chat ends, nothing is left (issue 7, point 2)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from irisops.sharing import leases, procs
from irisops.sharing.client import KeeperClient
from irisops.sharing.errors import CardNeeded, KeeperLost, SharingProblem
from irisops.sharing.lease import LeaseStore, Where
from irisops.sharing.messages import ShareClosed
from irisops.simulator.agent.switches import Switches
from tests.sharing.conftest import TOKEN, MakeRequest
from tests.sharing.fake_instance import PASSWORD, FakeConnector
from tests.sharing.test_agent import refused

PATIENCE = 60.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(0.02)


class Chat:
    """A client with its keeper on the fake instance."""

    def __init__(self, folder: Path, instance: FakeConnector) -> None:
        self.log = folder / "keeper.log"
        self.progress: list[str] = []
        self.closed: list[ShareClosed] = []
        self.client = KeeperClient(on_progress=self.progress.append, on_closed=self.closed.append)
        self.command = (sys.executable, "-m", "tests.sharing.keeper_on_fake", str(instance.path))

    async def start(self) -> KeeperClient:
        await self.client.start(self.log, self.command)
        return self.client


@pytest.fixture
async def chat(tmp_path: Path, instance: FakeConnector) -> AsyncIterator[Chat]:
    made = Chat(tmp_path, instance)
    yield made
    await made.client.leave()
    try:
        async with asyncio.timeout(PATIENCE):
            await made.client.wait()
    finally:
        await made.client.kill()


async def test_open_status_and_close(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    client = await chat.start()
    opened = await client.open(request_for())
    assert [endpoint.kind for endpoint in opened.endpoints] == ["tcp"]
    assert all(len(each.password) == 20 for each in opened.passes)
    assert chat.progress[0] == "Looking at the local ports …"
    status = await client.status()
    assert status.agent == "online"
    assert status.log
    kicked = opened.passes[0].name
    assert (await client.kick(kicked))[1] == []
    assert kicked not in instance.state()["users"]
    closed = await client.close()
    assert closed.problems == ()
    assert not client.running, "it is waited for, and leaves no transport behind"
    assert instance.state() == before
    assert store.all().leases == []
    assert refused(opened.endpoints[0].public_url)
    assert len(chat.closed) == 1


async def test_a_named_problem_comes_across(chat: Chat, request_for: MakeRequest) -> None:
    client = await chat.start()
    with pytest.raises(CardNeeded) as caught:
        await client.open(request_for(Switches(fail="nocard")))
    assert caught.value.code == 8013
    with pytest.raises(SharingProblem, match="Nothing is shared"):
        await client.status()
    await client.open(request_for())


ENDINGS: dict[str, Callable[[KeeperClient], None]] = {
    "SIGTERM": lambda client: os.kill(client.pid or 0, signal.SIGTERM),
    "SIGHUP": lambda client: os.kill(client.pid or 0, signal.SIGHUP),
    "SIGINT": lambda client: os.kill(client.pid or 0, signal.SIGINT),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_signals_take_the_share_down(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore, ending: str
) -> None:
    before = instance.state()
    client = await chat.start()
    opened = await client.open(request_for())
    ENDINGS[ending](client)
    await client.wait()
    assert instance.state() == before
    assert store.all().leases == []
    assert refused(opened.endpoints[0].public_url)
    await until(lambda: bool(chat.closed))


async def test_the_end_of_the_chat_takes_the_share_down(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    """The pipe closes in the same way whether the chat quits, crashes or is killed."""
    before = instance.state()
    client = await chat.start()
    await client.open(request_for())
    await client.leave()
    await client.wait()
    assert instance.state() == before
    assert store.all().leases == []


async def test_the_deadline_takes_the_share_down(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    client = await chat.start()
    await client.open(request_for(until=datetime.now(UTC) + timedelta(seconds=10)))
    await client.wait()
    await until(lambda: bool(chat.closed))
    assert chat.closed[0].reason == "its time is up"
    assert instance.state() == before
    assert store.all().leases == []


async def test_a_killed_agent_takes_the_share_down(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    client = await chat.start()
    await client.open(request_for())
    agent = store.all().leases[0].agent
    assert agent is not None
    os.kill(agent.pid, signal.SIGKILL)
    await client.wait()
    await until(lambda: bool(chat.closed))
    assert chat.closed[0].reason == "the ngrok agent ended"
    assert instance.state() == before
    assert store.all().leases == []


async def password_of(_where: Where) -> str | None:
    return PASSWORD


async def test_a_killed_keeper_leaves_a_lease_that_the_next_start_clears(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    client = await chat.start()
    opened = await client.open(request_for())
    agent, runtime = store.all().leases[0].agent, store.all().leases[0].runtime
    assert os.listdir(runtime)  # noqa: PTH208 - a name alone
    await client.kill()
    await until(lambda: not procs.is_running(agent))
    assert refused(opened.endpoints[0].public_url)
    await until(lambda: bool(chat.closed))
    assert chat.closed[0].problems
    assert len([lease for lease in store.all().leases if not lease.kept]) == 1
    cleared = await leases.clear(store, password_of, connector=instance)
    assert [each.report.clean for each in cleared] == [True]
    assert not os.access(runtime, os.F_OK)
    assert instance.state() == before
    assert store.all().leases == []
    with pytest.raises(KeeperLost):
        await client.status()


async def test_a_share_may_outlive_the_chat_until_somebody_clears_it(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    client = await chat.start()
    opened = await client.open(request_for())
    await client.outlive(on=True)
    await client.leave()
    assert [lease for lease in store.all().leases if not lease.kept] == []
    assert not refused_now(opened.endpoints[0].public_url)
    assert await leases.clear(store, password_of, connector=instance) == []
    cleared = await leases.clear(store, password_of, running=True, connector=instance)
    assert cleared[0].report.done == ["its keeper took it down"]
    await client.wait()
    assert instance.state() == before


def refused_now(url: str) -> bool:
    host, port = url.removeprefix("tcp://").split(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
    except ConnectionError:
        return True
    return False


async def test_the_instance_unreachable_at_the_end_and_back_later(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    client = await chat.start()
    await client.open(request_for())
    instance.edit(up=False)
    closed = await client.close()
    assert "Nothing listens" in closed.problems[0]
    os.kill(client.pid or 0, signal.SIGTERM)  # it would go on trying
    await client.wait()
    (lease,) = [lease for lease in store.all().leases if not lease.kept]
    assert "Nothing listens" in lease.problem
    (cleared,) = await leases.clear(store, password_of, connector=instance)
    assert not cleared.report.clean
    instance.edit(up=True)
    (cleared,) = await leases.clear(store, password_of, connector=instance)
    assert cleared.report.clean
    assert instance.state() == before


async def test_ending_while_it_opens(
    chat: Chat, request_for: MakeRequest, instance: FakeConnector, store: LeaseStore
) -> None:
    before = instance.state()
    client = await chat.start()
    opening = asyncio.create_task(client.open(request_for(Switches(slow_start=5))))
    await until(lambda: any("Starting the ngrok agent" in step for step in chat.progress))
    await until(lambda: bool(store.all().leases and store.all().leases[0].agent))
    agent = store.all().leases[0].agent
    await client.close()
    with pytest.raises(SharingProblem):
        await opening
    await client.wait()
    assert not procs.is_running(agent)
    assert instance.state() == before
    assert store.all().leases == []


def descendants() -> list[Path]:
    """The processes below this one, as folders in /proc."""
    parents: dict[str, str] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                parents[each.name] = (each / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:  # it has ended
                continue
    found = {str(os.getpid())}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return [Path("/proc") / name for name in found - {str(os.getpid())}]


def places_with(secrets: list[str], folder: Path) -> list[Path]:
    """Files below `folder`, command lines and environments of our processes in which one of the secrets stands."""
    processes = descendants()
    assert processes, "the keeper should be running"
    files = [process / name for process in processes for name in ("cmdline", "environ")]
    files += [file for file in folder.rglob("*") if file.is_file()]
    found = []
    for file in files:
        try:
            text = file.read_bytes()
        except OSError:  # the process has ended
            continue
        found += [file for secret in secrets if secret.encode() in text]
    return found


async def test_no_secret_anywhere(
    chat: Chat, request_for: MakeRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGROK_AUTHTOKEN", "canary-env-token")
    client = await chat.start()
    opened = await client.open(request_for())
    secrets = [TOKEN, PASSWORD, "canary-env-token", *(each.password for each in opened.passes)]
    assert places_with(secrets, tmp_path) == []
    shown = repr(opened) + repr(request_for()) + repr(await client.status())
    assert not [secret for secret in secrets if secret in shown]


async def test_the_terminals_signals_do_not_reach_the_keeper(chat: Chat) -> None:
    """Ctrl+C and the hang-up go to the chat, which ends the share in order; the keeper is in a session of its own."""
    client = await chat.start()
    assert client.pid is not None
    assert os.getsid(client.pid) == client.pid


async def test_a_keeper_that_cannot_start_is_said(tmp_path: Path) -> None:
    client = KeeperClient()
    with pytest.raises(KeeperLost, match="ended at once"):
        await client.start(tmp_path / "log", (sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(KeeperLost, match="could not be started"):
        await client.start(tmp_path / "log", (str(tmp_path / "nothing"),))
