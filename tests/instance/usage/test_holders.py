"""Holders of the units: an instance's lists combined so that they add up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.instance.calls import Rows, Value
from irisops.instance.models import Holder, LicenseCounts, LicenseRow, WebSession
from irisops.instance.usage.holders import OF_HOLDERS, UNEXPLAINED, build_holders, license_row_of

NOW = datetime(2026, 11, 24, 14, 43, 5, tzinfo=UTC)


def counts(consumed: int | None, max_connections: int = 25) -> LicenseCounts:
    return LicenseCounts(8, consumed, None, None, None, max_connections)


def row(
    user_id: str, kind: str = "User", connections: int = 1, csp: int = 0, units: int = 1, **more: int
) -> LicenseRow:
    return LicenseRow(
        user_id, kind, connections, connections, csp, units, more.get("active", 60), more.get("grace", 0)
    )


def session(
    identifier: str, license_id: str, minutes: float | None = 9, application: str = "/csp/user/"
) -> WebSession:
    expires = None if minutes is None else NOW + timedelta(minutes=minutes)
    return WebSession(
        identifier, "UnknownUser", application, expires, license_id, preserve=False, pid=None, allow_end=True
    )


def process(pid: int, license_id: str, executable: str = "python") -> tuple[Value, ...]:
    return (pid, "bob", executable, license_id, "")


def table(*processes: tuple[Value, ...]) -> Rows:
    return Rows(OF_HOLDERS, processes)


def build(
    consumed: int | None,
    rows: list[LicenseRow],
    sessions: list[WebSession] | None = None,
    processes: Rows | None = None,
    own: str = "",
) -> list[Holder]:
    return [*build_holders(counts(consumed), rows, sessions, processes, own_id=own, now=NOW)]


def test_sessions_without_a_login_are_put_together_by_application() -> None:
    ids = ["AbCdEfGhI1", "AbCdEfGhI2", "AbCdEfGhI3"]
    rows = [row(each, "CSP", 1, 1, grace=600 if each == ids[0] else 0) for each in ids]
    sessions = [session(each, each, minutes) for each, minutes in zip(ids, (9, 3, 12), strict=True)]
    (holder,) = build(3, rows, sessions)
    assert (holder.kind, holder.units, holder.sessions, holder.session_ids) == ("web", 3, 3, tuple(ids))
    assert "without a login" in holder.why
    # The first one expires before the third but was a visit of one page: its unit stays ten minutes longer.
    assert holder.free_at == NOW + timedelta(minutes=19)
    assert not any(identifier in f"{holder.holder} {holder.why}" for identifier in ids)


def test_this_tool_is_named_when_it_is_alone_and_told_apart_when_not() -> None:
    (alone,) = build(1, [row("10.0.0.5")], processes=table(process(7, "10.0.0.5")), own="10.0.0.5")
    assert (alone.kind, alone.own, alone.free_when, alone.pids) == ("this tool", True, "when you quit", (7,))
    (shared,) = build(
        1, [row("10.0.0.5", connections=3)], processes=table(process(7, "10.0.0.5")), own="10.0.0.5"
    )
    assert (shared.kind, shared.own, shared.free_when) == ("client", True, "when it disconnects")
    assert "this tool among them" in shared.why
    assert "sharing one unit" in shared.why


def test_a_named_user_with_sessions_and_clients_is_mixed() -> None:
    rows = [row("maria@10.0.0.9", "Mixed", 3, 2)]
    sessions = [
        session("a" * 10, "maria@10.0.0.9"),
        session("b" * 10, "maria@10.0.0.9", application="/api/atelier/"),
    ]
    (holder,) = build(1, rows, sessions, table(process(5, "maria@10.0.0.9", "iris")))
    assert holder.kind == "mixed"
    assert holder.free_at is None
    assert holder.applications == ("/csp/user/", "/api/atelier/")
    assert "(iris)" in holder.why
    assert "2 web sessions" in holder.why


def test_a_flipped_holder_is_explained() -> None:
    (holder,) = build(36, [row("x@10.0.0.9", "CSP", 36, 36, units=36)], [session("a" * 10, "x@10.0.0.9")])
    assert "more than 25 connections" in holder.why


def test_grace_and_sessions_that_never_expire() -> None:
    grace, never = build(
        2, [row("b@1", "CSP", 1, 1), row("a@1", "Grace", 0, 0, grace=120)], [session("x" * 10, "b@1", None)]
    )
    assert (grace.kind, grace.free_at) == ("grace", NOW + timedelta(seconds=120))
    assert never.free_at is None
    assert "never expires" in never.free_when


@pytest.mark.parametrize(("consumed", "missing"), [(5, 4), (0, -1), (1, 0), (None, 0)])
def test_what_is_not_explained_is_a_row_that_says_so(consumed: int | None, missing: int) -> None:
    holders = build(consumed, [row("a@1")])
    remainder = [holder for holder in holders if holder.kind == "unexplained"]
    assert [holder.units for holder in remainder] == ([missing] if missing else [])
    assert all(holder.holder == UNEXPLAINED and holder.why for holder in remainder)


def test_unreadable_lists_are_unknown_and_not_empty() -> None:
    (holder,) = build(1, [row("a@1", "CSP", 1, 1)], None, None)
    assert (holder.sessions, holder.processes, holder.free_at) == (None, None, None)


def test_a_free_slot_is_no_holder() -> None:
    assert license_row_of({"userid": "free", "type": "", "lu": 0}) is None
    assert license_row_of({"userid": "", "type": "User", "lu": 1}) is None
    made = license_row_of({"userid": "a", "type": "CSP", "lu": "2", "connects": 2, "cspcon": None})
    assert made is not None
    assert (made.units, made.connections, made.csp_connections) == (2, 2, 0)


ids = st.sampled_from(["10.0.0.1", "a@1", "b@2", "SessionAb1", "SessionAb2", ""])
license_rows = st.builds(
    LicenseRow,
    ids,
    st.sampled_from(["User", "CSP", "Mixed", "Grace", "user", "new kind"]),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(0, 10**6),
    st.integers(0, 600),
)
some_sessions = st.builds(
    session, ids.map(lambda text: text or "SessionAb1"), ids, st.one_of(st.none(), st.floats(0, 60))
)


@given(
    st.one_of(st.none(), st.integers(0, 200)),
    st.lists(license_rows, max_size=6),
    st.one_of(st.none(), st.lists(some_sessions, max_size=6)),
    ids,
)
def test_the_rows_always_add_up(
    consumed: int | None, rows: list[LicenseRow], sessions: list[WebSession] | None, own: str
) -> None:
    holders = build_holders(
        counts(consumed)._replace(max_connections=25),
        rows,
        sessions,
        table(process(1, "a@1")),
        own_id=own,
        now=NOW,
    )
    if consumed is not None:
        assert sum(holder.units for holder in holders) == consumed
    for holder in holders:
        assert holder.why
        assert holder.free_when


def test_those_about_to_pay_for_each_connection_are_named() -> None:
    most = 25
    rows = [row(f"u{number}@1", connections=number) for number in (1, most - 4, most - 3, most)]
    rows.append(row("flipped@1", connections=most + 1, units=most + 1))

    def near(counted: LicenseCounts) -> list[str]:
        built = build_holders(counted, rows, None, None, own_id="", now=NOW)
        return [each.holder for each in built.crowded()]

    assert near(counts(None, most)) == ["u22@1", "u25@1"]
    assert near(counts(None)._replace(max_connections=None)) == []
    community = counts(None, most)._replace(customer="InterSystems IRIS Community")
    assert community.community
    assert near(community) == []


def test_a_part_of_the_holders_is_as_the_whole() -> None:
    built = build_holders(
        counts(9), [row("a@1"), row("b@1", units=7)], None, table(process(1, "a@1")), own_id="", now=NOW
    )
    whole = [*built]
    assert [each.holder for each in whole] == ["b@1", "a@1", UNEXPLAINED]
    assert built[1:] == whole[1:]
    assert built[-1] == whole[-1]
    assert len(built) == 3
