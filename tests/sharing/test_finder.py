"""Choice of the file for the ngrok agent."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from irisops.sharing.errors import AgentCannotRun, AgentFailed, AgentMissing, AgentTooOld
from irisops.sharing.finder import find_agent, is_pyngroks_own_script


def agent(
    folder: Path, version: str = "3.39.10", *, says: str = "ngrok version {}", mode: int = 0o755
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "ngrok"
    path.write_text(f"#!/bin/sh\necho '{says.format(version)}'\n")
    path.chmod(mode)
    return path


def pyngroks_script(folder: Path) -> Path:
    path = agent(folder)
    path.write_text("#!/usr/bin/python3\nfrom pyngrok.ngrok import main\nmain()\n")
    return path


def path_of(*folders: Path) -> dict[str, str]:
    return {"PATH": ":".join(map(str, folders))}


def test_the_first_on_the_path_that_is_new_enough(tmp_path: Path) -> None:
    agent(tmp_path / "old", "3.5.0")
    good = agent(tmp_path / "good", "3.30.0")
    found = find_agent(
        environment=path_of(tmp_path / "none", tmp_path / "old", tmp_path / "good"), default=tmp_path / "x"
    )
    assert found.path == good
    assert found.version == (3, 30, 0)


def test_pyngroks_own_script_is_passed_over(tmp_path: Path) -> None:
    script = pyngroks_script(tmp_path / "venv")
    assert is_pyngroks_own_script(script)
    default = agent(tmp_path / "default")
    assert find_agent(environment=path_of(tmp_path / "venv"), default=default).path == default
    with pytest.raises(AgentMissing):
        find_agent(environment=path_of(tmp_path / "venv"), default=tmp_path / "x")
    with pytest.raises(AgentMissing, match="is not an ngrok agent"):
        find_agent(script)


def test_a_file_that_may_not_be_run_is_none(tmp_path: Path) -> None:
    agent(tmp_path / "a", mode=0o644)
    with pytest.raises(AgentMissing) as caught:
        find_agent(environment=path_of(tmp_path / "a"), default=tmp_path / "x")
    assert "ngrok.com/download" in caught.value.cure


@pytest.mark.parametrize("version", ["2.3.41", "3.29.9"])
def test_too_old(tmp_path: Path, version: str) -> None:
    """A1.9: such an agent hangs pyngrok for ever."""
    agent(tmp_path / "a", version)
    with pytest.raises(AgentTooOld, match=version.replace(".", r"\.")):
        find_agent(environment=path_of(tmp_path / "a"), default=tmp_path / "x")


@pytest.mark.skipif(sys.platform == "win32", reason="an executable of another system")
def test_an_agent_for_another_processor(tmp_path: Path) -> None:
    path = agent(tmp_path / "a")
    path.write_bytes(b"\x7fELF" + bytes(60))
    with pytest.raises(AgentCannotRun, match="another processor") as told:
        find_agent(environment=path_of(tmp_path / "a"), default=tmp_path / "x")
    assert str(path) in told.value.message
    assert "ngrok.com/download" in told.value.cure
    good = agent(tmp_path / "b")
    assert (
        find_agent(environment=path_of(tmp_path / "a", tmp_path / "b"), default=tmp_path / "x").path == good
    )


def test_something_else_called_ngrok(tmp_path: Path) -> None:
    agent(tmp_path / "a", says="hello {}")
    with pytest.raises(AgentFailed, match="did not say its version"):
        find_agent(environment=path_of(tmp_path / "a"), default=tmp_path / "x")
    good = agent(tmp_path / "b")
    found = find_agent(environment=path_of(tmp_path / "a", tmp_path / "b"), default=tmp_path / "x")
    assert found.path == good


def test_a_named_file(tmp_path: Path) -> None:
    good = agent(tmp_path / "a", "3.31")
    assert find_agent(good, environment={}, default=tmp_path / "x").version == (3, 31, 0)
    with pytest.raises(AgentMissing):
        find_agent(tmp_path / "nothing")
