"""Try the routes to a fact or action in order; the routes are data in `features`.

The class-dictionary check (`capabilities`) rules out routes whose classes, methods or queries this version lacks;
other missing routes are found by failing once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from irisops.instance.calls import Answer, Call, Caller, ClassMethod, ObjectCall, Value
from irisops.instance.capabilities import Capabilities
from irisops.instance.errors import InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.failures import is_missing, needing
from irisops.instance.features import FEATURES, Route

T = TypeVar("T")


class Instance(Caller, Protocol):
    """A caller that knows what the instance offers; reads and changes take one. `Connection` is one."""

    @property
    def capabilities(self) -> Capabilities:
        """What the class-dictionary check found at the last connect."""
        ...


async def first_route(
    instance: Instance,
    feature: str,
    attempt: Callable[[Route], Awaitable[T]],
    *,
    again: Callable[[InstanceProblem], bool] = is_missing,
) -> T:
    """Try the routes of `feature` in order until one answers.

    `again` decides for a problem whether the next route may be tried; by default only if the route does not exist.
    Raises the problem of the last route tried, with the privilege named; NotAvailable without a route.
    """
    capabilities = instance.capabilities
    known = FEATURES[feature]
    last: InstanceProblem | None = None
    for route in capabilities.routes(feature):
        try:
            found = await attempt(route)
        except Unreachable:
            raise
        except InstanceProblem as problem:
            told = problem
            # A missing privilege explains more than a second route that does not exist.
            if last is None or not isinstance(last, NotPermitted):
                last = told = needing(problem, known.privilege)
            capabilities.fail(route, told)
            if not again(problem):
                raise last from None
        else:
            capabilities.prove(route)
            return found
    if last is not None:
        raise last
    _, reason = capabilities.available(feature)
    raise NotAvailable(f"This instance offers no way to {feature}: {reason}")


def for_reads(problem: InstanceProblem) -> bool:
    """`again` for reads: any refusal of one route leaves the others worth a try (facts: iris-security 4.4)."""
    return not isinstance(problem, Unreachable)


async def answer_by(instance: Instance, feature: str, call: Call, *, deadline: float | None = None) -> Answer:
    """The answer of one call, for a feature whose routes all make this call. Raises as `first_route`."""

    async def attempt(_route: Route) -> Answer:
        return await instance.call(call, deadline=deadline)

    return await first_route(instance, feature, attempt)


async def value_by(instance: Instance, feature: str, method: ClassMethod) -> Value:
    """What a class method returns. Raises the named problem."""
    return (await answer_by(instance, feature, method)).value


async def object_by(instance: Instance, feature: str, call: ObjectCall) -> tuple[Value, ...]:
    """The values of the steps on an object, empty if there is none. Raises the named problem."""
    answer = await answer_by(instance, feature, call)
    return answer.values if answer.found else ()


async def statement_by(instance: Instance, feature: str, call: Call) -> list[tuple[Value, ...]]:
    """Run an SQL statement; its rows, if it is a query. Raises the named problem."""
    answer = await answer_by(instance, feature, call)
    return answer.rows.rows if answer.rows else []
