from __future__ import annotations

import json
import multiprocessing
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.journal import Intent, Journal, JournalError, Reverse, Touched

NOW = datetime(2026, 11, 24, 14, 43, tzinfo=UTC)


def journal_in(folder: Path) -> Journal:
    return Journal.of_profile(folder / "journal", "local", lambda: NOW)


def an_intent(title: str = "Give %SQL to bob", undoes: int | None = None) -> Intent:
    return Intent(
        title=title,
        command="/grant %SQL to bob",
        instance="local",
        user="_SYSTEM",
        changes=[("roles of bob", "none", "%SQL")],
        calls={"SQL": ['GRANT "%SQL" TO "bob"']},
        reverse=Reverse("user.roles", "bob", (), ("%SQL",)),
        undoes=undoes,
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return journal_in(tmp_path)


def test_a_change_is_an_intent_and_an_outcome(journal: Journal) -> None:
    number = journal.intend(an_intent())
    (entry,) = journal.entries()
    assert (entry.number, entry.status, entry.intent, entry.at) == (1, "unknown", an_intent(), NOW)
    journal.outcome(number, "done", "by AddRoles")
    (entry,) = journal.entries()
    assert (entry.status, entry.detail, entry.can_be_undone) == ("done", "by AddRoles", True)
    assert journal.unfinished() == []


def test_an_intent_without_an_outcome_is_unfinished(journal: Journal) -> None:
    journal.outcome(journal.intend(an_intent("one")), "done")
    journal.intend(an_intent("two"))
    assert [entry.intent.title for entry in journal_in(journal.path.parent.parent).unfinished()] == ["two"]


def test_an_undo_marks_what_it_undid_once_it_is_done(journal: Journal) -> None:
    journal.outcome(journal.intend(an_intent()), "done")
    undo = journal.intend(an_intent("undo", undoes=1))
    assert journal.entries()[0].can_be_undone
    journal.outcome(undo, "done")
    first, second = journal.entries()
    assert (first.undone_by, first.can_be_undone, second.can_be_undone) == (2, False, True)


def test_lines_are_only_ever_added(journal: Journal) -> None:
    journal.intend(an_intent())
    before = journal.path.read_bytes()
    journal.outcome(1, "failed", "why")
    assert journal.path.read_bytes().startswith(before)


def test_the_file_is_private(journal: Journal) -> None:
    journal.intend(an_intent())
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


@given(st.data())
def test_a_crash_in_the_middle_of_a_line_loses_that_line_alone(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    journal = journal_in(tmp_path_factory.mktemp("crash"))
    journal.outcome(journal.intend(an_intent("one")), "done")
    whole = journal.path.read_bytes()
    journal.intend(an_intent("two"))
    torn = journal.path.read_bytes()
    journal.path.write_bytes(torn[: data.draw(st.integers(len(whole), len(torn) - 2))])
    assert [entry.intent.title for entry in journal.entries()] == ["one"]
    journal.outcome(journal.intend(an_intent("three")), "done")
    assert [(entry.number, entry.intent.title, entry.status) for entry in journal.entries()] == [
        (1, "one", "done"),
        (3, "three", "done"),
    ], "the number of the lost line does not come again"


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_any_names_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, title: str, target: str, roles: list[str]
) -> None:
    journal = journal_in(tmp_path_factory.mktemp("names"))
    intent = Intent(
        title, "/x", "local", "u", [(title, target, "")], {}, Reverse("k", target, tuple(roles), ())
    )
    journal.intend(intent)
    assert journal.entries()[0].intent == intent
    assert journal.path.read_bytes().count(b"\n") == 1


def test_profiles_have_files_of_their_own_with_safe_names(tmp_path: Path) -> None:
    names = ["local", "LOCAL", "a/b", "a_b", "..", "10.0.0.1:1972", "x" * 200]
    paths = [Journal.of_profile(tmp_path, name, lambda: NOW).path for name in names]
    assert len(set(paths)) == len(names)
    assert all(path.parent == tmp_path and len(path.name) < 64 for path in paths)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("in the way")
    journal = journal_in(tmp_path)
    with pytest.raises(JournalError, match="Nothing is changed without it"):
        journal.intend(an_intent())


def test_foreign_lines_are_left_alone(journal: Journal) -> None:
    journal.intend(an_intent())
    with journal.path.open("a") as file:
        file.write('[1]\n{"number": "x", "kind": "intent"}\nnot json\n{"number": 7, "kind": "newer thing"}\n')
    assert [entry.number for entry in journal.entries()] == [1]
    assert journal.intend(an_intent()) == 8


def _intend_many(folder: str) -> None:
    journal = journal_in(Path(folder))
    for _ in range(10):
        journal.intend(an_intent())


def test_two_programs_never_use_one_number_twice(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_intend_many, args=(str(tmp_path),)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    lines = journal_in(tmp_path).path.read_text().splitlines()
    assert sorted(json.loads(line)["number"] for line in lines) == list(range(1, 21))


def test_the_calls_of_a_change_are_counted_and_its_objects_come_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", lambda: datetime(2026, 11, 24, tzinfo=UTC))
    touched = (
        Touched("user", "bob", {"roles": ("A",), "enabled": True}, {"roles": ("A", "B"), "enabled": False}),
        Touched("role", "B", None, {"description": "d"}, follows=True),
        Touched("user", "eve", {"full_name": ""}, None),
    )
    number = journal.intend(
        Intent("t", "/c", "i", "u", [], touched=touched, steps=["one", "two"], passwords=["bob"])
    )
    journal.step(number)
    (entry,) = journal.entries()
    assert tuple(entry.intent.touched) == touched
    assert (entry.steps_done, entry.half_done, entry.can_be_undone) == (1, True, False)
    assert [each.number for each in journal.unfinished()] == [number]
    journal.step(number)
    journal.outcome(number, "done")
    (entry,) = journal.entries()
    assert (entry.steps_done, entry.half_done, entry.can_be_undone) == (2, False, True)
    assert journal.unfinished() == []


def test_a_failure_before_the_first_call_left_nothing_half_done(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", lambda: datetime(2026, 11, 24, tzinfo=UTC))
    touched = (Touched("user", "bob", {"roles": ()}, {"roles": ("A",)}),)
    first = journal.intend(Intent("t", "/c", "i", "u", [], touched=touched, steps=["one", "two"]))
    journal.outcome(first, "failed", "why")
    second = journal.intend(Intent("t", "/c", "i", "u", [], touched=touched, steps=["one", "two"]))
    journal.step(second)
    journal.outcome(second, "failed", "why")
    assert [entry.half_done for entry in journal.entries()] == [False, True]
