"""django-iris: the database backend of Django, without a project."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    def database(password: str) -> dict[str, Any]:
        return {
            "ENGINE": "django_iris",
            "NAME": server.namespace,
            "USER": server.user,
            "PASSWORD": password,
            "HOST": "127.0.0.1",
            "PORT": server.port,
        }

    import_module("django.conf").settings.configure(
        DATABASES={"default": database(server.password), "wrong": database("wrong")}
    )
    import_module("django").setup()
    connections = import_module("django.db").connections

    def rows(sql: str, values: list[Any] | None = None) -> Any:
        with connections["default"].cursor() as cursor:
            cursor.execute(sql, values)
            return [list(row) for row in cursor.fetchall()]

    def tables() -> Any:
        connection = connections["default"]
        with connection.cursor() as cursor:
            return [info.name for info in connection.introspection.get_table_list(cursor)]

    return {
        "query": lambda: rows("SELECT Name, Enabled FROM Security.Users WHERE Name = %s", ["_SYSTEM"]),
        "tables": tables,
        "unknown table": lambda: rows("SELECT x FROM Nix.Such"),
        "failed login": connections["wrong"].ensure_connection,
    }


if __name__ == "__main__":
    run(probe)
