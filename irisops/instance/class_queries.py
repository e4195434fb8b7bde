"""Running a class query by the route that was chosen for it, and giving up a route that cannot be trusted."""

from __future__ import annotations

from dataclasses import replace

from irisops.instance.calls import CELLS_TOO_SLOW, Answer, ClassQuery
from irisops.instance.errors import (
    DriverCrashed,
    InstanceError,
    InstanceProblem,
    NoAnswer,
    NotPermitted,
    Unreachable,
)
from irisops.instance.routes import Instance, Route

SHARE = 0.8
"""Of the deadline that reading cell by cell may take."""


async def run_class_query(instance: Instance, route: Route, query: ClassQuery, *, deadline: float) -> Answer:
    """The rows of `query` by a route of kind `rows` or `result set`. `deadline` in seconds.

    Cells that take most of the deadline are given up: half a list would pass for all of it, and a missed deadline would
    cost the connection. A route of kind `rows` is given up for this connection when it fails, and for all logins of
    this run when the driver dies or hangs in it: nobody could try it on a real instance. Raises the named problem; the
    next route may be tried.
    """
    if route.kind != "rows":
        return await _by_cells(instance, route, query, deadline)
    try:
        return await instance.call(replace(query, whole_rows=True), deadline=deadline)
    except (DriverCrashed, NoAnswer) as problem:
        instance.capabilities.distrust(route, problem.message)
        raise
    except (NotPermitted, Unreachable):
        raise
    except InstanceProblem as problem:
        instance.capabilities.learn(route, problem.message)
        raise


async def _by_cells(instance: Instance, route: Route, query: ClassQuery, deadline: float) -> Answer:
    within = deadline * SHARE
    try:
        return await instance.call(replace(query, within=within), deadline=deadline)
    except InstanceError as problem:
        if CELLS_TOO_SLOW in problem.message:
            instance.capabilities.learn(route, f"too slow on this connection: {problem.message}")
        raise
