"""Initial content of the namespaces: tables of the instance's users.

These rows start the tables that SQL can change (`irisops.simulator.sql.stored`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Cell = int | str


@dataclass(frozen=True, slots=True)
class UserIndex:
    """An index of a class. `type` is as in the class dictionary; `origin` the superclass that it comes from."""

    name: str
    fields: tuple[str, ...]
    type: str = "index"
    origin: str = ""


@dataclass(frozen=True, slots=True)
class IndexFault:
    """What is wrong with an index: rows without their entry, and entries (value, row) that no row has any more."""

    missing: tuple[int, ...] = ()
    stale: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class UserTable:
    """A persistent class in one namespace. `kinds` are the class types by column; the first column is the RowID.

    `stored` is the global without D and I, where it is not that of the class: a subclass shares its superclass's.
    `mapped` is the global of its SQL map, for a class of %Storage.SQL; `columnar` that of columns stored as such.
    """

    namespace: str
    schema: str
    name: str
    kinds: dict[str, str]
    rows: Sequence[Sequence[Cell]]
    indexes: tuple[UserIndex, ...] = ()
    faults: Mapping[str, IndexFault] = field(default_factory=dict, hash=False)
    stored: str = ""
    mapped: str = ""
    columnar: str = ""


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

EVENTS = UserTable(
    "USER",
    "Ens_Util",
    "Log",
    {
        "ID": "%Integer",
        "TimeLogged": "%String",
        "Type": "%Integer",
        "ConfigName": "%String",
        "Text": "%String",
    },
    tuple(
        (
            number,
            f"2026-11-2{number % 9} 0{number % 8}:1{number % 6}:00",
            4 - 2 * (number % 7 == 0),
            name,
            text,
        )
        for number, (name, text) in enumerate(
            (("Lab.Orders", "ConnectionOpened"), ("Ward.Letters", "Sent"), ("Lab.Results", "Received")) * 14,
            1,
        )
    ),
    # UNVERIFIED: the names of its indexes. Settle: SELECT Name FROM %Dictionary.CompiledIndex WHERE
    # parent='Ens.Util.Log' in a namespace with productions.
    (
        UserIndex("ConfigName", ("ConfigName",)),
        UserIndex("TimeLogged", ("TimeLogged",)),
        UserIndex("TypeMap", ("Type",), "bitmap"),
    ),
    {"ConfigName": IndexFault((5, 17, 23), (("Lab.Retired", 3),))},
)
"""The event log of a production (facts: iris-operations 9), with one index that somebody has damaged."""
_THING = UserTable(
    "USER",
    "Shop",
    "Thing",
    {"ID": "%Integer", "Name": "%String"},
    ((1, "Lamp"), (2, "Kite"), (3, "Saw")),
    (UserIndex("NameIdx", ("Name",)), UserIndex("NameWords", ("Name",), "functional")),
    {"NameWords": IndexFault((2,))},
)
_INHERITED = (UserIndex("NameIdx", ("Name",), origin="Shop.Thing"),)
THINGS = (
    _THING,
    *(
        UserTable(
            "USER", "Shop", name, {**_THING.kinds, "Use": "%String"}, rows, _INHERITED, stored="^Shop.Thing"
        )
        for name, rows in (("Toy", ((2, "Kite", "wind"),)), ("Tool", ((3, "Saw", "wood"),)))
    ),
)
"""Three classes in one global (facts: iris-operations 3): the extent of a class holds the rows of its subclasses.

One index is of a kind that nobody says to be validated, and is damaged.
"""
