"""The log's file. Separate from `logs`, because the standard library's rotating file is slow to import."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

from irisops.files import PRIVATE_FILE, open_private


class LogFile(RotatingFileHandler):
    """A rotating file with mode 0600; logging itself would use the umask."""

    def emit(self, record: logging.LogRecord) -> None:
        """Create the file before logging opens it."""
        try:
            if self.stream is None:
                self._make()
        except OSError:
            self.handleError(record)
        else:
            super().emit(record)

    def rotate(self, source: str, dest: str) -> None:
        """Rename the file and create an empty one."""
        super().rotate(source, dest)
        self._make()

    def _make(self) -> None:
        path = Path(self.baseFilename)
        os.close(open_private(path, os.O_WRONLY))
        path.chmod(PRIVATE_FILE)  # a file of an older version
