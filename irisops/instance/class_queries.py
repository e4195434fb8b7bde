"""Running a class query by the route that was chosen for it, and giving up a route that cannot be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from irisops.instance.calls import CELLS_TOO_SLOW, Answer, ClassQuery
from irisops.instance.errors import DriverCrashed, InstanceProblem, NoAnswer, NotPermitted, Unreachable
from irisops.instance.features import Route
from irisops.instance.routes import Instance

SHARE = 0.8
"""Of the deadline that reading cell by cell may take."""


async def run_class_query(instance: Instance, route: Route, query: ClassQuery, *, deadline: float) -> Answer:
    """The rows of `query` by a route of kind `rows` or `result set`. `deadline` in seconds.

    Raises the named problem; the next route may be tried.
    """
    with judging(instance, route):
        return await instance.call(by_route(route, query, deadline), deadline=deadline)


def by_route(route: Route, query: ClassQuery, deadline: float) -> ClassQuery:
    """The query as its route asks for it. `deadline` in seconds, of this query alone.

    Cells that take most of the deadline are given up: half a list would pass for all of it, and a missed deadline would
    cost the connection.
    """
    return (
        replace(query, whole_rows=True) if route.kind == "rows" else replace(query, within=deadline * SHARE)
    )


@contextmanager
def judging(instance: Instance, route: Route) -> Iterator[None]:
    """Give the route up when what is done inside fails by it.

    One of kind `rows` is given up for this connection when it fails, and for all logins of this run when the driver
    dies or hangs in it: nobody could try it on a real instance. One by cells is when they come too slowly.
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
