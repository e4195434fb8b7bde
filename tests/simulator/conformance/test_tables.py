"""Tables through the unmodified driver, on the simulator and on the IRIS that --iris-url names."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import closing, suppress
from decimal import Decimal
from typing import Any

import iris
import pytest

from tests.simulator.conformance.target import Target


@pytest.fixture
def connection(target: Target) -> Iterator[Any]:
    """A connection to USER without the scratch table, which is gone afterwards, too."""
    with closing(target.connect(namespace="USER")) as opened:
        drop(opened)
        yield opened
        opened.rollback()
        drop(opened)


def drop(connection: Any) -> None:
    run(connection, "DROP TABLE IF EXISTS irisops_probe")


def run(connection: Any, sql: str, *values: Any) -> int:
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, list(values))
        return int(cursor.rowcount)


def rows(connection: Any, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, list(values))
        return [tuple(row) for row in cursor.fetchall()]


def test_values_of_every_type_come_back_as_they_went(connection: Any) -> None:
    run(
        connection,
        "CREATE TABLE irisops_probe (i INTEGER, l BIGINT, b BIT, n NUMERIC(10,2), d DOUBLE, s VARCHAR(50), "
        "day DATE, moment TIME, stamp TIMESTAMP, raw VARBINARY(10))",
    )
    day, at = datetime.date(2024, 6, 9), datetime.time(3, 4, 5)
    stamp = datetime.datetime(2024, 6, 9, 3, 4, 5, 250000)  # noqa: DTZ001 - the column has no zone
    values = (-5, 2**40, True, Decimal("1234.56"), 0.1, "Müller 日本", day, at, stamp, b"\x00\xff")
    run(connection, "INSERT INTO irisops_probe VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
    run(connection, "INSERT INTO irisops_probe (i) VALUES (NULL)")
    assert rows(connection, "SELECT * FROM irisops_probe") == [values, (None,) * len(values)]
    found = "SELECT i FROM irisops_probe WHERE n = ? AND s = ? AND day = ? AND moment = ? AND stamp = ?"
    assert rows(connection, found, values[3], *values[5:9]) == [(-5,)]


def test_many_rows_go_in_one_request_and_lastrowid_is_that_of_the_last(connection: Any) -> None:
    run(connection, "CREATE TABLE irisops_probe (id IDENTITY, n INTEGER)")
    with closing(connection.cursor()) as cursor:
        cursor.executemany("INSERT INTO irisops_probe (n) VALUES (?)", [(n,) for n in range(100)])
        cursor.execute("INSERT INTO irisops_probe (n) VALUES (?)", [1000])
        assert int(cursor.lastrowid) == 101
    assert rows(connection, "SELECT COUNT(*), SUM(n), MAX(id) FROM irisops_probe") == [(101, 5950, 101)]
    assert run(connection, "UPDATE irisops_probe SET n = n + 1 WHERE id > ?", 99) == 2
    assert run(connection, "DELETE FROM irisops_probe WHERE n > 90") == 10


def test_without_autocommit_a_rollback_takes_all_back(connection: Any, target: Target) -> None:
    run(connection, "CREATE TABLE irisops_probe (n INTEGER UNIQUE)")
    run(connection, "INSERT INTO irisops_probe VALUES (1)")
    connection.setAutoCommit(False)
    run(connection, "INSERT INTO irisops_probe VALUES (2)")
    with closing(target.connect(namespace="USER")) as other:
        assert rows(other, "SELECT n FROM irisops_probe ORDER BY n") == [(1,), (2,)]  # READ UNCOMMITTED
    with pytest.raises(iris.dbapi.IntegrityError, match="-119"):
        run(connection, "INSERT INTO irisops_probe VALUES (1)")
    connection.rollback()
    assert rows(connection, "SELECT n FROM irisops_probe") == [(1,)]
    run(connection, "INSERT INTO irisops_probe VALUES (3)")
    connection.commit()
    connection.rollback()
    connection.setAutoCommit(True)
    assert rows(connection, "SELECT n FROM irisops_probe ORDER BY n") == [(1,), (3,)]


def test_a_connection_that_closes_takes_its_open_transaction_back(connection: Any, target: Target) -> None:
    run(connection, "CREATE TABLE irisops_probe (n INTEGER)")
    with closing(target.connect(namespace="USER")) as other:
        other.setAutoCommit(False)
        run(other, "INSERT INTO irisops_probe VALUES (1)")
        assert rows(other, "SELECT n FROM irisops_probe") == [(1,)]
    for _ in range(100):  # the server hears of the end in its own time: each request gives it some
        with suppress(AssertionError):
            assert rows(connection, "SELECT n FROM irisops_probe") == []
            return
    pytest.fail("the row is still there")


def test_strings_compare_without_letter_case(connection: Any) -> None:
    run(connection, "CREATE TABLE irisops_probe (s VARCHAR(10), x VARCHAR(10) %EXACT)")
    run(connection, "INSERT INTO irisops_probe VALUES ('Ann', 'Ann')")
    assert rows(connection, "SELECT s FROM irisops_probe WHERE s = 'ANN'") == [("Ann",)]
    assert rows(connection, "SELECT s FROM irisops_probe WHERE x = 'ANN'") == []
    assert rows(connection, "SELECT s FROM irisops_probe WHERE s LIKE 'a%' AND s %STARTSWITH 'AN'") == [
        ("Ann",)
    ]


def test_rows_of_a_subquery_are_numbered_and_paged(connection: Any) -> None:
    run(connection, "CREATE TABLE irisops_probe (n INTEGER)")
    for n in (30, 10, 20):
        run(connection, "INSERT INTO irisops_probe VALUES (?)", n)
    second = "SELECT n FROM (SELECT TOP ALL n FROM irisops_probe ORDER BY n) WHERE %VID BETWEEN ? AND ?"
    assert rows(connection, second, 2, 3) == [(20,), (30,)]
    assert rows(connection, "SELECT TOP ? n FROM irisops_probe ORDER BY n DESC", 1) == [(30,)]


def test_errors_name_their_class_and_leave_the_connection_usable(connection: Any) -> None:
    run(connection, "CREATE TABLE irisops_probe (n INTEGER NOT NULL, s VARCHAR(3))")
    cases = [
        (iris.dbapi.IntegrityError, "-108", "INSERT INTO irisops_probe (s) VALUES ('x')"),
        (iris.dbapi.DataError, "-104", "INSERT INTO irisops_probe VALUES (1, 'too long')"),
        (iris.dbapi.ProgrammingError, "-29", "INSERT INTO irisops_probe (nix) VALUES (1)"),
        (iris.dbapi.DatabaseError, "-201", "CREATE TABLE irisops_probe (a INTEGER)"),
    ]
    for kind, code, sql in cases:
        with pytest.raises(kind, match=code):
            run(connection, sql)
    assert rows(connection, "SELECT n FROM irisops_probe") == []
