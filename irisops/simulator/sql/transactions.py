"""SET TRANSACTION, START TRANSACTION, %BEGTRANS, COMMIT, ROLLBACK, SAVEPOINT and %INTRANSACTION.

Grammar: "InterSystems SQL Reference", the pages of the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from irisops.simulator.sql.catalog import CommitMode, Isolation, TransactionStatements
from irisops.simulator.sql.failures import INVALID_STATEMENT, NO_DATA, TERM_EXPECTED, failure
from irisops.simulator.sql.lexer import Kind, Lexeme
from irisops.simulator.sql.vocabulary import RESERVED_WORDS

Statement = Callable[[TransactionStatements], None]

_MODES = {"IMPLICIT": CommitMode.IMPLICIT, "EXPLICIT": CommitMode.EXPLICIT, "NONE": CommitMode.NONE}
_LEVELS = {
    "UNCOMMITTED": Isolation.READ_UNCOMMITTED,
    "COMMITTED": Isolation.READ_COMMITTED,
    "VERIFIED": Isolation.READ_VERIFIED,
}
_STARTS = frozenset({"%BEGTRANS", "%INTRANSACTION", "%INTRANS", "COMMIT", "ROLLBACK", "SAVEPOINT"})


def is_transaction_statement(lexemes: Sequence[Lexeme]) -> bool:
    """Whether `parse` is the place for it."""
    words = [lexeme.upper for lexeme in lexemes[:2]]
    return words[:1] in ([each] for each in _STARTS) or words in (
        ["SET", "TRANSACTION"],
        ["START", "TRANSACTION"],
    )


def parse(lexemes: Sequence[Lexeme]) -> Statement:
    """What the statement does. Raises `SqlFailure` for bad syntax."""
    reader = _Reader(lexemes)
    first = reader.take("a keyword")
    if first in {"SET", "START"}:
        reader.take("TRANSACTION")
        statement = _parameters(reader, starts=first == "START")
    elif first == "%BEGTRANS":
        statement = _start
    elif first in {"%INTRANSACTION", "%INTRANS"}:
        statement = _in_transaction
    elif first == "SAVEPOINT":
        name = reader.name()
        statement = _savepoint(name)
    else:
        reader.accept("WORK")
        statement = _rollback(reader) if first == "ROLLBACK" else _finish
    reader.end()
    return statement


class _Reader:
    def __init__(self, lexemes: Sequence[Lexeme]) -> None:
        self._lexemes = lexemes
        self._position = 0

    @property
    def at_end(self) -> bool:
        return self._position == len(self._lexemes)

    def peek(self) -> str:
        return self._lexemes[self._position].upper if self._position < len(self._lexemes) else ""

    def take(self, wanted: str) -> str:
        if self.at_end:
            raise failure(TERM_EXPECTED, f"{wanted} is missing at the end of the statement")
        self._position += 1
        return self._lexemes[self._position - 1].upper

    def accept(self, word: str) -> bool:
        if self.peek() != word:
            return False
        self._position += 1
        return True

    def name(self) -> str:
        word = self.take("the savepoint's name")
        found = self._lexemes[self._position - 1]
        if found.kind is Kind.NAME or (found.kind is Kind.WORD and word not in RESERVED_WORDS):
            return found.text
        raise failure(TERM_EXPECTED, f"the savepoint's name, not {found.text!r}")

    def end(self) -> None:
        if not self.at_end:
            raise failure(INVALID_STATEMENT, f"unexpected {self._lexemes[self._position].text!r}")


def _parameters(reader: _Reader, *, starts: bool) -> Statement:
    """`%COMMITMODE mode`, or an isolation level, an access mode or both, in either order."""
    mode: CommitMode | None = None
    isolation: Isolation | None = None
    if reader.accept("%COMMITMODE"):
        word = reader.take("IMPLICIT, EXPLICIT or NONE")
        if word not in _MODES:
            raise failure(INVALID_STATEMENT, f"{word} is no %COMMITMODE; take IMPLICIT, EXPLICIT or NONE")
        mode = _MODES[word]
    elif reader.peek():
        isolation = _transaction_mode(reader)
        if reader.accept(","):
            second = _transaction_mode(reader)
            isolation = second if isolation is None else isolation
    elif not (starts and reader.at_end):
        raise failure(TERM_EXPECTED, "after SET TRANSACTION: %COMMITMODE, ISOLATION LEVEL or READ")

    def run(target: TransactionStatements) -> None:
        if mode is not None:
            target.commit_mode = mode
        if isolation is not None:
            target.isolation = isolation
        if starts:
            target.start()

    return run


def _transaction_mode(reader: _Reader) -> Isolation | None:
    """The isolation level, or None for an access mode, which nothing here depends on."""
    word = reader.take("ISOLATION LEVEL or READ")
    if word == "READ" and (reader.accept("ONLY") or reader.accept("WRITE")):
        return None
    if word == "ISOLATION" and reader.accept("LEVEL") and reader.accept("READ") and reader.peek() in _LEVELS:
        return _LEVELS[reader.take("the level")]
    raise failure(
        INVALID_STATEMENT,
        "a transaction mode is ISOLATION LEVEL READ COMMITTED, READ UNCOMMITTED or READ VERIFIED, READ ONLY or "
        "READ WRITE",
    )


def _start(target: TransactionStatements) -> None:
    target.start()


def _finish(target: TransactionStatements) -> None:
    target.finish()


def _in_transaction(target: TransactionStatements) -> None:
    """SQLCODE 0 inside a transaction, 100 outside (SQL Reference, %INTRANSACTION)."""
    if not target.level:
        raise failure(NO_DATA, "no transaction is open")


def _savepoint(name: str) -> Statement:
    return lambda target: target.savepoint(name)


def _rollback(reader: _Reader) -> Statement:
    if not reader.accept("TO"):
        return _finish
    reader.take("SAVEPOINT")
    name = "" if reader.at_end else reader.name()
    return lambda target: target.rollback_to(name)
