"""Every conformance test runs twice: against the simulator always, against a real IRIS where --iris-url names one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import iris
import pytest

from irisops.simulator.classes.status import list_elements
from tests.simulator.conformance.target import Target, parse_url, simulator

SCRATCH_USER = "irisops_conformance"
SCRATCH_ROLE = "irisops_conformance_role"
SCRATCH_PASSWORD = "Conform-2026!"


@pytest.fixture(
    scope="module",
    params=["simulator", pytest.param("live", marks=pytest.mark.live)],
    ids=["simulator", "live"],
)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    if request.param == "live":
        yield parse_url(request.config.getoption("--iris-url"))
        return
    with simulator() as served:
        yield served


@dataclass
class Driver:
    """One driver connection with both of its interfaces."""

    connection: Any
    native: Any

    def value(self, class_name: str, method: str, *args: Any) -> Any:
        return self.native.classMethodValue(class_name, method, *args)

    def object(self, class_name: str, method: str, *args: Any) -> Any:
        return self.native.classMethodObject(class_name, method, *args)

    def reference(self, class_name: str, method: str, *args: Any) -> Any:
        """What comes back in one more argument, by reference."""
        out = iris.IRISReference("")
        assert self.value(class_name, method, *args, out) == 1
        return out.getValue()

    def text(self, outcome: Any) -> str:
        """The text of a %Status."""
        return str(self.value("%SYSTEM.Status", "GetErrorText", outcome))

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql, list(values))
            names = [str(column[0]).lower() for column in cursor.description]
            return [dict(zip(names, tuple(row), strict=True)) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def run(self, sql: str) -> None:
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()

    def whole_rows(self, class_name: str, query: str) -> Iterator[list[bytes | str | int | None]]:
        """The rows of a class query by its methods Execute, Fetch and Close, as $LISTs."""
        handle = iris.IRISReference("")
        assert self.value(class_name, f"{query}Execute", handle) == 1
        while True:
            row, at_end = iris.IRISReference(""), iris.IRISReference(0)
            assert self.value(class_name, f"{query}Fetch", handle, row, at_end) == 1
            if not row.getValue():
                break
            elements = list_elements(str(row.getValue()).encode("latin-1"))
            yield [each.decode("latin-1") if isinstance(each, bytes) else each for each in elements]
        self.value(class_name, f"{query}Close", handle)

    def query(self, name: str, *args: Any) -> list[dict[str, Any]]:
        """A class query through %Library.ResultSet."""
        result = self.object("%Library.ResultSet", "%New", name)
        outcome = result.invoke("Execute", *args)
        assert outcome == 1, self.text(outcome)
        names = [
            result.invokeString("GetColumnName", n)
            for n in range(1, result.invokeInteger("GetColumnCount") + 1)
        ]
        found = []
        while result.invokeInteger("Next"):
            found.append({each: result.invoke("Get", each) for each in names})
        result.invoke("Close")
        return found


@pytest.fixture
def driver(target: Target) -> Iterator[Driver]:
    connection = target.connect()
    try:
        yield Driver(connection, iris.createIRIS(connection))
    finally:
        connection.close()


@pytest.fixture
def scratch(driver: Driver) -> Iterator[Driver]:
    """The connection, with no scratch user or role before and after the test."""

    def clear() -> None:
        if driver.value("Security.Users", "Exists", SCRATCH_USER):
            driver.value("Security.Users", "Delete", SCRATCH_USER)
        if driver.value("Security.Roles", "Exists", SCRATCH_ROLE):
            driver.value("Security.Roles", "Delete", SCRATCH_ROLE)

    clear()
    yield driver
    clear()
