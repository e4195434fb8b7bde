"""`%Library.ResultSet`: class queries run through object calls, for clients without SQL (facts: license-sessions 1.4).

Its method `Get(name)` finds a column without regard to letter case; an unknown one is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from irisops.simulator.backend import ByRef, ThrownError, Value
from irisops.simulator.classes import dispatch, status
from irisops.simulator.classes.definition import ClassDef, QueryDef
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.objects import REGISTERED, Instance
from irisops.simulator.classes.values import as_integer, as_text
from irisops.simulator.sql.catalog import ColumnDef

RESULT_SET = ClassDef(
    "%Library.ResultSet", base=REGISTERED, supers=("%Library.AbstractResultSet",), deprecated=True
)
RESULT_SET.property("ClassName", "%RawString")
RESULT_SET.property("QueryName", "%RawString")


@dataclass(slots=True)
class _Cursor:
    columns: tuple[ColumnDef, ...]
    rows: list[Sequence[Value]] = field(default_factory=list)
    position: int = 0
    """1 for the first row; 0 before `Next` was called."""

    @property
    def row(self) -> Sequence[Value] | None:
        return self.rows[self.position - 1] if 1 <= self.position <= len(self.rows) else None


@RESULT_SET.class_method("%New(initvalue As %String) As %Library.ResultSet")
def _new(job: Job, initial: Value) -> Instance:
    instance = Instance(RESULT_SET)
    class_name, _, query_name = as_text(initial).partition(":")
    if class_name == "%DynamicQuery":
        # A real %ResultSet takes dynamic SQL, too (%DynamicQuery:SQL); here SQL goes through cursors alone.
        raise ThrownError("<UNIMPLEMENTED> the simulator runs SQL through cursors, not through %DynamicQuery")
    instance.values["ClassName"] = class_name
    instance.values["QueryName"] = query_name
    if class_name and query_name:
        _find(job, instance)
    return instance


def _find(job: Job, instance: Instance) -> tuple[ClassDef, QueryDef]:
    class_name = as_text(instance.values.get("ClassName"))
    query_name = as_text(instance.values.get("QueryName"))
    cls = dispatch.find_class(job, class_name)
    query = cls.find_query(query_name)
    if query is None:
        # UNVERIFIED: what %New("Class:NoSuchQuery") throws; the class calls QueryNameExecute of it.
        # Settle: %Library.ResultSet.%New("%SYSTEM.License:Nothing"), then Execute().
        raise ThrownError(f"<METHOD DOES NOT EXIST> *{query_name}GetInfo,{class_name}")
    return cls, query


@RESULT_SET.method("QueryIsValid() As %Integer")
def _query_is_valid(job: Job, this: Instance) -> int:
    try:
        _find(job, this)
    except ThrownError:
        return 0
    return 1


@RESULT_SET.method("Execute(args...) As %Status")
def _execute(job: Job, this: Instance, *args: Value) -> None:
    cls, query = _find(job, this)
    columns, rows = dispatch.run_query(job, cls, query, args)
    this.scratch = _Cursor(columns, list(rows))


@RESULT_SET.method("Prepare(args...) As %Status")
def _prepare(job: Job, this: Instance, *_args: Value) -> None:
    _find(job, this)


@RESULT_SET.method("Next(ByRef sc As %Status) As %Integer")
def _next(_job: Job, this: Instance, sc: ByRef) -> int:
    sc.value = status.OK
    cursor = _cursor(this)
    if cursor is None or cursor.position > len(cursor.rows):
        return 0
    cursor.position += 1
    return int(cursor.row is not None)


@RESULT_SET.method("Get(name As %String) As %String")
def _get(_job: Job, this: Instance, name: Value) -> Value:
    cursor = _cursor(this)
    wanted = as_text(name).lower()
    if cursor is None or cursor.row is None:
        return ""
    for column, value in zip(cursor.columns, cursor.row, strict=True):
        if column.name.lower() == wanted:
            return value
    return ""


@RESULT_SET.method("GetDataByName(name As %String) As %String")
def _get_data_by_name(job: Job, this: Instance, name: Value) -> Value:
    return _get(job, this, name)


@RESULT_SET.method("GetData(n As %Integer) As %String")
def _get_data(_job: Job, this: Instance, number: Value) -> Value:
    cursor = _cursor(this)
    position = as_integer(number)
    if cursor is None or cursor.row is None or not 1 <= position <= len(cursor.columns):
        return ""
    return cursor.row[position - 1]


@RESULT_SET.method("GetColumnCount() As %Integer")
def _get_column_count(job: Job, this: Instance) -> int:
    return len(_find(job, this)[1].shown(job.world.doubts))


@RESULT_SET.method("GetColumnName(n As %Integer) As %String")
def _get_column_name(job: Job, this: Instance, number: Value) -> str:
    columns = _find(job, this)[1].shown(job.world.doubts)
    position = as_integer(number)
    return columns[position - 1].name if 1 <= position <= len(columns) else ""


@RESULT_SET.method("GetColumnHeader(n As %Integer) As %String")
def _get_column_header(job: Job, this: Instance, number: Value) -> str:
    return _get_column_name(job, this, number)


@RESULT_SET.method("GetParamCount() As %Integer")
def _get_param_count(job: Job, this: Instance) -> int:
    return len(_find(job, this)[1].signature.arguments)


@RESULT_SET.method("GetParamName(n As %Integer) As %String")
def _get_param_name(job: Job, this: Instance, number: Value) -> str:
    arguments = _find(job, this)[1].signature.arguments
    position = as_integer(number)
    return arguments[position - 1].name if 1 <= position <= len(arguments) else ""


@RESULT_SET.method("Close() As %Status")
def _close(_job: Job, this: Instance) -> None:
    this.scratch = None


def _cursor(this: Instance) -> _Cursor | None:
    cursor: _Cursor | None = this.scratch
    return cursor
