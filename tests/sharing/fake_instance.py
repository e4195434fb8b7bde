"""An instance with what sharing needs, kept in a file so that several processes share it.

It knows only the calls that are documented, and fails loudly at any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from irisops.instance.calls import (
    Answer,
    Call,
    ClassMethod,
    ClassQuery,
    Function,
    ObjectCall,
    Query,
    Rows,
    Update,
)
from irisops.instance.capabilities import Capabilities
from irisops.instance.connection import Target
from irisops.instance.errors import InstanceError, InstanceProblem, LoginRefused, Unreachable
from irisops.instance.models import SystemInfo
from irisops.instance.web import WebAddress

PASSWORD = "canary-admin-password-91"
OWN_PID = 4711


def fresh(path: Path) -> Path:
    """A new instance in the file `path`."""
    path.write_text(
        json.dumps(
            {
                "up": True,
                "users": {"_SYSTEM": ["%All"], "appuser": ["%SQL"], "Admin": ["%Manager"]},
                "roles": ["%All", "%SQL", "%Manager"],
                "created": {},
                "grants": [],
                "processes": [],
                "sessions": [],
                "fail": "",
                "logins": 0,
                "open": 0,
            }
        )
    )
    return path


def status(code: int, parameter: str) -> str:
    """An error status: "0 " and a $LIST that holds the $LIST of one error."""
    number = code.to_bytes(2, "little").decode("latin-1")
    error = f"\x04\x04{number}{chr(len(parameter) + 2)}\x01{parameter}"
    return f"0 {chr(len(error) + 2)}\x01{error}"


class FakeInstance:
    """One login. `State` of the instance is read and written at each call."""

    def __init__(self, path: Path, target: Target) -> None:
        self.path = path
        self.target = target
        self._in = False
        self.capabilities = Capabilities()
        self.web: WebAddress | None = None

    @property
    def info(self) -> SystemInfo | None:
        return SystemInfo("", "IRIS", "2025.2", "", "", self.target.namespace, OWN_PID, None, None)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text())
        return found

    def change(self, edit: Callable[[dict[str, Any]], None]) -> None:
        state = self.state()
        edit(state)
        self.path.write_text(json.dumps(state))

    async def connect(self, password: str) -> SystemInfo:
        if not self.state()["up"]:
            raise Unreachable("Nothing listens on that host and port.")
        if password != PASSWORD:
            raise LoginRefused("The instance refused user or password.")
        self._in = True
        self.change(lambda state: state.update(logins=state["logins"] + 1, open=state["open"] + 1))
        assert self.info is not None
        return self.info

    async def disconnect(self) -> None:
        if self._in:
            self._in = False
            self.change(lambda state: state.update(open=state["open"] - 1))

    async def batch(
        self, calls: Sequence[Call], *, deadline: float | None = None
    ) -> list[Answer | Exception]:
        answers: list[Answer | Exception] = []
        for call in calls:
            try:
                answers.append(await self.call(call))
            except InstanceProblem as problem:
                answers.append(problem)
        return answers

    async def call(self, call: Call, *, deadline: float | None = None) -> Answer:
        assert self._in, "not logged in"
        match call:
            case Query(sql):
                return Answer(rows=self._query(sql))
            case Update(sql):
                self._update(sql)
                return Answer()
            case ClassMethod(class_name, method, args):
                assert self.target.namespace == "%SYS"
                return Answer(value=self._method(f"{class_name}.{method}", args))
            case ClassQuery("%CSP.Session:SessionInfo"):
                rows = [(s["id"], s["user"], "/csp/user/") for s in self.state()["sessions"]]
                return Answer(rows=Rows(("ID", "Username", "Application"), list(rows)))
            case Function("DeleteSession", "%SYS.cspServer", (session,)):
                self.change(
                    lambda state: state.update(sessions=[s for s in state["sessions"] if s["id"] != session])
                )
                return Answer(value=1)
            case ObjectCall() | _:
                raise AssertionError(f"an undocumented call: {call}")

    def _query(self, sql: str) -> Rows:
        state = self.state()
        if "Users_List" in sql:
            return Rows(("Name", "Roles"), [(name, ",".join(r)) for name, r in state["users"].items()])
        if "Roles_List" in sql:
            return Rows(("Name",), [(name,) for name in state["roles"]])
        if "Resources_List" in sql:
            return Rows(("Name",), [("%DB_USER",), ("%DB_IRISSYS",), ("%Service_SQL",)])
        if "Namespaces_List" in sql:
            return Rows(
                ("Nsp", "Globals", "Routines"), [("%SYS", "IRISSYS", "IRISSYS"), ("USER", "USER", "USER")]
            )
        if "INFORMATION_SCHEMA.TABLES" in sql:
            assert self.target.namespace == "USER"
            return Rows(("TABLE_SCHEMA",), [("SQLUser",), ("%Dictionary",), ("INFORMATION_SCHEMA",)])
        if "%SYS.ProcessQuery" in sql:
            names = ("Pid", "UserName", "JobNumber", "NameSpace", "Routine", "CommandsExecuted")
            return Rows(names, [(p["pid"], p["user"], 1, "USER", "x", 5) for p in state["processes"]])
        raise InstanceError(f"SQLCODE: <-30>: no {sql}", code=-30, detail="SQLCODE: <-30>")

    def _update(self, sql: str) -> None:
        found = re.fullmatch(r'(GRANT|REVOKE) ([A-Z, ]+) ON SCHEMA ("[^"]+") (?:TO|FROM) ("[^"]+")', sql)
        assert found, sql
        grant = f"{found[2]} {found[3]} {found[4]} @{self.target.namespace}"

        def edit(state: dict[str, Any]) -> None:
            if found[1] == "GRANT":
                state["grants"].append(grant)
            elif grant in state["grants"]:
                state["grants"].remove(grant)

        self.change(edit)

    def _method(self, name: str, args: tuple[Any, ...]) -> Any:
        state = self.state()
        if state["fail"] and name.startswith(state["fail"]):
            return status(921, "%Admin_Secure:U")
        match name:
            case "Security.Roles.Create":
                self.change(lambda s: s["roles"].append(args[0]))
                self.change(lambda s: s["created"].update({args[0]: args[2]}))
            case "Security.Users.Create":
                assert args[7] == 0, "ChangePassword"
                assert args[8] == 1, "Enabled"
                assert args[1] in state["roles"]
                self.change(lambda s: s["users"].update({args[0]: [args[1]]}))
            case "Security.Users.Delete" if args[0] in state["users"]:
                self.change(lambda s: s["users"].pop(args[0]))
            case "Security.Roles.Delete" if args[0] in state["roles"]:
                self.change(lambda s: s["roles"].remove(args[0]))
                self.change(lambda s: s["created"].pop(args[0], None))
            case "Security.Users.Exists" | "Security.Roles.Exists":
                return int(args[0] in state["users" if "Users" in name else "roles"])
            case "%SYSTEM.Security.Check":
                return 1
            case "%SYSTEM.Process.Terminate":
                (pid,) = args
                assert pid != OWN_PID
                self.change(lambda s: s.update(processes=[p for p in s["processes"] if p["pid"] != pid]))
            case "Security.Users.Delete":
                return status(838, args[0])
            case "Security.Roles.Delete":
                return status(883, args[0])
            case _:
                raise AssertionError(f"an undocumented call: {name}{args}")
        return 1


class FakeConnector:
    """The product's connector, for the instance in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, target: Target) -> FakeInstance:
        return FakeInstance(self.path, target)

    def state(self) -> dict[str, Any]:
        """The instance's state without the counters of logins."""
        found: dict[str, Any] = json.loads(self.path.read_text())
        found.pop("logins")
        return found

    def edit(self, **values: object) -> None:
        """Change the state from outside."""
        found = json.loads(self.path.read_text())
        found.update(values)
        self.path.write_text(json.dumps(found))
