"""iristool: pandas frames out of SQL and INFORMATION_SCHEMA."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run

tool: Any = import_module("iristool").IRIStool
pandas: Any = import_module("pandas")


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    def connect(password: str) -> Any:
        return tool("127.0.0.1", server.port, server.namespace, server.user, password)

    def rows(frame: Any) -> Any:
        return frame.values.tolist()

    client = connect(server.password)

    def tables() -> Any:
        """Its printing goes to standard output, where the answers go, too: they are the last line."""
        own = tool("127.0.0.1", server.port, "USER", server.user, server.password)
        frame = pandas.DataFrame({"id": [1, 2, 3], "name": ["Ito", "Lund", "Diaz"], "age": [68, 36, 55]})
        own.df_to_table(frame, "ToolPeople", primary_key="id", exist_ok=True, drop_if_exists=True)
        own.insert_many("ToolPeople", [{"id": 4, "name": "Cy", "age": 20}])
        own.update("ToolPeople", {"age": 21}, {"name": "Cy"})
        own.create_view("ToolYoung", "SELECT name FROM ToolPeople WHERE age < 40")
        young = sorted(name for (name,) in rows(own.fetch("SELECT * FROM ToolYoung")))
        views = own.views_using_table("ToolPeople", "SQLUser")
        own.drop_table("ToolPeople", drop_related_views=True)
        return young, views, own.table_exists("ToolPeople", "SQLUser")

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
        "own tables": tables,
        "unknown table": lambda: client.fetch("SELECT x FROM Nix.Such"),
        "failed login": lambda: connect("wrong"),
    }


if __name__ == "__main__":
    run(probe)
