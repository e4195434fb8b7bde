"""Programs from Debian packages that tests need. Where one is absent the test skips; with CI=true that is a failure."""

from __future__ import annotations

import os
import shutil

import pytest

FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
"""Daemons such as sshd live outside a person's PATH."""


def program(name: str, package: str) -> str:
    """The path of `name`; skips (fails with CI=true) with the name of the Debian package that brings it."""
    found = shutil.which(name, path=FOLDERS)
    if found is not None:
        return found
    reason = f"needs {name}: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
