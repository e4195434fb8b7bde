"""The age of web sessions from the license list."""

from __future__ import annotations

from datetime import UTC, datetime

from irisops.instance.connection import Connection
from irisops.instance.models import LicenseRow, WebSession
from irisops.instance.usage.license import ages_of, session_ages
from irisops.instance.usage.sessions import list_sessions
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.sessions import Visitor
from tests.instance.fake_instance import FakeInstance, everything, rows
from tests.instance.served import PASSWORD, serve


def session(identifier: str, license_id: str) -> WebSession:
    expires = datetime(2026, 1, 1, tzinfo=UTC)
    return WebSession(
        identifier, "x", "/csp/user/", expires, license_id, preserve=False, pid=None, allow_end=True
    )


def row(user: str, active: int, *, kind: str = "CSP", now: int = 1, most: int = 1) -> LicenseRow:
    return LicenseRow(user, kind, now, most, now, 1, active, 0)


def test_only_a_session_alone_with_its_holder_has_an_age() -> None:
    sessions = [
        session("anon1", "anon1"),
        session("alone", "ana@10.0.0.1"),
        session("first", "bob@10.0.0.2"),
        session("second", "bob@10.0.0.2"),
        session("later", "cat@10.0.0.3"),
        session("mixed", "dan@10.0.0.4"),
        session("unseen", "eve@10.0.0.5"),
        # The two lists are read one after the other: this holder's second session came in between.
        session("third", "fay@10.0.0.6"),
        session("fourth", "fay@10.0.0.6"),
    ]
    held = [
        row("anon1", 50, most=2),
        row("ana@10.0.0.1", 60),
        row("bob@10.0.0.2", 70, now=2, most=2),
        row("cat@10.0.0.3", 80, most=3),
        row("dan@10.0.0.4", 90, kind="Mixed"),
        row("fay@10.0.0.6", 95),
    ]
    assert ages_of(held, sessions) == {"anon1": 50, "alone": 60}


async def test_it_agrees_with_the_instance() -> None:
    clock = ManualClock()
    async with serve(clock=clock, version=(2024, 1)) as served:
        first = served.world.open_session("/csp/user", Visitor("10.0.0.5"), pages=2)
        clock.advance(100)
        second = served.world.open_session("/csp/user", Visitor("10.0.0.6", "ana"), pages=2)
        clock.advance(30)
        connection = Connection(served.target())
        await connection.connect(PASSWORD)
        try:
            found = await list_sessions(connection)
            assert await session_ages(connection, found) == {first.id: 130, second.id: 30}
            assert await session_ages(connection, []) == {}
        finally:
            await connection.disconnect()


async def test_the_list_is_not_read_cell_by_cell_for_this() -> None:
    instance = FakeInstance(
        {"UserList": rows("UserId Type Active LU", ("a", "CSP", 5, 1))},
        everything("%SYSTEM.License.UserListFetch", projected=False),
    )
    assert await session_ages(instance, [session("a", "a")]) == {}
    assert instance.calls == []
