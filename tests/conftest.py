"""Options and fixtures of the whole suite."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.commands.fakes import LOCAL, World

# The same examples at every run and no deadline per example, so that a slow or busy machine fails nothing. To look
# for new examples: IRISOPS_EXPLORE=1 python -m pytest.
settings.register_profile("same", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("explore" if os.environ.get("IRISOPS_EXPLORE") else "same")

# What the simulator does in doubt, for all tests that do not choose themselves: the kindest behaviour of each, in which
# every figure can be read and every way works, so that a test of a command sees all of it. The defaults refuse on
# purpose: most tests of commands would stop at a refusal, and some 25 of the simulator test what only a kind behaviour
# lets a client see. The defaults, and each behaviour of each doubt, are for tests/matrix and tests/e2e, which choose.
# IRISOPS_DOUBTS= python -m pytest runs the rest against the defaults of `irisops simulator --doubt list`.
os.environ.setdefault(
    "IRISOPS_DOUBTS",
    "execute=not-needed security-objects=allowed dictionary=readable community-units=move empty-string=empty "
    "granted-via=names last-login=odbc columns=all function=allowed row-sets=kept role-resources=editable "
    "admin-api=answers procedure-word=taken event-id=slashes",
)

# A shell starts what runs behind it with Ctrl+C ignored, and children inherit that: the tests of Ctrl+C need it back.
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "moment" in metafunc.fixturenames:
        metafunc.parametrize("moment", range(metafunc.config.getoption("--moments")))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--moments",
        type=int,
        default=1,
        help="moments for each trouble of test_share_torture.py and each part of test_killed_apply.py: one in CI",
    )
    parser.addoption(
        "--iris-url",
        metavar="iris://USER@HOST:PORT/NAMESPACE",
        default=None,
        help="run the tests marked `live` against this IRIS, with the password in IRISOPS_PASSWORD (a throwaway one: "
        "they create and delete users)",
    )
    parser.addoption(
        "--public-clients",
        metavar="DIR",
        default=None,
        help="install the public clients that the simulator is tried with, each into a virtual environment in DIR",
    )
    parser.addoption(
        "--fuzz-seconds",
        type=float,
        default=20.0,
        help="seconds for all of tests/fuzz together (an hour by hand: 3600)",
    )
    parser.addoption(
        "--fuzz-seed",
        type=int,
        default=0,
        help="where tests/fuzz begins; the same seed gives the same examples",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of fuzzed examples, and the verdicts of the matrix."""
    found: dict[str, list[int]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in report.user_properties:
                if isinstance(value, int):
                    found.setdefault(name, []).append(value)
    counts = found.get("fuzz_examples", [])
    if counts:
        terminalreporter.write_line(f"fuzzing: {sum(counts):,} examples for {len(counts)} parsers")
    cells = {name.removeprefix("matrix "): sum(found[name]) for name in found if name.startswith("matrix ")}
    if cells:
        told = ", ".join(f"{count} {verdict}" for verdict, count in cells.items())
        terminalreporter.write_line(f"matrix: {sum(cells.values()):,} cells, {told}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests first, so that none is left for the end; skip those that need a real IRIS unless one is given."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)  # a limit of its own: a long one
    if config.getoption("--iris-url"):
        return
    skip = pytest.mark.skip(reason="needs a real IRIS: give --iris-url iris://USER@HOST:PORT/%SYS")
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(skip)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Take thousands of collected tests out of each garbage collection that comes."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def unused_tcp_port() -> Iterator[int]:
    """A port on which nothing listens: held, so that no test beside this one is given it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A session with one profile, not connected yet."""
    made = World(tmp_path, LOCAL)
    yield made
    await made.session.close()


@pytest.fixture
async def connected(world: World) -> World:
    """The same, logged in."""
    await world.connect()
    return world
