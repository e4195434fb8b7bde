"""Rows held in one piece of bytes each: small, and the same cells when they are asked for."""

from __future__ import annotations

import sys
from datetime import date, datetime, time
from decimal import Decimal

from irisops.instance.calls import Rows, Value
from irisops.instance.models import Process
from irisops.instance.packed_rows import PackedRows, packed, unpacked
from irisops.instance.usage.processes import process_of
from irisops.instance.values import Remade

ROW = (4711, 12, "ada", "USER", "%SYS.Task", "READ", None, True, 2.5, b"\xff", "", 'ä"\x00🙂')


def test_a_row_comes_back_as_it_was_in_a_quarter_of_the_room() -> None:
    assert unpacked(packed(ROW)) == ROW
    assert [type(each) for each in unpacked(packed(ROW))] == [type(each) for each in ROW]
    apart = sys.getsizeof(ROW) + sum(map(sys.getsizeof, ROW))
    assert sys.getsizeof(packed(ROW)) < apart / 4


def test_dates_become_text_and_what_cannot_be_packed_stays() -> None:
    moments = (date(2026, 1, 2), time(3, 4), datetime(2026, 1, 2, 3, 4, 5))  # noqa: DTZ001 - as the driver gives it
    assert unpacked(packed(moments)) == ("2026-01-02", "03:04:00", "2026-01-02 03:04:05")
    row: tuple[Value, ...] = (Decimal("1.50"), "x")
    assert packed(row) is row
    assert unpacked(row) is row


def test_equal_rows_are_equal_bytes_whatever_objects_they_share() -> None:
    text = "".join(["U", "SER"])
    assert packed((text, text)) == packed(("USER", "".join(["US", "ER"])))
    assert packed((1,)) != packed((True,))


def test_packed_rows_read_as_a_list_of_tuples() -> None:
    rows = PackedRows([packed((1, "a")), packed((2, "b")), (Decimal(3), "c")])
    assert (len(rows), rows[1], rows[1:], rows[-1]) == (
        3,
        (2, "b"),
        [(2, "b"), (Decimal(3), "c")],
        (Decimal(3), "c"),
    )
    assert Rows(("N", "X"), rows).dicts()[0] == {"n": 1, "x": "a"}


async def test_a_process_holds_its_row_packed_and_reads_each_cell() -> None:
    columns = ("Pid", "UserName", "StartTimeUTC")
    cells = (7, "ada", datetime(2026, 1, 2, 3, 4, 5))  # noqa: DTZ001 - as the driver gives it
    kept = packed(cells)
    remade: Remade[Process] = Remade()
    (process,) = await remade.of(Rows(columns, PackedRows([kept])), process_of)
    assert process.kept is kept
    assert (process.pid, process.username) == (7, "ada")
    assert str(process.started) == "2026-01-02 03:04:05+00:00"
