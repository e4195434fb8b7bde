"""What public facts do not confirm, in the simulator and in the product, each with what settles it on a real instance.

Where the answer changes what a client must do, it is a doubt that can be chosen (`irisops.simulator.doubts`). Code that
rests on a doubt, or on a lesser assumption, is marked: a comment or docstring has the mark, a claim, and after
`Settle:` one of

* `doubt NAME`: whatever settles that doubt,
* `evidence PART`: a read or part of the file of `irisops evidence`,
* a call by hand.

This module reads the marks from the package's own source, so that the list that `irisops simulator --unverified` prints
cannot part from the code.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from irisops.simulator.doubts import DOUBTS, described, wrapped

MARK = "UNVERIFIED"
_PACKAGE = "irisops"
_HOW = re.compile(r"\b[Ss]ettle:\s*")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Unverified:
    """One rule. `settle` is empty where the mark does not say how, which a test forbids."""

    module: str
    """The file, below `irisops`."""
    line: int
    claim: str
    settle: str

    @property
    def id(self) -> str:
        """`file:line`, for a report."""
        return f"{self.module}:{self.line}"

    @property
    def doubt(self) -> str:
        """The doubt that settles it; "" if none does."""
        return self._after("doubt")

    @property
    def evidence(self) -> str:
        """The part of the evidence that settles it, with what to look at; "" if none does."""
        return self._after("evidence")

    def _after(self, word: str) -> str:
        return self.settle.removeprefix(f"{word} ") if self.settle.startswith(f"{word} ") else ""


def rules() -> list[Unverified]:
    """All marked rules, by file and line. Empty if the package was installed without its source."""
    root = resources.files(_PACKAGE)
    return [
        rule
        for name, source in sorted(_sources(root, ""))
        if MARK in source
        for rule in rules_of(name, source)
    ]


def rules_of(name: str, source: str) -> list[Unverified]:
    """The rules that the source of one module marks."""
    found: list[Unverified] = []
    for line, text in sorted(_texts(source)):
        before, *parts = re.split(rf"(?={MARK}\b)", text)
        for part in parts:
            claim, settle = _split(part.removeprefix(MARK))
            # "(UNVERIFIED)" after a statement, or "(UNVERIFIED; settle: ...)": the claim is what stands before it.
            found.append(Unverified(name, line, claim or _SPACE.sub(" ", before).strip(" (.;"), settle))
    return found


def doubts() -> str:
    """All doubts, each with the code that rests on it, as text for a terminal of 80 columns."""
    marked = rules()
    lines: list[str] = []
    for doubt in DOUBTS:
        lines += described(doubt)
        for rule in marked:
            if rule.doubt == doubt.name:
                lines += wrapped(f"{rule.id} rests on it: {rule.claim}", "  ", hang=2)
        lines.append("")
    return "\n".join(lines)


def listing() -> str:
    """The doubts, then the other marked rules, as text for a terminal."""
    lines: list[str] = [doubts()]
    for rule in rules():
        if not rule.doubt:
            how = f"evidence of {rule.evidence}" if rule.evidence else f"by hand, {rule.settle}"
            lines += [rule.id, f"  {rule.claim}", f"  Settle: {how}", ""]
    return "\n".join(lines)


def _sources(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _sources(entry, f"{name}/")
        elif entry.name.endswith(".py") and entry.name != "unverified.py":
            yield name, entry.read_text(encoding="utf-8")


def _texts(source: str) -> Iterator[tuple[int, str]]:
    """The comments (consecutive lines together) and paragraphs of docstrings that hold the mark, with their line."""
    yield from _comments(source)
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        text = node.value.value
        if isinstance(text, str) and MARK in text:
            at = node.lineno
            for paragraph in re.split(r"\n\s*\n", text):
                if MARK in paragraph:
                    yield at + text[: text.index(paragraph)].count("\n"), paragraph


def _comments(source: str) -> Iterator[tuple[int, str]]:
    block: list[str] = []
    start = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if line != last + 1 and block:
            yield from _marked(start, block)
            block = []
        if not block:
            start = line
        block.append(token.string.lstrip("# ").rstrip())
        last = line
    yield from _marked(start, block)


def _marked(line: int, block: list[str]) -> Iterator[tuple[int, str]]:
    text = " ".join(block)
    if MARK in text:
        yield line, text


def _split(said: str) -> tuple[str, str]:
    """Claim and way to settle it."""
    claim, _, settle = _HOW.sub("\0", _SPACE.sub(" ", said), count=1).partition("\0")
    return _tidy(claim), _tidy(settle)


def _tidy(text: str) -> str:
    """Without the punctuation that joined it to the rest of the comment."""
    text = text.strip(" .:;,").removeprefix("- ")
    while text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1].rstrip(" .")
    return text
