"""Stored procedures as `cursor.callproc` prepares them, e.g. `Security . Users_List ( :%qpar(1) )`.

Facts: wire-protocol 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irisops.simulator.backend import CallOutcome, Column, Value
from irisops.simulator.sql.catalog import Catalog, FunctionDef, ProcedureDef
from irisops.simulator.sql.failures import INVALID_STATEMENT, failure, unsupported
from irisops.simulator.sql.lexer import Kind, Lexeme, lex
from irisops.simulator.sql.routines import check_arguments, complete_arguments
from irisops.simulator.sql.statements import Action
from irisops.simulator.sql.values import number


@dataclass(frozen=True, slots=True)
class _Parameter:
    number: int


@dataclass(frozen=True, slots=True)
class _Constant:
    value: Value


@dataclass(frozen=True, slots=True)
class Call:
    """A procedure with its arguments: parameters by number, or constants."""

    routine: ProcedureDef | FunctionDef
    arguments: Sequence[_Parameter | _Constant]

    @property
    def columns(self) -> list[Column] | None:
        """The columns of the result set; None for a function."""
        if isinstance(self.routine, FunctionDef):
            return None
        owner = self.routine
        return [column.result_column(schema=owner.schema, table=owner.name) for column in owner.columns]

    @property
    def parameter_count(self) -> int:
        """Number of values that `run` needs."""
        return max((item.number for item in self.arguments if isinstance(item, _Parameter)), default=0)

    def run(self, values: Sequence[Value]) -> CallOutcome:
        """Call it. Raises `SqlFailure` -99, -429, or what the procedure raises."""
        self.routine.authorize(Action.EXECUTE)
        if len(values) < self.parameter_count:
            raise failure(-429, f"{self.parameter_count} parameters are needed, {len(values)} were sent")
        given = [
            values[item.number - 1] if isinstance(item, _Parameter) else item.value for item in self.arguments
        ]
        complete = complete_arguments(self.routine.qualified_name, self.routine.arguments, given)
        if isinstance(self.routine, FunctionDef):
            # UNVERIFIED: where the client finds the returned value. Settle: cursor.callproc(
            # "%SYSTEM_SQL.Security_UserExists(?)", ["_SYSTEM"]).
            self.routine.call(complete)
            return CallOutcome(list(values), None)
        return CallOutcome(list(values), [tuple(row) for row in self.routine.run(complete)])


def parse_call(text: str, catalog: Catalog) -> Call:
    """The call in `text`. Raises `SqlFailure`: -428 for an unknown procedure, -429 for a wrong number of arguments."""
    lexemes = lex(text)
    if lexemes and lexemes[0].upper in {"CALL", "EXEC", "EXECUTE"}:
        lexemes = lexemes[1:]
    if len(lexemes) > 1 and lexemes[0].kind is Kind.PARAMETER and lexemes[1].text == "=":
        raise unsupported("a return value of callproc ('? = name(...)'); use SELECT schema.function(...)")
    name, rest = _qualified_name(lexemes)
    schema, routine_name = name if len(name) == 2 else (catalog.default_schema, name[0])
    routine = catalog.procedure(schema, routine_name) or catalog.function(schema, routine_name)
    if routine is None:
        raise failure(-428, f"'{f'{schema}.{routine_name}'.upper()}'")
    routine.authorize(Action.EXECUTE)
    arguments = _arguments(rest)
    check_arguments(routine.qualified_name, routine.arguments, len(arguments))
    return Call(routine, arguments)


def _qualified_name(lexemes: Sequence[Lexeme]) -> tuple[list[str], Sequence[Lexeme]]:
    parts: list[str] = []
    position = 0
    while position < len(lexemes) and lexemes[position].kind in {Kind.WORD, Kind.NAME}:
        parts.append(lexemes[position].text)
        position += 1
        if position >= len(lexemes) or lexemes[position].text != ".":
            break
        position += 1
    if not parts or len(parts) > 2:
        raise failure(-427, "expected schema.name(arguments)")
    return parts, lexemes[position:]


def _arguments(lexemes: Sequence[Lexeme]) -> list[_Parameter | _Constant]:
    if not lexemes:
        return []
    if lexemes[0].text != "(" or lexemes[-1].text != ")" or lexemes[-1].kind is not Kind.SYMBOL:
        raise failure(INVALID_STATEMENT, "put the arguments of a call in one pair of parentheses")
    inner = list(lexemes[1:-1])
    arguments: list[_Parameter | _Constant] = []
    while inner:
        negative = inner[0].text == "-" and len(inner) > 1 and inner[1].kind is Kind.NUMBER
        if negative:
            inner.pop(0)
        arguments.append(_argument(inner.pop(0), negative=negative))
        if inner:
            comma = inner.pop(0)
            if comma.upper != "," or not inner:
                raise failure(INVALID_STATEMENT, f"unexpected {comma.text!r} in the arguments of a call")
    return arguments


def _argument(lexeme: Lexeme, *, negative: bool) -> _Parameter | _Constant:
    if lexeme.kind is Kind.PARAMETER:
        return _Parameter(int(lexeme.text))
    if lexeme.kind is Kind.STRING:
        return _Constant(lexeme.text)
    if lexeme.kind is Kind.NUMBER:
        value = number(lexeme.text)
        return _Constant(-value if negative else value)
    if lexeme.upper == "NULL":
        return _Constant(None)
    raise failure(
        INVALID_STATEMENT, f"{lexeme.text!r} cannot be an argument of a call; use a literal or a parameter"
    )
