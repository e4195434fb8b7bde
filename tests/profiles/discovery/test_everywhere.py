from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from irisops.profiles.discovery.everywhere import discover
from irisops.profiles.discovery.found import Found, Report, Surroundings, fit_name
from irisops.profiles.model import Profile
from tests.profiles.discovery.places import QLIST, Machine


async def test_finds_what_every_source_has_and_ignores_the_decoy(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.prints("docker", "iris-1\tintersystems/iris\t0.0.0.0:32768->1972/tcp\n")
    machine.prints("podman", "pod\tintersystems/iris\t0.0.0.0:32769->1972/tcp\n")
    machine.prints("iris", QLIST)
    machine.settings('{"intersystems.servers": {"code": {"webServer": {"host": "10.0.0.1", "port": 1,},},},}')
    machine.environment["IRIS_HOST"] = "10.0.0.2"
    found = await discover(machine.around())
    assert [each.name for each in found.found] == [
        "docker:iris-1", "podman:pod", "iris", "code", "env-10.0.0.2", "old",
    ]  # fmt: skip
    assert found.troubles == ()
    machine.prints("iris", "I am a decoy^^^^^^^^\n")
    names = [each.name for each in (await discover(machine.around())).found]
    assert "iris" not in names
    assert len(names) == 4


async def test_a_hanging_program_costs_its_deadline_and_leaves_no_process(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.prints("docker", "iris-1\tintersystems/iris\t0.0.0.0:32768->1972/tcp\n")
    pids = tmp_path / "pids"
    machine.program("iris", f'sleep 600 & echo $! >> "{pids}"; echo $$ >> "{pids}"; wait')
    started = time.monotonic()
    found = await discover(machine.around(deadline=0.5))
    assert time.monotonic() - started < 5
    assert [each.name for each in found.found] == ["docker:iris-1"]
    assert found.troubles == ("The command iris qlist did not answer within 0.5 seconds.",)
    for pid in map(int, pids.read_text().split()):
        await _gone(pid)


async def _gone(pid: int) -> None:
    """A killed child of a killed parent is init's to reap: a zombie counts as gone."""
    async with asyncio.timeout(5):
        while True:
            if _state(pid) in ("", "Z"):
                return
            await asyncio.sleep(0.01)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def test_late_and_failing_sources_are_named_and_the_others_stay(tmp_path: Path) -> None:
    async def late(_around: Surroundings) -> Report:
        await asyncio.Event().wait()
        raise AssertionError

    async def fails(_around: Surroundings) -> Report:
        raise LookupError("with a secret")

    async def good(_around: Surroundings) -> Report:
        return Report((Found("a", "good", port=1),))

    found = await discover(
        Machine(tmp_path).around(), sources={"late": late, "bad": fails, "good": good}, deadline=0.05
    )
    assert [each.name for each in found.found] == ["a"]
    assert found.troubles == ("Looking at late took too long.", "Looking at bad failed (LookupError).")


async def test_one_instance_found_thrice_is_one_entry(tmp_path: Path) -> None:
    async def first(_around: Surroundings) -> Report:
        return Report((Found("docker:i", "Docker", "127.0.0.1", 1972),))

    async def second(_around: Surroundings) -> Report:
        return Report(
            (Found("code", "VS Code", "localhost", 1972, user="dev", web_port=80, web_scheme="https"),)
        )

    async def other(_around: Surroundings) -> Report:
        return Report((Found("code", "VS Code", "elsewhere", 1972), Found("CODE", "VS Code", "third", 1972)))

    sources = {"1": first, "2": second, "3": other}
    found = (await discover(Machine(tmp_path).around(), sources=sources)).found
    assert [each.name for each in found] == ["docker:i", "code", "CODE-2"]
    assert (found[0].source, found[0].user, found[0].web_port) == ("Docker, VS Code", "dev", 80)
    assert found[0].web_scheme == "https"


def test_what_was_found_becomes_a_profile() -> None:
    profile = Found("docker:iris-1", "Docker", port=32768, web_port=52774).profile()
    assert profile == Profile(
        "docker:iris-1", "127.0.0.1", 32768, "%SYS", "_SYSTEM", web_port=52774, web_scheme="http"
    )
    assert fit_name("/ä b/") == "b"
    assert fit_name("***") == "instance"
    assert os.sep not in fit_name("a/b")
