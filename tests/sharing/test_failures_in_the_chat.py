"""Every documented failure of ngrok, by the stand-in agent, asked for in the chat: one sentence, nothing left open.

Issue 7, point 4.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.contract.replies import Problem
from irisops.sharing.errors import WALLS
from irisops.sharing.messages import USUAL_DEADLINES, Deadlines
from irisops.simulator.agent.switches import Switches
from tests.sharing.conftest import TOKEN
from tests.sharing.test_end_to_end import chatting

HASTY = Deadlines(start=6.0, create=3.0, call=2.0, stop=2.0)
"""For agents that never answer: a deadline is what ends them. The others get the usual time to say their trouble."""

NAMED = {
    "noauth": "AuthtokenMissing",
    "badformat": "AuthtokenRefused",
    "badtoken": "AuthtokenRefused",
    "sessions": "TunnelLimit",
    "tooold": "AgentTooOld",
    "blocked": "AccountRefused",
    "ngrok103": "AccountRefused",
    "nocard": "CardNeeded",
    "endpoints": "TunnelLimit",
    "exists": "AddressTaken",
    "connect5xx": "AgentFailed",
    "exit0": "AgentFailed",
    "config": "AgentFailed",
    "offline": "NoInternet",
    "silent": "AgentSilent",
    "apihang": "AgentSilent",
    "nosession": "AgentSilent",
    "noendpointsapi": "AgentSilent",
}
"""Switch of the stand-in -> message to the user."""

AT_START = sorted(set(WALLS) & {120, 123, 103, 718, 5001, 8014, 9040})
AT_CREATE = sorted(set(WALLS) & {725, 726, 727, 1808, 3004, 8012, 8014, 324, 334})


async def fails(tmp_path: Path, switches: Switches, error: str) -> None:
    deadlines = HASTY if error == "AgentSilent" else USUAL_DEADLINES
    async with chatting(tmp_path, switches, deadlines=deadlines) as chat:
        before = chat.security()
        replies = await chat.say("/share superserver for 1h people 1")
        (problem,) = [reply for reply in replies if isinstance(reply, Problem)]
        assert problem.error == error, problem
        sentence = problem.message
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        assert sentence.endswith(".")
        assert problem.cure
        assert TOKEN not in repr(replies)
        assert chat.security() == before
        assert chat.session.overview().tunnels == ()
        assert list((tmp_path / "home" / "state" / "leases").glob("*.json")) == []


@pytest.mark.parametrize(("switch", "error"), NAMED.items())
async def test_a_failure_of_the_agent(tmp_path: Path, switch: str, error: str) -> None:
    await fails(tmp_path, Switches(fail=switch), error)


@pytest.mark.parametrize("code", AT_START)
async def test_a_refusal_of_the_session(tmp_path: Path, code: int) -> None:
    await fails(tmp_path, Switches(refuse_start=code), WALLS[code].kind.__name__)


@pytest.mark.parametrize("code", AT_CREATE)
async def test_a_refusal_of_the_endpoint(tmp_path: Path, code: int) -> None:
    await fails(tmp_path, Switches(refuse_create=code), WALLS[code].kind.__name__)


def test_every_documented_code_is_driven() -> None:
    by_name = {4018, 105, 107, 108, 121, 8013}
    assert by_name | set(AT_START) | set(AT_CREATE) == set(WALLS)
