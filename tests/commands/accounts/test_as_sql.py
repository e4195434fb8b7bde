from __future__ import annotations

from irisops.commands.accounts.as_sql import sql_of
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
    assert sql_of([ObjectChange(None, ROLE)], []) == [
        'CREATE ROLE "Clerk"',
        'GRANT "%SQL" TO "Clerk"',
        "-- SQL cannot give a role privileges on resources",
    ]


def test_a_changed_role() -> None:
    after = ROLE.with_fields(
        {"privileges": ("%DB_USER:R",), "granted_roles": ("%Operator",), "description": ""}
    )
    assert sql_of([ObjectChange(ROLE, after)], []) == [
        "-- SQL cannot set: description",
        "-- SQL cannot give a role privileges on resources",
        'GRANT "%Operator" TO "Clerk"',
        'REVOKE "%SQL" FROM "Clerk"',
    ]


def test_a_new_user_and_its_password() -> None:
    escalating = USER.with_fields({"escalation_roles": ("%All",), "email": "b@example.org"})
    assert sql_of([ObjectChange(None, escalating)], ["bob"]) == [
        "CREATE USER \"bob\" IDENTIFY BY '…'",
        'GRANT "%SQL" TO "bob"',
        "-- SQL cannot set: e-mail",
        "-- SQL cannot set escalation roles",
    ]
    assert sql_of([ObjectChange(USER, USER)], ["bob"]) == ["ALTER USER \"bob\" IDENTIFY BY '…'"]
    assert sql_of([ObjectChange(None, USER, origin="ann")], ["bob"]) == ["-- SQL cannot copy a user"]


def test_deleting_and_what_follows_by_itself() -> None:
    follows = ObjectChange(USER, USER.with_fields({"roles": ()}), follows=True)
    assert sql_of([follows, ObjectChange(ROLE, None)], []) == ['DROP ROLE "Clerk"']
    assert sql_of([ObjectChange(USER, None)], []) == ['DROP USER "bob"']


def test_names_cannot_end_a_literal() -> None:
    evil = ObjectState("user", 'a"_b', USER.fields)
    assert sql_of([ObjectChange(evil, None)], []) == ['DROP USER "a""_b"']
