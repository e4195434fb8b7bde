"""A plan's card: the code that does the same."""

from __future__ import annotations

from typing import Literal

import pytest

from irisops.contract.replies import Change, Plan
from irisops.ui.cards.plan import PlanSection, plan_lines

SOURCE = ["ClassMethod A()", "{", "    if x {", "        quit 1", "    }", "", "}"]


def rows(width: int) -> list[str]:
    plan = Plan("p", "Install", "I", [Change("a", "b", "c")], calls={"X.cls": SOURCE})
    lines = [line.plain for line in plan_lines(plan, width, calls=True)]
    return lines[lines.index("X.cls") + 1 :]


def test_code_keeps_the_blanks_that_it_begins_with() -> None:
    assert [row.rstrip() for row in rows(60)] == [f"  {line}".rstrip() for line in SOURCE]


@pytest.mark.parametrize("width", [12, 20, 34])
def test_code_stays_within_a_narrow_card(width: int) -> None:
    found = rows(width)
    assert all(len(row) <= width for row in found)
    assert "".join("".join(found).split()) == "".join("".join(SOURCE).split())


def styled(change: Change) -> list[tuple[str, str]]:
    """Each piece of the first line with its style."""
    (line,) = plan_lines(Plan("p", "P", "I", [change]), 200)
    return [(line.plain[span.start : span.end].strip(), str(span.style)) for span in line.spans]


def test_a_plan_shows_what_comes_and_what_goes_and_not_two_whole_lists() -> None:
    change = Change("roles of bob", "A, B", "A, C", comes=["C"], goes=["B"], stays=["A"])
    assert styled(change) == [
        ("roles of bob", "$quiet"),
        ("+ C", "$success bold"),
        ("− B", "$error bold"),
        ("stays: A", "$quiet"),
    ]


@pytest.mark.parametrize(
    ("kind", "last"),
    [
        ("set", ("on", "$foreground bold")),
        ("made", ("+ on", "$success bold")),
        ("gone", ("− on", "$error bold")),
    ],
)
def test_what_is_deleted_is_not_green(kind: Literal["set", "made", "gone"], last: tuple[str, str]) -> None:
    assert styled(Change("x", "off", "on", kind))[-2:] == [("off →", "$quiet"), last]


def test_a_long_plan_folds_once_it_was_carried_out() -> None:
    section = PlanSection(Plan("p", "Share it", "I", [Change(f"x{number}", "", "y") for number in range(9)]))
    assert len(section.lines(60)) == 9
    section.fold(carried_out=True, whole=False)
    assert [line.plain for line in section.lines(60)] == ["✓ agreed to: Share it"]
    section.fold(carried_out=True, whole=True)
    assert len(section.lines(60)) == 9
