"""Ending a web session (facts: iris-license-sessions 3.3).

The call only marks the session; a daemon removes it some seconds later, so the caller looks again until it is gone.
`kill ^%cspSession` and killing web-server jobs are not used: they leave the license counts wrong.
"""

from __future__ import annotations

from typing import Literal

from irisops.instance.calls import Function
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted
from irisops.instance.failures import is_missing
from irisops.instance.features import Route
from irisops.instance.helper import call_helper, helper_offer
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import Instance, first_route
from irisops.instance.status import is_error_status, is_ok

NO_SUCH_SESSION = 5907
"""`Session ID '...' does not exist` (facts: 3.3)."""

FUNCTION = ("DeleteSession", "%SYS.cspServer")

EndOutcome = Literal["marked", "gone"]

WITHOUT = (
    "The function is there in namespace %SYS alone. Else end the session in the portal (System Operation, Web "
    "Sessions), by logging out of the application, or wait until it times out."
)


async def end_session(instance: Instance, session_id: str) -> EndOutcome:
    """Ask the instance to end one session: `marked` if it will, `gone` if it no longer exists.

    Raises NotPermitted (%DB_IRISSYS:W is needed), NotAvailable where no route is left, InstanceError in the
    instance's own words, Unreachable with the outcome unknown. Never repeated by itself.
    """

    async def attempt(route: Route) -> EndOutcome:
        if route.kind == "rest":
            return await _by_rest(instance, session_id)
        if route.kind == "method":
            return await _by_helper(instance, session_id)
        # UNVERIFIED: that a client may call this function (the Native SDK text calls functions of routines removed or
        # blocked), and what it returns: public code takes it for a %Status. Anything that is no status is taken for
        # "asked", and the list of sessions tells what came of it. To settle: on a session of your own,
        # irispy.function("DeleteSession", "%SYS.cspServer", id) in namespace %SYS.
        answer = await instance.call(Function(*FUNCTION, (session_id,)))
        if is_ok(answer.value) or not is_error_status(answer.value):
            return "marked"
        try:
            await check_status(instance, answer.value, "$$DeleteSession^%SYS.cspServer")
        except InstanceError as problem:
            if problem.code == NO_SUCH_SESSION:
                return "gone"
            raise
        return "marked"

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


async def _by_helper(instance: Instance, session_id: str) -> EndOutcome:
    """End a session through the helper class."""
    try:
        await call_helper(instance, "EndSession", session_id)
    except InstanceError as problem:
        if problem.code == NO_SUCH_SESSION:
            return "gone"
        raise
    return "marked"


async def _by_rest(instance: Instance, session_id: str) -> EndOutcome:
    """End a session over the web port (facts: 6.4). A failure is not remembered: the port may come back."""
    api = instance.capabilities.admin_api
    if api is None:
        raise NotAvailable("This connection has no web port.")
    try:
        await api.end_web_session(session_id)
    except InstanceError as problem:
        if problem.code == NO_SUCH_SESSION:
            return "gone"
        raise
    return "marked"
