"""Web sessions: listed and ended (facts: iris-license-sessions 3).

Ending only marks a session; a daemon removes it some seconds later, so the caller looks again until it is gone.
`kill ^%cspSession` and killing web-server jobs are not used: they leave the license counts wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from typing import Literal

from irisops.instance.admin_api import AdminApi
from irisops.instance.calls import Function
from irisops.instance.class_queries import rows_by
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted
from irisops.instance.failures import is_missing
from irisops.instance.features import SESSIONS_BY_REST, WRITE_IRISSYS, Route
from irisops.instance.helper import call_helper, seek_helper, way_to_helper
from irisops.instance.models import WebSession
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import NO_ROUTE, Instance, first_route, for_reads, lacking
from irisops.instance.status import is_error_status, is_ok
from irisops.instance.values import Remade, Row, as_flag, as_int, as_text, as_utc, in_portions

DEADLINE = 30.0
"""Seconds. By object calls a long list costs a round trip per cell."""

NO_SUCH_SESSION = 5907
"""`Session ID '...' does not exist` (facts: 3.3)."""

FUNCTION = ("DeleteSession", "%SYS.cspServer")

EndOutcome = Literal["marked", "gone"]

NO_SESSION = "irisops-asks"
"""An id that no session has: theirs are of letters and digits alone (facts: 3.2)."""

WITHOUT = (
    "Else end the session in the portal (System Operation, Web Sessions), by logging out of the application, or wait "
    "until it times out."
)


def session_of(row: Row) -> WebSession | None:
    """One session; None for a row without an id."""
    identifier = as_text(row.get("id"))
    if not identifier:
        return None
    return WebSession(
        id=identifier,
        # Of two thousand sessions few differ in these, and each row is unpacked anew.
        username=sys.intern(as_text(row.get("username"))),
        application=sys.intern(as_text(row.get("application"))),
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

    async def attempt(route: Route) -> list[WebSession]:
        if route.kind == "rest":
            return await _by_rest(instance, route)
        # UNVERIFIED: whether this query is projected as a procedure; the class dictionary is asked. Settle: doubt
        # projection.
        rows = await rows_by(instance, "sessions.list", route, (), deadline=DEADLINE, repeated=True)
        return await (in_portions(rows, session_of) if remade is None else remade.of(rows, session_of))

    return await first_route(instance, "sessions.list", attempt, again=for_reads)


async def sessions_by_rest(api: AdminApi) -> list[WebSession]:
    """All web sessions, over the web port. Raises NotAvailable, NotPermitted or InstanceError."""
    found = [session_of(row) for row in await api.web_sessions()]
    if None in found:
        # UNVERIFIED: the field ID; public code that reads this list has it but leaves it out on purpose. Settle:
        # evidence web sessions by the SysAdmin API.
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
    return await changing(_end(instance, session_id))


async def probe_ending(instance: Instance) -> None:
    """Find out whether sessions can be ended from here, by ending one that does not exist. Changes nothing.

    Asked once per connection: what came of it is kept in the capabilities. Raises NotAvailable or NotPermitted as
    `end_session` would, and Unreachable.
    """
    capabilities = instance.capabilities
    if capabilities.proved("sessions.end"):
        return
    try:
        await _end(instance, NO_SESSION)
    except NotAvailable:
        # Somebody else may have installed it since the login, or the class dictionary could not be read.
        if not await seek_helper(instance):
            raise
        await _end(instance, NO_SESSION)
    except InstanceError:
        return  # the call was carried out; what the instance says of an unknown session is not known for certain


async def _end(instance: Instance, session_id: str) -> EndOutcome:
    """As `end_session`, without a word on the outcome of a lost connection."""

    async def attempt(route: Route) -> EndOutcome:
        if route.kind == "rest":
            return await end_by_rest(_web_port(instance), session_id)
        if route.kind == "method":
            return await _asked(call_helper(instance, "EndSession", session_id))
        # UNVERIFIED: that a client may call this function (the Native SDK text calls functions of routines removed or
        # blocked). Settle: doubt function.
        # UNVERIFIED: what it returns: public code takes it for a %Status. Anything that is no status is taken for
        # "asked", and the list of sessions tells what came of it. Settle: evidence $$DeleteSession^%SYS.cspServer, id
        # of no session.
        answer = await instance.call(Function(*FUNCTION, (session_id,)))
        if is_ok(answer.value) or not is_error_status(answer.value):
            return "marked"
        return await _asked(check_status(instance, answer.value, "$$DeleteSession^%SYS.cspServer"))

    try:
        return await first_route(instance, "sessions.end", attempt, again=_not_callable)
    except (NotAvailable, InstanceError) as problem:
        if isinstance(problem, InstanceError) and not is_missing(problem):
            raise
        raise await _no_way(instance, problem) from None


async def _no_way(instance: Instance, problem: NotAvailable | InstanceError) -> NotAvailable:
    """The refusal where no route ends sessions: why not each, and what would help. Raises Unreachable."""
    capabilities = instance.capabilities
    reasons = [f"{label}: {reason}" for label, reason in capabilities.reasons("sessions.end")]
    if not any(problem.message in reason for reason in reasons) and not problem.message.startswith(NO_ROUTE):
        reasons.append(problem.message.rstrip("."))
    said = f"Web sessions cannot be ended over this connection. {'; '.join(reasons)}."
    lacks = await lacking(instance, WRITE_IRISSYS)
    if lacks:
        said = f"{said} Besides, this account lacks {lacks}, which ending one needs."
    ways = (
        [problem.cure] if problem.cure not in (NotAvailable.default_cure, InstanceError.default_cure) else []
    )
    remedy = capabilities.admin_api.remedy() if capabilities.admin_api is not None else ""
    if remedy:
        ways.append(f"{remedy} lets the web port be used.")
    return NotAvailable(
        said, " ".join([*ways, f"{await way_to_helper(instance)}{WITHOUT}"]), detail=problem.detail
    )


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


async def probe_rest(api: AdminApi) -> None:
    """As `probe_ending`, over the web port: raises NotPermitted or NotAvailable if no session can be ended there."""
    try:
        await end_by_rest(api, NO_SESSION)
    except InstanceError:
        return  # the request was carried out; what it says of an unknown session is not known for certain


async def _asked(request: Awaitable[object]) -> EndOutcome:
    """The outcome of a request to end a session. Raises its problem, unless that is that the session is gone."""
    try:
        await request
    except InstanceError as problem:
        if problem.code == NO_SUCH_SESSION:
            return "gone"
        raise
    return "marked"
