"""Small pure parts: figures, history, popup, keys, saving, clipboard, themes, crash."""

from __future__ import annotations

import asyncio
import io
import json
import re
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.traceback import Traceback
from textual.css.query import NoMatches
from textual.theme import Theme

from irisops.contract.chat import CommandInfo
from irisops.contract.replies import Done, Facts, Problem
from irisops.contract.secret_words import has_secret, without_secrets
from irisops.ui import figures, terminal, themes
from irisops.ui.cards.facts import facts_lines
from irisops.ui.cards.problem import problem_lines
from irisops.ui.history import History, Walker
from irisops.ui.keys import key_words
from irisops.ui.links import Commands
from irisops.ui.popup import Item, Popup, command_item, common_start, matching_commands
from irisops.ui.saving import save
from irisops.ui.themes import PARTS, sheets, styles_folder
from tests.ui.fake_chat import INFOS

# Figures


def test_a_sparkline_is_drawn_against_the_limit() -> None:
    assert figures.sparkline([0, 4, 8], 10, 8) == "▁▅█"
    assert figures.sparkline([1, 2, 3], 2) == "▆█"
    assert figures.sparkline([0, 0], 5) == "▁▁"
    assert figures.sparkline([], 5) == ""


@given(st.floats(0, 1e6), st.floats(0.1, 1e6), st.integers(2, 80))
def test_a_bar_is_full_only_at_the_limit_and_empty_only_at_nothing(
    used: float, limit: float, width: int
) -> None:
    drawn = figures.bar(used, limit, width)
    assert len(drawn) == width
    assert ("─" not in drawn) is (used >= limit)
    assert ("━" not in drawn) is (used == 0)


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (None, "text", ""),
        (True, "flag", "yes"),
        (12345, "number", "12,345"),
        (1.5, "number", "1.5"),
        (540, "duration", "9 min"),
        (["%SQL", "%All"], "list", "%SQL, %All"),
        (datetime(2026, 11, 24, 14, 52, tzinfo=UTC), "time", "2026-11-24 14:52"),
        (datetime(2026, 11, 24, 14, 52, tzinfo=UTC), "text", "2026-11-24 14:52"),
        (date(2027, 3, 31), "text", "2027-03-31"),
        ({"R": 1}, "text", "R 1"),
        ("a\x1b[31mb", "text", "a␛[31mb"),
    ],
)
def test_values_as_cells(value: object, kind: str, shown: str) -> None:
    assert figures.cell(value, kind) == shown


@given(st.text(max_size=300))
def test_a_cell_is_one_printable_line(text: str) -> None:
    shown = figures.cell(text)
    assert shown.isprintable()
    assert len(shown) <= figures.CELL_LIMIT


# History


def test_history_is_kept_between_runs_strictly_by_time(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.jsonl"
    start = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    first, second = History(path, lambda: start), History(path, lambda: start + timedelta(minutes=1))
    third = History(path, lambda: start + timedelta(seconds=30))
    first.add("/one")
    second.add("/three")
    third.add("/two")
    assert History(path).lines == ["/one", "/two", "/three"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_history_loses_only_the_damaged_lines(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    good = json.dumps({"at": "2026-11-24", "text": "/users"})
    path.write_bytes(b"\xff\xfe not json\n" + good.encode() + b'\n{"at": 1}\n[]\n{"at": "torn')
    assert History(path).lines == ["/users"]


@pytest.mark.parametrize(
    "line",
    [
        "/profile add local password=hunter2",
        "connect with password hunter2",
        'set the password to "hunter2 two"',
        "iris://bob:hunter2@host:1972/USER",
        "token: hunter2",
    ],
)
def test_secrets_are_neither_kept_nor_shown(line: str, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    history.add(line)
    assert history.lines == []
    assert not path.exists()
    assert has_secret(line)
    assert "hunter2" not in without_secrets(line)


def test_what_is_no_secret_stays() -> None:
    for line in ("who holds my license", "/grant %SQL to appuser", "show users", "/doctor"):
        assert without_secrets(line) == line


def test_history_skips_repeats_and_lines_with_a_leading_blank() -> None:
    history = History()
    for line in ("/users", "/users", " /private", "/roles", ""):
        history.add(line)
    assert history.lines == ["/users", "/roles"]


def test_searching_finds_every_word_newest_first_once() -> None:
    history = History()
    for line in ("/grant %SQL to bob", "/users", "/grant %All to bob", "/grant %SQL to bob"):
        history.add(line)
    assert history.search("GRANT bob") == ["/grant %SQL to bob", "/grant %All to bob"]


def test_walking_keeps_the_draft() -> None:
    history = History()
    history.add("/one")
    history.add("/two")
    walker = Walker(history)
    assert [walker.up("draft"), walker.up("/two"), walker.up("/one")] == ["/two", "/one", None]
    assert [walker.down(), walker.down(), walker.down()] == ["/two", "draft", None]


def test_a_history_that_cannot_be_written_is_kept_for_the_run(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    history = History(blocked / "history.jsonl")
    history.add("/users")
    assert isinstance(history.trouble, OSError)
    assert history.lines == ["/users"]


# Popup


def test_names_that_begin_with_the_text_come_first_then_those_that_contain_it() -> None:
    labels = [item.label for item in matching_commands("/s", INFOS)]
    assert labels[:3] == ["/status", "/sessions", "/save FILE"]
    assert [item.label for item in matching_commands("/cens", INFOS)] == ["/license"]
    assert matching_commands("/lns", INFOS)[0].label == "/license"  # letters in order
    assert matching_commands("/zzz", INFOS) == []
    assert len(matching_commands("/", INFOS)) == len(INFOS)


def test_a_command_with_arguments_leaves_room_for_them() -> None:
    assert command_item(CommandInfo("grant", "/grant ROLE to USER", "")).text == "/grant "
    assert command_item(CommandInfo("users", "/users", "")).text == "/users"


def test_what_is_not_available_says_why() -> None:
    item = command_item(CommandInfo("undo", "/undo [N]", "Take back", available=False, reason="nothing yet"))
    assert item.greyed
    assert item.hint == "not now: nothing yet"


@given(st.lists(st.text(max_size=6), min_size=1, max_size=6))
def test_the_common_start_is_a_start_of_all_and_the_longest(values: list[str]) -> None:
    start = common_start(values)
    assert all(value.startswith(start) for value in values)
    longer = {value[: len(start) + 1] for value in values}
    assert len(longer) > 1 or start in values


# Keys, saving, clipboard


@pytest.mark.parametrize(
    ("key", "words"),
    [("ctrl+f", "Ctrl+F"), ("alt+up", "Alt+↑"), ("f1", "F1"), ("question_mark", "?"), ("y", "y")],
)
def test_keys_are_written_as_people_write_them(key: str, words: str) -> None:
    assert key_words(key) == words


def test_saving_makes_a_new_file_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    assert isinstance(save("# text\n", str(path)), Done)
    assert path.read_text() == "# text\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_saving_never_overwrites_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("precious")
    answer = save("new", str(path))
    assert isinstance(answer, Problem)
    assert "another name" in answer.cure
    assert path.read_text() == "precious"
    missing = save("new", str(tmp_path / "no" / "notes.md"))
    assert isinstance(missing, Problem)
    assert missing.error == "NotWritten"
    assert isinstance(save("new", " "), Problem)


def test_a_tmux_that_reads_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text("#!/bin/sh\nexec sleep 600\n")
    tmux.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    told = asyncio.run(terminal.send_to_tmux("x" * 300_000, {"TMUX": "x"}, deadline=0.3))
    assert told == "tmux did not take the text within 0.3 seconds"


def test_tmux_gets_the_text_by_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got = tmp_path / "got"
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\necho "$@" > {got}\ncat >> {got}\n')
    tmux.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert asyncio.run(terminal.send_to_tmux("a card", {"TMUX": "x"})) == ""
    assert got.read_text() == "load-buffer -w -\na card"
    tmux.write_text("#!/bin/sh\ncat > /dev/null\necho 'no server' >&2\nexit 1\n")
    assert asyncio.run(terminal.send_to_tmux("a card", {"TMUX": "x"})) == "no server"
    tmux.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "cannot be started" in asyncio.run(terminal.send_to_tmux("a card", {"TMUX": "x"}))
    assert asyncio.run(terminal.send_to_tmux("a card", {})) == ""


# Themes and styles


@pytest.mark.parametrize("name", themes.theme_names())
def test_every_theme_defines_what_the_sheets_use(name: str) -> None:
    theme = themes.load_theme(name)
    assert isinstance(theme, Theme)
    reference = themes.load_theme(themes.DEFAULT)
    assert set(theme.variables) >= set(reference.variables)


def test_the_themes_that_are_promised_exist() -> None:
    assert themes.theme_names()[0] == themes.DEFAULT
    assert {"dark", "light", "contrast", "ansi"} <= set(themes.theme_names())


def test_an_unknown_theme_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="contrast"):
        themes.load_theme("../../etc/passwd")


def test_the_ansi_theme_uses_the_terminals_colours_alone() -> None:
    text = (styles_folder() / "themes" / "ansi.toml").read_text()
    assert "#" not in text.replace("# ", "")
    assert "ansi = true" in text


def test_colours_stand_in_themes_not_in_sheets_or_python() -> None:
    sources = [*sheets(), *styles_folder().glob("*.tcss")]
    assert {path.name for path in sheets()} == set(PARTS)
    for path in sources:
        assert "#" not in "".join(
            line for line in path.read_text().splitlines() if ":" in line and "#" in line.split(":")[1]
        )


# A fault of the screen


def fail_with(words: str) -> None:
    raise ValueError(words)


def rendered_traceback(error: BaseException) -> str:
    """As Textual renders it, with local variables."""
    traceback = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    console = Console(file=io.StringIO(), width=120, record=True)
    console.print(traceback)
    return console.export_text()


@pytest.mark.parametrize(
    "error",
    [ValueError("bad: hunter2"), KeyError(), StopAsyncIteration("x"), NoMatches("no #nothing: x\nTwo: y")],
)
def test_a_crash_names_the_error_whatever_its_name(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        raise error
    shown = terminal.summary(rendered_traceback(caught.value))
    assert f"failed ({type(error).__name__})" in shown
    assert "hunter2" not in shown


def test_a_crash_shows_places_and_never_values() -> None:
    secret = "hunter2"
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - raised here
        fail_with(f"bad {secret}")
    rendered = rendered_traceback(caught.value)
    assert secret in rendered  # so the test would notice a leak
    shown = terminal.summary(rendered)
    assert secret not in shown
    assert "ValueError" in shown
    assert "test_pure.py" in shown
    assert "report" in shown


def test_numbers_that_name_something_are_written_as_they_are_typed() -> None:
    facts = {"pid": 10602, "web_port": 52773, "own_process": 20019, "processes": 10001, "commands": 3490909}
    shown = Facts("process", "Process", facts, labels={name: name for name in facts})
    text = "\n".join(line.plain for line in facts_lines(shown, 100))
    for written in ("10602", "52773", "20019", "10,001", "3,490,909"):
        assert re.search(rf"(?<![\d,]){written}(?![\d,])", text), text


def test_a_fact_and_a_note_have_the_colour_that_is_declared() -> None:
    facts = Facts(
        "f",
        "F",
        {"a": "no", "b": 1},
        {"a": "Allowed", "b": "B"},
        ["✗ nothing grants it", "plain"],
        tones={"a": "bad"},
    )
    lines = facts_lines(facts, 60)
    styles = [{line.plain[span.start : span.end]: str(span.style) for span in line.spans} for line in lines]
    assert styles[0]["no"] == "$error"
    assert [line.plain for line in lines[1:]] == ["✗ nothing grants it", "· plain"]
    assert styles[1]["✗ "] == "$error bold"


# What is offered


LONG = " ".join(f"word{number}" for number in range(20))


def test_a_pick_says_all_that_it_does_in_a_column_of_its_own() -> None:
    commands = Commands.of([CommandInfo("a", "/a", LONG), CommandInfo("bb", "/bb", "short")])
    problem = Problem("NotUnderstood", "Which?", "", suggestions=["/a", "/bb"])
    lines = [line.plain for line in problem_lines(problem, 60, commands=commands)]
    assert all(len(line) <= 60 for line in lines)
    assert " ".join(" ".join(lines[1:-1]).split()) == f"1 /a {LONG}"
    assert {line.index("word") for line in lines[1:-1]} == {lines[-1].index("short")}


def test_picks_of_one_command_say_once_what_it_does() -> None:
    commands = Commands.of([CommandInfo("grant", "/grant ROLE", "Give a role")])
    problem = Problem("NotUnderstood", "Which?", "", suggestions=["/grant a", "/grant b"])
    lines = [line.plain for line in problem_lines(problem, 60, commands=commands)]
    assert [line.split() for line in lines[1:]] == [
        ["1", "/grant", "a", "Give", "a", "role"],
        ["2", "/grant", "b"],
    ]


@pytest.mark.parametrize("chosen", [1, 6, 11])
def test_the_chosen_line_of_the_list_shows_its_hint_whole(chosen: int) -> None:
    popup = Popup()
    popup.items = [Item(f"/{number}", f"/{number}", LONG) for number in range(12)]
    popup.chosen, popup.moved = chosen, True
    lines = [line.plain for line in popup.lines(70)]
    assert len(lines) == 8
    assert {len(line) for line in lines} == {70}
    first = next(number for number, line in enumerate(lines) if line.startswith("▸"))
    own = " ".join(line for line in lines[first:] if line.startswith(("▸", "   ")))
    assert own.replace(f"{chosen + 1}/12", "").split() == ["▸", f"/{chosen}", *LONG.split()]
