"""Parts of a table definition: columns with types and defaults, keys, foreign keys.

Grammar: "InterSystems SQL Reference", CREATE TABLE.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from irisops.simulator.backend import Value
from irisops.simulator.sql.catalog import Collation
from irisops.simulator.sql.definitions import (
    ColumnSpec,
    Default,
    ForeignKeySpec,
    KeySpec,
    Moment,
    Rule,
)
from irisops.simulator.sql.failures import INVALID_STATEMENT, TERM_EXPECTED, failure, unsupported
from irisops.simulator.sql.lexer import Kind
from irisops.simulator.sql.reader import StatementReader
from irisops.simulator.sql.stored import types
from irisops.simulator.sql.stored.types import ColumnType
from irisops.simulator.sql.values import canonical

_MOMENTS = {
    "CURRENT_TIMESTAMP": Moment.NOW,
    "GETDATE": Moment.NOW,
    "NOW": Moment.NOW,
    "SYSDATE": Moment.NOW,
    "CURRENT_DATE": Moment.TODAY,
    "CURDATE": Moment.TODAY,
    "CURRENT_TIME": Moment.TIME,
    "CURTIME": Moment.TIME,
    "USER": Moment.USER,
    "CURRENT_USER": Moment.USER,
    "SESSION_USER": Moment.USER,
    "SYSTEM_USER": Moment.USER,
}

_EXACT = frozenset({"%EXACT", "EXACT"})
_FOLDING = frozenset({"%SQLUPPER", "SQLUPPER", "%UPPER", "%ALPHAUP"})
_OTHER_COLLATIONS = frozenset({"%SQLSTRING", "%STRING", "%SPACE", "%MINUS", "%PLUS", "%TRUNCATE", "%MVR"})
_LONGEST_TYPE = 3


@dataclass(slots=True)
class Elements:
    """The elements read from the parentheses of CREATE TABLE, or after ADD."""

    columns: list[ColumnSpec] = field(default_factory=list)
    keys: list[KeySpec] = field(default_factory=list)
    foreign_keys: list[ForeignKeySpec] = field(default_factory=list)
    description: str = ""
    public_rowid: bool = False
    parameters: dict[str, str] = field(default_factory=dict)


class ElementReader:
    """Reads the elements of a table. `default_schema` is the schema of an unqualified table in REFERENCES."""

    def __init__(self, reader: StatementReader, default_schema: str) -> None:
        self._reader = reader
        self._default_schema = default_schema
        self.found = Elements()

    def element(self) -> None:
        """Read one column, constraint or option."""
        reader = self._reader
        word = reader.peek()
        if word in {"CONSTRAINT", "UNIQUE", "PRIMARY", "FOREIGN", "CHECK"}:
            self._table_constraint()
        elif word == "%DESCRIPTION":
            reader.word()
            self.found.description = self._string("a description")
        elif word == "%PUBLICROWID":
            reader.word()
            self.found.public_rowid = True
        elif word in {"%FILE", "%ROUTINE", "%EXTENTSIZE", "%NUMROWS"}:
            reader.word()
            reader.take(f"a value for {word}")
        elif word == "%CLASSPARAMETER":
            self.class_parameter()
        else:
            self.column()

    def class_parameter(self) -> None:
        """`%CLASSPARAMETER name [=] value`."""
        self._reader.expect("%CLASSPARAMETER")
        name = self._reader.name("the name of a class parameter")
        self._reader.accept("=")
        self.found.parameters[name.upper()] = self._reader.take("its value").text

    # Constraints of the table ------------------------------------------------------------------------------------

    def _table_constraint(self) -> None:
        reader = self._reader
        name = reader.name("the name of a constraint") if reader.accept("CONSTRAINT") else ""
        if reader.accept("UNIQUE"):
            self.found.keys.append(KeySpec(reader.name_list("a column"), name=name))
        elif reader.accept("PRIMARY", "KEY"):
            self.found.keys.append(KeySpec(reader.name_list("a column"), primary=True, name=name))
        elif reader.accept("FOREIGN", "KEY"):
            if reader.peek() != "(":
                name = reader.name("the name of a foreign key")
            self._references(reader.name_list("a column"), name)
        elif reader.accept("CHECK"):
            # Accepted for compatibility, without effect (SQL Reference, CREATE TABLE).
            self._skip_parentheses()
        else:
            raise failure(TERM_EXPECTED, "UNIQUE, PRIMARY KEY or FOREIGN KEY expected")

    def _references(self, columns: tuple[str, ...], name: str) -> None:
        reader = self._reader
        reader.expect("REFERENCES")
        schema, table = reader.qualified_name("a table", self._default_schema)
        referenced = reader.name_list("a column") if reader.peek() == "(" else ()
        rules = {"UPDATE": Rule.NO_ACTION, "DELETE": Rule.NO_ACTION}
        checked = True
        while True:
            if reader.accept("ON"):
                event = reader.word()
                if event not in rules:
                    raise failure(INVALID_STATEMENT, "ON is followed by UPDATE or DELETE")
                rules[event] = self._rule()
            elif reader.accept("NOCHECK"):
                checked = False
            else:
                break
        self.found.foreign_keys.append(
            ForeignKeySpec(
                columns, schema, table, referenced, name, rules["UPDATE"], rules["DELETE"], checked
            )
        )

    def _rule(self) -> Rule:
        reader = self._reader
        if reader.accept("NO", "ACTION"):
            return Rule.NO_ACTION
        if reader.accept("CASCADE"):
            return Rule.CASCADE
        if reader.accept("SET", "NULL"):
            return Rule.SET_NULL
        if reader.accept("SET", "DEFAULT"):
            return Rule.SET_DEFAULT
        raise failure(INVALID_STATEMENT, "NO ACTION, CASCADE, SET NULL or SET DEFAULT expected")

    # Columns -----------------------------------------------------------------------------------------------------

    def column(self) -> None:
        """`name type options`."""
        reader = self._reader
        name = reader.name("a column's name")
        identity = reader.accept("IDENTITY")
        auto = reader.accept("AUTO_INCREMENT")
        column_type = types.BIGINT if identity or auto else self.type()
        column = ColumnSpec(name, column_type, collation=column_type.collation)
        if identity:
            column = self._as_identity(column)
        if auto:
            column = ColumnSpec(name, types.AUTO_INCREMENT)
        self.found.columns.append(self._options(column))

    def _as_identity(self, column: ColumnSpec) -> ColumnSpec:
        """IDENTITY; a seed and increment are accepted and ignored.

        UNVERIFIED: that IDENTITY(1,1) is accepted. Settle: CREATE TABLE t (a IDENTITY(1,1)).
        """
        if self._reader.peek() == "(":
            self._skip_parentheses()
        return ColumnSpec(column.name, types.BIGINT, nullable=False, identity=True)

    def _options(self, column: ColumnSpec) -> ColumnSpec:
        reader = self._reader
        nullable = column.nullable
        while not reader.at_end and reader.peek() not in {",", ")"}:
            constraint = reader.name("the name of a constraint") if reader.accept("CONSTRAINT") else ""
            if reader.accept("NOT", "NULL"):
                nullable = False
            elif reader.accept("NULL"):
                nullable = True
            elif not self._column_constraint(column.name, constraint):
                column = self._changed(column)
        if column.type.versioned or column.identity:
            column = replace(column, default=None)
        return replace(column, nullable=nullable and not column.identity)

    def _column_constraint(self, name: str, constraint: str) -> bool:
        """Read a constraint of a column; False if something else follows."""
        reader = self._reader
        if reader.accept("UNIQUE"):
            self.found.keys.append(KeySpec((name,), name=constraint))
        elif reader.accept("PRIMARY", "KEY"):
            self.found.keys.append(KeySpec((name,), primary=True, name=constraint))
        elif reader.peek() == "REFERENCES":
            self._references((name,), constraint)
        elif reader.accept("CHECK"):
            self._skip_parentheses()
        else:
            return False
        return True

    def _changed(self, column: ColumnSpec) -> ColumnSpec:
        """The column with the next option applied."""
        reader = self._reader
        if reader.accept("IDENTITY"):
            return self._as_identity(column)
        if reader.accept("AUTO_INCREMENT"):
            return ColumnSpec(column.name, types.AUTO_INCREMENT)
        if reader.accept("DEFAULT"):
            return replace(column, default=self.default())
        if reader.accept("%DESCRIPTION"):
            return replace(column, description=self._string("a description"))
        if reader.peek() in {"COMPUTECODE", "CALCULATED", "TRANSIENT", "ON"}:
            raise unsupported(f"{reader.peek()} of a column")
        return replace(column, collation=self._collation(column))

    def _skip_parentheses(self) -> None:
        self._reader.expect("(")
        self._reader.until(())
        self._reader.expect(")")

    def _collation(self, column: ColumnSpec) -> Collation:
        reader = self._reader
        reader.accept("COLLATE")
        word = reader.peek() or reader.take("an option of a column").text.upper()
        if word not in _EXACT | _FOLDING | _OTHER_COLLATIONS:
            raise failure(INVALID_STATEMENT, f"unexpected {word!r} after the column '{column.name}'")
        reader.word()
        if reader.accept("("):
            reader.take("a length")
            reader.expect(")")
        if word in _OTHER_COLLATIONS - {"%SQLSTRING"}:
            raise unsupported(f"the collation {word} of a column")
        # SQLSTRING keeps case; its treatment of trailing blanks is not emulated.
        return Collation.SQLUPPER if word in _FOLDING else Collation.EXACT

    def type(self) -> ColumnType:
        """A data type with its sizes. Raises `SqlFailure` -400 for an unknown type.

        UNVERIFIED: the code for an unknown data type. Settle: CREATE TABLE t (a NIXSUCH).
        """
        reader = self._reader
        words = self._type_words()
        sizes: list[int] = []
        parameters: dict[str, str] = {}
        if reader.peek() == "(":
            for part in reader.enclosed() or [()]:  # `()` is an error, too
                if len(part) == 1 and part[0].kind is Kind.NUMBER and part[0].text.isdigit():
                    sizes.append(int(part[0].text))
                elif len(part) == 1 and part[0].upper == "MAX":
                    sizes.append(types.MAXIMUM_STRING)
                elif len(part) >= 3 and part[1].text == "=":
                    parameters[part[0].upper] = part[2].text
                else:
                    raise failure(INVALID_STATEMENT, f"the size of the type {words} is a number")
        found = types.column_type(words, sizes, parameters)
        if found is None:
            raise failure(-400, f"'{words}' is not a data type")
        return found

    def _type_words(self) -> str:
        reader = self._reader
        first = reader.take("a data type")
        if first.kind not in {Kind.WORD, Kind.NAME}:
            raise failure(TERM_EXPECTED, f"a data type expected, found {first.text!r}")
        words = first.text.upper()
        if words.startswith("%"):
            while reader.accept("."):
                words += f".{reader.take('a class').text.upper()}"
            return words
        best, taken = words, 0
        longer = words
        for ahead in range(_LONGEST_TYPE):
            longer = f"{longer} {reader.peek(ahead)}"
            if types.names_a_type(longer):
                best, taken = longer, ahead + 1
        for _ in range(taken):
            reader.word()
        return best

    def default(self) -> Default | None:
        """A literal, NULL, or a value of the moment, with or without parentheses."""
        reader = self._reader
        if reader.accept("("):
            found = self.default()
            reader.expect(")")
            return found
        negative = reader.accept("-")
        if not negative:
            reader.accept("+")
        lexeme = reader.take("a default")
        word = lexeme.upper
        if lexeme.kind is Kind.NUMBER:
            number = Decimal(lexeme.text)
            value: Value = -number if negative else number
            return Default(value, canonical(Decimal(str(value))))
        if negative:
            raise failure(TERM_EXPECTED, "a number expected after the sign of a default")
        if lexeme.kind is Kind.STRING:
            doubled = lexeme.text.replace('"', '""')
            return Default(lexeme.text, f'"{doubled}"' if lexeme.text else "$c(0)")
        if word == "NULL":
            return None
        if word in _MOMENTS:
            if reader.peek() == "(":
                self._skip_parentheses()
            # UNVERIFIED: how COLUMN_DEFAULT shows such a default. Settle: SELECT COLUMN_DEFAULT FROM
            # INFORMATION_SCHEMA.COLUMNS for a column with DEFAULT CURRENT_TIMESTAMP.
            return Default(_MOMENTS[word], word)
        raise unsupported(f"{lexeme.text!r} as a default; take a literal, NULL, USER or CURRENT_TIMESTAMP")

    def _string(self, what: str) -> str:
        lexeme = self._reader.take(what)
        if lexeme.kind not in {Kind.STRING, Kind.NAME}:
            raise failure(TERM_EXPECTED, f"{what} in quotes expected")
        return lexeme.text
