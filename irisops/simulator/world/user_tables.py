"""Initial content of the namespaces: tables of the instance's users.

These rows start the tables that SQL can change (`irisops.simulator.sql.stored`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Cell = int | str


@dataclass(frozen=True, slots=True)
class UserTable:
    """A persistent class in one namespace. `kinds` are the class types by column; the first column is the RowID."""

    namespace: str
    schema: str
    name: str
    kinds: dict[str, str]
    rows: Sequence[Sequence[Cell]]


PATIENTS = UserTable(
    "USER",
    "Clinic",
    "Patient",
    {"ID": "%Integer", "Name": "%String", "Born": "%Integer", "Ward": "%String"},
    (
        (1, "Abel Ito", 1958, "Cardiology"),
        (2, "Berta Lund", 1990, "Surgery"),
        (3, "Caro Diaz", 1971, "Cardiology"),
        (4, "Dewi Hughes", 2004, "Emergency"),
    ),
)
VISITS = UserTable(
    "USER",
    "Clinic",
    "Visit",
    {"ID": "%Integer", "Patient": "%Integer", "Reason": "%String"},
    ((1, 1, "Check of the valve"), (2, 4, "Broken wrist"), (3, 3, "Blood pressure")),
)
CLINIC = (PATIENTS, VISITS)
"""Invented people."""
