"""The unmodified driver: logging in, being refused, losing its server, and malformed replies that kill its process."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import iris
import iris.dbapi
import pytest

from irisops.simulator.wire.faults import (
    CLASS_METHOD_VALUE,
    CONNECT,
    END_CLIENT,
    CorruptSequence,
    Drop,
    Fault,
    Hold,
    Interject,
    Malformed,
    Truncate,
    import_module,
)
from tests.simulator.wire.fake import JOB
from tests.simulator.wire.harness import ServerThread

FAILED = "<COMMUNICATION LINK ERROR> Failed to connect to server"


def connect(served: ServerThread, username: str = "_SYSTEM", password: str = "SYS", timeout: int = 10) -> Any:
    return iris.connect("127.0.0.1", served.port, "USER", username, password, timeout=timeout)


@pytest.mark.parametrize("password", ["SYS", "p\u00e4ss", "\u043f\u0430\u0440\u043e\u043b\u044c"])
def test_credentials_arrive(served: ServerThread, password: str) -> None:
    connection = connect(served, password=password)
    connection.close()
    (login,) = served.backend.seen.logins
    assert (login.namespace, login.username, login.password) == ("USER", "_SYSTEM", password)
    assert login.executable  # named after the program that runs the tests: python, python3, pytest
    assert (login.client_ip, login.autocommit) == ("127.0.0.1", True)
    assert served.backend.seen.closed.get(timeout=10) == (JOB, True)


def test_a_wrong_password(served: ServerThread) -> None:
    with pytest.raises(RuntimeError, match=f"{FAILED}.*Access Denied"):
        connect(served, password="wrong")
    with pytest.raises(iris.dbapi.OperationalError, match="Access Denied"):
        iris.dbapi.connect(
            hostname="127.0.0.1",
            port=served.port,
            namespace="USER",
            username="_SYSTEM",
            password="no",
            timeout=10,
        )
    connect(served).close()


def test_a_silent_refusal(served: ServerThread) -> None:
    with pytest.raises(RuntimeError, match=FAILED):
        connect(served, username="silent")


def test_a_server_that_never_answers_the_login(served: ServerThread) -> None:
    served.faults.inject(Hold(), opcode=CONNECT)
    with pytest.raises(RuntimeError, match="Communication timed out"):
        connect(served, timeout=1)


def test_a_closed_port(served: ServerThread) -> None:
    served.run(served.server.close_port())
    with pytest.raises(RuntimeError, match="Failed to connect"):
        connect(served, timeout=5)
    served.run(served.server.open_port())
    connect(served).close()


def test_a_held_call_goes_on_at_its_release(served: ServerThread) -> None:
    connection = connect(served)
    native = iris.createIRIS(connection)
    injection = served.faults.inject(Hold(), opcode=CLASS_METHOD_VALUE)
    answers: list[object] = []
    caller = threading.Thread(
        target=lambda: answers.append(native.classMethodValue("Demo.Util", "Add", 2, 3))
    )
    caller.start()
    served.run(injection.wait_fired())
    assert answers == []
    served.call(injection.release)
    caller.join(10)
    assert answers == [5]
    connection.close()


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Drop(), "Communication timed out"),
        (Drop(reset=True), "Error code: 104"),
        (Drop(before=True), "Communication timed out"),
        (Truncate(7), "Error code"),
        (CorruptSequence(92), "Message out of order"),
    ],
)
def test_a_broken_connection_is_an_error_and_a_new_one_works(
    served: ServerThread, fault: Fault, text: str
) -> None:
    connection = connect(served)
    native = iris.createIRIS(connection)
    served.faults.inject(fault, opcode=CLASS_METHOD_VALUE)
    with pytest.raises(RuntimeError, match=text):
        native.classMethodValue("Demo.Util", "Add", 2, 3)
    job, clean = served.backend.seen.closed.get(timeout=10)
    assert (job, clean) == (JOB, False)
    fresh = connect(served)
    assert iris.createIRIS(fresh).classMethodValue("Demo.Util", "Add", 2, 3) == 5
    fresh.close()


CALL = """
import sys, iris
connection = iris.connect("127.0.0.1", int(sys.argv[1]), "USER", "_SYSTEM", "SYS", timeout=10)
native = iris.createIRIS(connection)
try:
    print(repr(native.classMethodValue("Demo.Util", "Add", 2, 3)))
except RuntimeError as error:
    print(error)
"""


@pytest.mark.parametrize("payload", [b"", b"\x0a\x01a"])
def test_a_malformed_reply_harms_the_driver_and_not_the_server(served: ServerThread, payload: bytes) -> None:
    """The driver runs in a process of its own here: it may crash (facts: wire-protocol 2)."""
    served.faults.inject(Malformed(payload), opcode=CLASS_METHOD_VALUE)
    done = subprocess.run(
        [sys.executable, "-c", CALL, str(served.port)], capture_output=True, timeout=60, check=False
    )
    assert done.stdout.strip() != b"5"
    job, _ = served.backend.seen.closed.get(timeout=10)
    assert job == JOB
    connection = connect(served)
    assert iris.createIRIS(connection).classMethodValue("Demo.Util", "Add", 2, 3) == 5
    connection.close()


def test_a_killed_client_is_reported_as_unclean(served: ServerThread) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", CALL + "\nprint('ready', flush=True); sys.stdin.read()", str(served.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert client.stdout is not None
    while client.stdout.readline().strip() != b"ready":
        assert client.poll() is None
    client.kill()
    assert served.backend.seen.closed.get(timeout=10) == (JOB, False)
    client.communicate()


def test_two_hundred_connections_of_the_driver(served: ServerThread) -> None:
    connections = [connect(served) for _ in range(200)]
    assert len(served.server.connections) == 200
    answers = [
        iris.createIRIS(made).classMethodValue("Demo.Util", "Add", n, 1) for n, made in enumerate(connections)
    ]
    assert answers == [n + 1 for n in range(200)]
    for made in connections:
        made.close()
    closed = [served.backend.seen.closed.get(timeout=10) for _ in range(200)]
    assert all(clean for _, clean in closed)
    assert len({job for job, _ in closed}) == 200


CALLS = """
import sys
sys.path.insert(0, sys.argv[2])
import iris
native = iris.createIRIS(iris.connect("127.0.0.1", int(sys.argv[1]), "USER", "_SYSTEM", "SYS", timeout=5))
print(native.classMethodValue("Demo.Util", "Add", 1, 2), flush=True)
print(native.classMethodValue("Demo.Util", "Add", 2, 2), flush=True)
"""


def ordered(server: ServerThread, order: Interject, folder: Path) -> tuple[int, str]:
    """Exit status and output of a client that gets the order during its first call."""
    server.call(lambda: server.faults.inject(order, opcode=CLASS_METHOD_VALUE))
    ran = subprocess.run(
        [sys.executable, "-c", CALLS, str(server.port), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    return ran.returncode, ran.stdout


def test_a_server_can_end_the_client(tmp_path: Path) -> None:
    with ServerThread() as server:
        assert ordered(server, END_CLIENT, tmp_path) == (0, "")


def test_a_server_can_make_the_client_import_a_module_which_the_call_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "ordered.py").write_text("import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n")
    with ServerThread() as server:
        assert ordered(server, import_module("ordered"), tmp_path) == (0, "3\n4\n")
        assert (tmp_path / "ran").exists()
        assert ordered(server, import_module("no_such_module"), tmp_path) == (0, "3\n4\n")
