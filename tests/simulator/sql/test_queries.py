"""SELECT statements over the fake catalog: results, names, types, collation, failures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from irisops.simulator.backend import SqlFailure, Value
from irisops.simulator.sql.engine import Engine
from tests.simulator.sql.conftest import Select


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT Pid FROM %SYS.ProcessQuery ORDER BY Pid DESC", [(105,), (104,), (103,), (102,), (101,)]),
        ("SELECT TOP 2 pid FROM %SYS.ProcessQuery ORDER BY 1", [(101,), (102,)]),
        ("SELECT TOP (2) pid FROM %SYS.ProcessQuery ORDER BY 1", [(101,), (102,)]),
        ("SELECT TOP ALL pid FROM %SYS.ProcessQuery WHERE pid < 103 ORDER BY 1", [(101,), (102,)]),
        ("SELECT TOP 0 pid FROM %SYS.ProcessQuery", []),
        ("SELECT pid FROM %SYS.ProcessQuery ORDER BY pid LIMIT 2 OFFSET 1", [(102,), (103,)]),
        ("SELECT pid FROM %SYS.ProcessQuery ORDER BY pid OFFSET 3 ROWS FETCH NEXT 1 ROWS ONLY", [(104,)]),
        ("SELECT COUNT(*) FROM %SYS.ProcessQuery", [(5,)]),
        ("SELECT COUNT(UserName), COUNT(DISTINCT UserName) FROM %SYS.ProcessQuery", [(4, 3)]),
        ("SELECT SUM(CPUTime), AVG(CPUTime), MIN(Pid), MAX(Pid) FROM %SYS.ProcessQuery", [(9300, 1860, 101, 105)]),
        ("SELECT SUM(CPUTime) FROM %SYS.ProcessQuery WHERE Pid = 0", [(None,)]),
        ("SELECT COUNT(*) FROM %SYS.ProcessQuery WHERE Pid = 0", [(0,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE UserName IS NULL", [(105,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Routine IS NOT NULL AND IsGhost = 0 AND Pid > 103", [(105,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid BETWEEN 102 AND 103", [(102,), (103,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid NOT BETWEEN 102 AND 105", [(101,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid IN (101, '105', 7)", [(101,), (105,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid NOT IN (101, 102, 103)", [(104,), (105,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE NOT (Pid > 101)", [(101,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid = 101 ! Pid = 102 & IsGhost = 0", [(101,), (102,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Load > 1", [(101,), (104,)]),
        ("SELECT Load FROM %SYS.ProcessQuery WHERE Pid IN (102, 104)", [(Decimal("0.5"),), (2,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE CPUTime > '30' AND CPUTime < '300'", [(102,), (103,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE ID = 101", [(101,)]),
        ("SELECT %ID FROM %SYS.ProcessQuery WHERE Pid = 103", [(103,)]),
        (
            "SELECT NameSpace, COUNT(*) FROM %SYS.ProcessQuery GROUP BY NameSpace HAVING COUNT(*) > 1 ORDER BY 1",
            [("%SYS", 2), ("USER", 2)],
        ),
        ("SELECT COUNT(*) AS n, NameSpace FROM %SYS.ProcessQuery GROUP BY NameSpace ORDER BY n, NameSpace DESC", [
            (1, "APP"), (2, "USER"), (2, "%SYS")]),
        ("SELECT Pid, COUNT(*) FROM %SYS.ProcessQuery WHERE Pid < 103", [(101, 2), (102, 2)]),
        ("SELECT a.Pid FROM %SYS.ProcessQuery a WHERE a.Pid = (SELECT MAX(b.Pid) FROM %SYS.ProcessQuery b)", [(105,)]),
        ('SELECT Pid FROM %SYS.ProcessQuery p WHERE EXISTS (SELECT 1 FROM Security.Roles WHERE "User" = p.UserName)',
         [(101,), (102,), (103,), (104,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE UserName IN (SELECT \"User\" FROM Security.Roles WHERE Name='%all')",
         [(101,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid = ANY (SELECT MIN(Pid) FROM %SYS.ProcessQuery)", [(101,)]),
        ("SELECT x.u FROM (SELECT TOP 1 UserName AS u FROM %SYS.ProcessQuery ORDER BY Pid) x", [("_SYSTEM",)]),
        ("SELECT r.Name, p.Pid FROM Security.Roles r JOIN %SYS.ProcessQuery p ON r.\"User\" = p.UserName ORDER BY 2, 1",
         [("%All", 101), ("Reader", 102), ("Reader", 103), ("Müller", 104)]),
        ('SELECT Pid, Name FROM %SYS.ProcessQuery LEFT OUTER JOIN Security.Roles ON "User" = UserName WHERE Pid > 103',
         [(104, "Müller"), (105, None)]),
        ("SELECT COUNT(*) FROM %SYS.ProcessQuery a, %SYS.ProcessQuery b", [(25,)]),
        ("SELECT COUNT(*) FROM %SYS.ProcessQuery a CROSS JOIN %SYS.ProcessQuery b", [(25,)]),
        ("SELECT b.Pid FROM %SYS.ProcessQuery a JOIN %SYS.ProcessQuery b USING (Pid) WHERE a.CPUTime = 0", [(104,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery UNION SELECT Pid FROM %SYS.ProcessQuery WHERE Pid < 104 ORDER BY 1 DESC",
         [(105,), (104,), (103,), (102,), (101,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid<103 UNION ALL SELECT TOP 1 1 FROM %SYS.ProcessQuery ORDER BY Pid",
         [(1,), (101,), (102,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery INTERSECT SELECT 104", [(104,)]),
        ("SELECT Pid FROM %SYS.ProcessQuery EXCEPT SELECT Pid FROM %SYS.ProcessQuery WHERE Pid > 101", [(101,)]),
        ("SELECT 'it''s', 7/2, 8/2, 7\\2, 7#3, 2+3*4, 'a'||1, 5 - '2x'",
         [("it's", Decimal("3.5"), 4, 3, 1, 14, "a1", 3)]),
        ("SELECT USER, CURRENT_USER, $NAMESPACE, CURRENT_TIMESTAMP, CURRENT_DATE, CURRENT_TIME",
         [("_SYSTEM", "_SYSTEM", "%SYS", "2026-11-24 10:58:07", "2026-11-24", "10:58:07")]),
        ("SELECT CASE WHEN CPUTime > 100 THEN 'hot' ELSE 'cold' END FROM %SYS.ProcessQuery WHERE Pid < 103",
         [("cold",), ("hot",)]),
        ("SELECT CASE Pid WHEN 101 THEN 'first' END FROM %SYS.ProcessQuery WHERE Pid < 103", [("first",), (None,)]),
        ("SELECT CAST(Load AS VARCHAR(2)), CAST(Load AS INTEGER) FROM %SYS.ProcessQuery WHERE Pid = 105", [("-3", -3)]),
        ("SELECT CAST('12.345' AS NUMERIC(10,2)), CAST('2026-01-02 03:04:05' AS DATE), CAST('7' AS BIT)",
         [(Decimal("12.35"), "2026-01-02", 1)]),
        ("SELECT %SYSTEM_SQL.Security_UserExists('ALICE'), %SYSTEM_SQL . Security_UserExists ( 'nobody' )", [(1, 0)]),
        ("SELECT Pid, RANK() OVER (PARTITION BY NameSpace ORDER BY CPUTime DESC) FROM %SYS.ProcessQuery ORDER BY 1",
         [(101, 2), (102, 1), (103, 2), (104, 1), (105, 1)]),
        ("SELECT Pid, SUM(Pid) OVER (PARTITION BY NameSpace), COUNT(*) OVER () FROM %SYS.ProcessQuery ORDER BY Pid",
         [(101, 206, 5), (102, 205, 5), (103, 205, 5), (104, 104, 5), (105, 206, 5)]),
        ("SELECT {fn UCASE('a')}, {ts '2026-01-01 00:00:00'}, {fn IFNULL(NULL,'x')}, IFNULL('a','b')",
         [("A", "2026-01-01 00:00:00", "x", None)]),
    ],
)  # fmt: skip
def test_rows(select: Select, sql: str, rows: list[tuple[Value, ...]]) -> None:
    assert select(sql) == rows


@pytest.mark.parametrize(
    ("sql", "pids"),
    [
        ("UserName = 'ALICE'", [102, 103]),
        ("UserName <> 'ALICE'", [101, 104]),
        ("UserName IN ('ALICE', 'BOB')", [102, 103, 104]),
        ("%EXACT(UserName) = 'alice'", [102]),
        ("%EXACT UserName = 'alice'", [102]),
        ("%SQLUPPER(Routine) = 'MAIN'", [102, 103]),
        ("%UPPER Routine = 'main'", [102, 103]),
        ("Routine = 'main'", [103]),
        ("UserName LIKE 'AL%'", [102, 103]),
        ("UserName LIKE '_l_ce'", [102, 103]),
        ("Routine LIKE 'm%'", [103]),
        ("%SQLUPPER Routine LIKE 'M%'", [102, 103]),
        ("UserName NOT LIKE 'a%'", [101, 104]),
        ("UserName NOT LIKE '!_%' ESCAPE '!' AND Pid < 104", [102, 103]),
        ("NOT UserName NOT LIKE 'a%'", [102, 103]),
        ("UserName LIKE '!_S%' ESCAPE '!'", [101]),
        ("UserName %STARTSWITH 'AL  '", [102, 103]),
        ("Routine %STARTSWITH 'ma'", [103]),
        ("NOT (UserName %STARTSWITH 'a')", [101, 104]),
        ("UserName [ 'lic'", [102, 103]),
        ("UserName [ 'LIC'", []),
        ("UserName ] 'alice'", [104]),
        ("UPPER(UserName) = 'ALICE'", [102, 103]),
        ("UPPER(UserName) = 'alice'", []),
        ("UserName = 'alice '", [102, 103]),
    ],
)
def test_collation_decides_which_rows_match(select: Select, sql: str, pids: list[int]) -> None:
    query = "SELECT Pid FROM %SYS.ProcessQuery WHERE "
    assert select(query + sql + " ORDER BY Pid") == [(pid,) for pid in pids]


def test_sorting_folds_case_and_puts_underscore_behind_letters(select: Select) -> None:
    rows = select("SELECT Pid FROM %SYS.ProcessQuery ORDER BY UserName, Pid")
    assert rows == [(105,), (102,), (103,), (104,), (101,)]


def test_sorting_by_an_exact_column_is_by_code_point(select: Select) -> None:
    assert select("SELECT Routine FROM %SYS.ProcessQuery ORDER BY Routine") == [
        (None,), ("Main",), ("daemon",), ("main",), ("shell",)]  # fmt: skip


def test_grouped_distinct_and_extreme_strings_come_in_upper_case(select: Select) -> None:
    assert select("SELECT DISTINCT UserName FROM %SYS.ProcessQuery WHERE Pid IN (102, 103)") == [("ALICE",)]
    assert select(
        "SELECT UserName, COUNT(*) FROM %SYS.ProcessQuery WHERE Pid IN (102, 103) GROUP BY UserName"
    ) == [("ALICE", 2)]
    assert select("SELECT MAX(UserName), MIN(UserName), MIN(Routine) FROM %SYS.ProcessQuery") == [
        ("_SYSTEM", "ALICE", "Main")
    ]
    assert select(
        "SELECT DISTINCT %EXACT(UserName) FROM %SYS.ProcessQuery WHERE Pid IN (102, 103) ORDER BY 1"
    ) == [
        ("Alice",),
        ("alice",),
    ]


@pytest.mark.parametrize(
    ("window", "values"),
    [
        ("LAG(Pid) OVER (ORDER BY Pid)", [None, 101, 102, 103, 104]),
        ("LAG(Pid, 2, 0) OVER (ORDER BY Pid)", [0, 0, 101, 102, 103]),
        ("LEAD(Pid) OVER (ORDER BY Pid)", [102, 103, 104, 105, None]),
        ("FIRST_VALUE(Pid) OVER (PARTITION BY NameSpace ORDER BY Pid)", [101, 102, 102, 104, 101]),
        ("PERCENT_RANK() OVER (ORDER BY Pid)", [0, 0.25, 0.5, 0.75, 1]),
        ("SUM(Pid) OVER (ORDER BY Pid ROWS UNBOUNDED PRECEDING)", [101, 203, 306, 410, 515]),
        ("SUM(Pid) OVER (ORDER BY Pid ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)", [203, 205, 207, 209, 105]),
    ],
)
def test_window_functions_look_at_other_rows(select: Select, window: str, values: list[Value]) -> None:
    sql = f"SELECT {window} AS w FROM %SYS.ProcessQuery ORDER BY Pid"  # noqa: S608 - the cases above
    assert [value for (value,) in select(sql)] == values


def test_list_joins_the_values_of_a_group(select: Select) -> None:
    sql = "SELECT NameSpace, LIST(Pid) FROM %SYS.ProcessQuery GROUP BY NameSpace ORDER BY NameSpace"
    assert select(sql) == [("%SYS", "101,105"), ("APP", "104"), ("USER", "102,103")]


def test_columns_are_called_as_the_class_calls_them(engine: Engine) -> None:
    columns = engine.prepare(
        "SELECT userName, PID AS Process, COUNT(*), 'x', Pid + 1, (SELECT 1), NULL, ?, \"CPUTIME\" "
        "FROM %Sys.PROCESSQUERY"
    ).columns
    assert columns is not None
    assert [column.name for column in columns] == [
        "UserName", "Process", "Aggregate_3", "HostVar_4", "Expression_5", "Subquery_6", "Literal_7", "HostVar_8",
        "CPUTime"]  # fmt: skip
    assert [column.sql_type for column in columns] == [12, 4, -5, 12, 4, 4, 12, 12, -5]
    assert (columns[0].table, columns[0].schema, columns[0].precision) == ("ProcessQuery", "%SYS", 160)
    assert columns[4].table == ""


def test_a_star_leaves_hidden_columns_out(engine: Engine) -> None:
    columns = engine.prepare("SELECT p.*, r.Name FROM %SYS.ProcessQuery p, Security.Roles r").columns
    assert columns is not None
    assert [column.name for column in columns] == [
        "Pid", "UserName", "NameSpace", "Routine", "CPUTime", "IsGhost", "Load", "Name"]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "sqlcode", "mentions"),
    [
        ("SELECT x FROM Nix.Such", -30, "NIX.SUCH"),
        ("SELECT x FROM Nope", -30, "SQLUSER.NOPE"),
        ("SELECT a.b.c.d FROM %SYS.ProcessQuery", -1, "too many parts"),
        ("SELECT ClientName FROM %SYS.ProcessQuery", -29, "CLIENTNAME"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Nope = 1", -29, "NOPE"),
        ("SELECT q.Pid FROM %SYS.ProcessQuery p", -23, "q"),
        ("SELECT q.* FROM %SYS.ProcessQuery p", -23, "q"),
        ("SELECT Pid FROM %SYS.ProcessQuery a, %SYS.ProcessQuery b", -27, "Pid"),
        ("SELECT 1 FROM %SYS.ProcessQuery, %SYS.ProcessQuery", -20, "ProcessQuery"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE COUNT(*) > 1", -19, "COUNT"),
        ("SELECT Pid FROM %SYS.ProcessQuery ORDER BY 2", -5, "2"),
        ("SELECT Pid FROM %SYS.ProcessQuery UNION SELECT 1, 2", -9, "1 and 2"),
        ("SELECT Pid FROM %SYS.ProcessQuery UNION SELECT 1 ORDER BY CPUTime", -6, "CPUTime"),
        ("SELECT Pid = 1 FROM %SYS.ProcessQuery", -11, "Pid = 1"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid", -14, "Pid"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid IN (SELECT Pid, 1 FROM %SYS.ProcessQuery)", -10, "2"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE (SELECT 1, 2) = 1", -10, "2"),
        ("SELECT FOO(1)", -359, "FOO"),
        ("SELECT CONVERT(NIX, 1)", -1, "data type"),
        ("SELECT CONVERT(VARCHAR, 1", -1, "CONVERT"),
        ("SELECT CONVERT(VARCHAR, 1, 101)", -400, "date format"),
        ("SELECT SUM(Pid) OVER (ORDER BY Pid ROWS 'x' PRECEDING) FROM %SYS.ProcessQuery", -65, "frame"),
        ("SELECT Any1.Thing(1)", -359, "ANY1.THING"),
        ("SELECT sqlite_version()", -359, "SQLITE_VERSION"),
        ("SELECT load_extension('x')", -359, "LOAD_EXTENSION"),
        ("SELECT * FROM sqlite_master", -30, "SQLITE_MASTER"),
        ("SELECT * FROM pragma_table_info('t0')", -428, "PRAGMA_TABLE_INFO"),
        ("SELECT * FROM Nix.Such()", -428, "NIX.SUCH"),
        ("SELECT * FROM Demo.Needs()", -429, "A"),
        ("SELECT * FROM Security.Users_List(1,2,3,4)", -429, "at most 3"),
        ("PRAGMA table_info(t0)", -51, "PRAGMA"),
        ("ATTACH DATABASE 'x' AS y", -51, "ATTACH"),
        ("VACUUM", -51, "VACUUM"),
        ("", -1, "empty"),
        ("SELECT", -12, "SELECT"),
        ("SELECT ,", -12, "comma"),
        ("SELECT Pid, FROM %SYS.ProcessQuery", -12, "comma"),
        ("SELECT User.x FROM %SYS.ProcessQuery", -12, "reserved"),
        ("SELECT Pid AS Level FROM %SYS.ProcessQuery", -12, "reserved"),
        ("SELECT 'open", -3, "never closed"),
        ("SELECT 1; DROP TABLE t0", -25, "one statement"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE Pid = = 1", -1, "operand"),
        ("SELECT Pid FROM %SYS.ProcessQuery x y z", -1, "y"),
        ("SELECT (Pid FROM %SYS.ProcessQuery", -1, "FROM"),
        ("SELECT TOP x Pid FROM %SYS.ProcessQuery", -65, "TOP"),
        ("SELECT Pid FROM %SYS.ProcessQuery LIMIT 'x'", -65, "number of rows"),
        ("SELECT *", -26, "table"),
        ("SELECT UPPER('a','b')", -1, "UPPER takes 1"),
        ("SELECT 1/0", -400, "<DIVIDE>"),
        ("SELECT 1e400", -7, "1e400"),
        ("SELECT 1e140 * 1e140 * 1e140", -400, "<MAXNUMBER>"),
        ("SELECT FLOOR(1e140 * 1e140 * 1e140)", -400, "<ILLEGAL VALUE>"),
        ("SELECT 'a' [ 'b'", -11, "[ 'b'"),
        ("SELECT 'a' %STARTSWITH 'b'", -11, "%STARTSWITH"),
        ("SELECT DATEDIFF('fortnight','2026-01-01','2026-01-02')", -8, "fortnight"),
        ("SELECT DATEDIFF('day','soon','2026-01-02')", -400, "soon"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE UserName LIKE 'a!' ESCAPE '!'", -63, "escape"),
        ("SELECT DISTINCT BY (UserName) Pid FROM %SYS.ProcessQuery", -400, "does not emulate"),
        ("SELECT NTILE(2) OVER (ORDER BY Pid) FROM %SYS.ProcessQuery", -400, "NTILE"),
        ("SELECT SUM(Pid) OVER w FROM %SYS.ProcessQuery", -400, "OVER"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE RANK() OVER (ORDER BY Pid) = 1", -1, "window function"),
        ("WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x", -1, "near"),
        ("WITH x (a, b) AS (SELECT 1) SELECT * FROM x", -142, "names"),
        ("SELECT Pid FROM %SYS.ProcessQuery WHERE UserName %MATCHES 'a*'", -400, "%MATCHES"),
        ("SELECT Pid->Name FROM %SYS.ProcessQuery", -400, "arrow"),
        ("SELECT " + "(" * 3000 + "1" + ")" * 3000, -1, "nested too deeply"),
        ("SELECT {fn UCASE('a')", -1, "}"),
    ],
)
def test_failures_carry_the_documented_code_and_say_where(
    select: Select, sql: str, sqlcode: int, mentions: str
) -> None:
    with pytest.raises(SqlFailure) as caught:
        select(sql)
    assert caught.value.sqlcode == sqlcode
    assert mentions in caught.value.message
    assert "sqlglot" not in caught.value.message
