"""Transactions: visibility, rollback, and random ones against a model in plain Python."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irisops.simulator.backend import SqlFailure, Value
from tests.simulator.classes.instance import Client, Instance


def values(client: Client, query: str, *parameters: Value) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.rows(query, *parameters)]


@pytest.fixture
def instance() -> Instance:
    made = Instance()
    boss = made.login(namespace="USER")
    boss.update("CREATE TABLE t (a INTEGER UNIQUE, b VARCHAR(20))")
    boss.update("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
    return made


ALL = "SELECT a, b FROM t ORDER BY a"
BEFORE = [(1, "one"), (2, "two")]


def test_a_rollback_takes_back_rows_and_a_commit_keeps_them(instance: Instance) -> None:
    client = instance.login(namespace="USER")
    client.session.set_autocommit(on=False)
    client.update("UPDATE t SET a = a + 10, b = NULL")
    client.update("DELETE FROM t WHERE a = 11")
    client.update("INSERT INTO t VALUES (1, 'new')")
    assert values(client, ALL) == [(1, "new"), (12, None)]
    client.session.rollback()
    assert values(client, ALL) == BEFORE
    client.update("DELETE FROM t WHERE a = 1")
    client.session.commit()
    client.session.rollback()
    assert values(client, ALL) == BEFORE[1:]


def test_a_rollback_does_not_give_rowids_back(instance: Instance) -> None:
    client = instance.login(namespace="USER")
    for statement in ("START TRANSACTION", "INSERT INTO t (a) VALUES (3)", "ROLLBACK"):
        client.update(statement)
    client.update("INSERT INTO t (a) VALUES (3)")
    assert values(client, "SELECT %ID FROM t WHERE a = 3") == [(4,)]


@pytest.mark.parametrize("clean", [True, False])
def test_the_end_of_a_connection_takes_its_transaction_back(instance: Instance, clean: bool) -> None:
    client, other = instance.login(namespace="USER"), instance.login(namespace="USER")
    client.update("START TRANSACTION")
    client.update("DELETE FROM t")
    assert values(other, ALL) == []
    client.session.close(clean=clean)
    assert values(other, ALL) == BEFORE
    other.update("UPDATE t SET b = 'free' WHERE a = 1")


def test_switching_autocommit_on_commits(instance: Instance) -> None:
    client = instance.login(namespace="USER")
    client.session.set_autocommit(on=False)
    client.update("DELETE FROM t WHERE a = 1")
    client.session.set_autocommit(on=True)
    client.session.rollback()
    assert values(client, ALL) == BEFORE[1:]


def test_savepoints_are_taken_back_one_by_one(instance: Instance) -> None:
    client = instance.login(namespace="USER")
    for statement in (
        "START TRANSACTION",
        "INSERT INTO t VALUES (3, 'kept')",
        "SAVEPOINT s1",
        "UPDATE t SET b = 'x' WHERE a = 3",
        "SAVEPOINT s2",
        "DELETE FROM t",
        "ROLLBACK TO SAVEPOINT s2",
    ):
        client.update(statement)
    assert values(client, ALL) == [*BEFORE, (3, "x")]
    client.update("ROLLBACK TO SAVEPOINT s1")
    client.update("COMMIT")
    assert values(client, ALL) == [*BEFORE, (3, "kept")]


def test_a_failing_statement_does_not_end_the_transaction(instance: Instance) -> None:
    client = instance.login(namespace="USER")
    client.update("START TRANSACTION")
    client.update("INSERT INTO t VALUES (3, 'three')")
    assert client.sqlcode("INSERT INTO t VALUES (4, 'four'), (1, 'again')") == -119
    client.update("COMMIT")
    assert values(client, ALL) == [*BEFORE, (3, "three")]


def test_definitions_are_taken_back_with_the_rows(instance: Instance) -> None:
    client = instance.login(namespace="USER")
    for statement in (
        "START TRANSACTION",
        "INSERT INTO t VALUES (3, 'three')",
        "ALTER TABLE t ADD COLUMN c INTEGER DEFAULT 5",
        "UPDATE t SET c = 6, b = 'x'",
        "CREATE UNIQUE INDEX i ON t (b, a)",
        "CREATE VIEW v AS SELECT c FROM t",
        "CREATE TABLE child (a INTEGER REFERENCES t (a))",
        "INSERT INTO child VALUES (1)",
        "DROP TABLE t CASCADE",
        "CREATE TABLE t (z INTEGER)",
        "ROLLBACK",
    ):
        client.update(statement)
    assert client.rows("SELECT * FROM t ORDER BY a") == [{"a": 1, "b": "one"}, {"a": 2, "b": "two"}]
    assert client.sqlcode("SELECT * FROM child") == -30
    assert client.sqlcode("SELECT * FROM v") == -30
    assert values(client, "SELECT DISTINCT INDEX_NAME FROM INFORMATION_SCHEMA.INDEXES") == [("T_UNIQUE1",)]
    assert client.sqlcode("INSERT INTO t VALUES (1, 'x')") == -119


def test_a_process_shows_that_it_has_an_open_transaction(instance: Instance) -> None:
    client, watcher = instance.login(namespace="USER"), instance.login()
    client.session.set_autocommit(on=False)

    def open_transactions() -> list[tuple[Any, ...]]:
        return values(watcher, "SELECT InTransaction FROM %SYS.ProcessQuery WHERE InTransaction > 0")

    assert open_transactions() == []
    client.update("DELETE FROM t WHERE a = 1")
    assert len(open_transactions()) == 1
    client.session.rollback()
    assert open_transactions() == []


# What others see ---------------------------------------------------------------------------------------------------


def test_others_see_uncommitted_rows_unless_they_read_committed_ones(instance: Instance) -> None:
    writer, reader, strict = (instance.login(namespace="USER") for _ in range(3))
    strict.update("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    assert values(strict, ALL) == BEFORE
    writer.update("START TRANSACTION")
    writer.update("UPDATE t SET b = 'changed' WHERE a = 1")
    writer.update("DELETE FROM t WHERE a = 2")
    writer.update("INSERT INTO t VALUES (3, 'three')")
    assert values(reader, ALL) == [(1, "changed"), (3, "three")]
    assert values(strict, ALL) == BEFORE
    assert values(strict, "SELECT b FROM t WHERE a = 2") == [("two",)]
    assert strict.sqlcode("DELETE FROM t WHERE a = 2") == -110
    assert strict.sqlcode("UPDATE t SET b = 'x' WHERE a = 2") == -110
    writer.update("COMMIT")
    assert values(strict, ALL) == [(1, "changed"), (3, "three")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE t SET b = 'mine' WHERE a = 11",
        "DELETE FROM t WHERE a = 11",
        "INSERT INTO t VALUES (1, 'may come back')",
        "INSERT INTO child VALUES (3)",
        "ALTER TABLE t ADD COLUMN c INTEGER",
        "DROP TABLE t",
        "TRUNCATE TABLE t",
    ],
)
def test_what_an_open_transaction_changed_is_locked_for_others(instance: Instance, statement: str) -> None:
    one, other = instance.login(namespace="USER"), instance.login(namespace="USER")
    one.update("CREATE TABLE child (a INTEGER REFERENCES t (a) NOCHECK)")
    one.update("ALTER TABLE child DROP CONSTRAINT CHILD_FKEY1")
    one.update("ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES t (a)")
    one.update("START TRANSACTION")
    one.update("UPDATE t SET a = 11 WHERE a = 1")
    one.update("INSERT INTO t VALUES (3, 'three')")
    assert other.sqlcode(statement) == -110
    one.update("ROLLBACK")
    assert values(other, ALL) == BEFORE
    other.update("UPDATE t SET b = 'mine' WHERE a = 1")


# Random transactions -----------------------------------------------------------------------------------------------

KEYS = st.integers(1, 6)
TEXTS = st.sampled_from(["x", "X", "y", "", None])
STEPS = st.one_of(
    st.tuples(st.just("insert"), KEYS, TEXTS),
    st.tuples(st.just("update"), KEYS, TEXTS),
    st.tuples(st.just("rekey"), KEYS, KEYS),
    st.tuples(st.just("shift"), KEYS, KEYS),
    st.tuples(st.just("delete"), KEYS, KEYS),
    st.tuples(st.just("start")),
    st.tuples(st.just("savepoint")),
    st.tuples(st.just("back")),
    st.tuples(st.just("commit")),
    st.tuples(st.just("rollback")),
)


@dataclass
class Model:
    """A table (a INTEGER UNIQUE, b VARCHAR) and its transaction, in plain Python: row by row, all or nothing."""

    rows: list[tuple[int, str | None]] = field(default_factory=list)
    saved: list[list[tuple[int, str | None]]] = field(default_factory=list)

    def change(self, verb: str, key: int, value: Any) -> None:
        """Raises KeyError for a duplicate key."""
        rows = dict(enumerate(self.rows))
        if verb == "insert":
            rows[len(rows)] = (key, value)
            self._check(rows)
        for index, (a, b) in list(rows.items()):
            if verb == "update" and a == key:
                rows[index] = (a, value)
            elif verb == "rekey" and a == key:
                rows[index] = (value, b)
            elif verb == "shift" and a >= key:
                rows[index] = (a + value, b)
            elif verb == "delete" and key <= a <= value:
                del rows[index]
            self._check(rows)
        self.rows = list(rows.values())

    @staticmethod
    def _check(rows: dict[int, tuple[int, str | None]]) -> None:
        keys = [a for a, _ in rows.values()]
        if len(set(keys)) < len(keys):
            raise KeyError

    def control(self, verb: str) -> None:
        if verb == "start" and not self.saved:
            self.saved.append(list(self.rows))
        elif verb == "savepoint":
            self.control("start")
            self.saved.append(list(self.rows))
        elif verb == "back" and len(self.saved) > 1:
            self.rows = self.saved.pop()
        elif verb == "commit":
            self.saved.clear()
        elif verb == "rollback":
            self.rows = self.saved[0] if self.saved else self.rows
            self.saved.clear()


STATEMENTS = {
    "insert": "INSERT INTO r (a, b) VALUES (?, ?)",
    "update": "UPDATE r SET b = ? WHERE a = ?",
    "rekey": "UPDATE r SET a = ? WHERE a = ?",
    "shift": "UPDATE r SET a = a + ? WHERE a >= ?",
    "delete": "DELETE FROM r WHERE a <= ? AND a >= ?",
    "start": "START TRANSACTION",
    "savepoint": "SAVEPOINT s",
    "back": "ROLLBACK TO SAVEPOINT",
    "commit": "COMMIT",
    "rollback": "ROLLBACK",
}


@settings(max_examples=120, deadline=None)
@given(st.lists(STEPS, max_size=25), st.booleans())
def test_random_transactions_do_what_the_model_does(steps: list[tuple[Any, ...]], dropped: bool) -> None:
    instance = Instance()
    client, other = instance.login(namespace="USER"), instance.login(namespace="USER")
    client.update("CREATE TABLE r (a INTEGER UNIQUE, b VARCHAR(9))")
    model = Model()
    for verb, *arguments in steps:
        if not arguments:
            with contextlib.suppress(SqlFailure):
                client.update(STATEMENTS[verb])
            model.control(verb)
        else:
            order = arguments if verb == "insert" else arguments[::-1]
            try:
                model.change(verb, *arguments)
                expected = 0
            except KeyError:
                expected = -119 if verb == "insert" else -120
            try:
                client.update(STATEMENTS[verb], *order)
                found = 0
            except SqlFailure as failure:
                found = failure.sqlcode
            assert found == expected
        for each in (client, other):
            assert values(each, "SELECT a, b FROM r ORDER BY %ID") == model.rows
    if dropped:
        client.session.close(clean=False)
        model.control("rollback")
    assert values(other, "SELECT a, b FROM r ORDER BY %ID") == model.rows
