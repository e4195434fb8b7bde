"""Tables that SQL defines and changes: rows, keys, defaults, and error codes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.classes.instance import Client, Instance


@pytest.fixture
def sql() -> Client:
    return Instance().login(namespace="USER")


def run(client: Client, *statements: str) -> None:
    for statement in statements:
        client.update(statement)


def values(client: Client, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.rows(query, *parameters)]


PEOPLE = (
    "CREATE TABLE People (id INTEGER IDENTITY, name VARCHAR(20) NOT NULL, ward VARCHAR(10) DEFAULT 'A', "
    "fee NUMERIC(8,2), PRIMARY KEY (id), CONSTRAINT OneName UNIQUE (name))"
)


def test_rows_are_inserted_changed_and_deleted(sql: Client) -> None:
    run(sql, PEOPLE)
    assert sql.update("INSERT INTO People (name, fee) VALUES ('Ito', 10.005)") == 1
    assert sql.update("INSERT INTO People VALUES (?, ?, ?)", "Lund", None, "7") == 1
    assert sql.update("INSERT INTO People SET name = 'Diaz', ward = DEFAULT") == 1
    assert values(sql, "SELECT * FROM People") == [
        (1, "Ito", "A", Decimal("10.01")),
        (2, "Lund", None, 7),
        (3, "Diaz", "A", None),
    ]
    assert sql.update("UPDATE People SET fee = fee * 2 + ?, ward = 'B' WHERE fee > 8", 1) == 1
    assert sql.update("UPDATE People AS p SET p.ward = UPPER(p.name) FROM People p WHERE p.id = 2") == 1
    assert sql.update("UPDATE People (ward, fee) VALUES ('C', NULL) WHERE name = 'diaz'") == 1
    assert values(sql, "SELECT ward, fee FROM People") == [("B", Decimal("21.02")), ("LUND", 7), ("C", None)]
    assert sql.update("DELETE FROM People WHERE ward IN ('B', 'C')") == 2
    assert sql.update("DELETE FROM People WHERE ward = 'Z'") == 0
    assert values(sql, "SELECT %ID, name FROM People") == [(2, "Lund")]


def test_rows_come_from_a_query_and_from_several_values(sql: Client) -> None:
    run(sql, PEOPLE, "INSERT INTO People (name) VALUES ('a'), ('b'), (LOWER('C'))")
    assert sql.update("INSERT INTO People (name, ward) SELECT name || '2', 'X' FROM People WHERE id < 3") == 2
    assert [name for (name,) in values(sql, "SELECT name FROM People")] == ["a", "b", "c", "a2", "b2"]


def test_insert_or_update_finds_the_row_by_its_unique_key(sql: Client) -> None:
    run(sql, PEOPLE)
    for fee in (1, 2):
        assert sql.update("INSERT OR UPDATE People (name, fee) VALUES ('Ito', ?)", fee) == 1
    assert values(sql, "SELECT id, fee FROM People") == [(1, 2)]


@pytest.mark.parametrize(
    ("statement", "sqlcode"),
    [
        ("INSERT INTO People (name) VALUES ('ITO')", -119),
        ("INSERT INTO People (ward) VALUES ('B')", -108),
        ("INSERT INTO People (name) VALUES ('a name that is too long')", -104),
        ("INSERT INTO People (name, fee) VALUES ('x', 'much')", -104),
        ("INSERT INTO People (id, name) VALUES (9, 'x')", -111),
        ("INSERT INTO People (nix) VALUES (1)", -29),
        ("INSERT INTO People (name, name) VALUES ('x', 'y')", -377),
        ("INSERT INTO People (name, ward) VALUES ('x')", -62),
        ("INSERT INTO People VALUES ('x')", -116),
        ("INSERT INTO Nix (a) VALUES (1)", -30),
        ("UPDATE People SET name = 'Lund' WHERE id = 1", -120),
        ("UPDATE People SET name = NULL", -108),
        ("UPDATE People SET fee = 1000000", -105),
        ("UPDATE People SET id = id + 1", -107),
        ("UPDATE People SET nix = 1", -29),
        ("DELETE FROM People WHERE nix = 1", -29),
        ("INSERT INTO Visit VALUES (8, 99)", -121),
        ("UPDATE Visit SET person = 99", -122),
        ("DELETE FROM People WHERE id = 1", -124),
        ("INSERT INTO Young (name) VALUES ('x')", -35),
        ("CREATE TABLE people (a INTEGER)", -201),
        ("CREATE TABLE Young (a INTEGER)", -201),
        ("CREATE TABLE t (a INTEGER, A VARCHAR(3))", -306),
        ("CREATE TABLE t (a INTEGER, UNIQUE (b))", -86),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER PRIMARY KEY)", -307),
        ("CREATE TABLE t (a IDENTITY, b IDENTITY)", -308),
        ("CREATE TABLE t (a INTEGER REFERENCES Nix)", -310),
        ("CREATE TABLE t (a INTEGER REFERENCES People (ward))", -314),
        ("CREATE TABLE t (a INTEGER REFERENCES People (nix))", -316),
        ("CREATE TABLE t (a INTEGER REFERENCES Bare)", -319),
        ('CREATE TABLE "User".t (a INTEGER)', -312),
        ("CREATE TABLE %SYS.t (a INTEGER)", -300),
        ("CREATE TABLE t (a NIXSUCH)", -400),
        ("CREATE TABLE t (a INTEGER", -1),
        ("CREATE TABLE t (a INTEGER) AS NIX", -25),
        ("CREATE VIEW v (a) AS SELECT id, name FROM People", -142),
        ("CREATE VIEW v AS SELECT nix FROM People", -29),
        ("ALTER TABLE People ADD COLUMN name INTEGER", -306),
        ("ALTER TABLE People ADD COLUMN age INTEGER NOT NULL", -304),
        ("ALTER TABLE People ALTER COLUMN fee NOT NULL", -305),
        ("ALTER TABLE People ADD CONSTRAINT x UNIQUE (ward)", -125),
        ("ALTER TABLE Visit ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES People (id)", -127),
        ("ALTER TABLE People DROP COLUMN name", -322),
        ("ALTER TABLE People DROP CONSTRAINT Nix", -315),
        ("ALTER TABLE People DROP PRIMARY KEY", -317),
        ("ALTER TABLE Nix ADD COLUMN a INTEGER", -30),
        ("CREATE INDEX OneName ON People (ward)", -324),
        ("CREATE INDEX i ON People (nix)", -29),
        ("CREATE UNIQUE INDEX i ON People (ward)", -125),
        ("DROP INDEX nix ON People", -333),
        ("DROP INDEX OneName ON People", -325),
        ("DROP TABLE Nix", -30),
        ("DROP TABLE People", -320),
        ("DROP VIEW Nix", -30),
    ],
)
def test_what_must_not_be_fails_with_its_code_and_changes_nothing(
    sql: Client, statement: str, sqlcode: int
) -> None:
    run(
        sql,
        PEOPLE,
        "INSERT INTO People (name) VALUES ('Ito'), ('Lund')",
        "CREATE TABLE Visit (id INTEGER PRIMARY KEY, person INTEGER, FOREIGN KEY (person) REFERENCES People)",
        "INSERT INTO Visit VALUES (7, 1)",
        "CREATE TABLE Bare (a INTEGER)",
        "CREATE VIEW Young AS SELECT name FROM People",
    )
    contents = ("SELECT * FROM People", "SELECT * FROM Visit", "SELECT * FROM Bare")
    before = [values(sql, each) for each in contents]
    tables = "SELECT TABLE_NAME, CLASSNAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'SQLUser' ORDER BY 1"
    defined = values(sql, tables)
    assert sql.sqlcode(statement) == sqlcode
    assert [values(sql, each) for each in contents] == before
    assert values(sql, tables) == defined


def test_a_statement_is_done_as_a_whole_or_not_at_all(sql: Client) -> None:
    run(sql, PEOPLE, "INSERT INTO People (name) VALUES ('a'), ('b'), ('c')")
    repeated = "SELECT CASE id WHEN 3 THEN 'A' ELSE name || '2' END FROM People"
    assert sql.sqlcode(f"INSERT INTO People (name) {repeated}") == -119
    assert sql.sqlcode("UPDATE People SET name = CASE id WHEN 3 THEN 'B2' ELSE name || '2' END") == -120
    assert [name for (name,) in values(sql, "SELECT name FROM People")] == ["a", "b", "c"]


def test_null_is_no_key_and_letter_case_is_none(sql: Client) -> None:
    run(sql, "CREATE TABLE t (a VARCHAR(5) UNIQUE, b VARCHAR(5) %EXACT UNIQUE)")
    run(sql, "INSERT INTO t VALUES (NULL, NULL), (NULL, NULL), ('x', 'x')")
    assert sql.update("INSERT INTO t VALUES ('y', 'X')") == 1
    assert sql.sqlcode("INSERT INTO t VALUES ('X', 'z')") == -119
    assert len(values(sql, "SELECT a FROM t WHERE b = 'X'")) == 1
    assert len(values(sql, "SELECT a FROM t WHERE a = 'X'")) == 1


@pytest.mark.parametrize(
    ("rule", "after_update", "after_delete"),
    [
        ("ON DELETE CASCADE ON UPDATE CASCADE", [(9,), (2,)], [(2,)]),
        ("ON DELETE SET NULL ON UPDATE SET NULL", [(None,), (2,)], [(None,), (2,)]),
        ("ON DELETE SET DEFAULT ON UPDATE SET DEFAULT", [(2,), (2,)], [(2,), (2,)]),
    ],
)
def test_foreign_keys_follow_their_rule(
    sql: Client, rule: str, after_update: list[Any], after_delete: list[Any]
) -> None:
    run(
        sql,
        "CREATE TABLE p (a INTEGER PRIMARY KEY)",
        f"CREATE TABLE c (a INTEGER DEFAULT 2, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (a) {rule})",
        "INSERT INTO p VALUES (1), (2)",
        "INSERT INTO c VALUES (1), (2)",
        "UPDATE p SET a = 9 WHERE a = 1",
    )
    assert values(sql, "SELECT a FROM c") == after_update
    run(sql, "UPDATE c SET a = 9 WHERE %ID = 1", "DELETE FROM p WHERE a = 9")
    assert values(sql, "SELECT a FROM c") == after_delete


def test_counters_go_on_from_what_they_were_given(sql: Client) -> None:
    run(
        sql,
        "CREATE TABLE t (s SERIAL, a AUTO_INCREMENT, v ROWVERSION, x INTEGER)",
        "INSERT INTO t (x) VALUES (1)",
        "INSERT INTO t (s, a, x) VALUES (10, 10, 2)",
        "INSERT INTO t (s, a, x) VALUES (0, NULL, 3)",
    )
    rows = values(sql, "SELECT s, a, v, x FROM t")
    assert [(row[0], row[1], row[3]) for row in rows] == [(1, 1, 1), (10, 10, 2), (11, 2, 3)]
    first = rows[0][2]
    run(sql, "UPDATE t SET x = 5 WHERE s = 1")
    assert values(sql, "SELECT v FROM t WHERE s = 1")[0][0] > rows[-1][2] > first
    assert sql.sqlcode("INSERT INTO t (v) VALUES (1)") == -138
    assert sql.sqlcode("UPDATE t SET v = 1") == -138


def test_identity_takes_a_value_only_where_the_table_allows_it(sql: Client) -> None:
    run(
        sql,
        "CREATE TABLE t (id IDENTITY, x INTEGER) WITH %CLASSPARAMETER ALLOWIDENTITYINSERT = 1",
        "INSERT INTO t (id, x) VALUES (7, 1)",
        "INSERT INTO t (x) VALUES (2)",
    )
    assert values(sql, "SELECT id, LAST_IDENTITY() FROM t") == [(7, 8), (8, 8)]
    assert sql.sqlcode("INSERT INTO t (id, x) VALUES (7, 3)") == -119
    assert sql.sqlcode("INSERT INTO t (id, x) VALUES (-1, 3)") == -104


def test_last_identity_is_that_of_the_row_changed_last_by_the_same_process() -> None:
    instance = Instance()
    one, other = instance.login(namespace="USER"), instance.login(namespace="USER")
    run(one, PEOPLE, "INSERT INTO People (name) VALUES ('a'), ('b')")
    run(other, "INSERT INTO People (name) VALUES ('c')")
    assert values(one, "SELECT LAST_IDENTITY()") == [(2,)]
    assert values(other, "SELECT LAST_IDENTITY()") == [(3,)]
    run(one, "UPDATE People SET ward = 'Z' WHERE name = 'a'", "DELETE FROM People WHERE name = 'nobody'")
    assert values(one, "SELECT LAST_IDENTITY()") == [(1,)]
    assert values(instance.login(namespace="USER"), "SELECT LAST_IDENTITY()") == [(None,)]


def test_the_rowid_is_hidden_and_makes_way_for_a_column_of_its_name(sql: Client) -> None:
    run(sql, "CREATE TABLE t (id VARCHAR(5), a INTEGER)", "INSERT INTO t VALUES ('x', 1)")
    assert sql.rows("SELECT * FROM t") == [{"id": "x", "a": 1}]
    assert values(sql, "SELECT id, id1, %ID AS rowid FROM t") == [("x", 1, 1)]
    run(sql, "CREATE TABLE shown (%PUBLICROWID, a INTEGER)", "INSERT INTO shown VALUES (5)")
    assert sql.rows("SELECT * FROM shown") == [{"id": 1, "a": 5}]


def test_a_table_is_altered_with_its_rows_and_keys(sql: Client) -> None:
    run(sql, PEOPLE, "INSERT INTO People (name) VALUES ('Ito'), ('Lund')")
    run(
        sql,
        "ALTER TABLE People ADD COLUMN age INTEGER DEFAULT 18",
        "ALTER TABLE People ADD (zip VARCHAR(5), since DATE DEFAULT CURRENT_DATE)",
        "ALTER TABLE People DROP COLUMN fee",
        "ALTER TABLE People ALTER COLUMN name RENAME full_name",
        "ALTER TABLE People ALTER COLUMN full_name VARCHAR(50) NOT NULL",
        "ALTER TABLE People MODIFY age NOT NULL",
        "ALTER TABLE People ADD CONSTRAINT z UNIQUE (zip)",
        "UPDATE People SET zip = '8000' WHERE id = 1",
    )
    assert sql.rows("SELECT * FROM People WHERE id = 1") == [
        {"id": 1, "full_name": "Ito", "ward": "A", "age": 18, "zip": "8000", "since": "2026-03-01"}
    ]
    assert sql.sqlcode("INSERT INTO People (full_name) VALUES ('ito')") == -119
    assert sql.sqlcode("UPDATE People SET zip = '8000'") == -120
    run(sql, "ALTER TABLE People DROP CONSTRAINT z", "UPDATE People SET zip = '8000'")
    run(
        sql,
        "ALTER TABLE People RENAME Persons",
        "INSERT INTO Persons (full_name) VALUES ('x' || REPEAT('y', 40))",
    )
    assert [row for (row,) in values(sql, "SELECT id FROM Persons")] == [1, 2, 3]
    assert sql.sqlcode("SELECT * FROM People") == -30


def test_views_show_their_query_with_the_rights_of_the_owner() -> None:
    instance = Instance()
    instance.user("ann", DB_USER="R", Service_SQL="U")
    boss, ann = instance.login(namespace="USER"), instance.login("ann", "USER")
    run(
        boss,
        PEOPLE,
        "INSERT INTO People (name, ward) VALUES ('Ito', 'A'), ('Lund', 'B')",
        "CREATE VIEW Wards (w, n) AS SELECT ward, COUNT(*) FROM People GROUP BY ward WITH READ ONLY",
        "CREATE VIEW OfA AS SELECT n FROM Wards WHERE w = 'A'",
        "GRANT SELECT ON OfA TO ann",
    )
    assert values(boss, "SELECT * FROM Wards ORDER BY w") == [("A", 1), ("B", 1)]
    assert values(ann, "SELECT n FROM OfA") == [(1,)]
    assert ann.sqlcode("SELECT * FROM Wards") == -99
    run(boss, "CREATE OR REPLACE VIEW Wards AS SELECT 'A' AS w, 5 AS n")
    assert values(ann, "SELECT n FROM OfA") == [(5,)]
    run(boss, "DROP VIEW Wards")
    assert ann.sqlcode("SELECT n FROM OfA") == -30


def test_what_was_prepared_before_a_definition_changed_means_the_new_one(sql: Client) -> None:
    run(sql, "CREATE TABLE t (a INTEGER)")
    query = sql.session.prepare("SELECT a FROM t", ())
    insert = sql.session.prepare("INSERT INTO t (a) VALUES (3)", ())
    run(sql, "DROP TABLE t")
    for prepared in (query, insert):
        with pytest.raises(Exception, match="-30"):
            (sql.session.query(prepared, (), 0) if prepared is query else sql.session.update(prepared, ()))
    run(sql, "CREATE TABLE t (b VARCHAR(3), a INTEGER)")
    assert sql.session.update(insert, ()) == 1
    assert list(sql.session.query(query, (), 0)) == [(3,)]
    run(sql, "ALTER TABLE t ALTER COLUMN a VARCHAR(9)")
    with pytest.raises(Exception, match="prepare it again"):
        sql.session.query(query, (), 0)


def test_each_namespace_has_its_own_tables() -> None:
    instance = Instance()
    user, system = instance.login(namespace="USER"), instance.login(namespace="%SYS")
    run(user, "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)")
    assert system.sqlcode("SELECT a FROM t") == -30
    run(system, "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (2)")
    assert (values(user, "SELECT a FROM t"), values(system, "SELECT a FROM t")) == ([(1,)], [(2,)])


def test_if_exists_and_if_not_exists_change_nothing_where_there_is_nothing_to_do(sql: Client) -> None:
    run(
        sql,
        "CREATE TABLE IF NOT EXISTS t (a INTEGER)",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE IF NOT EXISTS t (b INTEGER)",
        "CREATE INDEX IF NOT EXISTS i ON t (a)",
        "CREATE INDEX IF NOT EXISTS i ON t (a)",
        "DROP INDEX IF EXISTS i",
        "DROP INDEX IF EXISTS i ON t",
        "DROP VIEW IF EXISTS v",
    )
    assert values(sql, "SELECT * FROM t") == [(1,)]
    run(sql, "DROP TABLE IF EXISTS t", "DROP TABLE IF EXISTS t")


def test_truncate_begins_anew(sql: Client) -> None:
    run(sql, PEOPLE, "INSERT INTO People (name) VALUES ('a'), ('b')")
    assert sql.update("TRUNCATE TABLE People") == 2
    run(sql, "INSERT INTO People (name) VALUES ('c')")
    assert values(sql, "SELECT id, name FROM People") == [(1, "c")]


def test_privileges_are_those_of_the_owner_of_grants_and_of_administrators() -> None:
    instance = Instance()
    for name in ("ann", "bob"):
        instance.user(name, DB_USER="RW", Service_SQL="U")
    boss, ann, bob = (instance.login(name, "USER") for name in ("boss", "ann", "bob"))
    assert ann.sqlcode("CREATE TABLE t (a INTEGER)") == -99
    run(boss, "GRANT %CREATE_TABLE, %CREATE_VIEW TO ann")
    run(ann, "CREATE TABLE t (a INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    for refused in (
        "SELECT a FROM t",
        "INSERT INTO t VALUES (2)",
        "UPDATE t SET a = 2",
        "DELETE FROM t",
        "TRUNCATE TABLE t",
        "ALTER TABLE t ADD COLUMN b INTEGER",
        "CREATE INDEX i ON t (a)",
        "DROP TABLE t",
        "CREATE VIEW v AS SELECT a FROM t",
    ):
        assert bob.sqlcode(refused) == -99, refused
    listed = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'SQLUser'"
    assert (values(ann, listed), values(bob, listed)) == ([("t",)], [])
    run(boss, "GRANT SELECT, DELETE ON t TO bob")
    assert values(bob, "SELECT a FROM t") == [(1,)]
    assert bob.sqlcode("UPDATE t SET a = 2") == -99
    assert bob.sqlcode("INSERT OR UPDATE t (a) VALUES (1)") == -99
    run(boss, "GRANT %ALTER ON t TO bob", "GRANT %CREATE_TABLE TO bob")
    run(bob, "CREATE INDEX i ON t (a)", "DELETE FROM t")
    assert bob.sqlcode("CREATE TABLE c (a INTEGER REFERENCES t (a))") == -99
    run(ann, "DROP TABLE t", "CREATE TABLE t (a INTEGER)")
    assert bob.sqlcode("SELECT a FROM t") == -99  # the grant went with the table


def test_the_information_schema_tells_of_all(sql: Client) -> None:
    run(
        sql,
        PEOPLE,
        "CREATE TABLE Visit (person INTEGER %DESCRIPTION 'who', seen TIMESTAMP DEFAULT CURRENT_TIMESTAMP, "
        "%DESCRIPTION 'visits', CONSTRAINT f FOREIGN KEY (person) REFERENCES People (id) ON DELETE CASCADE)",
        "CREATE INDEX ByTime ON Visit (seen, person)",
        "CREATE VIEW v AS SELECT name FROM People",
    )
    tables = "SELECT TABLE_NAME, TABLE_TYPE, IS_INSERTABLE_INTO, CLASSNAME, DESCRIPTION, OWNER FROM "
    where = " WHERE TABLE_SCHEMA = 'SQLUser' ORDER BY TABLE_NAME"
    assert values(sql, f"{tables} INFORMATION_SCHEMA.TABLES{where}") == [
        ("People", "BASE TABLE", "YES", "User.People", None, "boss"),
        ("v", "VIEW", "NO", "User.v", None, "boss"),
        ("Visit", "BASE TABLE", "YES", "User.Visit", "visits", "boss"),
    ]
    columns = (
        "SELECT COLUMN_NAME, DATA_TYPE, ORDINAL_POSITION, IS_NULLABLE, COLUMN_DEFAULT, AUTO_INCREMENT, "
        "UNIQUE_COLUMN, PRIMARY_KEY, CHARACTER_MAXIMUM_LENGTH, NUMERIC_SCALE FROM INFORMATION_SCHEMA.COLUMNS "
        "WHERE TABLE_NAME = 'People'"
    )
    assert values(sql, columns) == [
        ("id", "bigint", 1, "NO", None, "YES", "YES", "YES", None, 0),
        ("name", "varchar", 2, "NO", None, "NO", "YES", "NO", 20, None),
        ("ward", "varchar", 3, "YES", '"A"', "NO", "NO", "NO", 10, None),
        ("fee", "numeric", 4, "YES", None, "NO", "NO", "NO", None, 2),
    ]
    indexes = (
        "SELECT INDEX_NAME, COLUMN_NAME, ORDINAL_POSITION, NON_UNIQUE, PRIMARY_KEY FROM INFORMATION_SCHEMA"
    )
    assert values(sql, f"{indexes}.INDEXES ORDER BY INDEX_NAME, ORDINAL_POSITION") == [
        ("ByTime", "seen", 1, 1, 0),
        ("ByTime", "person", 2, 1, 0),
        ("OneName", "name", 1, 0, 0),
        ("PEOPLE_PKEY1", "id", 1, 0, 1),
    ]
    keys = "SELECT CONSTRAINT_NAME, CONSTRAINT_TYPE, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM "
    assert values(sql, f"{keys} INFORMATION_SCHEMA.KEY_COLUMN_USAGE ORDER BY CONSTRAINT_NAME") == [
        ("f", "FOREIGN KEY", "person", "People", "id"),
        ("OneName", "UNIQUE", "name", None, None),
        ("PEOPLE_PKEY1", "PRIMARY KEY", "id", None, None),
    ]
    rules = "SELECT UNIQUE_CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS"
    assert values(sql, rules) == [("PEOPLE_PKEY1", "NO ACTION", "CASCADE")]
    views = "SELECT TABLE_NAME, VIEW_DEFINITION FROM INFORMATION_SCHEMA.VIEWS"
    assert values(sql, views) == [("v", "SELECT name FROM People")]
    usage = "SELECT VIEW_NAME, TABLE_NAME FROM INFORMATION_SCHEMA.VIEW_TABLE_USAGE"
    assert values(sql, usage) == [("v", "People")]


def test_dates_are_found_as_text_and_as_days(sql: Client) -> None:
    run(sql, "CREATE TABLE t (d DATE, h TIME, s TIMESTAMP)")
    run(
        sql, "INSERT INTO t VALUES (67000, 3661, '2024-06-09 01:01:01.500'), ('2025-01-01', '00:00:00', NULL)"
    )
    found = "SELECT COUNT(*) FROM t WHERE "
    for condition, value in (
        ("d = ?", "67000"),
        ("d = ?", 67000),
        ("d = ?", "2024-06-09"),
        ("d < ?", "67001"),
        ("d IN ('1999-01-01', ?)", 67000),
        ("d BETWEEN '66999' AND ?", "2024-06-10"),
        ("h = ?", 3661),
        ("h > ?", "00:30"),
        ("s = ?", "2024-06-09 01:01:01.500000"),
        ("s > ?", "2024-06-09"),
    ):
        assert values(sql, found + condition, value) == [(1,)], (condition, value)
    assert values(sql, "SELECT DATEADD('day', 1, d) FROM t WHERE d = 67000") == [("2024-06-10 00:00:00",)]


def test_common_table_expressions_know_those_before_them(sql: Client) -> None:
    run(sql, "CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES (1), (2), (3)")
    query = (
        "WITH big AS (SELECT n FROM t WHERE n > ?), counted (c) AS (SELECT COUNT(*) FROM big) "
        "SELECT n, c FROM big, counted ORDER BY n"
    )
    assert values(sql, query, 1) == [(2, 2), (3, 2)]
    run(sql, "INSERT INTO t (n) WITH m AS (SELECT MAX(n) AS n FROM t) SELECT n + 1 FROM m")
    run(sql, "CREATE VIEW v AS WITH m AS (SELECT MAX(n) AS most FROM t) SELECT most FROM m")
    assert values(sql, "SELECT most FROM v") == [(4,)]
    twice = ", ".join(f"q{n} AS (SELECT a.n FROM q{n - 1} a, q{n - 1} b)" for n in range(1, 30))  # noqa: S608 - own
    grown = sql.failure(f"SELECT 1 FROM (WITH q0 AS (SELECT 1 AS n), {twice} SELECT n FROM q29) x")  # noqa: S608 - own
    assert (grown.sqlcode, "more than" in grown.message) == (-400, True)


def test_the_rows_of_views_and_subqueries_are_numbered(sql: Client) -> None:
    run(sql, "CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES (30), (10), (20)")
    run(sql, "CREATE VIEW v AS SELECT TOP ALL n FROM t ORDER BY n DESC")
    assert values(sql, "SELECT %VID, n FROM v WHERE %VID > 1") == [(2, 20), (3, 10)]
    assert values(sql, "SELECT x.%VID FROM (SELECT n FROM t) x WHERE x.n = 20") == [(3,)]
    assert sql.sqlcode("SELECT %VID FROM t") == -29


def test_room_is_limited_and_free_again_after_a_drop() -> None:
    instance = Instance()
    instance.runtime.emulation.databases.quota.limit = 20_000
    client = instance.login(namespace="USER")
    run(client, "CREATE TABLE t (s VARCHAR(9999))", "INSERT INTO t VALUES (REPEAT('x', 9000))")
    run(client, "INSERT INTO t VALUES (REPEAT('x', 9000))")
    full = client.failure("INSERT INTO t VALUES (REPEAT('x', 9000))")
    assert (full.sqlcode, "<FILEFULL>" in full.message) == (-400, True)
    run(client, "UPDATE t SET s = 'small' WHERE %ID = 1", "INSERT INTO t VALUES (REPEAT('x', 9000))")
    run(client, "START TRANSACTION", "TRUNCATE TABLE t", "ROLLBACK")
    assert client.sqlcode("INSERT INTO t VALUES (REPEAT('x', 9000))") == -400
    run(
        client, "DROP TABLE t", "CREATE TABLE t (s VARCHAR(9999))", "INSERT INTO t VALUES (REPEAT('x', 9000))"
    )
    assert instance.runtime.emulation.databases.quota.used < 10_000


def test_more_tables_than_are_kept_at_hand_can_be_read(sql: Client) -> None:
    for number in range(450):
        name = f"t{number}"
        run(sql, f"CREATE TABLE {name} (a INTEGER)", f"INSERT INTO {name} SET a = {number}")
        assert values(sql, f"SELECT a FROM {name}") == [(number,)]  # noqa: S608 - own
    assert values(sql, "SELECT a FROM t0") == [(0,)]


def test_one_statement_changes_no_more_rows_than_others_can_wait_for(sql: Client) -> None:
    run(sql, "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)")
    for _ in range(14):
        run(sql, "INSERT INTO t SELECT a FROM t")
    assert (
        "more than 20000 rows"
        in sql.failure("INSERT INTO t SELECT a FROM t UNION ALL SELECT a FROM t").message
    )
    assert values(sql, "SELECT COUNT(*) FROM t") == [(2**14,)]
