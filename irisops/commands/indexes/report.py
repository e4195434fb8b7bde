"""The report of a validation: what was found of each index, and the first keys, with values shortened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Done, Reply, Table, Tone
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.instance.indexes import Checked, Counts, Index, StoredClass

Verdict = Literal["clean", "broken", "nothing seen", "not checked"]
"""`clean`: validated without a finding, and its count agrees with the data's. `nothing seen`: only one of the two."""

_QUOTED = re.compile(r'"([^"]*)"')
_KEPT = 6
"""Characters of a value that are shown: it may be somebody's name (facts: iris-operations 1.1)."""
_REFERENCE = re.compile(r"entry (\$bit\([^)]*\),\d+\)=\d+|\^[\w.%]+\([^)]*\))[, ]*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one index after a validation. `checked` None: the helper was not there."""

    index: Index
    counts: Counts
    checked: Checked | None = None
    odd_storage: bool = False
    """Validation is not known to work for the storage of its class."""

    @property
    def verdict(self) -> Verdict:
        """In one word; a status alone is never taken for clean (facts: iris-operations 1)."""
        told = self.checked
        if (told is not None and told.found) or (self.counts.compared and self.counts.differ):
            return "broken"
        if (told is not None and told.failed) or (told is None and not self.counts.compared):
            return "not checked"
        if told is None or not self.index.known_kind or not self.counts.compared or self.odd_storage:
            return "nothing seen"
        return "clean"

    @property
    def why(self) -> str:
        """The verdict's reason."""
        told, counts = self.checked, self.counts
        parts: list[str] = []
        if told is not None and told.found:
            parts.append(counted(told.found, "entry is wrong", "entries are wrong"))
        elif told is not None and not told.failed:
            parts.append("validated, no wrong entry")
        if told is not None and told.failed:
            parts.append(f"the instance says: {harmless(told.failed, 200)}")
        if not self.index.known_kind:
            parts.append(f"validation is not known to check {self.index.type_class or self.index.type}")
        if self.odd_storage:
            parts.append("validation is not known to work for %Storage.SQL")
        if counts.compared and counts.differ:
            parts.append(f"{counts.by_index:,} rows by the index, {counts.by_data:,} by the data")
        elif counts.compared:
            parts.append(f"{counts.by_data:,} rows by either")
        else:
            parts.append(f"not counted: {counts.why}")
        return "; ".join(parts)


_FIELDS: cards.Fields[Finding] = (
    (Column("index", "INDEX", least=12), lambda each: each.index.name),
    (
        Column(
            "verdict",
            "IS",
            tones={"clean": "good", "broken": "bad", "nothing seen": "quiet", "not checked": "warn"},
        ),
        lambda each: each.verdict,
    ),
    (Column("why", "WHY", grow=True, wrap=3), lambda each: each.why),
    (
        Column("found", "WRONG", "number", hide_under=1000),
        lambda each: each.checked.found if each.checked else None,
    ),
    (Column("by_index", "BY INDEX", "number", hide_under=1000), lambda each: each.counts.by_index),
    (Column("by_data", "BY DATA", "number", hide_under=1000), lambda each: each.counts.by_data),
)
_KEYS = (
    Column("index", "INDEX", hide_under=1000),
    Column("entry", "ENTRY", grow=True, wrap=2),
    Column("what", "WHAT IS WRONG", grow=True, wrap=2),
)
BY_COUNTS = (
    "Without the helper the indexes were compared by their number of rows alone: entries with a wrong value are not "
    "seen, nor which keys are wrong. /helper install offers what can see them."
)


def shortened(text: str, kept: str = "") -> str:
    """A text of the instance with its quoted values cut, but for the one that is `kept`."""
    return harmless(_QUOTED.sub(lambda found: f'"{_cut(found[1], kept)}"', text), 200)


def _cut(value: str, kept: str) -> str:
    return value if value == kept or len(value) <= _KEPT else f"{value[: _KEPT - 1]}…"


def keys_of(finding: Finding) -> list[tuple[str, str]]:
    """The first wrong entries: a reference and what is wrong with it, or the text as the instance gave it."""
    keys: list[tuple[str, str]] = []
    for place, text in finding.checked.first if finding.checked else ():
        found = _REFERENCE.search(text)
        if found is None:
            keys.append((shortened(place), shortened(text)))
        else:
            keys.append((shortened(found[1], finding.index.name), shortened(found[2]).rstrip(".")))
    return keys


def report(each: StoredClass, namespace: str, findings: Sequence[Finding], *, helper: bool) -> list[Reply]:
    """The verdict in one line, a row per index, and the first keys by index."""
    broken = [one.index.name for one in findings if one.verdict == "broken"]
    unclear = [one.index.name for one in findings if one.verdict in ("nothing seen", "not checked")]
    total = counted(len(findings), "index", "indexes")
    if broken:
        said = f"{len(broken)} of {total} of {each.name} is broken: {listed(broken)}."
        if len(broken) > 1:
            said = said.replace(" is broken", " are broken")
    elif unclear:
        said = f"No wrong entry was seen in {total} of {each.name}, but not all could be checked."
        if not helper:
            said = f"No difference was seen in {total} of {each.name}, by counting alone."
    else:
        said = f"Clean: {total} of {each.name}."
    details = [
        "Checked by the instance itself (ValidateIndices), and by counting with and without each index."
    ]
    if not helper:
        details = [BY_COUNTS]
    if broken:
        details.append(
            "Entries written while it ran may show as wrong: validate once more before you rebuild."
        )
    names = " ".join(quote(name) for name in broken)
    offer = f"/indexes build {quote(each.name)} {names} namespace={quote(namespace)}" if broken else ""
    replies: list[Reply] = [
        Table(
            "index_report",
            f"{each.name} in {namespace}: {total}, {len(broken)} broken",
            cards.columns_of(_FIELDS),
            cards.rows_of(_FIELDS, findings),
            key="index",
            status=1 if broken else 0,
        )
    ]
    rows = [
        {"index": one.index.name, "entry": entry, "what": what}
        for one in findings
        for entry, what in keys_of(one)
    ]
    if rows:
        wrong = sum(one.checked.found for one in findings if one.checked)
        replies.append(
            Table(
                "index_entries",
                f"The first wrong entries of {each.name}",
                _KEYS,
                rows,
                group="index",
                total=wrong if wrong > len(rows) else None,
                notes=["Values are shortened."],
            )
        )
    tone: Tone = "bad" if broken else "warn" if unclear else "good"
    return [*replies, Done("indexes_validate", said, details, offer=offer, tone=tone)]
