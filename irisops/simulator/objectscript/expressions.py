"""Parses expressions. Operators have no precedence, as in the language: `2+3*4` is 20."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from irisops.simulator.objectscript import functions
from irisops.simulator.objectscript.errors import CompileError
from irisops.simulator.objectscript.lexer import Kind, Token
from irisops.simulator.objectscript.syntax import (
    Binary,
    ByReference,
    Choice,
    Expression,
    Intrinsic,
    Literal,
    MethodCall,
    Parameter,
    RoutineCall,
    System,
    Unary,
    Variable,
)
from irisops.simulator.objectscript.values import number

OPERATORS = frozenset(
    {
        "+", "-", "*", "/", "\\", "#", "**", "_", "=", "<", ">", "<=", ">=", "[", "]", "&", "!", "&&", "||",
        "'=", "'<", "'>", "'[", "']", "'&", "'!",
    }
)  # fmt: skip
MOST_NESTED = 40
"""Nesting limit of parentheses and calls."""

Passed = Expression | ByReference | None
Item = TypeVar("Item")


class ExpressionReader:
    """Parses expressions from a list of words; `StatementReader` extends it."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0
        self._depth = 0

    # -- words --------------------------------------------------------------------------------------------------------

    @property
    def word(self) -> Token:
        """The next word."""
        return self._words[self._at]

    def take(self) -> Token:
        """Read the next word."""
        found = self._words[self._at]
        if found.kind is not Kind.END:
            self._at += 1
        return found

    def sees(self, sign: str) -> bool:
        """True if the next word is this sign."""
        return self.word.kind is Kind.SIGN and self.word.text == sign

    def accept(self, sign: str) -> bool:
        """Read this sign if it is next."""
        if self.sees(sign):
            self._at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        """Read this sign. Raises `CompileError` if something else is next."""
        if not self.accept(sign):
            raise self.wrong(f"{sign!r} is expected")

    def listed(self, read: Callable[[], Item]) -> list[Item]:
        """Items separated by commas, each read by `read`."""
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    def wrong(self, text: str) -> CompileError:
        """The error at the next word."""
        shown = "the end" if self.word.kind is Kind.END else repr(self.word.text)
        return CompileError(f"{text}, not {shown}", self.word.line)

    # -- expressions --------------------------------------------------------------------------------------------------

    def expression(self, *, tight: bool = False) -> Expression:
        """One expression. `tight`: it ends at the first blank, as in a post-conditional."""
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise CompileError("the expression is nested too deeply", self.word.line)
        found = self._operand()
        while self._at_operator(tight=tight):
            operator = self.take().text
            found = Binary(operator, found, self._operand())
        self._depth -= 1
        return found

    def _at_operator(self, *, tight: bool) -> bool:
        word = self.word
        if word.kind is not Kind.SIGN or word.text not in OPERATORS or (word.first and word.text != "_"):
            return False
        return not (tight and word.blanks)

    def _operand(self) -> Expression:
        signs: list[str] = []
        while self.word.kind is Kind.SIGN and self.word.text in ("+", "-", "'"):
            signs.append(self.take().text)
            if len(signs) > MOST_NESTED:
                raise CompileError("too many signs before an operand", self.word.line)
        found = self._plain_operand()
        for sign in reversed(signs):
            found = Unary(sign, found)
        return found

    def _plain_operand(self) -> Expression:
        kind = self.word.kind
        if kind is Kind.NUMBER:
            return Literal(number(self.take().text))
        if kind is Kind.STRING:
            return Literal(self.take().text)
        if kind is Kind.NAME:
            return self.variable()
        return self._special() if kind is Kind.SPECIAL else self._sign_operand()

    def _sign_operand(self) -> Expression:
        word = self.word
        if word.kind is Kind.CLASS or self.sees(".."):
            return self.method_call()
        if self.accept("("):
            found = self.expression()
            self.expect(")")
            return found
        if self.accept("$$"):
            return self.routine_call()
        if self.sees("^"):
            return self.variable()
        raise self.wrong("an operand is expected")

    def variable(self) -> Variable:
        """A local variable or a global, with its subscripts."""
        if self.accept("^"):
            return Variable(f"^{self._dotted()}", self._subscripts())
        word = self.take()
        if word.kind is not Kind.NAME:
            self._at -= word.kind is not Kind.END
            raise self.wrong("a variable is expected")
        subscripts = self._subscripts()
        if self.sees(".") and not self.word.blanks:
            raise CompileError("objects are not in the simulator's subset of ObjectScript", word.line)
        return Variable(word.text, subscripts)

    def _subscripts(self) -> tuple[Expression, ...]:
        if not self.sees("(") or self.word.blanks:
            return ()
        self.take()
        found = self.listed(self.expression)
        self.expect(")")
        return tuple(found)

    def method_call(self) -> MethodCall | Parameter:
        """`##class(X).M(...)`, `..M(...)` or `..#P`."""
        line = self.word.line
        if self.accept(".."):
            if self.accept("#"):
                return Parameter(self._name())
            method = self._name()
            if not self.sees("("):
                raise CompileError("properties are not in the simulator's subset of ObjectScript", line)
            return MethodCall("", method, self._arguments())
        self.take()
        self.expect("(")
        class_name = self._dotted()
        self.expect(")")
        self.expect(".")
        if self.sees("#"):
            raise CompileError("parameters of other classes are not in the simulator's subset", line)
        return self._called(class_name)

    def _called(self, class_name: str) -> MethodCall:
        method = self._name()
        if not self.sees("("):
            raise self.wrong("the arguments of a method are expected")
        call = MethodCall(class_name, method, self._arguments())
        if self.sees("."):
            raise CompileError("objects are not in the simulator's subset of ObjectScript", self.word.line)
        return call

    def routine_call(self) -> RoutineCall:
        """`label^routine(...)`, without the `$$` of a function."""
        label = self._name()
        self.expect("^")
        routine = self._dotted()
        arguments = self._arguments() if self.sees("(") else ()
        return RoutineCall(label, routine, arguments)

    def _special(self) -> Expression:
        word = self.take()
        name = word.text.upper()
        if name == "$SYSTEM":
            self.expect(".")
            parts = [self._name()]
            while self.accept("."):
                parts.append(self._name())
            if len(parts) < 2 or not self.sees("("):
                raise self.wrong("a method of $SYSTEM is expected")
            return MethodCall(f"%SYSTEM.{'.'.join(parts[:-1])}", parts[-1], self._arguments())
        if not self.sees("("):
            name = functions.SYSTEM_SHORT.get(name, name)
            if name not in functions.SYSTEM:
                raise CompileError(f"{word.text} is not in the simulator's subset of ObjectScript", word.line)
            return System(name)
        return self._function(functions.SHORT.get(name, name), word)

    def _function(self, name: str, word: Token) -> Expression:
        if name in functions.CHOICES:
            return self._choice(name)
        if name not in functions.FUNCTIONS and name not in functions.ON_VARIABLES:
            raise CompileError(f"{word.text} is not in the simulator's subset of ObjectScript", word.line)
        self.expect("(")
        arguments = self.listed(self.expression)
        self.expect(")")
        wrong = functions.check_count(name, arguments)
        if wrong:
            raise CompileError(wrong, word.line)
        if name in functions.ON_VARIABLES and not isinstance(arguments[0], Variable):
            raise CompileError(f"the first argument of {name} is a variable", word.line)
        return Intrinsic(name, tuple(arguments))

    def _choice(self, name: str) -> Choice:
        self.expect("(")
        subject = None
        if name == "$CASE":
            subject = self.expression()
            self.expect(",")

        def pair() -> tuple[Expression | None, Expression]:
            condition = None if name == "$CASE" and self.sees(":") else self.expression()
            self.expect(":")
            return condition, self.expression()

        pairs = self.listed(pair)
        self.expect(")")
        return Choice(name, subject, tuple(pairs))

    def _arguments(self) -> tuple[Passed, ...]:
        self.expect("(")
        if self.accept(")"):
            return ()
        found = self.listed(self._argument)
        self.expect(")")
        return tuple(found)

    def _argument(self) -> Passed:
        if self.sees(",") or self.sees(")"):
            return None
        if self.accept("."):
            return ByReference(self._name())
        return self.expression()

    def _name(self) -> str:
        if self.word.kind is not Kind.NAME:
            raise self.wrong("a name is expected")
        return self.take().text

    def _dotted(self) -> str:
        parts = [self._name()]
        while self.sees(".") and not self.word.blanks:
            self.take()
            parts.append(self._name())
        return ".".join(parts)
