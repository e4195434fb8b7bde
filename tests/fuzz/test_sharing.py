"""Log and API of the ngrok agent, and the messages between chat and keeper."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from irisops.instance.driver_process.channel import ChannelError, decode_body
from irisops.sharing.agent import Agent
from irisops.sharing.client import revive
from irisops.sharing.errors import SharingProblem, explain, ngrok_code, redact
from irisops.sharing.finder import AgentBinary
from irisops.sharing.lease import Where
from irisops.sharing.messages import (
    Deadlines,
    Endpoint,
    EndpointFigures,
    EndpointSpec,
    LogLine,
    ShareClosed,
    ShareOpened,
    ShareRequest,
    ShareStatus,
)
from irisops.sharing.policy import networks, same_policy
from irisops.sharing.records import from_json, to_json
from tests.fuzz.conftest import Fuzz
from tests.fuzz.mutation import SECRET, holds_it_whole_or_not, json_bytes, json_texts, texts, trees

NOW = datetime(2026, 11, 24, 14, 43, tzinfo=UTC)
REFUSED = f"""\
lvl=eror msg="failed to reconnect session" obj=csess err="authentication failed: The authtoken you specified is properly
formed, but it is invalid.\\nYour authtoken: {SECRET}\\n\\nERR_NGROK_107\\n"
"""
SAID = [
    REFUSED,
    'lvl=eror msg="terminating with error" err="Your account is limited to 1 simultaneous agent. ERR_NGROK_108"',
    'lvl=info msg="client session established" obj=tunnels.session',
    f"ERROR:  authtoken: {SECRET}\nERROR:  ERR_NGROK_4018",
    "dial tcp: lookup connect.ngrok-agent.com: no such host",
]


def test_errors_of_ngrok(fuzz: Fuzz) -> None:
    def read(text: str) -> str:
        problem = explain(text, (SECRET,))
        ngrok_code(text)
        return f"{problem} {problem.message} {problem.cure} {problem.detail} {redact(text, (SECRET,))}"

    fuzz.run(texts(SAID).filter(holds_it_whole_or_not), read, told=str)


POLICY = {
    "on_tcp_connect": [
        {"actions": [{"type": "restrict-ips", "config": {"allow": ["10.0.0.0/8"], "enforce": True}}]}
    ]
}


YAML = """\
on_tcp_connect:
  - actions:
      - type: restrict-ips
        config:
          allow:
            - 10.0.0.0/8
"""


def test_policy_read_back(fuzz: Fuzz) -> None:
    def read(told: object) -> object:
        return same_policy(POLICY, told)  # type: ignore[arg-type]  # plain JSON

    fuzz.run(st.one_of(json_texts([POLICY]), texts([YAML, "&a [*a, *a]"]), trees([POLICY])), read)


def test_networks(fuzz: Fuzz) -> None:
    fuzz.run(
        st.lists(texts(["10.0.0.0/8", "::1/128", "192.168.1.77", "fe80::1%eth0"]), max_size=3),
        networks,
        SharingProblem,
    )


class AgentApi(ThreadingHTTPServer):
    """The agent's API with given answers."""

    body = b"{}"
    daemon_threads = True


class Handler(BaseHTTPRequestHandler):
    server: AgentApi

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_DELETE = do_GET  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


OPENED = {
    "name": "sql", "uri": "/api/endpoints/sql", "public_url": "tcp://1.tcp.ngrok.io:12345",
    "proto": "tcp", "config": {"addr": "127.0.0.1:1972", "inspect": False},
    "metrics": {"conns": {"gauge": 1, "count": 2}},
    "traffic_policy": json.dumps(POLICY), "upstream": {"url": "127.0.0.1:1972"}, "status": "online",
}  # fmt: skip


@pytest.fixture
def api() -> Iterator[AgentApi]:
    server = AgentApi(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def an_agent(folder: Path, port: int, then: str) -> Agent:
    """An agent that says that it is up, with its API at `port`, and then goes on with the line `then` of its script."""
    lines = [
        f't=2026-11-24T10:00:00+0000 lvl=info msg="starting web service" obj=web addr=127.0.0.1:{port}',
        't=2026-11-24T10:00:00+0000 lvl=info msg="tunnel session started" obj=tunnels.session',
        't=2026-11-24T10:00:00+0000 lvl=info msg="client session established" obj=tunnels.session',
    ]
    binary = folder / "ngrok"
    said = "\n".join(f"echo {shlex.quote(line)}" for line in lines)
    binary.write_text(f"#!/bin/sh\n{said}\n{then}\n")
    binary.chmod(0o700)
    runtime = folder / "runtime"
    runtime.mkdir()
    return Agent(AgentBinary(binary, (3, 30, 0)), SECRET, runtime, deadlines=Deadlines(start=20))


@pytest.fixture
def agent(tmp_path: Path, api: AgentApi) -> Iterator[Agent]:
    """A running agent whose API is the one above."""
    api.body = json.dumps(OPENED).encode()
    made = an_agent(tmp_path, api.server_port, "exec sleep 100000")
    made.start()
    yield made
    made.stop()


def test_log_of_the_agent(fuzz: Fuzz, tmp_path: Path, api: AgentApi) -> None:
    """Whatever it says, the reading goes on: an agent whose output nobody reads stalls (facts: A1.12).

    In UTF-8 alone: pyngrok's reading ends at any other byte, and nothing public lets irisops prevent that.
    """
    pipe = tmp_path / "says"
    os.mkfifo(pipe)
    api.body = json.dumps(OPENED).encode()
    agent = an_agent(tmp_path, api.server_port, f"exec cat <>{shlex.quote(str(pipe))}")
    agent.start()
    numbers = itertools.count(1)
    try:
        with pipe.open("wb", buffering=0) as says:

            def read(text: str) -> str:
                mark = f"heard-{next(numbers)}-"
                says.write(f"{text[:20_000]}\nlvl=info msg={mark}\n".encode(errors="replace"))
                deadline = time.monotonic() + 20
                while not any(mark in line.text for line in list(agent.log)):
                    assert time.monotonic() < deadline, "the log is not read any more"
                    os.sched_yield()
                return "\n".join(line.text for line in list(agent.log))

            whole = texts([f"{line}\n" for line in SAID]).filter(holds_it_whole_or_not)
            fuzz.run(whole, read, told=str)
    finally:
        agent.stop()


@pytest.mark.parametrize(
    "metrics", [None, [], 1, "x", {}, {"conns": None}, {"conns": [1]}, {"conns": {"gauge": "x"}}]
)
def test_figures_that_the_agent_gives_in_another_shape_are_not_known(
    agent: Agent, api: AgentApi, metrics: object
) -> None:
    agent.open(EndpointSpec("sql", "tcp", "127.0.0.1:1972"))
    api.body = json.dumps({**OPENED, "metrics": metrics}).encode()
    (figures,) = agent.figures()
    assert (figures.open, figures.total) == (None, None)


def test_api_of_the_agent(fuzz: Fuzz, agent: Agent, api: AgentApi) -> None:
    spec = EndpointSpec("sql", "tcp", "127.0.0.1:1972", POLICY)  # type: ignore[arg-type]  # plain JSON

    def read(body: bytes) -> object:
        api.body = json.dumps(OPENED).encode()
        agent.open(spec)
        api.body = body
        try:
            return agent.figures(), agent.status()
        finally:
            api.body = b"{}"
            agent.close("sql")

    fuzz.run(json_bytes([OPENED]), read, SharingProblem)


def test_answer_to_the_opening(fuzz: Fuzz, agent: Agent, api: AgentApi) -> None:
    spec = EndpointSpec("sql", "tcp", "127.0.0.1:1972", POLICY)  # type: ignore[arg-type]  # plain JSON

    def read(body: bytes) -> object:
        api.body = body
        try:
            return agent.open(spec)
        finally:
            api.body = b"{}"
            agent.close("sql")

    fuzz.run(json_bytes([OPENED]), read, SharingProblem)


ENDPOINT = Endpoint("sql", "tcp", "tcp://1.tcp.ngrok.io:1", "127.0.0.1:1972")
RECORDS: list[Any] = [
    ShareRequest(
        "a",
        Where("p", "h", 1, "u"),
        NOW,
        "/x",
        (EndpointSpec("sql", "tcp", "127.0.0.1:1972"),),
        password=SECRET,
        token=SECRET,
    ),
    ShareOpened("a", NOW, (ENDPOINT,), (), "3.30.0"),
    ShareStatus(
        NOW,
        "online",
        (EndpointFigures("sql", "tcp://x", 1, None),),
        (LogLine(NOW, "INFO", "x"),),
        outlive=False,
    ),
    ShareClosed("why", ("a",), ()),
]


def test_records_of_the_keeper(fuzz: Fuzz) -> None:
    kinds = {type(each).__name__: type(each) for each in RECORDS}

    def read(body: bytes) -> object:
        message = decode_body(body)
        return [from_json(kind, message.get(name)) for name, kind in kinds.items() if name in message]

    samples = [{type(each).__name__: to_json(each)} for each in RECORDS]
    fuzz.run(json_bytes(samples), read, ChannelError, TypeError, KeyError, ValueError)


def test_problems_of_the_keeper(fuzz: Fuzz) -> None:
    def read(body: bytes) -> object:
        error = decode_body(body)
        return revive(error).message

    sample = {"name": "TunnelLimit", "message": "m", "cure": "c", "detail": "d", "code": 108}
    fuzz.run(json_bytes([sample, {**sample, "name": "NotPermitted"}]), read, ChannelError, KeyError)
