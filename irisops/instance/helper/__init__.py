"""The helper: an optional class on the instance for what only code on it can do.

Arrays do not cross the driver, so `Get` and `Modify` of the security classes cannot be called from outside (facts:
iris-security 6.1 and 6.4, D); from 2025.2 on they may be the only way for an account without %All (facts: iris-security
4.4). Nor is it certain that a client may call the function that ends a web session (facts: iris-license-sessions 3.3).
Its source is `ZIrisOps.Helper.cls` in this folder. It is installed only after a yes, used first for a role's privileges
and for a new web application (facts: iris-webapps-gateway 1.6), TLS configuration or namespace, else only where every
other route failed, and works with the caller's own privileges.

Nor do the errors that a validation of indexes finds, an array again: it runs as a process that the helper starts
(facts: iris-operations 4.1).

It lives in %SYS, where the tool works and where `Security.Roles` is; its name begins with Z, as an upgrade may remove
what does not (vendor's documentation, Pre-Upgrade Steps, "Save Custom Classes, Routines, and Globals").

A class of its name that is not irisops' own is never called, overwritten or deleted: the class dictionary tells which
it is, by the name of its version method, before any of it runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from irisops.instance.calls import (
    HELPER,
    Answer,
    ClassMethod,
    LoadSource,
    ObjectCall,
    ObjectStep,
    Query,
    Value,
)
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted
from irisops.instance.failures import is_missing, secrets_of, status_failure
from irisops.instance.features import CHANGE_CODE, FEATURES, HELPER_VERSION_METHOD, Route
from irisops.instance.outcome import change_by_method, changing, check_status
from irisops.instance.routes import ALL, Instance, first_route, lacking
from irisops.instance.values import as_text

T = TypeVar("T")

VERSION = "5"
"""Version that this source answers. Raise both when the source changes.

UNVERIFIED: how LoadStream tells the text of a class from its other formats; public code sends text that begins with the
word `Class`, and so does this. Settle: /helper install on a real instance, and /helper.

UNVERIFIED: that `Security.Roles.Modify` takes EscalationOnly, which is not among the documented properties of Get.
Settle: /role NAME escalation_only=yes through the helper, and look whether it is.

UNVERIFIED: that the helper's validation works as a whole on a real instance: JOB of a class method, TRY and $ZERROR,
and ValidateIndices within it. Settle: /indexes validate of a class of which one index node was killed.

UNVERIFIED: that `Get` of Security.System, SSLConfigs and LDAPConfigs fills each property that is read (their arrays
have no documented list; public code reads AutheEnabled and PasswordPattern of the first). What it does not fill is
unknown to irisops, never empty. Settle: ReadSecurity("Security.System","SYSTEM","AuditEnabled").
"""

COMPILING = 60.0
"""Seconds for loading and compiling: a busy instance compiles slowly, and without an answer the outcome is unknown."""

Presence = Literal["missing", "ours", "foreign"]


@dataclass(frozen=True, slots=True)
class HelperState:
    """The class of the helper's name. `version` is "" unless it is ours and runs."""

    presence: Presence
    version: str = ""

    @property
    def current(self) -> bool:
        """True if it is ours and of the version that this tool installs."""
        return self.presence == "ours" and self.version == VERSION


METHODS = frozenset(
    member
    for feature in FEATURES.values()
    for route in feature.routes
    for class_name, member in route.needs
    if class_name == HELPER
)
"""The methods that this tool calls."""
MISSING = frozenset({809, 838, 849, 853, 869, 883, 892, 979})
"""Numbers of the errors "… does not exist" of the security classes (facts: iris-security 1.1)."""

_LOOK = (
    Query("SELECT Name FROM %Dictionary.ClassDefinition WHERE Name = ?", (HELPER,)),
    Query("SELECT Name FROM %Dictionary.MethodDefinition WHERE parent = ?", (HELPER,)),
    Query("SELECT Name FROM %Dictionary.CompiledMethod WHERE parent = ?", (HELPER,)),
)
_DICTIONARY = "%Dictionary.ClassDefinition, MethodDefinition and CompiledMethod"
# UNVERIFIED: that an account with %Development:U may run them. Settle: run them as such an account in %SYS.


def source() -> str:
    """The source text. Raises FileNotFoundError if the package was installed without its data."""
    return Path(__file__).with_name(f"{HELPER}.cls").read_text(encoding="utf-8")


async def call_helper(instance: Instance, method: str, *args: Value) -> None:
    """Call a method of the helper, which answers "" for success, else the text of an error.

    Raises the named problem of that text, or of the call itself.
    """
    call = ClassMethod(HELPER, method, args)
    try:
        answer = await instance.call(call)
    except InstanceError as problem:
        raise _gone(instance, problem) from None
    text = as_text(answer.value).strip()
    if text:
        raise status_failure(text, secrets=secrets_of(call))


def _gone(instance: Instance, problem: InstanceProblem) -> InstanceProblem:
    """The problem of a call of the helper; where it is not there, that is remembered and told."""
    if not problem.detail.startswith(("<CLASS DOES NOT EXIST>", "<METHOD DOES NOT EXIST>")):
        return problem
    instance.capabilities.see(HELPER, ())
    return NotAvailable(
        "The helper is no longer on the instance.",
        "/helper install puts it there again.",
        detail=problem.detail,
    )


async def modify_by_helper(
    instance: Instance, class_name: str, name: str, properties: Mapping[str, Value], password: str = ""
) -> None:
    """`Modify` of a security class with these properties, each as it takes it; the others stay.

    Raises the named problem, as `call_helper`. The caller must read back: a status is no proof.
    """
    text = _written(properties)
    await call_helper(instance, "ModifySecurity", class_name, name, text, *([password] if password else []))


async def create_by_helper(
    instance: Instance, class_name: str, name: str, properties: Mapping[str, Value], password: str = ""
) -> None:
    """`Create` of a web application, TLS configuration or namespace with these properties, as `modify_by_helper`.

    One of that name is refused. Raises the named problem, as `call_helper`. The caller must read back: a status is no
    proof.
    """
    args = (class_name, name, _written(properties), *([password] if password else []))
    await call_helper(instance, "CreateObject", *args)


async def map_by_helper(
    instance: Instance, class_name: str, namespace: str, name: str, properties: Mapping[str, Value]
) -> None:
    """`Create` or `Modify` of a mapping of a namespace (facts: iris-config-as-text 5.1). As `modify_by_helper`."""
    await call_helper(instance, "SetMapping", class_name, namespace, name, _written(properties))


def _written(properties: Mapping[str, Value]) -> str:
    texts = {key: as_text(value).replace("~", "~0").replace("|", "~1") for key, value in properties.items()}
    return "|".join(f"{key}|{text}" for key, text in texts.items())


async def read_by_helper(
    instance: Instance, class_name: str, names: Sequence[str], properties: Sequence[str]
) -> list[dict[str, Value] | None]:
    """What `Get` of a security class tells of these properties, for each name; None for one that does not exist.

    Raises the named problem of the first that cannot be read, as `call_helper`.
    """
    calls = [ClassMethod(HELPER, "ReadSecurity", (class_name, name, ",".join(properties))) for name in names]
    return [_told(instance, answer, properties) for answer in await instance.batch(calls)]


def _told(
    instance: Instance, answer: Answer | Exception, properties: Sequence[str]
) -> dict[str, Value] | None:
    """The properties in an answer of `ReadSecurity`, without those that the instance does not tell."""
    if isinstance(answer, Exception):
        raise _gone(instance, answer) if isinstance(answer, InstanceError) else answer
    text = as_text(answer.value)
    if text.startswith("!"):
        problem = status_failure(text[1:])
        if isinstance(problem, InstanceError) and problem.code in MISSING:
            return None
        raise problem
    told = zip(properties, text.split("|"), strict=True)
    return {key: each[1:].replace("~1", "|").replace("~0", "~") for key, each in told if each}


async def open_or_help(instance: Instance, feature: str, attempt: Callable[[Route], Awaitable[T]]) -> T:
    """As `first_route`, for objects of the security classes: where they are protected, the next route is tried.

    The helper is looked for if it is not known. Raises as `first_route`; where the helper would do, the refusal says
    how it comes to the instance.
    """
    try:
        return await first_route(instance, feature, attempt, again=_nothing_done)
    except NotPermitted as problem:
        if problem.privilege != ALL:
            raise
        if await seek_helper(instance):
            return await first_route(instance, feature, attempt, again=_nothing_done)
        raise await with_way(instance, problem) from None


async def read_property(
    instance: Instance, feature: str, class_name: str, name: str, property_name: str
) -> Value:
    """A property of one object; None if there is no such object, or the instance does not tell it.

    Raises as `open_or_help`.
    """
    key = name if class_name == "Security.System" else name.lower()

    async def attempt(route: Route) -> Value:
        if route.by_helper:
            (told,) = await read_by_helper(instance, class_name, (name,), (property_name,))
            return (told or {}).get(property_name)
        step = ObjectStep("get", property_name)
        answer = await instance.call(ObjectCall(class_name, "%OpenId", (key,), (step,)))
        return answer.values[0] if answer.found else None

    return await open_or_help(instance, feature, attempt)


async def read_system_setting(instance: Instance, name: str) -> Value:
    """A property of `Security.System` (facts: iris-security 3.6). As `read_property`."""
    return await read_property(instance, "security.settings", "Security.System", "SYSTEM", name)


async def another_way(instance: Instance, feature: str, problem: InstanceProblem) -> bool:
    """True if what the first route was refused with `problem` can go by another one.

    The helper is looked for if it is not known; if it is not there, `problem` is told the way to it. Raises
    Unreachable.
    """
    protected = isinstance(problem, NotPermitted) and problem.privilege == ALL
    if protected and not all(route.opens_security for route in instance.capabilities.routes(feature)):
        return True
    if (protected or isinstance(problem, NotAvailable)) and await seek_helper(instance):
        return True
    await with_way(instance, problem)
    return False


def _nothing_done(problem: InstanceProblem) -> bool:
    """True if the route is missing or was refused, so that the next one may be tried."""
    return is_missing(problem) or isinstance(problem, NotAvailable | NotPermitted)


async def with_way(instance: Instance, problem: InstanceProblem) -> InstanceProblem:
    """The refusal of a protected object, with the way to the helper. Raises Unreachable."""
    way = (
        await way_to_helper(instance)
        if isinstance(problem, NotPermitted) and problem.privilege == ALL
        else ""
    )
    if way:
        problem.cure = f"{way}Or connect as a user with %All."
    return problem


def helper_offer(instance: Instance) -> str:
    """For a refusal: the offer to install the helper, "" if it is installed or cannot be. Ends with a blank."""
    capabilities = instance.capabilities
    installed = all(capabilities.has(HELPER, each) for each in METHODS)
    if installed or not capabilities.available("helper.install")[0]:
        return ""
    return "/helper install offers to add a small class to the instance that can do it. "


async def way_to_helper(instance: Instance) -> str:
    """For a refusal: how the helper can come to the instance, as far as this account can; "" if it is there.

    Ends with a blank. Raises Unreachable.
    """
    offer = helper_offer(instance)
    if not offer or (instance.capabilities.known and not await lacking(instance, CHANGE_CODE)):
        return offer
    return (
        "A user with %All can add a small class to the instance that can do it: /helper install, connected as that "
        "user. "
    )


async def seek_helper(instance: Instance) -> bool:
    """Ask for the helper's version, and use it from now on if it is this tool's: the class dictionary is not needed.

    A class of its name that is not irisops' own has no such method, so nothing of it runs. Raises Unreachable.
    """
    if instance.capabilities.has(HELPER, HELPER_VERSION_METHOD) or await _version(instance) != VERSION:
        return False
    instance.capabilities.see(HELPER, METHODS)
    return True


async def read_helper(instance: Instance) -> HelperState:
    """Look in the class dictionary, then ask the helper for its version; the capabilities are updated.

    Where the account may not read the dictionary, it is looked for by its version alone. Raises NotPermitted if it is
    not found that way: a class of its name may be there. Raises the named problem if the dictionary cannot be read.
    """
    found: list[list[str]] = []
    for answer in await instance.batch(_LOOK):
        if isinstance(answer, NotPermitted):
            version = await _version(instance)
            if version:
                return HelperState("ours", version)
            where = instance.capabilities.namespace or "%SYS"
            raise NotPermitted(
                f"Whether the helper is there cannot be told: this account may not read {_DICTIONARY}.",
                f"Ask an administrator to grant SELECT on them in {where}, or connect as a user with %All.",
                privilege=f"SELECT on {_DICTIONARY}",
                detail=answer.detail,
            )
        if isinstance(answer, Exception):
            raise answer
        found.append([as_text(row[0]) for row in answer.rows.rows] if answer.rows else [])
    classes, defined, compiled = found
    instance.capabilities.see(HELPER, compiled)
    if HELPER_VERSION_METHOD in compiled:
        return HelperState("ours", await _version(instance))
    if HELPER_VERSION_METHOD in defined and not compiled:
        return HelperState("ours")  # loaded, but it did not compile
    if classes or defined or compiled:
        return HelperState("foreign")
    return HelperState("missing")


async def install_helper(instance: Instance) -> HelperState:
    """Load and compile the helper in %SYS, replacing another version of it.

    Raises NotPermitted (%Development:U and %DB_IRISSYS:W are needed), InstanceError in the compiler's words or when
    another class has its name, NotAvailable where code cannot be loaded from outside, Unreachable with the outcome
    unknown. Never repeated by itself.
    """
    _refuse_foreign(await read_helper(instance))

    async def attempt(_route: Route) -> None:
        # UNVERIFIED: which privileges loading needs; public code does it as an administrator. Settle: /helper install
        # as a user with %Development:U and %DB_IRISSYS:RW alone, then without one of the two.
        answer = await instance.call(LoadSource(source()), deadline=COMPILING)
        await check_status(instance, answer.value, "%SYSTEM.OBJ.LoadStream")

    try:
        await changing(first_route(instance, "helper.install", attempt))
    except InstanceError as problem:
        if (await read_helper(instance)).presence != "missing":
            problem.cure = f"/helper remove takes away what was loaded. {problem.cure}"
        raise
    found = await read_helper(instance)
    if not found.current:
        raise InstanceError(
            f"The instance accepted the helper, but what is there now is {told(found)}.",
            "/helper status looks again; /helper remove takes it away.",
        )
    return found


async def remove_helper(instance: Instance) -> bool:
    """Delete the helper; False if it was not there. Raises as `install_helper`."""
    found = await read_helper(instance)
    _refuse_foreign(found)
    if found.presence == "missing":
        return False

    await change_by_method(instance, "helper.remove", "%SYSTEM.OBJ", "Delete", (HELPER, "-d"))
    found = await read_helper(instance)
    if found.presence != "missing":
        raise InstanceError(
            f"The instance accepted the deletion, but what is there now is {told(found)}.",
            "/helper status looks again.",
        )
    return True


def told(state: HelperState) -> str:
    """A state in plain words."""
    if state.presence == "missing":
        return "not installed"
    if state.presence == "foreign":
        return f"a class {HELPER} that is not this tool's"
    return f"version {state.version}" if state.version else "there, but does not run"


async def _version(instance: Instance) -> str:
    try:
        answer = await instance.call(ClassMethod(HELPER, HELPER_VERSION_METHOD))
    except (InstanceError, NotAvailable, NotPermitted):
        return ""  # it does not run, or is not there: installing it mends that
    return as_text(answer.value)


def _refuse_foreign(state: HelperState) -> None:
    if state.presence == "foreign":
        raise InstanceError(
            f"There is a class {HELPER} on the instance that is not this tool's helper: it is left alone.",
            "Look at it in an editor; rename or delete it there if nobody needs it, then /helper install.",
        )
