from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from irisops.contract.replies import Form, Plan, Problem, Table
from irisops.simulator.world.model import Permission, User
from tests.commands.editing import GOOD, Desk, add_role, desk, desk_on


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        yield made


async def test_the_form_has_a_grid_of_permissions_that_make_sense(at: Desk) -> None:
    form = await at.form("/role Clerk")
    fields = {each.name: each for each in form.fields}
    assert fields["privileges"].value == ["%DB_USER:R"]
    choices = fields["privileges"].choices
    assert "%DB_USER:RW" in choices
    assert "%Admin_Secure:U" in choices
    assert fields["granted_roles"].value == ["%SQL"]
    assert "Clerk" not in fields["granted_roles"].choices
    assert "Clerk → %SQL" in form.notes


async def test_several_edits_are_one_change_and_come_back(at: Desk) -> None:
    at.served.world.add_user(User("eve", roles=["Clerk"]), GOOD)
    fields = await at.edited(
        "/role Clerk",
        description="Desk",
        privileges=["%DB_USER:RW", "%Development:U"],
        granted_roles=["%Operator"],
        escalation_only=False,
    )
    plan = await at.plan("/role Clerk", fields)
    assert any(effect.startswith("eve gains") and "%DB_USER:W" in effect for effect in plan.effects)
    assert any(effect.startswith("eve loses") and "%Service_SQL:U" in effect for effect in plan.effects)
    await at.yes(plan)
    role = at.role("Clerk")
    assert role.description == "Desk"
    assert role.resources == {"%DB_USER": Permission(3), "%Development": Permission.USE}
    assert role.granted_roles == ["%Operator"]
    (entry,) = at.entries()
    assert entry.intent.steps == ("%Save of role Clerk: description, privileges, granted_roles",)
    await at.do("/undo")
    role = at.role("Clerk")
    assert (role.description, role.resources, role.granted_roles) == (
        "",
        {"%DB_USER": Permission.READ},
        ["%SQL"],
    )


async def test_typed_privileges_are_added_and_removed(at: Desk) -> None:
    await at.do("/role Clerk add=%DB_USER:W,%Development:U")
    assert at.role("Clerk").resources == {"%DB_USER": Permission(3), "%Development": Permission.USE}
    await at.do("/role Clerk remove=%DB_USER:R,%Development")
    assert at.role("Clerk").resources == {"%DB_USER": Permission.WRITE}
    await at.do("/role Clerk privileges=%Service_SQL:USE")
    assert at.role("Clerk").resources == {"%Service_SQL": Permission.USE}
    assert "Did you mean %DB_USER" in (await at.problem("/role Clerk add=%DB_USERS:R")).message
    assert "%DB_USER:RW" in (await at.problem("/role Clerk add=%DB_USER")).message


async def test_a_role_is_made_copied_and_deleted(at: Desk) -> None:
    await at.do(
        "/role add Teller privileges=%DB_USER:R,%Service_SQL:U granted_roles=Clerk description='at the till'"
    )
    teller = at.role("Teller")
    assert (teller.description, teller.granted_roles) == ("at the till", ["Clerk"])
    assert teller.resources == {"%DB_USER": Permission.READ, "%Service_SQL": Permission.USE}
    await at.do("copy the role Teller to Cashier")
    assert at.role("Cashier").resources == teller.resources
    await at.do("/undo")
    assert at.served.world.roles.get("Cashier") is None
    await at.do("/undo 1")
    assert at.served.world.roles.get("Teller") is None


async def test_a_deletion_says_what_it_takes_from_whom_and_undo_gives_it_all_back(at: Desk) -> None:
    at.served.world.add_user(User("eve", roles=["Clerk", "%SQL"]), GOOD)
    at.served.world.add_user(User("kim", roles=["Chief"]), GOOD)
    at.user("bob").escalation_roles = ["Clerk"]
    add_role(at.served, "Chief", "Clerk")
    plan = await at.plan("/role delete Clerk")
    what = {change.what: (change.before, change.after) for change in plan.changes}
    assert what["roles of eve"] == ("Clerk, %SQL", "%SQL")
    assert what["escalation roles of bob"] == ("Clerk", "none")
    assert what["granted roles of Chief"] == ("Clerk", "none")
    assert any(effect.startswith("eve and kim lose") or "eve loses" in effect for effect in plan.effects)
    assert any("SQL privileges granted to Clerk are lost" in warning for warning in plan.warnings)
    await at.yes(plan)
    assert at.served.world.roles.get("Clerk") is None
    assert at.user("eve").roles == ["%SQL"]
    (entry,) = at.entries()
    assert entry.intent.steps == ("Security.Roles.Delete Clerk",)
    await at.do("/undo")
    assert at.role("Clerk").resources == {"%DB_USER": Permission.READ}
    assert set(at.user("eve").roles) == {"Clerk", "%SQL"}
    assert at.user("bob").escalation_roles == ["Clerk"]
    assert at.role("Chief").granted_roles == ["Clerk"]
    await at.do("/redo")
    assert at.served.world.roles.get("Clerk") is None
    assert at.role("Chief").granted_roles == []


async def test_members_are_listed_with_the_way(at: Desk) -> None:
    at.served.world.add_user(User("eve", roles=["Clerk"]), GOOD)
    table = (await at.say("/role members %SQL"))[-1]
    assert isinstance(table, Table)
    ways = {row["user"]: row["way"] for row in table.rows}
    assert (ways["bob"], ways["eve"]) == ("directly", "Clerk → %SQL")


async def test_two_people_edit_a_role(at: Desk, tmp_path: Path) -> None:
    fields = await at.edited("/role Clerk", description="mine", granted_roles=["%SQL", "%Operator"])
    async with desk_on(at.served, tmp_path / "other") as other:
        await other.do("/role Clerk granted_roles=%SQL,%Developer privileges=%DB_USER:W")
    table, plan = await at.say("/role Clerk", fields)
    assert isinstance(table, Table)
    assert isinstance(plan, Plan)
    await at.yes(plan)
    role = at.role("Clerk")
    assert set(role.granted_roles) == {"%SQL", "%Developer", "%Operator"}
    assert role.resources == {"%DB_USER": Permission.WRITE}
    fields = await at.edited("/role Clerk", privileges=["%DB_USER:RW"])
    role.resources["%DB_USER"] = Permission.READ
    table, form = await at.say("/role Clerk", fields)
    assert isinstance(table, Table)
    assert isinstance(form, Form)
    assert list(form.errors) == ["privileges"]


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"name": ""}, "name", "A name is needed"),
        ({"name": "%Mine"}, "name", "begin with %"),
        ({"name": "a,b"}, "name", "No comma"),
        ({"name": "n" * 65}, "name", "At most 64"),
        ({"name": "BOB"}, "name", "There is a user bob"),
        ({"name": "clerk"}, "name", "There is a role Clerk already"),
        ({"name": "a\tb"}, "name", "control characters"),
        ({"description": "d" * 257}, "description", "At most 256"),
        ({"description": "a\nb"}, "description", "No line breaks"),
        ({"granted_roles": ["%SQLx"]}, "granted_roles", "Did you mean %SQL"),
        ({"granted_roles": ["Teller"]}, "granted_roles", "There is no role Teller"),
        ({"privileges": ["%NoSuch:R"]}, "privileges", "There is no resource %NoSuch"),
        ({"privileges": ["%DB_USER:X"]}, "privileges", "%DB_USER:RW"),
    ],
)
async def test_a_wrong_input(at: Desk, fields: dict[str, str], field: str, says: str) -> None:
    changes = at.changes()
    form = await at.form("/role add", await at.edited("/role add", name="Teller") | fields)
    assert list(form.errors) == [field]
    assert says in form.errors[field]
    assert at.changes() == changes
    assert at.entries() == []


async def test_what_the_instance_keeps_is_refused(at: Desk) -> None:
    for line in (
        "/role %All description=x",
        "/role %DB_USER add=%SQL:U",
        "/role delete %SQL",
        "/role copy %All to X",
    ):
        assert (await at.problem(line)).error == "RoleFixed", line
    form = await at.form("/role Clerk", await at.edited("/role Clerk", granted_roles=["Clerk"]))
    assert form.errors == {"granted_roles": "A role cannot be granted to itself."}
    fields = await at.edited("/role Clerk")
    at.served.world.roles.remove("Clerk")
    problem = (await at.say("/role Clerk", fields))[-1]
    assert isinstance(problem, Problem)
    assert problem.error == "NoSuchRole"
