"""`INFORMATION.SCHEMA.CURRENT_STATEMENTS`: the SQL that runs now (facts: iris-operations 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from irisops.simulator.backend import Value
from irisops.simulator.classes.dates import odbc
from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import PERSISTENT
from irisops.simulator.classes.values import as_text, same
from irisops.simulator.world.operations import Statement

SINCE = (2024, 1)
"""UNVERIFIED: the first release, which is one of these or an earlier one (facts: iris-operations 9). Settle: SELECT
COUNT(*) FROM INFORMATION_SCHEMA.CURRENT_STATEMENTS on 2022.1 and 2023.1."""
CURRENT = ClassDef("INFORMATION.SCHEMA.CURRENT_STATEMENTS", base=PERSISTENT, since=SINCE)
_COLUMNS = {
    "SQLStatementID": "%Integer", "ProcessID": "%Integer", "StatementIndexHash": "%String", "UserName": "%String",
    "QueryRunType": "%String", "QueryStmtType": "%String", "Parameters": "%String", "Namespace": "%String",
    "CachedQuery": "%String", "CurrentWorkerCount": "%Integer", "ExecutionStart": "%TimeStamp",
    "ExecutionStartUTC": "%TimeStamp", "ExecutionDuration": "%Numeric", "Status": "%String",
}  # fmt: skip


def _hash(each: Statement) -> str:
    return sha256(each.text.encode()).hexdigest()[:24]


def _row(job: Job, each: Statement) -> dict[str, Any]:
    return {
        "SQLStatementID": each.number,
        "ProcessID": each.pid,
        "StatementIndexHash": _hash(each),
        "UserName": each.username,
        "QueryRunType": "Dynamic",
        "QueryStmtType": each.text.split(" ", 1)[0].upper(),
        "Parameters": each.parameters,
        "Namespace": each.namespace,
        "CachedQuery": f"%sqlcq.{each.namespace}.cls{each.number}",
        "CurrentWorkerCount": 0,
        "ExecutionStart": odbc(each.started),
        "ExecutionStartUTC": odbc(each.started),
        "ExecutionDuration": (job.world.now() - each.started).total_seconds(),
        "Status": "Running",
    }


def _rows(job: Job, asked: Sequence[str]) -> Iterable[Sequence[Any]]:
    """UNVERIFIED: that an account without %Admin_Operate:U sees its own statements alone. Settle: SELECT as one."""
    shown = [
        each
        for each in job.world.operations.statements
        if job.holds("%Admin_Operate:U") or same(each.username, job.username)
    ]
    made = [_row(job, each) for each in shown]
    return [tuple(each[name] for name in asked) for each in made]


CURRENT.table = TableProjection(
    tuple(column(name, kind, precision=2048 if kind == "%String" else 0) for name, kind in _COLUMNS.items()),
    _rows,
    lambda job: (str(job.world.operations.statements), job.world.now(), job.username),
    lambda _job, _action: None,
    refusal="Statements that run are not changed by SQL",
)
for _name in _COLUMNS:
    CURRENT.property(_name, read_only=True)


@CURRENT.class_method("GetSQLStatement(Namespace As %String, Hash As %String) As %String", sql_procedure=True)
def _text(job: Job, _namespace: Value, hashed: Value) -> str:
    found = (each for each in job.world.operations.statements if _hash(each) == as_text(hashed))
    return next((each.text for each in found), "")
