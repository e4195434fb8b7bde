"""Programs of Debian packages that some tests use: skipped with a reason where one is absent, a failure in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def need(**programs: str) -> None:
    """`need(tmux="tmux")`: program=package. Skips the test, or fails it with CI=true, if a program is not there."""
    missing = [
        f"{program} (Debian package {package})" for program, package in programs.items() if not which(program)
    ]
    if not missing:
        return
    reason = f"needs {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def which(program: str) -> str | None:
    """A program by its name with `_` for `-`, also where only root looks."""
    return shutil.which(program.replace("_", "-"), path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
