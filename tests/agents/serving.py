"""A server for an agent on an instance in memory, the SDK's own client as the agent, and a scripted person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.session import ClientRequestContext, ElicitationFnT
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, ErrorData, TextContent

from irisops.agent_calls import AgentCall, AgentCalls
from irisops.agents.server import server_of
from irisops.agents.service import AgentService
from irisops.commands.catalogue import default_registry
from irisops.profiles.model import Profile
from irisops.session import Session
from tests.commands.fakes import LOCAL, PASSWORD, World

MODES = ("legacy", "auto")
"""How the SDK's client speaks: revision 2025-11-25, and 2026-07-28."""
APPLY = replace(LOCAL, agents="apply")
GRANT = "/grant %SQL to bob"


@dataclass
class Person:
    """Answers questions: types `word`, or "decline" or "cancel" it is; `then` runs first."""

    word: str = "local"
    reads: float = 5.0
    """Seconds until the answer."""
    asked: list[str] = field(default_factory=list)
    then: Callable[[], Awaitable[None]] | None = None
    content: dict[str, Any] | None = None


@dataclass
class Agent:
    """An agent that is connected to the server."""

    world: World
    service: AgentService
    client: Client
    person: Person

    async def call(self, tool: str, **arguments: object) -> CallToolResult:
        result = await self.client.call_tool(tool, arguments)
        (content,) = result.content
        assert isinstance(content, TextContent)
        if result.structured_content is not None:
            assert json.loads(content.text) == result.structured_content
        return result

    async def told(self, tool: str, **arguments: object) -> dict[str, Any]:
        """The answer of a call that must succeed."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, result.content
        assert result.structured_content is not None
        return dict(result.structured_content)

    async def refused(self, tool: str, **arguments: object) -> str:
        """The name of the error of a call that must fail."""
        result = await self.call(tool, **arguments)
        assert result.is_error, result.content
        if result.structured_content is None:
            return str(result.content)
        assert {"error", "message", "cure"} <= result.structured_content.keys()
        return str(result.structured_content["error"])

    async def plan(self, line: str = GRANT, **arguments: object) -> str:
        return str((await self.told("plan", line=line, **arguments))["plan_id"])

    def calls(self) -> list[AgentCall]:
        """What was recorded, oldest first."""
        return list(reversed(AgentCalls(self.world.places.journals).read()[0]))

    def connected(self) -> bool:
        return self.world.connection.state.name == "connected"

    @property
    def changed(self) -> bool:
        return bool(self.world.instance.done)


def answers_of(world: World, person: Person) -> ElicitationFnT:
    """What the client does when the server asks its person."""

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        person.asked.append(params.message)
        world.clock.passed += person.reads
        if person.then is not None:
            await person.then()
        if person.word in ("decline", "cancel"):
            return ElicitResult(action="decline" if person.word == "decline" else "cancel")
        return ElicitResult(
            action="accept", content={"word": person.word} if person.content is None else person.content
        )

    return answer


@asynccontextmanager
async def agent_on(
    world: World,
    *,
    mode: str = "auto",
    person: Person | None = None,
    can_ask: bool = True,
    served: tuple[str, ...] = (),
    service: AgentService | None = None,
) -> AsyncIterator[Agent]:
    """An agent at a server on a world. `service` is one that runs already, for a second client."""
    person = person or Person()
    made = service or AgentService(world.session, default_registry(), served)

    answer = answers_of(world, person) if can_ask else None
    async with Client(server_of(made), mode=mode, elicitation_callback=answer) as client:
        try:
            yield Agent(world, made, client, person)
        finally:
            if service is None:
                await made.close()


@asynccontextmanager
async def agent(
    home: Path,
    *profiles: Profile,
    mode: str = "auto",
    person: Person | None = None,
    can_ask: bool = True,
    served: tuple[str, ...] = (),
    session: type[Session] = Session,
) -> AsyncIterator[Agent]:
    """An agent at a server on these profiles, by default on one where agents may change things."""
    world = World(home, *(profiles or (APPLY,)), polling=False, session=session)
    for profile in world.session.hub.profiles():
        world.session.hub.secrets.remember(profile, PASSWORD)
    try:
        async with agent_on(world, mode=mode, person=person, can_ask=can_ask, served=served) as made:
            yield made
    finally:
        await world.session.close()
