"""Every command in every doubt, as each account, on each version: right, partial, refused early, and never wrong.

The worlds are a covering array: each behaviour in doubt meets each behaviour of every other doubt, each account and
each version at least once. `lines` says what is typed in each, `judging` what an answer is worth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from irisops.contract.replies import Done
from irisops.instance.features import FEATURES
from irisops.simulator.doubts import DOUBTS
from irisops.simulator.main import VERSIONS
from irisops.simulator.world.scenarios import build_world
from tests.matrix import curing
from tests.matrix.judging import WORST, Judged, judge
from tests.matrix.known import KNOWN, Known
from tests.matrix.lines import all_lines
from tests.matrix.pairwise import covering
from tests.matrix.worlds import Place, Walk, undo_of, walk

ACCOUNTS = tuple(account.username for account in build_world("quiet").accounts)
COLUMNS: Mapping[str, Sequence[str]] = {
    "account": ACCOUNTS,
    "version": ("2024.1", "2025.2", "2026.2"),
    "helper": ("no", "yes"),
    **{each.name: [behaviour.value for behaviour in each.behaviours] for each in DOUBTS},
}
AS_PUBLISHED = {each.name: each.default for each in DOUBTS}
"""What the best public source says of each doubt: every account meets it on a version of its own choice."""
FIRST = [
    *(
        {"account": account, "version": version, "helper": "no", **AS_PUBLISHED}
        for account, version in zip(ACCOUNTS, ("2026.2", "2025.2", "2026.2", "2024.1"), strict=True)
    ),
    # What the helper is for: the objects are protected, and the account has the documented privilege.
    {"account": "secadmin", "version": "2025.2", "helper": "yes", **AS_PUBLISHED},
]
COUNTING = "community-units"
"""The doubt in which both behaviours are right in their own worlds: each has a reference of its own."""
UNSEEN = {"password", "helper install", "evidence"}
"""Commands that change no field of a record: a hash, a class, a file of this machine."""
SIGNS = {"right": "·", "partial": "p", "refused early": "r", "wrong": "W"}
WIDTH = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """One line in one place, and its verdict."""

    line: str
    place: Place
    judged: Judged


def places() -> list[Place]:
    """The worlds of the matrix."""
    return [
        Place(
            row["account"],
            row["version"],
            {each.name: row[each.name] for each in DOUBTS},
            row["helper"] == "yes",
        )
        for row in covering(COLUMNS, FIRST)
    ]


GROUPS = sorted({(place.version, place.doubts[COUNTING]) for place in places()})


@pytest.mark.timeout(600)  # several worlds, each with all commands; a minute on a quiet machine
@pytest.mark.parametrize(("version", "counting"), GROUPS, ids=["-".join(each) for each in GROUPS])
async def test_no_cell_is_wrong(
    version: str, counting: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chosen = [each for each in places() if (each.version, each.doubts[COUNTING]) == (version, counting)]
    reference = await walk(chosen[0].reference, tmp_path / "reference")
    assert_sound(reference)
    cells: list[Cell] = []
    boasts = boasted(reference)
    uncured: list[str] = []
    tried: set[tuple[str, str]] = set()
    for number, place in enumerate(chosen):
        found = await walk(place, tmp_path / str(number))
        cells += compared(reference, found)
        if place.doubts == AS_PUBLISHED:
            boasts += boasted(found)
        for case in curing.cases(found, all_lines()) if counting == AS_PUBLISHED[COUNTING] else ():
            # A cure is the same in both countings; it is tried once as each account.
            cure = (place.account, case.cure)
            if cure not in tried:
                tried.add(cure)
                uncured += await curing.complaints(place, case, tmp_path / f"cure{len(tried)}")
    record_property("matrix cures tried", len(tried))
    text = tables(cells)
    (tmp_path / "matrix.txt").write_text(text)
    for verdict in WORST:
        record_property(f"matrix {verdict}", sum(each.judged.verdict == verdict for each in cells))
    complaints = [*new_wrongs(cells), *mended(cells), *boasts, *uncured]
    assert not complaints, "\n".join([*complaints, "", text])


def test_each_known_wrong_cell_is_in_a_world_and_each_command_has_a_line() -> None:
    texts = [line.text for line in all_lines()]
    texts += [undo_of(text) for text in texts]
    for known in KNOWN:
        assert known.reason
        assert any(known.fits(text, place) for text in texts for place in places()), known
    assert set(COLUMNS["version"]) <= set(VERSIONS)


def assert_sound(reference: Walk) -> None:
    """In the reference each change shows in the world, and its undo puts it back, but for SQL grants of the deleted."""
    commands = {line.text: line.command for line in all_lines()}
    for text, seen in reference.seen.items():
        if not seen.agreed or text not in commands:
            continue
        assert any(isinstance(each, Done) for each in seen.after), (text, seen.after)
        if commands[text] in UNSEEN:
            continue
        assert seen.change, text
        if seen.undo is None:
            continue
        back = reference.seen[undo_of(text)].change
        lost = {key for key in seen.change if key.startswith("grants/")} if "delete" in text else set()
        assert {key: after for key, (_, after) in back.items()} == {
            key: before for key, (before, _) in seen.change.items() if key not in lost
        }, text


def compared(reference: Walk, found: Walk) -> list[Cell]:
    """The cells of one world."""
    cells: dict[str, Cell] = {}
    changes = {undo_of(text): seen for text, seen in found.seen.items()}
    for text, seen in found.seen.items():
        wanted = reference.seen.get(text)
        judged = Judged("wrong", f"also {seen.replies}")
        if wanted is not None:
            judged = judge(wanted, seen, found.held, found.place, changes.get(text))
        cells[text] = Cell(text, found.place, judged)
        undo = undo_of(text)
        if judged.verdict != "wrong" and seen.agreed and seen.undo is None and undo in reference.seen:
            cells[undo] = Cell(undo, found.place, Judged("wrong", "cannot be undone here"))
    return list(cells.values())


def boasted(found: Walk) -> list[str]:
    """Features that `/doctor` calls proved for an account such as this one, and that failed here."""
    complaints = []
    for row in found.doctor:
        needs = FEATURES[row.what].privilege
        has_it = needs and all(
            re.fullmatch(r"%\w+:[RWU]", each) and found.held.has(*each.split(":"))
            for each in needs.split(" and ")
        )
        meant = {"%All": found.held.superuser, "privilege": has_it or found.held.superuser, "nobody": False}
        if row.state == "failed" and meant[row.proved]:
            complaints.append(f"{row.what} failed as {found.place.account}, but is proved for {row.proved}")
    return complaints


def new_wrongs(cells: Iterable[Cell], entries: Sequence[Known] = KNOWN) -> list[str]:
    """Wrong cells that are not known."""
    return [
        f"WRONG {each.line}\n    as {each.place.account} on {each.place.version}, {unkind(each.place)}\n"
        f"    {each.judged.why[:600]}"
        for each in cells
        if each.judged.verdict == "wrong" and not any(known.fits(each.line, each.place) for known in entries)
    ]


def mended(cells: Sequence[Cell], entries: Sequence[Known] = KNOWN) -> list[str]:
    """Entries none of whose cells here is wrong any more."""
    found = []
    for known in entries:
        verdicts = {each.judged.verdict for each in cells if known.fits(each.line, each.place)}
        if verdicts and "wrong" not in verdicts:
            found.append(f"KNOWN is not wrong any more: {known}")
    return found


def unkind(place: Place) -> str:
    """Behaviours other than the kindest."""
    kind = place.reference.doubts
    differing = [f"{name}={said}" for name, said in place.doubts.items() if said != kind[name]]
    return " ".join([*(["helper"] if place.helper else []), *(differing or ["kindest"])])


def tables(cells: Sequence[Cell]) -> str:
    """Command x doubt for each account; the letter is the worst verdict of the worlds that do this in doubt."""
    tally = Counter(each.judged.verdict for each in cells)
    signs = ", ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items())
    found = [f"{len(cells)} cells: {', '.join(f'{tally[each]} {each}' for each in WORST)} ({signs})"]
    for account, helper in dict.fromkeys((each.place.account, each.place.helper) for each in cells):
        mine = [each for each in cells if (each.place.account, each.place.helper) == (account, helper)]
        asked = [(each.name, behaviour.value) for each in DOUBTS for behaviour in each.behaviours]
        found += ["", f"as {account}" + (", with the helper installed" if helper else "")]
        found += [f"{'':{WIDTH}} {at + 1:>2} {name}={said}" for at, (name, said) in enumerate(asked)]
        found.append(f"{'':{WIDTH}} {''.join(f'{at + 1:>3}' for at in range(len(asked)))}")
        for line in dict.fromkeys(each.line for each in mine):
            verdicts = [
                worst(each for each in mine if each.line == line and each.place.doubts[name] == said)
                for name, said in asked
            ]
            found.append(f"{line[:WIDTH]:{WIDTH}} {''.join(f'{each:>3}' for each in verdicts)}")
    return "\n".join(found)


def worst(cells: Iterable[Cell]) -> str:
    """The sign of the worst verdict; "" without a cell."""
    verdicts = {each.judged.verdict for each in cells}
    return next((SIGNS[each] for each in WORST if each in verdicts), "")
