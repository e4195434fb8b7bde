"""Dataclasses to JSON and back, checked field by field: for the keeper's pipe and for lease files."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: object) -> Any:
    """A record as JSON values. Raises TypeError for other types."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(each) for key, each in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} does not go to JSON")


def from_json(kind: type[T], value: Any) -> T:
    """A record of `kind` from JSON values. Raises TypeError, KeyError or ValueError for invalid ones.

    A field that earlier versions did not write is marked `later` in its metadata, and may be absent.
    """
    if not isinstance(value, dict):
        raise TypeError(f"no {kind.__name__}")
    hints = get_type_hints(kind)
    if strange := value.keys() - hints.keys():
        raise TypeError(f"a {kind.__name__} has no {min(strange)}")
    known = fields(kind)  # type: ignore[arg-type]  # `type[T]` need not be a dataclass
    if absent := [each.name for each in known if each.name not in value and not each.metadata.get("later")]:
        raise KeyError(absent[0])
    return kind(
        **{each.name: _typed(hints[each.name], value[each.name]) for each in known if each.name in value}
    )


def _typed(hint: Any, value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    origin = get_origin(hint)
    if origin in {types.UnionType, Union}:
        if value is None:
            return None
        (hint,) = (each for each in get_args(hint) if each is not type(None))
        return _typed(hint, value)
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError(f"a {type(value).__name__} is not a list")
        return tuple(_typed(get_args(hint)[0], each) for each in value)
    if is_dataclass(hint) and isinstance(hint, type):
        return from_json(hint, value)
    if hint is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without its zone")
        return moment
    if origin is Literal and value not in get_args(hint):
        raise ValueError(f"none of {', '.join(get_args(hint))}")
    if origin is Literal:
        return value
    if hint is float and isinstance(value, int):
        return float(value)
    expected = origin or hint
    fits = not isinstance(expected, type) or isinstance(value, expected)
    if not fits or (expected is int and isinstance(value, bool)):
        raise TypeError(f"a {type(value).__name__} is no {expected.__name__}")
    return value
