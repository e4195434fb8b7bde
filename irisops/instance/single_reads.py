"""One value, object or statement by the first route that is there."""

from __future__ import annotations

from irisops.instance.calls import Call, ClassMethod, ObjectCall, Value
from irisops.instance.features import Route
from irisops.instance.routes import Instance, first_route


async def value_by(instance: Instance, feature: str, method: ClassMethod) -> Value:
    """What a class method returns. Raises the named problem."""

    async def attempt(_route: Route) -> Value:
        return (await instance.call(method)).value

    return await first_route(instance, feature, attempt)


async def object_by(instance: Instance, feature: str, call: ObjectCall) -> tuple[Value, ...]:
    """The values of the steps on an object, empty if there is none. Raises the named problem."""

    async def attempt(_route: Route) -> tuple[Value, ...]:
        answer = await instance.call(call)
        return answer.values if answer.found else ()

    return await first_route(instance, feature, attempt)


async def statement_by(instance: Instance, feature: str, call: Call) -> list[tuple[Value, ...]]:
    """Run an SQL statement; its rows, if it is a query. Raises the named problem."""

    async def attempt(_route: Route) -> list[tuple[Value, ...]]:
        answer = await instance.call(call)
        return answer.rows.rows if answer.rows else []

    return await first_route(instance, feature, attempt)
