"""A share and every failure, at moments drawn by a seed: afterwards nothing is open and no login works.

`python -m pytest tests/e2e/test_share_torture.py --moments 20`. A moment is the nth request to the instance or the nth
step of the opening, never a time; the same number is always the same moment. The agent ignores SIGTERM and talks a lot.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.session import Session
from irisops.sharing import leases
from irisops.sharing.lease import Lease, LeaseStore, Where, new_id
from irisops.sharing.messages import Deadlines, EndpointSpec, ShareRequest
from irisops.sharing.records import to_json
from irisops.simulator.agent.switches import Switches
from tests.sharing.living import PASSWORD, TOKEN, USER, Running, ended, living, reachable

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
    pytest.mark.timeout(180),
]
ROOT = Path(__file__).resolve().parents[2]
HEADER = 14
"""Bytes before the payload of a message; the first four are the payload's length."""
LASTS = 12.0
"""Seconds until the deadline of a share that nobody ends: more than its opening takes on a slow machine."""
AGENT = Switches(fail="stubborn", log_every=0.005)


class Moments:
    """Counts steps and requests, and does `act` once, at the moment that was chosen."""

    def __init__(self, kind: str = "", number: int = 0, act: Callable[[], None] = lambda: None) -> None:
        self._chosen = kind, number
        self._act = act
        self._lock = threading.Lock()
        self.counts = {"step": 0, "request": 0}
        self.came = False
        self.failure: BaseException | None = None

    def count(self, kind: str) -> None:
        """One more of them, from any thread. Returns after `act`."""
        with self._lock:
            self.counts[kind] += 1
            if (kind, self.counts[kind]) != self._chosen or self.came:
                return
            self.came = True
            try:
                self._act()
            except BaseException as error:  # noqa: BLE001 - raised in the test's own thread, see `look`
                self.failure = error


class Relay:
    """A relay in front of the instance: counts each request before it is passed on."""

    def __init__(self, port: int, moments: Moments) -> None:
        self._target = port
        self._moments = moments
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.serving = threading.Thread(target=self._serve, daemon=True)
        self.serving.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._both_ways, args=(client,), daemon=True).start()

    def _both_ways(self, client: socket.socket) -> None:
        with client:
            try:
                upstream = socket.create_connection(("127.0.0.1", self._target), 10)
            except OSError:
                return
            upstream.settimeout(None)
            with upstream:
                back = threading.Thread(target=self._back, args=(upstream, client), daemon=True)
                back.start()
                with contextlib.suppress(OSError):
                    while head := client.recv(HEADER, socket.MSG_WAITALL):
                        size = int.from_bytes(head[:4], "little")
                        body = client.recv(size, socket.MSG_WAITALL) if size else b""
                        self._moments.count("request")
                        upstream.sendall(head + body)
                with contextlib.suppress(OSError):
                    upstream.shutdown(socket.SHUT_RDWR)
                back.join()  # else it could meet the next connection under the number of this one

    @staticmethod
    def _back(upstream: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := upstream.recv(65536):
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections. Returns when its thread has ended.

        A thread that waits in `accept` goes on with the number of a closed socket, which the next relay gets: it took
        one of the next test's connections and cut it off.
        """
        self._server.shutdown(socket.SHUT_RDWR)
        self.serving.join()
        self._server.close()


class Ordeal:
    """One share in a home of its own, by a chat whose output is a terminal that the test may leave unread."""

    def __init__(
        self, running: Running, state: Path, moments: Moments, how: str, *, both: bool = False
    ) -> None:
        self.running = running
        self.state = state
        self.store = LeaseStore(state / "leases")
        self.moments = moments
        self.before = running.instance.security()
        self.relay = Relay(running.instance.server.port, moments)
        self.where = Where("local", "127.0.0.1", self.relay.port, USER)
        self.addresses: list[str] = []
        self.events: dict[str, Any] = {}
        self.reads = threading.Event()
        """Cleared: the terminal is not read."""
        self.reads.set()
        self._started, self.settled = threading.Event(), threading.Event()
        """The chat told its keeper's process; it heard how its share ended or failed."""
        self._upstream = socket.create_server(("127.0.0.1", 0))
        master, slave = os.openpty()
        self._screen = os.fdopen(master, "rb", buffering=0)
        self.chat = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.sharing_child", str(running.home / "keeper.log"), how],
            stdin=subprocess.PIPE,
            stdout=slave,
            stderr=(running.home / "chat.err").open("wb"),
            env={**os.environ, **running.environment()},
            cwd=ROOT,
        )
        os.close(slave)
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        places = {
            "tcp": f"127.0.0.1:{self._upstream.getsockname()[1]}",
            "http": f"http://127.0.0.1:{running.instance.web.port}",
        }
        lasts = LASTS if how != "close" else 3600.0
        request = ShareRequest(
            id=new_id(),
            where=self.where,
            until=datetime.now(UTC) + timedelta(seconds=lasts),
            leases=str(self.store.folder),
            endpoints=tuple(
                EndpointSpec(kind, kind, places[kind]) for kind in (("tcp", "http") if both else ("tcp",))
            ),
            people=1,
            agent=str(running.agent),
            deadlines=Deadlines(start=30.0, create=10.0, call=3.0, stop=0.5),
            password=PASSWORD,
            token=TOKEN,
        )
        assert self.chat.stdin is not None
        self.chat.stdin.write(json.dumps(to_json(request)).encode() + b"\n")
        self.chat.stdin.flush()

    def _read(self) -> None:
        rest = b""
        with contextlib.suppress(OSError):  # the terminal of an ended program
            while data := self._screen.read(4096):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._took(*json.loads(line))
                self.reads.wait()
        self._ended.set()

    def _took(self, event: str, value: Any) -> None:
        if event == "opened":
            self.addresses.append(value)
        self.events[event] = value
        if event == "keeper":
            self._started.set()
        if event in {"closed", "problem", "end"}:
            self.settled.set()
        if event == "step":
            self.moments.count("step")

    @property
    def keeper(self) -> int:
        """Its process, as the chat said."""
        assert self._started.wait(30)
        return int(self.events["keeper"])

    def note_addresses(self) -> None:
        """Remember what is open now, by the lease."""
        self.addresses += [each.public_url for lease in self.store.all().leases for each in lease.endpoints]

    def wait_for_keeper(self) -> None:
        assert ended(self.keeper, 90), "the keeper goes on"

    def wait_for_chat(self) -> None:
        self.reads.set()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.chat.pid, signal.SIGCONT)
        self.chat.wait(60)
        assert self._ended.wait(30)

    def close(self) -> None:
        self.reads.set()
        self.chat.kill()
        self.chat.wait()
        if self.chat.stdin is not None:
            with contextlib.suppress(OSError):
                self.chat.stdin.close()
        self._ended.wait(10)
        self._screen.close()
        self.relay.close()
        self._upstream.close()

    # what must hold

    def assert_nothing_is_open(self) -> None:
        self.running.wait_all_gone(self.chat.pid)  # it may be stopped
        for address in self.addresses:
            assert not reachable(address) or self._a_stranger_listens(address)

    def _a_stranger_listens(self, address: str) -> bool:
        """True if the system has given the closed port to another program."""
        port = f"{urlsplit(address).port:04X}"
        listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        inodes = {
            f"socket:[{line[9]}]" for line in listening if line[1].endswith(f":{port}") and line[3] == "0A"
        }
        for pid in self.running.processes():
            with contextlib.suppress(OSError):
                if inodes & {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}:
                    return False
        return True

    def assert_all_is_as_before(self) -> None:
        self.assert_nothing_is_open()
        assert self.running.instance.security() == self.before
        assert self.store.all().leases == []
        assert list((self.running.home.parent / "run").iterdir()) == []

    def assert_the_next_start_says_and_clears_what_is_left(self) -> None:
        """What the instance still has stands in the lease; a start names it, and /leases clear takes it away."""
        left = [lease for lease in self.store.all().leases if not lease.kept]
        if not left:
            self.assert_all_is_as_before()
            return
        (lease,) = left
        self._assert_it_names_all(lease)
        said: list[str] = []

        async def start() -> None:
            places = Places.below(self.running.home)._replace(state=self.state)
            assert places.leases == self.store.folder
            session = Session(places, secrets=Secrets(None), polling=False)
            await session.context.sharing_desk().recover(lambda notice: said.append(notice.message))
            await session.close()

        asyncio.run(start())
        assert [line for line in said if lease.id in line], said

        async def password_of(_where: Where) -> str | None:
            return PASSWORD

        cleared = asyncio.run(leases.clear(self.store, password_of))
        assert [each.report.problems for each in cleared if not each.report.clean] == []
        self.assert_all_is_as_before()

    def _assert_it_names_all(self, lease: Lease) -> None:
        guests = {user.name for user in self.running.instance.guests()}
        assert guests <= {item.name for item in lease.accounts}
        world = self.running.instance
        roles = {
            name for name in world.look(lambda: list(world.world.roles.names())) if "irisops_share" in name
        }
        assert roles <= ({lease.role.name} if lease.role else set())


# the troubles


class Trouble:
    """A failure of a share: `strike` at the moment, then `check` the outcome."""

    how = "close"
    both = False
    """Share the web port as well."""

    def prepare(self, state: Path) -> None:
        """Before the share."""

    def strike(self, ordeal: Ordeal) -> None:
        raise NotImplementedError

    def check(self, ordeal: Ordeal) -> None:
        """Everything was undone without help, and the chat reported it."""
        ordeal.wait_for_keeper()
        ordeal.assert_all_is_as_before()
        ordeal.wait_for_chat()
        assert "end" in ordeal.events
        closed = ordeal.events.get("closed")
        assert closed is None or closed["problems"] == []

    def clean(self, state: Path) -> None:
        """Clean up after the test, passed or failed."""


class StoppedChat(Trouble):
    how = "wait"

    def strike(self, ordeal: Ordeal) -> None:
        os.kill(ordeal.chat.pid, signal.SIGSTOP)


class SuspendedChat(StoppedChat):
    """Ctrl+Z."""

    def strike(self, ordeal: Ordeal) -> None:
        os.kill(ordeal.chat.pid, signal.SIGTSTP)


class UnreadTerminal(Trouble):
    how = "talk"

    def strike(self, ordeal: Ordeal) -> None:
        ordeal.reads.clear()


class KilledKeeper(Trouble):
    """kill -9, and the agent ignores SIGTERM."""

    def strike(self, ordeal: Ordeal) -> None:
        ordeal.note_addresses()
        os.kill(ordeal.keeper, signal.SIGKILL)

    def check(self, ordeal: Ordeal) -> None:
        ordeal.wait_for_chat()
        ordeal.assert_nothing_is_open()
        ordeal.assert_the_next_start_says_and_clears_what_is_left()


class KilledKeeperOfBoth(KilledKeeper):
    both = True


class KilledChat(Trouble):
    """kill -9 of the chat whose share may outlive it: before the share is open that ends it, later its deadline."""

    how = "outlive"
    both = True

    def strike(self, ordeal: Ordeal) -> None:
        ordeal.note_addresses()
        os.kill(ordeal.chat.pid, signal.SIGKILL)

    def check(self, ordeal: Ordeal) -> None:
        ordeal.wait_for_keeper()
        ordeal.assert_all_is_as_before()


class NoWritableFiles(Trouble):
    """Its disk is full: RLIMIT_FSIZE 0. Files can still be removed."""

    def strike(self, ordeal: Ordeal) -> None:
        resource.prlimit(ordeal.keeper, resource.RLIMIT_FSIZE, (0, 0))


class FullDisk(Trouble):
    """A state folder of 64 KiB that fills up."""

    def prepare(self, state: Path) -> None:
        state.mkdir(parents=True)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(state)],
            check=False,
            capture_output=True,
        )
        if mounted.returncode:
            pytest.skip("a file system can be mounted by root alone")

    def strike(self, ordeal: Ordeal) -> None:
        with contextlib.suppress(OSError), (ordeal.state / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(1024))

    def clean(self, state: Path) -> None:
        subprocess.run(["umount", "-l", str(state)], check=False, capture_output=True)


class ReadOnly(FullDisk):
    """A state folder that becomes read-only: a lease can be neither written nor removed."""

    def strike(self, ordeal: Ordeal) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(ordeal.state)], check=True)

    def check(self, ordeal: Ordeal) -> None:
        assert ordeal.settled.wait(60)
        # Everything but the lease is gone, while the folder is still read-only.
        for _ in range(2):  # told twice, it tries no further
            with contextlib.suppress(ProcessLookupError):
                os.kill(ordeal.keeper, signal.SIGTERM)
        ordeal.wait_for_keeper()
        ordeal.wait_for_chat()
        ordeal.assert_nothing_is_open()
        assert ordeal.running.instance.security() == ordeal.before
        subprocess.run(["mount", "-o", "remount,rw", str(ordeal.state)], check=True)
        ordeal.assert_the_next_start_says_and_clears_what_is_left()


class LostState(Trouble):
    """The instance restarts from an image that knows nothing of the share."""

    def strike(self, ordeal: Ordeal) -> None:
        ordeal.running.instance.lose_everything()
        ordeal.before = ordeal.running.instance.security()

    def check(self, ordeal: Ordeal) -> None:
        ordeal.wait_for_keeper()
        ordeal.assert_all_is_as_before()
        ordeal.wait_for_chat()
        assert "end" in ordeal.events


TROUBLES = {
    "stopped chat": StoppedChat,
    "suspended chat": SuspendedChat,
    "unread terminal": UnreadTerminal,
    "killed keeper": KilledKeeper,
    "killed keeper of both": KilledKeeperOfBoth,
    "killed chat, outliving": KilledChat,
    "no writable files": NoWritableFiles,
    "full disk": FullDisk,
    "read-only state": ReadOnly,
    "instance lost its state": LostState,
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Number of steps and requests of an undisturbed share, from start to end."""
    with living(tmp_path_factory.mktemp("undisturbed"), AGENT) as running:
        ordeal = Ordeal(running, running.home / "state", Moments(), "close")
        try:
            ordeal.wait_for_chat()
            assert ordeal.addresses
            ordeal.assert_all_is_as_before()
            return ordeal.moments.counts
        finally:
            ordeal.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with living(tmp_path, AGENT) as everything:
        yield everything


def test_a_closed_relay_takes_no_connection_of_the_next() -> None:
    old, seen = Relay(1, Moments()), Moments()
    old.close()
    assert not old.serving.is_alive()
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        new = Relay(upstream.getsockname()[1], seen)
        with socket.create_connection(("127.0.0.1", new.port)) as client:
            client.sendall(bytes(HEADER))
            with upstream.accept()[0] as arrived:
                assert arrived.recv(HEADER, socket.MSG_WAITALL) == bytes(HEADER)
        assert seen.counts["request"] == 1
        new.close()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_share_survives_nothing(
    running: Running, undisturbed: dict[str, int], trouble: str, moment: int
) -> None:
    chance = random.Random(f"{trouble} {moment}")  # noqa: S311 - moments, no secrets
    # Two in three at the instance's requests, as those are what leaves something behind.
    kind = chance.choice(["step", "request", "request"])
    number = chance.randint(1, undisturbed[kind])
    print(f"{trouble}: at {kind} {number} of {undisturbed[kind]}")
    befalls = TROUBLES[trouble]()
    state = running.home / "state"
    befalls.prepare(state)
    moments = Moments(kind, number, lambda: befalls.strike(ordeal))
    ordeal = Ordeal(running, state, moments, befalls.how, both=befalls.both)
    try:
        befalls.check(ordeal)
        if moments.failure is not None:
            raise moments.failure
        assert moments.came, f"there was no {kind} {number}: {moments.counts}"
    finally:
        print(f"the chat heard: {ordeal.events}; counted: {moments.counts}")
        ordeal.close()
        befalls.clean(state)
