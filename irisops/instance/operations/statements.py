"""The SQL that runs now, of all namespaces (facts: iris-operations 9)."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.instance.calls import Query
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.routes import Instance, answer_by
from irisops.instance.values import Row, as_int, as_text, in_portions

_COLUMNS = (
    "SQLStatementID, ProcessID, StatementIndexHash, UserName, QueryStmtType, Namespace, CachedQuery, ExecutionStart, "
    "ExecutionDuration, Status"
)
_TEXT = (
    "INFORMATION_SCHEMA.CURRENT_STATEMENTS_GetSQLStatement(Namespace, StatementIndexHash) AS StatementText"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that runs. `seconds` since it began; `text` None: not told. Parameters are never read: they may hold
    what is confidential.
    """

    number: int | None
    pid: int | None
    username: str
    namespace: str
    kind: str
    seconds: float | None
    started: str
    status: str
    key: str
    text: str | None = None


def statement_of(row: Row) -> Statement:
    """One statement."""
    told = as_text(row.get("executionduration"))
    try:
        seconds = float(told) if told else None
    except ValueError:
        seconds = None
    return Statement(
        as_int(row.get("sqlstatementid")),
        as_int(row.get("processid")),
        as_text(row.get("username")),
        as_text(row.get("namespace")),
        as_text(row.get("querystmttype")),
        seconds,
        as_text(row.get("executionstart")),
        as_text(row.get("status")),
        as_text(row.get("statementindexhash")),
        as_text(row.get("statementtext")) or None,
    )


async def read_statements(instance: Instance) -> list[Statement]:
    """All statements, the longest first; without texts where these are not told. Raises NotPermitted, NotAvailable.

    UNVERIFIED: the function's name in SQL. Settle: SELECT INFORMATION_SCHEMA.CURRENT_STATEMENTS_GetSQLStatement(?, ?).
    """
    columns = f"SELECT {_COLUMNS}"
    source = "FROM INFORMATION_SCHEMA.CURRENT_STATEMENTS"
    try:
        answer = await answer_by(instance, "statements.list", Query(f"{columns}, {_TEXT} {source}"))
    except Unreachable:
        raise
    except InstanceProblem:  # for want of the function alone, the statements are told all the same
        answer = await answer_by(instance, "statements.list", Query(f"{columns} {source}"))
    found = await in_portions(answer.rows, statement_of)
    return sorted(found, key=lambda each: -(each.seconds or 0))
