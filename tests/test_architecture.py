"""The layout's promises: the arrows between the layers, and what a start may import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def modules_after(code: str) -> set[str]:
    """Names in `sys.modules` of a fresh interpreter that ran `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_layer_contracts_hold() -> None:
    """In a process of its own: import-linter configures logging, which switches off every logger that exists."""
    code = (
        "import sys; from importlinter.cli import lint_imports;"
        ' sys.exit(lint_imports(config_filename="pyproject.toml", no_cache=True))'
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        # The driver is compiled and may crash: it lives in the child process alone.
        (
            "import irisops.app",
            {
                "iris",
                "irisops.simulator",
                "keyring",
                "pyngrok",
                "sqlglot",
                "segno",
                "cryptography",
                "plotext",
            },
        ),
        (
            "import irisops.session",
            {"iris", "textual", "rich", "keyring", "pyngrok", "irisops.simulator", "sqlglot"},
        ),
        ("import irisops.instance.connection", {"iris", "textual", "irisops.commands", "irisops.simulator"}),
        (
            "import irisops.simulator.main",
            {"iris", "textual", "irisops.instance", "irisops.commands", "keyring"},
        ),
        # `irisops --version` and `--help` must not pay for a screen.
        (
            "import irisops.cli",
            {"textual", "iris", "keyring", "pyngrok", "sqlglot", "irisops.simulator", "asyncio"},
        ),
    ],
)
def test_import_keeps_its_hands_clean(code: str, unwanted: set[str]) -> None:
    assert not modules_after(code) & unwanted


def test_no_module_outside_the_driver_names_it() -> None:
    """import-linter sees static imports; this catches `importlib` by name too."""
    offenders = [
        path
        for path in (ROOT / "irisops").rglob("*.py")
        if path.name != "driver.py"
        and ('import_module("iris")' in path.read_text() or '__import__("iris")' in path.read_text())
    ]
    assert offenders == []
