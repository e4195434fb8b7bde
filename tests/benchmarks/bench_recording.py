"""What a recording costs: bytes of a simulated hour, memory of the chat over hours, time of a jump.

    python -m tests.benchmarks.bench_recording [--scenario clinic] [--hours 1] [--jumps 20] [--keep FILE]

A session logs in to a simulator of its own and reads each list once. From then on the lists move on here as those of
the clinic do (`Moving`), by a clock that is moved on by the shipped poll interval: the simulator itself would take
half an hour of processor for each hour. It is polled at each step and records, reading the lists as often as the
shipped pace allows; by that clock a list takes no time, so it is read at least as often as in a real hour. It prints
the size of the file and the resident memory of this process ten times an hour, and of the replay how long it takes to
open, and to answer at moments all over the recording: processor time and time on the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from irisops.connections.recorder import Recorder
from irisops.contract.chat import Command
from irisops.contract.clock import Clock
from irisops.contract.replies import Problem, Table
from irisops.demo import Demo, running
from irisops.instance.calls import Answer, Call, ClassMethod, Rows, Value
from irisops.instance.connection import Connection, Target
from irisops.instance.usage.license_clock import TIME
from irisops.instance.values import HOROLOG_START, as_int, places_of
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.recording.replayed import Replay
from irisops.replay_command import of_recording
from irisops.session import Session
from irisops.ui.housekeeping import Housekeeping, trim
from tests.benchmarks.bench_ui import memory_mib

ALLOWED = 20e6
"""Bytes of an hour of `clinic`, at most."""


class Steered(Clock):
    """The session's clock, moved with that of the simulator."""

    def __init__(self, begun: datetime) -> None:
        self.begun = begun
        self.passed = 0.0

    def now(self) -> datetime:
        return self.begun + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed


class Moving(Connection):
    """A connection that asks the instance each call once, and then moves its rows on, as the scenario `clinic` does.

    In a second 12 sessions are used, 2 end and as many begin, 5 processes are replaced; of the others half work.
    """

    def __init__(self, target: Target, clock: Steered) -> None:
        super().__init__(target)
        self._clock = clock
        self._known: dict[str, tuple[Answer | Exception, list[list[Value]]]] = {}
        self._moved_at: dict[str, float] = {}
        self._chance = random.Random(3)  # noqa: S311 - the same each time

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        """See `Connection.batch`."""
        keys = [repr(call) for call in calls]
        if not all(key in self._known for key in keys):
            answers = await super().batch(calls, deadline=deadline)
            for key, answer in zip(keys, answers, strict=True):
                rows = answer.rows.rows if isinstance(answer, Answer) and answer.rows is not None else ()
                self._known[key] = answer, [[*row] for row in rows]
                self._moved_at[key] = self._clock.passed
            return answers
        answers = [self._moved(key, call) for key, call in zip(keys, calls, strict=True)]
        if self.heard is not None:
            self.heard(calls, answers)
        return answers

    def _moved(self, key: str, call: Call) -> Answer | Exception:
        answer, rows = self._known[key]
        seconds, self._moved_at[key] = self._clock.passed - self._moved_at[key], self._clock.passed
        if not isinstance(answer, Answer):
            return answer
        if call == TIME:
            now = self._clock.now()
            days = (now.date() - HOROLOG_START).days
            return Answer(value=f"{days},{now.hour * 3600 + now.minute * 60 + now.second}")
        if isinstance(call, ClassMethod) and call.method == "LUConsumed":
            return Answer(value=(as_int(answer.value) or 0) + self._chance.randrange(-4, 5))
        if answer.rows is None:
            return answer
        places = places_of(answer.rows)
        if "pid" in places and "state" in places:
            self._processes(rows, places, seconds)
        elif "timeout" in places and "licenseid" in places:
            self._sessions(rows, places, seconds)
        elif "lu" in places:
            self._holders(rows, places, seconds)
        return Answer(rows=Rows(answer.rows.columns, [tuple(row) for row in rows]))

    def _processes(self, rows: list[list[Value]], places: dict[str, int], seconds: float) -> None:
        chance = self._chance
        counted = [
            (places[name], most)
            for name, most in (("globalreferences", 200), ("commandsexecuted", 1200), ("cputime", 2))
            if name in places
        ]
        for number, row in enumerate(rows):
            if number % 2:
                row[places["state"]] = chance.choice(
                    ("READ", "RUN", "EVTW", "HANG", "READW", "LOCK", "GSETW")
                )
                for place, most in counted:
                    row[place] = (as_int(row[place]) or 0) + int(seconds * chance.randrange(most))
        for _ in range(int(5 * seconds)):
            row = [*chance.choice(rows)]
            row[places["pid"]] = chance.randrange(30_000, 4_000_000)
            for place, _ in counted:
                row[place] = chance.randrange(1000)
            rows[chance.randrange(len(rows))] = row

    def _sessions(self, rows: list[list[Value]], places: dict[str, int], seconds: float) -> None:
        chance, end = self._chance, self._clock.now() + timedelta(seconds=1800)
        for number in range(int(14 * seconds)):
            row = chance.choice(rows)
            if number % 7 == 0:  # another one
                login = chance.choice(rows)
                row[places["id"]] = f"{chance.getrandbits(80):020x}"[:16]
                for name in ("username", "licenseid", "application"):
                    row[places[name]] = login[places[name]]
            row[places["timeout"]] = f"{end - timedelta(seconds=chance.randrange(900)):%Y-%m-%d %H:%M:%S}"

    def _holders(self, rows: list[list[Value]], places: dict[str, int], seconds: float) -> None:
        chance = self._chance
        for row in rows:
            row[places["active"]] = (as_int(row[places["active"]]) or 0) + int(seconds)
        for _ in range(int(4 * seconds)):
            row = chance.choice(rows)
            row[places["active"]] = 0
            row[places["connects"]] = chance.randrange(1, 20)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="clinic")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--jumps", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="copy the recording to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "a.irec"
        with running(["--scenario", options.scenario]) as demo:
            await _record(demo, options.hours, Path(home), path)
        if options.keep:
            shutil.copyfile(path, options.keep)
        await _jump(path, Path(home), options.jumps)


async def _record(demo: Demo, hours: float, home: Path, path: Path) -> None:
    clock, profile = Steered(datetime.now(UTC)), demo.profile
    secrets = Secrets(None)
    secrets.remember(profile, demo.password)
    session = Session(
        Places.below(home),
        secrets=secrets,
        clock=clock,
        connector=lambda target: Moving(target, clock),
        extra=[profile],
        first=profile.name,
        polling=False,
    )
    assert await session.connect(profile) is None
    link = session.hub.choose(profile)
    command = session.parse(f"/record {path} most=10000")
    assert isinstance(command, Command)
    async for reply in session.run(command):
        print(reply)
    recorder = link.tape
    assert isinstance(recorder, Recorder)
    step = session.hub.interval(link)
    polls = round(hours * 3600 / step)
    begun = time.perf_counter()
    for number in range(1, polls + 1):
        clock.passed += step
        counts = await link.read_figures()
        link.took(counts)
        await recorder.polled(counts)
        await recorder.settled()
        if number % max(1, polls // (10 * max(1, round(hours)))) == 0:
            gc.collect()
            trim()  # as the chat's housekeeping does
            print(
                f"{clock.passed / 3600:6.2f} h  {number:6} polls  {_bytes(path) / 1e6:6.1f} MB  "
                f"{memory_mib([os.getpid()]):6.1f} MiB of memory  ({time.perf_counter() - begun:.0f} s)",
                flush=True,
            )
    await recorder.polled(counts)
    await session.close()
    size = _bytes(path)
    print(f"{size / 1e6:.1f} MB for {hours:g} h, a poll each {step:g} s; {ALLOWED * hours / 1e6:g} MB may be")


def _bytes(path: Path) -> int:
    """Of the recording, with what still stands beside it."""
    return sum(
        each.stat().st_size for each in path.parent.glob(f"{path.name}*") if not each.name.endswith("-shm")
    )


async def _jump(path: Path, home: Path, jumps: int) -> None:
    Housekeeping().begin()  # as in the chat, where nothing old is collected while it works
    begun = time.perf_counter()
    replay = Replay(path)
    session = of_recording(Places.below(home), replay)
    assert await session.connect(session.hub.profiles()[0]) is None
    print(f"opened in {(time.perf_counter() - begun) * 1000:.0f} ms")
    start, end = replay.start.at, replay.end.at
    chance = random.Random(1)  # noqa: S311 - the same moments each time
    for line in ("/license", "/sessions", "/processes", "/plot units 8h"):
        command = session.parse(line)
        assert isinstance(command, Command)
        took = []
        for _ in range(jumps + 1):
            cpu, wall = time.process_time(), time.perf_counter()
            replay.go(chance.uniform(start + 60, end))
            replies = [reply async for reply in session.run(command)]
            took.append(((time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000))
            assert not any(isinstance(each, Problem) for each in replies), replies
        rows = sum(len(each.rows) for each in replies if isinstance(each, Table))
        (first, *_), *others = took  # the first one imports the command
        cpus, walls = (sorted(each) for each in zip(*others, strict=True))
        print(
            f"{line}: processor {cpus[len(cpus) // 2]:.0f} ms, at most {cpus[-1]:.0f}; clock "
            f"{walls[len(walls) // 2]:.0f} ms, at most {walls[-1]:.0f}; the first one {first:.0f} ({rows} rows)"
        )
    await session.close()


if __name__ == "__main__":
    asyncio.run(main())
