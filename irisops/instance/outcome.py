"""Make changes and check their outcome: %Status values, and lost connections told from refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from irisops.instance.calls import Caller, ClassMethod, ObjectCall, ObjectStep, Value
from irisops.instance.errors import InstanceError, InstanceProblem, Unreachable
from irisops.instance.failures import status_failure
from irisops.instance.features import Route
from irisops.instance.routes import Instance, first_route
from irisops.instance.status import decode_status, is_error_status, is_ok
from irisops.instance.values import as_text

T = TypeVar("T")

UNKNOWN_OUTCOME = "Whether the change was made is not known: look before you repeat it."


async def check_status(caller: Caller, status: Value, what: str) -> None:
    """Raise the named problem of a %Status that is not OK, in the instance's own words if possible.

    `what` names the call, for an answer that is not a status.
    """
    if is_ok(status):
        return
    if isinstance(status, bytes):
        status = status.decode("latin-1")
    if not is_error_status(status):
        raise InstanceError(f"{what} answered {as_text(status)[:80]!r} where a status was expected.")
    text = await _error_text(caller, as_text(status))
    if not text:
        text = "; ".join(error.text for error in decode_status(status))
    raise status_failure(text or f"{what} failed with a status that cannot be read.")


async def _error_text(caller: Caller, status: str) -> str:
    # UNVERIFIED: that a status survives the way to Python and back as a string (facts: iris-security 11, question
    # 14); if it does not, the text comes back empty or without a number and the local decoder is used. Settle: pass the
    # error status of Security.Users.Delete("no.such") to GetErrorText through the driver.
    try:
        answer = await caller.call(ClassMethod("%SYSTEM.Status", "GetErrorText", (status,)))
    except Unreachable:
        raise
    except InstanceProblem:
        return ""
    text = as_text(answer.value).strip()
    return text if "#" in text else ""


async def save_object(caller: Caller, class_name: str, key: str, steps: Sequence[ObjectStep]) -> bool:
    """Open an object by its id, do the steps and %Save it; False if there is no such object.

    One change as far as the instance is concerned. Raises the named problem of a step or of the status.
    """
    answer = await caller.call(
        ObjectCall(class_name, "%OpenId", (key,), (*steps, ObjectStep("invoke", "%Save")))
    )
    if answer.found:
        await check_status(caller, answer.values[-1], f"{class_name}.%Save")
    return answer.found


async def change_by_method(
    instance: Instance, feature: str, class_name: str, method: str, args: Sequence[Value]
) -> None:
    """Make a change by a class method that answers a %Status. Raises its named problem, as `changing`."""

    async def attempt(_route: Route) -> None:
        answer = await instance.call(ClassMethod(class_name, method, tuple(args)))
        await check_status(instance, answer.value, f"{class_name}.{method}")

    await changing(first_route(instance, feature, attempt))


async def changing(change: Awaitable[T]) -> T:
    """Await a change; if the connection is lost meanwhile, the problem says that the outcome is unknown."""
    try:
        return await change
    except Unreachable as problem:
        raise type(problem)(
            problem.message, f"{UNKNOWN_OUTCOME} {problem.cure}", detail=problem.detail
        ) from None
