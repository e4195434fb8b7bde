"""What the chat and the keeper say to each other, as records; `to_json` and `from_json` are for the pipe.

Frames are those of `irisops.instance.driver_process.channel`: a length and JSON.
Passwords and the authtoken cross here alone.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from irisops.sharing.endpoints import Deadlines, Endpoint, EndpointFigures, EndpointSpec, LogLine
from irisops.sharing.guests import Activity
from irisops.sharing.lease import Where
from irisops.sharing.passes import DEFAULT_TEMPLATE, TeamPass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """What is to be opened. `until` is in UTC; `people` 0 makes no accounts, and then no password is needed."""

    id: str
    where: Where
    until: datetime
    leases: str
    """Folder of the lease files."""
    endpoints: tuple[EndpointSpec, ...]
    people: int = 0
    template: str = DEFAULT_TEMPLATE
    namespace: str = "USER"
    agent: str = ""
    """An agent's file, "" to look for one."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ShareOpened:
    """An open share. The passes' passwords are here alone."""

    id: str
    until: datetime
    endpoints: tuple[Endpoint, ...]
    passes: tuple[TeamPass, ...]
    agent_version: str


@dataclass(frozen=True, slots=True)
class ShareStatus:
    """A share now. `agent` is `online`, `reconnecting`, or why nothing is known."""

    until: datetime
    agent: str
    figures: tuple[EndpointFigures, ...]
    log: tuple[LogLine, ...]
    outlive: bool


@dataclass(frozen=True, slots=True)
class ShareClosed:
    """A share that was taken down, or as far as it could be. `reason` is one sentence."""

    reason: str
    done: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShareActivity:
    """Who is on."""

    activity: Activity


def to_json(value: object) -> Any:
    """A record as JSON values. Raises TypeError for what is not one of ours."""
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
    raise TypeError(f"a {type(value).__name__} does not go to the keeper")


def from_json(kind: type[T], value: Any) -> T:
    """The record of `kind` in JSON values. Raises TypeError, KeyError or ValueError for what does not fit."""
    if not isinstance(value, dict):
        raise TypeError(f"no {kind.__name__}")
    hints = get_type_hints(kind)
    # For mypy a class given as `type[T]` is not known to be one of records.
    given = {each.name: _typed(hints[each.name], value[each.name]) for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**given)


def _typed(hint: Any, value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    origin = get_origin(hint)
    if origin in {types.UnionType, Union}:
        if value is None:
            return None
        (hint,) = (each for each in get_args(hint) if each is not type(None))
        return _typed(hint, value)
    if origin is tuple:
        return tuple(_typed(get_args(hint)[0], each) for each in value)
    if is_dataclass(hint) and isinstance(hint, type):
        return from_json(hint, value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is float and isinstance(value, int):
        return float(value)
    expected = origin or hint
    if isinstance(expected, type) and not isinstance(value, expected):
        raise TypeError(f"{value!r} is no {expected.__name__}")
    return value
