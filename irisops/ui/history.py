"""What was typed, across runs, strictly by time. A file of JSON lines that are appended; nothing secret is written.

What an earlier version wrote and is known for a secret now is not read, and leaves the file with the next line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from irisops.contract.secret_words import has_secret
from irisops.files import locked, open_private, private_folder, write_atomically

MOST = 2_000


class History:
    """The typed lines, oldest first. Read from the file on first use, so that the start does not wait for it."""

    def __init__(
        self, path: Path | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self._now = now
        self._lines: list[str] | None = None
        self._unclean = False
        """Whether the file holds a secret that an earlier version did not know for one."""
        self.trouble: OSError | None = None
        """Why the file cannot be read or written, once that was tried."""

    @property
    def lines(self) -> list[str]:
        """All lines, oldest first. Lines of a damaged file are skipped one by one."""
        if self._lines is None:
            self._lines = self._read()
        return self._lines

    def _read(self) -> list[str]:
        if self._path is None:
            return []
        try:
            raw = self._path.read_text(encoding="utf-8", errors="replace")
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
        """Keep a line, here and in the file. A line like the last one, one that begins with a blank or one that
        seems to hold a secret is not kept.

        If the file cannot be written, `trouble` says why and the line is kept for this run alone.
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
        # One write of one line in append mode: two programs at once do not tear each other's lines.
        descriptor = open_private(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, f"{record}\n".encode())
        finally:
            os.close(descriptor)

    def search(self, words: str) -> list[str]:
        """Lines that contain every word, newest first, each once."""
        wanted = words.casefold().split()
        found = (line for line in reversed(self.lines) if all(word in line.casefold() for word in wanted))
        return list(dict.fromkeys(found))


def _parts(record: str) -> tuple[str, str]:
    """Time and text of a line of the file; of a damaged one no time and all of it as text."""
    try:
        item = json.loads(record)
        return str(item["at"]), str(item["text"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", record


def _clean(path: Path) -> None:
    """Write the file anew without the lines that hold a secret. Raises `OSError`, with the file as it was."""
    with locked(path):
        raw = path.read_text(encoding="utf-8", errors="replace")
        kept = [line for line in raw.splitlines() if not has_secret(_parts(line)[1])]
        write_atomically(path, "".join(f"{line}\n" for line in kept))


class Walker:
    """Up and down through the history, with the draft kept at the end."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._place: int | None = None
        self._draft = ""

    def up(self, text: str) -> str | None:
        """The line before, or None at the first. `text` is what the prompt holds now."""
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
        """The line after, the draft after the last, or None if there is nowhere to go."""
        if self._place is None:
            return None
        self._place += 1
        if self._place >= len(self._history.lines):
            self._place = None
            return self._draft
        return self._history.lines[self._place]

    def reset(self) -> None:
        """Something was typed or sent: start from the end again."""
        self._place = None
