"""What `?` shows is what runs: the shown Python, run by the driver on a second instance, makes the same calls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import iris
import pytest

from irisops.instance.calls import HELPER
from irisops.simulator.backend import Argument, Backend, BackendSession, ByRef, LoginRequest, ObjectRef, Value
from tests.commands.editing import GOOD, Desk, desk
from tests.instance.served import PASSWORD, USER

READS = {"GetAt", "Next", "Count", "Get", "Execute", "Close", "GetColumnCount", "GetColumnName"}
READING_METHODS = {"Exists", "Check", "GetErrorText", "ValidatePassword", "%New", "LoadStream"}
PASSWORDS = {("Security.Users", "Create"): 2, ("Security.Users", "Copy"): 5}
"""Place of the argument that is a password: a new one is made each time."""
CHANGING = re.compile(r"Security\.\w+|" + re.escape(HELPER))


class Log:
    """Calls that change something, in order, as (class, member, arguments)."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def watching(self, backend: Backend) -> Backend:
        return _Watched(backend, self)


class _Watched:
    def __init__(self, backend: Backend, log: Log) -> None:
        self._backend = backend
        self._log = log
        self.feature_options = backend.feature_options

    def login(self, request: LoginRequest) -> BackendSession:
        made: Any = _Session(self._backend.login(request), self._log)
        session: BackendSession = made
        return session


class _Session:
    """One login. Objects are named by how they were reached, not by their number."""

    def __init__(self, session: BackendSession, log: Log) -> None:
        self._session = session
        self._log = log
        self._names: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def _named(self, value: object) -> object:
        if isinstance(value, ByRef):
            value = value.value
        return self._names.get(value.number, "?") if isinstance(value, ObjectRef) else value

    def _reached(self, value: Value, name: str) -> Value:
        if isinstance(value, ObjectRef):
            self._names[value.number] = name
        return value

    def class_method(self, class_name: str, method: str, args: Sequence[Argument]) -> Value:
        given = tuple(self._named(arg) for arg in args)
        if CHANGING.fullmatch(class_name) and method not in READING_METHODS | {"%OpenId"}:
            at = PASSWORDS.get((class_name, method), len(given))
            self._log.calls.append((class_name, method, (*given[:at], *given[at + 1 :])))
        return self._reached(
            self._session.class_method(class_name, method, args), f"{class_name}.{method}{given}"
        )

    def get_property(self, oref: int, name: str) -> Value:
        return self._reached(self._session.get_property(oref, name), f"{self._names.get(oref)}.{name}")

    def set_property(self, oref: int, name: str, value: Value) -> None:
        given = "" if name == "PasswordExternal" else self._named(value)
        self._log.calls.append((self._names.get(oref), f"set {name}", given))
        self._session.set_property(oref, name, value)

    def invoke(self, oref: int, method: str, args: Sequence[Argument]) -> Value:
        given = tuple(self._named(arg) for arg in args)
        owner = self._names.get(oref, "?")
        if method not in READS and "Security." in owner:
            self._log.calls.append((owner, method, given))
        return self._reached(self._session.invoke(oref, method, args), f"{owner}.{method}{given}")


def replay(code: Sequence[str], port: int) -> None:
    """Run shown Python as a person would, with a connection to %SYS."""
    connection = iris.connect(
        hostname="127.0.0.1",
        port=port,
        namespace="%SYS",
        username=USER,
        password=PASSWORD,
        sharedmemory=False,
    )

    class Asked:
        @staticmethod
        def getpass(_prompt: str) -> str:
            return GOOD

    try:
        exec("\n".join(code), {"iris": iris, "connection": connection, "getpass": Asked})  # noqa: S102 - shown to be run
    finally:
        connection.close()


def members(script: Sequence[str]) -> list[str]:
    """Names of the members that shown ObjectScript calls or sets, in order, but for a relationship."""
    found: list[str] = []
    for line in script:
        if not line.startswith(("set key", "set low", "write $select")):
            found += re.findall(r"^(?:set|write|do) .*?##class\([\w.%]+\)\.(%?\w+)\(", line)
            found += re.findall(r"^do \w+\.(?:\w+\.)*(\w+)\(", line)
            found += re.findall(r"^set \w+\.(\w+) = ", line)
            found += re.findall(r"^set status = \w+\.(%Save)\(", line)
    return found


def members_of_python(code: Sequence[str]) -> list[str]:
    found: list[str] = []
    for line in code:
        if not line.startswith((" ", "key", "for", "while")):
            found += re.findall(r'classMethod\w+\("[\w.%]+", "(%?\w+)"', line)
            found += re.findall(r'^\w+\.(?:set|invoke)\("(%?\w+)"', line)
    return found


CHANGES = [
    "/user bob full_name='it\"s %1' comment=x enabled=no expires=2099-01-01",
    "/user bob roles=%SQL,%Developer",
    "/user bob escalation_roles=%Manager",
    "/user add eve full_name=Eve roles=%SQL email=e@x.org escalation_roles=%Manager",
    "/user copy bob to eve",
    "/password bob generate=yes",
    "/user delete bob",
    "/grant Clerk to bob",
    "/revoke %SQL from bob",
    "/enable bob",
    "/disable bob",
    "/role Clerk description=new",
    "/role Clerk granted_roles=%SQL,%Developer",
    "/role Clerk privileges=%DB_USER:RW,%Development:U",
    "/role Clerk privileges=%Service_SQL:U description=both",
    "/role delete Clerk",
    "/role add Fresh description=d privileges=%DB_USER:R granted_roles=%SQL",
    "/role copy Clerk to Fresh",
    "/app /csp/user timeout=600 auth=+unauthenticated",
    "/app /csp/user roles=+%SQL",
    "/resource %DB_USER public=R",
    "/service %Service_Terminal disable",
    "/denied enable",
]


async def shown_and_run(
    line: str, tmp_path: Path, prepare: Callable[[Desk], object]
) -> tuple[Log, Log, dict[str, Any]]:
    """What the product sent after the yes, what the shown Python sends to an equal instance, and the code."""
    ran, replayed = Log(), Log()
    async with AsyncExitStack() as stack:
        at = await stack.enter_async_context(desk(tmp_path / "one", through=ran.watching))
        other = await stack.enter_async_context(desk(tmp_path / "two", through=replayed.watching))
        for each in (at, other):
            made = prepare(each)
            if asyncio.iscoroutine(made):
                await made
        plan = await at.plan(line)
        ran.calls.clear()
        await at.yes(plan)
        replayed.calls.clear()
        await asyncio.to_thread(replay, plan.calls["Python"], other.served.server.port)
        return ran, replayed, dict(plan.calls)


@pytest.mark.parametrize("line", CHANGES)
async def test_the_shown_calls_are_those_that_run(line: str, tmp_path: Path) -> None:
    def prepare(at: Desk) -> None:
        if line.startswith("/enable"):
            at.user("bob").enabled = False

    ran, replayed, code = await shown_and_run(line, tmp_path, prepare)
    assert ran.calls
    assert replayed.calls == ran.calls
    assert members(code["ObjectScript"]) == members_of_python(code["Python"])
    assert ("Modify" in str(code)) is ("Modify" in str(ran.calls))


async def test_with_the_helper_its_call_is_shown(tmp_path: Path) -> None:
    async def install(at: Desk) -> None:
        await at.do("/helper install")

    line = "/role Clerk privileges=%DB_USER:RW granted_roles=%Developer"
    ran, replayed, code = await shown_and_run(line, tmp_path, install)
    assert [call[:2] for call in ran.calls] == [(HELPER, "ModifySecurity")]
    assert replayed.calls == ran.calls
    assert any("##class(ZIrisOps.Helper).ModifySecurity(" in each for each in code["ObjectScript"])
