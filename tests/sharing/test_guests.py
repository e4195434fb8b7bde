"""Ending the processes of a pass: only those, never ours, and within a time limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.instance.calls import Answer, Call, ClassQuery, Function, Query, Rows
from irisops.instance.connection import Target
from irisops.instance.errors import InstanceError, NotPermitted
from irisops.sharing import guests
from irisops.sharing.errors import SharingProblem
from irisops.sharing.passes import TEMPLATES
from tests.sharing.fake_instance import OWN_PID, PASSWORD, FakeConnector, FakeInstance


async def login(instance: FakeConnector, namespace: str = "%SYS") -> FakeInstance:
    made = instance(Target("127.0.0.1", 1972, namespace, "_SYSTEM"))
    await made.connect(PASSWORD)
    return made


async def no_sleep(_seconds: float) -> None:
    return None


async def test_our_own_process_is_never_ended(instance: FakeConnector) -> None:
    """Not even if it runs under the name of a pass."""
    instance.edit(processes=[{"pid": OWN_PID, "user": "guest-fox-1"}, {"pid": 7, "user": "Guest-Fox-1"}])
    admin = await login(instance)
    left = await guests.end_activity(admin, ["guest-fox-1"], own_pid=OWN_PID, sleep=no_sleep)
    assert left.processes == ()
    assert instance.state()["processes"] == [{"pid": OWN_PID, "user": "guest-fox-1"}]


class Stubborn(FakeInstance):
    """Terminate says that it worked, and nothing ends."""

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        if getattr(call, "method", "") == "Terminate":
            return Answer(value=1)
        return await super().call(call)


async def test_what_does_not_end_is_told_after_a_while(instance: FakeConnector) -> None:
    instance.edit(processes=[{"pid": 7, "user": "guest-fox-1"}])
    admin = Stubborn(instance.path, Target("127.0.0.1", 1972, "%SYS", "_SYSTEM"))
    await admin.connect(PASSWORD)
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    left = await guests.end_activity(admin, ["guest-fox-1"], own_pid=None, sleep=sleep)
    assert [process.pid for process in left.processes] == [7]
    assert sum(pauses) == guests.ENDING_SECONDS


class NoFunctions(FakeInstance):
    """Lets a client call no function of a routine; `asked` counts how often it was tried."""

    asked = 0

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        if isinstance(call, Function):
            self.asked += 1
            raise InstanceError("<NOROUTINE> *%SYS.cspServer", detail="<NOROUTINE> *%SYS.cspServer")
        return await super().call(call)


async def test_a_session_that_is_refused_is_asked_for_once_and_not_waited_for(
    instance: FakeConnector,
) -> None:
    instance.edit(sessions=[{"id": "aB", "user": "Guest-Fox-1"}, {"id": "cD", "user": "appuser"}])
    admin = NoFunctions(instance.path, Target("127.0.0.1", 1972, "%SYS", "_SYSTEM"))
    await admin.connect(PASSWORD)
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    left = await guests.end_activity(admin, ["guest-fox-1"], own_pid=None, sleep=sleep)
    assert (admin.asked, pauses) == (1, [])
    (told,) = guests.left_behind(left)
    assert told.startswith("1 web session of Guest-Fox-1 in /csp/user/ does not end; see /sessions: ")
    assert "Web sessions cannot be ended over this connection" in told
    assert "aB" not in told


class Blind(FakeInstance):
    """May not read processes, or has no SQL procedures."""

    denied = ""
    no_procedures = False

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        if self.denied and self.denied in str(call):
            raise NotPermitted("This account lacks %Admin_Manage:U.", privilege="%Admin_Manage:U")
        if self.no_procedures and isinstance(call, Query) and "_List(" in call.sql:
            raise InstanceError("gone", code=-428, detail="SQLCODE: <-428>:<no such procedure>")
        if isinstance(call, ClassQuery) and call.query == "Security.Users:List":
            return Answer(rows=Rows(("Name", "Roles"), [("ann", "%SQL, %Developer")]))
        return await super().call(call)


async def test_what_cannot_be_read_is_a_note(tmp_path: Path, instance: FakeConnector) -> None:
    admin = Blind(instance.path, Target("127.0.0.1", 1972, "%SYS", "_SYSTEM"))
    await admin.connect(PASSWORD)
    admin.denied = "ProcessQuery"
    seen = await guests.activity(admin, ["guest-fox-1"])
    assert "%Admin_Manage:U" in seen.notes[0]
    assert len(seen.notes) == 1


async def test_object_calls_stand_in_for_missing_procedures(instance: FakeConnector) -> None:
    admin = Blind(instance.path, Target("127.0.0.1", 1972, "%SYS", "_SYSTEM"))
    await admin.connect(PASSWORD)
    admin.no_procedures = True
    assert await guests.accounts(admin) == [guests.Account("ann", ("%SQL", "%Developer"))]


async def test_resources_of_a_namespace(instance: FakeConnector) -> None:
    admin = await login(instance)
    assert await guests.database_resources(admin, "user") == ["%DB_USER"]
    with pytest.raises(SharingProblem, match="NOWHERE"):
        await guests.database_resources(admin, "NOWHERE")


class Namespaces(FakeInstance):
    """Lists namespaces with the columns that the test says."""

    namespaces = Rows((), [])

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        if isinstance(call, Query) and "Config.Namespaces_List" in call.sql:
            return Answer(rows=self.namespaces)
        return await super().call(call, deadline=deadline)


@pytest.mark.parametrize(
    ("columns", "row"), [(("Namespace",), ("USER",)), (("Nsp", "Globals", "Routines"), ("USER", "", None))]
)
async def test_a_list_that_names_no_database_leaves_the_usual_name(
    instance: FakeConnector, columns: tuple[str, ...], row: tuple[str | None, ...]
) -> None:
    admin = Namespaces(instance.path, Target("127.0.0.1", 1972, "%SYS", "_SYSTEM"))
    await admin.connect(PASSWORD)
    admin.namespaces = Rows(columns, [row])
    assert await guests.database_resources(admin, "USER") == ["%DB_USER"]


async def test_schemas_of_a_persons_own(instance: FakeConnector) -> None:
    assert await guests.own_schemas(await login(instance, "USER")) == ["SQLUser"]


def test_names_in_sql_are_quoted() -> None:
    (grant,) = guests.grant_sql(TEMPLATES["sql"], ['a"b'], "r")
    assert grant.sql == 'GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA "a""b" TO "r"'
    (revoke,) = guests.revoke_sql(("SELECT",), ["s"], "r")
    assert revoke.sql == 'REVOKE SELECT ON SCHEMA "s" FROM "r"'
    assert guests.grant_sql(TEMPLATES["rest"], ["s"], "r") == []
