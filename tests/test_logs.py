from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from irisops import logs
from irisops.contract.replies import Problem
from tests.commands.fakes import LOCAL, PASSWORD, World


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "log"
    logs.stop()
    logs.LOG.setLevel(logging.WARNING)


def written(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("*")) if folder.exists() else ""


def test_logs_from_its_level_on_for_the_owner_alone(folder: Path) -> None:
    assert logs.start(folder, "warning") == ""
    assert written(folder) == ""
    logs.LOG.info("quiet")
    logs.LOG.warning("loud")
    assert "loud" in written(folder)
    assert "quiet" not in written(folder)
    if sys.platform != "win32":
        assert folder.stat().st_mode & 0o077 == 0


def test_no_secret_gets_in_also_not_by_a_traceback(folder: Path) -> None:
    logs.start(folder, "debug")
    logs.hide("canary-Secret-12345")
    logs.hide("canary-Secret-12345-longer")
    logs.hide("")
    logs.LOG.info("it is %s", "canary-Secret-12345-longer")
    try:
        int("with canary-Secret-12345 in it")
    except ValueError:
        logs.LOG.exception("failed")
    text = written(folder)
    assert "canary" not in text
    assert "-longer" not in text
    assert "'with ••• in it'" in text


def test_rotates(folder: Path) -> None:
    logs.start(folder, "info")
    for _ in range(700):
        logs.LOG.info("x" * 4000)
    sizes = sorted(path.stat().st_size for path in folder.glob("irisops.log*"))
    assert len(sizes) == logs.KEPT + 1
    assert max(sizes) <= logs.BIGGEST


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in logs.start(tmp_path / "file" / "log", "info")
    logs.LOG.error("nowhere")


def test_without_a_start_nothing_reaches_the_terminal() -> None:
    code = "from irisops.logs import LOG; LOG.error('x'); LOG.critical('y')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


def test_the_simulators_own_log_is_not_silenced(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("irisops.simulator.wire.session").error("a bug behind the wire")
    logs.LOG.error("ours")
    assert caplog.messages == ["a bug behind the wire"]


async def test_a_session_logs_what_was_done_and_never_a_password(folder: Path, tmp_path: Path) -> None:
    logs.start(folder, "debug")
    world = World(tmp_path / "home", LOCAL)
    await world.connect()
    await world.say("/users")
    (problem,) = await world.say("/grant %SQL to canary-typed")
    assert isinstance(problem, Problem)
    await world.session.close()
    logs.LOG.error("the driver said %s", PASSWORD)
    text = written(folder)
    assert "local is connected" in text
    assert "command users" in text
    assert "command grant: NoSuchUser" in text
    assert PASSWORD not in text
    assert "canary-typed" not in text
