"""Damaged, foreign, old or newer lines of a journal: each handled alone and reported, and no number used twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.journal import Intent, Journal, JournalError, Reverse
from irisops.journal_lines import MOST_BYTES, VERSION, places

NOW = datetime(2026, 11, 24, 14, 43, tzinfo=UTC)
OLD = Path(__file__).parent / "data" / "journals" / "ce5a615"
INTENT = {
    "number": 2, "kind": "intent", "at": NOW.isoformat(), "title": "t", "command": "/c", "instance": "i", "user": "u",
    "changes": [["a", "b", "c"]],
}  # fmt: skip
OUTCOME = {"number": 1, "kind": "outcome", "at": NOW.isoformat(), "status": "done", "detail": ""}


def line(known: dict[str, object], **changed: object) -> bytes:
    return json.dumps(
        {key: value for key, value in {**known, **changed}.items() if value is not ...}
    ).encode()


DAMAGED = {
    "no at": line(INTENT, at=...),
    "bad date": line(INTENT, at="yesterday"),
    "date without a zone": line(INTENT, at="2026-11-24T14:43:00"),
    "date before calendars": line(INTENT, at="0001-01-01T00:00:00+00:00"),
    "date is a number": line(INTENT, at=1764000000),
    "unknown status": line(OUTCOME, status="perhaps"),
    "status is a list": line(OUTCOME, status=["done"]),
    "no status": line(OUTCOME, status=...),
    "unknown kind": line(INTENT, kind="note"),
    "kind is an object": line(INTENT, kind={}),
    "no kind": line(INTENT, kind=...),
    "no number": line(INTENT, number=...),
    "number is true": line(INTENT, number=True),
    "number is a fraction": line(INTENT, number=2.5),
    "number is negative": line(INTENT, number=-1),
    "number beyond all": line(INTENT, number=10**30),
    "deep nesting": b'{"number":2,"kind":"intent","title":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge": b'{"number":2,"kind":"intent","title":"' + b"x" * MOST_BYTES + b'"}',
    "huge number": b'{"number":' + b"9" * 5_000 + b"}",
    "bad UTF-8": line(INTENT).replace(b'"t"', b'"\xff\xfe"'),
    "NUL": line(INTENT)[:30] + b"\0" + line(INTENT)[31:],
    "UTF-16": line(INTENT).decode().encode("utf-16-le").replace(b"\n", b" "),
    "a list": b"[1,2,3]",
    "no JSON": b"Traceback (most recent call last):",
    "changes are words": line(INTENT, changes=["abc"]),
    "a change of two parts": line(INTENT, changes=[["a", "b"]]),
    "calls are a list": line(INTENT, calls=["x"]),
    "steps are numbers": line(INTENT, steps=[1]),
    "title is missing": line(INTENT, title=...),
    "reverse is a word": line(INTENT, reverse="x"),
    "reverse without states": line(INTENT, reverse={"kind": "helper", "target": "x"}),
    "touched without states": line(INTENT, touched=[{"kind": "user", "name": "bob"}]),
    "touched with no state at all": line(
        INTENT, touched=[{"kind": "user", "name": "b", "before": None, "after": None}]
    ),
    "undoes itself": line(INTENT, undoes=2),
    "undoes a later one": line(INTENT, undoes=7),
    "a version that is a word": line(INTENT, v="1"),
    "a version below all": line(INTENT, v=-1),
    "an outcome of nothing": line(OUTCOME, number=9),
}


def an_intent(title: str, undoes: int | None = None) -> Intent:
    return Intent(title, "/c", "i", "u", [("a", "b", "c")], {}, Reverse("helper", "x", (), ("1",)), undoes)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An unfinished change on line 1."""
    made = Journal(tmp_path / "j.jsonl", lambda: NOW)
    made.intend(an_intent("unfinished"))
    return made


def add(journal: Journal, raw: bytes) -> None:
    with journal.path.open("ab") as file:
        file.write(raw + b"\n")


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_line_is_skipped_and_said_and_takes_nothing_else_away(
    journal: Journal, damaged: bytes
) -> None:
    add(journal, damaged)
    number = journal.intend(an_intent("after it"))
    journal.outcome(number, "done")
    reading = journal.read()
    assert [(each.intent.title, each.status) for each in reading.entries] == [
        ("unfinished", "unknown"),
        ("after it", "done"),
    ]
    assert [each.intent.title for each in reading.unfinished()] == ["unfinished"]
    assert reading.skipped == f"The journal {journal.path} was read without 1 line: line 2 cannot be read."
    assert number > 1


def test_a_line_of_a_newer_irisops_is_named_as_such(journal: Journal) -> None:
    add(journal, b'{"v":%d,"number":2,"what":"nobody knows yet"}' % (VERSION + 1))
    assert journal.read().skipped.endswith("was read without 1 line: line 2 was written by a newer irisops.")
    assert journal.intend(an_intent("next")) == 3
    add(journal, b"garbage")
    add(journal, b'{"v":%d}' % (VERSION + 1))
    assert journal.read().skipped.endswith(
        "was read without 3 lines: line 4 cannot be read, lines 2 and 5 were written by a newer irisops."
    )


def test_every_line_that_is_written_has_the_version(journal: Journal) -> None:
    journal.step(1)
    journal.outcome(1, "done")
    assert [json.loads(each)["v"] for each in journal.path.read_text().splitlines()] == [VERSION] * 3


def test_a_line_that_was_cut_off_is_said(journal: Journal) -> None:
    whole = journal.path.read_bytes()
    add(journal, line(OUTCOME))
    journal.path.write_bytes(whole + line(OUTCOME)[:20])
    assert "line 2 cannot be read" in journal.read().skipped
    assert [each.number for each in journal.unfinished()] == [1]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_editor_that_adds_a_mark_or_other_line_ends_loses_nothing(journal: Journal, end: bytes) -> None:
    journal.path.write_bytes(b"\xef\xbb\xbf" + journal.path.read_bytes().replace(b"\n", end) + end)
    reading = journal.read()
    assert ([each.number for each in reading.entries], reading.skipped) == ([1], "")


@pytest.mark.parametrize("damage", [b"", b"garbage\n", b'{"number":1,"kind":"inte', b"\0" * 4096 + b"\n"])
def test_no_number_comes_again_whatever_became_of_the_journal(journal: Journal, damage: bytes) -> None:
    for at in range(2, 6):
        assert journal.intend(an_intent("one more")) == at
    journal.path.write_bytes(damage)
    assert journal.intend(an_intent("after the damage")) == 6
    assert journal.intend(an_intent("and after that")) == 7
    journal.path.unlink()
    assert journal.intend(an_intent("a new file")) == 8


@pytest.mark.parametrize("kept", [None, b"", b"no number\n", b"\xff" * 11, b"9" * 40, b"0000000001\n"])
def test_without_the_kept_number_no_line_is_passed_over(journal: Journal, kept: bytes | None) -> None:
    for _ in range(2):
        journal.intend(an_intent("one more"))
    (last,) = journal.path.parent.glob(".*.last")
    if kept is None:
        last.unlink()
    else:
        last.write_bytes(kept)
    with journal.path.open("r+b") as file:
        lines = file.readlines()
        file.seek(0)
        file.writelines([lines[0], b"x" * (len(lines[1]) - 1) + b"\n", lines[2]])
    assert journal.intend(an_intent("next")) > 3


def test_two_changes_of_one_number_are_both_there(journal: Journal) -> None:
    """Journals in which ce5a615 began to count anew after damage have them: the first one may be unfinished."""
    journal.step(1)
    add(journal, line(INTENT, number=1, title="another", at="2026-11-25T00:00:00+00:00"))
    add(journal, line(OUTCOME, number=1))
    reading = journal.read()
    assert [(each.intent.title, each.status) for each in reading.entries] == [
        ("unfinished", "unknown"),
        ("another", "done"),
    ]
    found = reading.entry(1)
    assert found is not None
    assert found.intent.title == "another"


def test_a_line_that_is_there_twice_is_one_change(journal: Journal) -> None:
    add(journal, journal.path.read_bytes().rstrip())
    assert len(journal.entries()) == 1


def test_a_change_that_would_not_be_read_again_is_not_begun(journal: Journal) -> None:
    before = journal.path.read_bytes()
    with pytest.raises(JournalError, match=r"too large for one line.*Nothing is changed without it"):
        journal.intend(an_intent("x" * MOST_BYTES))
    assert journal.path.read_bytes() == before


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
def test_lines_are_named_shortly(lines: list[int]) -> None:
    said = places(lines)
    assert said.startswith("line" if len(lines) == 1 else "lines")
    assert len(said) < 80
    assert str(lines[0]) in said


def old_journal(name: str, folder: Path) -> Journal:
    path = folder / "local.jsonl"
    path.write_bytes((OLD / name).read_bytes())
    return Journal(path, lambda: NOW)


def test_journals_of_ce5a615_are_read_in_full(tmp_path: Path) -> None:
    reading = old_journal("changes.jsonl", tmp_path).read()
    assert reading.skipped == ""
    assert [each.number for each in reading.entries] == list(range(1, 23))
    assert {each.status for each in reading.entries} == {"done"}
    assert {each.number: each.undone_by for each in reading.entries if each.undone_by} == {
        1: 2, 2: 3, 4: 22, 9: 21, 13: 14,
    }  # fmt: skip


def test_cut_off_changes_of_ce5a615_are_found(tmp_path: Path) -> None:
    journal = old_journal("cut-off.jsonl", tmp_path)
    reading = journal.read()
    assert reading.skipped == ""
    assert [each.number for each in reading.unfinished()] == [2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert journal.intend(an_intent("next")) == 13
    assert journal.intend(an_intent("next")) == 14


WRONG_NUMBERS = {
    "a huge one": b"999999999",
    "one beyond the room": b"1000000000",
    "one beyond all": b"9" * 400,
    "half of the room": b"500000000",
    "a negative one": b"-3",
    "zero": b"0",
    "a text": b'"3"',
    "a huge text": b'"999999999"',
    "true": b"true",
    "nothing": b"null",
    "a fraction": b"3.0",
    "a power": b"1e9",
    "a list": b"[999999999]",
    "two numbers": b'3,"number":999999999',
    "two huge ones": b'999999999,"number":999999999',
}


@pytest.mark.parametrize("kept", [True, False], ids=["kept number", "no kept number"])
@pytest.mark.parametrize("whole", [True, False], ids=["whole line", "damaged line"])
@pytest.mark.parametrize("wrong", WRONG_NUMBERS.values(), ids=WRONG_NUMBERS.keys())
def test_a_wrong_number_in_a_line_stops_no_further_change(
    journal: Journal, wrong: bytes, *, whole: bool, kept: bool
) -> None:
    journal.outcome(1, "done")
    journal.outcome(journal.intend(an_intent("two")), "done")
    raw = line(INTENT, number=7).replace(b'"number": 7', b'"number":' + wrong)
    assert b'"number":' + wrong + b"," in raw
    add(journal, raw if whole else raw[:-2])
    if not kept:
        (journal.path.parent / f".{journal.path.name}.last").unlink()
    numbers = []
    for title in ("three", "four"):
        numbers.append(journal.intend(an_intent(title, undoes=1 if title == "four" else None)))
        journal.outcome(numbers[-1], "done")
    assert numbers in ([3, 4], [4, 5])
    reading = journal.read()
    assert [each.intent.title for each in reading.entries] == ["unfinished", "two", "three", "four"]
    assert reading.skipped.endswith("was read without 1 line: line 5 cannot be read.")
    first = reading.entry(1)
    assert first is not None
    assert first.undone_by == numbers[1]


@pytest.mark.parametrize("kept", [b"0999999999\n", b"999999999", b"1000000000", b"9" * 20, b"5000000"])
def test_a_damaged_file_of_the_last_number_stops_no_further_change(journal: Journal, kept: bytes) -> None:
    (journal.path.parent / f".{journal.path.name}.last").write_bytes(kept)
    assert [journal.intend(an_intent("next")) for _ in range(2)] == [2, 3]


@pytest.mark.parametrize(
    "kind", [INTENT, OUTCOME, {**OUTCOME, "kind": "step"}], ids=["intent", "outcome", "step"]
)
@pytest.mark.parametrize("number", [1, 2], ids=["a number twice", "a number of before"])
def test_a_number_that_comes_again_stops_no_further_change_and_changes_none(
    journal: Journal, kind: dict[str, object], number: int
) -> None:
    journal.outcome(1, "done")
    for title in ("two", "three"):
        journal.outcome(journal.intend(an_intent(title)), "done")
    add(journal, line(kind, number=number, **({"status": "failed"} if kind is OUTCOME else {})))
    assert journal.intend(an_intent("four")) == 4
    journal.outcome(4, "done")
    reading = journal.read()
    known = [each for each in reading.entries if each.intent.title != "t"]
    assert [(each.number, each.status) for each in known] == [
        (1, "done"),
        (2, "done"),
        (3, "done"),
        (4, "done"),
    ]
    assert ("line 7 cannot be read" in reading.skipped) == (kind is OUTCOME)


def test_a_journal_that_was_moved_away_is_counted_on(journal: Journal) -> None:
    (journal.path.parent / f".{journal.path.name}.last").write_bytes(b"0000123456\n")
    journal.path.unlink()
    for number in (123_457, 123_458):
        assert journal.intend(an_intent("on")) == number
        journal.outcome(number, "done")
    assert (len(journal.entries()), journal.read().skipped) == (2, "")


def test_each_reason_that_a_line_is_not_written_has_its_own_cure(journal: Journal) -> None:
    with pytest.raises(JournalError, match="too large") as raised:
        journal.intend(an_intent("x" * MOST_BYTES))
    assert raised.value.cure == "Make the change in smaller parts."
    add(journal, line(INTENT, number=10**6))
    for number in range(2 * 10**6, 10**9, 10**6):
        add(journal, line(INTENT, number=number))
    add(journal, line(INTENT, number=10**9 - 1))
    with pytest.raises(JournalError, match="there is no room") as raised:
        journal.intend(an_intent("no number is left"))
    assert raised.value.cure.startswith("Move that file away")
    journal.path.rename(journal.path.with_suffix(".old"))
    assert journal.intend(an_intent("another one")) == 2
