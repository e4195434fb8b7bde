"""An emulated instance without the wire protocol, and a client with its calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from irisops.simulator.backend import (
    Argument,
    BackendSession,
    ByRef,
    LoginRequest,
    ObjectRef,
    Parameter,
    SqlFailure,
    ThrownError,
    Value,
)
from irisops.simulator.classes import status
from irisops.simulator.runtime import Runtime
from irisops.simulator.world.clock import ManualClock
from irisops.simulator.world.model import LicenseKey, Permission, Role, User
from irisops.simulator.world.world import World

PASSWORD = "Secret-1"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Instance:
    """A fresh instance at a fixed moment, with a superuser `boss`."""

    def __init__(self, *doubts: str, version: tuple[int, int] = (2025, 2), units: int = 20) -> None:
        self.clock = ManualClock(START)
        self.world = World(self.clock, LicenseKey(units=units), 1, version)
        self.doubt(*doubts)
        self.runtime = Runtime(self.world)
        self.user("boss", "%All")
        self._port = 50000

    def doubt(self, *choices: str) -> None:
        """Do this in doubt, each NAME=VALUE."""
        self.world.doubts = self.world.doubts.choose(*choices)

    def user(self, name: str, *roles: str, **resources: str) -> User:
        """A user; `resources` (name without %, letters) come through a role of its own."""
        given = list(roles)
        if resources:
            letters = {"R": Permission.READ, "W": Permission.WRITE, "U": Permission.USE}
            role = Role(f"for {name}")
            for resource, text in resources.items():
                permission = Permission.NONE
                for letter in text:
                    permission |= letters[letter]
                role.resources[f"%{resource}"] = permission
            self.world.roles.add(role)
            given.append(role.name)
        return self.world.add_user(User(name, roles=given), PASSWORD)

    def login(
        self, name: str = "boss", namespace: str = "%SYS", password: str = PASSWORD, address: str = "10.0.0.1"
    ) -> Client:
        self._port += 1
        request = LoginRequest(namespace, name, password, "me", "host", "python", address, self._port)
        return Client(self.runtime.login(request))


class Client:
    """One connection."""

    def __init__(self, session: BackendSession) -> None:
        self.session = session

    def call(self, class_name: str, method: str, *args: Argument) -> Any:
        return self.session.class_method(class_name, method, args)

    def ok(self, class_name: str, method: str, *args: Argument) -> None:
        """Call a method that returns a %Status; it must be success."""
        outcome = self.call(class_name, method, *args)
        assert outcome == 1, status.error_text(outcome)

    def error(self, class_name: str, method: str, *args: Argument) -> str:
        """Call a method that returns a %Status; the text of its error."""
        outcome = self.call(class_name, method, *args)
        assert outcome != 1, "the call succeeded"
        return str(self.call("%SYSTEM.Status", "GetErrorText", outcome))

    def thrown(self, class_name: str, method: str, *args: Argument) -> str:
        try:
            self.call(class_name, method, *args)
        except ThrownError as error:
            return str(error)
        raise AssertionError("nothing was thrown")

    def reference(self, class_name: str, method: str, *args: Argument) -> Value:
        """Call with one more argument, by reference; what came back in it. The status must be success."""
        out = ByRef("")
        self.ok(class_name, method, *args, out)
        return out.value

    def open(self, class_name: str, key: str) -> Object:
        found = self.call(class_name, "%OpenId", key)
        assert isinstance(found, ObjectRef), f"{class_name} {key} does not exist"
        return Object(self, found)

    def rows(self, sql: str, *values: Value) -> list[dict[str, Any]]:
        """Rows of a SELECT by lower-case column name. `?` stands for values."""
        prepared = self.prepare(sql, len(values))
        assert prepared.columns is not None
        names = [column.name.lower() for column in prepared.columns]
        return [dict(zip(names, row, strict=True)) for row in self.session.query(prepared, list(values), 0)]

    def update(self, sql: str, *values: Value) -> int:
        """A statement other than a query, with its literals in the text."""
        return self.session.update(self.prepare(sql, len(values)), list(values))

    def prepare(self, sql: str, parameters: int = 0) -> Any:
        return self.session.prepare(sql, [Parameter("?", 0)] * parameters)

    def sqlcode(self, sql: str) -> int:
        """The SQLCODE with which the statement fails."""
        return self.failure(sql).sqlcode

    def failure(self, sql: str) -> SqlFailure:
        try:
            if sql.lstrip().upper().startswith("SELECT"):
                self.rows(sql)
            else:
                self.update(sql)
        except SqlFailure as error:
            return error
        raise AssertionError("the statement succeeded")

    def query(self, name: str, *args: Value) -> list[dict[str, Any]]:
        """Rows of a class query by %Library.ResultSet."""
        reference = self.call("%Library.ResultSet", "%New", name)
        assert isinstance(reference, ObjectRef)
        result = Object(self, reference)
        outcome = result.invoke("Execute", *args)
        assert outcome == 1, status.error_text(outcome)
        count = result.invoke("GetColumnCount")
        names = [str(result.invoke("GetColumnName", position)) for position in range(1, count + 1)]
        found: list[dict[str, Any]] = []
        while result.invoke("Next"):
            found.append({name: result.invoke("Get", name) for name in names})
        result.invoke("Close")
        return found


class Object:
    """A client's object reference."""

    def __init__(self, client: Client, reference: ObjectRef) -> None:
        self.client = client
        self.reference = reference

    def get(self, name: str) -> Any:
        return self.client.session.get_property(self.reference.number, name)

    def set(self, name: str, value: Value) -> None:
        self.client.session.set_property(self.reference.number, name, value)

    def invoke(self, method: str, *args: Argument) -> Any:
        return self.client.session.invoke(self.reference.number, method, args)

    def child(self, name: str) -> Object:
        found = self.get(name)
        assert isinstance(found, ObjectRef)
        return Object(self.client, found)

    def member(self, method: str, *args: Argument) -> Object:
        found = self.invoke(method, *args)
        assert isinstance(found, ObjectRef)
        return Object(self.client, found)

    def items(self) -> list[str]:
        """All elements, where this is a list."""
        return [self.invoke("GetAt", position) for position in range(1, self.invoke("Count") + 1)]

    def save(self) -> None:
        outcome = self.invoke("%Save")
        assert outcome == 1, status.error_text(outcome)

    def save_error(self) -> str:
        outcome = self.invoke("%Save")
        assert outcome != 1, "%Save succeeded"
        return status.error_text(outcome)


def names(rows: Sequence[dict[str, Any]], column: str = "name") -> set[str]:
    """One column of rows, as a set."""
    return {str(row[column]) for row in rows}
