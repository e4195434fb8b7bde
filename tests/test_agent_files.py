"""What irisops writes of agents: their calls, and which connections are theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from irisops import agent_calls
from irisops.agent_calls import LONGEST, AgentCall, AgentCalls
from irisops.agent_connections import agent_pids, announced
from irisops.profiles.model import Profile
from irisops.profiles.places import Places

CALL = AgentCall(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), "client 1", "ask", "local", "/license", "done")
LOCAL = Profile("local", "LocalHost", 1972)


def test_calls_are_read_back_newest_first(tmp_path: Path) -> None:
    calls = AgentCalls(tmp_path)
    assert calls.read() == ([], 0)
    other = replace(CALL, tool="apply", approval="client", plan="abc", change=7, outcome="begun")
    calls.add(CALL)
    calls.add(other)
    assert calls.read() == ([other, CALL], 0)
    assert {path.stat().st_mode & 0o777 for path in calls.path.parent.glob("*.jsonl")} == {0o600}


def test_what_a_person_agreed_to_is_not_pushed_out_by_an_agent_that_asks_on_and_on(tmp_path: Path) -> None:
    calls = AgentCalls(tmp_path)
    change = replace(CALL, tool="apply", approval="client", plan="abc", change=7)
    calls.add(change)
    later = replace(CALL, at=CALL.at + timedelta(seconds=1))
    for _ in range(3):
        calls.path.write_bytes(b" " * (agent_calls.BIGGEST - 1) + b"\n")  # full, as after thousands of calls
        calls.add(later)
    found, _ = calls.read()
    assert change in found
    assert change in calls.read(1)[0], "nor out of sight"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        '{"at": 3}',
        '{"at": "2026-01-01T00:00:00"}',
        '{"at": "2026-01-01T00:00:00+00:00"}',
        "\x00",
    ],
)
def test_a_damaged_line_is_counted_and_loses_no_other(line: str, tmp_path: Path) -> None:
    calls = AgentCalls(tmp_path)
    calls.add(CALL)
    with calls.path.open("a") as file:
        file.write(f"{line}\n")
    calls.add(CALL)
    assert calls.read() == ([CALL, CALL], 1)


def test_a_long_text_is_cut_and_the_file_is_renamed_when_it_is_full(tmp_path: Path) -> None:
    calls = AgentCalls(tmp_path)
    calls.add(replace(CALL, line="x" * 10_000))
    assert len(calls.read()[0][0].line) == LONGEST
    calls.path.write_bytes(calls.path.read_bytes().ljust(agent_calls.BIGGEST - 1) + b"\n")
    calls.add(CALL)
    assert calls.path.stat().st_size < 1000
    found, _ = calls.read()
    assert len(found) == 2


def test_a_connection_is_an_agents_as_long_as_its_program_says_so(tmp_path: Path) -> None:
    places = Places.below(tmp_path)
    assert agent_pids(places, LOCAL) == frozenset()
    with announced(places, LOCAL, 4711):
        assert agent_pids(places, replace(LOCAL, host="localhost")) == {4711}
        assert agent_pids(places, replace(LOCAL, port=1973)) == frozenset()
        (file,) = (places.state / "agents" / "connections").glob("*.json")
        kept = file.read_text()
    assert agent_pids(places, LOCAL) == frozenset()
    file.write_text(kept)  # as after kill -9: nobody holds its lock
    assert agent_pids(places, LOCAL) == frozenset()
    file.write_text("[]")
    assert agent_pids(places, LOCAL) == frozenset()
