"""The compile error of a source text."""

from __future__ import annotations


class CompileError(Exception):
    """The source is malformed or outside the subset. `line` counts from 1 in the compiled text."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(f"line {line}: {text}")
        self.text = text
        self.line = line
