"""`Security.Roles` and `Security.Resources` (facts: iris-security 3.1, 3.2)."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import ByRef, LoginRefusedError, ObjectRef
from irisops.simulator.world.model import Permission
from tests.simulator.classes.instance import Client, Instance, Object, names

ROLES = "Security.Roles"
RESOURCES = "Security.Resources"


def resources_of(client: Client, role: str) -> str:
    rows = client.rows("SELECT Name, Resources FROM Security.Roles_ListAll(?)", role)
    return str({row["name"].lower(): row["resources"] for row in rows}[role.lower()])


def test_resources_come_back_sorted_and_in_letters(boss: Client) -> None:
    boss.ok(ROLES, "Create", "App", "An application", "%Development:Use,%db_user:READ", "%SQL")
    assert resources_of(boss, "app") == "%DB_USER:R,%Development:U"
    app = boss.open(ROLES, "app")
    assert (app.get("Name"), app.get("Description"), app.child("GrantedRoles").items()) == (
        "App",
        "An application",
        ["%SQL"],
    )


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("%All", "", "", ""), "ERROR #887: Invalid role name %All."),
        (("%X", "", "", ""), "ERROR #887: Invalid role name %X."),
        (("a,b", "", "", ""), "ERROR #887: Invalid role name a,b."),
        (("x" * 65, "", "", ""), f"ERROR #887: Invalid role name {'x' * 65}."),
        (("", "", "", ""), "ERROR #887: Invalid role name ."),
        (("BOSS", "", "", ""), "ERROR #942: Username and Role cannot have the same name"),
        (("taken", "", "", ""), "ERROR #884: Role taken already exists."),
        (("new", "", "Nope:R", ""), "ERROR #892: Resource Nope does not exist."),
        (("new", "", "%DB_USER:X", ""), "ERROR #897: Invalid permission X for resource name %DB_USER."),
        (("new", "", "%DB_USER:R,%db_user:W", ""), "ERROR #895: Duplicate resource %DB_USER."),
        (("new", "", "", "Nope"), "ERROR #883: Role Nope does not exist."),
        (("new", "d" * 257, "", ""), "ERROR #7201:"),
    ],
)
def test_create_refuses_and_changes_nothing(
    boss: Client, instance: Instance, args: tuple[str, ...], text: str
) -> None:
    boss.ok(ROLES, "Create", "Taken", "", "", "")
    before = instance.world.roles.names()
    assert boss.error(ROLES, "Create", *args).startswith(text)
    assert instance.world.roles.names() == before


def test_all_shows_nothing_and_cannot_be_edited(boss: Client) -> None:
    assert resources_of(boss, "%All") == ""
    row = boss.rows("SELECT * FROM Security.Roles_List('%All')")[0]
    assert (row["canbeedited"], row["grantedroles"]) == ("No", "")
    for name in ("%all", "%db_user"):
        role = boss.open(ROLES, name)
        role.set("Description", "changed")
        assert role.save_error().startswith("ERROR #886: Cannot modify role")


def test_the_list_hides_read_only_roles_on_request_and_filters_by_resource(boss: Client) -> None:
    shown = names(boss.rows("SELECT Name FROM Security.Roles_List('*', '*', 1)"))
    assert "%All" not in shown
    assert "%DB_USER" not in shown
    assert "%Manager" in shown
    boss.ok(ROLES, "Create", "Reads", "", "%DB_USER:R", "")
    holders = names(boss.rows("SELECT Name FROM Security.Roles_List('*', '%db_user:W')"))
    assert "%DB_USER" in holders
    assert "Reads" not in holders
    assert "Reads" in names(boss.rows("SELECT Name FROM Security.Roles_List('*', '%db_user:R,Nope')"))


def test_delete_takes_the_role_from_everybody(boss: Client, instance: Instance) -> None:
    boss.ok(ROLES, "Create", "App", "", "", "")
    boss.ok(ROLES, "Create", "Outer", "", "", "App,%SQL")
    user = instance.user("ann", "App", "%SQL")
    application = instance.world.applications.get("/csp/user")
    assert application is not None
    application.match_roles = {"": ["App"], "App": ["%SQL"]}
    boss.ok(ROLES, "Delete", "aPP")
    assert user.roles == ["%SQL"]
    assert boss.open(ROLES, "outer").child("GrantedRoles").items() == ["%SQL"]
    assert application.match_roles == {"": []}
    assert boss.error(ROLES, "Delete", "App") == "ERROR #883: Role App does not exist."
    assert boss.error(ROLES, "Delete", "%Manager") == "ERROR #880: Cannot delete role %Manager."


def test_rename_follows_every_mention(boss: Client, instance: Instance) -> None:
    boss.ok(ROLES, "Create", "Old", "", "%DB_USER:R", "")
    boss.ok(ROLES, "Create", "Outer", "", "", "Old")
    user = instance.user("ann", "Old")
    boss.ok(ROLES, "Rename", "New", "old")
    assert user.roles == ["New"]
    assert boss.open(ROLES, "outer").child("GrantedRoles").items() == ["New"]
    assert boss.call(ROLES, "Exists", "Old") == 0
    assert resources_of(boss, "new") == "%DB_USER:R"
    assert boss.error(ROLES, "Rename", "X", "%SQL") == "ERROR #886: Cannot modify role %SQL."


def test_exists_has_an_ok_status_where_the_role_exists(boss: Client) -> None:
    found, outcome = ByRef(""), ByRef("")
    assert boss.call(ROLES, "Exists", "%sql", found, outcome) == 1
    assert outcome.value == 1
    assert isinstance(found.value, ObjectRef)
    assert boss.session.get_property(found.value.number, "Name") == "%SQL"
    assert boss.call(ROLES, "Exists", "Nope", found, outcome) == 0
    assert (
        boss.call("%SYSTEM.Status", "GetErrorText", outcome.value) == "ERROR #883: Role Nope does not exist."
    )


def test_copy_takes_resources_and_granted_roles(boss: Client) -> None:
    boss.ok(ROLES, "Create", "One", "first", "%DB_USER:RW", "%SQL")
    boss.ok(ROLES, "Copy", "One", "Two")
    two = boss.open(ROLES, "two")
    assert (two.get("Description"), two.child("GrantedRoles").items()) == ("first", ["%SQL"])
    assert resources_of(boss, "two") == "%DB_USER:RW"


def test_a_role_s_resources_are_changed_as_objects(boss: Client) -> None:
    boss.ok(ROLES, "Create", "App", "", "%DB_USER:R", "")
    app = boss.open(ROLES, "app")
    held = app.child("Resources")
    assert held.invoke("Count") == 1
    first = held.member("GetAt", 1)
    assert (first.get("Name"), first.get("Permission")) == ("%DB_USER", 1)
    first.set("Permission", 3)
    added = Object(boss, boss.call("Security.Resource", "%New"))
    added.set("Name", "%Development")
    added.set("Permission", 4)
    assert held.invoke("Insert", added.reference) == 1
    app.save()
    assert resources_of(boss, "app") == "%DB_USER:RW,%Development:U"
    again = boss.open(ROLES, "app")
    assert again.child("Resources").invoke("RemoveAt", 1) == "%DB_USER"
    again.save()
    assert resources_of(boss, "app") == "%Development:U"
    bad = again.child("Resources").member("GetAt", 1)
    bad.set("Name", "Nope")
    assert again.save_error() == "ERROR #892: Resource Nope does not exist."
    assert resources_of(boss, "app") == "%Development:U"


def test_a_role_gives_its_privileges_at_the_next_login(boss: Client, instance: Instance) -> None:
    instance.user("ann", DB_USER="R", Native_ClassExecution="U")
    boss.ok(ROLES, "Create", "Sys", "", "%DB_IRISSYS:R,%Admin_Secure:U", "")
    before = instance.login("ann", "USER")
    boss.ok("Security.Users", "AddRoles", "ann", "Sys")
    assert before.thrown("%SYSTEM.Process", "SetNamespace", "%SYS") == "<PROTECT>"
    assert instance.login("ann", "%SYS").call("Security.Users", "Exists", "boss") == 1
    boss.ok(ROLES, "Delete", "Sys")
    with pytest.raises(LoginRefusedError, match="Cannot access %SYS"):
        instance.login("ann", "%SYS")


def test_resources_are_created_listed_changed_and_deleted(boss: Client, instance: Instance) -> None:
    boss.ok(RESOURCES, "Create", "Lab", "Laboratory", "RW")
    row = boss.rows("SELECT * FROM Security.Resources_List('lab')")[0]
    assert (row["publicpermission"], row["publicpermissionlong"], row["allowdelete"]) == (
        "RW",
        "READ,WRITE",
        "Yes",
    )
    lab = boss.open(RESOURCES, "lab")
    assert lab.get("PublicPermission") == 3
    lab.set("PublicPermission", 4)
    lab.set("Description", "Lab")
    lab.save()
    assert instance.world.resources.get("LAB").public is Permission.USE  # type: ignore[union-attr]
    boss.ok(ROLES, "Create", "App", "", "Lab:U,%DB_USER:R", "")
    boss.ok(RESOURCES, "Delete", "LAB")
    assert resources_of(boss, "app") == "%DB_USER:R"


@pytest.mark.parametrize(
    ("method", "args", "text"),
    [
        ("Create", ("%db_user", "", ""), "ERROR #891: Resource %db_user already exists."),
        ("Create", ("%X", "", ""), "ERROR #896: Invalid resource name %X."),
        ("Create", ("a:b", "", ""), "ERROR #896: Invalid resource name a:b."),
        ("Create", ("Lab", "", "Q"), "ERROR #897: Invalid permission Q for resource name Lab."),
        ("Delete", ("%DB_USER",), "ERROR #890: Cannot delete system resource %DB_USER."),
        ("Delete", ("Nope",), "ERROR #892: Resource Nope does not exist."),
    ],
)
def test_resources_refuse(boss: Client, method: str, args: tuple[str, ...], text: str) -> None:
    assert boss.error(RESOURCES, method, *args) == text


def test_a_system_resource_keeps_its_description(boss: Client) -> None:
    resource = boss.open(RESOURCES, "%development")
    resource.set("PublicPermission", 4)
    resource.save()
    resource.set("Description", "mine")
    assert resource.save_error() == "ERROR #893: Cannot modify system resource %Development."


def test_positional_create_wants_its_arguments(boss: Client) -> None:
    assert boss.thrown(ROLES, "Create", "App") == "<UNDEFINED> *Description"
    assert boss.thrown(RESOURCES, "Create", "Lab") == "<UNDEFINED> *Description"
