"""The SQL that runs now, of all namespaces, and its end by CANCEL QUERY (facts: iris-operations 2, 9)."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.instance.calls import Query, Update
from irisops.instance.errors import InstanceError, InstanceProblem, NotPermitted, Unreachable
from irisops.instance.outcome import changing
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


NO_QUERY = -400
"""SQLCODE of CANCEL QUERY for a process that runs none (facts: iris-operations 9)."""


async def cancel_statement(instance: Instance, pid: int) -> None:
    """End the statement that a process runs; the process goes on.

    Raises NotPermitted (%CANCEL_QUERY, for that of another user), InstanceError if it runs none any more, Unreachable
    with the outcome unknown.
    """
    statement = Update(f"CANCEL QUERY {int(pid)}")
    try:
        await changing(answer_by(instance, "statements.cancel", statement))
    except NotPermitted as problem:
        raise NotPermitted(
            f"This account lacks the SQL privilege %CANCEL_QUERY, which ending a statement of another user takes: "
            f"{problem.message}",
            "Ask an administrator: GRANT %CANCEL_QUERY TO this account. /process terminate ends the process itself.",
            privilege="%CANCEL_QUERY",
            detail=problem.detail,
        ) from None
    except InstanceError as problem:
        if problem.code != NO_QUERY:
            raise
        raise InstanceError(
            f"Process {pid} runs no SQL statement any more: it has ended by itself.",
            "/sql running shows what runs now.",
            code=problem.code,
            detail=problem.detail,
        ) from None
