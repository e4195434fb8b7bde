"""COUNT by an index that is damaged: what the index has, in place of what the data has (facts: iris-operations 4).

Only the one form by which a client compares an index with its data, `WHERE [%NOINDEX] field IS NOT NULL`.
"""

from __future__ import annotations

import re

from irisops.simulator.sql.catalog import Catalog

_NAME = r'(?:"[^"]+"|[\w%]+)'
_COUNT = re.compile(
    rf"SELECT COUNT ?\( ?\* ?\) FROM ({_NAME}) ?\. ?({_NAME}) WHERE (%NOINDEX )?({_NAME}) IS NOT NULL",  # noqa: S608 - a pattern
    re.IGNORECASE,
)


_COUNTED = ("index", "bitmap")
"""Kinds of indexes by which such a statement may be answered."""


def as_seen(sql: str, catalog: Catalog) -> str:
    """The statement that gives what this one would give by the index; other statements stay as they are."""
    found = _COUNT.fullmatch(" ".join(sql.split()))
    if found is None:
        return sql
    schema, name, by_data, field = found.groups()
    table = catalog.table(schema.strip('"'), name.strip('"'))
    if by_data or table is None or table.details is None:
        return sql
    row_id = next((column.name for column in table.columns if column.row_id), "")
    for index in table.details.indexes:
        fault = table.details.faults.get(index.name.upper())
        if (
            fault is not None
            and index.type in _COUNTED
            and index.columns[0][0].upper() == field.strip('"').upper()
        ):
            rows = ",".join(map(str, fault.missing)) or "-1"
            more = sql.replace("FROM", f"+ {len(fault.stale)} FROM", 1)
            return f'{more} AND "{row_id}" NOT IN ({rows})'
    return sql
