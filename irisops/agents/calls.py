"""The calls of agents: who asked for what, and a line in the record for each, whatever came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irisops.agent_calls import AgentCall, AgentCalls
from irisops.contract.clock import Clock
from irisops.contract.replies import Problem, Refusal
from irisops.contract.secret_words import without_secrets
from irisops.files import cure_of
from irisops.logs import LOG, scrub

LONGEST_LINE = 2000
"""Characters of a command."""

Json = dict[str, Any]


BROKEN = Problem("Broken", "irisops failed at this call.", "A person finds more in its log.")


class Failed(Exception):  # noqa: N818 - it is an answer, too
    """A call that was refused or that failed. `profile` is "" where none was chosen."""

    def __init__(self, problem: Problem, profile: str = "", masked: Callable[[str], str] = str) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.profile = profile
        self.masked = masked


@dataclass(frozen=True, slots=True)
class Caller:
    """The agent's program, in its own words, and whether it can ask its person (elicitation)."""

    name: str = "unknown"
    can_ask: bool = False


@dataclass(slots=True)
class Call:
    """What is written of a call when it ends."""

    caller: Caller
    tool: str
    profile: str = ""
    line: str = ""
    approval: str = ""
    plan: str = ""
    change: int | None = None
    begun: bool = False
    """A change is under way, which ends whatever becomes of the call."""


class Recorder:
    """Writes the calls. `failed(refusal, profile)` is a refusal as the agent may hear it."""

    def __init__(self, journals: Path, clock: Clock, failed: Callable[[Refusal, str], Failed]) -> None:
        self._calls = AgentCalls(journals)
        self._clock = clock
        self._failed = failed

    async def recorded(self, call: Call, work: Callable[[Call], Awaitable[Json]]) -> Json:
        """The answer of a call. Raises `Failed`, also for a mistake of ours, of which the agent hears no more."""
        outcome = BROKEN.error
        try:
            made = await work(call)
            outcome = "done"
        except Refusal as refusal:
            outcome = refusal.error
            raise self._failed(refusal, call.profile) from None
        except Failed as failed:
            outcome = failed.problem.error
            raise
        except asyncio.CancelledError:
            outcome = "Cancelled"
            raise
        except Exception as error:  # noqa: BLE001 - it is in the log, and the agent gets a name for it
            LOG.error("the call of an agent failed", exc_info=error)
            raise Failed(BROKEN, call.profile) from None
        finally:
            self.write(call, outcome)
        return made

    def write(self, call: Call, outcome: str) -> None:
        """Append to the calls of agents. Raises `Failed`: what cannot be recorded is not answered."""
        try:
            self._calls.add(
                AgentCall(
                    self._clock.now(),
                    _written(call.caller.name),
                    _written(call.tool),
                    _written(call.profile),
                    _written(call.line),
                    outcome,
                    call.approval,
                    _written(call.plan),
                    call.change,
                )
            )
        except OSError as error:
            LOG.error("a call of an agent cannot be recorded: %s", error.strerror)
            problem = Problem(
                "Journal", "The call cannot be recorded, so it is not answered.", cure_of(error)
            )
            raise Failed(problem, call.profile) from None


def _written(text: str) -> str:
    """What the agent gave, as it is recorded: it may have put a password anywhere."""
    return scrub(without_secrets(text[:LONGEST_LINE]))
