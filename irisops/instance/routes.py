"""Try the routes to a fact or action in order; the routes are data in `features`.

The class-dictionary check (`capabilities`) rules out routes whose classes, methods or queries this version lacks;
other missing routes are found by failing once.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from irisops.instance.calls import Answer, Call, Caller, ClassMethod, Value
from irisops.instance.capabilities import Capabilities
from irisops.instance.errors import InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.failures import is_missing, lacks_sql_privilege, not_permitted
from irisops.instance.features import FEATURES, Feature, Route
from irisops.instance.values import number_of

T = TypeVar("T")

ALL = "%All"
"""The role that a refusal names where the objects of the security classes are protected."""
NO_ROUTE = "This instance offers no way to"
"""Begins the message of a feature that has no usable route."""


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
    Raises the problem of the last route tried, as `explained`; NotAvailable without a route. Of several that may be
    followed by another, a missing privilege is the one that is raised.
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
            last_word = not again(problem)
            # A missing privilege explains more than a second route that does not exist.
            if last_word or last is None or not isinstance(last, NotPermitted):
                last = told = await explained(instance, problem, known, route)
            capabilities.fail(route, told)
            if last_word:
                raise last from None
        else:
            capabilities.prove(route)
            return found
    if last is not None:
        raise last
    _, reason = capabilities.available(feature)
    raise NotAvailable(f"{NO_ROUTE} {feature}: {reason}")


_PRIVILEGE = re.compile(r"(%\w+):([RWU])")
EITHER = re.compile(r"%\w+:[RWU](?: or %\w+:[RWU])*")
"""A documented privilege, or several of which one is enough."""


async def explained(
    instance: Instance, problem: InstanceProblem, feature: Feature, route: Route
) -> InstanceProblem:
    """`problem`; a refusal that names no privilege with its cause, as far as the instance can tell it.

    The documented privileges of the feature are named only if the instance says that the account lacks them
    (`%SYSTEM.Security.Check`, facts: iris-security 5): a refusal often has another cause. Raises Unreachable.
    """
    by_sql = lacks_sql_privilege(problem)
    # Of a table SQL wants SELECT and nothing else, whatever the feature is documented to need.
    table = route.needs[0][0] if by_sql and route.kind == "statement" and route.needs else ""
    procedure = by_sql and route.kind == "sql"
    documented = feature.privilege or table or procedure
    if not isinstance(problem, NotPermitted) or problem.privilege or not documented:
        return problem
    told = await _held(instance, feature.privilege) if not table else []
    if any(held is None for _, held in told):
        return NotPermitted(
            f"{problem.message} It is documented to need {feature.privilege}.", detail=problem.detail
        )
    lacks = [privilege for privilege, held in told if not held]
    if lacks:
        return not_permitted(problem.message, problem.detail, " and ".join(lacks))
    has = f"This account has {' and '.join(privilege for privilege, _ in told)}"
    if table or procedure:
        where = (
            instance.capabilities.namespace or "%SYS"
        )  # a privilege on an object counts in its namespace alone
        wants = f"SELECT on {table}" if table else f"EXECUTE on {route.label.removeprefix('SQL ')}"
        granted = f"{wants.replace(' on ', ' ON ')} TO this account"
        cure = f"Ask an administrator for it, in {where}: GRANT {granted}."
        # In IRISSECURITY since 2025.2; before, a plain table (facts: iris-config-as-text 4).
        # UNVERIFIED: that since then no grant helps, which the vendor says of Security.* alone (facts: iris-security
        # 4.4). Settle: GRANT SELECT ON OAuth2.Client TO x in %SYS of 2025.2, then SELECT from it as x, without %All.
        if kept_apart := table.startswith(("OAuth2.", "Security.")):
            cure = f"Connect as a user with %All. Before 2025.2 this is enough: GRANT {granted}, in {where}."
        return NotPermitted(
            f"{has}, but SQL wants {wants} as well." if told else f"SQL wants {wants}.",
            cure,
            privilege=ALL if kept_apart else wants,
            detail=problem.detail,
        )
    if route.opens_security:
        return NotPermitted(
            f"{has}, but the instance protects the objects of {route.needs[0][0]}: since 2025.2 they may need %All.",
            "Connect as a user with %All, or ask somebody who is one.",
            privilege=ALL,
            detail=problem.detail,
        )
    return NotPermitted(
        f"{has}, which is what this is documented to need, but the instance refuses: {problem.message}",
        "/denied shows what its audit log says of it, if refusals are recorded.",
        detail=problem.detail,
    )


async def lacking(instance: Instance, documented: str) -> str:
    """Those of the documented privileges (`%Development:U and %DB_IRISSYS:W`) that the account has not; "" if none.

    One of which the instance does not tell counts as held: acting on it will tell. Raises Unreachable.
    """
    return " and ".join(privilege for privilege, held in await _held(instance, documented) if held == 0)


async def _held(instance: Instance, documented: str) -> list[tuple[str, int | None]]:
    """Each documented privilege with 1 if the account has it, 0 if not, None if the instance does not tell.

    `X:U or Y:U` is one: it is had with either, and lacks if both do.
    """
    pairs = _PRIVILEGE.findall(documented)
    answers = await instance.batch([ClassMethod("%SYSTEM.Security", "Check", pair) for pair in pairs])
    told = {":".join(pair): number_of(answer) for pair, answer in zip(pairs, answers, strict=True)}
    held: list[tuple[str, int | None]] = []
    for each in EITHER.findall(documented):
        of = [told[name] for name in each.split(" or ")]
        held.append((each, 1 if 1 in of else None if None in of else of[0]))
    return held


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


async def statement_by(instance: Instance, feature: str, call: Call) -> Sequence[tuple[Value, ...]]:
    """Run an SQL statement; its rows, if it is a query. Raises the named problem."""
    answer = await answer_by(instance, feature, call)
    return answer.rows.rows if answer.rows else []
