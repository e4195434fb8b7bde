from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.world.model import Application, Permission, Resource, Role, User
from irisops.simulator.world.security import FULL, SecurityTables
from irisops.simulator.world.world import World

R, W, U = Permission.READ, Permission.WRITE, Permission.USE


def tables_of(**granted: list[str]) -> SecurityTables:
    tables = SecurityTables()
    for name, others in granted.items():
        tables.roles.add(Role(name, granted_roles=others))
    return tables


def test_names_are_found_in_any_letter_case_and_kept_as_written(world: World) -> None:
    user = world.user("_system")
    assert user is not None
    assert user.name == "_SYSTEM"
    assert "%all" in world.roles
    assert world.user("nobody") is None


def test_a_closure_follows_grants_and_survives_cycles() -> None:
    tables = tables_of(A=["B"], B=["C", "a"], C=["A", "Gone"])
    assert tables.role_closure(["a"]) == ("A", "B", "C")


def test_a_closure_leaves_out_roles_for_escalation_and_dangling_ones() -> None:
    tables = tables_of(A=["E"], E=["B"], B=[])
    role = tables.roles.get("E")
    assert role is not None
    role.escalation_only = True
    tables.roles.touch()
    assert tables.role_closure(["A", "Missing"]) == ("A",)


def test_a_change_of_a_role_is_seen_after_touch() -> None:
    tables = tables_of(A=[], B=[])
    assert tables.role_closure(["A"]) == ("A",)
    role = tables.roles.get("A")
    assert role is not None
    role.granted_roles.append("B")
    tables.roles.touch()
    assert tables.role_closure(["A"]) == ("A", "B")


@given(
    st.dictionaries(st.sampled_from("ABCDEF"), st.lists(st.sampled_from("ABCDEFX"), max_size=4)),
    st.sampled_from("ABCDEF"),
)
def test_a_closure_is_what_can_be_reached(granted: dict[str, list[str]], start: str) -> None:
    tables = tables_of(**granted)
    reached: set[str] = set()
    waiting = {start}
    while waiting:
        name = waiting.pop()
        if name in granted and name not in reached:
            reached.add(name)
            waiting |= set(granted[name])
    found = tables.role_closure([start])
    assert set(found) == reached
    assert len(found) == len(reached)


def test_privileges_add_up_over_roles_and_public_permission(world: World) -> None:
    world.resources.add(Resource("Res", public=R))
    world.roles.add(Role("Writer", resources={"RES": W}))
    world.roles.add(Role("User1", resources={"res": U}, granted_roles=["Writer"]))
    world.add_user(User("ana", roles=["User1"]), None)
    assert world.permission("ANA", "Res") == R | W | U
    assert world.check("ana", "res", R | W)
    assert world.permission("nobody", "Res") == Permission.NONE


def test_all_gives_everything_through_any_number_of_steps(world: World) -> None:
    world.roles.add(Role("One", granted_roles=["Two"]))
    world.roles.add(Role("Two", granted_roles=["%All"]))
    world.add_user(User("ana", roles=["One"]), None)
    assert world.is_superuser("ana")
    assert world.permission("ana", "NoSuchResource") == FULL


def test_escalation_roles_give_nothing_at_login(world: World) -> None:
    world.add_user(User("ana", escalation_roles=["%All"]), None)
    assert not world.is_superuser("ana")


def test_deleting_a_role_takes_it_from_everybody(world: World) -> None:
    world.roles.add(Role("Doomed"))
    world.roles.add(Role("Holder", granted_roles=["doomed", "%SQL"]))
    world.add_user(User("ana", roles=["DOOMED", "%SQL"], escalation_roles=["Doomed"]), None)
    world.applications.add(Application("/x", match_roles={"": ["Doomed", "%SQL"], "Doomed": ["%SQL"]}))
    assert world.tables.delete_role("doomed") is not None
    holder, ana, application = world.role("Holder"), world.user("ana"), world.application("/X")
    assert holder is not None
    assert ana is not None
    assert application is not None
    assert (holder.granted_roles, ana.roles, ana.escalation_roles) == (["%SQL"], ["%SQL"], [])
    assert application.match_roles == {"": ["%SQL"]}


def test_deleting_a_resource_takes_it_from_all_roles(world: World) -> None:
    world.resources.add(Resource("Doomed"))
    world.roles.add(Role("Holder", resources={"doomed": U, "%DB_USER": R}))
    world.tables.delete_resource("DOOMED")
    holder = world.role("Holder")
    assert holder is not None
    assert holder.resources == {"%DB_USER": R}
    assert "Doomed" not in world.resources


@pytest.mark.parametrize(
    ("version", "expected"), [((2024, 1), False), ((2025, 1), False), ((2025, 2), True), ((2026, 1), True)]
)
def test_the_security_database_came_with_2025_2(version: tuple[int, int], expected: bool) -> None:
    world = World(version=version)
    for table, name in (
        (world.roles, "%SecurityAdministrator"),
        (world.roles, "%DB_IRISSYS_READ"),
        (world.resources, "%DB_IRISSECURITY"),
        (world.databases, "IRISSECURITY"),
    ):
        assert (name in table) is expected


def test_the_facts_about_predefined_roles_hold(world: World) -> None:
    for role in ("%Admin_Secure", "%Manager", "%SecurityAdministrator"):
        assert world.tables.roles_permission([role], "%Admin_Secure") & U, role
    for role in ("%Developer", "%Manager"):
        assert world.tables.roles_permission([role], "%Native_ClassExecution") & U, role
    assert world.tables.roles_permission(["%Operator"], "%Admin_Operate") & U
    assert not world.tables.roles_permission(["%Operator"], "%Admin_Task")
    assert not world.tables.roles_permission(["%SecurityAdministrator"], "%DB_IRISSYS")
    everything = world.role("%All")
    assert everything is not None
    assert not everything.resources


def test_a_table_counts_its_changes(world: World) -> None:
    before = world.revision("users")
    world.add_user(User("ana"), None)
    world.users.remove("ana")
    world.users.remove("ana")  # nothing to remove, nothing changed
    assert world.revision("users") == before + 2
    with pytest.raises(KeyError):
        world.revision("nonsense")
