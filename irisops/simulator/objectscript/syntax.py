"""Syntax tree of ObjectScript: the parser's output, the evaluator's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a string."""

    value: int | Decimal | str


@dataclass(frozen=True, slots=True)
class Variable:
    """A local variable, or a node of a local array. A name that begins with ^ is a global's."""

    name: str
    subscripts: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class ByReference:
    """`.name` as an argument: the variable with all its nodes."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """`+`, `-` or `'` before an operand."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class System:
    """A special variable such as `$NAMESPACE`, by its full upper-case name."""

    name: str


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """A function such as `$PIECE`, by its full upper-case name."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`$SELECT(condition:value,...)`, or `$CASE` with a subject; condition None is the default of `$CASE`."""

    name: str
    subject: Expression | None
    pairs: tuple[tuple[Expression | None, Expression], ...]


@dataclass(frozen=True, slots=True)
class MethodCall:
    """`##class(X).M(...)`; `class_name` is "" for `..M(...)`. An omitted argument is None."""

    class_name: str
    method: str
    arguments: tuple[Expression | ByReference | None, ...]


@dataclass(frozen=True, slots=True)
class RoutineCall:
    """`$$label^routine(...)`."""

    label: str
    routine: str
    arguments: tuple[Expression | ByReference | None, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """`..#NAME`: a parameter of the class."""

    name: str


Expression = (
    Literal | Variable | Unary | Binary | System | Intrinsic | Choice | MethodCall | RoutineCall | Parameter
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`SET targets=value`. A target is a variable, `$PIECE(...)` or `$NAMESPACE`."""

    targets: tuple[Variable | Intrinsic | System, ...]
    value: Expression
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Kill:
    """`KILL variable`."""

    target: Variable
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Merge:
    """`MERGE target=source`: the source with its nodes, of local variables."""

    target: Variable
    source: Variable
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class StartJob:
    """`JOB` of a class method: it runs in a process of its own."""

    call: MethodCall
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Try:
    """`TRY { } CATCH { }`, without a variable: the error is in `$ZERROR`."""

    block: Sequence[Statement]
    otherwise: Sequence[Statement]


@dataclass(frozen=True, slots=True)
class NewNamespace:
    """`NEW $NAMESPACE`: the namespace is restored when the method ends."""

    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Do:
    """`DO` of a method or a routine; its value is discarded."""

    call: MethodCall | RoutineCall
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Leave:
    """`RETURN`, `QUIT` (inside a loop it leaves the loop) or `CONTINUE`."""

    how: str
    value: Expression | None
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class If:
    """Conditions with their blocks; `otherwise` is the ELSE block."""

    branches: tuple[tuple[Expression, Sequence[Statement]], ...]
    otherwise: Sequence[Statement] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """`start`, `start:step` or `start:step:end` of a FOR."""

    start: Expression
    step: Expression | None = None
    end: Expression | None = None


@dataclass(frozen=True, slots=True)
class For:
    """`FOR variable=ranges { }`; without a variable it loops until a command leaves it."""

    variable: Variable | None
    ranges: tuple[Range, ...]
    block: Sequence[Statement] = field(default=())


@dataclass(frozen=True, slots=True)
class While:
    """`WHILE condition { }`."""

    condition: Expression
    block: Sequence[Statement]


Statement = Assignment | Kill | Merge | NewNamespace | Do | StartJob | Leave | If | For | While | Try
