"""Hostile text in every field of an instance: it acts on no agent, and on no person who is asked."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from irisops.agents.approvals import Approvals
from irisops.agents.approve import approve_in
from irisops.agents.question import question_of
from tests.agents.serving import agent_on
from tests.agents.test_policies import LINES, SessionAlone
from tests.commands.editing import desk
from tests.hostile import MARK, acting, poison


def texts(value: object) -> list[str]:
    """All texts in an answer, as the agent's program has them."""
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


async def test_hostile_text_in_every_field_acts_on_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path) as person:
        poison(person.served.world)
        hub, clock = person.session.hub, person.session.clock
        (profile,) = hub.profiles()
        hub.add_temporary(replace(profile, agents="apply"))
        alone = SessionAlone(person.session)
        async with agent_on(alone, can_ask=False) as it:  # type: ignore[arg-type]  # a session is all it needs
            lines = [
                line
                for line in (*LINES, "/locks", "/log", "/oauth", "/app show /csp/hostile")
                if "zelda" not in line
            ]
            answers = [texts((await it.call("ask", line=line)).structured_content) for line in lines]
            marked = sum(any(MARK in text for text in answer) for answer in answers)
            assert marked > 5, "the text arrives, with signs for what acts"
            seen = [text for answer in answers for text in answer]
            for line in ("/disable h0", "/grant hrole to h0"):
                seen += texts(await it.told("plan", line=line))
            approvals = Approvals(person.session.places)
            first, second = approvals.all(clock.now())
            out = io.StringIO()
            for waiting in (first, second):
                approve_in(approvals, waiting.id, out, lambda _prompt: "no", clock)
                seen += question_of(waiting).text.splitlines()
            seen.append(out.getvalue())
            for text in seen:
                assert acting(text.encode()) == []
