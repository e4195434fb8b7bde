"""`Security.Users` (facts: iris-security 2)."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import ByRef, LoginRefusedError, ThrownError
from irisops.simulator.classes.dates import horolog_day
from tests.simulator.classes.instance import START, Client, Instance, names

USERS = "Security.Users"


def roles_of(client: Client, name: str) -> str:
    return str(client.reference(USERS, "GetRoleSet", name))


def test_create_positional_makes_an_enabled_user_with_its_roles(boss: Client) -> None:
    boss.ok(USERS, "Create", "Ann", "%SQL,%Developer", "Secret-2", "Ann Lee", "USER")
    ann = boss.open(USERS, "ann")
    assert (ann.get("Name"), ann.get("Enabled"), ann.get("FullName")) == ("Ann", 1, "Ann Lee")
    assert roles_of(boss, "ANN") == "%SQL,%Developer"


def test_an_empty_enabled_argument_is_zero(boss: Client) -> None:
    """The trap of facts 2.4: "" coerces to 0, an omitted argument is the default."""
    boss.ok(USERS, "Create", "off", "", "Secret-2", "", "", "", "", 0, "")
    boss.ok(USERS, "Create", "on", "", "Secret-2", "", "", "", "", 0, 1)
    assert boss.open(USERS, "off").get("Enabled") == 0
    assert boss.open(USERS, "on").get("Enabled") == 1


@pytest.mark.parametrize(
    ("name", "password", "text"),
    [
        ("boss", "Secret-2", "ERROR #837: User boss already exists"),
        ("BOSS", "Secret-2", "ERROR #837: User BOSS already exists"),
        ("a*b", "Secret-2", "ERROR #842: Username a*b is invalid."),
        ("", "Secret-2", "ERROR #842: Username  is invalid."),
        ("x" * 161, "Secret-2", f"ERROR #842: Username {'x' * 161} is invalid."),
        ("a@b", "Secret-2", "ERROR #846: Username cannot contain domain specification"),
        ("%sql", "Secret-2", "ERROR #942: Username and Role cannot have the same name"),
        ("new", "ab", "ERROR #845: Password does not match length or pattern requirements"),
    ],
)
def test_create_refuses(boss: Client, instance: Instance, name: str, password: str, text: str) -> None:
    before = instance.world.users.names()
    assert boss.error(USERS, "Create", name, "", password) == text
    assert instance.world.users.names() == before


def test_create_refuses_a_bad_expiration_date(boss: Client) -> None:
    assert (
        boss.error(USERS, "Create", "ann", "", "Secret-2", "", "", "", "31.12.2026")
        == "ERROR #944: Invalid expirationdate"
    )
    boss.ok(USERS, "Create", "ann", "", "Secret-2", "", "", "", "2026-12-31")
    expires = boss.open(USERS, "ann").get("ExpirationDate")
    assert expires == horolog_day(START.replace(month=12, day=31).date())


def test_exists_gives_object_and_an_error_status_in_both_cases(boss: Client) -> None:
    user, outcome = ByRef(""), ByRef("")
    assert boss.call(USERS, "Exists", "BOSS", user, outcome) == 1
    assert boss.session.get_property(user.value.number, "Name") == "boss"  # type: ignore[union-attr]
    assert "#837" in boss.call("%SYSTEM.Status", "GetErrorText", outcome.value)
    assert boss.call(USERS, "Exists", "nobody", user, outcome) == 0
    assert user.value == ""
    assert (
        boss.call("%SYSTEM.Status", "GetErrorText", outcome.value) == "ERROR #838: User nobody does not exist"
    )


def test_add_roles_appends_and_remove_roles_removes(boss: Client, instance: Instance) -> None:
    instance.user("ann", "%SQL")
    boss.ok(USERS, "AddRoles", "ann", "%Developer,%sql")
    assert roles_of(boss, "ann") == "%SQL,%Developer"
    boss.ok(USERS, "RemoveRoles", "ann", "%SQL,%Operator")
    assert roles_of(boss, "ann") == "%Developer"
    assert boss.error(USERS, "AddRoles", "ann", "%SQL,Nope") == "ERROR #883: Role Nope does not exist."
    assert roles_of(boss, "ann") == "%Developer"
    assert boss.error(USERS, "AddRoles", "nobody", "%SQL") == "ERROR #838: User nobody does not exist"


def test_escalation_roles_are_kept_apart(boss: Client, instance: Instance) -> None:
    instance.user("ann", "%SQL")
    boss.ok(USERS, "AddEscalationRoles", "ann", "%Manager")
    assert boss.open(USERS, "ann").child("EscalationRoles").items() == ["%Manager"]
    assert roles_of(boss, "ann") == "%SQL"
    boss.ok(USERS, "RemoveEscalationRoles", "ann", "%Manager")
    assert boss.open(USERS, "ann").child("EscalationRoles").items() == []


def test_delete_refuses_default_users_and_the_last_superuser(boss: Client, instance: Instance) -> None:
    assert boss.error(USERS, "Delete", "UnknownUser") == "ERROR #841: Cannot delete default user UnknownUser."
    assert boss.error(USERS, "Delete", "nobody") == "ERROR #838: User nobody does not exist"
    for name in ("SuperUser", "_SYSTEM", "_Ensemble"):
        boss.ok(USERS, "RemoveRoles", name, "%All")
    assert boss.error(USERS, "Delete", "boss") == "ERROR #840: Cannot delete boss, only user with %All role."
    assert boss.error(USERS, "RemoveRoles", "boss", "%All") == "ERROR #881: Cannot remove role %All."
    instance.user("second", "%All")
    boss.ok(USERS, "RemoveRoles", "boss", "%All")


def test_the_last_superuser_cannot_be_disabled_or_stripped_by_its_object(boss: Client) -> None:
    for name in ("SuperUser", "_SYSTEM", "_Ensemble"):
        boss.ok(USERS, "RemoveRoles", name, "%All")
    user = boss.open(USERS, "boss")
    user.set("Enabled", 0)
    assert user.save_error().startswith("ERROR #840:")
    user = boss.open(USERS, "boss")
    user.child("Roles").invoke("Clear")
    assert user.save_error().startswith("ERROR #881:")
    assert roles_of(boss, "boss") == "%All"


def test_every_field_round_trips_through_the_object(boss: Client, instance: Instance) -> None:
    instance.user("ann")
    values: dict[str, str | int] = {
        "FullName": "Ann [red] Lee\n",
        "Comment": "c" * 2048,
        "Enabled": 0,
        "NameSpace": "USER",
        "Routine": "R",
        "ExpirationDate": 70000,
        "ChangePassword": 1,
        "PasswordNeverExpires": 1,
        "AccountNeverExpires": 1,
        "EmailAddress": "a@b.example",
        "PhoneNumber": "1",
        "PhoneProvider": "p",
        "AutheEnabled": 1048576,
    }
    ann = boss.open(USERS, "ann")
    for name, value in values.items():
        ann.set(name, value)
    ann.child("Roles").invoke("Insert", "%sql")
    ann.save()
    again = boss.open(USERS, "ann")
    assert {name: again.get(name) for name in values} == values
    assert again.child("Roles").items() == ["%SQL"]


def test_a_property_that_is_set_changes_nothing_before_save(boss: Client, instance: Instance) -> None:
    user = instance.user("ann")
    ann = boss.open(USERS, "ann")
    ann.set("FullName", "New")
    ann.child("Roles").invoke("Insert", "%SQL")
    assert (user.full_name, user.roles) == ("", [])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Enabled", "newpw", "Datatype value 'newpw' is not a valid boolean"),
        (
            "ChangePassword",
            "newpw",
            "ERROR #5001: Datatype value 'newpw' is not a valid boolean > Datatype validation",
        ),
        ("FullName", "x" * 2049, "ERROR #7201:"),
        ("ExpirationDate", "soon", "ERROR #944:"),
        ("Name", "ann2", "ERROR #920: Cannot modify field 'Name'"),
    ],
)
def test_save_refuses_what_is_not_legal_and_changes_nothing(
    boss: Client, instance: Instance, name: str, value: str, text: str
) -> None:
    user = instance.user("ann")
    ann = boss.open(USERS, "ann")
    ann.set("Comment", "changed")
    ann.set(name, value)
    assert text in ann.save_error()
    assert user.comment == ""


def test_a_role_that_does_not_exist_cannot_be_saved(boss: Client, instance: Instance) -> None:
    instance.user("ann")
    ann = boss.open(USERS, "ann")
    ann.child("Roles").invoke("Insert", "Nope")
    assert ann.save_error() == "ERROR #883: Role Nope does not exist."


def test_the_password_is_written_only(boss: Client, instance: Instance) -> None:
    instance.user("ann", DB_USER="R", Service_SQL="U")
    ann = boss.open(USERS, "ann")
    assert ann.get("PasswordExternal") == "\x00"
    ann.set("PasswordExternal", "ab")
    assert ann.save_error().startswith("ERROR #845:")
    ann.set("PasswordExternal", "Changed-9")
    ann.save()
    assert boss.open(USERS, "ann").get("PasswordExternal") == "\x00"
    instance.login("ann", "USER", password="Changed-9")
    with pytest.raises(LoginRefusedError):
        instance.login("ann", "USER")


def test_read_only_and_unknown_properties(boss: Client) -> None:
    user = boss.open(USERS, "boss")
    with pytest.raises(ThrownError, match="<CANNOT SET THIS PROPERTY>"):
        user.set("SuperUser", 0)
    with pytest.raises(ThrownError, match=r"<PROPERTY DOES NOT EXIST> \*AuthenEnabled,Security.Users"):
        user.get("AuthenEnabled")
    assert user.get("SuperUser") == 1


def test_open_wants_the_lower_case_name(boss: Client, instance: Instance) -> None:
    instance.user("Ann")
    assert boss.call(USERS, "%OpenId", "Ann") == ""
    assert boss.call(USERS, "%ExistsId", "ann") == 1
    outcome = ByRef("")
    assert boss.call(USERS, "%OpenId", "nobody", -1, outcome) == ""
    assert "#5809" in boss.call("%SYSTEM.Status", "GetErrorText", outcome.value)


def test_copy_takes_roles_and_the_new_password(boss: Client, instance: Instance) -> None:
    instance.user("ann", "%SQL", DB_USER="R", Service_SQL="U")
    boss.ok(USERS, "Copy", "ann", "eva", "Eva", 1, 1, "Eva-pass-1")
    assert roles_of(boss, "eva") == roles_of(boss, "ann")
    instance.login("eva", "USER", password="Eva-pass-1")
    assert boss.error(USERS, "Copy", "ann", "boss") == "ERROR #837: User boss already exists"


def test_expire_and_unexpire_passwords_count_their_users(boss: Client, instance: Instance) -> None:
    instance.user("ann", DB_USER="R", Service_SQL="U")
    assert boss.reference(USERS, "ExpireUserPasswords", "ann") == 1
    with pytest.raises(LoginRefusedError, match="Password change required"):
        instance.login("ann", "USER")
    assert boss.reference(USERS, "UnExpireUserPasswords", "*") == len(instance.world.users)
    instance.login("ann", "USER")


def test_list_shows_yes_and_no_and_matches_prefixes(boss: Client, instance: Instance) -> None:
    instance.user("adm1").enabled = False
    instance.user("adm2", "%SQL", "%Developer")
    rows = boss.rows("SELECT * FROM Security.Users_List('adm')")
    assert names(rows) == {"Admin", "adm1", "adm2"}
    by_name = {row["name"]: row for row in rows}
    assert (by_name["adm1"]["enabled"], by_name["adm2"]["enabled"]) == ("No", "Yes")
    assert by_name["adm2"]["roles"] == "%SQL,%Developer"
    assert set(rows[0]) == {"name", "enabled", "roles", "lastlogintime", "flags"}
    assert names(boss.rows("SELECT Name FROM Security.Users_List('m2', '*', 0, 1)")) == {"adm2"}
    assert "adm2" in names(boss.rows("SELECT Name FROM Security.Users_List('*', '%sql')"))


def test_list_by_days_since_the_last_login(boss: Client, instance: Instance) -> None:
    instance.user("fresh").last_login = START
    instance.user("never")
    dormant = names(boss.rows("SELECT Name FROM Security.Users_List('*', '*', 30)"))
    assert "never" in dormant
    assert "fresh" not in dormant


def test_detail_has_34_columns(boss: Client) -> None:
    rows = boss.rows("SELECT * FROM Security.Users_Detail('boss')")
    assert len(rows[0]) == 34
    assert rows[0]["type"] == "Password user"
    assert rows[0]["superuser"] == "Yes"


def test_the_same_list_through_a_result_set(boss: Client) -> None:
    by_object = boss.query("Security.Users:List", "*")
    by_sql = boss.rows("SELECT * FROM Security.Users_List('*')")
    assert [row["Name"] for row in by_object] == [row["name"] for row in by_sql]


def test_arrays_do_not_arrive_and_it_is_said(boss: Client, instance: Instance) -> None:
    user = instance.user("ann")
    boss.ok(USERS, "Modify", "ann", ByRef(""))
    boss.ok(USERS, "Get", "ann", ByRef(""))
    assert user.full_name == ""
    assert [text.split()[0] for text in instance.runtime.emulation.warnings] == [
        "Security.Users.Modify",
        "Security.Users.Get",
    ]
    assert boss.error(USERS, "Modify", "nobody", ByRef("")) == "ERROR #838: User nobody does not exist"


def test_methods_that_public_code_invents_do_not_exist(boss: Client) -> None:
    for method in ("ChangePassword", "SetPassword", "UnExpireUser"):
        assert boss.thrown(USERS, method, "boss", "x") == f"<METHOD DOES NOT EXIST> *{method},Security.Users"


def test_each_change_is_audited(boss: Client, instance: Instance) -> None:
    def events() -> list[str]:
        return [record.event for record in instance.world.audit_log.records if record.username == "boss"]

    boss.ok(USERS, "Create", "ann", "%SQL", "Secret-2")
    boss.ok(USERS, "AddRoles", "ann", "%Developer")
    boss.ok(USERS, "AddRoles", "ann", "%Developer")
    ann = boss.open(USERS, "ann")
    ann.set("Comment", "x")
    ann.save()
    ann.save()
    boss.ok(USERS, "Delete", "ann")
    assert events().count("UserChange") == 4


def test_resource_set_adds_up_the_roles(boss: Client, instance: Instance) -> None:
    instance.user("ann", "%DB_USER", Service_SQL="U")
    assert boss.reference(USERS, "GetResourceSet", "ann", "") == "%DB_USER:RW,%Service_SQL:U"
