from __future__ import annotations

import re
from pathlib import Path

import pytest

import irisops
from irisops.instance.evidence.reads import reads
from irisops.simulator.doubts import DOUBTS
from irisops.simulator.unverified import doubts, listing, rules, rules_of

ROOT = Path(irisops.__file__).parent
PARTS = {"version", "account", "doubts", "calls", *(read.name for read in reads("bob", 1))}
"""What a mark can refer to in the file of `irisops evidence`."""


def test_every_mark_is_listed() -> None:
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


def test_what_a_rule_refers_to_is_there() -> None:
    found = rules()
    known = {doubt.name for doubt in DOUBTS}
    assert [rule.id for rule in found if rule.doubt and rule.doubt not in known] == []
    parts = tuple(sorted(PARTS))
    assert [rule.id for rule in found if rule.evidence and not rule.evidence.startswith(parts)] == []
    assert {"function", "row-sets", "projection"} <= {rule.doubt for rule in found}
    assert any(rule.evidence == "%SYS.Audit:List by SQL, NULL as times" for rule in found)


def test_the_listing_has_each_rule_once_with_place_claim_and_way() -> None:
    text, of_doubts, found = listing(), doubts(), rules()
    assert text.startswith(of_doubts)
    for rule in found:
        if rule.doubt:
            assert f"  {rule.id} rests on it: " in of_doubts
        else:
            how = f"evidence of {rule.evidence}" if rule.evidence else f"by hand, {rule.settle}"
            assert f"{rule.id}\n  {rule.claim}\n  Settle: {how}\n" in text
    assert {rule.module.partition("/")[0] for rule in found} >= {"instance", "sharing", "simulator"}


@pytest.mark.parametrize(
    ("source", "claim", "settle"),
    [
        ("# UNVERIFIED: it is blue. Settle: look at it.\n", "it is blue", "look at it"),
        ("# UNVERIFIED: it is\n# blue (or so).\n# Settle: look.\n", "it is blue (or so)", "look"),
        ('"""A fact.\n\nUNVERIFIED: it is -1. Settle: look.\n\nMore.\n"""\n', "it is -1", "look"),
        ("# UNVERIFIED: -1 it is. Settle: look.\n", "-1 it is", "look"),
        ("# The sky is blue (UNVERIFIED; settle: look up).\n", "The sky is blue", "look up"),
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
