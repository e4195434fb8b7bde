"""Small files that the program itself writes: one that cannot be understood is kept aside, and it is said."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class OwnFile(Generic[T]):
    """A file of the state folder. `parse` raises `ValueError` for what is not such a file; `empty` stands in for it.

    `loss` says what it means that the file is not known, as a sentence.
    """

    def __init__(self, path: Path, parse: Callable[[str], T], empty: T, loss: str) -> None:
        self.path = path
        self._parse = parse
        self._empty = empty
        self._loss = loss
        self.trouble = ""
        """What became of a file that could not be read, in a sentence or two; "" as long as all is well."""

    def read(self) -> T:
        """What the file holds; never raises. A file that cannot be understood is moved out of the way, not lost."""
        try:
            return self._parse(self.path.read_bytes().decode())
        except FileNotFoundError:
            return self._empty
        except OSError as error:
            self.trouble = f"{self.path} cannot be read: {error.strerror or error}. {self._loss}"
            return self._empty
        except (ValueError, RecursionError):
            self.trouble = f"{self.path} is damaged{self._aside()}. {self._loss}"
            return self._empty

    def _aside(self) -> str:
        """Move the file out of the way of the next writing; its newest damaged state is kept."""
        aside = self.path.with_name(f"{self.path.name}.unreadable")
        with contextlib.suppress(OSError):
            self.path.replace(aside)
            return f"; it is kept as {aside.name}"
        return ""
