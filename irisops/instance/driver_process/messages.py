"""Calls and answers as messages of the pipe (`channel` has the bytes).

To the driver process: `connect`, `batch`, `close`. From it: `ready`, `fatal`, `connected`, `rows`, `answer`, `failed`,
`done`, `closed`, `ordered`. All but `ready`, `fatal` and `ordered` carry the `id` of the request. For a `repeated`
query `batch` says in `held` which result the tool has, and `rows` has `steps` (`deltas`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from irisops.instance.calls import (
    Answer,
    Call,
    ClassMethod,
    ClassQuery,
    Function,
    LoadSource,
    ObjectCall,
    ObjectStep,
    Query,
    Ref,
    Update,
    Value,
)
from irisops.instance.driver_process.channel import ChannelError, Json, pack_value, unpack_value

_TAGGED: frozenset[type] = frozenset((dict, list))

_AS_THEY_ARE: frozenset[type] = frozenset((str, int, bool, type(None)))
"""Types of cells that need no packing. Nearly all cells have one, and this check costs a fifth of a call."""

ROWS_PER_FRAME = 256
"""Rows per message, so that a big result is decoded in small portions between other work."""


def pack_call(call: Call) -> dict[str, Json]:  # noqa: PLR0911 - one per kind of call
    """One call as JSON."""
    match call:
        case Query(sql, params, max_rows, repeated):
            return {
                "call": "query",
                "sql": sql,
                "args": _pack_all(params),
                "max_rows": max_rows,
                "repeated": repeated,
            }
        case Update(sql, params):
            return {"call": "update", "sql": sql, "args": _pack_all(params)}
        case ClassMethod(class_name, method, args):
            return {"call": "class_method", "class": class_name, "method": method, "args": _pack_args(args)}
        case ClassQuery(query, args, columns, max_rows, whole_rows, within, wanted):
            return {
                "call": "class_query",
                "query": query,
                "args": _pack_all(args),
                "columns": list(columns),
                "max_rows": max_rows,
                "whole_rows": whole_rows,
                "within": within,
                "wanted": list(wanted),
            }
        case ObjectCall(class_name, method, args, steps):
            return {
                "call": "object",
                "class": class_name,
                "method": method,
                "args": _pack_args(args),
                "steps": [
                    {"kind": s.kind, "name": s.name, "args": _pack_args(s.args), "path": list(s.path)}
                    for s in steps
                ],
            }
        case Function(label, routine, args):
            return {"call": "function", "label": label, "routine": routine, "args": _pack_all(args)}
        case LoadSource(source, flags):
            return {"call": "load", "source": source, "flags": flags}


def unpack_call(item: Json) -> Call:
    """Inverse of `pack_call`. Raises ChannelError."""
    try:
        return _unpack_call(cast("dict[str, Json]", item))
    except (LookupError, TypeError, AttributeError) as error:
        raise ChannelError(f"not a call: {type(error).__name__}") from None


def _unpack_call(item: dict[str, Json]) -> Call:  # noqa: PLR0911 - one per kind of call
    kind = item["call"]
    if kind == "query":
        return Query(
            _text(item["sql"]), _values(item["args"]), _number(item["max_rows"]), bool(item["repeated"])
        )
    if kind == "update":
        return Update(_text(item["sql"]), _values(item["args"]))
    if kind == "class_method":
        return ClassMethod(_text(item["class"]), _text(item["method"]), _arguments(item["args"]))
    if kind == "class_query":
        return ClassQuery(
            _text(item["query"]),
            _values(item["args"]),
            _texts(item["columns"]),
            _number(item["max_rows"]),
            bool(item["whole_rows"]),
            _seconds(item["within"]),
            _texts(item["wanted"]),
        )
    if kind == "object":
        return ObjectCall(
            _text(item["class"]),
            _text(item["method"]),
            _arguments(item["args"]),
            tuple(_step(cast("dict[str, Json]", step)) for step in _list(item["steps"])),
        )
    if kind == "function":
        return Function(_text(item["label"]), _text(item["routine"]), _values(item["args"]))
    if kind == "load":
        return LoadSource(_text(item["source"]), _text(item["flags"]))
    raise ChannelError("unknown kind of call")


def _step(item: dict[str, Json]) -> ObjectStep:
    return ObjectStep(
        _text(item["kind"]), _text(item["name"]), _arguments(item["args"]), _texts(item["path"])
    )


def pack_answer(answer: Answer) -> dict[str, Json]:
    """An answer without its rows, which were sent in `rows` messages; `columns` is None for an answer without rows."""
    return {
        "value": pack_value(answer.value),
        "columns": list(answer.rows.columns) if answer.rows is not None else None,
        "refs": _pack_all(answer.refs),
        "values": _pack_all(answer.values),
        "found": answer.found,
        "affected": answer.affected,
        "round_trips": answer.round_trips,
    }


def pack_rows(rows: Sequence[Sequence[Value]]) -> list[Json]:
    """Rows of a result as JSON."""
    return [
        cast("list[Json]", [cell if type(cell) in _AS_THEY_ARE else pack_value(cell) for cell in row])
        for row in rows
    ]


def unpack_rows(item: Json, texts: dict[str, str] | None = None) -> list[tuple[Value, ...]]:
    """Inverse of `pack_rows`. Raises ChannelError.

    Equal texts are one object, also in other portions with the same `texts`: of a list's cells few differ.
    """
    shared = ({} if texts is None else texts).setdefault
    return [
        cast(
            "tuple[Value, ...]",
            tuple(
                [
                    shared(cell, cell)
                    if type(cell) is str
                    else unpack_value(cell)
                    if type(cell) in _TAGGED
                    else cell
                    for cell in _list(row)
                ]
            ),
        )
        for row in _list(item)
    ]


def unpack_answer(item: dict[str, Json]) -> tuple[Answer, tuple[str, ...] | None]:
    """An answer without its rows, and their columns if it has rows. Raises ChannelError."""
    try:
        answer = Answer(
            value=unpack_value(item["value"]),
            refs=_values(item["refs"]),
            values=_values(item["values"]),
            found=bool(item["found"]),
            affected=_number(item["affected"]),
            round_trips=_number(item["round_trips"]),
        )
        columns = item["columns"]
    except KeyError as error:
        raise ChannelError(f"an answer lacks {error}") from None
    return answer, None if columns is None else _texts(columns)


def _pack_all(values: Sequence[Value]) -> list[Json]:
    return [pack_value(value) for value in values]


def _pack_args(args: Sequence[Value | Ref]) -> list[Json]:
    return [{"ref": pack_value(arg.value)} if isinstance(arg, Ref) else [pack_value(arg)] for arg in args]


def _arguments(item: Json) -> tuple[Value | Ref, ...]:
    return tuple(
        Ref(unpack_value(arg["ref"])) if isinstance(arg, dict) else unpack_value(_list(arg)[0])
        for arg in _list(item)
    )


def _values(item: Json) -> tuple[Value, ...]:
    return tuple(unpack_value(value) for value in _list(item))


def _list(item: Json) -> list[Json]:
    if not isinstance(item, list):
        raise ChannelError(f"expected a list, got a {type(item).__name__}")
    return item


def _text(item: Json) -> str:
    if not isinstance(item, str):
        raise ChannelError(f"expected text, got a {type(item).__name__}")
    return item


def _texts(item: Json) -> tuple[str, ...]:
    return tuple(_text(text) for text in _list(item))


def _number(item: Json) -> int:
    if not isinstance(item, int):
        raise ChannelError(f"expected a number, got a {type(item).__name__}")
    return item


def _seconds(item: Json) -> float:
    if not isinstance(item, int | float):
        raise ChannelError(f"expected seconds, got a {type(item).__name__}")
    return float(item)
