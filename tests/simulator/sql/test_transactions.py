"""SET TRANSACTION, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT and %INTRANSACTION (SQL Reference)."""

from __future__ import annotations

import pytest

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sql.engine import Engine
from irisops.simulator.sql.statements import CommitMode, Isolation
from tests.simulator.sql.fake_catalog import FakeCatalog


def run(engine: Engine, *statements: str) -> None:
    for sql in statements:
        assert engine.update(engine.prepare(sql), []) == 0


@pytest.mark.parametrize(
    ("sql", "isolation"),
    [
        ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", Isolation.READ_COMMITTED),
        ("set transaction isolation level read verified", Isolation.READ_VERIFIED),
        ("SET TRANSACTION READ ONLY, ISOLATION LEVEL READ VERIFIED", Isolation.READ_VERIFIED),
        ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE", Isolation.READ_COMMITTED),
        ("START TRANSACTION ISOLATION LEVEL READ COMMITTED", Isolation.READ_COMMITTED),
        ("SET TRANSACTION READ WRITE", Isolation.READ_UNCOMMITTED),
    ],
)
def test_the_isolation_level_is_set(
    engine: Engine, catalog: FakeCatalog, sql: str, isolation: Isolation
) -> None:
    run(engine, sql)
    assert catalog.transaction.isolation is isolation
    assert catalog.transaction.level == int(sql.startswith("START"))


def test_a_commit_mode_lasts_beyond_its_transaction(engine: Engine, catalog: FakeCatalog) -> None:
    run(engine, "SET TRANSACTION %COMMITMODE EXPLICIT", "START TRANSACTION", "COMMIT WORK")
    assert catalog.transaction.commit_mode is CommitMode.EXPLICIT
    run(engine, "START TRANSACTION %COMMITMODE NONE")
    assert (catalog.transaction.commit_mode, catalog.transaction.level) == (CommitMode.NONE, 1)


def test_sql_transactions_do_not_nest(engine: Engine, catalog: FakeCatalog) -> None:
    run(engine, "START TRANSACTION", "%BEGTRANS")
    assert catalog.transaction.level == 1
    run(engine, "%INTRANSACTION", "ROLLBACK", "COMMIT")
    with pytest.raises(SqlFailure) as caught:
        run(engine, "%INTRANSACTION")
    assert caught.value.sqlcode == 100


def test_savepoints_are_levels_that_can_be_gone_back_to(engine: Engine, catalog: FakeCatalog) -> None:
    run(engine, "SAVEPOINT one", 'SAVEPOINT "two"', "SAVEPOINT three")
    assert catalog.transaction.level == 4
    run(engine, "ROLLBACK TO SAVEPOINT TWO")
    assert catalog.transaction.level == 2
    with pytest.raises(SqlFailure, match="savepoint 'three'"):
        run(engine, "ROLLBACK TO SAVEPOINT three")
    run(engine, "ROLLBACK WORK TO SAVEPOINT")
    assert catalog.transaction.level == 1
    run(engine, "COMMIT")
    with pytest.raises(SqlFailure, match="savepoint 'one'"):
        run(engine, "ROLLBACK TO SAVEPOINT one")


@pytest.mark.parametrize(
    ("sql", "sqlcode"),
    [
        ("SET TRANSACTION", -12),
        ("SET TRANSACTION %COMMITMODE SOON", -1),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", -1),
        ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED NOW", -25),
        ("SAVEPOINT", -12),
        ("SAVEPOINT select", -12),
    ],
)
def test_bad_syntax_is_refused_at_prepare(engine: Engine, sql: str, sqlcode: int) -> None:
    with pytest.raises(SqlFailure) as caught:
        engine.prepare(sql)
    assert caught.value.sqlcode == sqlcode
