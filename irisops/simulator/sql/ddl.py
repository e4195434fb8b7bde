"""CREATE, ALTER, DROP and TRUNCATE of tables, indices and views: from lexemes to a runnable statement.

Grammar: "InterSystems SQL Reference", the pages of the same names. The client sends these statements unchanged, with
literals in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from irisops.simulator.sql.catalog import Catalog
from irisops.simulator.sql.definitions import (
    ColumnChange,
    DefinitionStatements,
    IndexSpec,
    TableAlteration,
    TableSpec,
    ViewSpec,
)
from irisops.simulator.sql.failures import INVALID_STATEMENT, TERM_EXPECTED, failure, unsupported
from irisops.simulator.sql.lexer import Kind, Lexeme
from irisops.simulator.sql.reader import StatementReader
from irisops.simulator.sql.table_elements import ElementReader, Elements

Statement = Callable[[DefinitionStatements], int | None]
"""A parsed statement; calling it runs it and returns the row count, None without one."""

CheckView = Callable[[ViewSpec], ViewSpec]
"""Compiles a view's query and fills in its columns; raises `SqlFailure` for an invalid query."""

_KINDS_OF_INDEX = frozenset({"UNIQUE", "BITMAP", "BITMAPEXTENT", "BITSLICE", "COLUMNAR"})
_ON = frozenset({"TABLE", "VIEW", "INDEX", "OR", "GLOBAL", *_KINDS_OF_INDEX})
_VERBS = frozenset({"CREATE", "ALTER", "DROP", "TRUNCATE"})
_BUILD = ["BUILD", "INDEX"]
_RESTRICTIONS = frozenset({"%NOCHECK", "%NOLOCK", "%NOINDEX", "%NOTRIGGER", "%NOJOURN"})


def is_definition(words: Sequence[str]) -> bool:
    """True if a statement that begins with these upper-case words belongs to `parse`."""
    return len(words) > 1 and ((words[0] in _VERBS and words[1] in _ON) or list(words[:2]) == _BUILD)


def parse(sql: str, lexemes: Sequence[Lexeme], catalog: Catalog, check_view: CheckView) -> Statement:
    """The parsed statement. Raises `SqlFailure` for bad or unsupported syntax."""
    reader = StatementReader(lexemes)
    verb = reader.word()
    what = reader.peek()
    if verb == "BUILD":
        return _build_index(reader, catalog)
    if verb == "TRUNCATE":
        return _truncate(reader, catalog)
    if what == "VIEW" or (verb == "CREATE" and what == "OR"):
        return (
            _drop_view(reader, catalog) if verb == "DROP" else _view(sql, reader, catalog, check_view, verb)
        )
    if what == "INDEX" or (verb == "CREATE" and what in _KINDS_OF_INDEX):
        if verb == "ALTER":
            raise unsupported("ALTER INDEX")
        return _create_index(reader, catalog) if verb == "CREATE" else _drop_index(reader, catalog)
    statements = {"CREATE": _create_table, "ALTER": _alter_table, "DROP": _drop_table}
    return statements[verb](reader, catalog)


# Tables ----------------------------------------------------------------------------------------------------------


def _create_table(reader: StatementReader, catalog: Catalog) -> Statement:
    if reader.accept("GLOBAL", "TEMPORARY"):
        raise unsupported("GLOBAL TEMPORARY tables, whose rows are private to each process")
    reader.expect("TABLE")
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    schema, name = reader.qualified_name("the table's name", catalog.default_schema)
    if reader.peek() == "AS":
        raise unsupported("CREATE TABLE AS SELECT; create the table, then INSERT ... SELECT")
    elements = ElementReader(reader, schema)
    reader.expect("(")
    reader.listed(elements.element)
    reader.expect(")")
    _table_options(reader, elements)
    reader.end()
    found = elements.found
    if not found.columns:
        raise failure(INVALID_STATEMENT, "a table needs a column")
    spec = TableSpec(
        schema,
        name,
        tuple(found.columns),
        tuple(found.keys),
        tuple(found.foreign_keys),
        found.description,
        found.public_rowid,
        _identity_insert(found),
    )
    return lambda target: target.create_table(spec, if_not_exists=if_not_exists)


def _identity_insert(found: Elements) -> bool:
    return found.parameters.get("ALLOWIDENTITYINSERT", "0") not in {"", "0"}


def _table_options(reader: StatementReader, elements: ElementReader) -> None:
    """Options after the parentheses: class parameters, and the storage type, which is ignored."""
    if reader.peek() == "SHARD":
        raise unsupported("sharded tables")
    reader.accept("WITH")
    while not reader.at_end:
        if reader.peek() == "%CLASSPARAMETER":
            elements.class_parameter()
        elif reader.accept("STORAGETYPE"):
            reader.accept("=")
            reader.take("ROW or COLUMNAR")
        else:
            raise failure(-25, f"unexpected {reader.take('an option').text!r} after the table")
        reader.accept(",")


def _drop_table(reader: StatementReader, catalog: Catalog) -> Statement:
    reader.expect("TABLE")
    if_exists = reader.accept("IF", "EXISTS")
    schema, name = reader.qualified_name("the table's name", catalog.default_schema)
    cascade = False
    while word := reader.accept_any({"CASCADE", "RESTRICT", "%DELDATA", "%NODELDATA"}):
        cascade = cascade or word == "CASCADE"
    reader.end()
    return lambda target: target.drop_table(schema, name, if_exists=if_exists, cascade=cascade)


def _truncate(reader: StatementReader, catalog: Catalog) -> Statement:
    reader.expect("TABLE")
    while reader.accept_any(_RESTRICTIONS):
        pass
    schema, name = reader.qualified_name("the table's name", catalog.default_schema)
    reader.end()
    return lambda target: target.truncate_table(schema, name)


def _alter_table(reader: StatementReader, catalog: Catalog) -> Statement:
    reader.expect("TABLE")
    schema, name = reader.qualified_name("the table's name", catalog.default_schema)
    verb = reader.word()
    if verb == "ADD":
        alteration = _add(reader, schema)
    elif verb == "DROP":
        alteration = _drop(reader)
    elif verb in {"ALTER", "MODIFY"}:
        alteration = _modify(reader, schema, verb)
    elif verb == "RENAME":
        reader.accept("TO")
        alteration = TableAlteration(rename_to=reader.name("the new name"))
    else:
        raise failure(
            INVALID_STATEMENT, f"ADD, ALTER, MODIFY, DROP or RENAME expected, {verb or 'none'} found"
        )
    reader.end()
    return lambda target: target.alter_table(schema, name, alteration)


def _add(reader: StatementReader, schema: str) -> TableAlteration:
    elements = ElementReader(reader, schema)
    grouped = reader.accept("(")
    reader.listed(lambda: elements.column() if reader.accept("COLUMN") else elements.element())
    if grouped:
        reader.expect(")")
    found = elements.found
    return TableAlteration(
        add=tuple(found.columns), add_keys=tuple(found.keys), add_foreign_keys=tuple(found.foreign_keys)
    )


def _drop(reader: StatementReader) -> TableAlteration:
    if reader.accept("PRIMARY", "KEY"):
        alteration = TableAlteration(drop_primary_key=True)
    elif reader.accept("CONSTRAINT") or reader.accept("FOREIGN", "KEY"):
        alteration = TableAlteration(drop_constraints=(reader.name("the constraint's name"),))
    else:
        alteration = TableAlteration(drop_columns=tuple(reader.listed(lambda: _dropped_column(reader))))
    reader.accept_any({"CASCADE", "RESTRICT"})
    reader.accept_any({"%DELDATA", "%NODELDATA"})
    return alteration


def _dropped_column(reader: StatementReader) -> str:
    reader.accept("COLUMN")
    return reader.name("a column")


def _modify(reader: StatementReader, schema: str, verb: str) -> TableAlteration:
    """`ALTER [COLUMN] name ...` and `MODIFY name ...`."""
    if verb == "ALTER":
        reader.accept("COLUMN")
    name = reader.name("a column")
    if reader.accept("RENAME"):
        reader.accept("TO")
        return TableAlteration(rename_columns=((name, reader.name("the new name")),))
    if reader.accept("DROP", "DEFAULT"):
        return TableAlteration(modify=(ColumnChange(name, drop_default=True),))
    elements = ElementReader(reader, schema)
    change = ColumnChange(name)
    reader.accept("SET")
    if reader.peek() not in {"NOT", "NULL", "DEFAULT", ""}:
        change = replace(change, type=elements.type())
    while not reader.at_end:
        if reader.accept("NOT", "NULL"):
            change = replace(change, nullable=False)
        elif reader.accept("NULL"):
            change = replace(change, nullable=True)
        elif reader.accept("DEFAULT"):
            default = elements.default()
            change = replace(change, default=default, drop_default=default is None)
        else:
            raise failure(
                INVALID_STATEMENT, f"unexpected {reader.take('an option').text!r} after the column '{name}'"
            )
    return TableAlteration(modify=(change,))


# Indices ---------------------------------------------------------------------------------------------------------


def _build_index(reader: StatementReader, catalog: Catalog) -> Statement:
    """`BUILD INDEX FOR TABLE t [INDEX i[,i]]` (facts: iris-operations 2)."""
    reader.expect("INDEX")
    if reader.peek().startswith("%"):
        raise unsupported(f"BUILD INDEX {reader.peek()}")
    reader.expect("FOR")
    if reader.peek() != "TABLE":
        raise unsupported(f"BUILD INDEX FOR {reader.peek()}")
    reader.expect("TABLE")
    schema, name = reader.qualified_name("the table's name", catalog.default_schema)
    names = reader.names("an index") if reader.accept("INDEX") else []
    reader.end()
    return lambda target: target.build_index(schema, name, names)


def _create_index(reader: StatementReader, catalog: Catalog) -> Statement:
    kind = reader.accept_any(_KINDS_OF_INDEX)
    reader.expect("INDEX")
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    name = reader.name("the index's name")
    reader.expect("ON")
    reader.accept("TABLE")
    schema, table = reader.qualified_name("the table's name", catalog.default_schema)
    columns: list[tuple[str, bool]] = []
    if kind != "BITMAPEXTENT" or reader.peek() == "(":
        reader.expect("(")
        columns = reader.listed(
            lambda: (reader.name("a column"), reader.accept_any({"ASC", "DESC"}) == "DESC")
        )
        reader.expect(")")
    data = reader.name_list("a column") if reader.accept("WITH", "DATA") else ()
    reader.accept("DEFER")
    reader.end()
    spec = IndexSpec(name, tuple(columns), kind == "UNIQUE", data)
    return lambda target: target.create_index(schema, table, spec, if_not_exists=if_not_exists)


def _drop_index(reader: StatementReader, catalog: Catalog) -> Statement:
    reader.expect("INDEX")
    if_exists = reader.accept("IF", "EXISTS")
    parts = [reader.name("the index's name")]
    while reader.accept("."):
        parts.append(reader.name("the index's name"))
    *table_parts, name = parts
    if reader.accept("ON"):
        reader.accept("TABLE")
        schema, table = reader.qualified_name("the table's name", catalog.default_schema)
    else:
        table = table_parts[-1] if table_parts else ""
        schema = table_parts[-2] if len(table_parts) > 1 else catalog.default_schema
    reader.end()
    return lambda target: target.drop_index(schema, table, name, if_exists=if_exists)


# Views -----------------------------------------------------------------------------------------------------------


def _view(sql: str, reader: StatementReader, catalog: Catalog, check_view: CheckView, verb: str) -> Statement:
    replacing = reader.accept("OR", "REPLACE") or verb == "ALTER"
    reader.expect("VIEW")
    schema, name = reader.qualified_name("the view's name", catalog.default_schema)
    columns = reader.name_list("a column") if reader.peek() == "(" else ()
    reader.expect("AS")
    spec = check_view(ViewSpec(schema, name, _query_text(sql, reader), catalog.default_schema, columns))
    return lambda target: target.create_view(spec, replace=replacing)


def _query_text(sql: str, reader: StatementReader) -> str:
    """The text of a view's query, without the options after it."""
    lexemes = list(reader.rest())
    if not lexemes:
        raise failure(TERM_EXPECTED, "the view's query is missing")
    if any(lexeme.kind is Kind.PARAMETER for lexeme in lexemes):
        raise failure(INVALID_STATEMENT, "a view's query has no parameters")
    tail = [lexeme.upper for lexeme in lexemes[-4:]]
    if tail[-2:] == ["CHECK", "OPTION"]:
        raise unsupported("WITH CHECK OPTION: the views of this simulator cannot be changed")
    if tail[-3:] == ["WITH", "READ", "ONLY"]:
        lexemes = lexemes[:-3]
    return sql[lexemes[0].start : lexemes[-1].end] if lexemes else ""


def _drop_view(reader: StatementReader, catalog: Catalog) -> Statement:
    reader.expect("VIEW")
    if_exists = reader.accept("IF", "EXISTS")
    schema, name = reader.qualified_name("the view's name", catalog.default_schema)
    reader.accept_any({"CASCADE", "RESTRICT"})
    reader.end()
    return lambda target: target.drop_view(schema, name, if_exists=if_exists)
