"""A whole irisops in a terminal, sharing a simulated instance that the test can stop, restart and look into.

Every process of one run has that run's own IRISOPS_HOME in its environment: that is how the test finds all of them,
also those that left the process tree, and sees that none is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from irisops.profiles.model import Profile
from irisops.profiles.store import ProfileStore
from irisops.sharing.lease import Lease, LeaseStore
from irisops.simulator.agent.launcher import write_launcher
from irisops.simulator.agent.switches import Switches
from irisops.simulator.runtime import Runtime
from irisops.simulator.web.server import WebServer
from irisops.simulator.wire.server import SuperServer
from irisops.simulator.world.model import LicenseKey, User
from irisops.simulator.world.seed import give_password
from irisops.simulator.world.user_tables import CLINIC
from irisops.simulator.world.world import World
from tests.terminal import Terminal

USER, PASSWORD = "_SYSTEM", "canary-Owner-41"
TOKEN = "canary_token_2fZk81"
T = TypeVar("T")
PATIENCE = 45.0
"""Seconds for a process to end: far more than it takes."""


class LivingInstance:
    """A simulator in its own thread; only the password of one owner is known."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.world, self.runtime = self._fresh()
        self.server = SuperServer(self.runtime)
        self.web = WebServer(self.world)
        self.do(self.server.start())
        self.do(self.web.start())

    @staticmethod
    def _fresh() -> tuple[World, Runtime]:
        world = World(key=LicenseKey(units=25))
        world.user_tables += CLINIC
        for user in list(world.users.values()):
            give_password(world.tables, user.name, f"none-knows-{user.name}-7", world.chance)
        give_password(world.tables, USER, PASSWORD, world.chance)
        return world, Runtime(world)

    def lose_everything(self) -> None:
        """It restarts on the same port, from an image that knows nothing of what was made since."""
        self.stop()
        self.world, self.runtime = self._fresh()
        self.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the instance's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def look(self, at: Callable[[], T]) -> T:
        """Read or turn something of the world, in its own thread."""

        async def now() -> T:
            return at()

        return self.do(now())

    def stop(self) -> None:
        """The instance goes down: port closed, every connection and its process gone."""
        self.do(self.server.stop())

    def start(self) -> None:
        """It comes back on the same port, with the accounts that it had."""
        self.server = SuperServer(self.runtime, port=self.server.port)
        self.do(self.server.start())

    def security(self) -> str:
        """Users, roles and SQL privileges, byte for byte, without what a login writes into its account."""

        def state() -> str:
            users = [_without_logins(user) for user in self.world.users.values()]
            names = [*self.world.users.names(), *self.world.roles.names()]
            granted = [self.runtime.emulation.sql_privileges.of(name) for name in names]
            return repr((users, list(self.world.roles.values()), granted))

        return self.look(state)

    def guests(self) -> list[User]:
        """The passes that are there."""
        return self.look(lambda: [u for u in self.world.users.values() if u.name.startswith("guest-")])

    def close(self) -> None:
        """Close everything at the end of the test."""
        self.do(self.server.stop())
        self.do(self.web.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


LOGIN_WRITES = ("last_login", "invalid_login")


def _without_logins(user: User) -> list[tuple[str, object]]:
    return [(f.name, getattr(user, f.name)) for f in fields(user) if not f.name.startswith(LOGIN_WRITES)]


@dataclass
class Running:
    """One home with everything that runs in it."""

    instance: LivingInstance
    home: Path
    agent: Path
    terminals: list[Terminal] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Environment of every process of this run; contains no secret."""
        return {
            "IRISOPS_HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home.parent / "run"),
            "HOME": str(self.home.parent),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def terminal(self, columns: int = 120, rows: int = 180) -> Terminal:
        """A chat, on a screen so long that everything said stays on it."""
        terminal = Terminal(
            [sys.executable, "-m", "irisops", "--profile", "local"],
            columns=columns,
            rows=rows,
            env=self.environment(),
            cwd=Path(__file__).resolve().parents[2],
        )
        self.terminals.append(terminal)
        return terminal

    def connected(self) -> Terminal:
        """A chat that is connected, its password typed by hand."""
        terminal = self.terminal()
        terminal.wait_for(r"Password of \S+ on ")  # not a notice of a share, whose password is not known
        terminal.type_line(PASSWORD)
        terminal.wait_for(r"● local")
        return terminal

    def share(self, terminal: Terminal, line: str = "/share superserver for 30m people 1") -> Lease:
        """Open a share as a person does: the line, the instance's name for the ambers, the token."""
        terminal.type_line(f"{line} agent={self.agent}")
        terminal.wait_for(r"Type local and Enter")
        terminal.type_line("local")
        terminal.wait_for(r"ngrok authtoken")
        terminal.type_line(TOKEN)
        # The rows of the passes come in several reads on a busy machine: all of them, each with its whole name.
        (people,) = re.findall(r"people (\d+)", line)
        terminal.wait_for(rf"(?s)(Pass guest-\S+ +Until.*){{{people}}}", timeout=90)
        (lease,) = self.leases.all().leases
        return lease

    @property
    def leases(self) -> LeaseStore:
        """What is written down."""
        return LeaseStore(self.home / "state" / "leases")

    def processes(self) -> dict[int, str]:
        """Every process of this run: pid and command line."""
        found = {}
        mark = f"IRISOPS_HOME={self.home}\0".encode()
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if folder.name.isdigit() and mark in (folder / "environ").read_bytes() + b"\0":
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    if command:  # a zombie has none
                        found[int(folder.name)] = command
        return found

    def wait_all_gone(self, but: int | None = None) -> None:
        """Return once no process of this run is left but a chat and its drivers. Fails with what is left."""
        while left := {
            pid: words
            for pid, words in self.processes().items()
            if pid != but
            and not ("irisops.instance.driver_process.driver" in words and parent_of(pid) == but)
        }:
            pid = next(iter(left))
            assert ended(pid), f"still running: {left}"

    def serves(self, url: str) -> bool:
        """True if connections are accepted at an address, and not by a process outside this run.

        Tests run side by side, and the system gives a port that was closed to who asks next.
        """
        if not reachable(url):
            return False
        found = listeners(urlsplit(url).port or 0)
        return not found or bool(found & self.processes().keys())

    def close(self) -> None:
        """End everything that a failing test left behind."""
        for terminal in self.terminals:
            terminal.close()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def parent_of(pid: int) -> int | None:
    """The parent of a process, None when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None


def listeners(port: int) -> set[int]:
    """The processes that listen on a port of this machine."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    found = set()
    for folder in Path("/proc").iterdir():
        for link in _open_files(folder) if folder.name.isdigit() else ():
            with contextlib.suppress(OSError):  # it was closed while we looked
                if str(link.readlink()) in sockets:
                    found.add(int(folder.name))
    return found


def _open_files(folder: Path) -> list[Path]:
    """The links to a process's open files; none if it has ended."""
    try:
        return list((folder / "fd").iterdir())
    except OSError:
        return []


def ended(pid: int, patience: float = PATIENCE) -> bool:
    """Wait for a process to end; False if it does not within `patience` seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], patience)[0])
    finally:
        os.close(descriptor)


def reachable(url: str) -> bool:
    """True if a connection is accepted at a `tcp://HOST:PORT` or `http://HOST:PORT` address."""
    parts = urlsplit(url)
    try:
        socket.create_connection((str(parts.hostname), parts.port or 0), 5).close()
    except ConnectionRefusedError:
        return False
    return True


@contextlib.contextmanager
def living(folder: Path, switches: Switches | None = None) -> Iterator[Running]:
    """A home with one profile, an instance and a stand-in agent; at the end nothing of it runs."""
    instance = LivingInstance()
    home = folder / "home"
    (folder / "run").mkdir(mode=0o700)
    agent = write_launcher(folder / "bin" / "ngrok", switches or Switches())
    profile = Profile("local", "127.0.0.1", instance.server.port, "%SYS", USER, web_port=instance.web.port)
    ProfileStore(home / "config" / "profiles.toml").add(profile)
    running = Running(instance, home, agent)
    try:
        yield running
    finally:
        running.close()
        instance.close()


def passwords_on(text: str) -> list[str]:
    """The passes' passwords as their cards on the screen show them."""
    return list(dict.fromkeys(re.findall(r"\bpassword +([A-Za-z0-9]{20})\b", text)))


def journal_texts(home: Path) -> list[dict[str, Any]]:
    """All entries of all journals."""
    return [
        json.loads(line)
        for file in (home / "state" / "journal").rglob("*.jsonl")
        for line in file.read_text().splitlines()
    ]
