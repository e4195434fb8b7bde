"""/user and /role where nothing may be changed: all is shown, with why, and every change is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.contract.replies import Facts, Form, Table
from irisops.simulator.world.model import Permission
from tests.commands.editing import Desk, add_role, desk


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        add_role(made.served, "Boss", "Clerk", DB_PAYROLL=Permission.WRITE)
        bob = made.user("bob")
        bob.roles, bob.comment, bob.escalation_roles = ["Boss"], "night shift", ["%Operator"]
        made.served.world.users.touch()
        yield made


def read_only(at: Desk) -> None:
    link = at.session.hub.require()
    link.profile = replace(link.profile, read_only=True)


async def cards(at: Desk, line: str) -> tuple[Facts, Table]:
    facts, table = await at.say(line)
    assert isinstance(facts, Facts)
    assert isinstance(table, Table)
    return facts, table


async def test_a_user_is_shown_in_full_with_what_it_holds_and_why(at: Desk) -> None:
    read_only(at)
    facts, table = await cards(at, "/user bob")
    assert facts.title == "User bob"
    assert facts.facts["full_name"] == "Bob"
    assert facts.facts["comment"] == "night shift"
    assert facts.facts["roles"] == ["Boss"]
    assert facts.facts["escalation_roles"] == ["%Operator"]
    assert facts.facts["enabled"] is True
    assert facts.facts["expires"] == "never"
    assert facts.facts["superuser"] is False
    assert facts.facts["inherited_roles"] == ["Clerk (through Boss)", "%SQL (through Boss and Clerk)"]
    assert set(facts.facts) - {"name"} == set(facts.labels), "every field has a person's word"
    (note,) = facts.notes
    assert note.startswith("local is a read-only profile: nothing is changed through it.")
    assert note.endswith("To allow changes: /profile edit local read_only=no")
    ways = {str(row["resource"]): (row["permission"], row["how"]) for row in table.rows}
    assert ways["%DB_USER"] == ("R", "role Boss → granted role Clerk")
    assert ways["%DB_PAYROLL"] == ("W", "role Boss")


async def test_every_change_is_refused_and_nothing_is_changed(at: Desk) -> None:
    fields = await at.edited("/user bob", full_name="Robert")
    role_fields = await at.edited("/role Clerk", description="x")
    read_only(at)
    before = at.changes()
    for line, given in [
        ("/user bob full_name=Robert", None),
        ("/user bob", fields),
        ("/role Clerk description=x", None),
        ("/role Clerk", role_fields),
        ("/user add eve roles=%SQL", None),
        ("/password bob generate=yes", None),
    ]:
        (problem,) = await at.say(line, given)
        assert getattr(problem, "error", problem) == "ReadOnly", line
    assert at.changes() == before
    assert at.entries() == []


async def test_a_role_is_shown_with_what_it_brings_and_who_holds_it(at: Desk) -> None:
    read_only(at)
    facts, table = await cards(at, "/role Boss")
    assert facts.facts["granted_roles"] == ["Clerk"]
    assert facts.facts["inherited_roles"] == ["%SQL (through Clerk)"]
    assert facts.notes[-1] == "Held by bob: /role members Boss."
    ways = {str(row["resource"]): (row["permission"], row["how"]) for row in table.rows}
    assert ways["%DB_PAYROLL"] == ("W", "itself")
    assert ways["%DB_USER"] == ("R", "Clerk")
    assert ways["%Service_SQL"] == ("U", "Clerk → %SQL")


async def test_a_role_that_the_instance_keeps_is_shown_on_any_profile(at: Desk) -> None:
    facts, table = await cards(at, "/role %All")
    assert "cannot be changed: the instance keeps it" in facts.notes[0]
    assert table.notes[0] == "%All brings every privilege, whatever is listed."
    problem = await at.problem("/role %All description=x")
    assert problem.error == "RoleFixed"


async def test_neither_is_greyed_out_and_both_are_forms_elsewhere(at: Desk) -> None:
    def available() -> set[str]:
        return {info.name for info in at.session.commands() if info.available}

    assert isinstance((await at.say("/user bob"))[-1], Form)
    read_only(at)
    assert {"user", "role"} <= available()
    assert not {"user add", "user delete", "role add", "role delete", "grant", "undo"} & available()


async def test_a_card_takes_few_round_trips(at: Desk) -> None:
    read_only(at)
    counted = at.served.count_requests()
    await at.say("/user bob")
    assert counted.fired <= 8
