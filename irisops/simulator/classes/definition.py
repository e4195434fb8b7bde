"""How an emulated class is declared: its methods, properties and queries, by the vendor's signatures.

Handlers are plain functions. They get the calling job first, then (for instance methods) the object, then one value per
formal argument: `None` for one that was not passed and has no default, a `ByRef` for one declared ByRef or Output.
They raise `StatusError` for what a method reports as %Status and `ThrownError` for what IRIS throws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from irisops.simulator.classes.signature import Signature, parse_signature
from irisops.simulator.doubts import COLUMNS, Doubts
from irisops.simulator.sql.catalog import Collation, ColumnDef, SqlType

Handler = Callable[..., Any]
_H = TypeVar("_H", bound=Handler)


INTEROPERABILITY = "Ens."
"""Begins the names of the classes that the namespaces of productions alone have (facts: iris-operations 9)."""
VIEWS = "INFORMATION.SCHEMA."
"""Begins the names of classes that every namespace sees."""


class Declare(Protocol):
    """A decorator that declares a handler and leaves it as it is."""

    def __call__(self, handler: _H, /) -> _H:
        """Declare `handler`."""
        ...


_SQL_TYPES = {
    "%Integer": SqlType.INTEGER,
    "%BigInt": SqlType.BIGINT,
    "%Boolean": SqlType.BIT,
    "%Numeric": SqlType.NUMERIC,
    "%Date": SqlType.DATE,
    "%TimeStamp": SqlType.TIMESTAMP,
}


def column(
    name: str, kind: str = "%String", *, precision: int = 0, exact: bool = False, hidden: bool = False
) -> ColumnDef:
    """A query's or table's column by its class type. `exact` for a property whose COLLATION is EXACT."""
    sql_type = _SQL_TYPES.get(kind, SqlType.VARCHAR)
    return ColumnDef(
        name,
        sql_type,
        precision or (256 if sql_type == SqlType.VARCHAR else 18),
        collation=Collation.EXACT if exact else Collation.SQLUPPER,
        hidden=hidden,
    )


@dataclass(frozen=True, slots=True)
class MethodDef:
    """A class or instance method. `requires` overrides the privilege of its class ("" asks for none)."""

    signature: Signature
    handler: Handler = field(repr=False)
    is_class_method: bool
    origin: str
    requires: str | None = None
    sql_procedure: bool = False
    internal: bool = False

    @property
    def name(self) -> str:
        """The name, from the signature."""
        return self.signature.name


@dataclass(frozen=True, slots=True)
class PropertyDef:
    """A property. `collection` is "list" or "". `initial` is what `%New` sets, `since` the first release."""

    name: str
    type: str
    origin: str
    collection: str = ""
    read_only: bool = False
    required: bool = False
    transient: bool = False
    internal: bool = False
    maximum_length: int = 0
    initial: str | int = ""
    since: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class QueryDef:
    """A class query. `handler(job, *arguments)` yields rows in the order of `columns`.

    `sql_procedure`: projected as `Package.Class_Query`. `projection_unknown`: whether it is, is in doubt. `public`: how
    many of the columns, from the left, public code reads; 0 where the list of all is public.
    """

    signature: Signature
    columns: tuple[ColumnDef, ...]
    handler: Handler = field(repr=False)
    origin: str
    requires: str | None = None
    sql_procedure: bool = False
    projection_unknown: bool = False
    public: int = 0

    @property
    def name(self) -> str:
        """The name, from the signature."""
        return self.signature.name

    def shown(self, doubts: Doubts) -> tuple[ColumnDef, ...]:
        """The columns that an instance has which does this in doubt."""
        return self.columns[: self.public] if self.public and doubts.says(COLUMNS, "shown") else self.columns


@dataclass(frozen=True, slots=True)
class TableProjection:
    """A class that SQL sees as a table. `rows(job, names)` yields the asked columns in the asked order."""

    columns: tuple[ColumnDef, ...]
    rows: Callable[[Any, Sequence[str]], Iterable[Sequence[Any]]] = field(repr=False)
    revision: Callable[[Any], object] = field(repr=False)
    authorize: Callable[[Any, str], None] = field(repr=False)
    """`authorize(job, action letter)` raises SqlFailure(-99)."""
    refusal: str = ""


class ClassDef:
    """One emulated class. Members of `base` are inherited.

    `requires` is the privilege `Resource:Permission` that its methods and queries need, checked before each call.
    `since` is the first release that has the class, e.g. (2025, 2).
    """

    def __init__(
        self,
        name: str,
        *,
        base: ClassDef | None = None,
        supers: Sequence[str] = (),
        requires: str = "",
        abstract: bool = False,
        deprecated: bool = False,
        class_type: str = "",
        since: tuple[int, int] = (0, 0),
    ) -> None:
        self.name = name
        self.base = base
        self.supers = tuple(supers) or ((base.name,) if base else ())
        self.requires = requires
        self.abstract = abstract
        self.deprecated = deprecated
        self.since = since
        self.class_type: str = class_type or (base.class_type if base else "")
        self.own_methods: dict[str, MethodDef] = {}
        self.own_properties: dict[str, PropertyDef] = {}
        self.own_queries: dict[str, QueryDef] = {}
        self.parameters: dict[str, str] = {}
        self.persistence: Any = None
        """What `%OpenId`, `%Save` and their kin work on: an object with the methods of `objects.Persistence`."""
        self.table: TableProjection | None = None

    def __repr__(self) -> str:
        return f"ClassDef({self.name!r})"

    @property
    def in_percent_sys_only(self) -> bool:
        """% classes are visible from every namespace, all others here live in %SYS (facts: iris-security 1)."""
        return not self.name.startswith(("%", INTEROPERABILITY, VIEWS))

    def class_method(
        self,
        declaration: str,
        *,
        requires: str | None = None,
        sql_procedure: bool = False,
        internal: bool = False,
    ) -> Declare:
        """Declare a class method by its signature; decorates its handler."""
        return self._declare(
            declaration,
            is_class_method=True,
            requires=requires,
            sql_procedure=sql_procedure,
            internal=internal,
        )

    def method(self, declaration: str, *, requires: str | None = None) -> Declare:
        """Declare an instance method by its signature; decorates its handler."""
        return self._declare(
            declaration, is_class_method=False, requires=requires, sql_procedure=False, internal=False
        )

    def _declare(
        self,
        declaration: str,
        *,
        is_class_method: bool,
        requires: str | None,
        sql_procedure: bool,
        internal: bool,
    ) -> Declare:
        signature = parse_signature(declaration)

        def declare(handler: _H, /) -> _H:
            self.own_methods[signature.name] = MethodDef(
                signature,
                handler,
                is_class_method,
                self.name,
                requires,
                sql_procedure,
                internal,
            )
            return handler

        return declare

    def query(
        self,
        declaration: str,
        columns: Sequence[ColumnDef | str],
        *,
        requires: str | None = None,
        sql_procedure: bool = False,
        projection_unknown: bool = False,
        public: int = 0,
    ) -> Declare:
        """Declare a class query by its name and arguments; decorates what yields its rows."""
        signature = parse_signature(declaration)
        spelled = tuple(column(each) if isinstance(each, str) else each for each in columns)

        def declare(handler: _H, /) -> _H:
            self.own_queries[signature.name] = QueryDef(
                signature, spelled, handler, self.name, requires, sql_procedure, projection_unknown, public
            )
            return handler

        return declare

    def property(self, name: str, kind: str = "%String", **options: Any) -> PropertyDef:
        """Declare a property; `options` are the fields of `PropertyDef`."""
        declared = PropertyDef(name, kind, self.name, **options)
        self.own_properties[name] = declared
        return declared

    def lineage(self) -> Iterator[ClassDef]:
        """This class and those that it inherits from, nearest first."""
        current: ClassDef | None = self
        while current is not None:
            yield current
            current = current.base

    def find_method(self, name: str) -> MethodDef | None:
        """The method by its exact name: member names are case-sensitive in ObjectScript."""
        return next((each.own_methods[name] for each in self.lineage() if name in each.own_methods), None)

    def find_property(self, name: str) -> PropertyDef | None:
        """The property by its exact name, or None."""
        return next(
            (each.own_properties[name] for each in self.lineage() if name in each.own_properties), None
        )

    def find_query(self, name: str) -> QueryDef | None:
        """The query by its exact name, or None."""
        return next((each.own_queries[name] for each in self.lineage() if name in each.own_queries), None)

    def methods(self) -> dict[str, MethodDef]:
        """All methods, inherited ones too, by name."""
        found: dict[str, MethodDef] = {}
        for each in self.lineage():
            for name, declared in each.own_methods.items():
                found.setdefault(name, declared)
        return found

    def properties(self) -> dict[str, PropertyDef]:
        """All properties, inherited ones too, by name."""
        found: dict[str, PropertyDef] = {}
        for each in self.lineage():
            for name, declared in each.own_properties.items():
                found.setdefault(name, declared)
        return found

    def queries(self) -> dict[str, QueryDef]:
        """All queries, inherited ones too, by name."""
        found: dict[str, QueryDef] = {}
        for each in self.lineage():
            for name, declared in each.own_queries.items():
                found.setdefault(name, declared)
        return found

    def is_a(self, name: str) -> bool:
        """Whether `name` is this class or one it inherits from."""
        return any(each.name == name for each in self.lineage())
