"""The table widget: cursor by key, only changed lines repainted, sort and find by keys and mouse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from textual import events
from textual.app import ComposeResult
from textual.strip import Strip

from irisops.contract.replies import Cell, Column, Table, Tone
from irisops.ui.arrange import GAP, Order
from irisops.ui.card import row_keys
from irisops.ui.cards.table import Details, TableSection
from irisops.ui.grid import Grid
from irisops.ui.row_lines import MARK
from tests.ui.driving import SMALL, WIDE, Driven, Driver, app_of, focus_of, make_app, say, text_of, until
from tests.ui.fake_chat import FakeChat, processes_table, users_table


async def grid_of(pilot: Driver, line: str) -> Grid:
    """Ask for a table and put the cursor on it."""
    card = await say(pilot, line)
    await pilot.press("alt+up")
    grid = card.query_one(Grid)
    assert focus_of(app_of(pilot)) is grid
    return grid


async def test_the_cursor_stays_on_its_row_while_rows_come_and_go() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        grid = await grid_of(pilot, "/processes")
        await pilot.press("down", "down", "down")
        assert grid.cursor_key == "1003"
        table = processes_table(60)
        grid.show_table(Table("p", "P", table.columns, [{**table.rows[0], "pid": 7}, *table.rows], "pid"))
        assert (grid.cursor_key, grid.cursor) == ("1003", 4)
        grid.show_table(Table("p", "P", table.columns, [r for r in table.rows if r["pid"] != 1003], "pid"))
        assert grid.cursor == 4  # the row is gone: the cursor stays where it was
        grid.show_table(Table("p", "P", table.columns, [], "pid"))
        assert grid.cursor_row is None
        await pilot.press("enter", "down", "end")
        assert grid.cursor_row is None


class Painted(Grid):
    """Notes which of its lines are painted."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.painted: list[int] = []

    def render_line(self, y: int) -> Strip:
        self.painted.append(y)
        return super().render_line(y)


class OneGrid(Driven):
    """A table that fills the screen."""

    CSS = "Grid { height: 1fr; overflow-x: hidden; scrollbar-gutter: stable; }"

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self._grid = grid

    def compose(self) -> ComposeResult:
        yield self._grid


async def test_a_refresh_repaints_only_visible_rows_that_changed() -> None:
    table = processes_table(400, 1)
    grid = Painted(table)
    async with OneGrid(grid).run_test(size=WIDE) as pilot:
        grid.show_table(replace(table, rows=list(table.rows)))
        await pilot.pause()
        assert max(grid.painted) == WIDE[1] - 1
        grid.painted.clear()
        rows = list(table.rows)
        rows[2] = {**rows[2], "state": "LOCK"}  # visible
        rows[300] = {**rows[300], "state": "LOCK"}  # far below
        grid.show_table(Table("processes", "P", table.columns, rows, "pid"))
        await pilot.pause()
        assert grid.painted == [3]
        assert "LOCK" in text_of(grid)


async def test_paging_and_edges() -> None:
    async with make_app(FakeChat(processes=400)).run_test(size=SMALL) as pilot:
        grid = await grid_of(pilot, "/processes")
        await pilot.press("pagedown")
        assert grid.cursor > 5
        await pilot.press("end")
        assert grid.cursor_key == "1399"
        assert "1399" in text_of(grid)
        await pilot.press("home")
        assert "1000" in text_of(grid)


async def test_beyond_the_last_row_is_the_prompt_and_above_the_first_the_card_before() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        first = (await say(pilot, "/license")).query_one(Grid)
        await grid_of(pilot, "/users")
        await pilot.press("end", "down")
        assert focus_of(app) is app.conversation.prompt.input
        await pilot.press("alt+up", "home", "up")
        assert focus_of(app) is first


async def test_sorting_by_key_and_by_a_click_on_the_header() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        grid = await grid_of(pilot, "/users")
        await pilot.press("ctrl+s", "ctrl+s")
        assert grid.view.keys[0] == "SuperUser" or grid.view.keys[0] == "rest_client"
        assert "NAME▼" in text_of(grid)
        await pilot.click(grid, offset=(3, 0))
        assert "NAME▲" in text_of(grid)


async def test_finding_narrows_the_rows_and_is_said_in_the_border() -> None:
    async with make_app(FakeChat(processes=300)).run_test(size=WIDE) as pilot:
        grid = await grid_of(pilot, "/processes")
        card = app_of(pilot).conversation.transcript.cards[-1]
        await pilot.press("slash", *"ward7.", "enter")
        await until(pilot, lambda: len(grid.view.rows) == 3)
        assert focus_of(app_of(pilot)) is grid
        assert "3 of 300" in str(card.border_subtitle)
        await pilot.press("slash", "escape")
        await until(pilot, lambda: len(grid.view.rows) == 300)
        assert focus_of(app_of(pilot)) is grid


async def test_ten_thousand_rows_are_sorted_and_found_on_a_thread() -> None:
    async with make_app(FakeChat(processes=10_000)).run_test(size=WIDE) as pilot:
        grid = await grid_of(pilot, "/processes")
        await until(pilot, lambda: len(grid.view.rows) == 10_000)
        await pilot.press("ctrl+s", "ctrl+s")
        await until(pilot, lambda: grid.view.keys[0] == "10999")
        grid.filter("user36 clinic")
        await until(pilot, lambda: 0 < len(grid.view.rows) < 300)
        assert all(row["user"] == "user36" for row in grid.view.rows)


async def test_a_long_list_is_shown_with_its_card_unless_it_must_be_sorted() -> None:
    async with make_app(FakeChat(processes=10_000)).run_test(size=WIDE) as pilot:
        grid = await grid_of(pilot, "/processes")
        await until(pilot, lambda: len(grid.view.rows) == 10_000)
        newer = replace(grid.view.table, rows=grid.view.table.rows[1:])
        grid.show_table(newer)
        assert grid.view.table is newer, "at once: the card is painted once"
        grid.reorder(Order("user"))
        assert grid.view.order is None, "sorting is done on a thread"
        await until(pilot, lambda: grid.view.order is not None)
        grid.reorder(None)
        assert grid.view.order is None


async def test_fewer_columns_on_a_narrow_screen() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        grid = await grid_of(pilot, "/processes")
        assert "GLOBALS" in text_of(grid)
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: "GLOBALS" not in text_of(grid))
        assert "PID" in text_of(grid)


async def test_no_line_is_wider_than_the_grid() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        grid = (await say(pilot, "/hostile")).query_one(Grid)
        for y in range(grid.size.height):
            assert grid.render_line(y).cell_length == grid.size.width


def cut_table(rows: Iterable[str]) -> Table:
    return Table("t", "T", [Column("a", "A"), Column("b", "B")], [{"a": row, "b": row} for row in rows], "a")


async def test_a_cut_value_ends_in_an_ellipsis() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        grid = await grid_of(pilot, "/users")
        grid.show_table(cut_table(["x" * 100, "文" * 60]))
        assert text_of(grid).count("…") == 4


async def test_all_of_a_row_is_shown_below_and_follows_the_cursor() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        card = await say(pilot, "/processes")
        await pilot.press("alt+up", "right")
        await until(pilot, lambda: "GLOBALS" in text_of(card))  # a column that is hidden at this width
        await pilot.press("down")
        await until(pilot, lambda: "Clinic.Ward1.1" in text_of(card.query_one(Details)))
        await pilot.press("left")
        await until(pilot, lambda: "GLOBALS" not in text_of(card))


def test_the_values_of_a_row_stand_in_columns_and_long_ones_below() -> None:
    columns = [Column(name, name.upper()) for name in ("pid", "user", "state", "routine", "why")]
    row: dict[str, Cell] = {"pid": "x", "user": "x", "state": "x", "routine": "x", "why": "because " * 12}
    details = Details()
    details.show(Table("t", "T", columns, [row]), row)
    lines = [line.plain for line in details.lines(70)]
    assert lines[0].split() == ["PID", "x", "STATE", "x"]
    assert lines[1].split() == ["USER", "x", "ROUTINE", "x"]
    assert lines[2].split()[:2] == ["WHY", "because"]
    assert "".join(lines).count("because") == 12, "nothing is cut"
    assert len(details.lines(40)) > len(lines), "one column where two do not fit"


async def test_enter_without_an_action_shows_all_of_the_row() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        card = await say(pilot, "/hostile")
        card.query_one(Grid).focus()
        before = text_of(card).count("‹RLO›")
        await pilot.press("enter")
        await until(pilot, lambda: text_of(card).count("‹RLO›") > before)


@pytest.mark.parametrize("count", [5, 60])
async def test_no_column_hides_under_the_scrollbar(count: int) -> None:
    async with make_app(FakeChat(processes=count)).run_test(size=WIDE) as pilot:
        grid = await grid_of(pilot, "/processes")
        width = grid.scrollable_content_region.width
        assert sum(each.width + GAP for each in grid.fits) - GAP + len(MARK) <= width
        assert grid.render_line(1).text[:width].rstrip().endswith("0")  # all of the last number is seen


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_the_details_of_a_row_are_seen_without_scrolling(size: tuple[int, int]) -> None:
    async with make_app().run_test(size=size) as pilot:
        card = await say(pilot, "/processes")
        await pilot.press("alt+up", "down", "right")
        details = card.query_one(Details)
        transcript = app_of(pilot).conversation.transcript
        await until(pilot, lambda: details.region.height > 0)
        await until(pilot, lambda: details.region.bottom <= transcript.region.bottom)
        assert card.query_one(Grid).cursor_row is not None


async def test_a_click_marks_a_row_and_a_second_one_opens_it() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        grid = (await say(pilot, "/processes")).query_one(Grid)
        await until(pilot, lambda: grid.region.height > 5)
        await pilot.click(grid, offset=(4, 1))
        assert (focus_of(app), grid.cursor_key) == (grid, "1000")  # it was marked already, but nobody saw it
        await pilot.click(grid, offset=(4, 3))
        assert grid.cursor_key == "1002"
        assert not any("run /process " in line for line in chat.log)
        await pilot.click(grid, offset=(4, 3))
        await until(pilot, lambda: "run /process 1002" in chat.log)


async def test_a_double_click_opens_a_row() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        grid = (await say(pilot, "/processes")).query_one(Grid)
        await until(pilot, lambda: grid.region.height > 5)
        await pilot.double_click(grid, offset=(4, 4))
        await until(pilot, lambda: "run /process 1003" in chat.log)
        assert pilot.app.screen.get_selected_text() is None


def mouse(pilot: Driver, kind: type[events.MouseEvent], x: int, y: int) -> None:
    """What the terminal sends; unlike the pilot's, such events lead to clicks as with a real mouse."""
    event = kind(None, x, y, 0, 0, 1, shift=False, meta=False, ctrl=False, screen_x=x, screen_y=y)
    pilot.app.post_message(event)


async def test_a_drag_selects_text_and_opens_nothing() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        grid = (await say(pilot, "/processes")).query_one(Grid)
        await until(pilot, lambda: grid.region.height > 5)
        await pilot.mouse_down(grid, offset=(2, 2))
        await pilot.hover(grid, offset=(5, 3))
        await pilot.mouse_up(grid, offset=(5, 3))
        selected = pilot.app.screen.get_selected_text()
        assert selected is not None
        assert selected.startswith("1001 ")
        assert selected.splitlines()[1].strip() in ("100", "1002")
        await pilot.click(grid, offset=(4, 4))
        assert (grid.text_selection, grid.cursor_key) == (None, "1003")
        left, top = grid.region.x, grid.region.y + 4  # the marked row, where a click would open
        mouse(pilot, events.MouseDown, left + 2, top)
        mouse(pilot, events.MouseMove, left + 5, top)
        mouse(pilot, events.MouseUp, left + 5, top)
        await pilot.pause()
        assert pilot.app.screen.get_selected_text() == "1003"
        assert [line for line in chat.log if line.startswith("run")] == ["run /processes"]


@pytest.mark.parametrize("key", ["x", "delete"])
async def test_x_and_del_offer_the_ending(key: str) -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        await grid_of(pilot, "/processes")
        await pilot.press("down", key)
        await until(pilot, lambda: "run /process terminate 1001" in chat.log)


async def test_del_without_an_ending_does_nothing() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        grid = await grid_of(pilot, "/license")
        await pilot.press("delete")
        await pilot.pause()
        assert focus_of(app_of(pilot)) is grid


async def test_a_slash_on_a_row_filters_as_one_types_and_esc_leaves() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        grid = await grid_of(pilot, "/users")
        card = app.conversation.transcript.cards[-1]
        assert "/ filter" in str(card.border_subtitle)
        await pilot.press("slash", *"dora")
        await until(pilot, lambda: grid.view.keys == ["dora"])
        assert app.conversation.prompt.text == ""
        assert "Esc all rows" in str(card.border_subtitle)
        await pilot.press("escape")
        await until(pilot, lambda: len(grid.view.rows) == 10)
        assert focus_of(app) is grid
        await pilot.press("escape", "slash", "u")
        await until(pilot, lambda: app.conversation.prompt.text == "/u")


async def test_a_fast_typist_loses_no_letter_of_the_filter() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        grid = await grid_of(pilot, "/processes")
        for key in ("slash", "x", "1"):  # x would terminate
            app.post_message(events.Key(key, "/" if key == "slash" else key))
        await until(pilot, lambda: grid.view.find == "x1")
        assert app.conversation.prompt.text == ""


@pytest.mark.parametrize("size", [SMALL, (100, 30)])
async def test_the_keys_of_a_row_stand_whole_in_the_last_line(size: tuple[int, int]) -> None:
    async with make_app().run_test(size=size) as pilot:
        await grid_of(pilot, "/processes")
        shown = str(app_of(pilot).conversation.transcript.cards[-1].border_subtitle)
        assert shown.startswith("[$quiet]60 rows · ↵ details · / filter · ^S sort · x terminate")
        assert "…" not in shown


def test_keys_that_do_not_fit_go_least_needed_first() -> None:
    actions = [("enter", "open", "/a"), ("x", "terminate", "/b"), ("z", "suspend", "/c")]
    table = Table("t", "T", [], [], actions=actions)
    shown = [tuple(key for key, _ in row_keys(table, "", room)) for room in range(90, 0, -1)]
    assert list(dict.fromkeys(shown)) == [
        ("enter", "slash", "ctrl+s", "x", "z", "right"),
        ("enter", "slash", "ctrl+s", "x", "z"),
        ("enter", "slash", "x", "z"),
        ("enter", "slash", "x"),
        ("enter", "slash"),
        ("enter",),
    ]


async def test_a_cell_that_wraps_makes_its_row_taller() -> None:
    columns = [Column("a", "A"), Column("why", "WHY", grow=True, wrap=3)]
    rows: list[dict[str, Cell]] = [
        {"a": f"a{number}", "why": "longer " * (24 if number == 1 else 1)} for number in range(9)
    ]
    grid = Grid(Table("t", "T", columns, rows, "a"))
    async with OneGrid(grid).run_test(size=(60, 7)) as pilot:
        lines = text_of(grid).splitlines()
        assert [line.removeprefix("▸").split()[0] for line in lines] == [
            "A",
            "a0",
            "a1",
            "longer",
            "longer",
            "a2",
            "a3",
        ]
        assert lines[4].endswith("…")
        await pilot.click(grid, offset=(5, 4))
        assert grid.cursor_key == "a1"
        grid.focus()
        await pilot.press("down", "down", "down")
        assert grid.cursor_key == "a4"
        assert "a4" in text_of(grid)
        await pilot.press("end")
        assert "a8" in text_of(grid)
        assert grid.line_count == 11


async def test_a_value_has_the_colour_that_its_column_declares() -> None:
    tones: dict[str, Tone] = {"red": "bad", "yes": "good"}
    columns = [
        Column("a", "A"),
        Column("level", "LEVEL", tones=tones),
        Column("on", "ON", "flag", tones=tones),
    ]
    rows: list[dict[str, Cell]] = [
        {"a": "red", "level": "red", "on": True},
        {"a": "", "level": "x", "on": False},
    ]
    grid = Grid(Table("t", "T", columns, rows))
    async with OneGrid(grid).run_test(size=(60, 7)):
        styles = [[name for text, name in parts if text.strip()] for parts in grid.seen()[1:]]
        assert styles == [["grid--row", "grid--bad", "grid--good"], ["grid--quiet", "grid--quiet"]]


async def test_a_command_typed_on_a_row_is_not_lost_in_the_filter() -> None:
    chat = FakeChat()
    async with make_app(chat).run_test(size=SMALL) as pilot:
        app = app_of(pilot)
        grid = await grid_of(pilot, "/users")
        card = app.conversation.transcript.cards[-1]
        await pilot.press("slash", *"processes x")
        await until(pilot, lambda: not grid.view.rows)
        await until(pilot, lambda: "↵ runs /processes x" in str(card.border_subtitle))
        await pilot.press("enter")
        await until(pilot, lambda: "run /processes x" in chat.log)
        assert focus_of(app) is app.conversation.prompt.input
        assert len(grid.view.rows) == 10


async def test_an_empty_table_is_its_sentence_alone() -> None:
    async with make_app().run_test(size=SMALL) as pilot:
        card = await say(pilot, "/users")
        section = card.query_one(TableSection)
        section.show(replace(section.reply, rows=[], notes=["Nobody is here."]))
        await until(pilot, lambda: not section.grid.display)
        assert text_of(section) == "· Nobody is here."
        section.show(replace(section.reply, notes=[]))
        await until(pilot, lambda: text_of(section) == "· Nothing to show.")
        section.show(users_table())
        await until(pilot, lambda: "NAME" in text_of(section))
        assert "Nothing" not in text_of(section)


async def test_groups_have_headings_until_the_reader_sorts() -> None:
    columns = [Column("a", "A"), Column("kind", "KIND", hide_under=1000)]
    rows: list[dict[str, Cell]] = [
        {"a": name, "kind": kind} for name, kind in (("x", "one"), ("b", "one"), ("c", "two"))
    ]
    grid = Grid(Table("t", "T", columns, rows, "a", group="kind"))
    async with OneGrid(grid).run_test(size=(40, 9)) as pilot:
        grid.focus()
        await pilot.press("end")
        assert [line.strip() for line in text_of(grid).splitlines()][:6] == [
            "A",
            "one",
            "x",
            "b",
            "two",
            "▸ c",
        ]
        assert [parts[0] for parts in grid.seen()[1:3]] == [("one", "grid--sorted"), ("  ", "grid--row")]
        await pilot.click(grid, offset=(3, 0))
        assert [line.strip("▸ ") for line in text_of(grid).splitlines()][:4] == ["A▲", "b", "c", "x"]


async def test_f1_lists_the_keys_of_the_row() -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        app = app_of(pilot)
        await grid_of(pilot, "/processes")
        await pilot.press("f1")
        await until(pilot, lambda: "terminate" in text_of(app.screen))
        listed = text_of(app.screen)
        rows = [line.split() for line in listed.partition("Table")[0].splitlines()]
        assert [row for row in rows if row] == [["Row"], ["Enter", "details"], ["x", "terminate"]]
        assert "/ " in next(line for line in listed.splitlines() if "Filter rows" in line)
