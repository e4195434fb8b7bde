"""Runs the statements of a method for a host: the instance as the code sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.objectscript import functions
from irisops.simulator.objectscript.syntax import (
    Assignment,
    Binary,
    ByReference,
    Choice,
    Do,
    Expression,
    For,
    If,
    Intrinsic,
    Kill,
    Leave,
    Literal,
    Merge,
    MethodCall,
    NewNamespace,
    Parameter,
    Range,
    RoutineCall,
    StartJob,
    Statement,
    System,
    Try,
    Unary,
    Variable,
    While,
)
from irisops.simulator.objectscript.values import binary, number, text, truth, unary
from irisops.simulator.objectscript.variables import Node

MOST_STATEMENTS = 200_000
"""Statements that one call may run. IRIS has no such limit, but there a busy process does not block the others."""
CHARACTERS_PER_STATEMENT = 64
"""Characters produced by operators and functions that cost as much as one statement."""

Passed = Value | Node
"""An argument: a value, a variable passed by reference, or None if omitted."""


class Budget:
    """The remaining statements of one client call, including all nested calls."""

    def __init__(self, statements: int = MOST_STATEMENTS) -> None:
        self._left = statements

    def spend(self, statements: int = 1) -> None:
        """Spend that many statements. Throws when none are left."""
        self._left -= statements
        if self._left < 0:
            raise ThrownError("<INTERRUPT> the code runs too long for this simulator")


class Host(Protocol):
    """What code can read and call outside itself."""

    def system(self, name: str) -> Value:
        """A special variable by its full name, such as `$USERNAME`."""
        ...

    def enter_namespace(self, name: str) -> None:
        """`SET $NAMESPACE`. Throws."""
        ...

    def parameter(self, name: str) -> str | None:
        """A parameter of the running class, or None."""
        ...

    def class_method(self, class_name: str, method: str, arguments: Sequence[Passed]) -> Value:
        """Call a method; `class_name` "" is the running class. Throws."""
        ...

    def start_job(self, class_name: str, method: str, arguments: Sequence[Passed]) -> None:
        """`JOB` of a class method. Throws."""
        ...

    def global_value(self, name: str, subscripts: Sequence[str]) -> Value:
        """The value of a node; None where it is undefined."""
        ...

    def global_defined(self, name: str, subscripts: Sequence[str]) -> int:
        """`$DATA` of a node."""
        ...

    def global_next(self, name: str, subscripts: Sequence[str], *, backwards: bool) -> str:
        """`$ORDER` of a node."""
        ...

    def set_global(self, name: str, subscripts: Sequence[str], value: Value) -> None:
        """Set a node; None kills it and those below."""
        ...

    def routine(self, label: str, routine: str, arguments: Sequence[Passed]) -> Value:
        """Call `label^routine`. Throws."""
        ...


class _Left(Exception):  # noqa: N818 - control flow, not an error
    """A RETURN, QUIT or CONTINUE that unwinds to its method or loop."""

    def __init__(self, how: str, value: Value) -> None:
        super().__init__(how)
        self.how = how
        self.value = value


def run(statements: Sequence[Statement], variables: dict[str, Node], host: Host, budget: Budget) -> Value:
    """Run a method; its value is "" if it returns none. Throws `ThrownError`.

    After `NEW $NAMESPACE` the previous namespace is restored, even on an error.
    """
    try:
        return _Frame(variables, host, budget).run(statements)
    except RecursionError:
        raise ThrownError("<FRAMESTACK>") from None


class _Frame:
    def __init__(self, variables: dict[str, Node], host: Host, budget: Budget) -> None:
        self._variables = variables
        self._host = host
        self._count = budget.spend
        self._namespace: Value = None
        self._error = ""

    def run(self, statements: Sequence[Statement]) -> Value:
        try:
            self._block(statements)
        except _Left as left:
            return "" if left.value is None else left.value
        finally:
            if self._namespace is not None:
                self._host.enter_namespace(text(self._namespace))
        return ""

    # -- statements ---------------------------------------------------------------------------------------------------

    def _block(self, statements: Sequence[Statement]) -> None:
        for each in statements:
            self._count()
            self._statement(each)

    def _statement(self, each: Statement) -> None:
        match each:
            case If():
                self._if(each)
            case For():
                self._for(each)
            case While():
                while truth(self._value(each.condition)):
                    self._count()
                    if not self._loop(each.block):
                        return
            case Try(block, otherwise):
                try:
                    self._block(block)
                except ThrownError as error:
                    self._error = str(error)
                    self._block(otherwise)
            case _:
                if each.condition is None or truth(self._value(each.condition)):
                    self._command(each)

    def _command(self, each: Assignment | Kill | Merge | NewNamespace | Do | StartJob | Leave) -> None:
        match each:
            case StartJob():
                sent = [self._argument(one) for one in each.call.arguments]
                self._host.start_job(each.call.class_name, each.call.method, sent)
            case Merge(into, source, _):
                node = self._found(source)
                if node is not None:
                    self._node(into).merge(node)
            case Kill(killed, _):
                self._kill(killed)
            case Assignment(targets, value, _):
                found = self._value(value)
                for target in targets:
                    self._assign(target, found)
            case NewNamespace():
                if self._namespace is None:
                    self._namespace = self._host.system("$NAMESPACE")
            case Do(call, _):
                self._call(call)
            case Leave(how, value, _):
                raise _Left(how, None if value is None else self._value(value))

    def _kill(self, target: Variable) -> None:
        if target.name.startswith("^"):
            self._host.set_global(target.name, self._subscripts(target), None)
            return
        node = self._variables.get(target.name)
        if node is not None:
            node.kill_below(self._subscripts(target))

    def _assign(self, target: Variable | Intrinsic | System, value: Value) -> None:
        if isinstance(target, System):
            self._host.enter_namespace(text(value))
            return
        if isinstance(target, Variable):
            if target.name.startswith("^"):
                self._host.set_global(target.name, self._subscripts(target), value)
            else:
                self._node(target).value = value
            return
        variable, delimiter, *place = target.arguments
        if not isinstance(variable, Variable):
            raise TypeError("the parser accepts only variables in SET $PIECE")
        node = self._node(variable)
        position = self._value(place[0]) if place else 1
        node.value = functions.with_piece(node.value, self._value(delimiter), position, value)

    def _if(self, each: If) -> None:
        for condition, block in each.branches:
            if truth(self._value(condition)):
                self._block(block)
                return
        self._block(each.otherwise)

    def _for(self, each: For) -> None:
        if each.variable is None:
            while self._loop(each.block):
                self._count()
            return
        for range_ in each.ranges:
            if not self._range(each.variable, range_, each.block):
                return

    def _range(self, variable: Variable, range_: Range, block: Sequence[Statement]) -> bool:
        """Run one range of a FOR; True if the loop continues with the next range."""
        value = self._value(range_.start)
        if range_.step is None:
            self._node(variable).value = value
            return self._loop(block)
        step = number(self._value(range_.step))
        end = None if range_.end is None else number(self._value(range_.end))
        current: int | Decimal = number(value)
        while end is None or (current <= end if step >= 0 else current >= end):
            self._count()
            self._node(variable).value = current
            if not self._loop(block):
                return False
            # Changes of the variable by the block count; the variable never passes the end.
            following = number(binary("+", self._value(variable), step))
            if end is not None and (following > end if step >= 0 else following < end):
                return True
            current = following
        return True

    def _loop(self, block: Sequence[Statement]) -> bool:
        """Run a loop body once; True if the loop continues."""
        try:
            self._block(block)
        except _Left as left:
            if left.how == "return":
                raise
            return left.how == "continue"
        return True

    # -- expressions --------------------------------------------------------------------------------------------------

    def _value(self, each: Expression) -> Value:  # noqa: PLR0911 - one line per kind of expression
        match each:
            case Literal(value):
                return value
            case Variable():
                found = self._variable(each)
                if found is None:
                    raise ThrownError(f"<UNDEFINED> *{self._written(each)}")
                return found
            case Unary(operator, operand):
                return unary(operator, self._value(operand))
            case Binary():
                return self._binary(each)
            case System(name):
                return self._error if name == "$ZERROR" else self._host.system(name)
            case Intrinsic():
                return self._intrinsic(each)
            case Choice():
                return self._choice(each)
            case Parameter(name):
                return self._parameter(name)
            case MethodCall() | RoutineCall():
                return self._call(each)

    def _parameter(self, name: str) -> str:
        found = self._host.parameter(name)
        if found is None:
            raise ThrownError(f"<PARAMETER DOES NOT EXIST> *{name}")
        return found

    def _binary(self, each: Binary) -> Value:
        """A chain `a+b+c` leans to the left and may be long, so it is iterated, not recursed into."""
        rest: list[Binary] = []
        first: Expression = each
        while isinstance(first, Binary):
            rest.append(first)
            first = first.left
        found = self._value(first)
        for link in reversed(rest):
            if link.operator in ("&&", "||"):
                # Only these two short-circuit.
                if truth(found) is (link.operator == "||"):
                    found = int(truth(found))
                else:
                    found = int(truth(self._value(link.right)))
            else:
                found = self._made(binary(link.operator, found, self._value(link.right)))
        return found

    def _made(self, value: Value) -> Value:
        """A computed value; long strings cost statements, so that they cannot fill the memory."""
        if isinstance(value, str):
            self._count(len(value) // CHARACTERS_PER_STATEMENT)
        return value

    def _intrinsic(self, each: Intrinsic) -> Value:
        if each.name in functions.FUNCTIONS:
            compute = functions.FUNCTIONS[each.name][0]
            return self._made(compute(*(self._value(argument) for argument in each.arguments)))
        variable, *rest = each.arguments
        if not isinstance(variable, Variable):
            raise TypeError("the parser accepts only variables here")
        match each.name:
            case "$GET":
                found = self._variable(variable)
                if found is not None:
                    return found
                return self._value(rest[0]) if rest else ""
            case "$DATA":
                return self._defined(variable)
            case "$INCREMENT":
                value = binary("+", self._variable(variable), self._value(rest[0]) if rest else 1)
                self._assign(variable, value)
                return value
        return self._order(variable, backwards=bool(rest) and number(self._value(rest[0])) < 0)

    def _defined(self, variable: Variable) -> int:
        if variable.name.startswith("^"):
            return self._host.global_defined(variable.name, self._subscripts(variable))
        node = self._found(variable)
        return 0 if node is None else node.defined()

    def _order(self, variable: Variable, *, backwards: bool) -> str:
        *parents, last = self._subscripts(variable) or [""]
        if variable.name.startswith("^"):
            return self._host.global_next(variable.name, [*parents, last], backwards=backwards)
        root = self._variables.get(variable.name)
        parent = root.find(parents) if root is not None else None
        return parent.next(last, backwards=backwards) if parent is not None else ""

    def _choice(self, each: Choice) -> Value:
        subject = None if each.subject is None else text(self._value(each.subject))
        for condition, value in each.pairs:
            if condition is None:
                return self._value(value)
            found = self._value(condition)
            if truth(found) if subject is None else text(found) == subject:
                return self._value(value)
        raise ThrownError("<SELECT>" if each.name == "$SELECT" else "<ILLEGAL VALUE>")

    def _call(self, call: MethodCall | RoutineCall) -> Value:
        arguments = [self._argument(each) for each in call.arguments]
        if isinstance(call, MethodCall):
            return self._host.class_method(call.class_name, call.method, arguments)
        return self._host.routine(call.label, call.routine, arguments)

    def _argument(self, each: Expression | ByReference | None) -> Passed:
        if each is None:
            return None
        if isinstance(each, ByReference):
            return self._variables.setdefault(each.name, Node())
        return self._value(each)

    # -- variables ----------------------------------------------------------------------------------------------------

    def _subscripts(self, variable: Variable) -> list[str]:
        return [text(self._value(each)) for each in variable.subscripts]

    def _variable(self, variable: Variable) -> Value:
        """The value of a variable or a global; None where it is undefined."""
        if variable.name.startswith("^"):
            return self._host.global_value(variable.name, self._subscripts(variable))
        node = self._found(variable)
        return None if node is None else node.value

    def _found(self, variable: Variable) -> Node | None:
        root = self._variables.get(variable.name)
        return None if root is None else root.find(self._subscripts(variable))

    def _node(self, variable: Variable) -> Node:
        subscripts = self._subscripts(variable)
        return self._variables.setdefault(variable.name, Node()).make(subscripts)

    def _written(self, variable: Variable) -> str:
        subscripts = ",".join(f'"{each}"' for each in self._subscripts(variable))
        return f"{variable.name}({subscripts})" if subscripts else variable.name


def variables_of(names: Sequence[str], passed: Mapping[str, Passed]) -> dict[str, Node]:
    """Initial variables of a method: its arguments by name, undefined if omitted."""
    found: dict[str, Node] = {}
    for name in names:
        value = passed.get(name)
        found[name] = value if isinstance(value, Node) else Node(value)
    return found
