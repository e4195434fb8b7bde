"""A public client of the Model Context Protocol, unmodified, at `irisops mcp --demo`.

It is installed where `--public-clients` says, as the others. Also tried by hand, with the same steps and answers: the
protocol's TypeScript SDK (npm `@modelcontextprotocol/sdk` 1.32.2).
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.simulator.clients.test_public_clients import ROOT, SECONDS, Client, Interpreter, interpreter

__all__ = ["interpreter"]
"""A fixture."""

FASTMCP = Client("fastmcp", "4.2.3")


@pytest.mark.timeout(900)
def test_fastmcp(interpreter: Interpreter) -> None:
    done = subprocess.run(
        [interpreter(FASTMCP), "-m", "tests.simulator.clients.probes.fastmcp_probe", sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert {"ask", "plan", "apply", "undo"} <= set(answers["tools"])
    for way in ("ask", "http"):
        assert [reply["name"] for reply in answers[way]["replies"]] == ["license", "holders"]
    assert answers["plan"]["replies"][0]["changes"][0]["what"] == "roles of appuser"
    failed, why = answers["alone"]
    assert failed
    assert why["error"] == "NeedsApproval"
    assert [question.splitlines()[0] for question in answers["questions"]] == 2 * [
        "An agent wants to change demo (IRIS): Give %SQL to appuser",
        "An agent wants to change demo (IRIS): Take back change 1: Give %SQL to appuser",
    ]
    for mode, revision in {"legacy": "2025-11-25", "auto": "2026-07-28"}.items():
        spoken, applied, undone = answers[mode]
        assert spoken == revision
        assert [each["replies"][-1]["undo"] for each in (applied, undone)] == [1, 2]
