"""`%Dictionary`, made from what is really emulated: a client that asks finds exactly what it can call.

The columns are a selection of the class reference's (2024.1); `SELECT *` on a real instance has more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from irisops.simulator.classes import indexes, query_methods
from irisops.simulator.classes.definition import ClassDef, TableProjection, column
from irisops.simulator.classes.job import Job
from irisops.simulator.classes.loaded import Loaded
from irisops.simulator.classes.objects import PERSISTENT, Instance
from irisops.simulator.classes.sql_access import require_select
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.user_tables import JobTables
from irisops.simulator.doubts import DICTIONARY, PROJECTION
from irisops.simulator.sql.catalog import ColumnDef

Row = dict[str, Any]


def sql_schema(class_name: str) -> str:
    """The SQL schema of a class: its package, with dots as underscores."""
    return class_name.rpartition(".")[0].replace(".", "_")


def sql_name(class_name: str) -> str:
    """The SQL table name of a class: its last part."""
    return class_name.rpartition(".")[2]


def visible_classes(job: Job) -> list[ClassDef]:
    """The classes that a job in its namespace can call."""
    emulated = [cls for cls in job.emulation.registry.classes(job.emulation.version) if job.sees(cls)]
    return [*emulated, *(each.compiled for each in _loaded(job) if each.compiled is not None)]


def _loaded(job: Job) -> list[Loaded]:
    return job.emulation.loaded.visible(job.namespace)


def _definition_rows(job: Job) -> Iterable[Row]:
    """What has a definition: also what a client loaded and did not compile."""
    yield from _class_rows(job)
    for each in _loaded(job):
        if each.compiled is None:
            yield dict.fromkeys(_COLUMNS["ClassDefinition"].split()) | {
                "ID": each.name, "Name": each.name, "Abstract": 0, "Deployed": 0, "Deprecated": 0, "Final": 0,
                "Hidden": 0, "Owner": each.owner, "System": 0,
            }  # fmt: skip


def _class_rows(job: Job) -> Iterable[Row]:
    owners = {each.name: each.owner for each in _loaded(job)}
    stored = {str(row["Name"]): row for row in indexes.class_rows(job)}
    for cls in visible_classes(job):
        if cls.name in stored:
            continue
        lineage = [each.name for each in cls.lineage()]
        yield {
            "ID": cls.name,
            "Name": cls.name,
            "Abstract": int(cls.abstract),
            "ClassType": cls.class_type,
            "Deployed": 0 if cls.name in owners else 2,
            "Deprecated": int(cls.deprecated),
            "Hidden": 0,
            "Final": 0,
            "Owner": owners.get(cls.name, "_SYSTEM"),
            "PrimarySuper": "~" + "~".join(lineage) + "~",
            "Super": ",".join(cls.supers),
            "SqlSchemaName": sql_schema(cls.name),
            "SqlTableName": sql_name(cls.name) if cls.table else None,
            "System": 0 if cls.name in owners else 4,
        }
    yield from stored.values()


def _method_rows(job: Job) -> Iterable[Row]:
    for cls in visible_classes(job):
        for number, method in enumerate([*cls.methods().values(), *query_methods.declared(cls)], 1):
            yield {
                "ID": f"{cls.name}||{method.name}",
                "parent": cls.name,
                "Name": method.name,
                "Abstract": 0,
                "ClassMethod": int(method.is_class_method),
                "Deprecated": 0,
                "Final": 0,
                "FormalSpec": method.signature.formal_spec,
                "Internal": int(method.internal),
                "Origin": method.origin,
                "Private": 0,
                "ReturnType": _full_type(method.signature.returns),
                "SequenceNumber": number,
                "SqlName": f"{sql_name(cls.name)}_{method.name}" if method.sql_procedure else None,
                "SqlProc": int(method.sql_procedure),
            }


def _method_definition_rows(job: Job) -> Iterable[Row]:
    """What the class itself defines; of a loaded one that was not compiled only the names are known here."""
    loaded = {each.name: each for each in _loaded(job)}
    compiled = {cls.name: cls for cls in visible_classes(job)}
    for name in sorted(loaded.keys() | compiled.keys()):
        known = compiled[name].own_methods if name in compiled else {}
        names = loaded[name].methods if name in loaded else tuple(known)
        for number, method_name in enumerate(names, 1):
            method = known.get(method_name)
            yield {
                "ID": f"{name}||{method_name}",
                "parent": name,
                "Name": method_name,
                "Abstract": 0,
                "ClassMethod": int(method is None or method.is_class_method),
                "Deprecated": 0,
                "Final": 0,
                "FormalSpec": method.signature.formal_spec if method else None,
                "Internal": int(method is not None and method.internal),
                "Private": 0,
                "ReturnType": (method.signature.returns or None) if method else None,
                "SequenceNumber": number,
                "SqlName": None,
                "SqlProc": int(method is not None and method.sql_procedure),
            }


def _query_rows(job: Job) -> Iterable[Row]:
    everything = job.world.doubts.says(PROJECTION, "yes")
    for cls in visible_classes(job):
        for number, query in enumerate(cls.queries().values(), 1):
            projected = query.sql_procedure or (query.projection_unknown and everything)
            yield {
                "ID": f"{cls.name}||{query.name}",
                "parent": cls.name,
                "Name": query.name,
                "Deprecated": 0,
                "Final": 0,
                "FormalSpec": query.signature.formal_spec,
                "Internal": 0,
                "Origin": query.origin,
                "Private": 0,
                "SequenceNumber": number,
                "SqlName": f"{sql_name(cls.name)}_{query.name}" if projected else None,
                "SqlProc": int(projected),
                "Type": "%Library.Query",
            }


def _property_rows(job: Job) -> Iterable[Row]:
    for cls in visible_classes(job):
        present = (each for each in cls.properties().values() if each.since <= job.emulation.version)
        for number, prop in enumerate(present, 1):
            yield {
                "ID": f"{cls.name}||{prop.name}",
                "parent": cls.name,
                "Name": prop.name,
                "Calculated": 0,
                "Collection": prop.collection or None,
                "Deprecated": 0,
                "Final": 0,
                "InitialExpression": str(prop.initial)
                if isinstance(prop.initial, int)
                else f'"{prop.initial}"',
                "Internal": int(prop.internal),
                "Origin": prop.origin,
                "Private": 0,
                "ReadOnly": int(prop.read_only),
                "Required": int(prop.required),
                "SequenceNumber": number,
                "Transient": int(prop.transient),
                "Type": _full_type(prop.type),
            }


def _property_definition_rows(job: Job) -> Iterable[Row]:
    """What the class itself defines, with types as they were written; no class here computes a property."""
    for cls in visible_classes(job):
        for number, prop in enumerate(cls.own_properties.values(), 1):
            yield {
                "ID": f"{cls.name}||{prop.name}",
                "parent": cls.name,
                "Name": prop.name,
                "Calculated": 0,
                "Collection": prop.collection or None,
                "Deprecated": 0,
                "Final": 0,
                "InitialExpression": str(prop.initial)
                if isinstance(prop.initial, int)
                else f'"{prop.initial}"',
                "Internal": int(prop.internal),
                "Private": 0,
                "ReadOnly": int(prop.read_only),
                "Relationship": 0,
                "Required": int(prop.required),
                "SequenceNumber": number,
                "SqlComputeCode": None,
                "SqlComputed": 0,
                "SqlFieldName": None,
                "Transient": int(prop.transient),
                "Type": prop.type,
            }


def _index_rows(job: Job) -> Iterable[Row]:
    """No emulated class tells of its indexes; people's tables do."""
    return indexes.index_rows(job)


def _parameter_rows(job: Job) -> Iterable[Row]:
    for cls in visible_classes(job):
        for number, (name, value) in enumerate(cls.parameters.items(), 1):
            yield {
                "ID": f"{cls.name}||{name}",
                "parent": cls.name,
                "Name": name,
                "_Default": value,
                "Origin": cls.name,
                "SequenceNumber": number,
            }


def _full_type(name: str) -> str | None:
    """`%Status` is short for `%Library.Status`, as the compiler spells it out."""
    if not name:
        return None
    return f"%Library.{name[1:]}" if name.startswith("%") and "." not in name else name


_BOOLEANS = frozenset(
    {
        "Abstract", "Calculated", "ClassMethod", "Deprecated", "Extent", "Final", "Hidden", "IdKey", "Internal",
        "PrimaryKey", "Private", "ReadOnly", "Relationship", "Required", "SqlComputed", "SqlProc", "Transient",
        "_Unique",
    }
)  # fmt: skip
_INTEGERS = frozenset({"Deployed", "SequenceNumber"})
_COLUMNS = {
    "CompiledClass": "ID Abstract ClassType Deployed Deprecated Final Hidden Name Owner PrimarySuper SqlSchemaName "
    "SqlTableName Super System",
    "CompiledMethod": "ID parent Abstract ClassMethod Deprecated Final FormalSpec Internal Name Origin Private "
    "ReturnType SequenceNumber SqlName SqlProc",
    "CompiledQuery": "ID parent Deprecated Final FormalSpec Internal Name Origin Private SequenceNumber SqlName "
    "SqlProc Type",
    "CompiledProperty": "ID parent Calculated Collection Deprecated Final InitialExpression Internal Name Origin "
    "Private ReadOnly Required SequenceNumber Transient Type",
    "CompiledIndex": "ID parent Abstract Data Deprecated Extent IdKey Internal Name Origin PrimaryKey Properties "
    "SequenceNumber SqlName Type TypeClass _Unique",
    # (facts: iris-operations 3)
    "CompiledStorage": "ID parent CounterLocation DataLocation ExtentLocation IdLocation IndexLocation Name "
    "StreamLocation Type VersionLocation",
    "CompiledStorageIndex": "ID parent Location Name",
    "CompiledStorageData": "ID parent ColumnarGlobal Name",
    "CompiledStorageSQLMap": "ID parent _Global Name Structure Type",
    "ClassDefinition": "ID Abstract ClassType Deployed Deprecated Final Hidden Name Owner Super System",
    "MethodDefinition": "ID parent Abstract ClassMethod Deprecated Final FormalSpec Internal Name Private ReturnType "
    "SequenceNumber SqlName SqlProc",
    # UNVERIFIED: that the columns of the next three are those of their Compiled twins, without Origin.
    # Settle: SELECT TOP 1 * FROM %Dictionary.PropertyDefinition, and of IndexDefinition and ParameterDefinition.
    "PropertyDefinition": "ID parent Calculated Collection Deprecated Final InitialExpression Internal Name Private "
    "ReadOnly Relationship Required SequenceNumber SqlComputeCode SqlComputed SqlFieldName Transient Type",
    "IndexDefinition": "ID parent Abstract Data Deprecated Extent IdKey Internal Name PrimaryKey Properties "
    "SequenceNumber SqlName Type _Unique",
    "ParameterDefinition": "ID parent _Default Name SequenceNumber",
    "CompiledParameter": "ID parent _Default Name Origin SequenceNumber",
}
_SOURCES: dict[str, Callable[[Job], Iterable[Row]]] = {
    "ClassDefinition": _definition_rows,
    "MethodDefinition": _method_definition_rows,
    "CompiledClass": _class_rows,
    "CompiledMethod": _method_rows,
    "CompiledQuery": _query_rows,
    "CompiledProperty": _property_rows,
    "CompiledParameter": _parameter_rows,
    "PropertyDefinition": _property_definition_rows,
    "IndexDefinition": _index_rows,
    "CompiledIndex": _index_rows,
    "CompiledStorage": indexes.storage_rows,
    "CompiledStorageIndex": indexes.storage_index_rows,
    "CompiledStorageData": indexes.storage_data_rows,
    "CompiledStorageSQLMap": indexes.storage_map_rows,
    "ParameterDefinition": _parameter_rows,
}


class _Classes:
    """Classes by name: those that are emulated, those that were loaded, and those that the world says are there.

    The world has no code of its own applications: their classes count as there unless something is wrong with them.
    """

    def __init__(self, *, compiled: bool) -> None:
        self._compiled = compiled

    def exists(self, job: Job, row_id: str) -> bool:
        """Whether there is a class of this name, or its definition."""
        trouble = job.world.code.get(row_id.lower())
        if trouble is not None:
            return trouble == "stale" or (trouble == "not compiled" and not self._compiled)
        rows = _class_rows(job) if self._compiled else _definition_rows(job)
        named = (each.dispatch_class for each in job.world.applications)
        return any(row["Name"] == row_id for row in rows) or row_id in named

    def load(self, _job: Job, instance: Instance) -> None:
        """Opening one is not emulated."""
        raise StatusError(5809, instance.key)

    def save(self, _job: Job, _instance: Instance) -> None:
        """Definitions are changed by compiling them."""
        raise StatusError(5001, "Class definitions are changed by compiling them")

    def delete(self, _job: Job, row_id: str) -> None:
        """Definitions are deleted with their class."""
        raise StatusError(5001, f"Class definitions are not deleted one by one: {row_id}")


def _revision(job: Job) -> object:
    emulation = job.emulation
    return (
        emulation.version,
        job.world.doubts,
        job.namespace.upper(),
        emulation.loaded.revision,
        JobTables(job).version,
    )


def _column(name: str) -> ColumnDef:
    kind = "%Boolean" if name in _BOOLEANS else "%Integer" if name in _INTEGERS else "%String"
    # Class and member names are compared exactly: %Dictionary.CacheClassname and Identifier collate so.
    # UNVERIFIED: their collation. Settle: SELECT Name ... WHERE Name = 'security.users'.
    return column(name, kind, precision=0 if kind != "%String" else 4096, exact=True)


def _make(name: str) -> ClassDef:
    cls = ClassDef(f"%Dictionary.{name}", base=PERSISTENT)
    for each in _COLUMNS[name].split():
        if each != "ID":
            cls.property(
                each.removeprefix("_"), "%Boolean" if each in _BOOLEANS else "%RawString", read_only=True
            )
    source = _SOURCES[name]

    def rows(job: Job, names: Sequence[str]) -> Iterable[Sequence[Any]]:
        return (tuple(row[each] for each in names) for row in source(job))

    def authorize(job: Job, action: str) -> None:
        if job.world.doubts.says(DICTIONARY, "refused"):
            require_select(job, "%Dictionary", name, action)

    if name in ("CompiledClass", "ClassDefinition"):
        cls.persistence = _Classes(compiled=name == "CompiledClass")
    cls.table = TableProjection(
        tuple(_column(each) for each in _COLUMNS[name].split()),
        rows,
        _revision,
        authorize,
        refusal="Class definitions are changed by compiling them",
    )
    return cls


CLASSES = tuple(_make(name) for name in _COLUMNS)
