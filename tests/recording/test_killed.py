"""kill -9 while a recording is written: it loses at most one poll, and what is there can be read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from irisops.recording.reader import Recording

WRITE = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from irisops.instance.models import PollCounts
from irisops.recording.writer import Writer

writer = Writer(Path(sys.argv[1]), {"instance": "here"}, interval=2.0)
for number in itertools.count(1):
    writer.add(PollCounts(number, 8, 0, 0, datetime.now(UTC), 4), 1e9 + number, float(number))
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 there")
def test_a_killed_recording_loses_at_most_one_poll(tmp_path: Path) -> None:
    path = tmp_path / "a.irec"
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for _ in range(40):
            told = writer.stdout.readline()
        writer.kill()
    recording = Recording(path)
    last = recording.last()
    assert last is not None
    assert last.counts.units_used is not None
    assert last.counts.units_used >= int(told)
    assert recording.first() is not None
    recording.close()
