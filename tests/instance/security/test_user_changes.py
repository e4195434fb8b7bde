from __future__ import annotations

import pytest

from irisops.instance.calls import Answer, Call, ClassMethod, ClassQuery, ObjectCall, Query, Update, Value
from irisops.instance.errors import InstanceError, InstanceProblem, NoAnswer, NotAvailable, NotPermitted
from irisops.instance.security.object_state import FieldValue, ObjectChange, ObjectState
from irisops.instance.security.permissions import applicable
from irisops.instance.security.role_changes import role_steps
from irisops.instance.security.user_changes import (
    USER_FIELDS,
    check_new_password,
    read_user_state,
    read_user_states,
    unknown_namespaces,
    user_steps,
)
from tests.instance.fake_instance import FakeInstance, Scripted, everything, rows, value
from tests.instance.test_status import status

SECRET = "canary-Secret-7"
BOB: dict[str, FieldValue] = {
    "full_name": "Bob",
    "enabled": True,
    "roles": ("%SQL",),
    "escalation_roles": (),
    "namespace": "",
    "routine": "",
    "comment": "",
    "email": "",
    "expires": "",
    "must_change_password": False,
}


def bob(**changed: FieldValue) -> ObjectState:
    return ObjectState("user", "Bob", {**BOB, **changed})


async def done(change: ObjectChange, password: str = "") -> list[Call]:
    """The calls of a change on an instance on which they all succeed."""
    instance = FakeInstance(
        {"%OpenId": lambda call: Answer(values=(1,) * _steps(call)), "Security.": value(1)}
    )
    steps = user_steps(change, password) if change.kind == "user" else role_steps(change)
    for step in steps:
        assert SECRET not in step.label
        assert SECRET not in repr(step)
        await step.run(instance)
    return instance.calls


def _steps(call: Call) -> int:
    return len(call.steps) if isinstance(call, ObjectCall) else 0


async def test_a_creation_gives_every_argument_in_its_place_and_the_flags_in_full() -> None:
    state = bob(expires="2030-01-02", email="b@x.org", escalation_roles=("%Manager",))
    create, save, escalate = await done(ObjectChange(None, state), SECRET)
    assert isinstance(create, ClassMethod)
    assert create.args == ("Bob", "%SQL", SECRET, "Bob", "", "", "2030-01-02", 0, 1, "", "1")
    assert isinstance(save, ObjectCall)
    assert [(step.name, step.args) for step in save.steps] == [("EmailAddress", ("b@x.org",)), ("%Save", ())]
    assert isinstance(escalate, ClassMethod)
    assert (escalate.method, escalate.args) == ("AddEscalationRoles", ("Bob", "%Manager"))


async def test_properties_are_saved_at_once_and_new_roles_come_before_old_ones_go() -> None:
    after = bob(full_name="B", expires="2030-01-02", enabled=False, roles=("%Developer", "Clerk"))
    save, add, remove = await done(ObjectChange(bob(), after), SECRET)
    assert isinstance(save, ObjectCall)
    assert save.args == ("bob",)
    assert [(step.name, step.args) for step in save.steps] == [
        ("FullName", ("B",)),
        ("Enabled", (0,)),
        ("ExpirationDate", (69033,)),
        ("PasswordExternal", (SECRET,)),
        ("%Save", ()),
    ]
    assert isinstance(add, ClassMethod)
    assert (add.method, add.args) == ("AddRoles", ("Bob", "%Developer,Clerk"))
    assert isinstance(remove, ClassMethod)
    assert (remove.method, remove.args) == ("RemoveRoles", ("Bob", "%SQL"))


async def test_no_array_method_is_ever_called() -> None:
    changes = [
        ObjectChange(None, bob()),
        ObjectChange(bob(), bob(full_name="x", roles=())),
        ObjectChange(bob(), None),
    ]
    calls = [call for change in changes for call in await done(change, SECRET)]
    assert len(calls) == 4
    assert not any(isinstance(call, ClassMethod) and call.method in {"Get", "Modify"} for call in calls)


async def test_a_failing_status_and_a_missing_user_are_errors() -> None:
    (step,) = user_steps(ObjectChange(bob(), bob(full_name="x")))
    gone = FakeInstance({"%OpenId": Answer(found=False)})
    with pytest.raises(InstanceError) as missing:
        await step.run(gone)
    assert missing.value.code == 838
    refused = FakeInstance(
        {
            "%OpenId": Answer(values=(None, "0 x")),
            "GetErrorText": value("ERROR #845: Password does not match"),
        }
    )
    with pytest.raises(InstanceError, match="#845"):
        await step.run(refused)


async def test_without_the_detail_query_the_object_tells_and_a_missing_property_is_left_out() -> None:
    def opened(call: Call) -> Answer | Exception:
        assert isinstance(call, ObjectCall)
        if call.steps and call.steps[0].path == ("EscalationRoles",):
            return InstanceError("<PROPERTY DOES NOT EXIST>", detail="<PROPERTY DOES NOT EXIST>")
        if call.steps and call.steps[0].path == ("Roles",):
            return Answer(values=(2,) if call.steps[0].name == "Count" else ("%SQL", "Clerk"))
        known: dict[str, Value] = {"Name": "Bob", "FullName": "Robert", "Enabled": 1, "ExpirationDate": 69033}
        return Answer(values=tuple(known.get(step.name, "") for step in call.steps))

    instance = FakeInstance({"%OpenId": opened}, everything("Security.Users.Detail"))
    state = await read_user_state(instance, "bob")
    assert state is not None
    assert (state.name, state.text("full_name"), state.flag("enabled")) == ("Bob", "Robert", True)
    assert (state.names("roles"), state.text("expires")) == (("%SQL", "Clerk"), "2030-01-02")
    assert "escalation_roles" not in state.fields
    assert "comment" in state.fields


async def test_what_is_missing_is_named_when_neither_way_is_permitted() -> None:
    refused = NotPermitted("<PROTECT>", detail="<PROTECT>")
    instance = FakeInstance(
        {"Users_Detail": refused, "Users:Detail": refused, "%OpenId": refused, "Security.Check": value(0)}
    )
    with pytest.raises(NotPermitted) as problem:
        await read_user_state(instance, "bob")
    assert problem.value.privilege == "%Admin_Secure:U"
    instance.script["Security.Check"] = value(1)
    with pytest.raises(NotPermitted) as problem:
        await read_user_state(instance, "bob")
    assert problem.value.privilege == "%All"


async def test_an_object_that_may_not_be_opened_leaves_what_the_list_tells() -> None:
    refused = NotPermitted("<PROTECT>", detail="<PROTECT>")
    listed = rows("Name Enabled Roles", ("Bob", 1, "%SQL"))
    state = await read_user_state(FakeInstance({"Users_Detail": listed, "%OpenId": refused}), "bob")
    assert state is not None
    assert (state.name, state.names("roles"), "full_name" in state.fields) == ("Bob", ("%SQL",), False)
    assert {"full_name", "comment", "email"} <= set(state.unread)
    assert "roles" not in state.unread
    # Nobody of that name: the list tells so, and the refused object is no reason to fail.
    assert await read_user_state(FakeInstance({"Users_Detail": listed, "%OpenId": refused}), "bo") is None


async def test_cells_are_read_only_where_neither_sql_nor_the_object_is_permitted() -> None:
    refused = NotPermitted("<PROTECT>", detail="<PROTECT>")
    listed = rows("Name Enabled Roles", ("Bob", 1, "%SQL"))
    script: dict[str, Scripted] = {"Users_Detail": refused, "%OpenId": refused, "Users:Detail": listed}
    instance = FakeInstance(script)
    state = await read_user_state(instance, "bob")
    assert state is not None
    assert state.names("roles") == ("%SQL",)
    (by_cells,) = [call for call in instance.calls if isinstance(call, ClassQuery)]
    assert "FullName" in by_cells.wanted


async def test_many_users_cost_one_list() -> None:
    columns = " ".join(["Name", *(spec.property for spec in USER_FIELDS.values())])
    cells = [(name, *("" for _ in USER_FIELDS)) for name in ("Ann", "Bob", "Eve")]
    instance = FakeInstance({"Users_Detail": rows(columns, *cells)})
    states = await read_user_states(instance, ["bob", "EVE", "nobody"])
    assert set(states) == {"bob", "eve"}
    assert len(instance.calls) == 1


async def test_what_cannot_be_checked_is_not_refused() -> None:
    instance = FakeInstance({})
    assert await check_new_password(instance, "bob", SECRET) == ""
    assert await unknown_namespaces(instance, ["USER"]) == []
    telling = FakeInstance({"Namespace.Exists": value(0)})
    assert await unknown_namespaces(telling, ["NOSUCH"]) == ["NOSUCH"]


async def test_a_role_whose_privileges_cannot_be_set_from_outside_gets_another_way() -> None:
    before = ObjectState("role", "Clerk", {"privileges": (), "description": ""})
    (step,) = role_steps(ObjectChange(before, before.with_fields({"privileges": ("%DB_USER:R",)})))
    instance = FakeInstance({"%OpenId": InstanceError("the property Resources is not an object")})
    with pytest.raises(NotAvailable, match="from outside") as problem:
        await step.run(instance)
    assert "Security.Roles.Modify in a terminal" in problem.value.cure
    assert "/helper install" in problem.value.cure


async def test_a_new_role_leaves_out_what_older_versions_do_not_take() -> None:
    fields: dict[str, FieldValue] = {
        "description": "d",
        "privileges": ("B:RW", "A:U"),
        "granted_roles": ("%SQL",),
        "escalation_only": False,
    }
    (create,) = await done(ObjectChange(None, ObjectState("role", "Clerk", fields)))
    assert isinstance(create, ClassMethod)
    assert create.args == ("Clerk", "d", "A:U,B:RW", "%SQL")
    (create,) = await done(
        ObjectChange(None, ObjectState("role", "Clerk", fields | {"escalation_only": True}))
    )
    assert isinstance(create, ClassMethod)
    assert create.args == ("Clerk", "d", "A:U,B:RW", "%SQL", 1)


@pytest.mark.parametrize(
    ("resource", "letters"),
    [("%DB_USER", "RW"), ("%Service_SQL", "U"), ("%Admin_Secure", "U"), ("Payroll", "RWU")],
)
def test_permissions_that_make_sense(resource: str, letters: str) -> None:
    assert applicable(resource).letters == letters


async def adding(role: str, *without: str, **script: Answer | Exception) -> FakeInstance:
    """An instance after adding a role to Bob; passes on any error."""
    instance = FakeInstance(dict(script), everything(*without))
    (step,) = user_steps(ObjectChange(bob(), bob(roles=("%SQL", role))))
    try:
        await step.run(instance)
    except InstanceProblem as problem:
        problem.add_note(repr([type(call).__name__ for call in instance.calls]))
        raise
    return instance


async def test_sql_takes_over_where_the_method_is_missing_with_names_quoted() -> None:
    instance = await adding('x"y', "Security.Users.AddRoles", GRANT=Answer())
    assert [call.sql for call in instance.calls if isinstance(call, Update)] == ['GRANT "x""y" TO "Bob"']


async def test_a_refused_change_is_not_tried_by_sql() -> None:
    with pytest.raises(NotPermitted) as refused:
        await adding("R", AddRoles=value(status(921, "%Admin_Secure:U")))
    assert refused.value.privilege == "%Admin_Secure:U"
    assert "Update" not in refused.value.__notes__[0]


async def test_a_change_without_an_answer_is_made_once_and_its_outcome_called_unknown() -> None:
    with pytest.raises(NoAnswer) as raised:
        await adding("R", AddRoles=NoAnswer("silence"))
    assert "not known" in raised.value.cure


@pytest.mark.parametrize("name", ["a,b", "x*"])
async def test_names_that_mean_more_in_a_mask_are_found_exactly(name: str) -> None:
    columns = " ".join(["Name", *(spec.property for spec in USER_FIELDS.values())])
    cells = [(each, *("" for _ in USER_FIELDS)) for each in (name, "other")]
    instance = FakeInstance({"Users_Detail": rows(columns, *cells)})
    state = await read_user_state(instance, name)
    assert state is not None
    assert state.name == name
    (query,) = [call for call in instance.calls if isinstance(call, Query)]
    assert query.sql == "SELECT * FROM Security.Users_Detail('*')"
