"""Fixtures of the SQL tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from irisops.simulator.backend import Value
from irisops.simulator.sql.engine import Engine
from tests.simulator.sql.fake_catalog import FakeCatalog

Select = Callable[..., list[tuple[Value, ...]]]


@pytest.fixture
def catalog() -> FakeCatalog:
    return FakeCatalog()


@pytest.fixture
def engine(catalog: FakeCatalog) -> Engine:
    return Engine(catalog)


@pytest.fixture
def select(engine: Engine) -> Select:
    """Prepare and run a query with values for its parameters."""

    def run(sql: str, *values: Value) -> list[tuple[Value, ...]]:
        return engine.query(engine.prepare(sql), values)

    return run
