"""What reaches an agent under each policy: exactly its tools, and no secret; no name where names are hidden."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.agents.policy import WITH_NAMES, allows, level_of
from irisops.agents.pseudonyms import HIDDEN, Pseudonyms
from irisops.agents.service import AgentService
from irisops.commands.catalogue import default_registry
from irisops.commands.for_programs import CHANGES, READS
from irisops.contract.chat import Command
from irisops.contract.replies import Problem, Refusal, Reply
from irisops.profiles.model import AGENTS, Profile
from irisops.session import Session
from irisops.simulator.world.model import User
from tests.agents.serving import APPLY, GRANT, Agent, Person, agent, agent_on
from tests.commands.editing import GOOD, desk
from tests.commands.fakes import LOCAL, World

READING = {
    "instances", "ask", "status", "license", "sessions", "users", "explain", "denied", "diff", "evidence", "history",
}  # fmt: skip
TOOLS = {
    "off": set[str](),
    "read": READING,
    "plan": READING | {"plan", "undo"},
    "apply": READING | {"plan", "undo", "apply"},
}


@pytest.mark.parametrize("policy", AGENTS)
async def test_each_policy_has_exactly_its_tools(policy: str, tmp_path: Path) -> None:
    async with agent(tmp_path, replace(LOCAL, agents=policy)) as it:
        listed = {tool.name for tool in (await it.client.list_tools()).tools}
        assert listed == TOOLS[policy]
        # What is not listed is refused by name, too.
        read = await it.call("license")
        assert read.is_error is (policy == "off")
        planned = await it.call("plan", line=GRANT)
        assert planned.is_error is (policy in ("off", "read"))
        undone = await it.refused("undo")
        assert undone == {"off": "WhichProfile", "read": "NotAllowed"}.get(policy, "NothingToUndo")
        if planned.structured_content is not None and not planned.is_error:
            applied = await it.call("apply", plan_id=planned.structured_content["plan_id"])
            assert applied.is_error is (policy == "plan")
        assert it.changed is (policy == "apply")
        assert it.world.instance.logins == ([] if policy == "off" else [it.world.instance.password])


def test_the_default_is_to_read() -> None:
    assert Profile("a").agents == "read"
    assert level_of(replace(APPLY, read_only=True)) == "read"
    assert level_of(replace(LOCAL, agents="off", read_only=True)) == "off"
    assert [allows(APPLY, level) for level in AGENTS] == [True] * 4


@pytest.mark.parametrize("written", ['"everything"', '""', "true", "4"])
async def test_a_policy_that_cannot_be_read_serves_nothing(written: str, tmp_path: Path) -> None:
    world = World(tmp_path, polling=False)
    world.places.config.mkdir(parents=True)
    world.places.profiles.write_text(f'[profiles.a]\nhost = "h"\nuser = "u"\nagents = {written}\n')
    assert AgentService(world.session, default_registry()).profiles() == []
    await world.session.close()


async def test_a_policy_never_comes_from_others(tmp_path: Path) -> None:
    world = World(tmp_path, polling=False)
    file = tmp_path / "team.toml"
    file.write_text(
        '[profiles.a]\nhost = "h"\nuser = "u"\nagents = "apply"\n[profiles.b]\nhost = "h"\nuser = "u"\nagents = "off"\n'
    )
    (plan,) = await world.say(f"/profiles import {file}")
    await world.yes(plan.id)  # type: ignore[union-attr]  # a plan, or the test fails
    assert [each.agents for each in world.session.hub.profiles()] == ["read", "off"]
    await world.session.close()


LINES = [
    "/status", "/license", "/license why", "/license forecast 5", "/license advice", "/sessions", "/sessions leaks",
    "/processes", "/explain zelda", "/explain zelda %DB_USER", "/explain zelda /csp/sys", "/who-can %DB_USER:W",
    "/denied", "/users dormant", "/users", "/roles", "/role members %All", "/services", "/service %Service_Bindings",
    "/apps", "/resources", "/resource %DB_USER", "/databases", "/database USER", "/tasks", "/task 1", "/journal",
    "/productions", "/namespaces", "/mirror", "/helper", "/app templates",
]  # fmt: skip
"""All reading commands that are answered where names are hidden."""
WITH_NAMES_LINES = [
    "/compare zelda _SYSTEM",
    "/app show /csp/sys",
    "/oauth",
    "/history",
    "/evidence x",
    "/locks",
    "/log",
]
CANARIES = {
    "name": "zelda",
    "full": "Zelda Canary",
    "comment": "canary comment",
    "mail": "zelda@canary.example",
}


async def everything(it: Agent, lines: list[str]) -> str:
    """All that the server answers to these lines and to the change of a user, as one text."""
    answers = []
    for line in lines:
        result = await it.call("ask", line=line, profile="local", rows=200)
        assert not result.is_error, (line, result.content)
        answers.append(str(result.content) + json.dumps(result.structured_content))
    return "\n".join(answers)


async def test_no_secret_reaches_an_agent_and_no_name_where_names_are_hidden(tmp_path: Path) -> None:
    async with desk(tmp_path) as person:
        person.served.world.add_user(
            User("zelda", roles=["%SQL"], full_name=CANARIES["full"], comment=CANARIES["comment"]), GOOD
        )
        await person.do("/grant %DB_USER to zelda")
        hub = person.session.hub
        (profile,) = hub.profiles()
        hub.add_temporary(replace(profile, agents="plan"))
        shown_world = SessionAlone(person.session)
        async with agent_on(shown_world, can_ask=False) as it:  # type: ignore[arg-type]  # a session is all it needs
            shown = await everything(it, [*LINES, *WITH_NAMES_LINES])
            assert CANARIES["name"] in shown
            assert GOOD not in shown
            assert "canary-Secret-9" not in shown, "the password of the profile"
            await it.told("plan", line="/disable zelda")
        hub.add_temporary(replace(profile, agents="plan", agents_names="hidden"))
        async with agent_on(shown_world, can_ask=False) as it:  # type: ignore[arg-type]  # the same
            users = (await it.told("users"))["replies"][0]["rows"]
            names = await it.told("ask", line="/users role=%DB_USER")
            (row,) = names["replies"][0]["rows"]
            pseudonym = row["name"]
            assert pseudonym.startswith("user-")
            assert pseudonym in {each["name"] for each in users}
            lines = [line.replace("zelda", pseudonym) for line in LINES]
            hidden = await everything(it, lines)
            planned = await it.told("plan", line=f"/disable {pseudonym}")
            hidden += json.dumps(planned)
            assert planned["command"] == f"/disable {pseudonym}"
            for canary in (*CANARIES.values(), "_SYSTEM", "bob", "127.0.0.1", GOOD):
                assert canary.casefold() not in hidden.casefold(), canary
            for line in (*WITH_NAMES_LINES, "/denied fix 1"):
                assert await it.refused("ask", line=line) in ("NamesHidden", "NeedsPlan")
            assert await it.refused("plan", line="/undo") == "NamesHidden"
            assert "zelda" not in str((await it.call("explain", user="nobody")).content)
        assert {line.split()[0] for line in [*LINES, *WITH_NAMES_LINES]} >= {
            f"/{name.split()[0]}" for name in READS - {"diff", "process", "production", "indexes"}
        }
        assert {"undo", "redo", "finish"} <= CHANGES & WITH_NAMES


class SessionAlone:
    """What `agent_on` needs of a world, on a session at the simulator."""

    def __init__(self, session: object) -> None:
        self.session = session


async def test_hidden_names_are_agreed_in_a_terminal_where_they_are_seen(tmp_path: Path) -> None:
    async with agent(tmp_path, replace(APPLY, agents_names="hidden"), person=Person("local")) as it:
        users = (await it.told("users"))["replies"][0]["rows"]
        bob = next(row["name"] for row in users if row["roles"] == [])
        assert await it.refused("apply", plan_id=await it.plan(f"/grant %SQL to {bob}")) == "NeedsApproval"
        assert it.person.asked == []


async def test_without_the_names_nothing_is_shown(tmp_path: Path) -> None:
    async with agent(tmp_path, replace(LOCAL, agents_names="hidden")) as it:
        it.world.instance.all_users = []
        assert await it.refused("license") == "NamesUnknown"


def test_pseudonyms_are_the_same_and_lead_back() -> None:
    names = Pseudonyms()
    names.learn("user", ["Bob", "bob smith", "user-1", "_SYSTEM"])
    text = names.hidden(
        "Bob, BOB SMITH and bobby from 10.1.2.3 and fe80::1 at 12:30:45, version 2025.2.0.227.0"
    )
    assert text == (
        "user-2, user-3 and bobby from address-1 and address-2 at 12:30:45, version 2025.2.0.227.0"
    )
    assert names.real("/explain user-3") == "/explain bob smith"
    assert names.real("/explain user-1") == "/explain user-1", "the account that is called so"
    assert names.real("/explain user-9") == "/explain user-9"
    shaped = names.shape(
        {"reply": "table", "name": "x", "rows": [{"user": "eve", "new_column": "secret", "units": 3}]}
    )
    assert shaped["rows"] == [{"user": "user-5", "new_column": HIDDEN, "units": 3}]


class Refusing(Session):
    """It refuses one line and names a user in that."""

    def run(self, command: Command) -> AsyncGenerator[Reply, None]:
        if command.slash == "/explain bob":
            raise Refusal("NotForAgents", "bob has none.", "Ask Bob.")
        return super().run(command)


async def test_refusals_hold_no_hidden_names(tmp_path: Path) -> None:
    async with agent(tmp_path, replace(APPLY, agents_names="hidden"), session=Refusing) as it:
        users = (await it.told("users"))["replies"][0]["rows"]
        bob = next(row["name"] for row in users if row["roles"] == [])
        for tool, line in (("ask", f"/grant %SQL to {bob}"), ("plan", f"/explain {bob} %DB_USER")):
            result = await it.call(tool, line=line)
            assert result.is_error, line
            assert "bob" not in str(result.content).casefold()
        result = await it.call("ask", line=f"/explain {bob}")
        assert result.structured_content is not None
        assert result.structured_content["message"] == f"{bob} has none."
        assert result.structured_content["cure"] == f"Ask {bob}."


class LockedOut(Session):
    """Each login fails, with names in what is told of it."""

    async def connect(self, profile: Profile) -> Problem:
        said = f"{profile.user} at {profile.host} must change it."
        lines = ["/connect twin-of-local", f"/on local /password {profile.user}"]
        return Problem("PasswordChangeRequired", said, said, suggestions=lines)


async def test_a_failed_login_holds_no_hidden_names_and_no_other_profile(tmp_path: Path) -> None:
    hidden = replace(APPLY, agents_names="hidden", host="canary.example")
    twin = replace(LOCAL, name="twin-of-local", agents="off")
    async with agent(tmp_path, hidden, twin, session=LockedOut) as it:
        answer = (await it.call("license", profile="local")).structured_content
        assert answer is not None
        assert answer["message"] == answer["cure"] == "user-1 at address-1 must change it."
        assert answer["suggestions"] == ["/on local /password user-1"]


UNNAMED = (
    "is {} up", "how is {}", "license of {}", "show the license on {}", "who is on {}",
    "what differs between local and {}", "connect to {}", "/on {} /users", "/diff local {}", "/connect {}",
)  # fmt: skip


async def test_a_profile_that_is_off_is_neither_named_nor_found_by_guessing(tmp_path: Path) -> None:
    off = Profile("nightshift", "10.9.8.7", user="mallory", agents="off")
    async with agent(tmp_path, APPLY, off) as it:
        for line in UNNAMED:
            said = line.format("nightshif")
            for tool in ("ask", "plan"):
                told = str((await it.call(tool, line=said)).content)
                assert not any(each in told for each in ("nightshift", "10.9.8", "mallory")), said
            right, wrong = [
                str((await it.call("ask", line=line.format(name))).content).replace(name, "NAME")
                for name in ("nightshift", "nightshifx")
            ]
            assert right == wrong, line


async def test_a_profile_with_hidden_names_is_not_read_from_another(tmp_path: Path) -> None:
    hidden = Profile("hidden", "127.0.0.1", 1973, "%SYS", "_SYSTEM", agents_names="hidden")
    async with agent(tmp_path, APPLY, hidden) as it:
        assert await it.refused("diff", profile="local", first="hidden") == "NamesHidden"
        assert await it.refused("diff", profile="local", first="local", second="HIDDEN") == "NamesHidden"
