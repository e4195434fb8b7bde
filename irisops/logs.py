"""The log: a small rotating file in the state folder, for its owner alone, without secrets.

Secrets passed to `hide` are replaced in everything that is written, tracebacks included. The log names commands,
connections and notices; it never holds what was typed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from irisops import streams
from irisops.contract.wording import harmless
from irisops.files import PRIVATE_FILE, cure_of, open_private, private_folder, refuse_other

NAME = "irisops.log"
"""A logger of its own: the simulator in the same process logs separately."""
FILE = "irisops.log"
BIGGEST = 512 * 1024
"""Bytes per file; with `KEPT` older ones the log takes 2 MiB at most."""
KEPT = 3
MASK = "•••"
LONG = 8
"""Length from which a word of letters is more likely a password than a name."""
SHORTEST = 3
"""Shorter secrets are not replaced: they occur in ordinary words."""

LOG = logging.getLogger(NAME)
"""The program's logger. Before `start` it drops everything: nothing may reach the terminal."""
LOG.propagate = False
LOG.addHandler(logging.NullHandler())

_hidden: set[str] = set()


def hide(secret: str) -> None:
    """Keep this text out of the log from now on. It is kept in memory only."""
    if len(secret) >= SHORTEST:
        _hidden.add(secret)


def scrub(text: str) -> str:
    """`text` with all hidden secrets masked; longer ones first, as one may be part of another."""
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def hidden_in(line: str) -> Iterator[tuple[int, int]]:
    """Start and end of each hidden secret in a typed line.

    The whole line is always compared; a word only if it is not short and plain, as weak passwords are also names.
    """
    whole = line.strip()
    if whole in _hidden:
        start = line.index(whole)
        yield start, start + len(whole)
        return
    for secret in _hidden:
        if len(secret) < LONG and secret.isalpha():
            continue
        place = line.find(secret)
        while place >= 0:
            yield place, place + len(secret)
            place = line.find(secret, place + 1)


class _Formatter(logging.Formatter):
    """Masks secrets in lines and tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class _PrivateFile(logging.FileHandler):
    """A rotating file with mode 0600; logging itself would use the umask.

    `logging.handlers` has one, too, and brings pickle and queues along: 0.6 MB in every chat.
    """

    _said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Create the file before logging opens it."""
        try:
            if self._is_full(len(self.format(record)) + 1):
                self._rotate()
            elif self.stream is None:
                self._make()
        except OSError:
            self.handleError(record)
        else:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging calls
        """Say once that the file cannot be written; logging itself would print a traceback at each event."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._said and sys.stderr is not None:
            self._said = True
            why = error.strerror or type(error).__name__
            text = f"irisops: The log {self.baseFilename} cannot be written: {why}. {cure_of(error)}"
            streams.say(harmless(text, 2000), sys.stderr)

    def _is_full(self, more: int) -> bool:
        path = Path(self.baseFilename)
        return path.exists() and path.stat().st_size + more >= BIGGEST

    def _rotate(self) -> None:
        """Rename the files, the oldest away, and begin an empty one."""
        super().close()
        files = [
            Path(self.baseFilename + ending) for ending in ("", *(f".{each}" for each in range(1, KEPT + 1)))
        ]
        for newer, older in reversed(list(pairwise(files))):
            if newer.exists():
                newer.replace(older)
        self._make()

    def _make(self) -> None:
        path = Path(self.baseFilename)
        os.close(open_private(path, os.O_WRONLY))
        path.chmod(PRIVATE_FILE)  # a file of an older version


def start(folder: Path, level: str) -> str:
    """Log at `level` (error, warning, info, debug) into `folder`. Returns the reason if that fails, or "".

    A second start replaces the first. The file is created at the first event, in a folder with mode 0700.
    """
    stop()
    LOG.setLevel(level.upper())
    LOG.disabled = False  # a library that configures logging disables unknown loggers
    try:
        private_folder(folder)
        path = folder / FILE
        refuse_other(path)
        handler = _PrivateFile(path, encoding="utf-8", delay=True)
    except OSError as error:
        return f"The log {folder / FILE} cannot be written: {error.strerror or error}. {cure_of(error)}"
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(process)d %(message)s"))
    LOG.addHandler(handler)
    return ""


def stop() -> None:
    """Stop logging."""
    for handler in list(LOG.handlers):
        if isinstance(handler, logging.NullHandler):
            continue
        LOG.removeHandler(handler)
        with contextlib.suppress(OSError):  # the disk is full
            handler.close()
