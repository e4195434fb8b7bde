"""The log: its end, newest first, with what known lines mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from irisops.commands.operations.log import MEANINGS, meaning_of
from irisops.instance.operations.log import WHOLE_TAIL, parsed
from tests.commands.operations.working import table, working


async def test_the_end_of_the_log_newest_first(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        shown = await table(at, "/log")
        assert [row["severity"] for row in shown.rows][:3] == ["info", "severe", "severe"]
        assert shown.rows[1]["time"] == "2026-11-24 08:53:00"
        said = " ".join(shown.notes)
        for part in ("2 severe entries", "“License limit exceeded", "alert, 2 alerts"):
            assert part in said
        assert [row["event"] for row in (await table(at, "/log level>=2")).rows] == [
            "Utility.Event",
            "Database.Full",
        ]
        assert (await table(at, "/log severity=warning limit=1")).total == 2


async def test_a_long_log_is_read_from_its_end(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        lines = [f"11/24/26-08:00:{n % 60:02d}:000 (77) 0 [Generic.Event] entry {n}" for n in range(5_000)]
        at.served.world.messages = lines
        shown = await table(at, "/log")
        assert shown.rows[0]["text"] == "entry 4999"
        assert len("\n".join(lines[-len(shown.rows) :])) <= WHOLE_TAIL
        assert any("Only the end of the log" in note for note in shown.notes)
        at.served.world.messages = []
        assert any("No entry in" in note or "is empty" in note for note in (await table(at, "/log")).notes)


def test_lines_are_taken_apart() -> None:
    text = (
        "half of a line\n"
        "11/24/26-09:00:01:123 (12) 2 [Utility.Event] No WSGI app found with the given configuration:\n"
        "  App location: /srv\n\n"
        "11/24/26-09:00:02:123 (13) 1 Without a category\n"
    )
    first, second = parsed(text)
    assert first.text == "No WSGI app found with the given configuration: App location: /srv"
    assert (first.time, first.pid, first.severity, first.event) == (
        "2026-11-24 09:00:01",
        12,
        "severe",
        "Utility.Event",
    )
    assert (second.level, second.event, second.text) == (1, "", "Without a category")


LINES = (
    "License limit exceeded 4 times",
    "<LICENSE ALLOCATION EXCEEDED>",
    "ERROR #5915: Cannot allocate a license",
    "LMF Error: No valid license key. No valid local file found and LicenseID not defined.",
    "ERROR #862: User UnknownUser is restricted from running application /api/atelier, %Development:U required",
    "ERROR #8754: Unable to use namespace: USER.",
    "Community License expired.",
    "Error: Invalid Community Edition license, may have exceeded core limit.",
    "Merging a.cpf into iris.cpf",
    "Validating CPF file iris.cpf_Merge",
    "No errors found in CPF file iris.cpf_Merge",
    "Reading [Actions] section",
    "No WSGI app found with the given configuration:",
    "Could not switch to a given WSGI app's directory: /srv",
    "ModuleNotFoundError: No module named 'flask'",
    "ERROR <Ens>ErrProductionNotQuiescent: IRIS can not become quiescent",
    "<Ens>ErrProductionAlreadyRunning: Production 'X' is already running",
    "no space left on device",
    "ERROR #921: Operation requires %Admin_Secure:USE privilege",
    "ERROR #822: Access Denied",
)


@pytest.mark.parametrize("line", LINES)
def test_public_lines_are_explained(line: str) -> None:
    assert meaning_of(line)


def test_no_meaning_hides_another() -> None:
    assert len({meaning for _, meaning in MEANINGS}) == len(MEANINGS) == len(LINES) == 20
    assert len({*map(meaning_of, LINES)}) == len(MEANINGS), "a pattern before it takes the line of another"
    assert meaning_of("Warmstart of the instance") == ""
