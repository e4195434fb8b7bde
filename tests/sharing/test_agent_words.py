"""What the agent complained of, in words."""

from __future__ import annotations

from datetime import UTC, datetime

from irisops.commands.sharing.live import agent_trouble
from irisops.sharing.messages import LogLine

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_only_complaints_are_told_and_only_their_words() -> None:
    lines = [
        LogLine(AT, "INFO", 'lvl=info msg="started tunnel" obj=tunnels'),
        LogLine(AT, "WARNING", 'lvl=warn msg="failed to check for update" obj=updater err="no route"'),
        LogLine(AT, "ERROR", "not a line of pairs"),
    ]
    told = [note.partition(": ")[2] for note in agent_trouble(lines)]
    assert told == ["failed to check for update no route", "not a line of pairs"]
