"""Calls that reads and changes make on a connection, and their answers.

A `Call` is one request to the driver process. A batch of calls crosses the pipe once; each call costs its own round
trips to the instance (`round_trips` of the answer counts them). Values are those the driver returns: None, int, float,
Decimal, str, bytes, date, time, datetime. Arguments of calls that can change an instance may be passwords, so they stay
out of `repr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Protocol

HELPER = "ZIrisOps.Helper"
"""The optional class on the instance (see `irisops.instance.helper`)."""

Value = None | bool | int | float | Decimal | str | bytes | date | time | datetime


@dataclass(frozen=True, slots=True)
class Ref:
    """An argument by reference; its value after the call is in `Answer.refs`, in order."""

    value: Value = None


@dataclass(frozen=True, slots=True)
class Query:
    """One SQL SELECT. Columns come back by name. `max_rows` 0 means all.

    `repeated`: the query is repeated and few of its many rows change, so only changed rows cross the pipe (`deltas`),
    and they are held packed (`packed_rows`). The answer is the same, but for dates and times, which are text.
    """

    sql: str
    params: tuple[Value, ...] = ()
    max_rows: int = 0
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """One SQL statement that changes something. Never retried. Its text may hold a password (CREATE USER)."""

    sql: str = field(repr=False)
    params: tuple[Value, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ClassMethod:
    """`##class(class_name).method(args)`; the answer's `value` is what it returns ("" comes back as None)."""

    class_name: str
    method: str
    args: tuple[Value | Ref, ...] = field(default=(), repr=False)


CELLS_TOO_SLOW = "each cell costs a round trip to the instance"
"""Part of the message of a `ClassQuery` that took longer than `within`."""


NO_ROWS_BY_METHODS = "gave no rows by its methods, but has some"
"""Part of the message of a `ClassQuery` by `whole_rows` whose handle was lost."""


@dataclass(frozen=True, slots=True)
class ClassQuery:
    """A class query run through `%Library.ResultSet` object calls (facts: iris-license-sessions 1.4).

    `query` is `Package.Class:Query`; `columns` names what to read with `Get(name)`. Empty `columns` reads all by
    GetColumnCount/GetColumnName, of these only those in `wanted` where it is not empty. Costs a round trip per cell,
    so it is a fallback for small results.

    `whole_rows`: use the class methods behind the query, many rows per round trip (see module `whole_rows`). The answer
    is the same; implausible rows fail the call, and so does an empty answer where the result set has rows.

    `within`: seconds that the cells may take, 0 for no limit. Beyond it the call fails and the connection survives; a
    missed deadline would cost the driver process.
    """

    query: str
    args: tuple[Value, ...] = ()
    columns: tuple[str, ...] = ()
    max_rows: int = 0
    whole_rows: bool = False
    within: float = 0.0
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectStep:
    """One step on an opened object: `get` NAME, `set` NAME VALUE, `invoke` NAME ARGS, `refer` or `members` CLASS PAIRS.

    `path` walks object-valued properties first, e.g. ("Roles",) to invoke `Insert` on the list. `members` makes the
    relationship there hold exactly the given members: CLASS is theirs, PAIRS are Name and Permission by turns. `refer`
    NAME (CLASS, METHOD, ARGS) sets a property to the object that the class method gives.
    """

    kind: str
    name: str
    args: tuple[Value | Ref, ...] = field(default=(), repr=False)
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectCall:
    """Open an object by a class method (`%OpenId`, `Sample`, `%New`) and do steps on it in order.

    The answer's `values` has one entry per step. Fails as a whole at the first step that fails; a missing object is
    an answer with `found` False.
    """

    class_name: str
    method: str
    args: tuple[Value | Ref, ...] = ()
    steps: tuple[ObjectStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """`$$label^routine(args)`: only for the vendor function that has no class (facts: iris-license-sessions 3.3)."""

    label: str
    routine: str
    args: tuple[Value, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class LoadSource:
    """The source of a class, loaded into the namespace of the connection (facts: iris-security 6.2).

    Written to a `%Stream.GlobalCharacter`, which `%SYSTEM.OBJ.LoadStream` takes with these flags: `c` compiles, `k`
    keeps the generated code, `-d` writes nothing to the device. The answer's `value` is the %Status. Never retried.
    """

    source: str
    flags: str = "ck-d"


Call = Query | Update | ClassMethod | ClassQuery | ObjectCall | Function | LoadSource


@dataclass(slots=True)
class Rows:
    """A result set: column names as spelled by the instance, rows as tuples in that order."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]

    def dicts(self) -> list[dict[str, Value]]:
        """Rows as dictionaries keyed by lower-cased column name: read columns by name, never by position."""
        names = [name.lower() for name in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(slots=True)
class Answer:
    """The answer of one call; the field that fits the kind of call is set."""

    value: Value = None
    rows: Rows | None = None
    refs: tuple[Value, ...] = ()
    values: tuple[Value, ...] = ()
    found: bool = True
    affected: int = 0
    round_trips: int = 0


class Caller(Protocol):
    """The part of a connection that reads and changes use. Implemented by `Connection`; tests give a fake."""

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        """Run calls in order. A failed call yields its named `InstanceProblem` in its place; the rest still run.

        Raises `Unreachable` (or a subclass) if the connection fails. `deadline` in seconds for the whole batch.
        """
        ...

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        """Run one call; raises its named `InstanceProblem`."""
        ...
