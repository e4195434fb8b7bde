"""Each reference to the facts, such as (facts: iris-security 2.4), leads to a heading in docs/facts/.

What follows "facts:" is a list: a dossier (its file's name without the suffix), then its sections, until something else
comes. A section is `2.4`, `A2` or a range (`2.1 to 2.3`); its last number may be that of an item in it (`A1.13`).
`6.4, D` is the lettered row D of section 6.4, `unknown 6` or `question 6` a row of the dossier's open unknowns.
Without a name, letters mean ngrok-keyring, and numbers the one dossier that the module names.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "docs" / "facts"
SHORT = {"license-sessions": "iris-license-sessions"}
"""Dossiers that may be named without their prefix."""
LETTERED = "ngrok-keyring"

HEADING = re.compile(r"^#+ (?:PART )?([A-Z]?\d+(?:\.\d+)*|[A-Z])\b")
NUMBERED = re.compile(r"^(?:(\d+)\. |\| ?(\d+|[A-Z]) ?\|)")
SECTION = r"(?:[A-Z]\d+|\d+)(?:\.\d+)*|[A-E](?=[\s.,;)]|$)"
NAME = r"(?:iris-[a-z]+(?:-[a-z]+)*|license-sessions|ngrok-keyring|wire-protocol|wire-examples|[a-z]+(?=\s[A-Z]?\d))"
START = re.compile(
    rf"\bfacts:(?!\")\s*|\b(?={NAME}\s+[A-Z]?\d)(?=iris-|license-|ngrok-|wire-)", re.IGNORECASE
)
PART = re.compile(
    rf"(?:unknown|question)\s+(?P<unknown>\d+)|(?P<name>{NAME})|(?P<section>{SECTION})(?:\s?(?:-|–|to)\s?(?P<last>{SECTION}))?"
)
BETWEEN = re.compile(r"\s*(?:,|;|and)?\s*")


@dataclass
class Dossier:
    """Sections of one page of facts. `rows` are the numbered items and rows, as (section, number or letter)."""

    sections: set[str] = field(default_factory=set)
    rows: set[tuple[str, str]] = field(default_factory=set)
    unknowns: str = ""

    def has(self, section: str) -> bool:
        """Whether a section, or a numbered item in it, exists."""
        head, _, last = section.rpartition(".")
        return section in self.sections or (head, last) in self.rows


@cache
def dossier(name: str) -> Dossier:
    """The sections of docs/facts/NAME.md. Raises FileNotFoundError for another name."""
    found = Dossier()
    section = ""
    for line in (FACTS / f"{name}.md").read_text(encoding="utf-8").splitlines():
        if heading := HEADING.match(line):
            section = heading[1]
            found.sections.add(section)
            if "UNKNOWNs" in line:
                found.unknowns = section
        elif item := NUMBERED.match(line):
            found.rows.add((section, item[1] or item[2]))
    return found


def mistakes(text: str, own: set[str] | None = None) -> Iterator[str]:
    """Unresolved references in comments and docstrings. `own` are the dossiers that the module names."""
    done = 0
    for start in START.finditer(text):
        if start.start() < done:
            continue  # a second dossier in the list before
        name, section, position, parts = "", "", start.end(), 0
        while part := PART.match(text, position):
            if part["name"]:
                name = SHORT.get(part["name"].lower(), part["name"].lower())
                if not (FACTS / f"{name}.md").exists():
                    yield f"{part[0]}: no such dossier"
                    break
            elif problem := _unresolved(part, name, section, own or set()):
                yield problem
            section = part["section"] or section
            parts += 1
            done = part.end()
            between = BETWEEN.match(text, part.end())
            assert between is not None  # it matches nothing, too
            if between.end() == part.end():
                break
            position = between.end()
        if not parts:
            yield f"no dossier or section follows: {text[start.start() : start.end() + 30]!r}"


def _unresolved(part: re.Match[str], name: str, section: str, own: set[str]) -> str:
    """Reason why a part after a dossier's name does not resolve; empty if it does."""
    if not name and (part["section"] or "")[:1].isalpha():
        name = LETTERED
    if not name and len(own) != 1:
        return f"{part[0]}: of which dossier? The module names {', '.join(sorted(own)) or 'none'}"
    page = dossier(name or next(iter(own)))
    if part["unknown"]:
        resolves = (page.unknowns, part["unknown"]) in page.rows
    else:
        resolves = all(
            page.has(each) or (section, each) in page.rows for each in (part["section"], part["last"]) if each
        )
    return "" if resolves else f"{name or next(iter(own))} {part[0]}: no such section"


def prose(source: str) -> str:
    """Comments and strings of a Python module, lines of one comment joined."""
    found: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            found.append(token.string.lstrip("#: "))
        elif token.type == tokenize.STRING:
            found.append("\n" + re.sub(r"\s*\n\s*", " ", token.string) + "\n")
    return " ".join(found)


def named(text: str) -> set[str]:
    """The dossiers that a module names."""
    names = {path.stem for path in FACTS.glob("*.md")}
    return {
        SHORT.get(each, each)
        for each in re.findall(rf"\b(?:{NAME})(?=\s)", text)
        if SHORT.get(each, each) in names
    }


def modules() -> list[Path]:
    return sorted([*(ROOT / "irisops").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])


def test_every_reference_in_the_code_resolves() -> None:
    wrong: list[str] = []
    count = 0
    for path in modules():
        if path == Path(__file__).resolve():
            continue  # it holds made-up ones
        text = prose(path.read_text(encoding="utf-8"))
        count += sum(1 for _ in START.finditer(text))
        wrong += [f"{path.relative_to(ROOT)}: {problem}" for problem in mistakes(text, named(text))]
    assert count > 400
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))], ids=lambda path: path.name
)
def test_every_reference_in_the_pages_resolves(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not list(mistakes(text, named(text)))


@pytest.mark.parametrize(
    "text",
    [
        "(facts: iris-security 2.4)",
        "(facts: iris-security 2.3, 4.1, the rule of the portal)",
        "(facts: iris-security 2.6, unknown 6)",
        "(facts: iris-security 6.4, D)",
        "(facts: license-sessions 2.1 to 2.3, 2.6; iris-security 1.1)",
        "(facts: A2.7)",
        "Facts: wire-protocol 8.",
    ],
)
def test_a_reference_that_resolves(text: str) -> None:
    assert not list(mistakes(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(facts: iris-security 13)", "no such section"),
        ("(facts: iris-security 2.3, 99.1)", "no such section"),
        ("(facts: iris-security 2.1 to 2.77)", "no such section"),
        ("(facts: iris-security 6.4, E; wire-protocol 77)", "no such section"),
        ("(facts: iris-security 2.6, unknown 66)", "no such section"),
        ("(facts: A77)", "no such section"),
        ("see the facts (wire-protocol 77)", "no such section"),
        ("(facts: iris-banana 2.4)", "no such dossier"),
        ("(facts: 2.4)", "of which dossier"),
        ("(facts: somewhere)", "no dossier or section"),
    ],
)
def test_a_reference_to_nothing_is_found(text: str, why: str) -> None:
    assert [problem for problem in mistakes(text) if why in problem]


def test_a_number_alone_means_the_one_dossier_that_the_module_names() -> None:
    assert not list(mistakes("(facts: 2.4)", {"iris-security"}))
    assert list(mistakes("(facts: 2.77)", {"iris-security"}))
    assert list(mistakes("(facts: 2.4)", {"iris-security", "wire-protocol"}))
