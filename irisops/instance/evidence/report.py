"""The evidence as a file: made of findings, written as JSON, read back, and compared with what irisops assumes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from irisops import __version__
from irisops.files import read_file
from irisops.instance.calls import HELPER, Rows
from irisops.instance.capabilities import wanted_members
from irisops.instance.evidence.doubts import DOUBTS
from irisops.instance.evidence.findings import Findings, Seen
from irisops.instance.evidence.masks import column_name, product_words, summary
from irisops.instance.evidence.reads import BY_CELLS, BY_SQL, DICTIONARY, listed
from irisops.instance.features import FEATURES
from irisops.instance.routes import EITHER

FORM = "irisops_evidence"
"""Key by which a file is known; its value is the number of the form."""
NUMBER = 1
WIDTH = 110
"""Characters of a line of the file, where they suffice."""
LARGEST = 2_000_000
"""Bytes of a file that is read."""

DETAIL_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Security.Users:Detail": ("CreateDateTime", "LastLoginTime", "EscalationRoles"),
    "Security.Services:Detail": ("AuthenticationMethods", "AllowedConnections"),
    "Security.Applications:Detail": ("AutheEnabled", "Resource", "MatchRoles", "Timeout"),
}
"""Columns that irisops hopes for in lists of which it reads all: no public source names them. It does without."""


class EvidenceError(ValueError):
    """The file is not evidence that can be read; the text says why."""


def document(findings: Findings, today: date) -> dict[str, Any]:
    """The evidence as JSON values. Of the instance it has shapes, codes and names of columns, nothing else."""
    info = findings.info
    words = {True: "yes", False: "no", None: "not known"}
    return {
        FORM: NUMBER,
        "irisops": __version__,
        "made": today.isoformat(),
        "version": {
            "product": product_words(info.product),
            "number": product_words(info.version),
            "build": product_words(info.build),
            "platform": product_words(info.platform),
            "community": words[findings.community],
        },
        "account": {
            "%All": words[findings.all],
            "privileges": {name: words[held] for name, held in findings.held.items()},
        },
        "doubts": {
            doubt.name: {"answer": settled.value, "because": settled.because}
            for doubt in DOUBTS
            for settled in (doubt.answer(findings),)
        },
        "calls": _calls(findings),
        "reads": {name: _read(seen) for name, seen in findings.seen.items() if name != DICTIONARY},
    }


def _calls(findings: Findings) -> dict[str, Any]:
    """What the class dictionary says of the classes and members that irisops uses."""
    seen = findings.seen[DICTIONARY]
    rows = findings.rows(DICTIONARY)
    if rows is None:
        return _read(seen)
    found = {(row.get("parent"), row.get("name")) for row in rows}
    wanted = [pair for pair in wanted_members() if pair[0] != HELPER]
    return {
        "answer": "rows",
        "seconds": round(seen.seconds, 3),
        "asked": len(wanted),
        "missing": [".".join(pair) for pair in wanted if pair not in found],
        "SQL procedures": [".".join(pair) for pair in wanted if findings.projected(*pair)],
    }


def _read(seen: Seen) -> dict[str, Any]:
    """One read: how it ended, its time, and shapes."""
    shown: dict[str, Any] = {"answer": _ending(seen), "seconds": round(seen.seconds, 3)}
    if seen.problem is not None:
        return shown | {"error": seen.problem.name, "codes": seen.codes}
    if seen.rows is not None:
        return shown | {"columns": _columns(seen.rows)}
    if seen.answer is not None and seen.answer.found:
        answer = seen.answer
        shown["value"] = summary(answer.values or answer.refs or (answer.value,))
    return shown


def _ending(seen: Seen) -> str:
    if seen.problem is not None:
        return "not read" if not seen.done else "refused" if seen.refused else "error"
    if seen.rows is not None:
        return "rows" if seen.rows.rows else "no rows"
    return "value" if seen.answer is not None and seen.answer.found else "no object"


def _columns(rows: Rows) -> dict[str, str]:
    values: Sequence[Sequence[Any]] = list(zip(*rows.rows, strict=True)) or [()] * len(rows.columns)
    return {column_name(name): summary(found) for name, found in zip(rows.columns, values, strict=True)}


def text_of(evidence: Mapping[str, Any]) -> str:
    """The file's text: JSON in which what fits into a line is in one, because people read it before it is written."""
    return f"{_laid_out(evidence, 0)}\n"


def _laid_out(value: Any, indent: int) -> str:
    line = json.dumps(value)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list):
        return line
    within = " " * (indent + 1)
    if isinstance(value, list):
        items = [f"{within}{_laid_out(each, indent + 1)}" for each in value]
    else:
        items = [f"{within}{json.dumps(key)}: {_laid_out(each, indent + 1)}" for key, each in value.items()]
    return "\n".join([line[0], ",\n".join(items), f"{' ' * indent}{line[-1]}"])


def load(path: Path) -> dict[str, Any]:
    """The evidence in a file. Raises OSError, or EvidenceError for anything else than evidence of this form."""
    raw = read_file(path, LARGEST + 1)
    if len(raw) > LARGEST:
        raise EvidenceError("it is too large")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise EvidenceError("it is not JSON, or damaged") from None
    if not isinstance(found, dict) or FORM not in found:
        raise EvidenceError("it is JSON, but no evidence of irisops")
    if found[FORM] != NUMBER:
        raise EvidenceError("it was written by another version of irisops, in another form")
    _check(found)
    return found


def _check(found: Mapping[str, Any]) -> None:
    """Raise EvidenceError unless all that `compare` looks at is there."""
    doubts, account, reads = (_part(found, key) for key in ("doubts", "account", "reads"))
    for name in doubts:
        entry = _part(doubts, name)
        if not all(isinstance(entry.get(key), str) for key in ("answer", "because")):
            raise EvidenceError(f"it is damaged: the doubt {name}")
    for name in reads:
        entry = _part(reads, name)
        columns = entry.get("columns", {})
        codes = entry.get("codes", [])
        if not (
            isinstance(entry.get("answer"), str) and isinstance(columns, dict) and isinstance(codes, list)
        ):
            raise EvidenceError(f"it is damaged: the read {name}")
    _part(account, "privileges")
    missing = _part(found, "calls").get("missing", [])
    if not isinstance(missing, list) or not all(isinstance(each, str) for each in missing):
        raise EvidenceError("it is damaged: calls")
    if not all(isinstance(each, str) for each in _part(found, "version").values()):
        raise EvidenceError("it is damaged: version")


def _part(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = found.get(key)
    if not isinstance(part, dict):
        raise EvidenceError(f"it is damaged: {key}")
    return part


@dataclass(frozen=True, slots=True)
class Compared:
    """A doubt with its answer. `verdict`: as expected, otherwise, not settled, or unknown (of another version)."""

    doubt: str
    expected: str
    answer: str
    verdict: str
    because: str


def compare(evidence: Mapping[str, Any]) -> list[Compared]:
    """The doubts of this version with the answers of a file that `load` took, in the order of `DOUBTS`."""
    doubts = evidence["doubts"]
    found = []
    for doubt in DOUBTS:
        entry = doubts.get(doubt.name, {"answer": "", "because": "the file does not have it"})
        answer = entry["answer"]
        if answer not in doubt.values:
            verdict = "unknown answer" if answer else "not settled"
        else:
            verdict = "as expected" if answer == doubt.values[0] else "otherwise"
        found.append(Compared(doubt.name, doubt.values[0], answer, verdict, entry["because"]))
    return found


def contradictions(evidence: Mapping[str, Any]) -> list[str]:
    """Sentences: what irisops assumes and the file contradicts, beside the doubts."""
    return [
        *(f"There is no {member}." for member in evidence["calls"].get("missing", ())),
        *_missing_columns(evidence["reads"]),
        *_wrong_privileges(evidence["reads"], evidence["account"]["privileges"]),
    ]


def _missing_columns(reads: Mapping[str, Any]) -> Iterator[str]:
    for query in listed():
        ways = (f"{query} {way}" for way in (BY_SQL, BY_CELLS))
        read = next((way for way in ways if reads.get(way, {}).get("columns")), "")
        if not read:
            continue
        columns = {name.casefold() for name in reads[read]["columns"]}
        needed = [column for each in FEATURES.values() if each.query == query for column in each.columns]
        if missing := [each for each in needed if each.casefold() not in columns]:
            yield f"{read} has no column {', '.join(missing)}."
        hoped = DETAIL_COLUMNS.get(query, ())
        if missing := [each for each in hoped if each.casefold() not in columns and each not in needed]:
            yield f"{read} has no column {', '.join(missing)}; irisops reads the objects instead."


def _wrong_privileges(reads: Mapping[str, Any], held: Mapping[str, Any]) -> Iterator[str]:
    """Lists that were refused to an account with the documented privileges, or read by one without."""
    for way in (BY_SQL, BY_CELLS):
        refused: dict[str, list[str]] = {}
        for query in listed():
            feature = next(each for each in FEATURES.values() if each.query == query)
            needed = EITHER.findall(feature.privilege)
            told = {each: {held.get(one) for one in each.split(" or ")} for each in needed}
            lacking = [each for each in needed if told[each] == {"no"}]
            entry = reads.get(f"{query} {way}", {})
            if entry.get("answer") == "refused" and all("yes" in told[each] for each in needed):
                refused.setdefault(", ".join(map(str, entry.get("codes", ()))), []).append(query)
            elif entry.get("answer") == "rows" and lacking:
                yield f"{query} {way} was read without {' and '.join(lacking)}."
        for codes, queries in refused.items():
            yield f"Refused {way} in spite of the documented privileges ({codes or 'no code'}): {', '.join(queries)}."
