"""iris-global-reference: globals as Python mappings, over the Native SDK."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run

iris: Any = import_module("iris")


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    connection = iris.connect("127.0.0.1", server.port, server.namespace, server.user, server.password)
    node = import_module("iris_global.reference").GlobalReference("^irisopsProbe", connection)

    def filled() -> Any:
        node.set(("a", 1), "v")
        node.set(("a", 2), "w")
        return node.get(("a", 1)), node.data("a"), node.next(("a", 1))

    def transaction() -> Any:
        with node.transaction():
            node.set(("t",), 1)
        return node.get(("t",))

    def killed() -> Any:
        node.kill()
        return node.data()

    return {
        "filled": filled,
        "dict": node.to_dict,
        "transaction": transaction,
        "killed": killed,
        "failed login": lambda: iris.connect(
            "127.0.0.1", server.port, server.namespace, server.user, "wrong"
        ),
    }


if __name__ == "__main__":
    run(probe)
