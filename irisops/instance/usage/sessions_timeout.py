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
from irisops.instance.helper import open_or_help, read_by_helper, read_property
from irisops.instance.outcome import changing
from irisops.instance.routes import Instance
from irisops.instance.security.authentication import words_of
from irisops.instance.security.object_state import ObjectState
from irisops.instance.security.settings_state import plain, save_settings
from irisops.instance.values import Row, as_int, as_text

MOST_TIMEOUT = 100_000
"""The largest value of the property (facts: iris-security 3.5)."""
MOST_OBJECTS = 100
"""Most applications whose object is opened in one read: each takes some round trips."""
TOO_MANY = f"this instance's list does not tell it, and no more than {MOST_OBJECTS} applications are opened one by one"
_PROPERTIES = ("Timeout", "AutheEnabled")
_STEPS = tuple(ObjectStep("get", each) for each in _PROPERTIES)


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

    async def attempt(route: Route) -> list[Answer | Exception]:
        if route.by_helper:
            names = [plain(each.name) for each in applications]
            told = await read_by_helper(instance, "Security.Applications", names, _PROPERTIES)
            return [
                Answer(values=tuple(map((each or {}).get, _PROPERTIES)), found=each is not None)
                for each in told
            ]
        keys = [plain(each.name).lower() for each in applications]
        calls = [ObjectCall("Security.Applications", "%OpenId", (key,), _STEPS) for key in keys]
        # The first alone: where it is refused, all are, and the refusal is explained once.
        first = await instance.call(calls[0])
        return [first, *(await instance.batch(calls[1:]) if calls[1:] else [])]

    try:
        found = await open_or_help(instance, "webapps.read", attempt)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        return {each.name: replace(each, unread=problem.message) for each in applications}
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
    """Read what a change of the timeout sets, on the way that it takes.

    Raises NotPermitted with the cause where the change could only fail, NotAvailable, InstanceError or Unreachable.
    """
    await _timeout_of(instance, application)


async def _timeout_of(instance: Instance, application: str) -> int | None:
    name = plain(application)
    return as_int(await read_property(instance, "webapps.read", "Security.Applications", name, "Timeout"))


async def save_timeout(instance: Instance, application: str, seconds: int) -> None:
    """Make the calls of `set_timeout`, and read nothing back. Raises as that does."""
    await save_settings(
        instance, ObjectState("application", application, {"timeout": str(seconds)}), ["timeout"]
    )


async def set_timeout(instance: Instance, application: str, seconds: int) -> int:
    """Change the timeout and read it back; returns the new value. Open sessions keep theirs.

    Raises ValueError for seconds outside 0 to 100,000, NotPermitted (%Admin_Secure:U), InstanceError if the application
    is gone or the value read back differs, Unreachable with the outcome unknown.
    """
    if not 0 <= seconds <= MOST_TIMEOUT:
        raise ValueError(f"a session timeout is from 0 to {MOST_TIMEOUT} seconds")

    await save_timeout(instance, application, seconds)
    after = await changing(_timeout_of(instance, application))
    if after != seconds:
        # A status of 1 is no proof (facts: iris-security 6.1).
        raise InstanceError(
            f"The instance reported success, but the timeout of {application} reads {after} seconds.",
            "Look at it in the portal: System Administration, Security, Applications.",
        )
    return after
