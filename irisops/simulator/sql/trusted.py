"""A catalog without privileges, for the query of a view and for a statement that reads no columns."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from irisops.simulator.sql.catalog import FunctionDef, Names, ProcedureDef, TableDef
from irisops.simulator.sql.statements import Action


class _Trusted:
    """A catalog without privileges and with its own default schema."""

    def __init__(self, catalog: Names, default_schema: str) -> None:
        self._catalog = catalog
        self.default_schema = default_schema

    def table(self, schema: str, name: str) -> TableDef | None:
        found = self._catalog.table(schema, name)
        return None if found is None else replace(found, authorize=_allowed)

    def procedure(self, schema: str, name: str) -> ProcedureDef | None:
        found = self._catalog.procedure(schema, name)
        return None if found is None else replace(found, authorize=_allowed)

    def function(self, schema: str, name: str) -> FunctionDef | None:
        found = self._catalog.function(schema, name)
        return None if found is None else replace(found, authorize=_allowed)

    @property
    def username(self) -> str:
        return self._catalog.username

    @property
    def namespace(self) -> str:
        return self._catalog.namespace

    @property
    def version(self) -> Hashable:
        return self._catalog.version


def _allowed(_action: Action) -> None:
    """Allow every action: the privilege on the view itself is enough."""


def trusted(catalog: Names, default_schema: str = "") -> Names:
    """The catalog without its privileges."""
    return _Trusted(catalog, default_schema or catalog.default_schema)
