"""`irisops record` and `irisops replay`: the programs themselves."""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from irisops.cli_options import parser
from irisops.record_command import line_of, record
from irisops.recording.reader import Recording
from tests.instance.served import PASSWORD, USER, serve
from tests.recording.recorded import Recorded

ROOT = Path(__file__).resolve().parent.parent.parent


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "irisops", *arguments]


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "IRISOPS_PASSWORD"}
    return {**kept, "IRISOPS_HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM there")
def test_a_recording_is_made_without_a_screen_and_ended_by_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "a.irec"
    with subprocess.Popen(
        command("record", "--demo", "--scenario", "quiet", str(path)),
        env=environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as recording:
        assert recording.stdout is not None
        assert "Recording to" in recording.stdout.readline()
        recording.send_signal(signal.SIGTERM)
        _, trouble = recording.communicate(timeout=60)
    assert recording.returncode == 128 + signal.SIGTERM, trouble
    assert files_of(tmp_path) == {"a.irec"}


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is no child")
async def test_a_detached_recording_goes_on_without_its_parent(tmp_path: Path) -> None:
    async with serve() as served:
        url = f"iris://{USER}@127.0.0.1:{served.server.port}/%SYS"
        program = await asyncio.create_subprocess_exec(
            *command("record", "--detach", "--for", "1m", "--url", url, str(tmp_path / "a.irec")),
            env={**environment(tmp_path / "home"), "IRISOPS_PASSWORD": PASSWORD},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said, trouble = await program.communicate()
        assert program.returncode == 0, (said, trouble)
        found = re.search(rb"kill (\d+)", said)
        assert found is not None, said
        left_behind = os.pidfd_open(int(found[1]))
        written = files_of(tmp_path)
        signal.pidfd_send_signal(left_behind, signal.SIGTERM)
        await asyncio.to_thread(select.select, [left_behind], [], [])
        os.close(left_behind)
    assert written > {"a.irec"}  # somebody wrote it
    assert files_of(tmp_path) == {"a.irec"}


def files_of(folder: Path) -> set[str]:
    return {each.name for each in folder.glob("a.irec*")}


async def test_a_recording_is_replayed_line_by_line(tmp_path: Path) -> None:
    made = Recorded(tmp_path)
    await made.begin()
    await made.poll()
    made.world.instance.used = 8
    await made.poll(15)
    await made.poll()
    await made.end()
    ran = replayed(made.path, tmp_path, "/at full\n/license\n/sessions end x\n/quit\n")
    assert ran.returncode == 0, ran.stderr
    assert "8 of 8" in ran.stdout or "In use" in ran.stdout
    assert "nothing is live" in ran.stdout
    assert Recording(made.path).about["profile"] == "local"


def replayed(path: Path, home: Path, typed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("replay", "--plain", str(path)),
        env=environment(home / "home"),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_is_no_recording_is_said_before_the_screen(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("hello " * 1000)
    ran = replayed(wrong, tmp_path, "")
    assert ran.returncode == 1
    assert ran.stderr.startswith("irisops: notes.txt is no recording")
    assert "Traceback" not in ran.stderr


def test_the_practice_instance_cannot_be_left_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = parser().parse_args(["record", "--demo", "--detach", str(tmp_path / "a.irec")])
    assert record(options) == 2
    assert "--detach" in capsys.readouterr().err
    assert not (tmp_path / "a.irec").exists()


def test_the_options_are_those_of_the_command(tmp_path: Path) -> None:
    given = ["record", "--for", "90m", "--most", "20", "--pseudonyms", "--no-lists", "a b.irec"]
    assert line_of(parser().parse_args(given)) == '/record "a b.irec" for=90m most=20 pseudonyms=yes lists=no'
