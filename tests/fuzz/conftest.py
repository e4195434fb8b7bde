"""Time and limits of fuzzing: each target gets its share of the seconds, and no example may take long."""

from __future__ import annotations

import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import shows_secret

T = TypeVar("T")
BATCH = 25
"""Examples between two looks at the clock; a long run looks more seldom."""
LONGEST = 3.0
"""Seconds of processor time that one example may take: a thousand times what a good one does."""
MOST_MEMORY = 1 << 30
"""Bytes by which one target may grow."""


class TooSlow(Exception):  # noqa: N818 - what it is
    """An example took longer than `LONGEST`."""


@dataclass
class Fuzz:
    """Runs one target for its part of the time."""

    seconds: float
    first_seed: int
    record: Callable[[str, object], None]

    def run(
        self,
        inputs: st.SearchStrategy[T],
        parse: Callable[[T], object],
        *named: type[Exception],
        told: Callable[[object], str] = lambda _: "",
    ) -> None:
        """Parse examples until the time is up: each gives a value or an error of `named`, soon, without the secret.

        `told` gives the texts shown beside the value (warnings, problems).
        """
        end = time.monotonic() + self.seconds
        batch = examples = 0

        def one(example: T) -> None:
            nonlocal examples
            examples += 1
            with limited():
                try:
                    said = told(parse(example))
                except named as error:
                    said = "".join(traceback.format_exception(error))
            assert not shows_secret(said), said

        try:
            while batch == 0 or time.monotonic() < end:
                settings(
                    max_examples=BATCH if self.seconds < 10 else 20 * BATCH,
                    deadline=None,
                    database=None,
                    derandomize=False,
                    print_blob=False,
                    suppress_health_check=list(HealthCheck),
                    phases=(Phase.generate, Phase.shrink),
                )(seed(self.first_seed * 1_000_003 + batch)(given(inputs)(one)))()
                batch += 1
        finally:
            self.record("fuzz_examples", examples)


@contextmanager
def limited() -> Iterator[None]:
    """Stop what runs too long, where signals can (in the main thread of a Unix)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Share the time between the targets, and let the long run be long."""
    targets = [item for item in items if "fuzz" in getattr(item, "fixturenames", ())]
    if targets:
        share = config.getoption("--fuzz-seconds") / len(targets)
        for item in targets:
            item.add_marker(pytest.mark.fuzz_share(share))
            item.add_marker(pytest.mark.timeout(4 * share + 120))


@pytest.fixture
def fuzz(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Iterator[Fuzz]:
    """The fuzzing of one target; more memory than it may take is a MemoryError of the example."""
    marker = request.node.get_closest_marker("fuzz_share")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MOST_MEMORY
        resource.setrlimit(
            resource.RLIMIT_AS, (limit if soft == resource.RLIM_INFINITY else min(soft, limit), hard)
        )
    yield Fuzz(marker.args[0], request.config.getoption("--fuzz-seed"), record_property)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
