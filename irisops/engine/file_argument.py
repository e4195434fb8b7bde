"""The file that a command names."""

from __future__ import annotations

from pathlib import Path

from irisops.contract.chat import Command
from irisops.contract.replies import Refusal
from irisops.contract.wording import harmless
from irisops.files import named_file


def file_of(command: Command, cure: str) -> Path:
    """The named file, `~` expanded, whether it exists or not. Raises `Refusal` for a name that no file can have."""
    name = str(command.args["file"])
    try:
        return named_file(name)
    except OSError as error:
        raise Refusal("NoFile", f"{harmless(name)} cannot be used: {error.strerror}.", cure) from error
