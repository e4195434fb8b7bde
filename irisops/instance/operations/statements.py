"""The SQL that runs now, of all namespaces (facts: iris-operations 9)."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.instance.calls import Answer, Query
from irisops.instance.errors import Unreachable
from irisops.instance.routes import Instance, answer_by
from irisops.instance.values import Row, as_int, as_text, in_portions

_COLUMNS = (
    "SQLStatementID, ProcessID, StatementIndexHash, UserName, QueryStmtType, Namespace, CachedQuery, ExecutionStart, "
    "ExecutionDuration, Status"
)
MOST_TEXTS = 50
"""Statements whose text is read."""


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
    )


async def read_statements(instance: Instance) -> list[Statement]:
    """All statements, the longest first, without their texts. Raises NotPermitted, NotAvailable."""
    query = Query(f"SELECT {_COLUMNS} FROM INFORMATION_SCHEMA.CURRENT_STATEMENTS")  # noqa: S608 - names of ours
    found = await in_portions((await answer_by(instance, "statements.list", query)).rows, statement_of)
    return sorted(found, key=lambda each: -(each.seconds or 0))


async def read_texts(instance: Instance, statements: list[Statement]) -> dict[str, str]:
    """Text of each statement by its key, of the first `MOST_TEXTS`; without those that are not told. One batch.

    UNVERIFIED: the function's name in SQL. Settle: SELECT INFORMATION_SCHEMA.CURRENT_STATEMENTS_GetSQLStatement(?, ?).
    """
    asked = {each.key: each.namespace for each in statements[:MOST_TEXTS] if each.key}
    sql = "SELECT INFORMATION_SCHEMA.CURRENT_STATEMENTS_GetSQLStatement(?, ?)"
    answers = await instance.batch([Query(sql, (namespace, key)) for key, namespace in asked.items()])
    found: dict[str, str] = {}
    for key, answer in zip(asked, answers, strict=True):
        if isinstance(answer, Unreachable):
            raise answer
        if isinstance(answer, Answer) and answer.rows and answer.rows.rows:
            found[key] = as_text(answer.rows.rows[0][0])
    return {key: text for key, text in found.items() if text}
