"""A recording of the instance in memory, made through a session as a person makes it, and its replay."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

from irisops.connections.recorder import Recorder
from irisops.contract.chat import Command
from irisops.contract.replies import Problem, Reply
from irisops.profiles.model import Profile
from irisops.profiles.places import Places
from irisops.recording.reader import MOST_CELLS
from irisops.recording.replayed import Replay
from irisops.replay_command import of_recording
from irisops.session import Session
from tests.commands.fakes import LOCAL, World


class Recorded:
    """A world that is recorded, a poll at a time."""

    def __init__(self, home: Path, path: Path | None = None, profile: Profile = LOCAL) -> None:
        self.home = home
        self.path = path or home / "a.irec"
        self.name = profile.name
        self.world = World(home / "live", profile, polling=False)

    async def begin(self, options: str = "") -> list[Reply]:
        await self.world.connect()
        return await self.world.say(f"/record {self.path} {options}")

    @property
    def recorder(self) -> Recorder:
        tape = self.world.session.hub.links[self.name].tape
        assert isinstance(tape, Recorder)
        return tape

    async def poll(self, seconds: float = 2.0) -> None:
        """Let time pass and poll, with the lists that the recording wants."""
        self.world.clock.passed += seconds
        link = self.world.session.hub.links[self.name]
        counts = await link.read_figures()
        link.took(counts)
        if link.tape is not None:
            await link.tape.polled(counts)
        if isinstance(link.tape, Recorder):
            await link.tape.settled()

    async def end(self) -> None:
        await self.world.say("/record off")
        await self.world.session.close()

    def bodies(self) -> str:
        """Everything in the file that is text, unpacked."""
        with closing(sqlite3.connect(self.path)) as file:
            parts = [zlib.decompress(body).decode() for (body,) in file.execute(
                "SELECT body FROM answers WHERE body IS NOT NULL"
            )]  # fmt: skip
            parts += [json.dumps(row) for row in file.execute("SELECT * FROM about")]
            parts += [key for (key,) in file.execute("SELECT key FROM calls")]
            parts += [notes for (notes,) in file.execute("SELECT notes FROM polls")]
        return "\n".join(parts)


class Watched:
    """The replay of a recording in a session."""

    def __init__(self, path: Path, home: Path, *, most_cells: int = MOST_CELLS) -> None:
        self.replay = Replay(path, most_cells=most_cells)
        self.session: Session = of_recording(Places.below(home), self.replay)
        self.changes = 0
        self.session.subscribe(self._changed, lambda _notice: None)

    def _changed(self) -> None:
        self.changes += 1

    async def open(self) -> None:
        assert await self.session.connect(self.session.hub.profiles()[0]) is None

    async def say(self, line: str) -> list[Reply]:
        command = self.session.parse(line)
        if isinstance(command, Problem):
            return [command]
        assert isinstance(command, Command)
        return [reply async for reply in self.session.run(command)]

    async def close(self) -> None:
        await self.session.close()
