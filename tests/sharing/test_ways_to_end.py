"""However a share ends, nothing is left: the whole program in a terminal, and every process of it looked for.

Issue 7, point 2; the table "What happens when" in docs/sharing.md is this module's list of tests.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from irisops.sharing.lease import Lease
from tests.sharing.living import Running, ended, listeners, living, reachable

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
    pytest.mark.timeout(240),
]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with living(tmp_path) as everything:
        yield everything


class Sharing:
    """An open share on a terminal, and the state of the instance before."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.before = running.instance.security()
        self.terminal = running.connected()
        self.lease: Lease = running.share(self.terminal)
        assert running.instance.security() != self.before
        assert running.serves(self.address)

    @property
    def address(self) -> str:
        return self.lease.endpoints[0].public_url

    @property
    def chat(self) -> int:
        return self.terminal.process.pid

    def pid_of(self, words: str) -> int:
        """The one process of this run whose command line holds `words`."""
        (pid,) = [pid for pid, line in self.running.processes().items() if words in line]
        return pid

    def assert_nothing_is_left(self, *, chat_goes_on: bool = False) -> None:
        """No process but the chat and its driver, no lease, no account or role, a dead address, no agent's folder."""
        self.running.wait_all_gone(self.chat if chat_goes_on else None)
        assert self.running.leases.all().leases == []
        assert self.running.instance.guests() == []
        assert self.running.instance.security() == self.before
        assert not self.running.serves(self.address)
        assert list((self.running.home.parent / "run").iterdir()) == []


def quit_it(sharing: Sharing) -> None:
    sharing.terminal.type_line("/quit")
    assert sharing.terminal.wait_exit() == 0


def terminate(sharing: Sharing) -> None:
    os.kill(sharing.chat, signal.SIGTERM)
    assert sharing.terminal.wait_exit() == 128 + signal.SIGTERM


def close_the_window(sharing: Sharing) -> None:
    sharing.terminal.hang_up()
    assert sharing.terminal.process.wait(30) == 128 + signal.SIGHUP


def kill(sharing: Sharing) -> None:
    os.kill(sharing.chat, signal.SIGKILL)


@pytest.mark.parametrize("end", [quit_it, terminate, close_the_window, kill])
def test_the_chat_ends(running: Running, end: Callable[[Sharing], None]) -> None:
    """/quit, SIGTERM, the terminal closed, kill -9: the keeper takes it down, no new start is needed."""
    sharing = Sharing(running)
    end(sharing)
    sharing.assert_nothing_is_left()


def test_unshare(running: Running) -> None:
    sharing = Sharing(running)
    sharing.terminal.type_line("/unshare")
    sharing.terminal.wait_for(r"nothing is left")
    sharing.assert_nothing_is_left(chat_goes_on=True)


def test_the_deadline(running: Running) -> None:
    sharing = Sharing(running)
    now = datetime.now().astimezone()
    minute = (now + timedelta(seconds=60 if now.second < 45 else 75)).replace(second=0)  # at least 15 s away
    sharing.terminal.type_line(f"/extend {minute:%H:%M}")
    sharing.terminal.wait_for(r"y yes")
    sharing.terminal.send("y")
    sharing.terminal.wait_for(r"is open until")
    sharing.terminal.wait_for(r"ended: its time is up", timeout=100)
    sharing.assert_nothing_is_left(chat_goes_on=True)


def test_the_agent_is_killed(running: Running) -> None:
    sharing = Sharing(running)
    os.kill(sharing.pid_of("irisops.simulator.agent"), signal.SIGKILL)
    sharing.terminal.wait_for(r"ended: the ngrok agent ended")
    sharing.assert_nothing_is_left(chat_goes_on=True)


def test_the_keeper_is_killed(running: Running) -> None:
    """Its agent gets the death signal; the chat says that the lease remembers, and clears it when told to."""
    sharing = Sharing(running)
    agent = sharing.pid_of("irisops.simulator.agent")
    os.kill(sharing.pid_of("irisops.sharing.keeper"), signal.SIGKILL)
    assert ended(agent)
    assert not reachable(sharing.address)
    sharing.terminal.wait_for(r"/leases clear tries again")
    sharing.terminal.type_line("/leases clear")
    sharing.terminal.wait_for(r"1 share taken down")
    sharing.assert_nothing_is_left(chat_goes_on=True)


def test_a_port_that_another_test_has_got_is_not_taken_for_the_share(running: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        assert reachable(address)
        assert listeners(other.getsockname()[1]) == {os.getpid()}
        assert not running.serves(address)


def test_power_cut_and_a_new_start(running: Running) -> None:
    """Chat and keeper killed at once: the agent dies with them; the next start says what is left and clears it."""
    sharing = Sharing(running)
    os.kill(sharing.pid_of("irisops.sharing.keeper"), signal.SIGKILL)
    kill(sharing)
    running.wait_all_gone()
    assert not reachable(sharing.address)
    assert [lease.id for lease in running.leases.all().leases] == [sharing.lease.id]

    terminal = running.connected()  # there is no keyring here, so the password was typed only now
    terminal.wait_for(rf"Share {sharing.lease.id} .* is not yet taken down")
    terminal.type_line("/leases clear")
    terminal.wait_for(r"1 share taken down")
    terminal.type_line("/quit")
    terminal.wait_exit()
    sharing.assert_nothing_is_left()


def test_the_instance_is_restarted_meanwhile(running: Running) -> None:
    """Accounts survive a restart of IRIS, logins do not: the share goes on, and ends as ever."""
    sharing = Sharing(running)
    running.instance.stop()
    running.instance.start()
    assert reachable(sharing.address)
    assert [user.name for user in running.instance.guests()]
    sharing.terminal.type_line("/unshare")
    sharing.terminal.wait_for(r"nothing is left")
    sharing.assert_nothing_is_left(chat_goes_on=True)


def test_the_instance_is_down_at_the_end_and_comes_back(running: Running) -> None:
    """The address closes at once; what is on the instance is said and tried again until it is gone."""
    sharing = Sharing(running)
    agent = sharing.pid_of("irisops.simulator.agent")
    running.instance.stop()
    sharing.terminal.type_line("/unshare")
    sharing.terminal.wait_for(r"are closed, but")
    assert ended(agent)
    assert not reachable(sharing.address)
    (lease,) = running.leases.all().leases
    assert lease.problem
    running.instance.start()
    keeper = lease.keeper
    assert keeper is not None
    assert ended(keeper.pid)
    sharing.assert_nothing_is_left(chat_goes_on=True)


def test_the_instance_is_down_when_the_chat_is_quit(running: Running) -> None:
    """The keeper alone stays, and clears the instance when it is back."""
    sharing = Sharing(running)
    running.instance.stop()
    sharing.terminal.type_line("/quit")
    assert sharing.terminal.wait_exit(60) == 0
    assert not reachable(sharing.address)
    (lease,) = running.leases.all().leases
    assert lease.on_instance
    running.instance.start()
    sharing.assert_nothing_is_left()


def test_the_instance_stays_away(running: Running) -> None:
    """Keeper stopped while it retries: the lease stays, and every start reports it until the instance is back."""
    sharing = Sharing(running)
    running.instance.stop()
    kill(sharing)
    keeper = sharing.lease.keeper
    assert keeper is not None
    # Two signals in a row may arrive as one, so: until it has heard the second.
    while keeper.pid in running.processes():
        with suppress(ProcessLookupError):
            os.kill(keeper.pid, signal.SIGTERM)
    running.wait_all_gone()
    for _ in range(2):
        terminal = running.terminal()
        terminal.wait_for(rf"Share {sharing.lease.id} .* is not yet taken down")
        terminal.press("escape")
        terminal.press("ctrl+q")
        terminal.wait_exit()
    running.instance.start()
    terminal = running.connected()
    terminal.type_line("/leases clear")
    terminal.wait_for(r"1 share taken down")
    terminal.type_line("/quit")
    terminal.wait_exit()
    sharing.assert_nothing_is_left()
