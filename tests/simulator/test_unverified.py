from __future__ import annotations

import re
from pathlib import Path

import pytest

import irisops.simulator
from irisops.simulator.doubts import table
from irisops.simulator.unverified import listing, rules, rules_of

ROOT = Path(irisops.simulator.__file__).parent


def test_every_mark_in_the_simulator_is_listed() -> None:
    marks = {
        str(path.relative_to(ROOT)): len(re.findall(r"\bUNVERIFIED\b", path.read_text(encoding="utf-8")))
        for path in ROOT.rglob("*.py")
        if path.name != "unverified.py"
    }
    found: dict[str, int] = {}
    for rule in rules():
        found[rule.module] = found.get(rule.module, 0) + 1
        assert rule.claim, rule.id
    assert found == {name: count for name, count in marks.items() if count}


def test_every_rule_says_how_to_settle_it() -> None:
    assert [rule.id for rule in rules() if not rule.settle] == []


def test_the_listing_has_the_doubts_and_names_place_claim_and_way() -> None:
    text = listing()
    assert text.startswith(f"{table()}\n\n")
    rule = next(each for each in rules() if each.module == "world/license.py")
    assert f"{rule.id}\n  {rule.claim}\n  Settle: {rule.settle}\n" in text


@pytest.mark.parametrize(
    ("source", "claim", "settle"),
    [
        ("# UNVERIFIED: it is blue. Settle: look at it.\n", "it is blue", "look at it"),
        ("# UNVERIFIED: it is\n# blue (or so).\n# Settle: look.\n", "it is blue (or so)", "look"),
        ('"""A fact.\n\nUNVERIFIED: it is blue; see the sky.\n\nMore.\n"""\n', "it is blue", "see the sky"),
        ("# The sky is blue (UNVERIFIED; settle: look up).\n", "The sky is blue", "look up"),
        ("# UNVERIFIED: blue. On a real instance: look.\n", "blue", "look"),
        ("# UNVERIFIED: blue.\n", "blue", ""),
    ],
)
def test_marks_are_read_in_the_forms_that_people_write(source: str, claim: str, settle: str) -> None:
    (rule,) = rules_of("x.py", source)
    assert (rule.claim, rule.settle) == (claim, settle)


def test_two_marks_in_one_comment_are_two_rules() -> None:
    found = rules_of("x.py", "x = 1\n# UNVERIFIED: a. Settle: b. UNVERIFIED: c. Settle: d.\n")
    assert [(rule.line, rule.claim, rule.settle) for rule in found] == [(2, "a", "b"), (2, "c", "d")]


def test_the_word_in_code_is_no_mark() -> None:
    assert rules_of("x.py", 'UNVERIFIED = "x"\ny = [UNVERIFIED, "UNVERIFIED: z"]\n') == []
