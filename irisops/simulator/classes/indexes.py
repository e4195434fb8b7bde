"""Indexes of people's tables: in the class dictionary, and their validation (facts: iris-operations 1, 3).

Validating takes time in proportion to the rows, so that a client sees it go on. What a client cannot see (the array of
errors, what is written to the device) is noted loudly.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from irisops.simulator.backend import ByRef, ThrownError, Value
from irisops.simulator.classes import status
from irisops.simulator.classes.arrays import LocalArray
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.loading import OBJ
from irisops.simulator.classes.user_tables import JobTables, class_name
from irisops.simulator.classes.values import as_boolean, as_text
from irisops.simulator.doubts import DEVICE_OUTPUT, INDEX_ERRORS, INDEX_KINDS, INDEX_REFUSAL, INDEX_STATUS
from irisops.simulator.sql.definitions import IndexSpec
from irisops.simulator.sql.statements import Action
from irisops.simulator.sql.stored.table import StoredTable
from irisops.simulator.wire.listitem import decode

KNOWN_KINDS = frozenset({"index", "bitmap", "bitmapextent", "bitslice", "key"})

Row = dict[str, Value]


def stored_classes(job: Job) -> Iterator[tuple[str, StoredTable]]:
    """The classes of the tables in the job's namespace, by name of the class."""
    for table in JobTables(job).database.tables.values():
        yield class_name(table.spec.schema, table.spec.name), table


def _found(job: Job, name: str) -> StoredTable | None:
    return next((table for each, table in stored_classes(job) if each == name), None)


def _globals(name: str, table: StoredTable) -> tuple[str, str]:
    """The globals of data and indexes: those of a class, or the hashed ones of a table that SQL made."""
    if table.stored or table.owner == "_SYSTEM":
        stored = table.stored or f"^{name}"
        return f"{stored}D", f"{stored}I"
    digest = sha256(name.encode()).hexdigest()
    return f"^{digest[:4]}.{digest[4:8]}.1", ""


def class_rows(job: Job) -> Iterator[Row]:
    """Rows of `%Dictionary.CompiledClass` for the tables."""
    for name, table in stored_classes(job):
        yield {
            "ID": name,
            "Name": name,
            "Abstract": 0,
            "ClassType": "persistent",
            "Deployed": 0,
            "Deprecated": 0,
            "Hidden": 0,
            "Final": 0,
            "Owner": table.owner,
            "PrimarySuper": f"~{name}~%Library.Persistent~",
            "Super": "%Library.Persistent",
            "SqlSchemaName": table.spec.schema,
            "SqlTableName": table.spec.name,
            "System": 0,
        }


def storage_rows(job: Job) -> Iterator[Row]:
    """Rows of `%Dictionary.CompiledStorage`."""
    for name, table in stored_classes(job):
        data, index = _globals(name, table)
        yield {
            "ID": f"{name}||Default",
            "parent": name,
            "Name": "Default",
            "DataLocation": None if table.mapped else data,
            "IndexLocation": None if table.mapped else index or None,
            "StreamLocation": None if table.mapped else data.removesuffix("D").removesuffix(".1") + "S",
            "IdLocation": None if table.mapped else data,
            "CounterLocation": None,
            "VersionLocation": None,
            "ExtentLocation": None,
            "Type": "%Storage.SQL" if table.mapped else "%Storage.Persistent",
        }


def storage_data_rows(job: Job) -> Iterator[Row]:
    """Rows of `%Dictionary.CompiledStorageData`: a global only where columns are stored as such."""
    for name, table in stored_classes(job):
        yield {
            "ID": f"{name}||Default||{table.spec.name}DefaultData",
            "parent": f"{name}||Default",
            "ColumnarGlobal": table.columnar or None,
            "Name": f"{table.spec.name}DefaultData",
        }


def storage_map_rows(job: Job) -> Iterator[Row]:
    """Rows of `%Dictionary.CompiledStorageSQLMap`, of the classes that say themselves where their data are."""
    for name, table in stored_classes(job):
        if table.mapped:
            yield {
                "ID": f"{name}||Default||Map1",
                "parent": f"{name}||Default",
                "_Global": table.mapped,
                "Name": "Map1",
                "Structure": "delimited",
                "Type": "data",
            }


def storage_index_rows(job: Job) -> Iterator[Row]:
    """Rows of `%Dictionary.CompiledStorageIndex`: a location only where each index has a global of its own."""
    for name, table in stored_classes(job):
        data, index = _globals(name, table)
        for number, spec in enumerate(_indexes(table), 2):
            yield {
                "ID": f"{name}||Default||{spec.name}",
                "parent": f"{name}||Default",
                "Name": spec.name,
                "Location": None if index else f"{data.removesuffix('1')}{number}",
            }


def index_rows(job: Job) -> Iterator[Row]:
    """Rows of `%Dictionary.CompiledIndex`."""
    for name, table in stored_classes(job):
        primary = table.primary_key
        for number, spec in enumerate(_indexes(table), 1):
            yield {
                "ID": f"{name}||{spec.name}",
                "parent": name,
                "Abstract": 0,
                "Data": ",".join(spec.data) or None,
                "Deprecated": 0,
                "Extent": 0,
                "IdKey": 0,
                "Internal": 0,
                "Name": spec.name,
                "Origin": spec.origin or name,
                "PrimaryKey": int(primary is not None and primary.name == spec.name),
                "Properties": ",".join(field for field, _ in spec.columns),
                "SequenceNumber": number,
                "SqlName": spec.name,
                "Type": spec.type,
                "TypeClass": None if spec.type in KNOWN_KINDS else "%iFind.Index.Basic",
                "_Unique": int(spec.unique),
            }


def _indexes(table: StoredTable) -> list[IndexSpec]:
    keys = [
        IndexSpec(key.name, tuple((field, False) for field in table.names(key.positions)), unique=True)
        for key in table.keys.values()
        if not key.from_index
    ]
    return [*keys, *table.indexes.values()]


@OBJ.class_method(
    'ValidateIndices(classname As %String, idxList As %String = "", autoCorrect As %Boolean = 0,'
    " lockOption As %Integer = 1, multiProcess As %Boolean = 0, verbose As %Boolean = 1,"
    " ByRef errors As %String) As %Status"
)
def _validate(job: Job, name: Value, wanted: Value, correct: Value, *further: Value | ByRef) -> None:
    _lock, _workers, verbose, errors = further
    if not isinstance(errors, ByRef) or isinstance(verbose, ByRef):
        raise TypeError("the signature says which argument is by reference")
    if as_boolean(verbose) and not isinstance(errors, LocalArray):
        job.emulation.warn(f"ValidateIndices writes to the device of {job.username}, who cannot read it")
        if job.world.doubts.says(DEVICE_OUTPUT, "breaks"):
            raise ThrownError("<WRITE>")
    table = _found(job, as_text(name))
    if table is None:
        if job.world.doubts.says(INDEX_REFUSAL, "thrown"):
            raise ThrownError(f"<CLASS DOES NOT EXIST> *{as_text(name)}")
        raise status.StatusError(5351, as_text(name))
    if not JobTables(job).may(Action.SELECT, table.owner, table.spec.schema, table.spec.name):
        if job.world.doubts.says(INDEX_REFUSAL, "thrown"):
            raise ThrownError("<PROTECT>")
        raise status.StatusError(940)
    names = (
        [
            as_text(each).upper()
            for each in decode(wanted if isinstance(wanted, bytes) else as_text(wanted).encode("latin-1"))
        ]
        if wanted
        else list(table.indexes)
    )
    told: dict[str, list[str]] = {}
    for each in names:
        spec = table.indexes.get(each)
        checked = spec is None or spec.type in KNOWN_KINDS or job.world.doubts.says(INDEX_KINDS, "checked")
        job.busy += job.world.operations.validation_seconds * len(table.rows)
        if spec is not None and checked and each in table.faults:
            told[spec.name] = list(_texts(as_text(name), table, spec))
            if as_boolean(correct):
                del table.faults[each]
    _fill(job, errors, told)
    if told and not as_boolean(correct) and job.world.doubts.says(INDEX_STATUS, "error"):
        raise status.StatusError(5001, f"Errors were found in indices of class '{as_text(name)}'")


def _texts(name: str, table: StoredTable, spec: IndexSpec) -> Iterator[str]:
    """What is wrong, in the words of the printed text (facts: iris-operations 1.1)."""
    _, index = _globals(name, table)
    position = table.positions([spec.columns[0][0]])[0]
    fault = table.faults[spec.name.upper()]
    for rowid in fault.missing:
        value = as_text(table.rows[rowid][position]).upper()
        yield f'Index \'{spec.name}\', entry {index}("{spec.name}"," {value}",{rowid}) missing.'
    for value, rowid in fault.stale:
        yield (
            f'Index \'{spec.name}\', entry {index}("{spec.name}"," {value.upper()}",{rowid}), data differs for field '
            f"'{spec.columns[0][0]}' between data and index map."
        )


def _fill(job: Job, errors: ByRef, told: dict[str, list[str]]) -> None:
    if not isinstance(errors, LocalArray):
        if told:
            job.emulation.warn(f"ValidateIndices fills an array of which {job.username} sees nothing")
        return
    number = 0
    for index, texts in told.items():
        for place, text in enumerate(texts, 1):
            number += 1
            by_index = job.world.doubts.says(INDEX_ERRORS, "by-index")
            errors.node.make([index, str(place)] if by_index else [str(number)]).value = text
