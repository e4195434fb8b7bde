"""The smallest change that /explain proposes, carried out on a simulator through the real driver, and taken back."""

from __future__ import annotations

from pathlib import Path

from irisops.contract.replies import Facts, Plan, Table
from irisops.instance.calls import ClassMethod
from irisops.instance.connection import Connection
from irisops.simulator.world.model import Permission, Resource
from irisops.simulator.world.model import User as WorldUser
from tests.commands.editing import GOOD, desk


async def test_a_new_role_is_the_smallest_change_where_none_brings_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        made.served.world.resources.add(Resource("Vault", "", Permission.NONE))
        plan = await made.plan("/explain bob Vault:R fix=yes")
        assert made.served.world.roles.get("Vault_R") is None
        await made.yes(plan)
        assert made.role("Vault_R").resources == {"Vault": Permission.READ}
        assert made.user("bob").roles == ["%SQL", "Vault_R"]
        facts = (await made.say("/explain bob Vault:R"))[0]
        assert isinstance(facts, Facts)
        assert facts.facts["allowed"] is True
        await made.do("/undo")
        assert made.served.world.roles.get("Vault_R") is None
        assert made.user("bob").roles == ["%SQL"]


async def test_a_narrow_role_is_proposed_where_an_existing_one_brings_much_besides(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        facts, plan = await made.say("/explain bob %Admin_Journal:U fix=yes")
        assert isinstance(facts, Facts)
        assert isinstance(plan, Plan)
        assert any("%Manager would do it, too" in note for note in facts.notes)
        await made.yes(plan)
        assert made.user("bob").roles == ["%SQL", "Admin_Journal_U"]


async def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        made.served.world.resources.add(Resource("Vault", "", Permission.NONE))
        made.served.world.add_user(WorldUser("vault_r", roles=[]), GOOD)
        await made.do("/explain bob Vault:R fix=yes")
        assert made.user("bob").roles == ["%SQL", "Vault_R_2"]


async def test_an_sql_privilege_is_granted_taken_back_and_granted_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:

        def held() -> list[str]:
            return [each.action for each in made.served.runtime.emulation.sql_privileges.of("bob")]

        await made.do("/explain bob sql HR.Person access=insert fix=yes")
        assert held() == ["i"]
        await made.do("/undo")
        assert held() == []
        await made.do("/redo")
        assert held() == ["i"]
        facts = (await made.say("/explain bob sql HR.Person access=insert"))[0]
        assert isinstance(facts, Facts)
        assert facts.notes[0] == "✓ granted to bob itself → INSERT on HR.Person, granted by _SYSTEM"


async def test_a_refusal_is_seen_live_fixed_and_seen_to_be_fixed(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        bob = made.user("bob")
        bob.roles = ["%SQL", "%Developer", "%DB_IRISSYS"]
        made.served.world.users.touch()
        other = Connection(made.served.target(user="bob"))
        await other.connect(GOOD)
        refused = (await other.batch([ClassMethod("Security.Users", "Delete", ("reader",))]))[0]
        await other.disconnect()
        assert isinstance(refused, Exception) or refused.value != 1
        (table,) = await made.say("/denied")
        assert isinstance(table, Table)
        (row,) = table.rows
        assert (row["user"], row["missing"], row["state"]) == ("bob", "%Admin_Secure:U", "still missing")
        facts = (await made.say(f"/denied fix {row['id']}"))[-1]
        assert isinstance(facts, Facts)
        await made.do(facts.actions[0][2])
        assert "%Admin_Secure" in made.user("bob").roles
        (table,) = await made.say("/denied")
        assert isinstance(table, Table)
        assert table.rows[0]["state"] == "held now"


async def test_every_proposed_change_is_enough_by_the_instances_own_check(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        for privilege in ("%DB_USER:RW", "%Admin_Operate:U", "%Development:U", "%IAM:U"):
            await made.do(f"/explain bob {privilege} fix=yes")
            resource, _, letters = privilege.partition(":")
            world = made.served.world
            assert all(
                world.check(
                    "bob", resource, {"R": Permission.READ, "W": Permission.WRITE, "U": Permission.USE}[each]
                )
                for each in letters
            ), privilege
