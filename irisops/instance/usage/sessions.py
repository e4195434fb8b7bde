"""Web sessions: listed and ended (facts: iris-license-sessions 3).

Ending only marks a session; a daemon removes it some seconds later, so the caller looks again until it is gone.
`kill ^%cspSession` and killing web-server jobs are not used: they leave the license counts wrong.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal

from irisops.instance.admin_api import AdminApi
from irisops.instance.calls import Function
from irisops.instance.class_queries import rows_by
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted
from irisops.instance.failures import is_missing
from irisops.instance.features import SESSIONS_BY_REST, Route
from irisops.instance.helper import call_helper, helper_offer
from irisops.instance.models import WebSession
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import Instance, first_route, for_reads
from irisops.instance.status import is_error_status, is_ok
from irisops.instance.values import Remade, Row, as_flag, as_int, as_text, as_utc

DEADLINE = 30.0
"""Seconds. By object calls a long list costs a round trip per cell."""

NO_SUCH_SESSION = 5907
"""`Session ID '...' does not exist` (facts: 3.3)."""

FUNCTION = ("DeleteSession", "%SYS.cspServer")

EndOutcome = Literal["marked", "gone"]

WITHOUT = (
    "The function is there in namespace %SYS alone. Else end the session in the portal (System Operation, Web "
    "Sessions), by logging out of the application, or wait until it times out."
)


def session_of(row: Row) -> WebSession | None:
    """One session; None for a row without an id."""
    identifier = as_text(row.get("id"))
    if not identifier:
        return None
    return WebSession(
        id=identifier,
        username=as_text(row.get("username")),
        application=as_text(row.get("application")),
        # An absolute time in UTC, although the column is called Timeout (facts: 3.2).
        expires=as_utc(row.get("timeout")),
        license_id=as_text(row.get("licenseid")),
        preserve=as_flag(row.get("preserve")),
        pid=as_int(row.get("sesprocessid")) or None,
        allow_end=as_flag(row.get("allowendsession"), default=True),
    )


async def list_sessions(instance: Instance, *, remade: Remade[WebSession] | None = None) -> list[WebSession]:
    """All web sessions. Raises NotAvailable or NotPermitted (%Admin_Operate:U and %DB_IRISSYS:R are needed).

    Given the same `remade` each time, unchanged sessions are the identical records.
    """
    remade = remade or Remade()

    async def attempt(route: Route) -> list[WebSession]:
        if route.kind == "rest":
            return await _by_rest(instance, route)
        # UNVERIFIED: whether this query is projected as a procedure; the class dictionary is asked. To settle:
        # SELECT * FROM %CSP.Session_SessionInfo().
        rows = await rows_by(instance, "sessions.list", route, (), deadline=DEADLINE, repeated=True)
        return await remade.of(rows, session_of)

    return await first_route(instance, "sessions.list", attempt, again=for_reads)


async def sessions_by_rest(api: AdminApi) -> list[WebSession]:
    """All web sessions, over the web port. Raises NotAvailable, NotPermitted or InstanceError."""
    found = [session_of(row) for row in await api.web_sessions()]
    if None in found:
        # UNVERIFIED: the field ID; public code that reads this list has it but leaves it out on purpose. Settle: look
        # at the keys of a row.
        raise NotAvailable(f"{SESSIONS_BY_REST.label} gives no session ids.")
    return [session for session in found if session is not None]


async def _by_rest(instance: Instance, route: Route) -> list[WebSession]:
    """All web sessions over the web port; a refusal is remembered, as it would be the same next time."""
    api = _web_port(instance)
    try:
        return await sessions_by_rest(api)
    except (NotAvailable, NotPermitted) as problem:
        instance.capabilities.learn(route, problem.message)
        raise


def _web_port(instance: Instance) -> AdminApi:
    if instance.capabilities.admin_api is None:
        raise NotAvailable("This connection has no web port.")
    return instance.capabilities.admin_api


async def end_session(instance: Instance, session_id: str) -> EndOutcome:
    """Ask the instance to end one session: `marked` if it will, `gone` if it no longer exists.

    Raises NotPermitted (%DB_IRISSYS:W is needed), NotAvailable where no route is left, InstanceError in the
    instance's own words, Unreachable with the outcome unknown. Never repeated by itself.
    """

    async def attempt(route: Route) -> EndOutcome:
        if route.kind == "rest":
            return await end_by_rest(_web_port(instance), session_id)
        if route.kind == "method":
            return await _asked(call_helper(instance, "EndSession", session_id))
        # UNVERIFIED: that a client may call this function (the Native SDK text calls functions of routines removed or
        # blocked), and what it returns: public code takes it for a %Status. Anything that is no status is taken for
        # "asked", and the list of sessions tells what came of it. To settle: on a session of your own,
        # irispy.function("DeleteSession", "%SYS.cspServer", id) in namespace %SYS.
        answer = await instance.call(Function(*FUNCTION, (session_id,)))
        if is_ok(answer.value) or not is_error_status(answer.value):
            return "marked"
        return await _asked(check_status(instance, answer.value, "$$DeleteSession^%SYS.cspServer"))

    try:
        return await changing(first_route(instance, "sessions.end", attempt, again=_not_callable))
    except NotAvailable as problem:
        own = "" if problem.cure == NotAvailable.default_cure else f"{problem.cure} "
        cure = f"{own}{helper_offer(instance)}{WITHOUT}"
        raise NotAvailable(problem.message, cure, detail=problem.detail) from None
    except InstanceError as problem:
        if "NOROUTINE" in problem.detail or "NOLINE" in problem.detail or "NOROUTINE" in problem.message:
            raise NotAvailable(
                "This instance does not let a client end web sessions "
                f"(it has no {FUNCTION[0]}^{FUNCTION[1]} that can be called from here).",
                f"{helper_offer(instance)}{WITHOUT}",
                detail=problem.detail or problem.message,
            ) from None
        raise


def _not_callable(problem: InstanceProblem) -> bool:
    """True if the route failed before it reached the session, so that the next one may be tried."""
    # The refusal of the call itself is thrown; a missing privilege comes as a status (#921).
    protected = isinstance(problem, NotPermitted) and "<PROTECT>" in problem.detail
    return is_missing(problem) or isinstance(problem, NotAvailable) or protected


async def end_by_rest(api: AdminApi, session_id: str) -> EndOutcome:
    """End a session over the web port (facts: 6.4). A failure is not remembered: the port may come back.

    Raises what `AdminApi.end_web_session` raises.
    """
    return await _asked(api.end_web_session(session_id))


async def _asked(request: Awaitable[object]) -> EndOutcome:
    """The outcome of a request to end a session. Raises its problem, unless that is that the session is gone."""
    try:
        await request
    except InstanceError as problem:
        if problem.code == NO_SUCH_SESSION:
            return "gone"
        raise
    return "marked"
