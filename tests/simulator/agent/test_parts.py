"""The stand-in's pure parts: its log, switches and policies."""

from __future__ import annotations

import json
import os
import shlex
import signal
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.agent.api import understand
from irisops.simulator.agent.logfmt import Log, line, quoted
from irisops.simulator.agent.policy import PolicyError, read_policy
from irisops.simulator.agent.relay import host_and_port
from irisops.simulator.agent.switches import Switches, read_switches

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LOGGED = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r"), max_size=30)


@given(LOGGED)
def test_a_quoted_value_is_read_back_by_shlex(value: str) -> None:
    """As pyngrok reads it (facts: ngrok-keyring A9)."""
    text = line("info", value, NOW, err="x")
    fields = dict(part.split("=", 1) for part in shlex.split(text) if "=" in part)
    assert fields["lvl"] == "info"
    assert fields["msg"] == value
    assert fields["err"] == "x"


def test_line_ends_are_two_characters() -> None:
    assert quoted("a\r\nb") == '"a\\r\\nb"'
    assert line("eror", "m", NOW) == "t=2026-05-01T12:00:00+0000 lvl=eror msg=m"


def test_the_log_writes_all_and_its_process_dies_with_its_pipe() -> None:
    reading, writing = os.pipe()
    log = Log(writing, lambda: NOW)
    log.write("info", "hello", addr="127.0.0.1:4040")
    assert os.read(reading, 1000).endswith(b"msg=hello addr=127.0.0.1:4040\n")
    os.close(reading)
    child = os.fork()
    if child == 0:
        log.write("info", "nobody reads")
        os._exit(0)
    os.close(writing)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGPIPE


def test_switches_survive_the_environment() -> None:
    switches = Switches(fail="nocard,noendpointsapi", slow_start=1.5, max_endpoints=1, interstitial=True)
    assert read_switches(switches.as_environment()) == switches
    assert read_switches({"PATH": "x"}) == Switches()


@pytest.mark.parametrize("variables", [{"IRISOPS_AGENT_FIAL": "x"}, {"IRISOPS_AGENT_FAIL": "no-card"}])
def test_a_typo_in_a_switch_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"switch|failure"):
        read_switches(variables)


def body(**fields: object) -> bytes:
    return json.dumps({"name": "n", "upstream": {"url": "127.0.0.1:1"}, "url": "tcp://", **fields}).encode()


@pytest.mark.parametrize(
    "posted",
    [
        b"null",
        b"[]",
        b"{",
        body(basic_auth=["a:b"]),
        body(name=""),
        body(upstream={}),
        body(upstream={"url": "localhost:127.0.0.1:1972"}),
        body(upstream={"url": "http://127.0.0.1:1"}),
        body(traffic_policy={"on_tcp_connect": []}),
        body(traffic_policy="on_tcp_connect: yaml"),
        body(traffic_policy='{"on_http_request": []}'),
    ],
)
def test_what_v3_does_not_know_is_refused(posted: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the API tells whatever it says
        understand(posted)


def test_kinds_of_endpoints() -> None:
    assert understand(body())[1] == "tcp"
    http = json.dumps({"name": "n", "upstream": {"url": "http://127.0.0.1:80"}}).encode()
    assert understand(http)[1] == "http"
    assert host_and_port("https://127.0.0.1", 443) == ("127.0.0.1", 443)


def policy(kind: str, phase: str = "on_http_request", **config: object) -> str:
    return json.dumps({phase: [{"actions": [{"type": kind, "config": config}]}]})


def test_addresses() -> None:
    read = read_policy(policy("restrict-ips", "on_tcp_connect", enforce=True, allow=["10.0.0.0/8"]), tcp=True)
    assert read.admits("10.1.2.3")
    assert not read.admits("127.0.0.1")
    denied = read_policy(policy("restrict-ips", enforce=True, deny=["10.0.0.1/32"]), tcp=False)
    assert denied.admits("127.0.0.1")
    assert not denied.admits("10.0.0.1")
    assert read_policy("", tcp=True).admits("127.0.0.1")


def test_basic_auth() -> None:
    read = read_policy(policy("basic-auth", credentials=["team:longenough"]), tcp=False)
    good = b64encode(b"team:longenough").decode()
    assert read.authorised(f"Basic {good}")
    for header in ("", "Basic", "Basic !!!", f"Bearer {good}", "Basic " + b64encode(b"team:other").decode()):
        assert not read.authorised(header)


@pytest.mark.parametrize(
    ("text", "tcp"),
    [
        (policy("basic-auth", credentials=["a:short"]), False),
        (policy("basic-auth", credentials=[]), False),
        (policy("basic-auth", "on_tcp_connect", credentials=["a:longenough"]), True),
        (policy("open-door"), False),
        ('{"on_http_request": [{"actions": 1}]}', False),
        ('{"on_http_request": [1,2,3,4,5,6]}', False),
    ],
)
def test_policies_that_cannot_be_enforced_are_refused(text: str, tcp: bool) -> None:
    with pytest.raises(PolicyError):
        read_policy(text, tcp=tcp)


def test_oauth_lets_nobody_in_on_loopback() -> None:
    assert not read_policy(policy("oauth", provider="google"), tcp=False).authorised("Basic x")
