"""Call the helper: each method answers "" for success, else the text of the error."""

from __future__ import annotations

from irisops.instance.calls import ClassMethod, Value
from irisops.instance.errors import InstanceError, NotAvailable
from irisops.instance.failures import status_failure
from irisops.instance.features import HELPER, HELPER_VERSION_METHOD
from irisops.instance.routes import Instance
from irisops.instance.values import as_text


async def call_helper(instance: Instance, method: str, *args: Value) -> None:
    """Call a method of the helper. Raises the named problem of its error text, or of the call itself."""
    try:
        answer = await instance.call(ClassMethod(HELPER, method, args))
    except InstanceError as problem:
        if not problem.detail.startswith(("<CLASS DOES NOT EXIST>", "<METHOD DOES NOT EXIST>")):
            raise
        instance.capabilities.see(HELPER, ())
        raise NotAvailable(
            "The helper is not on the instance any more.",
            "/helper install puts it there again.",
            detail=problem.detail,
        ) from None
    text = as_text(answer.value).strip()
    if text:
        raise status_failure(text)


def helper_offer(instance: Instance) -> str:
    """For a refusal: the offer to install the helper, "" if it is installed or cannot be. Ends with a blank."""
    capabilities = instance.capabilities
    if capabilities.has(HELPER, HELPER_VERSION_METHOD) or not capabilities.available("helper.install")[0]:
        return ""
    return "/helper install offers to add a small class to the instance that can do it. "
