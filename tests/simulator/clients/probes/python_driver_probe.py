"""The pure Python driver `intersystems_iris` that django-iris and older sqlalchemy-iris carry: native and DB-API."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run

driver: Any = import_module("intersystems_iris")


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    def connect(password: str) -> Any:
        return driver.connect("127.0.0.1", server.port, server.namespace, server.user, password)

    connection = connect(server.password)
    native = driver.createIRIS(connection)

    def node() -> Any:
        native.set("v", "irisopsProbe", 1, "a")
        native.set(2.5, "irisopsProbe", 1, "b")
        found = [
            native.get("irisopsProbe", 1, "a"),
            native.getFloat("irisopsProbe", 1, "b"),
            native.increment(3, "irisopsProbe", 2),
            native.isDefined("irisopsProbe"),
            [key for key, _ in native.iterator("irisopsProbe", 1)],
        ]
        native.kill("irisopsProbe")
        return [*found, native.isDefined("irisopsProbe")]

    def listed() -> Any:
        result = native.classMethodObject("%Library.ResultSet", "%New", "Security.Users:List")
        assert result.invoke("Execute", "_SYSTEM") == 1
        found = []
        while result.invokeInteger("Next"):
            found.append(result.invokeString("Get", "Name"))
        return found

    def reference() -> Any:
        old = driver.IRISReference("")
        outcome = native.classMethodValue("%SYSTEM.SQL.Util", "SetOption", "IsolationMode", 1, old)
        return outcome, old.getValue()

    def query() -> Any:
        cursor = connection.cursor()
        cursor.execute("SELECT Name, Enabled FROM Security.Users WHERE Name = ?", ["_SYSTEM"])
        return [list(row) for row in cursor.fetchall()]

    def levels() -> Any:
        native.tStart()
        inside = native.getTLevel()
        native.tRollback()
        return inside, native.getTLevel()

    return {
        "version": lambda: native.classMethodValue("%SYSTEM.Version", "GetVersion"),
        "global": node,
        "list": listed,
        "reference": reference,
        "query": query,
        "transaction": levels,
        "unknown class": lambda: native.classMethodValue("No.Such", "X"),
        "failed login": lambda: connect("wrong"),
    }


if __name__ == "__main__":
    run(probe)
