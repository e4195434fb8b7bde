"""The recipes of docs/recipes.md, followed to the letter in a copy: two new files and one entry each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```python (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

EXAMPLES = "tests/engine/test_parser.py::test_every_example_means_its_command"


def blocks(recipe: str) -> list[tuple[Path, str]]:
    """File and text of each block of a recipe."""
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {recipe}\n", 1)[1].split("\n## ", 1)[0]
    return [(Path(path), text) for path, text in BLOCK.findall(section)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("recipe", ["Add a list command", "Add a change command"])
def test_a_recipe_works_as_it_is_written(recipe: str, tmp_path: Path) -> None:
    left_out = shutil.ignore_patterns("__pycache__", "__snapshots__", "benchmarks", "e2e", "ui")
    for name in ("irisops", "tests", "styles"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    new: list[Path] = []
    entries = 0
    for path, text in blocks(recipe):
        target = tmp_path / path
        if path.name == "specs.py":
            before = target.read_text(encoding="utf-8").rstrip()
            assert before.endswith("\n)")
            target.write_text(f"{before[:-1]}{text.rstrip()},\n)\n", encoding="utf-8")
            entries += 1
        else:
            assert not target.exists()
            target.write_text(text, encoding="utf-8")
            new.append(path)
    assert (len(new), entries) == (2, 1)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    test = next(path for path in new if path.parts[0] == "tests")
    for command in (
        ["ruff", "check", "--no-cache", *map(str, new)],
        ["ruff", "format", "--no-cache", "--check", *map(str, new)],
        ["pytest", "-q", str(test), EXAMPLES],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=140,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
