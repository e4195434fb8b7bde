"""What strangers read must be so."""

from __future__ import annotations

import re
from pathlib import Path

from irisops.commands.catalogue import default_registry

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def command_table() -> str:
    """The table of commands as the program knows them. To write it anew: python -m tests.test_readme"""
    lines = ["| command | what it does | in plain words |", "|---|---|---|"]
    for spec in default_registry().specs:
        usage = spec.usage.replace("|", "\\|")
        example = f"`{spec.examples[0]}`" if spec.examples else ""
        lines.append(f"| `{usage}` | {spec.summary} | {example} |")
    return "\n".join(lines)


BLOCK = re.compile(r"(<!-- commands:.*?-->\n)(.*?)(<!-- /commands -->)", re.DOTALL)


def test_the_commands_are_those_of_the_program() -> None:
    match = BLOCK.search(README)
    assert match is not None
    assert match.group(2).strip() == command_table(), "run: python -m tests.test_readme"


def test_there_are_exactly_two_set_up_commands() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    set_up = [block for block in blocks if "-m venv" in block]
    assert len(set_up) == 2
    assert set_up[0].strip().endswith("irisops demo")
    assert "pytest" in set_up[1]
    assert all(len(block.strip().splitlines()) == 1 for block in set_up)


def test_ci_runs_the_readmes_test_command() -> None:
    assert "python -m pytest -n 2" in README
    assert "python -m pytest -n 2" in (ROOT / ".ci" / "run").read_text()


def test_pictures_and_files_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


if __name__ == "__main__":
    (ROOT / "README.md").write_text(
        BLOCK.sub(lambda match: match.group(1) + command_table() + "\n" + match.group(3), README)
    )
