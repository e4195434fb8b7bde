"""Sequential reader of a statement's lexemes, for statements other than queries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from irisops.simulator.backend import Parameter
from irisops.simulator.sql.failures import INVALID_STATEMENT, TERM_EXPECTED, failure
from irisops.simulator.sql.lexer import Kind, Lexeme
from irisops.simulator.sql.vocabulary import RESERVED_WORDS

Item = TypeVar("Item")


@dataclass(slots=True)
class StatementReader:
    """A position in a statement. Raises `SqlFailure` -12, -1 or -25 for missing or unexpected lexemes."""

    lexemes: Sequence[Lexeme]
    parameters: Sequence[Parameter] = ()
    position: int = 0

    @property
    def at_end(self) -> bool:
        """True if every lexeme is read."""
        return self.position >= len(self.lexemes)

    def peek(self, ahead: int = 0) -> str:
        """A following keyword or symbol in upper case; empty for anything else and at the end."""
        index = self.position + ahead
        return self.lexemes[index].upper if index < len(self.lexemes) else ""

    def kind(self, ahead: int = 0) -> Kind | None:
        """Kind of a following lexeme; None at the end."""
        index = self.position + ahead
        return self.lexemes[index].kind if index < len(self.lexemes) else None

    def take(self, wanted: str) -> Lexeme:
        """The next lexeme; `wanted` names it in the message if the statement ends here."""
        if self.at_end:
            raise failure(TERM_EXPECTED, f"{wanted} is missing at the end of the statement")
        self.position += 1
        return self.lexemes[self.position - 1]

    def word(self) -> str:
        """The next lexeme as a keyword."""
        return self.take("a keyword").upper

    def accept(self, *words: str) -> bool:
        """Take the words if they come next."""
        if all(self.peek(index) == word for index, word in enumerate(words)):
            self.position += len(words)
            return True
        return False

    def accept_any(self, words: Collection[str]) -> str:
        """Take the next word if it is one of these; otherwise return an empty string."""
        return self.word() if self.peek() in words else ""

    def expect(self, *words: str) -> None:
        """Take the words. Raises `SqlFailure` -1 if something else comes next."""
        if not self.accept(*words):
            found = self.peek() or "the end of the statement"
            raise failure(INVALID_STATEMENT, f"{' '.join(words)} expected, {found} found")

    def name(self, what: str) -> str:
        """An identifier, quoted or not."""
        lexeme = self.take(what)
        if lexeme.kind is Kind.NAME:
            return lexeme.text
        if lexeme.kind is Kind.PARAMETER:
            raise failure(
                INVALID_STATEMENT,
                f"{what} must be an identifier, not a parameter or a literal",
            )
        if lexeme.kind is not Kind.WORD or lexeme.upper in RESERVED_WORDS:
            raise failure(
                TERM_EXPECTED, f'{what} expected, found {lexeme.text!r}; a name like that needs "quotes"'
            )
        return lexeme.text

    def glued(self, symbol: str) -> str:
        """The symbols and words that follow the last lexeme without a space."""
        text = ""
        while (
            self.position < len(self.lexemes)
            and self.lexemes[self.position].start == self.lexemes[self.position - 1].end
        ):
            lexeme = self.lexemes[self.position]
            if lexeme.text != symbol and lexeme.kind not in {Kind.WORD, Kind.NUMBER}:
                break
            text += lexeme.text
            self.position += 1
        return text

    def names(self, what: str, *, star: bool = False) -> list[str]:
        """Identifiers separated by commas; `star` also allows `*`."""
        return self.listed(lambda: "*" if star and self.accept("*") else self.name(what))

    def listed(self, read: Callable[[], Item]) -> list[Item]:
        """Items separated by commas, each read by `read`."""
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    def name_list(self, what: str) -> tuple[str, ...]:
        """Identifiers in parentheses."""
        self.expect("(")
        names = self.names(what)
        self.expect(")")
        return tuple(names)

    def qualified_name(self, what: str, default_schema: str) -> tuple[str, str]:
        """`schema.name`; a name alone is in the default schema."""
        first = self.name(what)
        if not self.accept("."):
            return default_schema, first
        return first, self.name(what)

    def rest(self) -> Sequence[Lexeme]:
        """Read all remaining lexemes."""
        start, self.position = self.position, len(self.lexemes)
        return self.lexemes[start:]

    def until(self, stops: Collection[str]) -> Sequence[Lexeme]:
        """The lexemes before the first of the words outside parentheses, or before the end."""
        start, depth = self.position, 0
        while not self.at_end:
            word = self.peek()
            if not depth and word in stops:
                break
            depth += (word == "(") - (word == ")")
            if depth < 0:
                break
            self.position += 1
        return self.lexemes[start : self.position]

    def enclosed(self) -> list[Sequence[Lexeme]]:
        """The comma-separated parts of a pair of parentheses."""
        self.expect("(")
        parts = split(self.until(()))
        self.expect(")")
        return parts

    def end(self) -> None:
        """Raises `SqlFailure` -25 unless the whole statement is read."""
        if not self.at_end:
            # The text is not shown: it may be half of a password whose quotes are missing.
            raise failure(-25, f"at position {self.lexemes[self.position].start + 1}")


def split(lexemes: Sequence[Lexeme], separator: str = ",") -> list[Sequence[Lexeme]]:
    """The parts between separators outside parentheses; an empty list if there are no lexemes."""
    parts: list[Sequence[Lexeme]] = []
    start = depth = 0
    for index, lexeme in enumerate(lexemes):
        depth += (lexeme.upper == "(") - (lexeme.upper == ")")
        if not depth and lexeme.upper == separator:
            parts.append(lexemes[start:index])
            start = index + 1
    if lexemes:
        parts.append(lexemes[start:])
    return parts
