"""Recordings are handed around: whatever stands in one is told in a sentence, and breaks nothing."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from irisops.contract.replies import Problem
from irisops.contract.wording import harmless
from irisops.engine import reply_text
from irisops.instance.errors import InstanceProblem
from irisops.recording.readings import RecordingError
from irisops.recording.replayed import Replay
from tests.hostile import HOSTILE
from tests.recording.recorded import Recorded, Watched

LINES = (
    "/license",
    "/sessions",
    "/processes",
    "/denied",
    "/plot",
    "/at next",
    "/diff start end",
    "/license why",
)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(made_in(tmp_path_factory.mktemp("good")))


async def made_in(home: Path) -> Path:
    made = Recorded(home)
    await made.begin()
    for number in range(4):
        made.world.instance.used = 4 + number
        await made.poll(15)
        await made.world.say("/sessions")
    await made.poll()
    await made.end()
    return made.path


def rewritten(make: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_bytes(make(path.read_bytes()))

    return change


def changed(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            for statement in statements:
                file.execute(statement)

    return change


def answers(make: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    """Each answer as `make` makes it of its JSON."""

    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            rows = file.execute("SELECT call, reading, body FROM answers WHERE body IS NOT NULL").fetchall()
            for call, reading, body in rows:
                made = zlib.compress(json.dumps(make(json.loads(zlib.decompress(body)))).encode())
                file.execute(
                    "UPDATE answers SET body = ? WHERE call = ? AND reading = ?", (made, call, reading)
                )

    return change


def bodies(make: Callable[[], bytes]) -> Callable[[Path], None]:
    """Each answer as this text, packed."""

    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.execute("UPDATE answers SET body = ?", (zlib.compress(make()),))

    return change


WRONG: dict[str, Callable[[Path], None]] = {
    "not a database": rewritten(lambda _data: b"hello " * 1000),
    "empty": rewritten(lambda _data: b""),
    "cut off": rewritten(lambda data: data[: len(data) // 2]),
    "zeros in it": rewritten(lambda data: data[:4096] + bytes(20_000)),
    "another program's": changed("PRAGMA application_id = 7"),
    "of a later version": changed("PRAGMA user_version = 2"),
    "a view as a table": changed("DROP TABLE polls", "CREATE VIEW polls AS SELECT * FROM about"),
    "a trigger": changed("CREATE TRIGGER t AFTER INSERT ON about BEGIN SELECT 1; END"),
    "another column": changed("ALTER TABLE polls ADD COLUMN more TEXT"),
    "no poll": changed("DELETE FROM polls"),
    "a time that is none": changed("UPDATE polls SET at = 1e300"),
    "a time of text": changed("UPDATE polls SET at = 'noon'"),
    "a count of text": changed("UPDATE polls SET units = 'many'"),
    "notes that are none": changed("UPDATE polls SET notes = '{'"),
    "text that is no UTF-8": changed("UPDATE polls SET notes = CAST(x'ff22' AS TEXT)"),
    "a name that is no UTF-8": changed("UPDATE about SET value = CAST(x'ff22' AS TEXT)"),
    "bodies of text": changed("UPDATE answers SET body = 'text'"),
    "bodies of nothing": changed("UPDATE answers SET body = NULL"),
    "bodies that are no zlib": changed("UPDATE answers SET body = x'0102'"),
    "a bomb": bodies(lambda: b" " * (80 * 1024 * 1024)),
    "chains in a circle": changed("UPDATE answers SET base = reading"),
    "chains to nowhere": changed("UPDATE answers SET base = 1000 WHERE base IS NOT NULL"),
    "no answers": changed("DELETE FROM answers"),
    "readings in a far future": changed("UPDATE readings SET at = 1e200, name = 'license'"),
    "readings without a name": changed("UPDATE readings SET name = x'00'"),
    "lists for answers": answers(lambda _body: [1, 2]),
    "answers without a head": answers(lambda body: {**body, "head": None}),
    "steps beyond the list": answers(lambda body: {**body, "steps": [1, 99, 10**9]}),
    "changes of nothing": answers(lambda body: {**body, "cells": [[999, True, [-1], ["x"]]]}),
    "rows of other widths": answers(lambda body: {**body, "fresh": [[1], [1, 2]]}),
    "deep nesting": bodies(lambda: b"[" * 100_000),
    "states that are none": answers(lambda body: {**body, "state": {"routes": 5, "timeouts": {"a": []}}}),
    "a profile that is none": changed(
        "UPDATE about SET value = '../../x; rm' WHERE name IN ('profile', 'host')"
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_file_is_told_in_a_sentence(name: str, good: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.irec"
    shutil.copy(good, path)
    WRONG[name](path)
    await look(path, tmp_path)


@pytest.mark.parametrize("seed", range(12))
async def test_bytes_that_were_changed(seed: int, good: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.irec"
    path.write_bytes(damaged(good, random.Random(seed)))  # noqa: S311 - the same damage each time
    await look(path, tmp_path)


def damaged(good: Path, chance: random.Random) -> bytes:
    data = bytearray(good.read_bytes())
    for _ in range(40):
        data[chance.randrange(100, len(data))] = chance.randrange(256)
    return bytes(data)


async def look(path: Path, home: Path) -> None:
    """Open it and ask everything: an error is one sentence and a cure, nothing else is raised."""
    watched = told = None
    try:
        watched = Watched(path, home)
    except RecordingError as error:
        told = error
    if watched is None:
        assert told is not None
        assert told.message.endswith(".")
        assert "\n" not in told.message
        assert told.cure
        return
    await watched.open()
    for line in LINES:
        for reply in await watched.say(line):
            reply_text.text(reply, 80)
            if isinstance(reply, Problem):
                assert reply.message
                assert reply.cure
    timeline = watched.session.overview().timeline
    assert timeline is not None
    for count in (-1, 1):
        timeline.move(count)
        timeline.move(count, minutes=True)
    await watched.close()


async def test_text_of_a_recording_is_as_untrusted_as_from_the_wire(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin()
    made.world.instance.fail["sessions"] = InstanceProblem(HOSTILE, HOSTILE)
    await made.poll()
    await made.end()
    watched = Watched(made.path, tmp_path / "replay")
    await watched.open()
    for line in LINES:
        for reply in await watched.say(line):
            text = reply_text.text(reply, 80) or ""
            assert "\x1b" not in harmless(text)
            assert "\x1b" not in text
    await watched.close()


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="folder"):
        Replay(tmp_path)
