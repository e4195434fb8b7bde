"""Reads of sharing by the routes that the instance offers (`irisops.instance.routes`): /doctor tells of them."""

from __future__ import annotations

from irisops.instance.calls import Call, ClassMethod, ClassQuery, ObjectCall, Query, Value
from irisops.instance.errors import NotAvailable
from irisops.instance.features import Route
from irisops.instance.routes import Instance, first_route, for_reads

Row = dict[str, Value]


async def rows_by(instance: Instance, feature: str, query: Query, fallback: ClassQuery) -> list[Row]:
    """Rows by the SQL procedure, or by object calls where there is no such procedure. Columns in lower case.

    Raises the named problem of the last route, with the privilege named.
    """

    async def attempt(route: Route) -> list[Row]:
        answer = await instance.call(query if route.kind == "sql" else fallback)
        if answer.rows is None:
            raise NotAvailable(f"The instance gave no rows for {fallback.query}.")
        return answer.rows.dicts()

    return await first_route(instance, feature, attempt, again=for_reads)


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
