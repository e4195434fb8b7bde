"""sqlalchemy-iris and sqlalchemy-intersystems-iris: connect, query, reflect, set the isolation level, fail a login."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run

sa: Any = import_module("sqlalchemy")


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    def engine(password: str) -> Any:
        return sa.create_engine(
            sa.URL.create(
                "iris",
                username=server.user,
                password=password,
                host="127.0.0.1",
                port=server.port,
                database=server.namespace,
            )
        )

    good = engine(server.password)

    def rows(sql: str, **values: Any) -> list[list[Any]]:
        with good.connect() as connection:
            return [list(row) for row in connection.execute(sa.text(sql), values)]

    def reflected() -> Any:
        table = sa.Table("Roles", sa.MetaData(), autoload_with=good, schema="Security")
        query = sa.select(table.c.Name).where(table.c.Name.like("%Man%")).order_by(table.c.Name).limit(1)
        with good.connect() as connection:
            return [column.name for column in table.columns], connection.execute(query).scalar()

    def isolation() -> Any:
        found = []
        for level in ("READ COMMITTED", "READ VERIFIED", "READ UNCOMMITTED"):
            with good.connect().execution_options(isolation_level=level) as connection:
                found.append(connection.get_isolation_level())
        return found

    def role() -> Any:
        with good.connect() as connection:
            connection.exec_driver_sql("CREATE ROLE irisops_probe")
            made = rows("SELECT Name FROM Security.Roles WHERE Name = :name", name="irisops_probe")
            connection.exec_driver_sql("DROP ROLE irisops_probe")
        return made, rows("SELECT Name FROM Security.Roles WHERE Name = :name", name="irisops_probe")

    inspector: Callable[[], Any] = lambda: sa.inspect(good)  # noqa: E731 - made when first asked
    return {
        "list": lambda: rows("SELECT Name, Enabled FROM Security.Users_List('_SYSTEM')"),
        "query": lambda: rows("SELECT Name FROM Security.Users WHERE Name = :name", name="_SYSTEM"),
        "schemas": lambda: inspector().get_schema_names(),
        "tables": lambda: inspector().get_table_names("Security"),
        "keys": lambda: inspector().get_foreign_keys("Roles", "Security"),
        "reflected": reflected,
        "isolation": isolation,
        "role": role,
        "unknown table": lambda: rows("SELECT x FROM Nix.Such"),
        "failed login": lambda: engine("wrong").connect(),
    }


if __name__ == "__main__":
    run(probe)
