"""Read and change the session timeout of web applications (facts: iris-security 3.5; iris-license-sessions 2.3).

A session keeps the timeout of the first application that it entered. Names are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from irisops.instance.calls import Answer, ObjectCall, ObjectStep
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceError, InstanceProblem, Unreachable
from irisops.instance.features import Route
from irisops.instance.outcome import changing, save_object
from irisops.instance.routes import Instance, answer_by, first_route
from irisops.instance.security.authentication import words_of
from irisops.instance.values import Row, as_int, as_text

MOST_TIMEOUT = 100_000
"""The largest value of the property (facts: iris-security 3.5)."""
MOST_OBJECTS = 100
"""Most applications whose object is opened in one read: each takes some round trips."""
TOO_MANY = f"this instance's list does not tell it, and no more than {MOST_OBJECTS} applications are opened one by one"
_STEPS = (ObjectStep("get", "Timeout"), ObjectStep("get", "AutheEnabled"))


@dataclass(frozen=True, slots=True)
class AppTimeout:
    """One web application. `timeout` in seconds, 0 for never; None where it was not read, `unread` says why."""

    name: str
    timeout: int | None
    methods: str = ""
    """Login methods, e.g. `Unauthenticated, Password`."""
    unread: str = ""


def same_application(left: str, right: str) -> bool:
    """True if two spellings name one application: `/csp/user/` of a session is `/csp/user`."""
    return left.rstrip("/").casefold() == right.rstrip("/").casefold()


def app_timeout_of(row: Row) -> AppTimeout | None:
    """One row; None without a name."""
    name = as_text(row.get("name"))
    return AppTimeout(name, as_int(row.get("timeout")), as_text(row.get("autheenabled"))) if name else None


async def list_timeouts(instance: Instance, needed: Iterable[str]) -> list[AppTimeout]:
    """All web applications. Where their list does not tell the timeouts, those `needed` are read from the objects.

    Raises NotPermitted (%Admin_Secure:U is needed) or NotAvailable if there is no list; an object that cannot be read
    leaves its timeout None.
    """
    # Where Detail lacks the columns Timeout and AutheEnabled, the objects are read (as marked at `list_applications`).
    listed = await read_list(instance, "webapps.detail", app_timeout_of)
    names = {name.rstrip("/").casefold() for name in needed}
    lacking = [each for each in listed if each.timeout is None]
    wanted = [each for each in lacking if each.name.rstrip("/").casefold() in names]
    read = await _with_objects(instance, wanted[:MOST_OBJECTS]) if wanted else {}
    others = "nobody asked for it" if len(wanted) <= MOST_OBJECTS else TOO_MANY
    return [
        read.get(each.name) or (replace(each, unread=others) if each.timeout is None else each)
        for each in listed
    ]


async def _with_objects(instance: Instance, applications: Sequence[AppTimeout]) -> dict[str, AppTimeout]:
    """The applications by name, with what their objects tell. Raises Unreachable."""
    calls = [
        ObjectCall("Security.Applications", "%OpenId", (_key(each.name),), _STEPS) for each in applications
    ]
    try:
        # The first alone: where it is refused, all are, and the refusal is explained once.
        found: list[Answer | Exception] = [await answer_by(instance, "webapps.read", calls[0])]
    except Unreachable:
        raise
    except InstanceProblem as problem:
        return {each.name: replace(each, unread=problem.message) for each in applications}
    if calls[1:]:
        found += await instance.batch(calls[1:])
    return {each.name: _opened(each, answer) for each, answer in zip(applications, found, strict=True)}


def _opened(application: AppTimeout, answer: Answer | Exception) -> AppTimeout:
    if isinstance(answer, Exception):
        said = answer.message if isinstance(answer, InstanceProblem) else str(answer)
        return replace(application, unread=said)
    if not answer.found:
        return replace(application, unread="the application is gone")
    timeout, methods = answer.values
    bits = as_int(methods)
    return replace(
        application,
        timeout=as_int(timeout),
        methods=application.methods or (", ".join(words_of(bits)) if bits else ""),
        unread="" if as_int(timeout) is not None else "the instance gives no number for it",
    )


async def probe_timeout(instance: Instance, application: str) -> None:
    """Open the object that a change of the timeout takes, without changing it.

    Raises NotPermitted with the cause where the change could only fail, NotAvailable, InstanceError or Unreachable.
    """
    await answer_by(
        instance, "webapps.read", ObjectCall("Security.Applications", "%OpenId", (_key(application),))
    )


def _key(application: str) -> str:
    """The id for object access: the name in lower case (facts: iris-security 6.4 B)."""
    return application.rstrip("/").lower()


async def set_timeout(instance: Instance, application: str, seconds: int) -> int:
    """Change the timeout and read it back; returns the new value. Open sessions keep theirs.

    Raises ValueError for seconds outside 0 to 100,000, NotPermitted (%Admin_Secure:U), InstanceError if the application
    is gone or the value read back differs, Unreachable with the outcome unknown.
    """
    if not 0 <= seconds <= MOST_TIMEOUT:
        raise ValueError(f"a session timeout is from 0 to {MOST_TIMEOUT} seconds")

    async def attempt(_route: Route) -> int | None:
        key = _key(application)
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
