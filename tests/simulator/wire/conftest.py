"""Fixtures of the wire's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import iris
import pytest

from tests.simulator.wire.harness import ServerThread


@pytest.fixture
def served() -> Iterator[ServerThread]:
    """A server with a fake instance behind it."""
    with ServerThread() as server:
        yield server


@pytest.fixture
def connection(served: ServerThread) -> Iterator[Any]:
    """The driver, connected to it."""
    made = iris.connect("127.0.0.1", served.port, "USER", "_SYSTEM", "SYS", timeout=10)
    yield made
    made.close()


@pytest.fixture
def native(connection: Any) -> Any:
    """The driver's native interface."""
    return iris.createIRIS(connection)
