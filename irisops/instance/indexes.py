"""Indexes: found by class or global, compared with their data, validated, built anew (facts: iris-operations 1 to 4).

All of it works in the namespace of the connection, which must be that of the data. Validation itself needs code on the
instance: `start_validation` takes a connection to %SYS, where the helper lives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from irisops.instance.calls import HELPER, ClassMethod, Query, Update, Value
from irisops.instance.errors import InstanceError, InstanceProblem, NotPermitted, Unreachable
from irisops.instance.failures import is_missing
from irisops.instance.helper import call_helper
from irisops.instance.outcome import changing
from irisops.instance.routes import Instance, answer_by, statement_by
from irisops.instance.values import as_flag, as_int, as_text

LOCK_OPTION = 1
"""Each row gets a shared lock while it is checked (facts: iris-operations 1)."""
COUNTING = 600.0
"""Seconds for one count without an index, which reads all rows."""
BUILDING = 12 * 3600.0
"""Seconds for a rebuild, after which its connection is given up; the instance goes on."""
MOST_FINDINGS = 20
"""Findings of one index that are kept."""
_SYSTEM = ("%", "INFORMATION.")
KINDS = frozenset({"index", "bitmap", "bitmapextent", "bitslice", ""})
"""Types that validation is known to check: standard, bitmap, bitmap extent, bitslice (facts: iris-operations 1).

UNVERIFIED: the words for them in the class dictionary; of another word it is said that it is not known to be checked.
Settle: SELECT DISTINCT Type FROM %Dictionary.CompiledIndex.
"""
SQL_STORAGE = "%storage.sql"
"""Storage of classes whose maps say where their data are."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a class. `fields` are SQL fields, in order; `selectable` None if the instance does not tell."""

    name: str
    class_name: str
    properties: str
    fields: tuple[str, ...] = ()
    type: str = ""
    type_class: str = ""
    unique: bool = False
    origin: str = ""
    sql_name: str = ""
    selectable: bool | None = None

    @property
    def inherited(self) -> bool:
        """True if it is validated and built through a superclass (facts: iris-operations 1)."""
        return bool(self.origin) and self.origin != self.class_name

    @property
    def known_kind(self) -> bool:
        """True if validation is known to check its kind."""
        return not self.type_class and self.type in KINDS

    @property
    def in_sql(self) -> str:
        """Its name in SQL.

        UNVERIFIED: that INFORMATION_SCHEMA.INDEXES and BUILD INDEX take this one where it differs from the index's name
        in its class. Settle: both on an index with SqlName.
        """
        return self.sql_name or self.name


@dataclass(frozen=True, slots=True)
class StoredClass:
    """A persistent class with its table, its global and its indexes. `rows` None if not counted.

    `storage` is the class of its storage, as `%Storage.Persistent`; "" if the instance does not tell.
    """

    name: str
    schema: str
    table: str
    location: str = ""
    indexes: tuple[Index, ...] = ()
    rows: int | None = None
    storage: str = ""

    @property
    def mapped(self) -> bool:
        """True if maps say where its data are: BUILD INDEX does nothing then (facts: iris-operations 1)."""
        return self.storage.casefold() == SQL_STORAGE

    @property
    def in_sql(self) -> str:
        """`Schema.Table`, quoted where SQL needs it."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"

    @property
    def own(self) -> tuple[Index, ...]:
        """The indexes that originate here."""
        return tuple(each for each in self.indexes if not each.inherited)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows with a value in the first field of an index: by the index, and by the data. None: not compared, `why`."""

    by_index: int | None = None
    by_data: int | None = None
    why: str = ""

    @property
    def differ(self) -> bool:
        """True if the two were counted and are not the same."""
        return self.by_index != self.by_data

    @property
    def compared(self) -> bool:
        """True if both were counted."""
        return self.by_index is not None and self.by_data is not None


@dataclass(frozen=True, slots=True)
class Checked:
    """What ValidateIndices told of one index. `first` are subscripts and values of the array of errors."""

    index: str
    failed: str
    found: int
    first: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """A validation so far. `pid` 0: its process has not begun."""

    pid: int
    at: int
    of: int
    done: bool
    indexes: tuple[Checked, ...]


def quoted(name: str) -> str:
    """An SQL name, delimited unless it is a plain word."""
    return name if re.fullmatch(r"[A-Za-z]\w*", name) else '"' + name.replace('"', '""') + '"'


def global_of(text: str) -> str:
    """`^Name` of a reference that may carry subscripts."""
    return "^" + text.strip().removeprefix("^").partition("(")[0]


_PLACES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("indexes.storage", "CompiledStorage", ("DataLocation", "IndexLocation", "StreamLocation"), ""),
    ("indexes.locations", "CompiledStorageIndex", ("Location",), ""),
    ("indexes.columns", "CompiledStorageData", ("ColumnarGlobal",), "columnar storage"),
    ("indexes.maps", "CompiledStorageSQLMap", ('"_Global"',), "SQL-mapped storage"),
)
"""Where the class dictionary names globals: feature, table, columns, and what to call it where it may be missing."""


async def classes_in_global(instance: Instance, name: str) -> tuple[list[StoredClass], list[str]]:
    """The classes that store data, indexes, columns or streams in a global, and what could not be looked through.

    UNVERIFIED: that the globals of columns and of SQL maps are written with a caret, as the others are (facts:
    iris-operations 3). Settle: SELECT parent, "_Global" FROM %Dictionary.CompiledStorageSQLMap, and ColumnarGlobal of
    CompiledStorageData.

    Raises the named problem.
    """
    bare = global_of(name)
    names: set[str] = set()
    unread: list[str] = []
    for feature, table, columns, what in _PLACES:
        where = " OR ".join(f"{each} = ? OR {each} %STARTSWITH ?" for each in columns)
        sql = f"SELECT parent FROM %Dictionary.{table} WHERE {where}"  # noqa: S608 - names of ours
        try:
            rows = await statement_by(instance, feature, Query(sql, (bare, f"{bare}(") * len(columns)))
        except Unreachable:
            raise
        except InstanceProblem:
            if not what:
                raise
            unread.append(what)
        else:
            names |= {as_text(row[0]).partition("||")[0] for row in rows}
    return await _described(instance, sorted(each for each in names if not each.startswith(_SYSTEM))), unread


async def known_globals(instance: Instance, most: int) -> list[str]:
    """Globals in which classes of people's own keep data, of the first `most` classes. Raises the named problem."""
    sql = (
        f"SELECT TOP {int(most)} DataLocation FROM %Dictionary.CompiledStorage WHERE NOT parent %STARTSWITH ?"  # noqa: S608 - a number
    )
    rows = await statement_by(instance, "indexes.storage", Query(sql, ("%",)))
    return sorted({global_of(place) for row in rows if (place := as_text(row[0]))})


async def classes_named(instance: Instance, name: str) -> list[StoredClass]:
    """The class of that name, or of that table; empty without one. Raises the named problem."""
    schema, _, table = name.rpartition(".")
    sql = "SELECT Name FROM %Dictionary.CompiledClass WHERE Name = ? OR (SqlSchemaName = ? AND SqlTableName = ?)"
    rows = await statement_by(instance, "indexes.classes", Query(sql, (name, schema or "SQLUser", table)))
    return await _described(instance, sorted({as_text(row[0]) for row in rows}))


async def classes_with_indexes(instance: Instance, most: int) -> list[StoredClass]:
    """The first classes of people's own that have an index of their own. Raises the named problem."""
    sql = (
        "SELECT DISTINCT parent FROM %Dictionary.CompiledIndex WHERE NOT parent %STARTSWITH ? ORDER BY parent"
    )
    rows = await statement_by(instance, "indexes.list", Query(sql, ("%",)))
    names = [name for row in rows if not (name := as_text(row[0])).startswith(_SYSTEM)]
    return await _described(instance, names[:most])


async def _described(instance: Instance, names: Sequence[str]) -> list[StoredClass]:
    if not names:
        return []
    marks = ", ".join("?" for _ in names)
    sql = f"SELECT Name, SqlSchemaName, SqlTableName FROM %Dictionary.CompiledClass WHERE Name IN ({marks})"  # noqa: S608 - only marks
    rows = await statement_by(instance, "indexes.classes", Query(sql, tuple(names)))
    found = [
        StoredClass(as_text(row[0]), as_text(row[1]), as_text(row[2])) for row in rows if as_text(row[2])
    ]
    sql = (
        'SELECT parent, Name, Properties, Type, TypeClass, Origin, SqlName, "_Unique" AS IsUnique '  # noqa: S608 - only marks
        f"FROM %Dictionary.CompiledIndex WHERE parent IN ({marks}) ORDER BY parent, Name"
    )
    listed = await statement_by(instance, "indexes.list", Query(sql, tuple(names)))
    sql = f"SELECT parent, DataLocation, Type FROM %Dictionary.CompiledStorage WHERE parent IN ({marks})"  # noqa: S608 - only marks
    stored = {
        as_text(row[0]): (as_text(row[1]), as_text(row[2]))
        for row in await statement_by(instance, "indexes.storage", Query(sql, tuple(names)))
    }
    # Without a storage definition nothing is kept: there is no data to have an index.
    kept = sorted((one for one in found if one.name in stored), key=lambda one: one.name)
    views = await _views(instance, kept)
    made: list[StoredClass] = []
    for each in kept:
        place, storage = stored[each.name]
        indexes = tuple(_index(row) for row in listed if as_text(row[0]) == each.name)
        made.append(
            replace(
                each,
                location=place,
                storage=storage,
                indexes=_with_status(indexes, views.get(_key(each), {})),
            )
        )
    return made


def _index(row: Sequence[Value]) -> Index:
    parent, name, properties, kind, type_class, origin, sql_name, unique = row
    return Index(
        as_text(name),
        as_text(parent),
        as_text(properties),
        type=as_text(kind),
        type_class=as_text(type_class),
        unique=as_flag(unique),
        origin=as_text(origin),
        sql_name=as_text(sql_name),
    )


_View = dict[str, tuple[list[str], bool | None]]
"""Indexes of a table by their names in lower case: the fields of each, in order, and whether it is selectable."""
TABLES_AT_ONCE = 50
"""Tables whose indexes one statement asks for."""


def _key(each: StoredClass) -> tuple[str, str]:
    return each.schema.casefold(), each.table.casefold()


async def _views(instance: Instance, classes: Sequence[StoredClass]) -> dict[tuple[str, str], _View]:
    """The indexes of tables as far as the view tells them: a statement for many tables at once.

    UNVERIFIED: MAP_STATUS before 2024.1 (facts: iris-operations 3). Settle: select it on 2022.1.
    """
    found: dict[tuple[str, str], _View] = {}
    for start in range(0, len(classes), TABLES_AT_ONCE):
        for schema, table, name, field, said in await _view_rows(
            instance, classes[start : start + TABLES_AT_ONCE]
        ):
            view = found.setdefault((as_text(schema).casefold(), as_text(table).casefold()), {})
            fields, _ = view.setdefault(as_text(name).casefold(), ([], None))
            fields.append(as_text(field))
            view[as_text(name).casefold()] = fields, _selectable(as_text(said))
    return found


async def _view_rows(instance: Instance, classes: Sequence[StoredClass]) -> Sequence[tuple[Value, ...]]:
    which = " OR ".join("TABLE_SCHEMA = ? AND TABLE_NAME = ?" for _ in classes)
    values = tuple(value for each in classes for value in (each.schema, each.table))
    for status in ("MAP_STATUS", "NULL"):
        sql = (
            f"SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, {status} "  # noqa: S608 - names of ours
            f"FROM INFORMATION_SCHEMA.INDEXES WHERE {which} ORDER BY ORDINAL_POSITION"
        )
        try:
            return await statement_by(instance, "indexes.status", Query(sql, values))
        except InstanceError as problem:
            if not is_missing(problem):
                raise
    return ()


def _with_status(indexes: Sequence[Index], view: _View) -> tuple[Index, ...]:
    """The indexes with their SQL fields and map status."""
    made: list[Index] = []
    for index in indexes:
        fields, selectable = view.get(index.in_sql.casefold(), ([], None))
        made.append(replace(index, fields=tuple(fields), selectable=selectable))
    return tuple(made)


def _selectable(said: str) -> bool | None:
    return {"selectable": True, "not selectable": False}.get(said.casefold())


async def map_status(instance: Instance, each: StoredClass) -> dict[str, bool | None]:
    """Name of an index -> whether queries may use it now. Raises the named problem."""
    view = (await _views(instance, [each])).get(_key(each), {})
    return {index.name: index.selectable for index in _with_status(each.indexes, view)}


async def count_rows(instance: Instance, each: StoredClass) -> int | None:
    """The rows of its table. Raises NotPermitted, which names SELECT on it."""
    try:
        return await _count(instance, Query(f"SELECT COUNT(*) FROM {each.in_sql}"))  # noqa: S608 - a quoted name
    except NotPermitted as problem:
        where = instance.capabilities.namespace
        wanted = f"{each.schema}.{each.table}"
        raise NotPermitted(
            f"This account may not read the table {wanted} of {each.name}: it lacks SELECT on it.",
            f"Ask an administrator for it, in {where}: GRANT SELECT ON {wanted} TO this account.",
            privilege=f"SELECT on {wanted}",
            detail=problem.detail,
        ) from None


async def _count(instance: Instance, query: Query) -> int | None:
    answer = await answer_by(instance, "indexes.count", query, deadline=COUNTING)
    return as_int(answer.rows.rows[0][0]) if answer.rows and answer.rows.rows else None


def count_statements(each: StoredClass, field: str) -> tuple[Query, Query]:
    """Count the rows with a value in a field: by the index on it, and without one."""
    start, value = f"SELECT COUNT(*) FROM {each.in_sql} WHERE", f"{quoted(field)} IS NOT NULL"  # noqa: S608 - quoted names
    return Query(f"{start} {value}"), Query(f"{start} %NOINDEX {value}")


async def compare(instance: Instance, each: StoredClass, index: Index) -> Counts:
    """Count the rows with a value in its first field by the index and by the data. Raises Unreachable.

    Where they differ, the index is counted once more: a table that is written to meanwhile is no broken index.

    UNVERIFIED: that the first count uses the index, which the optimiser decides: two equal counts prove nothing.
    Settle: SHOW PLAN of both, and both on a class of which one index node was killed.
    """
    if not index.fields:
        return Counts(why="it has no field in SQL by which it could be compared")
    if index.selectable is False:
        return Counts(why="queries do not use it: it is not selectable")
    with_it, without = count_statements(each, index.fields[0])
    try:
        by_index, by_data = await _count(instance, with_it), await _count(instance, without)
        if by_index != by_data and await _count(instance, with_it) != by_index:
            return Counts(why="its table was written to while it was counted")
    except Unreachable:
        raise
    except InstanceProblem as problem:
        return Counts(why=problem.message)
    return Counts(by_index, by_data)


def build_statement(each: StoredClass, indexes: Iterable[Index]) -> Update:
    """The statement that builds indexes of a table anew (facts: iris-operations 2)."""
    names = ", ".join(quoted(index.in_sql) for index in indexes)
    return Update(f"BUILD INDEX FOR TABLE {each.in_sql} INDEX {names}")


async def build(instance: Instance, statement: Update) -> None:
    """Build indexes anew. Raises NotPermitted (%BUILD_INDEX), InstanceError; Unreachable with the outcome unknown."""
    try:
        await changing(answer_by(instance, "indexes.build", statement, deadline=BUILDING))
    except NotPermitted as problem:
        where = instance.capabilities.namespace
        raise NotPermitted(
            f"This account lacks the SQL privilege %BUILD_INDEX in {where}.",
            f"Ask an administrator for it, in {where}: GRANT %BUILD_INDEX TO this account.",
            privilege="%BUILD_INDEX",
            detail=problem.detail,
        ) from None


async def start_validation(
    instance: Instance, key: str, namespace: str, each: StoredClass, indexes: Iterable[Index]
) -> None:
    """Start a validation under a name of its own, in a process of its own, by the helper.

    Raises the named problem, as `call_helper`.
    """
    names = ",".join(index.name for index in indexes)
    try:
        await call_helper(
            instance, "StartValidation", key, namespace, each.name, names, LOCK_OPTION, MOST_FINDINGS
        )
    except NotPermitted as problem:
        raise NotPermitted(
            "This account may not run the helper, which lets the instance validate.",
            f"Class methods take %Native_ClassExecution:U. The instance says: {problem.message}",
            detail=problem.detail,
        ) from None


async def read_validation(instance: Instance, key: str) -> Validation | None:
    """A validation so far; None if there is none of that name. Raises the named problem."""
    answer = await instance.call(ClassMethod(HELPER, "ReadValidation", (key,)))
    text = as_text(answer.value)
    if not text:
        return None
    try:
        told = json.loads(text)
        return Validation(
            int(told["pid"] or 0),
            int(told["at"] or 0),
            int(told["of"] or 0),
            bool(told["done"]),
            tuple(
                Checked(
                    str(each["index"]),
                    str(each["failed"]),
                    int(each["found"]),
                    tuple((str(place), str(value)) for place, value in each["first"]),
                )
                for each in told["indexes"]
            ),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise InstanceError(
            "The helper's answer on a validation cannot be read.",
            "/helper shows its version.",
            detail=f"{type(error).__name__}: {text[:200]}",
        ) from None


async def drop_validation(instance: Instance, key: str) -> None:
    """Forget a validation's result. Raises the named problem."""
    await instance.call(ClassMethod(HELPER, "DropValidation", (key,)))
