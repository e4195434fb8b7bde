"""InterSystems SQL as a sqlglot dialect: from the text of a query to its syntax tree.

`lexer` splits the text by the vendor's rules; sqlglot's parser, with our own keyword table, builds the tree. The parser
knows none of sqlglot's functions: every call stays an `Anonymous` node, so only the functions in `functions` and in
the catalog exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from sqlglot import Dialect, exp, generator, parser
from sqlglot.errors import ParseError
from sqlglot.tokenizer_core import Token, TokenType

from irisops.simulator.sql.failures import INVALID_STATEMENT, TERM_EXPECTED, failure, unsupported
from irisops.simulator.sql.lexer import Kind, Lexeme, lex
from irisops.simulator.sql.rewrites import rewritten
from irisops.simulator.sql.vocabulary import (
    CALLABLE_KEYWORDS,
    HINTS,
    KEYWORDS,
    NOT_EMULATED,
    PAIRS,
    PREFIX_FUNCTIONS,
    RESERVED_WORDS,
    SPECIAL_VARIABLES,
    SYMBOLS,
    TYPES,
)

ROW_NUMBER = "%VID"
"""The pseudo-column that numbers the rows of a view or a subquery in FROM (SQL Reference, %VID)."""


class StartsWith(exp.Expression, exp.Binary, exp.Predicate):
    """`x %STARTSWITH 'prefix'`."""


class Contains(exp.Expression, exp.Binary, exp.Predicate):
    """`x [ 'part'`."""


class EscapedBy(exp.Expression, exp.Binary, exp.Predicate):
    """`x LIKE 'pattern' ESCAPE '!'`. sqlglot's own takes only a literal; the client sends a parameter."""


class Follows(exp.Expression, exp.Binary, exp.Predicate):
    """`x ] 'other'`."""


class IRIS(Dialect):
    """The dialect; use `parse_query` and `shown`."""

    class Generator(generator.Generator):
        """Writes a tree back as text, for messages."""

        TRANSFORMS: ClassVar = {
            **generator.Generator.TRANSFORMS,
            StartsWith: lambda self, node: self.binary(node, "%STARTSWITH"),
            Contains: lambda self, node: self.binary(node, "["),
            Follows: lambda self, node: self.binary(node, "]"),
            EscapedBy: lambda self, node: self.binary(node, "ESCAPE"),
        }

    class Parser(parser.Parser):
        """sqlglot's parser without its functions, with the predicates of InterSystems SQL."""

        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {"CAST": parser.Parser.FUNCTION_PARSERS["CAST"]}
        NO_PAREN_FUNCTIONS: ClassVar = {}
        NO_PAREN_FUNCTION_PARSERS: ClassVar = {"CASE": parser.Parser.NO_PAREN_FUNCTION_PARSERS["CASE"]}
        RANGE_PARSERS: ClassVar = {
            TokenType.BETWEEN: parser.Parser.RANGE_PARSERS[TokenType.BETWEEN],
            TokenType.IN: parser.Parser.RANGE_PARSERS[TokenType.IN],
            TokenType.IS: parser.Parser.RANGE_PARSERS[TokenType.IS],
            TokenType.LIKE: parser.Parser.RANGE_PARSERS[TokenType.LIKE],
            TokenType.HASH_DASH: parser.binary_range_parser(EscapedBy),
            TokenType.GLOB: parser.binary_range_parser(StartsWith),
            TokenType.OVERLAPS: parser.binary_range_parser(Contains),
            TokenType.ADJACENT: parser.binary_range_parser(Follows),
        }


def parse_query(sql: str) -> exp.Expr:
    """The syntax tree of a SELECT (or a UNION of them). Raises `SqlFailure`."""
    return parse_lexemes(lex(sql), sql)


def parse_lexemes(lexemes: Sequence[Lexeme], sql: str) -> exp.Expr:
    """The same from lexemes; `sql` is the text that messages quote."""
    lexemes = rewritten(lexemes)
    try:
        trees = IRIS().parser().parse(list(_tokens(lexemes)), sql)
    except ParseError as error:
        raise failure(INVALID_STATEMENT, _where(error)) from None
    tree = trees[0] if len(trees) == 1 else None
    while isinstance(tree, exp.Subquery) and not tree.alias:
        tree = tree.this
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise failure(INVALID_STATEMENT, "a SELECT was expected")
    return tree


def shown(node: exp.Expr) -> str:
    """A part of a query as text, for a message."""
    return node.sql(dialect=IRIS)


def _where(error: ParseError) -> str:
    """Message of sqlglot without its terminal colours."""
    first = error.errors[0] if error.errors else {}
    near = str(first.get("highlight") or "").strip()
    description = str(first.get("description") or "it cannot be parsed").rstrip(".")
    if "keyword" in description:  # sqlglot names its tree classes here, which mean nothing to a reader
        description = "an operand is missing"
    return f"{description}, near {near!r}" if near else f"{description} at the end of the statement"


def _tokens(lexemes: Sequence[Lexeme]) -> Iterator[Token]:
    """Tokens of sqlglot for the lexemes; constructs unknown to it are rewritten."""
    reader = _Reader(lexemes)
    while (lexeme := reader.take()) is not None:
        yield from reader.translate(lexeme)
    reader.finish()


class _Reader:
    """Walks the lexemes and tracks the parentheses of CAST, because type names are types only inside them."""

    def __init__(self, lexemes: Sequence[Lexeme]) -> None:
        self._lexemes = lexemes
        self._position = 0
        self._parentheses: list[bool] = []
        self._opens_cast = False
        self._braces = 0
        self._escaped_function = False

    def take(self) -> Lexeme | None:
        if self._position >= len(self._lexemes):
            return None
        self._position += 1
        return self._lexemes[self._position - 1]

    def finish(self) -> None:
        """Raises `SqlFailure` -1 for an unclosed ODBC escape."""
        if self._braces:
            raise failure(INVALID_STATEMENT, "{ without its }")

    def _peek(self, ahead: int = 0) -> Lexeme | None:
        index = self._position + ahead
        return self._lexemes[index] if index < len(self._lexemes) else None

    def _follows(self, text: str, ahead: int = 0) -> bool:
        lexeme = self._peek(ahead)
        return lexeme is not None and lexeme.upper == text

    def translate(self, lexeme: Lexeme) -> Iterator[Token]:
        match lexeme.kind:
            case Kind.STRING:
                yield _token(TokenType.STRING, lexeme)
            case Kind.NUMBER:
                yield _token(TokenType.NUMBER, lexeme)
            case Kind.NAME:
                yield _token(TokenType.IDENTIFIER, lexeme)
            case Kind.PARAMETER:
                yield _token(TokenType.COLON, lexeme, ":")
                yield _token(TokenType.VAR, lexeme, f"p{lexeme.text}")
            case Kind.SYMBOL if lexeme.text in {"{", "}"}:
                self._odbc_escape(lexeme)
            case Kind.SYMBOL:
                yield self._symbol(lexeme)
            case Kind.WORD:
                yield from self._word(lexeme)

    def _odbc_escape(self, lexeme: Lexeme) -> None:
        """`{fn UCASE(x)}` becomes `UCASE(x)`, `{ts '...'}` its string: drops the braces and the keyword."""
        self._braces += 1 if lexeme.text == "{" else -1
        opener = self.take() if lexeme.text == "{" else None
        if self._braces < 0 or (opener is not None and opener.upper not in {"FN", "D", "T", "TS"}):
            raise failure(
                INVALID_STATEMENT, "{ begins one of {fn ...}, {d ...}, {t ...} and {ts ...}, } ends it"
            )
        self._escaped_function = opener is not None and opener.upper == "FN"

    def _symbol(self, lexeme: Lexeme) -> Token:
        if lexeme.text == ";":
            if self._peek() is not None:
                raise failure(-25, "only one statement may be sent at a time")
            raise failure(INVALID_STATEMENT, "a statement must not end with a semicolon; leave it out")
        if lexeme.text == "(":
            self._parentheses.append(self._opens_cast)
            self._opens_cast = False
        elif lexeme.text == ")" and self._parentheses:
            self._parentheses.pop()
        elif lexeme.text == ",":
            self._refuse_empty_item()
        token_type = SYMBOLS.get(lexeme.text)
        if token_type is None:
            if lexeme.text in NOT_EMULATED:
                raise unsupported(NOT_EMULATED[lexeme.text])
            raise failure(INVALID_STATEMENT, f"unexpected {lexeme.text!r} at position {lexeme.start + 1}")
        return _token(token_type, lexeme)

    def _refuse_empty_item(self) -> None:
        """Refuse `a,,b` and `a, FROM`, which sqlglot accepts and IRIS does not."""
        following = self._peek()
        if following is None or following.upper in {
            ",",
            ")",
            "FROM",
            "WHERE",
            "ORDER",
            "GROUP",
            "HAVING",
            "UNION",
        }:
            raise failure(TERM_EXPECTED, "after a comma")

    def _word(self, lexeme: Lexeme) -> Iterator[Token]:
        word = lexeme.upper
        self._refuse_not_emulated(word)
        after_dot = self._position >= 2 and self._lexemes[self._position - 2].text == "."
        if word == ROW_NUMBER:
            yield _token(TokenType.VAR, lexeme)
        elif after_dot or self._follows("."):
            self._refuse_reserved(lexeme)
            yield _token(TokenType.VAR, lexeme)
        elif word in HINTS:
            return
        elif pair := self._pair(word):
            self.take()
            yield _token(pair, lexeme)
        elif word == "TOP":
            yield from self._top(lexeme)
        elif word in PREFIX_FUNCTIONS and not self._follows("("):
            yield from self._prefixed(lexeme)
        elif self._type_expected() and word in TYPES:
            if self._follows("PRECISION") or self._follows("VARYING"):
                self.take()
            yield _token(TYPES[word], lexeme)
        else:
            yield from self._keyword_or_name(lexeme, word)
        self._escaped_function = False

    def _keyword_or_name(self, lexeme: Lexeme, word: str) -> Iterator[Token]:
        called = self._follows("(")
        if word == "ROW" and self._previous_kind() in {Kind.NUMBER, Kind.PARAMETER}:
            yield _token(TokenType.ROW, lexeme)
        elif word == "CURRENT" and self._follows("ROW"):  # the end of a window frame
            yield _token(TokenType.VAR, lexeme)
        elif word in SPECIAL_VARIABLES and not called:
            yield _token(TokenType.VAR, lexeme)
            yield _token(TokenType.L_PAREN, lexeme, "(")
            yield _token(TokenType.R_PAREN, lexeme, ")")
        elif word in KEYWORDS and not (word in CALLABLE_KEYWORDS and called):
            yield _token(KEYWORDS[word], lexeme)
        else:
            if not called:
                self._refuse_reserved(lexeme)
            self._opens_cast = word == "CAST"
            # {fn IFNULL(a,b)} returns a unless it is NULL; IFNULL(a,b) never does (SQL Reference, IFNULL).
            escaped = self._escaped_function and word == "IFNULL"
            yield _token(TokenType.VAR, lexeme, "NVL" if escaped else None)

    def _previous_kind(self) -> Kind | None:
        return self._lexemes[self._position - 2].kind if self._position >= 2 else None

    def _pair(self, word: str) -> TokenType | None:
        following = self._peek()
        return PAIRS.get((word, following.upper)) if following is not None else None

    def _type_expected(self) -> bool:
        previous = self._lexemes[self._position - 2] if self._position >= 2 else None
        return (
            bool(self._parentheses)
            and self._parentheses[-1]
            and previous is not None
            and previous.upper == "AS"
        )

    def _top(self, lexeme: Lexeme) -> Iterator[Token]:
        """`TOP n`, `TOP ?`, `TOP (n)` and `TOP ((n))` become `TOP (n)`; `TOP ALL` is dropped."""
        if self._follows("ALL"):
            self.take()
            return
        opened = 0
        while self._follows("("):
            self.take()
            opened += 1
        count = self.take()
        if count is None or count.kind not in {Kind.NUMBER, Kind.PARAMETER}:
            raise failure(-65, "TOP takes an integer, a parameter or ALL")
        yield _token(TokenType.TOP, lexeme)
        yield _token(TokenType.L_PAREN, count, "(")
        yield from self.translate(count)
        for _ in range(opened):
            if not self._follows(")"):
                raise failure(INVALID_STATEMENT, "TOP (n) is not closed")
            self.take()
        yield _token(TokenType.R_PAREN, count, ")")

    def _prefixed(self, lexeme: Lexeme) -> Iterator[Token]:
        """`%EXACT Name` becomes `%EXACT(Name)`."""
        yield _token(TokenType.VAR, lexeme)
        yield _token(TokenType.L_PAREN, lexeme, "(")
        operand = self.take()
        if operand is None or operand.kind is Kind.SYMBOL:
            raise failure(TERM_EXPECTED, f"after {lexeme.text}")
        yield from self.translate(operand)
        while self._follows("."):
            for _ in range(2):
                part = self.take()
                if part is not None:
                    yield from self.translate(part)
        yield _token(TokenType.R_PAREN, lexeme, ")")

    def _refuse_not_emulated(self, word: str) -> None:
        if word in NOT_EMULATED:
            raise unsupported(NOT_EMULATED[word])
        if word == "DISTINCT" and self._follows("BY"):
            raise unsupported("SELECT DISTINCT BY")

    def _refuse_reserved(self, lexeme: Lexeme) -> None:
        if lexeme.upper in RESERVED_WORDS:
            raise failure(
                TERM_EXPECTED, f'{lexeme.text} is a reserved word; as a name, write "{lexeme.text}"'
            )


def _token(token_type: TokenType, lexeme: Lexeme, text: str | None = None) -> Token:
    return Token(
        token_type,
        lexeme.text if text is None else text,
        start=lexeme.start,
        end=max(lexeme.start, lexeme.end - 1),
    )
