"""The demo's instance ends with its parent, however that ends, and leaves nothing behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from irisops.demo import DemoError, running

PARENT = """
import signal, sys
from irisops.demo import running
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` around the tests would be inherited
with running() as demo:
    print(demo.profile.port, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with a demo, waiting for its standard input to close."""
    child = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(tmp_path), "PATH": "", "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    )
    yield child
    child.kill()
    child.wait(30)
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def connected_to_demo_of(parent: subprocess.Popen[str]) -> socket.socket:
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def wait_for_end(connection: socket.socket) -> None:
    """Return once the other side is gone. Raises `TimeoutError` if it is not within the socket's timeout."""
    try:
        while connection.recv(1024):
            pass
    except ConnectionResetError:
        return


def test_a_running_demo_has_an_address_and_hides_its_password() -> None:
    with running(["--seed", "7"]) as demo:
        assert demo.profile.host == "127.0.0.1"
        assert demo.password
        assert demo.password not in repr(demo)
        with socket.create_connection((demo.profile.host, demo.profile.port), timeout=10) as connection:
            folder = demo.places.config.parent
            assert connection.getpeername()[1] == demo.profile.port
    assert not folder.exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((demo.profile.host, demo.profile.port), timeout=10)


def test_a_simulator_that_does_not_start_says_why() -> None:
    with pytest.raises(DemoError, match="scenario"), running(["--scenario", "no-such-scenario"]):
        pytest.fail("it started")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_the_instance_dies_with_its_parent(parent: subprocess.Popen[str], number: signal.Signals) -> None:
    with connected_to_demo_of(parent) as connection:
        parent.send_signal(number)
        parent.wait(30)
        wait_for_end(connection)


def test_a_parent_that_leaves_cleans_up(parent: subprocess.Popen[str], tmp_path: Path) -> None:
    with connected_to_demo_of(parent) as connection:
        assert list(tmp_path.iterdir())
        assert parent.stdin is not None
        parent.stdin.close()
        assert parent.wait(30) == 0
        wait_for_end(connection)
    assert list(tmp_path.iterdir()) == []
