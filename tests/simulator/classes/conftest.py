from __future__ import annotations

import pytest

from tests.simulator.classes.instance import Client, Instance


@pytest.fixture
def instance() -> Instance:
    return Instance()


@pytest.fixture
def boss(instance: Instance) -> Client:
    """A superuser in %SYS."""
    return instance.login()
