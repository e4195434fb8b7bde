"""A plan's card: the code that does the same."""

from __future__ import annotations

import pytest

from irisops.contract.replies import Change, Plan
from irisops.ui.cards.plan import plan_lines

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
