"""A small instance behind the wire for its tests: the classes, table and procedures of the captured exchanges.

It can only check the wire protocol; the real simulated instance is `irisops.simulator.runtime`.
"""

from __future__ import annotations

import queue
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from irisops.simulator.backend import (
    FAST_SELECT,
    Argument,
    ByRef,
    CallOutcome,
    Column,
    LoginRefusedError,
    LoginRequest,
    ObjectRef,
    Parameter,
    Prepared,
    SqlFailure,
    ThrownError,
    Value,
)
from irisops.simulator.wire.collation import sort_key
from irisops.simulator.wire.listitem import pack_list

T = TypeVar("T")

INFO = "IRIS for UNIX (stand-in) 2025.1"
JOB = 139728823944896

ID, NAME = Column("id", 4), Column("name", 12)

TYPED: dict[str, Value] = {
    "text": "plain",
    "latin": "zo\u00eb",
    "unicode": "\u65e5\u672c \U0001f600",
    "empty": "",
    "null": None,
    "small": 7,
    "byte": 255,
    "edge": 128,
    "big": 2**63 - 1,
    "beyond": 2**63,
    "negative": -256,
    "lowest": -(2**63),
    "decimal": Decimal("1.25"),
    "minus_decimal": Decimal("-12345.678"),
    "double": 1.5,
    "bytes": b"\x00\x01\xff",
    "long": "x" * 300,
    "longer": "y" * 70_000,
}
"""What `Demo.Util.Typed(name)` returns."""


def _foreign() -> Value:
    return object()  # type: ignore[return-value]


def _bug() -> Value:
    raise ZeroDivisionError("a bug in the instance")


_UTIL: dict[str, Callable[..., Value]] = {
    "Add": lambda *numbers: sum(numbers),
    "Echo": lambda value: value,
    "Typed": lambda name: TYPED[name],
    "Packed": lambda: pack_list(["a", 5, "", "\u65e5"]),
    "Long": lambda size, *_padding: "z" * size,
    "Bug": _bug,
    "Foreign": _foreign,
}


def _split(args: Sequence[Argument]) -> Value:
    second = args[1]
    if isinstance(second, ByRef):
        second.value = "part2"
    return "part1"


@dataclass
class Recorder:
    """Events that the wire protocol reported to the backend."""

    logins: list[LoginRequest] = field(default_factory=list)
    closed: queue.Queue[tuple[int, bool]] = field(default_factory=queue.Queue)
    released: list[int] = field(default_factory=list)
    autocommit: list[bool] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    updates: list[tuple[str, list[Value]]] = field(default_factory=list)
    queries: list[tuple[str, list[Value], int]] = field(default_factory=list)
    calls: list[tuple[str, str, list[Value]]] = field(default_factory=list)
    parameters: list[list[Parameter]] = field(default_factory=list)


class FakeBackend:
    """Admits anybody whose password is `SYS`, and answers for `Demo.*`."""

    def __init__(self, *, recording: bool = True) -> None:
        self.seen = Recorder()
        self._recording = recording
        self.people: list[list[Value]] = [[1, "ann"], [2, "bob"], [3, "zo\u00eb"]]
        self.results: dict[str, tuple[list[Column], list[list[Value]]]] = {}
        self.next_job = JOB
        self.feature_options = FAST_SELECT

    def note(self, log: list[T], entry: T) -> None:
        """Record a request, unless this instance is to run for long."""
        if self._recording:
            log.append(entry)

    def login(self, request: LoginRequest) -> FakeSession:
        self.note(self.seen.logins, request)
        if request.username == "silent":
            raise LoginRefusedError(None)
        if request.username == "broken":
            raise ZeroDivisionError("a bug in the login")
        if request.password not in ("SYS", "p\u00e4ss", "\u043f\u0430\u0440\u043e\u043b\u044c"):
            raise LoginRefusedError("Access Denied")
        session = FakeSession(self, self.next_job)
        self.next_job += 1
        return session

    def left(self, job_number: int, *, clean: bool) -> None:
        """A connection ended."""
        if self._recording:
            self.seen.closed.put((job_number, clean))


class FakeSession:
    """One connection."""

    info = INFO

    def __init__(self, backend: FakeBackend, job_number: int) -> None:
        self.job_number = job_number
        self._backend = backend
        self._objects: dict[int, dict[str, Value]] = {}
        self._globals: dict[tuple[str, ...], Value] = {}
        self._level = 0
        self._last_object = 0

    # --- classes and objects ----------------------------------------------------------------------------------------

    def class_method(self, class_name: str, method: str, args: Sequence[Argument]) -> Value:
        plain = [arg.value if isinstance(arg, ByRef) else arg for arg in args]
        self._backend.note(self._backend.seen.calls, (class_name, method, plain))
        if class_name == "Demo.Person":
            return self._new(method, plain)
        if class_name != "Demo.Util":
            raise ThrownError(f"<CLASS DOES NOT EXIST> *{class_name}")
        if method == "Split":
            return _split(args)
        if method not in _UTIL:
            raise ThrownError(f"<METHOD DOES NOT EXIST> *{method},{class_name}")
        return _UTIL[method](*plain)

    def _new(self, method: str, args: Sequence[Value]) -> Value:
        if method not in ("%New", "%OpenId"):
            raise ThrownError(f"<METHOD DOES NOT EXIST> *{method},Demo.Person")
        self._last_object += 1
        number = self._last_object
        self._objects[number] = {"Name": args[0] if args else "", "Age": 0}
        return ObjectRef(number, "Demo.Person")

    def get_property(self, oref: int, name: str) -> Value:
        try:
            return self._objects[oref][name]
        except KeyError:
            raise ThrownError(f"<PROPERTY DOES NOT EXIST> *{name},Demo.Person") from None

    def set_property(self, oref: int, name: str, value: Value) -> None:
        if name not in self._objects[oref]:
            raise ThrownError(f"<PROPERTY DOES NOT EXIST> *{name},Demo.Person")
        self._objects[oref][name] = value

    def invoke(self, oref: int, method: str, args: Sequence[Argument]) -> Value:
        person = self._objects[oref]
        if method == "Greet":
            return f"hello {args[0]!s} from {person['Name']!s}"
        if method == "Birthday":
            person["Age"] = int(str(person["Age"])) + 1
            return None
        if method == "Swap":
            first, second = args
            assert isinstance(first, ByRef)
            assert isinstance(second, ByRef)
            first.value, second.value = second.value, first.value
            return 1
        raise ThrownError(f"<METHOD DOES NOT EXIST> *{method},Demo.Person")

    def function(self, label: str, routine: str, args: Sequence[Argument]) -> Value:
        plain = [arg.value if isinstance(arg, ByRef) else arg for arg in args]
        self._backend.note(self._backend.seen.calls, (label, routine, plain))
        if routine != "DemoRoutine":
            raise ThrownError(f"<NOROUTINE> *{routine}")
        return f"{label}:{plain[0]!s}"

    def release(self, orefs: Sequence[int]) -> None:
        for oref in orefs:
            self._backend.note(self._backend.seen.released, oref)
            self._objects.pop(oref, None)

    # --- SQL --------------------------------------------------------------------------------------------------------

    def prepare(self, sql: str, parameters: Sequence[Parameter]) -> Prepared:
        self._backend.note(self._backend.seen.parameters, list(parameters))
        count = len(parameters)
        if sql in self._backend.results:
            return Prepared(sql, parameters, self._backend.results[sql][0], count)
        if "Nope" in sql:
            raise SqlFailure(-30, "no such table: Nope")
        if failing := re.search(r"fail_(\d+)", sql):
            raise SqlFailure(-int(failing[1]), "on purpose")
        if sql.startswith(("SELECT id , name", "SELECT late")):
            return Prepared(sql, parameters, [ID, NAME], count)
        if sql.startswith("SELECT id FROM"):
            return Prepared(sql, parameters, [ID], count)
        if sql.startswith("SELECT"):
            return Prepared(sql, parameters, [Column("value", 12)], count)
        return Prepared(sql, parameters, None, count)

    def query(self, prepared: Prepared, values: Sequence[Value], max_rows: int) -> Sequence[Sequence[Value]]:
        self._backend.note(self._backend.seen.queries, (prepared.sql, list(values), max_rows))
        if prepared.sql in self._backend.results:
            return self._backend.results[prepared.sql][1]
        if prepared.sql.startswith("SELECT late"):
            raise SqlFailure(-400, "found out late")
        if prepared.sql.startswith("SELECT id , name FROM Person WHERE id >"):
            return [row for row in self._backend.people if row[1] != values[1]]
        if prepared.sql.startswith("SELECT id , name"):
            return self._backend.people
        if prepared.sql.startswith("SELECT id FROM"):
            return [[1]]
        return [[value] for value in values]

    def update(self, prepared: Prepared, values: Sequence[Value]) -> int:
        self._backend.note(self._backend.seen.updates, (prepared.sql, list(values)))
        if "DUPLICATE" in [str(value) for value in values]:
            raise SqlFailure(-119, "not unique")
        if prepared.sql.startswith("DELETE"):
            raise SqlFailure(100, "")
        return 1

    def prepare_call(self, text: str) -> Prepared:
        count = text.count(":%qpar(")
        if "ByName" in text:
            return Prepared(text, (), [ID, NAME], count)
        if "Swap" in text:
            return Prepared(text, (), None, count)
        raise SqlFailure(-428, f"no procedure {text}")

    def call(self, prepared: Prepared, values: Sequence[Value]) -> CallOutcome:
        if "ByName" in prepared.sql:
            return CallOutcome(values, [[0, "n0"]])
        return CallOutcome(list(reversed(values)), None)

    # --- globals ----------------------------------------------------------------------------------------------------

    def global_operation(
        self, operation: str, name: str, subscripts: Sequence[Value], rest: Sequence[Value]
    ) -> list[Value]:
        node = (name, *map(str, subscripts))
        reply: list[Value] = []
        if operation == "get":
            reply = [self._globals.get(node)]
        elif operation == "set":
            self._globals[node] = rest[0]
        elif operation == "kill":
            for key in [key for key in self._globals if key[: len(node)] == node]:
                del self._globals[key]
        elif operation == "increment":
            reply = [int(str(self._globals.get(node, 0))) + int(str(rest[0]))]
            self._globals[node] = reply[0]
        elif operation == "defined":
            below = any(key[: len(node)] == node and len(key) > len(node) for key in self._globals)
            reply = [(10 if below else 0) + (1 if node in self._globals else 0)]
        elif operation == "order":
            reply = self._order(node, rest)
        elif operation == "lock":
            reply = [1]
        elif operation == "tlevel":
            reply = [self._level]
        elif operation in ("tstart", "tcommit", "trollback", "trollback_one"):
            self._level = self._level + 1 if operation == "tstart" else max(0, self._level - 1)
        return reply

    def _order(self, node: tuple[str, ...], rest: Sequence[Value]) -> list[Value]:
        mode = int(str(rest[0]))
        above, start = node[:-1], node[-1]
        keys = sorted(
            {
                key[len(above)]
                for key in self._globals
                if key[: len(above)] == above and len(key) > len(above)
            },
            key=sort_key,
        )
        backwards = bool(mode & 4)
        if start:
            keys = [
                k
                for k in keys
                if (sort_key(k) < sort_key(start) if backwards else sort_key(k) > sort_key(start))
            ]
        if mode & 8:
            stop = str(rest[1])
            keys = [
                k
                for k in keys
                if (sort_key(k) >= sort_key(stop) if backwards else sort_key(k) <= sort_key(stop))
            ]
        if not keys:
            return [""]
        found = keys[-1] if backwards else keys[0]
        return [found, self._globals.get((*above, found))]

    # --- the session ------------------------------------------------------------------------------------------------

    def set_autocommit(self, *, on: bool) -> None:
        self._backend.note(self._backend.seen.autocommit, on)

    def commit(self) -> None:
        self._backend.note(self._backend.seen.ended, "commit")

    def rollback(self) -> None:
        self._backend.note(self._backend.seen.ended, "rollback")

    def close(self, *, clean: bool) -> None:
        self._backend.left(self.job_number, clean=clean)
