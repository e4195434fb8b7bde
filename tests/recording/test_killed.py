"""A recording that real processes share: one writes and is killed, others read meanwhile."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from irisops.instance.calls import Answer, ClassQuery
from irisops.profiles.places import Places
from irisops.recording.reader import Recording
from irisops.simulator.backend import (
    Argument,
    Backend,
    BackendSession,
    LoginRequest,
    Prepared,
    Value,
)
from tests.instance.served import PASSWORD, USER, serve
from tests.recording.test_command_line import command, environment, replayed

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


class Told:
    """Counts the polls that reach an instance; each is told its own number as the units that are in use."""

    def __init__(self, killed_at: int) -> None:
        self.polls = 0
        self.killed_at = killed_at
        self.reached = asyncio.Event()
        self.feature_options = 0
        self._loop = asyncio.get_running_loop()

    def behind(self, backend: Backend) -> Backend:
        self._backend = backend
        self.feature_options = backend.feature_options
        return self

    def login(self, request: LoginRequest) -> BackendSession:
        made: Any = ToldSession(self._backend.login(request), self)
        session: BackendSession = made
        return session

    def count(self) -> None:
        self.polls += 1
        if self.polls == self.killed_at:
            self._loop.call_soon_threadsafe(self.reached.set)


class ToldSession:
    def __init__(self, session: BackendSession, told: Told) -> None:
        self._session, self._told = session, told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def class_method(self, class_name: str, method: str, args: Sequence[Argument]) -> Value:
        value = self._session.class_method(class_name, method, args)
        return self._told.polls if method == "LUConsumed" else value

    def query(self, prepared: Prepared, values: Sequence[Value], max_rows: int) -> Sequence[Sequence[Value]]:
        if "AS Processes" in prepared.sql:
            self._told.count()
        return self._session.query(prepared, values, max_rows)


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 there")
async def test_irisops_record_killed_in_a_poll_loses_that_one_alone(tmp_path: Path) -> None:
    """The program itself: killed as a poll reaches the instance, with lists being read; what is left is replayed."""
    path, home = tmp_path / "a.irec", tmp_path / "home"
    told = Told(killed_at=4)
    given = Places.below(home).settings
    given.parent.mkdir(parents=True)
    given.write_text("poll_interval = 0.5\n")
    async with serve(through=told.behind) as served:
        url = f"iris://{USER}@127.0.0.1:{served.server.port}/%SYS"
        program = await asyncio.create_subprocess_exec(
            *command("record", "--url", url, str(path)),
            env={**environment(home), "IRISOPS_PASSWORD": PASSWORD},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        ended = asyncio.ensure_future(program.wait())
        reached = asyncio.ensure_future(told.reached.wait())
        await asyncio.wait({ended, reached}, return_when=asyncio.FIRST_COMPLETED)
        assert not ended.done(), await program.communicate()
        program.kill()
        assert await ended == -signal.SIGKILL
    recording = Recording(path)
    first, last = recording.first(), recording.last()
    assert first is not None
    assert last is not None
    units = [poll.counts.units_used for poll in recording.before(last, 100)]
    recording.close()
    assert units[-1] is not None
    # The first of them is poll 0. The last that the instance was asked for is lost, unless it came through.
    assert told.polls - units[-1] <= 2, (told.polls, units)
    assert units == [*range(units[0] or 0, units[-1] + 1)], "none is missing between"
    ran = await asyncio.to_thread(replayed, path, tmp_path, "/license\n/processes\n/at start\n/quit\n")
    assert ran.returncode == 0, ran.stderr
    for shown in ("Units in the key 8", "this tool's connection", "SUPERSERVER", "Recorded from"):
        assert shown in " ".join(ran.stdout.split())
    assert "was not read" not in ran.stdout


def asked(reader: subprocess.Popen[str], told: int) -> int:
    """The newest poll that a reader finds, with its list: the one that the writer told of, or a later one."""
    assert reader.stdin is not None
    reader.stdin.write("\n")
    reader.stdin.flush()
    seen, rows, newest = map(int, line_of(reader).split())
    assert seen >= told
    assert (rows, newest) == (200, seen)
    return seen
