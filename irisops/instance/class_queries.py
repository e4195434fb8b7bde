"""Running a class query by the route that was chosen for it, and giving up a route that cannot be trusted."""

from __future__ import annotations

from dataclasses import replace

from irisops.instance.calls import Answer, ClassQuery
from irisops.instance.errors import DriverCrashed, InstanceProblem, NoAnswer, NotPermitted, Unreachable
from irisops.instance.routes import Instance, Route


async def run_class_query(instance: Instance, route: Route, query: ClassQuery, *, deadline: float) -> Answer:
    """The rows of `query` by a route of kind `rows` or `result set`. `deadline` in seconds.

    A route of kind `rows` is given up for this connection when it fails, and for all logins of this run when the driver
    dies or hangs in it: nobody could try it on a real instance. Raises the named problem; the next route may be tried.
    """
    if route.kind != "rows":
        return await instance.call(query, deadline=deadline)
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
