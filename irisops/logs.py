"""The log: a small rotating file in the state folder, for its owner alone, without secrets.

Whoever gets hold of a secret tells `hide`; whatever is written later has it replaced, also in tracebacks. The file
holds what was done by name (commands, connections, notices), never what was typed.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from irisops.files import private_folder

NAME = "irisops.log"
"""Not the whole package: the simulator in the same process keeps its own ways to log."""
FILE = "irisops.log"
BIGGEST = 512 * 1024
"""Bytes of one file; with `KEPT` older ones the log takes 2 MiB at most."""
KEPT = 3
MASK = "•••"
LONG = 8
"""Letters of a word that is more likely a password than a name that a person types."""
SHORTEST = 3
"""Shorter secrets are not looked for: they stand in innocent words, and nothing that may hold one is logged."""

LOG = logging.getLogger(NAME)
"""Where everything of this program is logged. Without `start` it leads nowhere: nothing must reach the terminal."""
LOG.propagate = False
LOG.addHandler(logging.NullHandler())

_hidden: set[str] = set()


def hide(secret: str) -> None:
    """From now on this text does not get into the log. It stays in memory alone."""
    if len(secret) >= SHORTEST:
        _hidden.add(secret)


def scrub(text: str) -> str:
    """`text` without any secret that was told to `hide`; longer ones first, as one may be part of another."""
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def hidden_in(line: str) -> Iterator[tuple[int, int]]:
    """Where a typed line holds a secret that was told to `hide`: start and end.

    As the whole line always; as a word of it only if it is no ordinary short word, as weak passwords are names too.
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
    """One line per event, and no secret in it or in its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def start(folder: Path, level: str) -> str:
    """Log at `level` (error, warning, info, debug) into `folder`. Returns why that is not possible, or "".

    A second start replaces the first. No file is made before something is logged; the folder is the owner's alone.
    """
    from irisops.log_file import LogFile  # noqa: PLC0415 - it brings sockets and pickle along

    stop()
    LOG.setLevel(level.upper())
    LOG.disabled = False  # a library that configures logging switches off all loggers that it does not know
    try:
        private_folder(folder)
        path = folder / FILE
        handler = LogFile(path, maxBytes=BIGGEST, backupCount=KEPT, encoding="utf-8", delay=True)
    except OSError as error:
        return f"The log {folder / FILE} cannot be written: {error.strerror or error}."
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(process)d %(message)s"))
    LOG.addHandler(handler)
    return ""


def stop() -> None:
    """Write nothing any more."""
    for handler in list(LOG.handlers):
        if isinstance(handler, logging.NullHandler):
            continue
        LOG.removeHandler(handler)
        with contextlib.suppress(OSError):  # the disk is full: there is nothing to do about a log
            handler.close()
