"""The screen's tests: one time zone, no animation, an app on the scripted chat."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_time_zone() -> Iterator[None]:
    """Times of day are shown in the reader's zone: the tests' is UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    if hasattr(time, "tzset"):
        time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever terminal the tests run in must not change what they see."""
    for name in ("NO_COLOR", "TMUX", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
