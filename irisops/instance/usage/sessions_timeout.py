"""Read and change the session timeout of web applications (facts: iris-security 3.5; iris-license-sessions 2.3).

A session keeps the timeout of the first application that it entered. Names are compared without regard to case.
"""

from __future__ import annotations

from dataclasses import dataclass

from irisops.instance.calls import ObjectCall, ObjectStep
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceError
from irisops.instance.features import Route
from irisops.instance.outcome import changing, save_object
from irisops.instance.routes import Instance, first_route
from irisops.instance.values import Row, as_int, as_text

MOST_TIMEOUT = 100_000
"""The largest value of the property (facts: iris-security 3.5)."""


@dataclass(frozen=True, slots=True)
class AppTimeout:
    """One web application. `timeout` in seconds, 0 for never; None where this version does not list it."""

    name: str
    timeout: int | None
    methods: str = ""
    """Login methods in the instance's words, e.g. `Unauthenticated, Password`."""


def same_application(left: str, right: str) -> bool:
    """True if two spellings name one application: `/csp/user/` of a session is `/csp/user`."""
    return left.rstrip("/").casefold() == right.rstrip("/").casefold()


def app_timeout_of(row: Row) -> AppTimeout | None:
    """One row; None without a name."""
    name = as_text(row.get("name"))
    return AppTimeout(name, as_int(row.get("timeout")), as_text(row.get("autheenabled"))) if name else None


async def list_timeouts(instance: Instance) -> list[AppTimeout]:
    """All web applications. Raises NotPermitted (%Admin_Secure:U is needed) or NotAvailable."""
    # UNVERIFIED: whether Detail has the columns Timeout and AutheEnabled (facts: iris-security 11, question 2);
    # where it has not, the values are None and "". To settle: SELECT * FROM Security.Applications_Detail('*').
    return await read_list(instance, "webapps.detail", app_timeout_of)


async def set_timeout(instance: Instance, application: str, seconds: int) -> int:
    """Change the timeout and read it back; returns the new value. Open sessions keep theirs.

    Raises ValueError for seconds outside 0 to 100,000, NotPermitted (%Admin_Secure:U), InstanceError if the application
    is gone or the value read back differs, Unreachable with the outcome unknown.
    """
    if not 0 <= seconds <= MOST_TIMEOUT:
        raise ValueError(f"a session timeout is from 0 to {MOST_TIMEOUT} seconds")

    async def attempt(_route: Route) -> int | None:
        # Object access takes the id, which is the lower-case name (facts: iris-security 6.4 B).
        key = application.rstrip("/").lower()
        steps = (ObjectStep("set", "Timeout", (seconds,)),)
        if not await save_object(instance, "Security.Applications", key, steps):
            raise InstanceError(
                f"There is no web application {application}.", "/sessions shows those in use.", code=869
            )
        read = await instance.call(
            ObjectCall("Security.Applications", "%OpenId", (key,), (ObjectStep("get", "Timeout"),))
        )
        return as_int(read.values[0]) if read.found and read.values else None

    after = await changing(first_route(instance, "webapps.set_timeout", attempt))
    if after != seconds:
        # A status of 1 is no proof (facts: iris-security 6.1).
        raise InstanceError(
            f"The instance reported success, but the timeout of {application} reads {after} seconds.",
            "Look at it in the portal: System Administration, Security, Applications.",
        )
    return after
