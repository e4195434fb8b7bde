"""Rows held in one piece of bytes each: small, and the same cells when they are asked for."""

from __future__ import annotations

import sys
import tracemalloc
from datetime import date, datetime, time
from decimal import Decimal

import pytest

from irisops.instance.calls import Rows, Value
from irisops.instance.models import Process
from irisops.instance.packed_rows import APART, Cells, PackedRows, Packing, packed, unpacked
from irisops.instance.usage.processes import Processes

ROW = (4711, 12, "ada", "USER", "%SYS.Task", "READ", None, True, 2.5, b"\xff", "", 'ä"\x00🙂')


def test_a_row_comes_back_as_it_was_in_a_quarter_of_the_room() -> None:
    assert unpacked(packed(ROW)) == ROW
    assert [type(each) for each in unpacked(packed(ROW))] == [type(each) for each in ROW]
    apart = sys.getsizeof(ROW) + sum(map(sys.getsizeof, ROW))
    assert sys.getsizeof(packed(ROW)) < apart / 4


def rows_of(*rows: Cells) -> PackedRows:
    packing = Packing()
    packing.add(rows)
    return packing.rows()


def test_dates_become_text_and_a_decimal_stays_one() -> None:
    moments = (date(2026, 1, 2), time(3, 4), datetime(2026, 1, 2, 3, 4, 5))  # noqa: DTZ001 - as the driver gives it
    assert unpacked(packed(moments)) == ("2026-01-02", "03:04:00", "2026-01-02 03:04:05")
    row: tuple[Value, ...] = (Decimal("1.50"), "x", date(2026, 1, 2))
    assert repr(unpacked(packed(row))) == repr((Decimal("1.50"), "x", "2026-01-02"))
    assert packed((Decimal(1),)) != packed((Decimal("1.0"),))


def test_equal_rows_are_equal_bytes_whatever_objects_they_share() -> None:
    text = "".join(["U", "SER"])
    assert packed((text, text)) == packed(("USER", "".join(["US", "ER"])))
    assert packed((1,)) != packed((True,))


def test_packed_rows_read_as_a_list_of_tuples() -> None:
    rows = rows_of((1, "a"), (2, "b"), (Decimal(3), "c"))
    assert (len(rows), rows[1], rows[1:], rows[-1]) == (
        3,
        (2, "b"),
        [(2, "b"), (Decimal(3), "c")],
        (Decimal(3), "c"),
    )
    assert Rows(("N", "X"), rows).dicts()[0] == {"n": 1, "x": "a"}
    assert [rows.kept(place) for place in (0, -1)] == [packed((1, "a")), packed((Decimal(3), "c"))]
    with pytest.raises(IndexError):
        rows[3]


@pytest.mark.parametrize("count", [3, 10_000])
def test_rows_of_an_earlier_result_are_taken_over(count: int) -> None:
    earlier = rows_of(*((number, "x" * 20) for number in range(count)))
    packing = Packing()
    packing.take(earlier, 1, count - 2)
    packing.add([(-1, "new")])
    packing.take(earlier, 0, 1)
    packing.take(earlier, 1, 0)
    assert list(packing.rows()) == [*list(earlier)[1:-1], (-1, "new"), (0, "x" * 20)]


def test_the_rows_of_a_large_result_lie_apart_from_other_objects() -> None:
    """What Python's own allocator holds is a number for each row."""
    text = "x" * 200
    tracemalloc.start()
    rows = rows_of(*((number, text) for number in range(10_000)))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(rows.data) > 2_000_000 > 20 * APART
    assert held < 200_000


def test_a_process_is_made_of_its_row_when_it_is_looked_at() -> None:
    columns = ("Pid", "UserName", "StartTimeUTC")
    cells = (7, "ada", datetime(2026, 1, 2, 3, 4, 5))  # noqa: DTZ001 - as the driver gives it
    found = Processes(Rows(columns, rows_of(cells, (8, "bob", None))), own=8)
    process = found[0]
    assert process.kept == packed(cells)
    assert (process.pid, process.username) == (7, "ada")
    assert str(process.started) == "2026-01-02 03:04:05+00:00"
    assert [(each.pid, each.own) for each in found] == [(7, False), (8, True)]
    assert [each.pid for each in found[1:]] == [8]
    assert (
        found[0] == process == Process({"pid": 7, "username": "ada", "starttimeutc": "2026-01-02 03:04:05"})
    )
    assert found[0] != found[1]
    assert len({found[0], process}) == 1
