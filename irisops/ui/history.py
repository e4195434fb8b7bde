"""Prompt history across runs, by time: an append-only file of JSON lines, without secrets.

Lines of an earlier version that are now known to be secrets are skipped, and removed at the next write.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from irisops.contract.secret_words import has_secret
from irisops.files import locked, open_private, private_folder, read_file, write_atomically

MOST = 2_000


class History:
    """The typed lines, oldest first, read from the file at first use."""

    def __init__(
        self, path: Path | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self._now = now
        self._lines: list[str] | None = None
        self._unclean = False
        """True if the file holds a secret that an earlier version did not recognise."""
        self.trouble: OSError | None = None
        """Why the file could not be read or written."""

    @property
    def lines(self) -> list[str]:
        """All lines, oldest first. Damaged lines are skipped."""
        if self._lines is None:
            self._lines = self._read()
        return self._lines

    def _read(self) -> list[str]:
        if self._path is None:
            return []
        try:
            raw = _text(self._path)
        except FileNotFoundError:
            return []
        except OSError as error:
            self.trouble = error
            return []
        stamped: list[tuple[str, str]] = []
        for line in raw.splitlines():
            at, text = _parts(line)
            if has_secret(text):
                self._unclean = True
            elif at:
                stamped.append((at, text))
        stamped.sort(key=lambda pair: pair[0])
        return [text for _, text in stamped[-MOST:]]

    def add(self, text: str) -> None:
        """Add a line, here and in the file, unless it repeats the last one, begins with a blank or may hold a secret.

        If the file cannot be written, `trouble` says why and the line is kept for this run.
        """
        if not text.strip() or text[0] == " " or has_secret(text):
            return
        if self.lines and self.lines[-1] == text:
            return
        self.lines.append(text)
        if self._path is None:
            return
        try:
            if self._unclean:
                _clean(self._path)
                self._unclean = False
            self._append(self._path, text)
        except OSError as error:
            self.trouble = error

    def _append(self, path: Path, text: str) -> None:
        private_folder(path.parent)
        record = json.dumps({"at": self._now().astimezone(UTC).isoformat(), "text": text}, ensure_ascii=False)
        # One write per line in append mode: concurrent programs do not mix their lines.
        descriptor = open_private(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, f"{record}\n".encode())
        finally:
            os.close(descriptor)

    def search(self, words: str) -> list[str]:
        """Lines that contain every word, newest first, without duplicates."""
        wanted = words.casefold().split()
        found = (line for line in reversed(self.lines) if all(word in line.casefold() for word in wanted))
        return list(dict.fromkeys(found))


def _text(path: Path) -> str:
    return read_file(path).decode(errors="replace")


def _parts(record: str) -> tuple[str, str]:
    """Time and text of a line of the file; ("", line) for a damaged one."""
    try:
        item = json.loads(record)
        return str(item["at"]), str(item["text"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", record


def _clean(path: Path) -> None:
    """Rewrite the file without lines that hold a secret. Raises `OSError` and leaves the file unchanged."""
    with locked(path):
        raw = _text(path)
        kept = [line for line in raw.splitlines() if not has_secret(_parts(line)[1])]
        write_atomically(path, "".join(f"{line}\n" for line in kept))


class Walker:
    """Moves through the history, keeping the draft at the end."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._place: int | None = None
        self._draft = ""

    def up(self, text: str) -> str | None:
        """The previous line, or None at the first. `text` is the prompt's present text."""
        lines = self._history.lines
        if self._place is None:
            if not lines:
                return None
            self._draft = text
            self._place = len(lines)
        if self._place == 0:
            return None
        self._place -= 1
        return lines[self._place]

    def down(self) -> str | None:
        """The next line, the draft after the last, or None at the end."""
        if self._place is None:
            return None
        self._place += 1
        if self._place >= len(self._history.lines):
            self._place = None
            return self._draft
        return self._history.lines[self._place]

    def reset(self) -> None:
        """Start from the end again."""
        self._place = None
