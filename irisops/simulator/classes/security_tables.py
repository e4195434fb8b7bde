"""The tables of Security.*: readable by SQL before 2025.2, with %All alone since (facts: iris-security 4.3, 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.sql_access import require_security_table

Getter = Callable[[Any], object]


def project(cls: ClassDef, records: str, getters: Mapping[str, Getter]) -> None:
    """Give a class its table: one row per record of the world's mapping `records`, a column per getter."""
    schema, _, name = cls.name.rpartition(".")

    def rows(job: Job, names: Sequence[str]) -> Iterable[Sequence[object]]:
        chosen = [getters[each] for each in names]
        # An empty property is projected as NULL.
        return [
            tuple(None if (value := getter(record)) == "" else value for getter in chosen)
            for record in getattr(job.world, records).values()
        ]

    cls.table = TableProjection(
        tuple(column(each, exact=each == "ID", precision=2048) for each in getters),
        rows,
        lambda job: job.world.revision(records),
        lambda job, action: require_security_table(job, schema, name, action),
        refusal=f"{cls.name} cannot be changed by SQL; use its methods",
    )
