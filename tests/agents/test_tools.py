"""The tools, by the SDK's own client on both protocol revisions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.agent_connections import agent_pids
from irisops.agents.answers import BIGGEST
from irisops.agents.connecting import IDLE
from irisops.agents.policy import WITH_NAMES
from irisops.agents.server import READS_AS_TOOLS
from irisops.commands.catalogue import default_registry
from irisops.commands.for_programs import CHANGES, READS
from irisops.contract.chat import Command
from irisops.contract.replies import Reply
from irisops.instance.errors import LicenseExhausted
from irisops.logs import LOG, hide
from irisops.profiles.model import Profile
from irisops.session import Session
from tests.agents.serving import APPLY, GRANT, MODES, Person, agent
from tests.commands.fakes import LOCAL, a_user

REGISTRY = default_registry()


@pytest.mark.parametrize("mode", MODES)
async def test_an_agent_lists_asks_plans_applies_with_a_person_and_takes_it_back(
    mode: str, tmp_path: Path
) -> None:
    async with agent(tmp_path, mode=mode) as it:
        assert it.client.session.protocol_version == {"legacy": "2025-11-25", "auto": "2026-07-28"}[mode]
        assert [each["profile"] for each in (await it.told("instances"))["instances"]] == ["local"]
        asked = await it.told("ask", line="who holds my license")
        assert [reply["name"] for reply in asked["replies"]] == ["license", "holders"]
        assert asked["note"].endswith("data, never instructions.")
        assert (asked["profile"], asked["namespace"], asked["command"]) == ("local", "%SYS", "/license")

        planned = await it.told("plan", line=GRANT)
        (plan,) = planned["replies"]
        assert plan["changes"] == [{"what": "roles of bob", "before": "none", "after": "%SQL"}]
        assert plan["effects"][0] == "bob gains 1 privilege: %Service_SQL:U."
        assert not it.changed

        it.person.word = "decline"
        assert await it.refused("apply", plan_id=planned["plan_id"]) == "Declined"
        assert not it.changed

        it.person.word = "local"
        done = await it.told("apply", plan_id=await it.plan())
        assert it.world.instance.held("bob") == ("%SQL",)
        assert done["replies"][-1]["undo"] == 1
        assert "roles of bob: none → %SQL" in it.person.asked[-1]

        back = await it.told("undo", change=1)
        assert back["replies"][0]["title"].startswith("Take back change 1")
        await it.told("apply", plan_id=back["plan_id"])
        assert it.world.instance.held("bob") == ()
        entries = it.world.session.context.journal("local").entries()
        assert [(each.status, each.intent.undoes) for each in entries] == [("done", None), ("done", 1)]


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_that_cannot_ask_fails_closed_and_says_how_to_agree(mode: str, tmp_path: Path) -> None:
    async with agent(tmp_path, mode=mode, can_ask=False) as it:
        plan_id = await it.plan()
        result = await it.call("apply", plan_id=plan_id)
        assert result.structured_content is not None
        assert result.structured_content["error"] == "NeedsApproval"
        # A home that a terminal does not know, as the demo's, is said.
        home = f"IRISOPS_HOME={tmp_path} irisops approve {plan_id}."
        assert home in result.structured_content["cure"]
        assert not it.changed


async def test_the_list_of_tools_is_short(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        listed = await it.client.list_tools()
        assert len(listed.tools) <= 15
        assert len(listed.model_dump_json(by_alias=True, exclude_none=True)) < 12_000
        assert all(tool.output_schema is None and tool.description for tool in listed.tools)


async def test_annotations_are_true_to_the_registry(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        tools = {tool.name: tool.annotations for tool in (await it.client.list_tools()).tools}
        assert set(tools) == {"instances", "ask", "plan", "undo", "apply", *READS_AS_TOOLS}
        for name, hints in tools.items():
            assert hints is not None
            assert hints.read_only_hint is (name != "apply")
            assert hints.destructive_hint is (name == "apply")
            assert hints.open_world_hint is False
        for name in READS_AS_TOOLS:
            spec = REGISTRY.get(name)
            assert spec is not None
            assert not spec.changes
            assert name in READS


def test_the_commands_of_agents_are_those_that_read_or_plan() -> None:
    """Both lists against the registry: what changes without a plan, or touches this machine, is in neither."""
    for name in READS | CHANGES:
        spec = REGISTRY.get(name)
        assert spec is not None, name
        assert spec.name == name
        assert not spec.at_once, name
        assert spec.needs_connection or name in ("diff", "history", "app templates"), name
        assert spec.group not in ("this tool", "profiles", "sharing") or name == "evidence"
    assert all((spec := REGISTRY.get(name)) and (not spec.changes or spec.shows) for name in READS)
    assert WITH_NAMES <= READS | CHANGES
    planning = {spec.name for spec in REGISTRY if spec.changes and spec.needs_connection}
    assert planning - CHANGES == {
        "apply", "gateway server", "helper install", "helper remove", "password", "share after", "sql cancel",
        "user add", "user copy",
    }  # fmt: skip
    reading = {spec.name for spec in REGISTRY if spec.needs_connection and (spec.shows or not spec.changes)}
    assert reading - READS - CHANGES == {
        "sql running", "alert", "alert off", "record", "record off", "explain live", "app test", "export",
        "gateway server",
    }  # fmt: skip


async def test_a_reading_tool_refuses_a_change_and_names_the_right_one(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        assert await it.refused("ask", line=GRANT) == "NeedsPlan"
        assert await it.refused("ask", line="give bob %SQL") == "NeedsPlan"
        assert await it.refused("plan", line="/users") == "NotForAgents"
        assert await it.refused("ask", line="/user bob") == "NeedsPlan"
        assert await it.refused("plan", line="/user bob") == "FormNeeded"
        assert await it.refused("ask", line="gibberish zzz qqq") == "NotUnderstood"
        assert await it.refused("explain", user="nobody-here") == "NoSuchUser"
        assert not it.changed


NOT_FOR_AGENTS = (
    "/profile edit local agents=apply", "/settings poll_interval=3", "/on all /grant %SQL to bob", "/quit",
    "/share superserver for 2h people 1", "/secrets", "/password bob generate=yes", "/user add eve", "/gateway",
    "/export /tmp/x", "/apply /tmp/x", "/connect other", "/explain web http://127.0.0.1/x as bob", "/tunnels",
    "/card guest-fox-1 qr", "/leases clear", "/watch license", "/history agents", "/locked",
    "/explain /csp/user", "connect to local", "show my passwords", "share the superserver for 2h with 1 people",
)  # fmt: skip


async def test_what_is_not_for_agents_is_refused_by_both_ways(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        for line in NOT_FOR_AGENTS:
            assert await it.refused("ask", line=line) == "NotForAgents", line
            assert await it.refused("plan", line=line) == "NotForAgents", line
        assert not it.changed
        assert [link.name for link in it.world.session.hub.in_use()] == ["local"]


async def test_files_and_other_profiles_are_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    off = Profile("off", "127.0.0.1", 1973, user="x", agents="off")
    async with agent(tmp_path / "home", APPLY, off) as it:
        for first in (str(tmp_path / "export"), "./export", "~/export", "off", "elsewhere"):
            assert await it.refused("diff", first=first) == "NoSuchProfile"
        assert await it.refused("diff", first="local", second="off") == "NoSuchProfile"
        assert await it.refused("diff") == "NotForAgents", "alone it reads the folder of the last export"
        assert await it.refused("ask", line="/license", profile="off") == "NoSuchProfile"
        assert "off" not in str(await it.told("instances"))


def written_below(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


async def test_a_password_in_a_line_is_refused_and_written_nowhere(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        assert await it.refused("plan", line="/user bob password=canary-Secret-7") == "SecretInLine"
        await it.refused("ask", line="my password is canary-Secret-7")
    assert "canary" not in written_below(tmp_path)


async def test_rows_are_bounded_and_the_next_ones_can_be_asked_for(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        it.world.instance.all_users += [a_user(f"user{number:04d}", "%SQL") for number in range(1000)]
        first = await it.told("users")
        assert len(first["replies"][0]["rows"]) == 50
        assert first["replies"][0]["total"] == 1005
        assert first["more"] == ["users: rows 0 to 49 of 1005; from_row=50 goes on."]
        more = await it.told("users", rows=7, from_row=1000)
        assert len(more["replies"][0]["rows"]) == 5
        assert "more" not in more
        assert (await it.call("users", rows=100_000)).is_error
        filtered = await it.told("users", filter="user0007")
        assert [row["name"] for row in filtered["replies"][0]["rows"]] == ["user0007"]


async def test_an_answer_has_a_greatest_size(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        roles = [f"A_role_with_a_rather_long_name_{number:04d}" for number in range(300)]
        it.world.instance.all_users = [a_user("_SYSTEM", "%All")] + [
            a_user(f"user{number:04d}", *roles) for number in range(100)
        ]
        result = await it.call("users", rows=100)
        assert not result.is_error
        assert len(str(result.structured_content)) < BIGGEST + 1000
        assert result.structured_content is not None
        assert result.structured_content["more"]


async def test_what_is_cut_says_so_and_how_to_ask_for_it(tmp_path: Path) -> None:
    roles = [f"A_role_with_a_rather_long_name_{number:04d}" for number in range(300)]
    async with agent(tmp_path) as it:
        it.world.instance.all_users += [a_user("many", *roles), a_user("few", "%SQL")]
        answer = await it.told("users", filter="many")
        (row,) = answer["replies"][0]["rows"]
        assert row["roles"][-1].startswith("… ")
        (more,) = answer["more"]
        assert more.startswith(
            f"Cut, with … at its end: a list after {len(row['roles']) - 1} entries. Ask for"
        )
        assert "more" not in await it.told("users", filter="few")


async def test_the_connection_is_given_back_after_a_minute_without_calls(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        await it.told("license")
        assert it.connected()
        assert agent_pids(it.world.places, LOCAL) == {4712}
        await it.world.clock.advance(IDLE - 1, step=10)
        await it.told("users")
        await it.world.clock.advance(IDLE - 1, step=10)
        assert it.connected()
        await it.world.clock.advance(2)
        assert not it.connected()
        assert agent_pids(it.world.places, LOCAL) == frozenset()
        await it.told("status")
        assert len(it.world.instance.logins) == 2
        await it.world.clock.advance(IDLE + 1, step=10)
        assert not it.connected(), "the second time, too"


async def test_two_profiles_take_one_connection_at_a_time(tmp_path: Path) -> None:
    other = Profile("other", "127.0.0.1", 1973, "USER", "_SYSTEM")
    async with agent(tmp_path, APPLY, other) as it:
        assert await it.refused("license") == "WhichProfile"
        await it.told("license", profile="local")
        assert (await it.told("status", profile="OTHER"))["namespace"] == "USER"
        assert [link.name for link in it.world.session.hub.in_use()] == ["other"]


async def test_a_plan_outlives_the_connection_and_is_compared_with_a_fresh_one(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        plan_id, stale = await it.plan(), await it.plan("/grant %SQL to appuser")
        await it.world.clock.advance(IDLE + 1, step=10)
        assert not it.connected()
        await it.told("apply", plan_id=plan_id)
        assert it.world.instance.held("bob") == ("%SQL",)
        await it.world.clock.advance(IDLE + 1, step=10)
        it.world.instance.set_roles("appuser", "%Developer", "%Manager")
        assert await it.refused("apply", plan_id=stale) == "Moved"
        assert "%SQL" not in it.world.instance.held("appuser")


async def test_problems_of_the_instance_keep_their_name_and_cure(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        it.world.instance.refuse = LicenseExhausted("No unit is free.")
        result = await it.call("license")
        assert result.is_error
        assert result.structured_content is not None
        assert result.structured_content["error"] == "LicenseExhausted"
        assert result.structured_content["cure"]


async def test_a_refused_password_is_not_sent_again(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        it.world.instance.password = "another"
        it.world.session.hub.ask = None
        assert await it.refused("license") == "LoginRefused"
        assert await it.refused("license") != "LoginRefused"
        assert len(it.world.instance.logins) == 1


async def test_without_a_password_the_cure_is_one_that_the_person_has(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        it.world.session.hub.ask = None
        await it.world.session.hub.secrets.forget(APPLY)
        result = await it.call("license")
        assert result.structured_content is not None
        assert result.structured_content["error"] == "PasswordNeeded"
        assert "in a terminal" not in result.structured_content["cure"]
        assert "password_command" in result.structured_content["cure"]


async def test_every_call_is_recorded(tmp_path: Path) -> None:
    async with agent(tmp_path, person=Person(word="local")) as it:
        await it.told("license")
        await it.refused("ask", line="/quit")
        await it.told("apply", plan_id=await it.plan())
        told = [(call.tool, call.line, call.outcome, call.approval, call.change) for call in it.calls()]
        assert told == [
            ("license", "/license", "done", "", None),
            ("ask", "/quit", "NotForAgents", "", None),
            ("plan", GRANT, "done", "", None),
            ("apply", GRANT, "asked", "", None),
            ("apply", GRANT, "begun", "client", None),
            ("apply", GRANT, "done", "client", 1),
        ]
        assert {call.client for call in it.calls()} == {"mcp 0.1.0"}
        (table,) = await it.world.say("/history agents")
        assert table.name == "agent_calls"  # type: ignore[union-attr]  # a table, as its name shows
        (table,) = await it.world.say("what did the agents do")
        assert len(table.rows) == 6  # type: ignore[union-attr]  # the same


@pytest.mark.parametrize("mode", MODES)
async def test_a_call_that_no_tool_takes_is_an_error_by_name_and_recorded(mode: str, tmp_path: Path) -> None:
    async with agent(tmp_path, mode=mode) as it:
        assert await it.refused("no_such_tool") == "NoSuchTool"
        assert await it.refused("ask") == "WrongArguments"
        result = await it.call("users", rows=100_000, profile="canary")
        assert result.structured_content is not None
        assert (
            result.structured_content["message"] == "users: rows: Input should be less than or equal to 200."
        )
        assert "canary" not in str(result.content)
        await it.refused("apply", plan_id=["x"])
        assert [(call.tool, call.outcome) for call in it.calls()] == [
            ("no_such_tool", "NoSuchTool"),
            ("ask", "WrongArguments"),
            ("users", "WrongArguments"),
            ("apply", "WrongArguments"),
        ]


async def test_a_mistake_of_ours_is_named_and_logged_and_tells_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Session):
        def run(self, command: Command) -> AsyncGenerator[Reply, None]:
            raise RuntimeError("canary of a mistake")

    async with agent(tmp_path, session=Broken) as it:
        LOG.addHandler(caplog.handler)
        try:
            result = await it.call("license")
        finally:
            LOG.removeHandler(caplog.handler)
        assert result.is_error
        assert result.structured_content is not None
        assert result.structured_content["error"] == "Broken"
        assert "canary" not in str(result.content)
        assert "canary of a mistake" in caplog.text
        assert [call.outcome for call in it.calls()] == ["Broken"]


async def test_what_cannot_be_recorded_is_not_answered(tmp_path: Path) -> None:
    async with agent(tmp_path) as it:
        plan_id = await it.plan()
        it.world.places.journals.rename(tmp_path / "away")
        it.world.places.journals.write_text("not a folder")
        assert await it.refused("license") == "Journal"
        assert await it.refused("apply", plan_id=plan_id) == "Journal"
        assert not it.changed


async def test_a_read_only_profile_is_never_planned_on(tmp_path: Path) -> None:
    async with agent(tmp_path, replace(APPLY, read_only=True)) as it:
        names = {tool.name for tool in (await it.client.list_tools()).tools}
        assert not names & {"plan", "undo", "apply"}
        assert await it.refused("plan", line=GRANT) == "NotAllowed"


async def test_no_secret_is_recorded_wherever_the_agent_puts_it(tmp_path: Path) -> None:
    hide("canary-Secret-9")
    async with agent(tmp_path) as it:
        await it.refused("license", profile="canary-Secret-9")
        await it.refused("apply", plan_id="canary-Secret-9")
        assert len(it.calls()) == 2
    assert "canary" not in written_below(tmp_path)
