"""The README must be true."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from irisops.cli_options import parser
from irisops.commands.catalogue import default_registry
from irisops.contract.chat import Command
from irisops.engine.parser import parse

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def first_questions() -> list[str]:
    """The lines to type or say in the table of the README's "first questions"."""
    table = README.split("## The first questions", 1)[1].split("\n\n")[1]
    cells = [line.split("|")[2:4] for line in table.splitlines()[2:]]
    return [line for row in cells for cell in row for line in re.findall(r"`([^`]+)`", cell)]


def test_there_are_exactly_two_set_up_commands() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    set_up = [block for block in blocks if "-m venv" in block]
    assert len(set_up) == 2
    assert set_up[0].strip().endswith("irisops demo")
    assert "pytest" in set_up[1]
    assert all(len(block.strip().splitlines()) == 1 for block in set_up)


def test_ci_runs_the_readmes_test_command() -> None:
    assert "python -m pytest -n 4" in README
    assert "python -m pytest -n 4" in (ROOT / ".ci" / "test").read_text(encoding="utf-8")


def test_it_is_for_the_first_day() -> None:
    assert len(README.splitlines()) <= 160


def set_ups() -> list[list[str]]:
    """The command line of each set-up for an agent's client, in the README's order."""
    section = README.split("## For an agent", 1)[1].split("\n## ", 1)[0]
    desktop, code = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL))
    (generic,) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert list(desktop) == ["mcpServers"]
    assert list(code) == ["servers"]
    assert code["servers"]["irisops"].pop("type") == "stdio"
    servers = [desktop["mcpServers"]["irisops"], code["servers"]["irisops"]]
    assert all(server.keys() == {"command", "args"} for server in servers)
    return [*([server["command"], *server["args"]] for server in servers), shlex.split(generic)]


def test_the_set_up_over_http_is_valid() -> None:
    section = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8").split("### Over HTTP", 1)[1]
    (block,) = re.findall(r"```json\n(.*?)```", section.split("\n## ", 1)[0], re.DOTALL)
    code = json.loads(block)
    (asked,) = code["inputs"]
    assert (asked["type"], asked["password"]) == ("promptString", True), (
        "the client asks, and does not show it"
    )
    server = code["servers"]["irisops"]
    assert server.keys() == {"type", "url", "headers"}
    assert server["type"] == "http"
    assert server["headers"] == {"Authorization": f"Bearer ${{input:{asked['id']}}}"}
    command = re.findall(r"`irisops (mcp --http \d+)`", section)[0]
    options = parser().parse_args(shlex.split(command))
    assert server["url"] == f"http://127.0.0.1:{options.http}/mcp"


@pytest.mark.parametrize("line", set_ups(), ids=["Claude Desktop", "VS Code", "any other"])
def test_the_set_ups_for_agents_are_valid(line: list[str]) -> None:
    """JSON as each client reads it, and a command line that the program takes."""
    assert line[0] == "/home/you/irisops/.venv/bin/irisops", "a client has not our path, nor our folder"
    options = parser().parse_args(line[1:])
    assert (options.command, options.profiles) == ("mcp", ["clinic"])


def test_the_set_ups_for_agents_start_what_the_install_commands_make() -> None:
    """In the environment of "Try it", with the extra that the server needs."""
    assert "-m venv .venv && .venv/bin/pip install -q ." in README
    (extra,) = re.findall(r"`\.venv/bin/pip install -q '\.\[(\w+)\]'` adds `irisops mcp`", README)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(each.startswith("mcp") for each in project["optional-dependencies"][extra])
    assert "irisops" in project["scripts"]
    assert "$PWD/.venv/bin/irisops" in README


@pytest.mark.parametrize("line", first_questions())
def test_the_first_questions_are_understood(line: str) -> None:
    assert isinstance(parse(line, default_registry()), Command)
