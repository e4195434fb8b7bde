"""SET TRANSACTION, START TRANSACTION, %BEGTRANS, COMMIT, ROLLBACK, SAVEPOINT and %INTRANSACTION.

Grammar: "InterSystems SQL Reference", the pages of the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from irisops.simulator.sql.failures import INVALID_STATEMENT, NO_DATA, TERM_EXPECTED, failure
from irisops.simulator.sql.lexer import Lexeme
from irisops.simulator.sql.reader import StatementReader
from irisops.simulator.sql.statements import CommitMode, Isolation, TransactionStatements

Statement = Callable[[TransactionStatements], None]

_MODES = {"IMPLICIT": CommitMode.IMPLICIT, "EXPLICIT": CommitMode.EXPLICIT, "NONE": CommitMode.NONE}
_LEVELS = {
    "UNCOMMITTED": Isolation.READ_UNCOMMITTED,
    "COMMITTED": Isolation.READ_COMMITTED,
    "VERIFIED": Isolation.READ_VERIFIED,
}
_STARTS = frozenset({"%BEGTRANS", "%INTRANSACTION", "%INTRANS", "COMMIT", "ROLLBACK", "SAVEPOINT"})


def is_transaction_statement(lexemes: Sequence[Lexeme]) -> bool:
    """True for the statements of this module."""
    words = [lexeme.upper for lexeme in lexemes[:2]]
    return words[:1] in ([each] for each in _STARTS) or words in (
        ["SET", "TRANSACTION"],
        ["START", "TRANSACTION"],
    )


def parse(lexemes: Sequence[Lexeme]) -> Statement:
    """The parsed statement. Raises `SqlFailure` for bad syntax."""
    reader = StatementReader(lexemes)
    first = reader.word()
    if first in {"SET", "START"}:
        reader.expect("TRANSACTION")
        statement = _parameters(reader, starts=first == "START")
    elif first == "%BEGTRANS":
        statement = _start
    elif first in {"%INTRANSACTION", "%INTRANS"}:
        statement = _in_transaction
    elif first == "SAVEPOINT":
        name = reader.name("the savepoint's name")
        statement = _savepoint(name)
    else:
        reader.accept("WORK")
        statement = _rollback(reader) if first == "ROLLBACK" else _commit
    reader.end()
    return statement


def _parameters(reader: StatementReader, *, starts: bool) -> Statement:
    """`%COMMITMODE mode`, or an isolation level and an access mode, each optional, in either order."""
    mode: CommitMode | None = None
    isolation: Isolation | None = None
    if reader.accept("%COMMITMODE"):
        word = reader.take("IMPLICIT, EXPLICIT or NONE").upper
        if word not in _MODES:
            raise failure(INVALID_STATEMENT, f"{word} is not a %COMMITMODE; use IMPLICIT, EXPLICIT or NONE")
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


def _transaction_mode(reader: StatementReader) -> Isolation | None:
    """The isolation level, or None for an access mode, which is ignored."""
    word = reader.take("ISOLATION LEVEL or READ").upper
    if word == "READ" and (reader.accept("ONLY") or reader.accept("WRITE")):
        return None
    if word == "ISOLATION" and reader.accept("LEVEL") and reader.accept("READ") and reader.peek() in _LEVELS:
        return _LEVELS[reader.word()]
    raise failure(
        INVALID_STATEMENT,
        "a transaction mode is ISOLATION LEVEL READ COMMITTED, READ UNCOMMITTED or READ VERIFIED, READ ONLY or "
        "READ WRITE",
    )


def _start(target: TransactionStatements) -> None:
    target.start()


def _commit(target: TransactionStatements) -> None:
    target.commit()


def _roll_back(target: TransactionStatements) -> None:
    target.roll_back()


def _in_transaction(target: TransactionStatements) -> None:
    """SQLCODE 0 inside a transaction, 100 outside (SQL Reference, %INTRANSACTION)."""
    if not target.level:
        raise failure(NO_DATA, "no transaction is open")


def _savepoint(name: str) -> Statement:
    return lambda target: target.savepoint(name)


def _rollback(reader: StatementReader) -> Statement:
    if not reader.accept("TO"):
        return _roll_back
    reader.expect("SAVEPOINT")
    name = "" if reader.at_end else reader.name("the savepoint's name")
    return lambda target: target.rollback_to(name)
