"""A recording that real processes share: one writes and is killed, others read meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from irisops.instance.calls import Answer, ClassQuery
from irisops.recording.reader import Recording

WRITE = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from irisops.instance.calls import Answer, ClassQuery, Rows
from irisops.instance.models import PollCounts
from irisops.recording.readings import Reading
from irisops.recording.writer import Writer

end = Path(sys.argv[2])
writer = Writer(Path(sys.argv[1]), {"instance": "here"}, interval=2.0)
for number in itertools.count(1):
    rows = Rows(("UserId", "LU"), [(f"user{each}", number) for each in range(200)])
    reading = Reading("license", 1e9 + number, [(ClassQuery("%SYSTEM.License:UserList", ()), Answer(rows=rows))])
    writer.add(PollCounts(number, 8, 0, 0, datetime.now(UTC), 4), 1e9 + number, float(number), [reading])
    print(number, flush=True)
    if end.exists():
        break
writer.close()
"""

READ = """
import sys
from pathlib import Path
from irisops.instance.calls import ClassQuery
from irisops.recording.reader import Recording

recording = Recording(Path(sys.argv[1]))
for _ in sys.stdin:
    last = recording.last()
    answer = recording.answer(ClassQuery("%SYSTEM.License:UserList", ()), recording.taken(last.at, last))
    print(last.counts.units_used, len(answer.rows.rows), answer.rows.rows[-1][1], flush=True)
"""
HOLDERS = ClassQuery("%SYSTEM.License:UserList", ())


@contextmanager
def running(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def line_of(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    line = program.stdout.readline()
    assert line
    return line


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 there")
def test_a_killed_recording_loses_at_most_one_poll(tmp_path: Path) -> None:
    path = tmp_path / "a.irec"
    with running(WRITE, str(path), str(tmp_path / "end")) as writer:
        for _ in range(40):
            told = int(line_of(writer))
        writer.kill()
        assert writer.stdout is not None
        told = max([told, *map(int, writer.stdout.read().split())])  # what it wrote until the kill arrived
    recording = Recording(path)
    last, first = recording.last(), recording.first()
    assert last is not None
    assert first is not None
    assert first.counts.units_used == 1
    assert last.counts.units_used in (told, told + 1)
    taken = recording.taken(last.at, last)
    assert taken is not None
    answer = recording.answer(HOLDERS, taken)
    assert isinstance(answer, Answer)
    assert answer.rows is not None
    assert answer.rows.rows[-1] == ("user199", last.counts.units_used)
    recording.close()


def test_two_programs_read_while_one_writes(tmp_path: Path) -> None:
    path, end = tmp_path / "a.irec", tmp_path / "end"
    with running(WRITE, str(path), str(end)) as writer:
        told = int(line_of(writer))
        with running(READ, str(path)) as first, running(READ, str(path)) as second:
            for _ in range(8):
                seen = max(asked(first, told), asked(second, told))
                while told <= seen:  # it writes on meanwhile
                    told = int(line_of(writer))
            end.touch()
            assert writer.stdout is not None
            told = max([told, *map(int, writer.stdout.read().split())])
            assert writer.wait() == 0  # its end, with both still reading
            assert asked(first, told) == asked(second, told) == told
    recording = Recording(path)
    last = recording.last()
    assert last is not None
    assert last.counts.units_used == told
    recording.close()


def asked(reader: subprocess.Popen[str], told: int) -> int:
    """The newest poll that a reader finds, with its list: the one that the writer told of, or a later one."""
    assert reader.stdin is not None
    reader.stdin.write("\n")
    reader.stdin.flush()
    seen, rows, newest = map(int, line_of(reader).split())
    assert seen >= told
    assert (rows, newest) == (200, seen)
    return seen
