"""Splits the source of a class (UDL text) into its parameters and class methods.

In the subset: `Class X Extends Y [ keywords ]`, documentation, comments, `Parameter` with a literal, and `ClassMethod`.
Properties, indexes, queries, XData, instance methods and languages other than ObjectScript are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from irisops.simulator.objectscript.errors import CompileError
from irisops.simulator.objectscript.parser import parse
from irisops.simulator.objectscript.syntax import Statement

_NAME = r"%?[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*"
_CLASS = re.compile(
    rf"Class\s+(?P<name>{_NAME})(?:\s+Extends\s+(?P<supers>{_NAME}|\([^)]*\)))?\s*(?:\[(?P<keywords>[^\]]*)\]\s*)?",
    re.IGNORECASE,
)
_PARAMETER = re.compile(
    r"Parameter\s+(?P<name>\w+)(?:\s+As\s+%?[\w.]+)?\s*=\s*(?P<value>\"(?:[^\"]|\"\")*\"|[-\d.]+)\s*;",
    re.IGNORECASE,
)
_METHOD = re.compile(
    rf"ClassMethod\s+(?P<name>%?\w+)\s*\((?P<formal>(?:[^()\"]|\"(?:[^\"]|\"\")*+\")*+)\)"
    rf"(?:\s+As\s+(?P<returns>{_NAME}))?\s*(?:\[(?P<keywords>[^\]]*)\]\s*)?",
    re.IGNORECASE,
)
_SKIP = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_KEYWORDS = {
    "final",
    "internal",
    "notinheritable",
    "procedureblock",
    "deprecated",
    "language",
    "abstract",
    "hidden",
}
MOST_METHODS = 500
MOST_CHARACTERS = 200_000
"""Maximum length of a source; parsing must not block the other clients."""


@dataclass(frozen=True, slots=True)
class MethodSource:
    """One class method: its formal arguments as written, and its statements."""

    name: str
    formal: str
    returns: str
    statements: tuple[Statement, ...]
    line: int


@dataclass(frozen=True, slots=True)
class ClassSource:
    """A parsed class definition."""

    name: str
    supers: tuple[str, ...]
    parameters: dict[str, str] = field(default_factory=dict)
    methods: dict[str, MethodSource] = field(default_factory=dict)


def read_class(text: str) -> ClassSource:
    """The class in `text`. Raises `CompileError`."""
    if len(text) > MOST_CHARACTERS:
        raise CompileError(f"the simulator compiles classes of at most {MOST_CHARACTERS} characters", 1)
    return _Reader(text.replace("\r\n", "\n")).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> ClassSource:
        self._skip()
        head = self._match(_CLASS, "Class Name Extends Super { ... }")
        self._check_keywords(head["keywords"])
        supers = tuple(each.strip() for each in (head["supers"] or "").strip("()").split(",") if each.strip())
        found = ClassSource(head["name"], supers)
        self._expect("{")
        while not self._accept("}"):
            self._member(found)
        if self._at < len(self._text):
            raise self._wrong("one class is expected; there is more after its end")
        return found

    def _member(self, found: ClassSource) -> None:
        line = self._line
        if self._sees("Parameter"):
            match = self._match(_PARAMETER, "Parameter NAME = value;")
            value = match["value"]
            found.parameters[match["name"]] = value[1:-1].replace('""', '"') if value[0] == '"' else value
            return
        if not self._sees("ClassMethod"):
            word = re.match(r"\S*", self._text[self._at : self._at + 40])
            shown = word.group() if word else ""
            raise self._wrong(
                f"{shown!r} is not in the simulator's subset: a class holds parameters and class methods"
            )
        match = self._match(_METHOD, "ClassMethod Name(arguments) As Type { ... }")
        self._check_keywords(match["keywords"])
        if match["name"] in found.methods or len(found.methods) >= MOST_METHODS:
            raise self._wrong(f"there are two methods {match['name']}, or too many")
        self._expect("{", skip=False)
        statements = parse(self._body(), self._line_of_body)
        found.methods[match["name"]] = MethodSource(
            match["name"], match["formal"], match["returns"] or "", statements, line
        )

    # -- text ---------------------------------------------------------------------------------------------------------

    @property
    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _wrong(self, text: str) -> CompileError:
        return CompileError(text, self._line)

    def _skip(self) -> None:
        match = _SKIP.match(self._text, self._at)
        if match:
            self._at = match.end()

    def _sees(self, word: str) -> bool:
        return self._text[self._at : self._at + len(word)].lower() == word.lower()

    def _accept(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        self._skip()
        return True

    def _expect(self, sign: str, *, skip: bool = True) -> None:
        if not self._text.startswith(sign, self._at):
            raise self._wrong(f"{sign!r} is expected")
        self._at += len(sign)
        if skip:
            self._skip()

    def _match(self, pattern: re.Pattern[str], form: str) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise self._wrong(f"this is not of the form: {form}")
        self._at = match.end()
        if pattern is not _METHOD:
            self._skip()
        return match

    def _check_keywords(self, keywords: str | None) -> None:
        for each in (keywords or "").split(","):
            name, _, value = (part.strip() for part in each.partition("="))
            if name and (
                name.lower() not in _KEYWORDS or (name.lower() == "language" and value != "objectscript")
            ):
                raise self._wrong(f"the keyword {each.strip()} is not in the simulator's subset")

    def _body(self) -> str:
        """The text up to the closing brace of the method, which is read as well."""
        self._line_of_body = self._line
        start, depth = self._at, 1
        signs = re.compile(r'"(?:[^"\n]|"")*+"|//[^\n]*|;[^\n]*|/\*(?:.*?\*/|.*)|[{}]', re.DOTALL)
        for match in signs.finditer(self._text, self._at):
            depth += {"{": 1, "}": -1}.get(match.group(), 0)
            if depth == 0:
                self._at = match.end()
                self._skip()
                return self._text[start : match.start()]
        raise self._wrong("this method does not end")
