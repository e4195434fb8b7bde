from __future__ import annotations

from irisops.commands.accounts.as_code import calls_of
from irisops.instance.security.object_state import ObjectChange, ObjectState

ROLE = ObjectState(
    "role",
    "Clerk",
    {
        "description": 'it\'s "it"',
        "privileges": ("%DB_USER:RW", "%Development:U"),
        "granted_roles": ("%SQL",),
        "escalation_only": False,
    },
)
USER = ObjectState(
    "user",
    "bob",
    {"full_name": "", "enabled": True, "roles": ("%SQL",), "expires": "", "must_change_password": False},
)


def test_a_new_role() -> None:
    calls = calls_of([ObjectChange(None, ROLE)], [])
    assert (
        'set status = ##class(Security.Roles).Create("Clerk", "it\'s ""it""", "%DB_USER:RW,%Development:U", "%SQL")'
        in calls["ObjectScript"]
    )
    assert calls["SQL"] == [
        'CREATE ROLE "Clerk"',
        'GRANT "%SQL" TO "Clerk"',
        "-- SQL cannot give a role privileges on resources",
    ]


def test_a_changed_role_uses_the_array_form_where_arrays_can_be_written() -> None:
    after = ROLE.with_fields({"privileges": ("%DB_USER:R",), "granted_roles": ("%Operator",)})
    calls = calls_of([ObjectChange(ROLE, after)], [])
    assert 'set properties("Resources") = "%DB_USER:R"' in calls["ObjectScript"]
    assert 'set status = ##class(Security.Roles).Modify("Clerk", .properties)' in calls["ObjectScript"]
    assert "granted.invoke(\"Insert\", '%Operator')" in calls["Python"]
    assert 'GRANT "%Operator" TO "Clerk"' in calls["SQL"]
    assert 'REVOKE "%SQL" FROM "Clerk"' in calls["SQL"]


def test_a_new_user_is_given_its_flags_in_full_and_a_password_that_is_asked_for() -> None:
    calls = calls_of([ObjectChange(None, USER)], ["bob"])
    assert 'read "New password: ", password  // it is never written down here' in calls["ObjectScript"]
    assert (
        'set status = ##class(Security.Users).Create("bob", "%SQL", password, "", "", "", "", 0, 1, "")'
        in calls["ObjectScript"]
    )


def test_deleting_and_what_follows_by_itself() -> None:
    follows = ObjectChange(USER, USER.with_fields({"roles": ()}), follows=True)
    calls = calls_of([follows, ObjectChange(ROLE, None)], [])
    assert calls["SQL"] == ['DROP ROLE "Clerk"']
    assert not any("bob" in line for line in calls["ObjectScript"])
    assert calls_of([ObjectChange(USER, None)], [])["SQL"] == ['DROP USER "bob"']


def test_names_cannot_end_a_literal() -> None:
    evil = ObjectState("user", 'a"_b', USER.fields)
    calls = calls_of([ObjectChange(evil, None)], [])
    assert 'set status = ##class(Security.Users).Delete("a""_b")' in calls["ObjectScript"]
    assert calls["SQL"] == ['DROP USER "a""_b"']
