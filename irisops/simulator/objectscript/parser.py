"""Parses the statements of a method."""

from __future__ import annotations

from collections.abc import Callable

from irisops.simulator.objectscript.errors import CompileError
from irisops.simulator.objectscript.expressions import ExpressionReader
from irisops.simulator.objectscript.lexer import Kind, Token, tokens
from irisops.simulator.objectscript.syntax import (
    Assignment,
    ByReference,
    Do,
    Expression,
    For,
    If,
    Intrinsic,
    Kill,
    Leave,
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
    Variable,
    While,
)

COMMANDS = {
    "s": "set", "set": "set", "k": "kill", "kill": "kill", "n": "new", "new": "new", "d": "do", "do": "do",
    "q": "quit", "quit": "quit", "ret": "return", "return": "return", "continue": "continue", "i": "if", "if": "if",
    "f": "for", "for": "for", "while": "while", "m": "merge", "merge": "merge", "j": "job", "job": "job",
    "try": "try",
}  # fmt: skip
"""Commands of the subset, by full and short name."""

MOST_BLOCKS = 40
"""Nesting limit of blocks."""


def parse(code: str, line: int = 1) -> tuple[Statement, ...]:
    """The statements of a method's code, whose first line has number `line`. Raises `CompileError`."""
    reader = StatementReader(tokens(code, line))
    return reader.statements()


class StatementReader(ExpressionReader):
    """Parses statements from a list of words."""

    def __init__(self, words: list[Token]) -> None:
        super().__init__(words)
        self._blocks = 0
        self._loops = 0

    def statements(self) -> tuple[Statement, ...]:
        """All statements to the end."""
        found: list[Statement] = []
        while self.word.kind is not Kind.END:
            found += self._statement()
        return tuple(found)

    def _statement(self) -> list[Statement]:
        """One command; it becomes several statements if it has several arguments."""
        word = self.word
        command = COMMANDS.get(word.text.lower()) if word.kind is Kind.NAME else None
        if command is None:
            raise CompileError(
                f"{word.text!r} is not a command in the simulator's subset of ObjectScript", word.line
            )
        self.take()
        blocks: dict[str, Callable[[], Statement]] = {
            "if": self._if,
            "for": self._for,
            "while": self._while,
            "try": self._try,
        }
        if command in blocks:
            return [blocks[command]()]
        condition = self.expression(tight=True) if self._joined(":") and self.accept(":") else None
        reads: dict[str, Callable[[Expression | None], Statement]] = {
            "set": self._assignment,
            "kill": lambda condition: Kill(self.variable(), condition),
            "do": self._do,
            "merge": self._merge,
            "new": self._new,
        }
        if command in reads:
            return self._each(lambda: reads[command](condition), word)
        if command == "job":
            return [self._job(condition)]
        return [self._leave(command, condition, word)]

    def _joined(self, sign: str) -> bool:
        return self.sees(sign) and not self.word.blanks and not self.word.first

    def _without_arguments(self) -> bool:
        """True if the command just read has no arguments (see `lexer`)."""
        word = self.word
        return word.kind is Kind.END or word.first or word.blanks > 1 or self.sees("}")

    def _each(self, read: Callable[[], Statement], word: Token) -> list[Statement]:
        """The comma-separated arguments of a command."""
        if self._without_arguments():
            raise CompileError(f"{word.text} needs arguments here", word.line)
        return self.listed(read)

    def _assignment(self, condition: Expression | None) -> Assignment:
        if self.accept("("):
            targets = self.listed(self._target)
            self.expect(")")
        else:
            targets = [self._target()]
        self.expect("=")
        return Assignment(tuple(targets), self.expression(), condition)

    def _target(self) -> Variable | Intrinsic | System:
        word = self.word
        if word.kind is Kind.NAME or self.sees("^"):
            return self.variable()
        if word.kind is Kind.SPECIAL:
            found = self._special()
            if isinstance(found, System) and found.name == "$NAMESPACE":
                return found
            if isinstance(found, Intrinsic) and found.name == "$PIECE":
                if not isinstance(found.arguments[0], Variable) or len(found.arguments) > 3:
                    raise CompileError("$PIECE can be set of one piece of a variable", word.line)
                return found
        raise CompileError(
            f"{word.text!r} cannot be set in the simulator's subset of ObjectScript", word.line
        )

    def _new(self, condition: Expression | None) -> NewNamespace:
        word = self.word
        found = self._special() if word.kind is Kind.SPECIAL else None
        if not isinstance(found, System) or found.name != "$NAMESPACE":
            # A method's variables are private already, so NEW has no other use here.
            raise CompileError(
                "NEW takes only $NAMESPACE in the simulator's subset of ObjectScript", word.line
            )
        return NewNamespace(condition)

    def _do(self, condition: Expression | None) -> Do:
        word = self.word
        call: MethodCall | RoutineCall | Parameter
        if word.kind is Kind.CLASS or self.sees(".."):
            call = self.method_call()
        elif word.kind is Kind.SPECIAL:
            special = self._special()
            call = special if isinstance(special, MethodCall) else Parameter("")
        elif word.kind is Kind.NAME:
            call = self.routine_call()
        else:
            raise self.wrong("a method or a routine is expected")
        if isinstance(call, Parameter):
            raise CompileError("DO runs a method or a routine", word.line)
        return Do(call, condition)

    def _merge(self, condition: Expression | None) -> Merge:
        line = self.word.line
        target = self.variable()
        self.expect("=")
        source = self.variable()
        if target.name.startswith("^") or source.name.startswith("^"):
            raise CompileError("MERGE of globals is not in the simulator's subset of ObjectScript", line)
        return Merge(target, source, condition)

    def _job(self, condition: Expression | None) -> StartJob:
        word = self.word
        call = self.method_call() if word.kind is Kind.CLASS else None
        if not isinstance(call, MethodCall) or any(isinstance(each, ByReference) for each in call.arguments):
            raise CompileError("JOB runs a class method, with values, in the simulator's subset", word.line)
        return StartJob(call, condition)

    def _try(self) -> Try:
        block = self._block()
        if not self._word_is("catch"):
            raise self.wrong("CATCH is expected")
        self.take()
        return Try(block, self._block())

    def _leave(self, command: str, condition: Expression | None, word: Token) -> Leave:
        if command == "continue" and not self._loops:
            raise CompileError("CONTINUE outside a loop", word.line)
        value = None if command == "continue" or self._without_arguments() else self.expression()
        if command == "quit" and self._loops:
            if value is not None:
                raise CompileError("QUIT in a loop leaves the loop and takes no value: use RETURN", word.line)
            return Leave("break", None, condition)
        return Leave("continue" if command == "continue" else "return", value, condition)

    def _if(self) -> If:
        branches = [(self.expression(), self._block())]
        while self._word_is("elseif"):
            self.take()
            branches.append((self.expression(), self._block()))
        otherwise: tuple[Statement, ...] = ()
        if self._word_is("else"):
            self.take()
            otherwise = self._block()
        return If(tuple(branches), otherwise)

    def _word_is(self, name: str) -> bool:
        return self.word.kind is Kind.NAME and self.word.text.lower() == name

    def _for(self) -> For:
        if self.sees("{"):
            return For(None, (), self._loop_block())
        variable = self.variable()
        self.expect("=")
        ranges = self.listed(self._range)
        return For(variable, tuple(ranges), self._loop_block())

    def _range(self) -> Range:
        start = self.expression()
        step = self.expression() if self.accept(":") else None
        end = self.expression() if step is not None and self.accept(":") else None
        return Range(start, step, end)

    def _while(self) -> While:
        return While(self.expression(), self._loop_block())

    def _loop_block(self) -> tuple[Statement, ...]:
        self._loops += 1
        try:
            return self._block()
        finally:
            self._loops -= 1

    def _block(self) -> tuple[Statement, ...]:
        if not self.sees("{"):
            raise self.wrong("a block in { } is expected (without one, it is not in the simulator's subset)")
        line = self.take().line
        self._blocks += 1
        if self._blocks > MOST_BLOCKS:
            raise CompileError("blocks are nested too deeply", line)
        found: list[Statement] = []
        while not self.sees("}"):
            if self.word.kind is Kind.END:
                raise CompileError("this block does not end", line)
            found += self._statement()
        self.take()
        self._blocks -= 1
        return tuple(found)
