"""iristool: pandas frames out of SQL and INFORMATION_SCHEMA."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run

tool: Any = import_module("iristool").IRIStool


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    def connect(password: str) -> Any:
        return tool("127.0.0.1", server.port, server.namespace, server.user, password)

    def rows(frame: Any) -> Any:
        return frame.values.tolist()

    client = connect(server.password)
    query = "SELECT Name, Enabled FROM Security.Users WHERE Name = ?"
    return {
        "query": lambda: rows(client.fetch(query, ["_SYSTEM"])),
        "exists": lambda: [client.table_exists(name, "Security") for name in ("Users", "Nix")],
        "described": lambda: [
            column["COLUMN_NAME"] for column in client.describe_table("Roles", "Security")["columns"]
        ],
        "tables": lambda: rows(client.show_namespace_tables(table_schema="Security")),
        "views": lambda: client.views_using_table("Users", "Security"),
        "references": lambda: len(client.get_reference_to_this_table("Users", "Security")),
        "unknown table": lambda: client.fetch("SELECT x FROM Nix.Such"),
        "failed login": lambda: connect("wrong"),
    }


if __name__ == "__main__":
    run(probe)
