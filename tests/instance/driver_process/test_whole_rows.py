# ruff: noqa: N802 - the fakes have the names of the driver's methods
"""Class queries by their class methods: which answers are accepted, and which fall back to the result set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.calls import CELLS_TOO_SLOW, Answer, Call, ClassQuery
from irisops.instance.connection import Connection
from irisops.instance.driver_process.driver_calls import CallError, Calls
from irisops.instance.driver_process.whole_rows import WholeRows, WholeRowsError
from irisops.instance.errors import DriverCrashed, InstanceError, InstanceProblem, NotPermitted
from irisops.instance.features import FEATURES
from irisops.instance.status import whole_list
from irisops.instance.usage.license import read_board
from irisops.instance.usage.sessions import list_sessions
from irisops.simulator.classes import status as simulated
from irisops.simulator.wire.faults import Delay
from irisops.simulator.world.sessions import Visitor
from tests.instance.fake_instance import FakeInstance, everything, rows
from tests.instance.served import PASSWORD, Served, serve

COLUMNS = ("ID", "Name", "Units")
ROWS: list[tuple[str | int, ...]] = [("a", "Ana", 1), ("b", "日本", 22), ("c", "", 0)]
QUERY = ClassQuery("My.Class:List", ("*",), COLUMNS)
BY_ROWS = FEATURES["sessions.list"].routes[1]

packed = simulated.list_build


class Reference:
    """An argument by reference."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def getValue(self) -> Any:
        return self.value


class Result:
    """The result set."""

    def __init__(self, native: Native) -> None:
        self.native = native
        self.at = 0

    def invoke(self, name: str, *args: Any) -> Any:
        if name == "Get":
            return self.native.rows[self.at - 1][COLUMNS.index(args[0])]
        return 1

    def invokeInteger(self, name: str) -> int:
        if name == "GetColumnCount":
            return self.native.width
        self.at += 1
        return int(self.at <= len(self.native.rows))

    def invokeString(self, _name: str, number: int) -> str:
        return COLUMNS[number - 1]

    def close(self) -> None:
        pass


class Native:
    """The methods behind `My.Class:List`, in one of the ways in which a real instance may have them."""

    def __init__(self, *, page: Callable[[Sequence[Any]], str] | None = None, lost: bool = False) -> None:
        self.rows = ROWS
        self.width = len(COLUMNS)
        self.page = page
        self.lost = lost
        self.per_page = 2
        self.again = False
        self.ends = True
        self.close_fails = ""
        self.calls: list[str] = []

    def classMethodObject(self, class_name: str, method: str, query: str) -> Result:
        self.calls.append(f"{class_name}.{method}")
        return Result(self)

    def classMethodValue(self, class_name: str, method: str, handle: Reference, *args: Any) -> Any:
        self.calls.append(method)
        if method == "ListExecute":
            assert args == ("*",)
            handle.value = "" if self.lost else "0"
        elif method == "ListFetchRows":
            if self.page is None:
                raise RuntimeError("<METHOD DOES NOT EXIST> *ListFetchRows,My.Class")
            _most, row_set, number, at_end = args
            found = self._next(handle, self.per_page)
            row_set.value, number.value = self.page(found), len(found)
            at_end.value = int(self.ends and self._at(handle) >= len(self.rows))
        elif method == "ListClose" and self.close_fails:
            raise RuntimeError(self.close_fails)
        elif method == "ListFetch":
            row, at_end = args
            found = self._next(handle, 1)
            row.value, at_end.value = (packed(found[0]) if found else ""), int(not found)
        return 1

    def _at(self, handle: Reference) -> int:
        return int(handle.value or len(self.rows))

    def _next(self, handle: Reference, number: int) -> Sequence[Any]:
        start = self._at(handle)
        if not self.again:
            handle.value = str(start + number)
        return self.rows[start : start + number]


class Driver:
    """As much of the module `iris` as is needed."""

    IRISReference = Reference
    IRISObject = Result

    def __init__(self, native: Native) -> None:
        self.native = native

    def createIRIS(self, _connection: object) -> Native:
        return self.native


def nested(found: Sequence[Any]) -> str:
    return packed([packed(row) for row in found])


def flat(found: Sequence[Any]) -> str:
    return packed([cell for row in found for cell in row])


def fetch(native: Native, call: ClassQuery = QUERY) -> list[Any]:
    return WholeRows(Driver(native), native).fetch(call)[1]


@pytest.mark.parametrize("page", [nested, flat, None])
def test_rows_come_in_either_layout_or_one_by_one(page: Callable[[Sequence[Any]], str] | None) -> None:
    native = Native(page=page)
    assert fetch(native) == ROWS
    assert native.calls[-1] == "ListClose"


def test_a_last_page_without_its_mark_is_followed_by_an_empty_one() -> None:
    native = Native(page=nested)
    native.ends = False
    assert fetch(native) == ROWS
    assert native.calls.count("ListFetchRows") == 3


def test_rows_do_not_depend_on_the_close() -> None:
    native = Native(page=nested)
    native.close_fails = "<UNDEFINED>zListClose+1^My.Class.1 *qHandle"
    assert fetch(native) == ROWS
    native.close_fails = "<COMMUNICATION LINK ERROR> Failed to receive message"
    with pytest.raises(RuntimeError):
        fetch(native)


def test_cells_end_when_their_time_is_up() -> None:
    now = iter(range(100))
    calls = Calls(Driver(Native()), None, monotonic=lambda: float(next(now)))
    sent: list[Any] = []
    with pytest.raises(CallError, match="only 2 rows came within 2 seconds"):
        calls.run(ClassQuery(QUERY.query, ("*",), COLUMNS, within=2.0), sent.extend)
    assert sent == []


def test_columns_are_taken_by_name() -> None:
    call = ClassQuery(QUERY.query, ("*",), ("units", "id", "nonsense"))
    assert fetch(Native(page=nested), call) == [(1, "a", None), (22, "b", None), (0, "c", None)]
    assert fetch(Native(page=nested), ClassQuery(QUERY.query, ("*",))) == ROWS


def test_the_columns_are_asked_for_once() -> None:
    native = Native(page=nested)
    whole = WholeRows(Driver(native), native)
    whole.fetch(QUERY)
    first = whole.trips
    whole.fetch(QUERY)
    assert first - whole.trips == 2 + len(COLUMNS)
    assert whole.trips == 4, "Execute, two pages, Close"


def test_what_cannot_be_believed_is_not() -> None:
    def refused(**options: Any) -> str:
        native = Native(page=options.pop("page", nested))
        for name, value in options.items():
            setattr(native, name, value)
        with pytest.raises(WholeRowsError) as told:
            fetch(native)
        return str(told.value)

    assert "the same rows again" in refused(again=True)
    assert "without ID" in refused(rows=[("", "x", 1)])
    assert "items" in refused(page=lambda found: packed([packed(row[:2]) for row in found]))
    assert "items" in refused(page=lambda found: packed([1, 2]), rows=ROWS[:1])
    assert "not a list" in refused(page=lambda found: "plain text")
    assert "not a list" in refused(page=lambda found: 7)
    assert "cannot be counted" not in refused(again=True)
    assert "no columns" in refused(width=1)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=40), st.integers(-1, 5))
def test_any_row_set_is_rows_or_an_error(text: str, number: int) -> None:
    native = Native(page=lambda _found: text)
    native.per_page = max(number, 1)
    try:
        found = fetch(native)
    except WholeRowsError:
        return
    assert all(len(row) == len(COLUMNS) for row in found)


@given(st.lists(st.integers() | st.text(max_size=20), max_size=8))
def test_a_whole_list_is_read_back(items: list[int | str]) -> None:
    small = [item for item in items if isinstance(item, str) or -(1 << 62) < item < 1 << 62]
    text = packed(small)
    assert whole_list(text) == small
    assert whole_list(text + "\x09\x01ab") is None


@pytest.mark.parametrize("there", [ROWS, []])
def test_no_rows_are_looked_for_in_the_result_set(there: list[tuple[str | int, ...]]) -> None:
    """A handle that is lost on the way looks like an empty list; a wrong empty list of sessions must not be shown."""
    native = Native(page=nested, lost=True)
    native.rows = there
    sent: list[Any] = []
    call = ClassQuery(QUERY.query, ("*",), COLUMNS, whole_rows=True)
    if there:
        with pytest.raises(CallError, match="but has some"):
            Calls(Driver(native), None).run(call, sent.extend)
    else:
        answer = Calls(Driver(native), None).run(call, sent.extend)
        assert answer.rows is not None
        assert answer.rows.columns == COLUMNS
    assert sent == []


# --- the routes ------------------------------------------------------------------------------------------------------


async def test_a_route_that_gives_nonsense_is_left_alone_afterwards() -> None:
    def answer(call: Call) -> Answer | Exception:
        assert isinstance(call, ClassQuery)
        if call.whole_rows:
            return InstanceError("a row set is not a list")
        return rows("ID Username", ("abc", "ana"))

    instance = FakeInstance({"SELECT": InstanceError("SQLCODE: <-359>"), "SessionInfo": answer})
    for _ in range(2):
        (session,) = await list_sessions(instance)
        assert session.id == "abc"
    assert sum(isinstance(call, ClassQuery) and call.whole_rows for call in instance.calls) == 1
    (row,) = [row for row in instance.capabilities.doctor() if row.what == "sessions.list"]
    assert (BY_ROWS.label, "a row set is not a list") in row.rejected


async def test_a_list_that_is_too_slow_is_told_and_not_begun_again() -> None:
    async def refused(instance: FakeInstance) -> str:
        with pytest.raises(InstanceProblem) as told:
            await list_sessions(instance)
        return told.value.message

    slow = InstanceError(f"only 7 rows came within 24 seconds: {CELLS_TOO_SLOW}")
    capabilities = everything("%CSP.Session.SessionInfoFetch", projected=False)
    instance = FakeInstance({"SessionInfo": slow}, capabilities)
    assert await refused(instance) == slow.message
    assert "too slow on this connection: only 7 rows" in await refused(instance)
    (call,) = instance.calls
    assert isinstance(call, ClassQuery)
    assert call.within == 24.0


async def test_a_missing_privilege_says_nothing_of_the_route() -> None:
    def answer(call: Call) -> Answer | Exception:
        return NotPermitted("no")

    instance = FakeInstance({"SELECT": NotPermitted("no"), "SessionInfo": answer})
    with pytest.raises(NotPermitted):
        await list_sessions(instance)
    assert BY_ROWS in instance.capabilities.routes("sessions.list")


async def test_a_route_that_the_driver_dies_of_is_not_tried_on_the_next_login() -> None:
    instance = FakeInstance(
        {"SELECT": InstanceError("SQLCODE: <-359>"), "SessionInfo": DriverCrashed("died")}
    )
    with pytest.raises(DriverCrashed):
        await list_sessions(instance)
    assert instance.capabilities.distrusted == {BY_ROWS.label: "died"}
    assert BY_ROWS not in instance.capabilities.routes("sessions.list")


# --- against the simulator -------------------------------------------------------------------------------------------


@asynccontextmanager
async def connected(sessions: int) -> AsyncIterator[tuple[Served, Connection]]:
    async with serve(units=10_000) as served:
        for number in range(sessions):
            visitor = Visitor(f"10.0.{number // 250}.{number % 250}", "Jos\u00e9" if number % 2 else "日本")
            served.world.open_session("/csp/user", visitor, pages=2)
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        try:
            yield served, connection
        finally:
            await connection.disconnect()


@pytest.mark.parametrize("number", [0, 1, 700])
async def test_both_ways_bring_the_same(number: int) -> None:
    async with connected(number) as (_, connection):
        query = ClassQuery("%CSP.Session:SessionInfo", (), ("ID", "Username", "Timeout", "AllowEndSession"))
        by_cell, by_row = await connection.batch(
            [query, ClassQuery(query.query, (), query.columns, whole_rows=True)], deadline=60
        )
        assert isinstance(by_cell, Answer)
        assert isinstance(by_row, Answer)
        assert by_cell.rows is not None
        assert by_row.rows is not None
        assert [tuple(map(str, row)) for row in by_row.rows.rows] == [
            tuple(map(str, row)) for row in by_cell.rows.rows
        ]
        if number == 700:
            assert by_row.round_trips < 20 < by_cell.round_trips


async def test_sessions_and_holders_come_by_rows_when_not_projected() -> None:
    async with connected(300) as (served, connection):
        assert connection.capabilities.routes("sessions.list")[0] == BY_ROWS
        requests = served.count_requests()
        assert len(await list_sessions(connection)) == 300
        assert requests.fired < 20
        board = await read_board(connection)
        assert sum(holder.units for holder in board.holders) == board.counts.consumed
        assert requests.fired < 80


async def test_a_slow_list_costs_neither_the_connection_nor_the_driver() -> None:
    async with connected(20) as (served, connection):
        pid = connection.driver_pid
        late = served.faults.inject(Delay(0.02), times=None)
        with pytest.raises(InstanceError, match=CELLS_TOO_SLOW):
            await connection.call(ClassQuery("%CSP.Session:SessionInfo", within=0.05))
        assert late.fired < 60
        served.faults.clear()
        assert len(await list_sessions(connection)) == 20
        assert connection.driver_pid == pid


async def test_distrust_outlasts_the_login_and_what_was_learnt_does_not() -> None:
    async with connected(1) as (_, connection):
        by_cells = FEATURES["sessions.list"].routes[2]
        connection.capabilities.distrust(BY_ROWS, "died")
        connection.capabilities.learn(by_cells, "too slow")
        await connection.connect(PASSWORD)
        assert connection.capabilities.routes("sessions.list") == [by_cells]
        assert len(await list_sessions(connection)) == 1
