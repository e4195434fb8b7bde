"""CI's verdict on known vulnerabilities, on recorded output of pip-audit 2.10.1."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.tools.audit import Verdict, judge, pinned

ROOT = Path(__file__).resolve().parent.parent.parent

# As pip-audit printed them: one package that the service knows, one with an advisory, one that it does not know.
GOOD = {"name": "idna", "version": "3.10", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "2.10",
    "vulns": [
        {
            "id": "PYSEC-2019-217",
            "fix_versions": ["2.10.1"],
            "aliases": ["CVE-2019-10906"],
            "description": "…",
        },
        {"id": "GHSA-q2x7-8rv6-6q7h", "fix_versions": [], "aliases": [], "description": "…"},
    ],
}
UNKNOWN = {
    "name": "click",
    "skip_reason": "Dependency not found on PyPI and could not be audited: click (8.5.1)",
}
NO_PROXY = """Traceback (most recent call last):
  File "cli.py", line 554, in audit
requests.exceptions.ProxyError: HTTPSConnectionPool(host='pypi.org', port=443): Max retries exceeded
"""
INVALID = (
    "ERROR:pip_audit._cli:requirement file x contains invalid specifier at line 1: Invalid requirement\n"
)


def of(*dependencies: dict[str, Any], status: int = 0, packages: int | None = None) -> Verdict:
    out = json.dumps({"dependencies": dependencies, "fixes": []})
    return judge(status, out, "", len(dependencies) if packages is None else packages)


def test_an_advisory_fails_and_is_named_with_its_cure() -> None:
    verdict = of(GOOD, BAD, UNKNOWN, status=1)
    assert not verdict.passed
    assert verdict.lines == (
        "jinja2 2.10: PYSEC-2019-217 (mended in: 2.10.1)",
        "jinja2 2.10: GHSA-q2x7-8rv6-6q7h (mended in: no version yet)",
        "2 of 3 packages were audited, 1 were not.",
    )
    assert not of(BAD, status=0).passed, "whatever the tool's own status"


def test_what_was_audited_and_what_not_is_counted() -> None:
    assert of(GOOD, GOOD).lines == ("no known vulnerability: 2 of 2 packages were audited, 0 were not.",)
    verdict = of(GOOD, UNKNOWN)
    assert verdict.passed
    assert "1 of 2 packages were audited, 1 were not" in verdict.lines[0]
    # Fewer than the lock file pins: some are for other platforms.
    assert "1 of 5 packages were audited, 4 were not" in of(GOOD, packages=5).lines[0]


def test_a_service_that_knows_none_or_does_not_answer_is_said_and_no_failure() -> None:
    for verdict in (of(UNKNOWN, UNKNOWN), judge(1, "", NO_PROXY, 2)):
        assert verdict.passed
        assert verdict.lines[0].startswith("not audited: the advisory service did not answer")
        assert "0 of 2 packages" in verdict.lines[0]


@pytest.mark.parametrize(
    ("status", "out", "errors"),
    [
        (1, "", INVALID),
        (0, "", ""),
        (0, "[]", ""),
        (2, "usage: pip-audit", "error: unrecognized arguments"),
        (0, '{"dependencies": []}', ""),
        (1, json.dumps({"dependencies": [GOOD]}), INVALID),
    ],
)
def test_a_check_that_did_not_work_fails(status: int, out: str, errors: str) -> None:
    assert not judge(status, out, errors, 3).passed


def test_an_empty_lock_file_fails() -> None:
    assert not of(GOOD, packages=0).passed


def test_the_lock_file_pins_what_it_should() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    assert pinned((ROOT / "requirements.lock").read_text()) >= len(direct)
    assert pinned("a==1 \\\n    --hash=sha256:x\nb-c==2 ; sys_platform == 'win32' \\\n# d==3\n") == 2
