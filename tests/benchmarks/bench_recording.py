"""What a recording costs: bytes of a simulated hour, memory of the chat over hours, time of a jump.

    python -m tests.benchmarks.bench_recording [--scenario clinic] [--hours 1] [--poll 2]

A session on a simulator in this process is polled once every two seconds of an injected clock; the lists are read for
the recording as their pace allows. It prints the size of the file, the resident memory after each tenth, and how long
the replay takes to open and to answer at moments all over the recording.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from irisops.connections.recorder import Recorder
from irisops.contract.chat import Command
from irisops.contract.clock import Clock
from irisops.contract.replies import Problem, Table
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.profiles.secrets import Secrets
from irisops.recording.replayed import Replay
from irisops.replay_command import of_recording
from irisops.session import Session
from irisops.simulator.main import SEE_PROCESSES
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.scenarios import build_world
from tests.benchmarks.bench_ui import memory_mib
from tests.instance.served import serve

STEP = 2.0


class Steered(Clock):
    """The session's clock, moved with that of the world."""

    def __init__(self, world: ManualClock) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.now()

    def monotonic(self) -> float:
        return self._world.now().timestamp()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="clinic")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--jumps", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "a.irec"
        await _record(options.scenario, options.hours, Path(home), path)
        await _jump(path, Path(home), options.jumps)


async def _record(scenario: str, hours: float, home: Path, path: Path) -> None:
    clock = ManualClock(datetime.now(UTC))
    world = build_world(scenario, clock=clock)
    async with serve(world=world) as served:
        account = world.accounts[0]
        for username in SEE_PROCESSES:
            served.runtime.grant_select("%SYS", "ProcessQuery", username)
        profile = Profile("local", "127.0.0.1", served.server.port, "%SYS", account.username)
        secrets = Secrets(None)
        secrets.remember(profile, account.password)
        session = Session(
            Places.below(home),
            secrets=secrets,
            clock=Steered(clock),
            extra=[profile],
            first="local",
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
        polls = round(hours * 3600 / STEP)
        for number in range(polls):
            clock.advance(STEP)
            world.tick()
            counts = await link.read_figures()
            link.took(counts)
            await recorder.polled(counts)
            await recorder.settled()
            if number % max(1, polls // 10) == 0:
                gc.collect()
                print(
                    f"{number * STEP / 60:7.1f} min  {memory_mib([os.getpid()]):7.1f} MiB with the instance",
                    flush=True,
                )
        await recorder.polled(counts)
        await session.close()
    size = recorder.writer.size
    print(f"{size / 1e6:.1f} MB for {hours:g} h of {scenario}")


async def _jump(path: Path, home: Path, jumps: int) -> None:
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
        for _ in range(jumps):
            replay.go(chance.uniform(start + 60, end))
            begun = time.perf_counter()
            replies = [reply async for reply in session.run(command)]
            took.append((time.perf_counter() - begun) * 1000)
            assert not any(isinstance(each, Problem) for each in replies), replies
        rows = sum(len(each.rows) for each in replies if isinstance(each, Table))
        took.sort()
        print(f"{line}: {took[len(took) // 2]:.0f} ms, at most {took[-1]:.0f} ms ({rows} rows)")
    await session.close()


if __name__ == "__main__":
    asyncio.run(main())
