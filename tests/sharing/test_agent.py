"""The traps of facts: ngrok-keyring A1 to A12, each against an agent that unmodified pyngrok starts."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from irisops.sharing import procs
from irisops.sharing.agent import Agent
from irisops.sharing.agent_files import allow_local_calls
from irisops.sharing.errors import (
    AccountRefused,
    AddressTaken,
    AgentFailed,
    AgentMissing,
    AgentSilent,
    AgentTooOld,
    AuthtokenMissing,
    AuthtokenRefused,
    CardNeeded,
    NoInternet,
    PolicyNotApplied,
    SharingProblem,
    TunnelLimit,
)
from irisops.sharing.finder import AgentBinary
from irisops.sharing.messages import Deadlines, EndpointSpec
from irisops.sharing.policy import Restrictions, policy_for
from irisops.simulator.agent.switches import Switches
from tests.sharing.conftest import TOKEN, MakeAgent, MakeBinary

TCP = EndpointSpec("iris-superserver", "tcp", "127.0.0.1:9")
IMPATIENT = Deadlines(start=1.5, create=1.5, call=1.0, stop=1.0)


class Echo:
    """A TCP server on loopback that answers what it is sent, in upper case."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            with client:
                while data := client.recv(1024):
                    client.sendall(data.upper())


def talk(url: str, text: bytes) -> bytes:
    host, port = url.removeprefix("tcp://").split(":")
    with socket.create_connection((host, int(port)), 30) as client:
        client.sendall(text)
        return client.recv(1024)


def refused(url: str) -> bool:
    try:
        return talk(url, b"x") == b""
    except ConnectionError:
        return True


def failure_of(agent: Agent) -> SharingProblem:
    def begin() -> None:
        agent.start()
        agent.open(TCP)

    with pytest.raises(SharingProblem) as caught:
        begin()
    return caught.value


def test_relays_tcp_for_real_and_stops_without_a_trace(make_agent: MakeAgent) -> None:
    echo, agent = Echo(), make_agent()
    agent.start()
    opened = agent.open(EndpointSpec("iris-superserver", "tcp", echo.address))
    assert talk(opened.public_url, b"hello") == b"HELLO"
    assert agent.figures()[0].total == 1
    assert agent.status() == "online"
    identity = agent.identity
    agent.stop()
    assert refused(opened.public_url)
    assert identity is not None
    assert not procs.is_running(identity)
    assert not agent.running


@pytest.mark.parametrize(
    ("fail", "kind", "code"),
    [
        ("noauth", AuthtokenMissing, 4018),
        ("badformat", AuthtokenRefused, 105),
        ("badtoken", AuthtokenRefused, 107),
        ("sessions", TunnelLimit, 108),
        ("tooold", AgentTooOld, 121),
        ("blocked", AccountRefused, 9040),
        ("ngrok103", AccountRefused, 103),
        ("nocard", CardNeeded, 8013),
        ("endpoints", TunnelLimit, 324),
        ("exists", AddressTaken, 334),
        ("connect5xx", AgentFailed, None),
        ("exit0", AgentFailed, None),
        ("config", AgentFailed, None),
    ],
)
def test_each_refusal_is_one_sentence_with_a_cure(
    make_agent: MakeAgent, fail: str, kind: type[SharingProblem], code: int | None
) -> None:
    agent = make_agent(Switches(fail=fail))
    problem = failure_of(agent)
    assert type(problem) is kind
    assert problem.code == code
    assert problem.message.endswith(".") or "\n" not in problem.message
    assert problem.cure
    assert TOKEN not in problem.message + problem.cure + problem.detail
    assert all(TOKEN not in line.text for line in agent.log)
    agent.stop()
    assert not agent.running


@pytest.mark.parametrize(
    ("fail", "kind"),
    [
        ("silent", AgentSilent),  # A1.7: nothing is ever printed
        ("nosession", AgentSilent),  # A1.7: goes quiet before it is healthy
        ("apihang", AgentSilent),  # A1.8: the probe has no timeout
        ("noendpointsapi", AgentSilent),  # A1.9: an agent older than 3.30
    ],
)
def test_our_own_deadline_frees_what_blocks_pyngrok_for_ever(
    make_agent: MakeAgent,
    fail: str,
    kind: type[SharingProblem],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MARK, str(tmp_path))
    agent = make_agent(Switches(fail=fail), deadlines=IMPATIENT)
    assert type(failure_of(agent)) is kind
    assert agent.identity is None
    assert marked(str(tmp_path)) == []


def test_no_internet_is_said_without_waiting_for_the_deadline(
    make_agent: MakeAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time limit of this test is shorter than that."""
    monkeypatch.setenv(MARK, str(tmp_path))
    agent = make_agent(Switches(fail="offline"), deadlines=Deadlines(start=3600))
    assert isinstance(failure_of(agent), NoInternet)
    assert agent.identity is None
    assert marked(str(tmp_path)) == []


MARK = "IRISOPS_TEST_MARK"


def marked(value: str, word: str = "") -> list[int]:
    """Living processes that inherited this mark, under any parent, with `word` on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                environ = (entry / "environ").read_bytes().split(b"\0")  # empty for one that ended
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{MARK}={value}".encode() in environ and word.encode() in command:
                found.append(int(entry.name))
    return found


def test_what_is_left_behind_would_be_found(
    make_agent: MakeAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARK, str(tmp_path))
    agent = make_agent()
    agent.start()
    assert agent.identity is not None
    assert agent.identity.pid in marked(str(tmp_path))
    agent.stop()
    assert marked(str(tmp_path)) == []


def test_the_reason_of_an_agent_that_says_much_and_exits_is_heard(tmp_path: Path) -> None:
    """pyngrok stops reading as soon as its child has ended, even with unread output."""
    binary = tmp_path / "ngrok"
    binary.write_text(
        "#!/bin/sh\n"
        "for n in 0 1 2 3 4 5 6 7 8 9; do for m in 0 1 2 3 4 5 6 7 8 9; do\n"
        'echo "lvl=info msg=\\"open config file\\" n=$n$m"; done; done\n'
        'echo "lvl=eror msg=\\"terminating with error\\" err=\\"limited to 3 simultaneous agents ERR_NGROK_108\\""\n'
        "exit 1\n"
    )
    binary.chmod(0o700)
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    agent = Agent(AgentBinary(binary, (3, 39, 10)), TOKEN, runtime)
    try:
        assert isinstance(failure_of(agent), TunnelLimit)
    finally:
        agent.stop()


def test_an_agent_that_ignores_sigterm_is_killed(make_agent: MakeAgent) -> None:
    agent = make_agent(Switches(fail="stubborn"), deadlines=Deadlines(start=20, stop=0.3))
    agent.start()
    identity = agent.identity
    agent.stop()
    assert not procs.is_running(identity)


def test_a_create_call_that_times_out_leaves_no_endpoint(make_agent: MakeAgent) -> None:
    """A4.10: the endpoint comes up although the request timed out."""
    agent = make_agent(Switches(slow_connect=1.2), deadlines=Deadlines(start=20, create=0.5, call=5, stop=3))
    agent.start()
    with pytest.raises(AgentSilent):
        agent.open(TCP)
    assert agent.endpoints == []


def test_the_token_is_on_no_command_line_and_in_no_file(make_agent: MakeAgent, tmp_path: Path) -> None:
    """A5: not on argv, not in ngrok's config, not in the environment of the agent (Linux)."""
    agent = make_agent()
    agent.start()
    assert agent.identity is not None
    proc = Path(f"/proc/{agent.identity.pid}")
    assert TOKEN.encode() not in (proc / "cmdline").read_bytes()
    assert TOKEN.encode() not in (proc / "environ").read_bytes()
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes()
    config = (proc / "cmdline").read_text().split("\0")
    assert TOKEN not in Path(config[config.index("--config") + 1]).read_text()
    assert TOKEN not in repr(agent)


def test_where_there_are_no_files_in_memory_the_token_goes_by_environment(
    make_agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGROK_AUTHTOKEN", "")
    agent = make_agent(token_in_memory=False)
    agent.start()
    assert agent.identity is not None
    environ = Path(f"/proc/{agent.identity.pid}/environ")
    assert TOKEN.encode() in environ.read_bytes()
    assert stat.S_IMODE(environ.stat().st_mode) == 0o400
    assert "NGROK_AUTHTOKEN" not in os.environ


def test_a_token_in_our_own_environment_does_not_reach_the_command_line(
    make_agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A5.1: pyngrok would pass it as --authtoken."""
    monkeypatch.setenv("NGROK_AUTHTOKEN", "canary-from-environment")
    agent = make_agent()
    agent.start()
    assert agent.identity is not None
    assert b"canary-from-environment" not in Path(f"/proc/{agent.identity.pid}/cmdline").read_bytes()


def test_without_a_token_nothing_is_started(make_agent: MakeAgent) -> None:
    agent = make_agent(token="")
    assert isinstance(failure_of(agent), AuthtokenMissing)
    assert agent.identity is None


def test_files_of_the_agent_are_private(make_agent: MakeAgent, tmp_path: Path) -> None:
    agent = make_agent()
    agent.start()
    assert stat.S_IMODE((tmp_path / "run0" / "ngrok-agent").stat().st_mode) == 0o700


def test_a_proxy_does_not_stand_between_us_and_the_agent(
    make_agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A8.1: with http_proxy set, pyngrok would ask the proxy for 127.0.0.1 and never come back."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.setenv("NO_PROXY", "")
    agent = make_agent()
    agent.start()
    assert os.environ["no_proxy"] == "example.org,127.0.0.1,localhost"
    assert os.environ["http_proxy"] == "http://127.0.0.1:9"


def test_no_proxy_is_extended_once() -> None:
    environment = {"no_proxy": "localhost"}
    allow_local_calls(environment)
    allow_local_calls(environment)
    assert environment == {"no_proxy": "localhost,127.0.0.1", "NO_PROXY": "127.0.0.1,localhost"}


def test_the_agents_stderr_goes_to_a_file(
    make_agent: MakeAgent, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A1.6: it would be drawn over the screen."""
    agent = make_agent(Switches(stderr="panic: noise"))
    agent.start()
    assert "panic: noise" in (tmp_path / "run0" / "agent.err").read_text()
    assert "noise" not in "".join(capfd.readouterr())


def test_a_callback_that_raises_does_not_stop_the_reading(make_binary: MakeBinary, tmp_path: Path) -> None:
    """A1.11: the monitor would die, the pipe fill and the agent stall."""

    def broken(_process: procs.ProcessId) -> None:
        raise RuntimeError("from the callback")

    runtime = tmp_path / "run"
    runtime.mkdir()
    agent = Agent(make_binary(Switches()), TOKEN, runtime, on_start=broken)
    try:
        agent.start()
        assert any("could not take a line" in line.text for line in agent.log)
        for _ in range(400):  # A1.12: an undrained agent stalls before this
            agent.status()
    finally:
        agent.stop()


def test_a_crashed_agent_is_noticed_and_not_started_again(
    make_agent: MakeAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A1.16: pyngrok's polls would start an empty one."""
    monkeypatch.setenv(MARK, str(tmp_path))
    agent = make_agent(Switches(crash_after=0.3))
    agent.start()
    agent.open(TCP)
    deadline = time.monotonic() + 60
    while agent.running and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    with pytest.raises(AgentFailed, match="no longer running"):
        agent.figures()
    with pytest.raises(AgentFailed, match="no longer running"):
        agent.open(TCP)
    assert marked(str(tmp_path), "irisops.simulator.agent") == []


def test_two_agents_do_not_share_a_process(make_agent: MakeAgent) -> None:
    """A1.13: pyngrok knows agents by their path."""
    first, second = make_agent(), make_agent()
    first.start()
    second.start()
    assert first.identity != second.identity


def test_a_policy_is_sent_with_the_call_and_read_back(make_agent: MakeAgent) -> None:
    echo, agent = Echo(), make_agent()
    agent.start()
    shut = policy_for("tcp", Restrictions(allow=("203.0.113.7",)))
    opened = agent.open(EndpointSpec("shut", "tcp", echo.address, shut))
    assert refused(opened.public_url)
    here = policy_for("tcp", Restrictions(allow=("127.0.0.0/8",)))
    assert talk(agent.open(EndpointSpec("here", "tcp", echo.address, here)).public_url, b"a") == b"A"


def test_an_endpoint_whose_policy_was_ignored_is_closed(make_agent: MakeAgent) -> None:
    """A4.6, C3.3."""
    echo, agent = Echo(), make_agent(Switches(fail="nopolicy"))
    agent.start()
    policy = policy_for("tcp", Restrictions(allow=("203.0.113.7",)))
    with pytest.raises(PolicyNotApplied):
        agent.open(EndpointSpec("open-door", "tcp", echo.address, policy))
    assert agent.endpoints == []


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.headers['X-Forwarded-Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


def test_the_web_port_with_basic_auth(make_agent: MakeAgent) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        agent = make_agent()
        agent.start()
        policy = policy_for("http", Restrictions(basic_auth=("team:longenough",)))
        upstream = f"http://127.0.0.1:{server.server_address[1]}"
        url = agent.open(EndpointSpec("iris-web", "http", upstream, policy)).public_url
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url + "/csp", timeout=30)  # noqa: S310
        assert caught.value.code == 401
        caught.value.close()
        asked = urllib.request.Request(url + "/csp")  # noqa: S310
        asked.add_header("Authorization", "Basic " + b64encode(b"team:longenough").decode())
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            assert answer.read().decode() == f"{url.removeprefix('http://')} /csp"
    finally:
        server.shutdown()
        server.server_close()


def test_no_download_without_being_asked(tmp_path: Path) -> None:
    """A7: every entry point of pyngrok would fetch an agent."""
    with pytest.raises(AgentMissing):
        Agent(AgentBinary(tmp_path / "nothing", (3, 39, 0)), TOKEN, tmp_path)


ORPHAN = """
import os, signal, sys
from pathlib import Path
from irisops.sharing.agent import Agent
from irisops.sharing.finder import AgentBinary
folder = Path(sys.argv[2]); folder.mkdir()
agent = Agent(AgentBinary(Path(sys.argv[1]), (3, 39, 0)), "t", folder)
agent.start()
print(agent.identity.pid, agent.identity.started, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    "switches", [Switches(), Switches(fail="stubborn")], ids=["heeds TERM", "ignores TERM"]
)
def test_the_agent_dies_with_a_killed_keeper(
    make_binary: MakeBinary, tmp_path: Path, switches: Switches
) -> None:
    """Only the death signal helps against SIGKILL (facts: ngrok-keyring A2.7). R9: an agent may ignore SIGTERM."""
    binary = make_binary(switches)
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN, str(binary.path), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    pid, started = done.stdout.split()
    agent = procs.ProcessId(int(pid), started)
    deadline = time.monotonic() + 60
    while procs.is_running(agent) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not procs.is_running(agent)
