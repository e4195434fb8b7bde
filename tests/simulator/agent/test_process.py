"""The stand-in as a process, driven by unmodified pyngrok where that is the point (facts: ngrok-keyring A14)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyngrok import conf, ngrok, process
from pyngrok.exception import PyngrokNgrokError, PyngrokNgrokHTTPError

from irisops.simulator.agent.launcher import write_launcher
from irisops.simulator.agent.switches import Switches


class Pyngrok:
    """pyngrok with a stand-in of its own."""

    def __init__(self, folder: Path, switches: Switches, token: str = "canary-token") -> None:
        self.path = write_launcher(folder / "ngrok", switches)
        config = folder / "ngrok.yml"
        config.write_text(f"version: '3'\nagent:\n  authtoken: {token}\n" if token else "version: '3'\n")
        self.config = conf.PyngrokConfig(
            ngrok_path=str(self.path), config_path=str(config), request_timeout=10
        )
        self.config.auth_token = None

    def connect(self, name: str = "n", **options: Any) -> ngrok.NgrokTunnel:
        upstream = {"url": "127.0.0.1:9"}
        return ngrok.connect(proto="tcp", name=name, upstream=upstream, pyngrok_config=self.config, **options)

    def get(self, path: str, host: str = "") -> tuple[int, bytes]:
        api = process.get_process(self.config).api_url
        asked = urllib.request.Request(f"{api}{path}", headers={"Host": host} if host else {})  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[list[Pyngrok]]:
    agents: list[Pyngrok] = []
    yield agents
    for agent in agents:
        ngrok.kill(agent.config)


def start(made: list[Pyngrok], folder: Path, token: str = "canary-token", **switches: Any) -> Pyngrok:
    folder.mkdir(exist_ok=True)
    made.append(Pyngrok(folder, Switches(**switches), token))
    return made[-1]


def test_the_whole_life_of_an_endpoint(made: list[Pyngrok], tmp_path: Path) -> None:
    agent = start(made, tmp_path / "a")
    tunnel = agent.connect()
    assert tunnel.public_url is not None
    assert tunnel.public_url.startswith("tcp://127.0.0.1:")
    tunnel.refresh_metrics()
    assert tunnel.metrics["conns"]["count"] == 0
    assert [each.name for each in ngrok.get_tunnels(agent.config)] == ["n"]
    assert json.loads(agent.get("/api/status")[1])["status"] == "online"
    assert agent.get("/api/nothing")[0] == 404
    assert agent.get("/api/endpoints/none")[0] == 404
    assert agent.get("/api/status", host="evil.example") == (401, b'Rejected host "evil.example".')
    ngrok.disconnect(tunnel.public_url, agent.config)
    assert ngrok.get_tunnels(agent.config) == []


def test_limits_and_names(made: list[Pyngrok], tmp_path: Path) -> None:
    agent = start(made, tmp_path / "a", max_endpoints=2)
    agent.connect("one")
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        agent.connect("one")
    assert "ERR_NGROK_334" in caught.value.body
    agent.connect("two")
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        agent.connect("three")
    assert "ERR_NGROK_324" in caught.value.body
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        agent.connect("four", basic_auth=["a:b"])
    assert caught.value.status_code == 400


def test_real_looking_addresses_keep_the_true_one(made: list[Pyngrok], tmp_path: Path) -> None:
    tunnel = start(made, tmp_path / "a", urls="real").connect()
    assert ".tcp.eu.ngrok.io:" in str(tunnel.public_url)
    assert tunnel.data["x_loopback"].startswith("tcp://127.0.0.1:")


def refused(agent: Pyngrok) -> str | None:
    """The code of the refusal at start.

    pyngrok stops reading when the agent is gone, whatever lines are left in the pipe, so that on a busy machine it may
    miss the reason: the agent is started again then.
    """
    for _ in range(20):
        with pytest.raises(PyngrokNgrokError) as caught:
            agent.connect()
        if caught.value.ngrok_error_code is not None:
            break
    return caught.value.ngrok_error_code


def test_sessions_are_counted_over_agents(made: list[Pyngrok], tmp_path: Path) -> None:
    seats = str(tmp_path / "seats")
    start(made, tmp_path / "a", max_sessions=1, session_dir=seats).connect()
    second = start(made, tmp_path / "b", max_sessions=1, session_dir=seats)
    assert refused(second) == "ERR_NGROK_108"
    ngrok.kill(made[0].config)
    second.connect()


def test_without_a_token_it_is_refused_as_the_real_one(made: list[Pyngrok], tmp_path: Path) -> None:
    assert refused(start(made, tmp_path / "a", token="")) == "ERR_NGROK_4018"


def test_a_dropped_session_comes_back(made: list[Pyngrok], tmp_path: Path) -> None:
    lines: list[str] = []
    agent = start(made, tmp_path / "a", drop_after=0.2, drop_for=0.2)
    agent.config.log_event_callback = lambda log: lines.append(log.line)
    agent.connect()
    seen = iter(range(3000))
    while sum("client session established" in line for line in lines) < 2 and next(seen, None) is not None:
        agent.get("/api/status")
    assert any("session closed" in line for line in lines)
    assert json.loads(agent.get("/api/status")[1])["status"] == "online"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order(tmp_path: Path, number: int) -> None:
    config = tmp_path / "c.yml"
    config.write_text("authtoken: x\n")
    path = write_launcher(tmp_path / "ngrok")
    with subprocess.Popen(
        [str(path), "start", "--none", "--log", "stdout", "--config", str(config)],
        stdout=subprocess.PIPE,
        text=True,
    ) as agent:
        assert agent.stdout is not None
        for line in agent.stdout:
            if "tunnel session started" in line:
                break
        agent.send_signal(number)
        rest = agent.stdout.read()
        assert "received stop request" in rest
        assert "session closing" in rest
        assert agent.wait(10) == 0


def test_it_dies_when_nobody_reads_its_log(tmp_path: Path) -> None:
    """As the real one: an orphan goes at its next line (facts: A2.2)."""
    config = tmp_path / "c.yml"
    config.write_text("authtoken: x\n")
    path = write_launcher(tmp_path / "ngrok", Switches(log_every=0.05))
    reading, writing = os.pipe()
    agent = subprocess.Popen(
        [str(path), "start", "--none", "--log", "stdout", "--config", str(config)],
        stdout=writing,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    os.read(reading, 100)
    os.close(reading)
    assert agent.wait(20) != 0


def test_it_dies_at_a_request_whose_line_nobody_reads(tmp_path: Path) -> None:
    """Whichever part writes the line: the failed write ended one request, and the agent slept on."""
    config = tmp_path / "c.yml"
    config.write_text("authtoken: x\n")
    with subprocess.Popen(
        [
            str(write_launcher(tmp_path / "ngrok")),
            "start",
            "--none",
            "--log",
            "stdout",
            "--config",
            str(config),
        ],
        stdout=subprocess.PIPE,
        text=True,
    ) as agent:
        assert agent.stdout is not None
        address = ""
        for line in agent.stdout:
            if "starting web service" in line:
                address = line.split("addr=")[1].split()[0]
            if "tunnel session started" in line:
                break
        agent.stdout.close()
        with pytest.raises(OSError):  # noqa: PT011 - however the connection ends
            urllib.request.urlopen(f"http://{address}/api/status", timeout=10)
        assert agent.wait(20) == -signal.SIGPIPE


def run(path: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    return subprocess.run(
        [str(path), *arguments], capture_output=True, text=True, env=environment, timeout=30, check=False
    )


def test_the_other_commands(tmp_path: Path) -> None:
    path = write_launcher(tmp_path / "bin" / "ngrok", Switches(version="3.31.0"))
    assert run(path, "--version", home=tmp_path).stdout == "ngrok version 3.31.0\n"
    saved = run(path, "config", "add-authtoken", "tok", "--log", "stdout", home=tmp_path)
    assert "Authtoken saved" in saved.stdout
    file = tmp_path / "ngrok" / "ngrok.yml"
    assert "authtoken: tok" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    missing = run(path, "start", "--none", "--config", str(tmp_path / "no.yml"), home=tmp_path)
    assert missing.returncode == 1
    assert "Error reading configuration file" in missing.stdout
    assert run(path, "http", "80", home=tmp_path).returncode == 1
    assert run(path, "update", home=tmp_path).returncode == 0
