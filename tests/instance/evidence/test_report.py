"""The file: read back, judged, and refused when it is damaged or foreign."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irisops.instance.evidence.report import (
    FORM,
    LARGEST,
    EvidenceError,
    compare,
    contradictions,
    load,
    text_of,
)
from irisops.simulator.doubts import Doubts
from tests.instance.evidence.collecting import ADMINISTRATOR, SECURITY, collect_as, simulated

MINIMAL: dict[str, Any] = {
    FORM: 1,
    "version": {"number": "2026.1"},
    "account": {"%All": "no", "privileges": {"%Admin_Secure:U": "yes"}},
    "doubts": {"execute": {"answer": "not-needed", "because": "it was read"}},
    "calls": {"missing": []},
    "reads": {},
}


def written(tmp_path: Path, found: object) -> Path:
    path = tmp_path / "evidence.json"
    path.write_text(found if isinstance(found, str) else json.dumps(found), encoding="utf-8")
    return path


async def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    async with simulated(Doubts().choose("columns=all", "last-login=odbc")) as running:
        collected = await collect_as(running, ADMINISTRATOR)
    text = text_of(collected.evidence)
    evidence = load(written(tmp_path, text))
    assert evidence == collected.evidence
    assert max(map(len, text.splitlines())) < 600, "the card cuts longer lines"
    verdicts = {each.doubt: (each.verdict, each.answer) for each in compare(evidence)}
    assert verdicts["last-login"] == ("otherwise", "odbc")
    assert verdicts["projection"] == ("as expected", "no")
    assert verdicts["procedure-word"] == ("not settled", "")
    assert {"id", "timeout"} <= evidence["reads"]["web sessions by the SysAdmin API"]["columns"].keys()
    assert evidence["version"]["number"] == "2026.2"
    columns = evidence["reads"]["Security.Users:Detail by SQL"]["columns"]
    assert columns["LastLoginTime"].startswith(("text: 9999-99-99", "empty"))
    assert evidence["reads"]["Security.Events %OpenId, id with /"]["answer"] == "no object"


async def test_what_the_account_levels_contradict_is_said(tmp_path: Path) -> None:
    async with simulated(Doubts()) as running:
        collected = await collect_as(running, SECURITY)
    said = "\n".join(contradictions(load(written(tmp_path, text_of(collected.evidence)))))
    assert "Refused by SQL in spite of the documented privileges (" in said
    assert "SQLCODE -99): Security.Applications:Detail, " in said
    assert "Security.Users:Detail by %Library.ResultSet has no column CreateDateTime" in said


def test_missing_calls_and_columns_and_reads_without_privileges_are_told() -> None:
    evidence = copy.deepcopy(MINIMAL)
    evidence["calls"]["missing"] = ["%SYS.System.GetInstanceName"]
    evidence["account"]["privileges"]["%Admin_Secure:U"] = "no"
    evidence["reads"]["Security.Users:List by SQL"] = {
        "answer": "rows",
        "columns": dict.fromkeys(("name", "ENABLED", "Roles", "Flags"), ""),
    }
    assert contradictions(evidence) == [
        "There is no %SYS.System.GetInstanceName.",
        "Security.Users:List by SQL has no column LastLoginTime.",
        "Security.Users:List by SQL was read without %Admin_Secure:U.",
    ]


def test_a_file_of_another_version_lacks_doubts_and_has_others() -> None:
    evidence = copy.deepcopy(MINIMAL)
    evidence["doubts"]["dictionary"] = {"answer": "sometimes", "because": "?"}
    verdicts = {each.doubt: each.verdict for each in compare(evidence)}
    assert verdicts["execute"] == "otherwise"
    assert verdicts["dictionary"] == "unknown answer"
    assert verdicts["columns"] == "not settled"
    assert contradictions(evidence) == []


def damage(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    evidence = copy.deepcopy(MINIMAL)
    change(evidence)
    return evidence


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("", "not JSON, or damaged"),
        ('{"irisops_evidence": 1', "not JSON, or damaged"),
        ("[" * 100_000, "not JSON, or damaged"),
        ("[1, 2]", "no evidence of irisops"),
        ({"reply": "facts"}, "no evidence of irisops"),
        ({FORM: 2}, "another version of irisops"),
        ({FORM: 1}, "damaged: doubts"),
        (damage(lambda e: e["doubts"].update(execute={"answer": 1})), "damaged: the doubt execute"),
        (damage(lambda e: e["doubts"].update(execute=None)), "damaged: execute"),
        (damage(lambda e: e["reads"].update(x={"answer": "rows", "columns": []})), "damaged: the read x"),
        (damage(lambda e: e["calls"].update(missing=[1])), "damaged: calls"),
        (damage(lambda e: e["version"].update(number=1)), "damaged: version"),
        (damage(lambda e: e["account"].pop("privileges")), "damaged: privileges"),
        (" " * (LARGEST + 1), "too large"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(found: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=said):
        load(written(tmp_path, found))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EvidenceError, match="not JSON"):
        load(path)
