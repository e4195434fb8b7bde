"""The unmodified driver: cursors of both kinds, parameters, metadata, errors, procedures, transactions."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import iris
import iris.dbapi
import pytest

from irisops.simulator.backend import Column, Value
from tests.simulator.wire.harness import ServerThread

PEOPLE = ((1, "ann"), (2, "bob"), (3, "zo\u00eb"))


@pytest.fixture(params=["iris.connect", "iris.dbapi.connect"])
def database(request: pytest.FixtureRequest, served: ServerThread) -> Iterator[Any]:
    """A connection by either way in."""
    connect: Callable[..., Any] = iris.connect if request.param == "iris.connect" else iris.dbapi.connect
    made = connect(
        hostname="127.0.0.1",
        port=served.port,
        namespace="USER",
        username="_SYSTEM",
        password="SYS",
        timeout=10,
    )
    yield made
    made.close()


def rows(cursor: Any) -> tuple[tuple[object, ...], ...]:
    return tuple(tuple(row) for row in cursor.fetchall())


def test_a_query_with_parameters_and_literals(database: Any, served: ServerThread) -> None:
    cursor = database.cursor()
    cursor.execute("SELECT id, name FROM Person WHERE id > ? AND name <> 'bob'", [0])
    assert rows(cursor) == (PEOPLE[0], PEOPLE[2])
    assert [tuple(column) for column in cursor.description] == [
        ("id", 4, None, None, 50, 0, 1),
        ("name", 12, None, None, 50, 0, 1),
    ]
    assert served.backend.seen.queries[-1][1] == [0, "bob"]


def test_null_empty_and_literals_keep_their_meaning(database: Any, served: ServerThread) -> None:
    cursor = database.cursor()
    cursor.execute(
        "SELECT v FROM t WHERE a = ? AND b = ? AND c = '' AND d = 10 AND e = 2.5 AND f = ?", ["", None, "x"]
    )
    assert rows(cursor) == (("",), (None,), ("",), (10,), (decimal.Decimal("2.5"),), ("x",))
    given = served.backend.seen.queries[-1][1]
    assert [repr(value) for value in given] == ["''", "None", "''", "10", "Decimal('2.5')", "'x'"]


def test_parameters_of_every_type(database: Any, served: ServerThread) -> None:
    cursor = database.cursor()
    when = datetime.datetime(2026, 11, 24, 10, 46, 1)  # noqa: DTZ001 - the driver sends what it is given
    values = [5, -5, 1.5, decimal.Decimal("1.25"), "\u65e5", True, when, when.date()]
    cursor.execute("SELECT v FROM t WHERE a IN (?,?,?,?,?,?,?,?)", values)
    seen = served.backend.seen.queries[-1][1]
    assert seen[:6] == [5, -5, 1.5, decimal.Decimal("1.25"), "\u65e5", 1]
    assert str(seen[6]).startswith("2026-11-24 10:46:01")
    assert seen[7] == "2026-11-24"


COLUMN_TYPES: list[tuple[int, Value, object]] = [
    (4, 7, 7),
    (-5, 2**40, 2**40),
    (5, -3, -3),
    (-6, 1, 1),
    (4, None, None),
    (-7, 1, True),
    (-7, 0, False),
    (6, 1.5, 1.5),
    (8, 1.5, 1.5),
    (2, decimal.Decimal("1.25"), decimal.Decimal("1.25")),
    (3, decimal.Decimal("-2.5"), decimal.Decimal("-2.5")),
    (12, "zo\u00eb", "zo\u00eb"),
    (12, "\u65e5", "\u65e5"),
    (12, "", ""),
    (12, None, None),
    (12, 5, 5),
    (-1, "long text", "long text"),
    (-2, b"\x00\xff", b"\x00\xff"),
    (-3, b"\x01", b"\x01"),
    (-11, "12345678-1234-5678-1234-567812345678", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    (1091, 67_000, datetime.date(2024, 6, 9)),
    (1092, 3_661, datetime.time(1, 1, 1)),
    (11, "2026-11-24 10:46:01.5", datetime.datetime(2026, 11, 24, 10, 46, 1, 500_000)),  # noqa: DTZ001
    (1093, 2**60 + 1_000_000, datetime.datetime(1970, 1, 1, 0, 0, 1)),  # noqa: DTZ001
    (91, "2026-11-24", "2026-11-24"),
]


@pytest.mark.parametrize(("sql_type", "sent", "read"), COLUMN_TYPES)
def test_column_types(database: Any, served: ServerThread, sql_type: int, sent: Value, read: object) -> None:
    served.backend.results["SELECT typed FROM t"] = (
        [Column("typed", sql_type, 10, 2, nullable=False)],
        [[sent]],
    )
    cursor = database.cursor()
    cursor.execute("SELECT typed FROM t")
    ((value,),) = rows(cursor)
    assert value == read
    assert type(value) is type(read)
    (description,) = cursor.description
    assert (description[4], description[5], description[6]) == (10, 2, 0)


def test_a_number_under_a_text_column_of_a_table_is_text(database: Any, served: ServerThread) -> None:
    served.backend.results["SELECT typed FROM t"] = ([Column("typed", 12, table="T", schema="S")], [[5]])
    cursor = database.cursor()
    cursor.execute("SELECT typed FROM t")
    assert rows(cursor) == (("5",),)


def test_a_hundred_thousand_rows_and_the_next_cursor(database: Any, served: ServerThread) -> None:
    table: list[list[Value]] = [[number, f"name {number}"] for number in range(100_000)]
    served.backend.results["SELECT many FROM t"] = ([Column("id", 4), Column("name", 12)], table)
    cursor = database.cursor()
    cursor.execute("SELECT many FROM t")
    assert tuple(cursor.fetchone()) == (0, "name 0")
    assert [tuple(row) for row in cursor.fetchmany(2)] == [(1, "name 1"), (2, "name 2")]
    rest = cursor.fetchall()
    assert len(rest) == 99_997
    assert tuple(rest[-1]) == (99_999, "name 99999")
    cursor.execute("SELECT many FROM t")
    cursor.fetchone()
    cursor.close()
    other = database.cursor()
    other.execute("SELECT id, name FROM Person")
    assert rows(other) == PEOPLE


def test_no_rows(database: Any, served: ServerThread) -> None:
    served.backend.results["SELECT none FROM t"] = ([Column("id", 4)], [])
    cursor = database.cursor()
    cursor.execute("SELECT none FROM t")
    assert cursor.fetchone() is None
    assert len(cursor.fetchall()) == 0


def test_direct_execution(database: Any) -> None:
    cursor = database.cursor()
    cursor.direct_execute("SELECT id FROM Person WHERE id < ?", [2])
    assert rows(cursor) == ((1,),)
    cursor.direct_execute("INSERT INTO Person (id, name) VALUES (?, ?)", [4, "dan"])
    assert cursor.rowcount == 1
    with pytest.raises(iris.dbapi.DatabaseError, match="found out late"):
        cursor.direct_execute("SELECT late FROM t")
    cursor.execute("SELECT id, name FROM Person")
    assert rows(cursor) == PEOPLE


def test_updates_one_and_many(database: Any, served: ServerThread) -> None:
    cursor = database.cursor()
    cursor.execute("INSERT INTO Person (id, name) VALUES (?, 'literal')", [4])
    assert cursor.rowcount == 1
    assert served.backend.seen.updates[-1][1] == [4, "literal"]
    cursor.executemany("INSERT INTO Person (id, name) VALUES (?, ?)", [[n, f"n{n}"] for n in range(500)])
    assert [values for _, values in served.backend.seen.updates[1:]] == [[n, f"n{n}"] for n in range(500)]
    cursor.execute("DELETE FROM Person WHERE id = ?", [99])
    assert cursor.rowcount == 0


ERROR_CLASSES: dict[type[Exception], tuple[int, ...]] = {
    iris.dbapi.ProgrammingError: (1, 12, 29, 30, 359, 428),
    iris.dbapi.IntegrityError: (108, 119, 120, 127),
    iris.dbapi.DataError: (104, 105, 146),
    iris.dbapi.OperationalError: (99, 110, 114, 402, 450),
    iris.dbapi.NotSupportedError: (37, 96),
    iris.dbapi.InternalError: (160, 415),
    iris.dbapi.DatabaseError: (400,),
}


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in ERROR_CLASSES.items() for code in codes]
)
def test_errors_by_code(database: Any, code: int, kind: type[Exception]) -> None:
    cursor = database.cursor()
    with pytest.raises(kind) as caught:
        cursor.execute(f"SELECT x FROM fail_{code}")  # noqa: S608 - a number of this file
    assert type(caught.value) is kind
    assert f"[SQLCODE: <-{code}>:<" in str(caught.value)
    assert "on purpose" in str(caught.value)
    cursor.execute("SELECT id, name FROM Person")
    assert rows(cursor) == PEOPLE


def test_an_error_while_running(database: Any) -> None:
    cursor = database.cursor()
    with pytest.raises(iris.dbapi.DatabaseError, match="found out late"):
        cursor.execute("SELECT late FROM t")
    with pytest.raises(iris.dbapi.IntegrityError, match="not unique"):
        cursor.execute("INSERT INTO Person (name) VALUES (?)", ["DUPLICATE"])
    cursor.execute("SELECT id, name FROM Person")
    assert rows(cursor) == PEOPLE


def test_procedures(database: Any) -> None:
    cursor = database.cursor()
    assert tuple(cursor.callproc("Demo.Swap(?,?)", ["n", 1])) == (1, "n")
    assert tuple(cursor.callproc("Demo.ByName(?,?)", ["n", 1])) == ("n", 1)
    assert rows(cursor) == ((0, "n0"),)
    with pytest.raises(iris.dbapi.ProgrammingError, match="SQLCODE: <-428>"):
        cursor.callproc("Demo.Nope(?)", [1])


def test_transactions(database: Any, served: ServerThread) -> None:
    database.setAutoCommit(False)
    database.commit()
    database.rollback()
    database.setAutoCommit(True)
    cursor = database.cursor()
    cursor.execute("SELECT id, name FROM Person")
    assert rows(cursor) == PEOPLE
    assert served.backend.seen.ended == ["commit", "rollback"]
    assert served.backend.seen.autocommit[-2:] == [False, True]
