"""SQL requests: statements, results, stored procedures (facts: wire-protocol 7, 8).

All rows go out in one reply with status 100. The client would request further pages before they are wanted, and a
cursor closed during such a request breaks the next one (facts: wire-protocol 7).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from irisops.simulator.backend import BackendSession, Column, Parameter, Prepared, SqlFailure, Value
from irisops.simulator.wire.frames import STATUS_NO_MORE_ROWS, STATUS_OK, Frame, reply
from irisops.simulator.wire.listitem import encode, encode_rows, encode_sql
from irisops.simulator.wire.native import BackendFaultError
from irisops.simulator.wire.reader import ItemReader, RequestError
from irisops.simulator.wire.sqlcodes import error_text

MAX_STATEMENTS = 2_000
"""Prepared statements kept per connection. The client never releases any, so the oldest are dropped."""

NO_DATA = 100
FATAL = -400
VARCHAR = 12
_STREAMS = (-1, -4)
"""Long text and long binary would be streams, read by further requests; they are declared as text instead. The only
stream is the RowID of `lastrowid`."""

_LOGICAL = {9: 1091, 10: 1092}
"""Dates and times: the clients convert these types to dates and times of day, but not 9 and 10 (facts:
wire-protocol 7; the driver in pure Python does the same). UNVERIFIED: that IRIS sends these. Settle: print
cursor.description of SELECT d FROM t, with d a DATE."""

_DAY_ZERO = date(1840, 12, 31)

_NOT_FAST = 0
"""The feature item of a statement whose rows come item after item, in the order of the columns (facts: wire-protocol
7)."""
_FLAGS = bytes(12)
_PLAIN_PARAMETER = encode(VARCHAR) + encode(50) + encode(0) + encode(1)
# Six items per parameter of a procedure; the client ignored changes of any of them (facts: wire-protocol 8).
_PROCEDURE_PARAMETER = encode(1) + _PLAIN_PARAMETER + encode(0)
_ROWID_PROCEDURE = "%SYSTEM.SQL_GETROWID"
_ROWID_QUERY = "SELECT LAST_IDENTITY ( )"
# The client reads `lastrowid` only from a parameter declared as a character stream, type -1 (seen with
# intersystems-irispython 5.4.1, which makes any value in the reply itself 0).
# UNVERIFIED: what IRIS answers to this call. Settle: record cursor.lastrowid after an INSERT on a real instance.
_STREAM_PARAMETER = encode(-1) + _PLAIN_PARAMETER + encode(0)


class _Statement(NamedTuple):
    prepared: Prepared
    descriptors: Sequence[Parameter]


class SqlRequests:
    """Answers the SQL requests of one connection and keeps its prepared statements, by the client's statement id."""

    def __init__(self, backend: BackendSession, *, fast_select: bool = False) -> None:
        """With `fast_select`, granted at the login, the reply to a prepare, or to a direct query, has one item more."""
        self._backend = backend
        self._lead = encode(_NOT_FAST) if fast_select else b""
        self._statements: OrderedDict[int, _Statement] = OrderedDict()
        self._last_failure: SqlFailure | None = None
        self._last_rowid = b""
        self._handlers: dict[bytes, Callable[[Frame], list[bytes]]] = {
            b"PP": self._prepare,
            b"PQ": self._query,
            b"DQ": self._direct_query,
            b"PU": self._update,
            b"DU": self._direct_update,
            b"FD": self._fetch,
            b"OE": self._error_text,
            b"SP": self._prepare_call,
            b"SQ": self._call_with_rows,
            b"SU": self._call_without_rows,
            b"SS": self._stream_size,
            b"JS": self._stream_data,
            b"CS": self._stream_end,
            b"GG": self._generated_key,
        }

    def answer(self, frame: Frame) -> list[bytes]:
        """The replies, complete frames. A failure is kept: the client requests its text next.

        Raises `RequestError` and `ListItemError` for a malformed request, `BackendFaultError`, `EncodeError`.
        """
        handler = self._handlers.get(frame.opcode)
        if handler is None:
            return [
                self.refuse(frame, SqlFailure(FATAL, f"the simulator does not know request {frame.opcode!r}"))
            ]
        try:
            return handler(frame)
        except SqlFailure as failure:
            return [self.refuse(frame, failure)]

    def refuse(self, frame: Frame, failure: SqlFailure) -> bytes:
        """The error reply: the code without its sign, no text (facts: wire-protocol 7)."""
        self._last_failure = failure
        return reply(frame, abs(failure.sqlcode) or abs(FATAL))

    def _error_text(self, frame: Frame) -> list[bytes]:
        code = ItemReader(frame.payload).integer()
        failure = self._last_failure
        detail = failure.message if failure is not None and abs(failure.sqlcode) == abs(code) else ""
        return [reply(frame, STATUS_OK, encode(error_text(code, detail)))]

    # --- statements -----------------------------------------------------------------------------------------------

    def _prepare(self, frame: Frame) -> list[bytes]:
        statement = self._read_statement(frame, ItemReader(frame.payload))
        return [reply(frame, STATUS_OK, self._lead + _description(statement.prepared))]

    def _query(self, frame: Frame) -> list[bytes]:
        statement = self._statement(frame)
        reader = ItemReader(frame.payload)
        return [self._rows(frame, statement, reader)]

    def _direct_query(self, frame: Frame) -> list[bytes]:
        reader = ItemReader(frame.payload)
        statement = self._read_statement(frame, reader)
        description = reply(frame, STATUS_OK, self._lead + _description(statement.prepared))
        return [description, self._rows(frame, statement, reader)]

    def _update(self, frame: Frame) -> list[bytes]:
        statement = self._statement(frame)
        return [reply(frame, STATUS_OK, self._run(statement, ItemReader(frame.payload)))]

    def _direct_update(self, frame: Frame) -> list[bytes]:
        reader = ItemReader(frame.payload)
        statement = self._read_statement(frame, reader)
        return [reply(frame, STATUS_OK, _description(statement.prepared) + self._run(statement, reader))]

    def _fetch(self, frame: Frame) -> list[bytes]:
        return [reply(frame, STATUS_NO_MORE_ROWS)]

    def _read_statement(self, frame: Frame, reader: ItemReader) -> _Statement:
        sql = "".join([reader.text() for _ in range(reader.count())])
        descriptors = [Parameter(reader.text(), reader.integer()) for _ in range(reader.count())]
        return self._keep(frame, _Statement(self._backend.prepare(sql, descriptors), descriptors))

    def _keep(self, frame: Frame, statement: _Statement) -> _Statement:
        self._statements[frame.statement] = statement
        self._statements.move_to_end(frame.statement)
        while len(self._statements) > MAX_STATEMENTS:
            self._statements.popitem(last=False)
        return statement

    def _statement(self, frame: Frame) -> _Statement:
        statement = self._statements.get(frame.statement)
        if statement is None:
            raise SqlFailure(
                FATAL, f"statement {frame.statement} is not prepared, or too long ago; execute it anew"
            )
        self._statements.move_to_end(frame.statement)
        return statement

    def _rows(self, frame: Frame, statement: _Statement, reader: ItemReader) -> bytes:
        """The reply to `nsets, nparams, values, query timeout, max rows`, read from `reader`."""
        sets = reader.integer()
        if sets != 1:
            raise RequestError(f"a query with {sets} sets of parameters")
        values = _convert(reader.values(reader.count()), statement.descriptors)
        reader.integer()  # the timeout; the simulator answers at once
        max_rows = reader.integer()
        columns = statement.prepared.columns
        if columns is None:
            raise SqlFailure(FATAL, "the statement is not a query")
        try:
            rows = self._backend.query(statement.prepared, values, max_rows)
        except SqlFailure as failure:
            if failure.sqlcode != NO_DATA:
                raise
            rows = ()
        return reply(frame, STATUS_NO_MORE_ROWS, encode_rows(_as_logical(rows, columns), len(columns)))

    def _run(self, statement: _Statement, reader: ItemReader) -> bytes:
        """Row counts, one for each set of `'', 0, nsets, nparams, values`.

        UNVERIFIED: under autocommit, the sets before a failing one are kept. Settle: executemany with a duplicate key
        in the second set, then count the rows.
        """
        reader.value()
        reader.value()
        sets, width = reader.integer(), reader.integer()
        if sets < 0 or width < 0 or sets * width > reader.remaining or (not width and sets > 1):
            raise RequestError(
                f"{sets} sets of {width} parameters are announced, {reader.remaining} items follow"
            )
        counts = bytearray()
        for _ in range(sets):
            values = _convert(reader.values(width), statement.descriptors)
            try:
                count = self._backend.update(statement.prepared, values)
            except SqlFailure as failure:
                if failure.sqlcode != NO_DATA:
                    raise
                count = 0
            counts += encode(count)
        return bytes(counts)

    # --- procedures -----------------------------------------------------------------------------------------------

    def _prepare_call(self, frame: Frame) -> list[bytes]:
        text = ItemReader(frame.payload).text()
        if "".join(text.upper().split()).startswith(_ROWID_PROCEDURE):
            return [self._prepare_rowid(frame, text)]
        prepared = self._backend.prepare_call(text)
        self._keep(frame, _Statement(prepared, ()))
        result = encode(0) if prepared.columns is None else encode(1) + _columns(prepared.columns)
        count = prepared.parameter_count
        return [reply(frame, STATUS_OK, result + encode(count) + _PROCEDURE_PARAMETER * count)]

    def _prepare_rowid(self, frame: Frame, text: str) -> bytes:
        """The procedure that the client calls for `lastrowid`: a stream of digits, or a number if there is no RowID."""
        rowid = self._last_identity()
        self._last_rowid = b"" if rowid is None else str(rowid).encode()
        self._keep(frame, _Statement(Prepared(text, (), None, 1), ()))
        parameter = _STREAM_PARAMETER if self._last_rowid else _PROCEDURE_PARAMETER
        return reply(frame, STATUS_OK, encode(0) + encode(1) + parameter)

    def _generated_key(self, frame: Frame) -> list[bytes]:
        """Request of the driver in pure Python for `lastrowid`: one column and one row, in one reply of status 100.

        UNVERIFIED: the name of the column, which that driver ignores. Settle: record the reply to GG after an
        INSERT by django-iris.
        """
        column = _columns([Column("ID", 4, 10)])
        return [reply(frame, STATUS_NO_MORE_ROWS, column + encode_sql(self._last_identity()))]

    def _last_identity(self) -> Value:
        rows = self._backend.query(self._backend.prepare(_ROWID_QUERY, ()), (), 1)
        return rows[0][0] if rows and rows[0] else None

    def _stream_size(self, frame: Frame) -> list[bytes]:
        return [reply(frame, STATUS_OK, encode(len(self._last_rowid)))]

    def _stream_data(self, frame: Frame) -> list[bytes]:
        """The bytes themselves, not items (facts: wire-protocol 7)."""
        return [reply(frame, STATUS_OK, self._last_rowid)]

    def _stream_end(self, frame: Frame) -> list[bytes]:
        return [reply(frame, STATUS_OK)]

    def _call_with_rows(self, frame: Frame) -> list[bytes]:
        """Two replies: the parameters with status 0 (100 would crash the client), then the rows."""
        statement, parameters, rows = self._call(frame)
        columns = statement.prepared.columns
        if columns is None:
            raise SqlFailure(FATAL, "the procedure returns no rows")
        return [
            reply(frame, STATUS_OK, parameters),
            reply(frame, STATUS_NO_MORE_ROWS, encode_rows(_as_logical(rows or (), columns), len(columns))),
        ]

    def _call_without_rows(self, frame: Frame) -> list[bytes]:
        _, parameters, _ = self._call(frame)
        return [reply(frame, STATUS_OK, parameters + encode(0))]

    def _call(self, frame: Frame) -> tuple[_Statement, bytes, Sequence[Sequence[Value]] | None]:
        statement = self._statement(frame)
        prepared = statement.prepared
        reader = ItemReader(frame.payload)
        reader.values(4)  # 0, 0, 0 and the number of sets, always 1 (facts: wire-protocol 8)
        values = _convert(reader.values(reader.count()), ())
        if prepared.sql and "".join(prepared.sql.upper().split()).startswith(_ROWID_PROCEDURE):
            return statement, encode(0), None
        outcome = self._backend.call(prepared, values)
        if len(outcome.parameters) != prepared.parameter_count:
            raise BackendFaultError(
                f"the call left {len(outcome.parameters)} parameters, {prepared.parameter_count} were declared"
            )
        return statement, b"".join([encode_sql(value) for value in outcome.parameters]), outcome.rows


def _description(prepared: Prepared) -> bytes:
    columns = b"" if prepared.columns is None else _columns(prepared.columns)
    return (
        columns + encode(prepared.parameter_count) + _PLAIN_PARAMETER * prepared.parameter_count + encode(0)
    )


def _columns(columns: Sequence[Column]) -> bytes:
    """The number of columns, then ten items for each: the catalog is '' and the flags are zeros."""
    encoded = bytearray(encode(len(columns)))
    for column in columns:
        sql_type = VARCHAR if column.sql_type in _STREAMS else _LOGICAL.get(column.sql_type, column.sql_type)
        items = (column.name, sql_type, column.precision, column.scale, int(column.nullable))
        labels = (column.name, column.table, column.schema, "", _FLAGS)
        for item in (*items, *labels):
            encoded += encode(item)
    return bytes(encoded)


def _as_logical(rows: Sequence[Sequence[Value]], columns: Sequence[Column]) -> Sequence[Sequence[Value]]:
    """Rows with dates as `$HOROLOG` days and times as seconds, which the clients convert back."""
    places = [place for place, column in enumerate(columns) if column.sql_type in _LOGICAL]
    if not places:
        return rows
    logical = [list(row) for row in rows]
    for row in logical:
        for place in places:
            row[place] = _logical(row[place])
    return logical


def _logical(value: Value) -> Value:
    """A date or time as a number; other text stays as it is. So does a time with a fraction of a second, because
    clients read it differently: driver 5.3.2 takes 15.25 seconds for 15 seconds and 25 microseconds.
    """
    if not isinstance(value, str):
        return value
    with suppress(ValueError):
        return (date.fromisoformat(value) - _DAY_ZERO).days
    with suppress(ValueError):
        at = time.fromisoformat(value)
        return value if at.microsecond else at.hour * 3600 + at.minute * 60 + at.second
    return value


def _convert(values: Sequence[Value], descriptors: Sequence[Parameter]) -> list[Value]:
    """Parameter values with NULL, '' and the literals that the client extracted from the statement.

    Literals arrive as strings ('10', '.5'), and as strings would be compared differently.
    """
    converted: list[Value] = []
    for index, value in enumerate(values):
        if value == "":
            converted.append(None)
        elif value == "\0":
            converted.append("")
        elif index < len(descriptors) and isinstance(value, str):
            converted.append(_literal(value, descriptors[index]))
        else:
            converted.append(value)
    return converted


def _literal(text: str, descriptor: Parameter) -> Value:
    if descriptor.kind != "c" or descriptor.code not in (10, 11):
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise RequestError("a numeric literal that is no number") from None
    return int(number) if descriptor.code == 10 and number == number.to_integral_value() else number
