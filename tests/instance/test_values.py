"""Cells of an instance's tables made into Python values."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from irisops.instance.calls import Rows, Value
from irisops.instance.values import (
    PORTION,
    Remade,
    Row,
    as_date,
    as_flag,
    as_int,
    as_names,
    as_privileges,
    as_text,
    as_utc,
    in_portions,
)
from tests.instance.driver_process.test_channel import values


@pytest.mark.parametrize(
    ("cell", "number"),
    [(5, 5), ("5", 5), (" -7 ", -7), (Decimal("3.9"), 3), (2.5, 2), (True, 1), ("", None), (None, None), ("x", None),
     (float("inf"), None), (b"5", None), (Decimal("sNaN"), None), (Decimal("1e999"), None)],
)  # fmt: skip
def test_numbers(cell: Value, number: int | None) -> None:
    assert as_int(cell) == number


def test_text() -> None:
    assert [as_text(cell) for cell in (None, "\0", "x", b"\xe4", 5)] == ["", "", "x", "ä", "5"]


@pytest.mark.parametrize(
    ("cell", "flag"), [("Yes", True), ("no", False), (1, True), ("0", False), (False, False), ("1", True)]
)
def test_flags(cell: Value, flag: bool) -> None:
    assert as_flag(cell) is flag
    assert as_flag(cell, default=not flag) is flag


def test_what_is_no_flag_is_the_default() -> None:
    assert as_flag("perhaps") is False
    assert as_flag("", default=True) is True


def test_names() -> None:
    assert as_names("%All, %SQL,,%All,x") == ("%All", "%SQL", "x")
    assert as_names(None) == ()


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("%DB_USER:RW,%Development:U", (("%DB_USER", "RW"), ("%Development", "U"))),
        ("%Admin_OAuth2_Client:Use", (("%Admin_OAuth2_Client", "U"),)),
        ("Res:Read,Use,Other:W", (("Res", "RU"), ("Other", "W"))),
        ("Odd", (("Odd", ""),)),
        ("A:WR", (("A", "RW"),)),
        ("", ()),
    ],
)
def test_privileges(text: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert as_privileges(text) == pairs


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (67000, date(2024, 6, 9)),  # (facts: wire-protocol 7)
        ("67000", date(2024, 6, 9)),
        ("2026-11-24", date(2026, 11, 24)),
        (date(2026, 1, 2), date(2026, 1, 2)),
        (0, None),
        ("", None),
        ("never", None),
        (10**12, None),
    ],
)
def test_dates(cell: Value, day: date | None) -> None:
    assert as_date(cell) == day


@pytest.mark.parametrize(
    ("cell", "when"),
    [
        ("2026-11-24 14:52:01", datetime(2026, 11, 24, 14, 52, 1, tzinfo=UTC)),
        ("2026-11-24 14:52:01.5", datetime(2026, 11, 24, 14, 52, 1, 500_000, tzinfo=UTC)),
        ("2026-11-24T14:52:01Z", datetime(2026, 11, 24, 14, 52, 1, tzinfo=UTC)),
        ("67000,3600", datetime(2024, 6, 9, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1, 3), datetime(2026, 1, 1, 3, tzinfo=UTC)),  # noqa: DTZ001
        ("", None),
        (0, None),
        ("20261124", None),
        ("Never", None),
        ("67000,x", None),
        ("²,5", None),
        ("٦٧٠٠٠,3600", datetime(2024, 6, 9, 1, tzinfo=UTC)),
        ("²,1", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("0001-01-01T00:00:00+10:00", None),
        (datetime.fromisoformat("9999-12-31T23:59:59-10:00"), None),
        # Of the usual length, and another form or no time.
        ("2026-11-24T10:11-01", datetime(2026, 11, 24, 11, 11, tzinfo=UTC)),
        ("1899-11-24 10:11:12", None),
        ("0000-11-24 10:11:12", None),
        ("2026-13-24 10:11:12", None),
    ],
)
def test_times(cell: Value, when: datetime | None) -> None:
    assert as_utc(cell) == when


@given(values)
def test_no_cell_makes_a_list_fail(cell: Value) -> None:
    as_int(cell)
    as_text(cell)
    as_flag(cell)
    as_names(cell)
    as_date(cell)
    as_utc(cell)
    for resource, letters in as_privileges(cell):
        assert resource
        assert set(letters) <= set("RWU")


async def test_rows_are_made_into_records_in_order_without_the_empty_ones() -> None:
    rows = Rows(("Number", "X"), [(number, None) for number in range(1000)])
    made = await in_portions(rows, lambda row: as_int(row["number"]) or None)
    assert made == list(range(1, 1000))
    assert await in_portions(None, as_text) == []  # type: ignore[arg-type]


async def test_records_of_unchanged_rows_are_used_again() -> None:
    remade: Remade[list[Value]] = Remade()
    rows = [(number, "READ") for number in range(5)]
    before = await remade.of(Rows(("Pid", "State"), list(rows)), lambda row: list(row.values()))
    rows[2] = (2, "RUN")
    after = await remade.of(Rows(("Pid", "State"), list(rows)), lambda row: list(row.values()))
    assert after == [list(row) for row in rows]
    assert [old is new for old, new in zip(before, after, strict=True)] == [True, True, False, True, True]


@pytest.mark.parametrize(("columns", "given"), [(("State", "Pid"), None), (("Pid", "State"), 7)])
async def test_other_columns_or_conditions_remake_all(columns: tuple[str, ...], given: object) -> None:
    remade: Remade[dict[str, Value]] = Remade()
    (before,) = await remade.of(Rows(("Pid", "State"), [(1, "READ")]), dict)
    (after,) = await remade.of(Rows(columns, [(1, "READ")]), dict, given)
    assert after is not before
    assert list(after) == [column.lower() for column in columns]


async def test_other_work_gets_a_turn_after_each_portion_of_rows() -> None:
    """Counted in turns of the loop, not timed: nothing here waits for anything, so each turn was given."""
    made_before_turn: list[int] = []
    made = 0

    def make(_row: Row) -> int:
        nonlocal made
        made += 1
        return made

    async def other_work() -> None:
        while True:
            made_before_turn.append(made)
            await asyncio.sleep(0)

    other = asyncio.create_task(other_work())
    await in_portions(Rows(("N",), [(n,) for n in range(10_000)]), make)
    other.cancel()
    steps = [later - earlier for earlier, later in itertools.pairwise([*made_before_turn, made])]
    assert max(steps) <= PORTION <= 256
