"""/evidence: shown, then written after a yes; /evidence compare."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from irisops.commands.catalogue import default_registry
from irisops.contract.replies import Done, Facts, Plan, Problem, Progress, Table
from tests.commands.editing import Desk, desk
from tests.commands.fakes import LOCAL, World


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "home") as made:
        yield made


async def test_the_file_is_shown_and_written_after_a_yes(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    *progress, card, plan = await person.say(f"/evidence {path}")
    assert progress
    assert all(isinstance(each, Progress) for each in progress)
    assert isinstance(card, Facts)
    assert isinstance(plan, Plan)
    assert "last-login" in str(card.facts["settled"])
    assert "procedure-word" in str(card.facts["open"])
    (text,) = card.blocks.values()
    assert not path.exists()

    (done,) = await person.yes(plan)
    assert isinstance(done, Done)
    assert path.read_text(encoding="utf-8") == text
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(text)["account"]["%All"] == "yes"
    assert person.changes() == 0
    assert person.entries() == []


async def test_a_no_writes_nothing(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    plan = await person.plan(f"/evidence {path}")
    person.session.decline(plan.id)
    (problem,) = await person.yes(plan)
    assert isinstance(problem, Problem)
    assert not path.exists()


async def test_a_file_that_is_there_is_kept(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    plan = await person.plan(f"/evidence {path}")
    path.write_text("mine", encoding="utf-8")
    (problem,) = await person.yes(plan)
    assert isinstance(problem, Problem)
    assert problem.error == "FileExists"
    assert (await person.problem(f"/evidence {path}")).error == "FileExists"
    assert path.read_text(encoding="utf-8") == "mine"


async def test_a_link_that_leads_nowhere_is_kept(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    plan = await person.plan(f"/evidence {path}")
    path.symlink_to(tmp_path / "nowhere")
    (problem,) = await person.yes(plan)
    assert isinstance(problem, Problem)
    assert problem.error == "FileExists"
    assert not path.exists()


async def test_a_file_that_cannot_be_written_is_named(person: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    plan = await person.plan(f"/evidence {tmp_path / 'file' / 'evidence.json'}")
    (problem,) = await person.yes(plan)
    assert isinstance(problem, Problem)
    assert problem.error == "NotWritten"


async def test_it_is_collected_in_sys_alone(tmp_path: Path) -> None:
    world = World(tmp_path, replace(LOCAL, namespace="USER"))
    try:
        await world.connect()
        (problem,) = await world.say(f"/evidence {tmp_path / 'evidence.json'}")
    finally:
        await world.session.close()
    assert isinstance(problem, Problem)
    assert problem.error == "NotInSys"
    assert problem.cure == "/disconnect, /connect iris://_SYSTEM@127.0.0.1:1972/%SYS"


async def test_a_comparison_needs_no_instance(person: Desk, tmp_path: Path) -> None:
    path = tmp_path / "my evidence.json"
    await person.do(f'/evidence "{path}"')
    world = World(tmp_path / "other", LOCAL)
    try:
        (table,) = await world.say(f'/evidence compare "{path}"')
    finally:
        await world.session.close()
    assert isinstance(table, Table)
    assert table.title == "What IRIS 2025.2 settles"
    rows = {row["doubt"]: row["verdict"] for row in table.rows}
    assert rows["last-login"] == "otherwise"
    assert rows["procedure-word"] == "not settled"
    assert "by hand: as %All, write ##class(" in str(
        next(row["because"] for row in table.rows if row["doubt"] == "procedure-word")
    )
    assert "not as expected" in table.notes[0]


@pytest.mark.parametrize(
    ("text", "error"), [(None, "NoSuchFile"), ("{", "NotEvidence"), ('{"a": 1}', "NotEvidence")]
)
async def test_a_missing_damaged_or_foreign_file_is_refused(
    world: World, tmp_path: Path, text: str | None, error: str
) -> None:
    path = tmp_path / "evidence.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    (problem,) = await world.say(f"/evidence compare {path}")
    assert isinstance(problem, Problem)
    assert (problem.error, "evidence.json" in problem.message) == (error, True)


def test_it_is_a_read() -> None:
    """So a read-only profile has it, and a guarded one asks for no name."""
    for name in ("evidence", "evidence compare"):
        spec = default_registry().get(name)
        assert spec is not None
        assert not spec.changes
