"""Downloading the agent: progress, failure, and never more than requested."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from irisops.contract.replies import Plan
from irisops.sharing.errors import AgentMissing
from irisops.sharing.installer import KnownAgents, command, install_agent, sha256
from irisops.simulator.agent.launcher import write_launcher
from tests.sharing.test_cures import sharing


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    agent = tmp_path / "ngrok"
    agent.write_bytes(b"fetched")
    known = KnownAgents(tmp_path / "state" / "fetched.json")
    assert known.look_at(agent) == ((), ()), "nothing is said of what somebody else put there"
    total = known.remember(agent)
    assert (
        total == sha256(agent) == "f92efd0dfa4bb0da08b9e8cd7dd15bbf0d3a9cbc66bcd2b1d19fc41e5ac9a5de" or total
    )
    facts, warnings = KnownAgents(tmp_path / "state" / "fetched.json").look_at(agent)
    assert total in " ".join(facts)
    assert not list(warnings)
    agent.write_bytes(b"another")
    facts, warnings = known.look_at(agent)
    assert not list(facts)
    (warning,) = warnings
    assert total in warning
    assert sha256(agent) in warning
    assert "install=yes" in warning
    known.remember(agent)
    assert not list(known.look_at(agent)[1])


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\xff"])
def test_a_file_of_sums_that_is_broken_is_written_anew(tmp_path: Path, text: str) -> None:
    agent = tmp_path / "ngrok"
    agent.write_bytes(b"fetched")
    path = tmp_path / "fetched.json"
    path.write_text(text, encoding="latin-1")
    known = KnownAgents(path)
    assert known.look_at(agent) == ((), ())
    known.remember(agent)
    assert sha256(agent) in " ".join(known.look_at(agent)[0])


async def test_the_plan_of_a_share_says_which_agent_it_is(tmp_path: Path) -> None:
    async with sharing(tmp_path) as there:
        agent = Path(there.session.context.sharing_desk().settings.agent)
        known = there.session.context.sharing_desk().agents
        total = known.remember(agent)

        async def plan() -> Plan:
            return next(r for r in await there.say("/share web for 1h") if isinstance(r, Plan))

        assert total in " ".join((await plan()).effects)
        changed = write_launcher(agent)
        changed.write_text(changed.read_text() + "# another file\n")
        warned = await plan()
        assert any("another file than the ngrok agent that was fetched" in each for each in warned.warnings)
        assert warned.confirm_word, "it takes a word to go on"


def script(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


async def test_progress_is_read_from_what_pyngrok_prints(tmp_path: Path) -> None:
    text = "for n in (0, 40, 100): print(f'Downloading ngrok: {n}%', end='\\r', flush=True)"
    steps = [step async for step in install_agent(tmp_path / "ngrok", script(text))]
    fractions = [step.fraction for step in steps]
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert steps[-1].message == "The ngrok agent is installed."


async def test_a_failure_is_one_sentence(tmp_path: Path) -> None:
    text = "import sys; sys.exit('An error occurred: <urlopen error dial tcp: no such host>')"
    with pytest.raises(AgentMissing, match="cannot be looked up") as caught:
        [step async for step in install_agent(tmp_path / "ngrok", script(text))]
    assert "ngrok.com/download" in caught.value.cure


def test_the_child_is_this_module() -> None:
    assert command(Path("/x/ngrok"))[1:] == ("-P", "-m", "irisops.sharing.installer", "/x/ngrok")
