"""pandas over sqlalchemy-iris: a frame into a table and back."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run

sa: Any = import_module("sqlalchemy")
pandas: Any = import_module("pandas")


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    url = sa.URL.create(
        "iris",
        username=server.user,
        password=server.password,
        host="127.0.0.1",
        port=server.port,
        database="USER",
    )
    engine = sa.create_engine(url)
    frame = pandas.DataFrame(
        {
            "name": ["Ito", "Lund", None],
            "age": [68, 36, 55],
            "weight": [70.5, 61.25, 80.0],
            "seen": pandas.to_datetime(["2026-01-02 03:04:05", "2026-02-03 00:00:00", "2026-03-04 23:59:59"]),
        }
    )

    def written() -> Any:
        frame.to_sql("probe_frame", engine, if_exists="replace", index=False)
        return frame.to_sql("probe_frame", engine, if_exists="append", index=False)

    def read() -> Any:
        back = pandas.read_sql("SELECT * FROM probe_frame ORDER BY age, name", engine)
        return len(back), list(back.columns), back["weight"].sum(), str(back["seen"].max())

    def dropped() -> Any:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE probe_frame"))
        return sa.inspect(engine).has_table("probe_frame")

    return {"written": written, "read": read, "dropped": dropped}


if __name__ == "__main__":
    run(probe)
