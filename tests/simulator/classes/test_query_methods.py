"""The class methods behind class queries: Execute, Fetch, FetchRows, Close."""

from __future__ import annotations

from irisops.simulator.backend import ByRef
from irisops.simulator.classes import status
from irisops.simulator.classes.query_methods import MOST_OPEN, PAGE_BYTES
from irisops.simulator.world.sessions import Visitor
from tests.simulator.classes.instance import Client, Instance


def opened(client: Client, class_name: str = "%CSP.Session", query: str = "SessionInfo") -> ByRef:
    handle = ByRef("")
    client.ok(class_name, f"{query}Execute", handle)
    return handle


def row_of(client: Client, handle: ByRef) -> list[bytes | str | int | None]:
    row, at_end = ByRef(""), ByRef(0)
    client.ok("%CSP.Session", "SessionInfoFetch", handle, row, at_end)
    assert at_end.value == int(row.value == "")
    return status.list_elements(str(row.value).encode("latin-1"))


def test_rows_one_by_one(instance: Instance, boss: Client) -> None:
    session = instance.world.open_session("/csp/user", Visitor("10.0.0.5", "boss"), pages=2)
    handle = opened(boss)
    assert row_of(boss, handle)[:4] == [session.id.encode(), b"boss", 0, b"/csp/user/"]
    assert row_of(boss, handle) == []
    boss.ok("%CSP.Session", "SessionInfoClose", handle)
    assert row_of(boss, handle) == []


def test_many_rows_at_once_up_to_24k(instance: Instance, boss: Client) -> None:
    instance.world.license.limit = 2000
    for number in range(700):
        instance.world.open_session("/csp/user", Visitor(f"10.0.{number // 250}.{number % 250}", "boss"))
    handle, total, pages = opened(boss), 0, 0
    at_end = ByRef(0)
    while not at_end.value:
        row_set, number_of_rows = ByRef(""), ByRef(0)
        boss.ok("%CSP.Session", "SessionInfoFetchRows", handle, 0, row_set, number_of_rows, at_end)
        assert isinstance(row_set.value, str)
        assert isinstance(number_of_rows.value, int)
        assert len(row_set.value) < PAGE_BYTES * 1.1
        assert len(status.list_elements(row_set.value.encode("latin-1"))) == number_of_rows.value
        total += number_of_rows.value
        pages += 1
    assert (total, pages) == (700, 3)


def test_as_many_rows_as_asked_for(instance: Instance, boss: Client) -> None:
    for number in range(5):
        instance.world.open_session("/csp/user", Visitor(f"10.0.0.{number}", "boss"))
    handle, returned = opened(boss), ByRef(0)
    boss.ok("%CSP.Session", "SessionInfoFetchRows", handle, 2, ByRef(""), returned, ByRef(0))
    assert returned.value == 2


def test_arguments_and_privileges_are_those_of_the_query(instance: Instance, boss: Client) -> None:
    boss.ok("Security.Users", "ListExecute", ByRef(""), "boss")
    instance.user("ann", DB_IRISSYS="R", Native_ClassExecution="U")
    ann = instance.login("ann")
    assert "#921" in ann.error("%CSP.Session", "SessionInfoExecute", ByRef(""))
    assert ann.thrown("%CSP.Session", "NothingExecute") == (
        "<METHOD DOES NOT EXIST> *NothingExecute,%CSP.Session"
    )


def test_queries_that_are_never_closed_are_bounded(boss: Client) -> None:
    handles = [opened(boss).value for _ in range(MOST_OPEN + 5)]
    assert len(set(handles)) == MOST_OPEN + 5
    assert row_of(boss, ByRef(handles[0])) == []


def test_the_dictionary_lists_what_the_source_declares(boss: Client) -> None:
    found = boss.rows("SELECT Name FROM %Dictionary.CompiledMethod WHERE parent = ?", "%CSP.Session")
    names = {str(row["name"]) for row in found if str(row["name"]).startswith("SessionInfo")}
    assert names == {"SessionInfoClose", "SessionInfoExecute", "SessionInfoFetch"}
