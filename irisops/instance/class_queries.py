"""Read class queries declared as features: by the first usable route, one or several in one batch.

Routes that cannot be trusted are given up here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from irisops.instance.calls import CELLS_TOO_SLOW, Answer, ClassQuery, Query, Rows, Value
from irisops.instance.errors import (
    DriverCrashed,
    InstanceProblem,
    NoAnswer,
    NotAvailable,
    NotPermitted,
    Unreachable,
)
from irisops.instance.features import FEATURES, Feature, Route
from irisops.instance.routes import Instance, explained, first_route, for_reads
from irisops.instance.values import Row, in_portions

T = TypeVar("T")

SHARE = 0.8
"""Part of the deadline that reading cell by cell may take."""

ALL: tuple[Value, ...] = ("*",)
"""The argument of the security lists: every name."""


def call_of(
    feature: Feature, route: Route, args: Sequence[Value] | None = None, *, repeated: bool = False
) -> Query | ClassQuery:
    """The call that reads a class query by a route: one SELECT, or object calls for the cells of its columns."""
    args = feature.args if args is None else args
    if route.kind != "sql":
        return ClassQuery(feature.query, tuple(args), feature.columns, wanted=feature.wanted)
    procedure = feature.query.replace(":", "_")
    if tuple(args) == ALL:
        return Query(f"SELECT * FROM {procedure}('*')", repeated=repeated)  # noqa: S608 - a name of ours
    marks = ", ".join("?" for _ in args)
    return Query(f"SELECT * FROM {procedure}({marks})", tuple(args), repeated=repeated)  # noqa: S608 - a name of ours


async def rows_by(
    instance: Instance,
    feature: str,
    route: Route,
    args: Sequence[Value] | None = None,
    *,
    deadline: float | None = None,
    repeated: bool = False,
) -> Rows:
    """The rows of a class query by one of its routes. Raises the named problem; the next route may be tried.

    `deadline` in seconds, for a query of many rows: see `by_route`. `repeated` as in `Query`.
    """
    known = FEATURES[feature]
    call = call_of(known, route, args, repeated=repeated)
    if deadline is not None and isinstance(call, ClassQuery):
        call = by_route(route, call, deadline)
    with judging(instance, route):
        return _rows_of(known, await instance.call(call, deadline=deadline))


async def read_rows(
    instance: Instance, feature: str, args: Sequence[Value] | None = None, *, deadline: float | None = None
) -> Rows:
    """The rows of a class query. Raises the named problem of the last route, with the privilege named."""

    async def attempt(route: Route) -> Rows:
        return await rows_by(instance, feature, route, args, deadline=deadline)

    return await first_route(instance, feature, attempt, again=for_reads)


def _rows_of(feature: Feature, answer: Answer) -> Rows:
    if answer.rows is None:
        raise NotAvailable(f"The instance gave no rows for {feature.query}.")
    return answer.rows


async def read_list(
    instance: Instance,
    feature: str,
    make: Callable[[Row], T | None],
    args: Sequence[Value] | None = None,
    *,
    deadline: float | None = None,
) -> list[T]:
    """A record per row; rows of which `make` makes None are left out. Raises as `read_rows`."""
    return await in_portions(await read_rows(instance, feature, args, deadline=deadline), make)


async def read_several(instance: Instance, features: Sequence[str]) -> dict[str, Rows | InstanceProblem]:
    """Several class queries with their own arguments in one batch: rows, or the problem of one that cannot be read.

    Where the first route of a query fails, its other routes are tried one by one. Raises Unreachable.
    """
    found: dict[str, Rows | InstanceProblem] = {}
    routes = {name: instance.capabilities.routes(name) for name in features}
    first = {name: some[0] for name, some in routes.items() if some}
    answers = await instance.batch([call_of(FEATURES[name], route) for name, route in first.items()])
    for (name, route), answer in zip(first.items(), answers, strict=True):
        known = FEATURES[name]
        if isinstance(answer, Answer):
            instance.capabilities.prove(route)
            found[name] = _rows_of(known, answer)
            continue
        if not isinstance(answer, InstanceProblem) or isinstance(answer, Unreachable):
            raise answer
        told = found[name] = await explained(instance, answer, known, route)
        instance.capabilities.fail(route, told)
    for name in features:
        if isinstance(found.get(name), Rows) or (name in first and len(routes[name]) == 1):
            continue
        try:
            found[name] = await read_rows(instance, name)
        except Unreachable:
            raise
        except InstanceProblem as problem:
            found[name] = problem
    return found


def by_route(route: Route, query: ClassQuery, deadline: float) -> ClassQuery:
    """The query in the form that its route needs. `deadline` in seconds, for this query alone.

    Reading by cells fails before the deadline: part of a list would pass for all of it, and a missed deadline would
    cost the connection.
    """
    return (
        replace(query, whole_rows=True) if route.kind == "rows" else replace(query, within=deadline * SHARE)
    )


@contextmanager
def judging(instance: Instance, route: Route) -> Iterator[None]:
    """Give up a route that fails in the block.

    A route of kind `rows` is given up for this connection when it fails, and for all logins of this run when the driver
    dies or hangs in it: it was never tried on a real instance. A route by cells is given up when it is too slow.
    """
    try:
        yield
    except (DriverCrashed, NoAnswer) as problem:
        if route.kind == "rows":
            instance.capabilities.distrust(route, problem.message)
        raise
    except (NotPermitted, Unreachable):
        raise
    except InstanceProblem as problem:
        if route.kind == "rows":
            instance.capabilities.learn(route, problem.message)
        elif CELLS_TOO_SLOW in problem.message:
            instance.capabilities.learn(route, f"too slow on this connection: {problem.message}")
        raise
