"""Namespaces and the databases behind them (facts: iris-operations 7.2, iris-config-as-text 5.3)."""

from __future__ import annotations

from dataclasses import dataclass

from irisops.instance.calls import Query, Rows
from irisops.instance.class_queries import read_rows
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.routes import Instance, answer_by
from irisops.instance.values import Row, as_text


@dataclass(frozen=True, slots=True)
class NamespaceState:
    """A namespace with the databases of its data and code; "" where this account is not told."""

    name: str
    data: str = ""
    code: str = ""

    def uses(self, database: str) -> bool:
        """True if its data or code is known to be in this database."""
        return database.casefold() in (self.data.casefold(), self.code.casefold())


UNTOLD = "The databases of the namespaces cannot be read: the list tells names alone."
"""Said where no namespace has a database that is told."""


async def read_namespaces(instance: Instance) -> list[NamespaceState]:
    """All namespaces by name: of the table, else of the list, which may tell names alone. Raises the named problem.

    The table may have rows of several CPFs, and which one is active it does not tell (facts: iris-config-as-text 5.3):
    a database that they name differently is not told.
    """
    try:
        answer = await answer_by(instance, "config.Namespaces", Query("SELECT * FROM Config.Namespaces"))
        rows: list[Row] = list(answer.rows.dicts()) if answer.rows else []
    except Unreachable:
        raise
    except InstanceProblem:
        rows = _named(await read_rows(instance, "namespaces.list"))
    found: dict[str, NamespaceState] = {}
    for row in rows:
        told = NamespaceState(
            as_text(row.get("name")), as_text(row.get("globals")), as_text(row.get("routines"))
        )
        known = found.setdefault(told.name.casefold(), told)
        found[told.name.casefold()] = NamespaceState(
            known.name, _agreed(known.data, told.data), _agreed(known.code, told.code)
        )
    return [found[key] for key in sorted(found) if key]


def _agreed(one: str, other: str) -> str:
    return one if one.casefold() == other.casefold() else ""


def _named(rows: Rows) -> list[Row]:
    """Rows of the list, whose first column is the name (facts: iris-license-sessions 5.2)."""
    return [{**row, "name": raw[0]} for raw, row in zip(rows.rows, rows.dicts(), strict=True)]
