"""Calls as code: literals that no name can end, passwords that are asked for, relationships in full."""

from __future__ import annotations

import pytest

from irisops.changes.rehearsal import rehearse
from irisops.engine.as_code import PASSWORD, code_of
from irisops.instance.calls import HELPER, Call, ClassMethod, Function, ObjectCall, ObjectStep, Update
from irisops.instance.security.object_state import ObjectChange, ObjectState
from irisops.instance.security.role_changes import role_steps
from irisops.instance.security.user_changes import literal, user_steps
from tests.instance.fake_instance import FakeInstance

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


async def code(change: ObjectChange, password: str = "") -> dict[str, list[str]]:
    steps = role_steps(change) if change.kind == "role" else user_steps(change, password)
    return code_of(await rehearse(FakeInstance({}), *(step.run for step in steps)))


async def test_a_new_role() -> None:
    assert (
        'set status = ##class(Security.Roles).Create("Clerk", "it\'s ""it""", "%DB_USER:RW,%Development:U", "%SQL")'
        in (await code(ObjectChange(None, ROLE)))["ObjectScript"]
    )


async def test_a_changed_role_is_opened_set_and_saved() -> None:
    after = ROLE.with_fields({"privileges": ("%DB_USER:R",), "granted_roles": ("%Operator",)})
    calls = await code(ObjectChange(ROLE, after))
    script = calls["ObjectScript"]
    assert script[1] == 'set role = ##class(Security.Roles).%OpenId("clerk")'
    assert 'set wanted("%db_user") = $listbuild("%DB_USER", 1)' in script
    assert 'do role.GrantedRoles.Insert("%Operator")' in script
    assert script[-2] == "set status = role.%Save()"
    assert "grantedroles.invoke(\"Insert\", '%Operator')" in calls["Python"]
    assert "Modify" not in str(calls)


async def test_a_new_user_is_given_its_flags_in_full_and_a_password_that_is_asked_for() -> None:
    calls = await code(ObjectChange(None, USER), PASSWORD)
    assert 'read "New password: ", password  // it is never written down here' in calls["ObjectScript"]
    assert (
        'set status = ##class(Security.Users).Create("bob", "%SQL", password, "", "", "", "", 0, 1, "", "1")'
        in calls["ObjectScript"]
    )


async def test_names_cannot_end_a_literal() -> None:
    calls = await code(ObjectChange(ObjectState("user", 'a"_b', USER.fields), None))
    assert 'set status = ##class(Security.Users).Delete("a""_b")' in calls["ObjectScript"]
    assert 'irispy.classMethodValue("Security.Users", "Delete", \'a"_b\')  # 1 is success' in calls["Python"]


def test_the_helper_and_sql() -> None:
    calls = code_of([ClassMethod(HELPER, "EndSession", ("Clerk", "")), Update('GRANT "A" TO "b"')])
    assert calls["ObjectScript"][1:] == [
        f'write ##class({HELPER}).EndSession("Clerk", ""),!  // nothing is success',
        '// in SQL: GRANT "A" TO "b"',
    ]
    assert calls["Python"][1:] == [
        f"print(irispy.classMethodString(\"{HELPER}\", \"EndSession\", 'Clerk', ''))  # nothing is success",
        'connection.cursor().execute(\'GRANT "A" TO "b"\')',
    ]


def test_a_password_in_sql_is_asked_for_and_quoted() -> None:
    calls = code_of([Update(f'ALTER USER "bob" PASSWORD {literal(PASSWORD)}')])
    assert calls["ObjectScript"][1:] == [
        'read "New password: ", password  // it is never written down here',
        """// in SQL: ALTER USER "bob" PASSWORD 'the new password'""",
    ]
    assert "getpass" in calls["Python"][1]
    ran: list[str] = []

    class Connection:
        def cursor(self) -> Connection:
            return self

        def execute(self, sql: str) -> None:
            ran.append(sql)

    exec(calls["Python"][2], {"connection": Connection(), "password": "it's"})  # noqa: S102 - code of ours
    assert ran == ["""ALTER USER "bob" PASSWORD 'it''s'"""]


@pytest.mark.parametrize(
    "call",
    [
        Function("DeleteSession", "%SYS.cspServer", ("x",)),
        ObjectCall("A.B", "%OpenId", ("x",), (ObjectStep("set", "C", (1.5,)),)),
    ],
)
def test_what_has_no_literal_is_not_shown_wrongly(call: Call) -> None:
    with pytest.raises(TypeError, match="not shown as code"):
        code_of([call])
