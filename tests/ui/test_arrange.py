"""Ordering, finding and measuring rows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.replies import Cell, Column, Table
from irisops.ui.arrange import GAP, MIN_WIDTH, MOST_WRAPPED, Order, Texts, arrange, fit, in_lines, next_order
from tests.ui.fake_chat import processes_table, users_table

cells: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=60),
    st.dates(date(1900, 1, 1)),
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.lists(st.text(max_size=8), max_size=3),
)
columns = [Column("a", "A"), Column("b", "Long title", "number", grow=True), Column("c", "C", hide_under=60)]
tables = st.lists(st.fixed_dictionaries({"a": cells, "b": cells, "c": cells}), max_size=30).map(
    lambda rows: Table("t", "T", columns, rows)
)
orders = st.none() | st.builds(Order, st.sampled_from(["a", "b", "c", "gone"]), st.booleans())


@given(tables, orders)
def test_sorting_any_mixture_keeps_every_row(table: Table, order: Order | None) -> None:
    view = arrange(table, order)
    assert sorted(view.keys, key=int) == [str(number) for number in range(len(table.rows))]
    assert [view.place(key) for key in view.keys] == list(range(len(table.rows)))


def test_rows_that_come_in_order_are_not_copied() -> None:
    """Ten thousand of them are made when they are asked for."""
    table = users_table()
    assert arrange(table).rows is table.rows
    assert arrange(table, Order("name")).rows is not table.rows
    assert arrange(table).place("nobody") is None


@given(tables, st.text(max_size=5))
def test_finding_keeps_order_and_only_drops(table: Table, find: str) -> None:
    view = arrange(table, find=find)
    assert [int(key) for key in view.keys] == sorted(int(key) for key in view.keys)
    assert view.count == len(table.rows)
    if not find.split():
        assert len(view.rows) == view.count


@given(tables, st.integers(1, 200))
def test_widths_fit_unless_columns_are_at_their_least(table: Table, width: int) -> None:
    fits = fit(arrange(table), width)
    total = sum(each.width for each in fits) + GAP * (len(fits) - 1)
    assert total <= width or all(each.width <= max(MIN_WIDTH, len(each.column.title)) for each in fits)
    assert ("c" in {each.column.name for each in fits}) is (width >= 60)


def test_a_growing_column_takes_what_it_needs_of_the_spare_width() -> None:
    table = users_table()
    roles = [f"role-{number}" for number in range(12)]
    rows = [
        *table.rows,
        {**table.rows[0], "name": "n" * 60, "roles": roles},
    ]
    long = Table("users", "Users", table.columns, rows, "name")
    widths = {each.column.name: each.width for each in fit(arrange(long), 140)}
    assert sum(widths.values()) + GAP * 3 == 140
    assert (widths["name"], widths["roles"]) == (
        40,
        140 - GAP * 3 - 40 - widths["full_name"] - len("ENABLED"),
    )
    widths = {each.column.name: each.width for each in fit(arrange(long), 300)}
    assert (widths["name"], widths["roles"]) == (
        60,
        len(", ".join(roles)),
    )  # no void inside


def test_a_refreshed_table_keeps_the_widths_that_it_needed() -> None:
    columns = [Column("a", "A"), Column("b", "B")]
    needs: dict[str, int] = {}
    for text in ("x" * 20, "x"):
        fits = fit(arrange(Table("t", "T", columns, [{"a": text, "b": "y"}])), 80, needs)
        assert [each.width for each in fits] == [20, 1]


def test_a_long_value_takes_as_many_lines_as_its_column_allows() -> None:
    assert in_lines("one two three four", 9, 1) == ["one two three four"]
    assert in_lines("one two three four", 9, 2) == ["one two", "three four"]
    assert in_lines("one two three four", 9, 9) == ["one two", "three", "four"]
    assert in_lines("文文文文文 unbreakable", 4, 9) == ["文文", "文文", "文", "unbr", "eaka", "ble"]
    columns = [Column("a", "A"), Column("why", "WHY", wrap=2)]
    rows: list[dict[str, Cell]] = [{"a": number, "why": "because " * 9} for number in range(MOST_WRAPPED + 1)]
    assert fit(arrange(Table("t", "T", columns, rows[1:])), 50)[1].most == 2
    assert fit(arrange(Table("t", "T", columns, rows)), 50)[1].most == 1


REASON = "28 client connections (clinicdesk.exe, java); more than 25, so each costs a unit"


@pytest.mark.parametrize(
    ("width", "why", "free"),
    [(110, 65, 27), (98, 53, 27), (84, 40, 26), (72, 39, 15), (60, 27, 15), (36, 10, 11)],
)
def test_a_column_that_may_be_cut_is_cut_before_the_reason(width: int, why: int, free: int) -> None:
    columns = [
        Column("who", "WHO"),
        Column("why", "WHY", grow=True),
        Column("free", "FREE AT", least=15),
    ]
    row: dict[str, Cell] = {"who": "maria@10.0.0.1", "why": REASON, "free": "14:35 to 14:46 (1 h 05 min)"}
    widths = {each.column.name: each.width for each in fit(arrange(Table("t", "T", columns, [row])), width)}
    assert widths == {"who": 14 if width > 40 else widths["who"], "why": why, "free": free}
    assert sum(widths.values()) + 2 * GAP == width


def test_numbers_sort_by_value_and_nothing_comes_last() -> None:
    table = Table("t", "T", [Column("n", "N")], [{"n": 10}, {"n": None}, {"n": 9}, {"n": "x"}])
    assert [row["n"] for row in arrange(table, Order("n")).rows] == [9, 10, "x", None]


def test_every_word_must_be_found_in_any_case() -> None:
    view = arrange(users_table(), find="db_user REST")
    assert view.keys == ["rest_client"]


def test_a_number_is_found_as_it_is_shown_and_as_it_is_typed() -> None:
    table = processes_table(300)
    assert arrange(table, find="1,234").keys == arrange(table, find="1234").keys == ["1234"]


def test_sorting_goes_up_then_down_then_on() -> None:
    view = arrange(users_table())
    order = next_order(view.order, view.table.columns)
    assert order == Order("name")
    view = arrange(users_table(), order)
    assert next_order(view.order, view.table.columns) == Order("name", descending=True)
    view = arrange(users_table(), Order("name", descending=True))
    assert next_order(view.order, view.table.columns) == Order("full_name")
    view = arrange(users_table(), Order("roles", descending=True))
    assert next_order(view.order, view.table.columns) is None


@given(tables, tables, st.text(max_size=3))
def test_rows_written_before_are_found_the_same(table: Table, later: Table, find: str) -> None:
    texts = Texts()
    for each in (table, later, table):
        assert arrange(each, find=find, texts=texts) == arrange(each, find=find)


def test_rows_are_written_again_only_when_they_or_the_columns_are_new() -> None:
    texts = Texts()
    row: dict[str, Cell] = {"a": "old", "c": "hidden"}
    table = Table("t", "T", columns, [row])
    assert arrange(table, find="old", texts=texts).rows
    row["a"] = "changed in place, which rows never are"
    assert arrange(table, find="old", texts=texts).rows
    assert not arrange(Table("t", "T", columns, [{**row}]), find="old", texts=texts).rows
    assert not arrange(Table("t", "T", columns[1:], [row]), find="old", texts=texts).rows


def test_columns_without_a_value_give_their_room_to_the_others() -> None:
    columns = [Column("who", "WHO"), Column("missing", "MISSING"), Column("why", "WHY", grow=True, wrap=4)]
    row: dict[str, Cell] = {"who": "maria", "missing": "", "why": REASON}
    view = arrange(Table("t", "T", columns, [row]))
    assert [each.column.name for each in fit(view, 60)] == ["who", "why"]
    assert [each.column.name for each in fit(view, 120)] == ["who", "missing", "why"], "there is room for all"
    filled = arrange(Table("t", "T", columns, [row, row | {"missing": "%All"}]))
    assert [each.column.name for each in fit(filled, 60)] == ["who", "missing", "why"]


def test_a_column_that_wraps_gives_its_room_to_the_reason_at_once() -> None:
    columns = [Column("why", "WHY", grow=True, wrap=4), Column("free", "FREE AT", least=15, wrap=3)]
    row: dict[str, Cell] = {"why": REASON, "free": "14:35 to 14:46 (1 h 05 min)"}
    view = arrange(Table("t", "T", columns, [row]))
    assert [each.width for each in fit(view, 84)] == [67, 15]
    assert [each.width for each in fit(view, 84, wrapping=False)] == [55, 27], "a line that is cut tells less"
    assert [each.width for each in fit(view, 112)] == [len(REASON), 27], "there is room for both"
