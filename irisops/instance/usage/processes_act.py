"""Suspending, resuming and terminating a process (facts: iris-license-sessions 4.4).

Whoever calls these has checked that the process is neither this tool's own nor the system's, and that it is still the
one that was meant: pids are used again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from irisops.instance.calls import Answer, ClassMethod, ObjectCall, ObjectStep
from irisops.instance.errors import InstanceError
from irisops.instance.features import Route
from irisops.instance.models import Process
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import Instance, first_route, for_reads
from irisops.instance.usage.processes import CORE_COLUMNS, LATER_COLUMNS, process_of, process_query
from irisops.instance.values import answered, as_int, in_portions, number_of

ProcessAction = Literal["terminate", "suspend", "resume"]

_METHODS: dict[ProcessAction, str] = {"terminate": "Terminate", "suspend": "Suspend", "resume": "Resume"}

# What $SYSTEM.Process.Terminate answers (facts: 4.4).
_ANSWERS = {
    0: "it is exempt from being terminated",
    -1: "it does not respond",
    -2: "it is inactive or dead already",
    -3: "there is no such process",
}
ROLLING_BACK = -4
"""It had an open transaction and is being rolled back: it ends, but not at once (facts: 4.4)."""


async def read_process(instance: Instance, pid: int) -> Process | None:
    """One process as it is now; None if there is none of that pid. Raises as `list_processes`."""
    start = ("StartTimeUTC",) if instance.capabilities.has_start_time() else ()

    async def attempt(_route: Route) -> Process | None:
        for columns in (CORE_COLUMNS + LATER_COLUMNS + start, CORE_COLUMNS):
            query = replace(process_query(columns, where="WHERE Pid = ?"), params=(pid,))
            own, rows = await instance.batch([ClassMethod("%SYSTEM.SYS", "ProcessID"), query])
            if isinstance(rows, Answer) or columns is CORE_COLUMNS:
                break
        mine = number_of(own)
        found = await in_portions(answered(rows).rows, lambda row: process_of(row, mine))
        return found[0] if found else None

    return await first_route(instance, "processes.list", attempt, again=for_reads)


async def act_on_process(instance: Instance, pid: int, action: ProcessAction) -> bool:
    """Do it. True if it is done or under way, False if there is no such process any more.

    Raises NotPermitted (%DB_IRISSYS:W and namespace %SYS are needed), InstanceError in the instance's own words,
    NotAvailable, Unreachable with the outcome unknown. Never repeated by itself.
    """
    if pid <= 0:
        # Without a pid the method would terminate this tool's own process (facts: 4.4).
        raise ValueError("a process id is a number above 0")
    method = _METHODS[action]

    async def attempt(route: Route) -> bool:
        if route.kind == "object":
            answer = await instance.call(
                ObjectCall("SYS.Process", "%OpenId", (pid,), (ObjectStep("invoke", method),))
            )
            if not answer.found:
                return False
            await check_status(instance, answer.values[0], f"SYS.Process.{method}")
            return True
        answer = await instance.call(ClassMethod("%SYSTEM.Process", method, (pid,)))
        code = as_int(answer.value)
        if code in (1, ROLLING_BACK):
            return True
        if code in (-2, -3):
            return False
        raise InstanceError(
            f"Process {pid} was not terminated: {_ANSWERS.get(code or 0, f'the instance answered {code}')}.",
            "Nothing was retried.",
        )

    return await changing(first_route(instance, f"processes.{action}", attempt))
