"""The file of the log. Apart from `logs`, because the standard library's rotating file is slow to import."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

from irisops.files import PRIVATE_FILE, open_private


class LogFile(RotatingFileHandler):
    """A rotating file for its owner alone: logging itself would make it with the rights of the umask."""

    def emit(self, record: logging.LogRecord) -> None:
        """Make the file, if it is not there, before logging opens it."""
        try:
            if self.stream is None:
                self._make()
        except OSError:
            self.handleError(record)
        else:
            super().emit(record)

    def rotate(self, source: str, dest: str) -> None:
        """Rename the file as usual, and put an empty one in its place."""
        super().rotate(source, dest)
        self._make()

    def _make(self) -> None:
        path = Path(self.baseFilename)
        os.close(open_private(path, os.O_WRONLY))
        path.chmod(PRIVATE_FILE)  # one that an older version made
