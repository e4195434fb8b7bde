"""The log's file. Separate from `logs`, because the standard library's rotating file is slow to import."""

from __future__ import annotations

import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from irisops import streams
from irisops.contract.wording import harmless
from irisops.files import PRIVATE_FILE, cure_of, open_private


class LogFile(RotatingFileHandler):
    """A rotating file with mode 0600; logging itself would use the umask."""

    _said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Create the file before logging opens it."""
        try:
            if self.stream is None:
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

    def rotate(self, source: str, dest: str) -> None:
        """Rename the file and create an empty one."""
        super().rotate(source, dest)
        self._make()

    def _make(self) -> None:
        path = Path(self.baseFilename)
        os.close(open_private(path, os.O_WRONLY))
        path.chmod(PRIVATE_FILE)  # a file of an older version
