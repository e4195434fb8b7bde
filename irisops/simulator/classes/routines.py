"""The one routine that is emulated: `$$DeleteSession^%SYS.cspServer` (facts: license-sessions 3.3)."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.classes import web_sessions
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.values import as_text
from irisops.simulator.doubts import FUNCTION

DELETE_SESSION = ("DeleteSession", "%SYS.cspServer")


def call(job: Job, label: str, routine: str, arguments: Sequence[Value]) -> Value:
    """`$$label^routine(arguments)` in server code. Throws `<NOROUTINE>`."""
    if job.namespace.upper() == "%SYS" and (label, routine) == DELETE_SESSION and arguments:
        return web_sessions.delete_session(job, as_text(arguments[0]))
    raise ThrownError(f"<NOROUTINE> *{routine}")


def call_from_client(job: Job, label: str, routine: str, arguments: Sequence[Value]) -> Value:
    """The same for the Native SDK's `function`.

    UNVERIFIED: what recent clients are told where they cannot call routines (the Native SDK text calls it removed or
    blocked), and in which order the request names label and routine, so both orders are taken. Settle: doubt function.
    """
    if job.world.doubts.says(FUNCTION, "refused"):
        raise ThrownError(f"<NOROUTINE> *{routine}")
    if (routine, label) == DELETE_SESSION:
        label, routine = routine, label
    return call(job, label, routine, arguments)
