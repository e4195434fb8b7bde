"""Writing the transcript to a file: a new one, for its owner alone."""

from __future__ import annotations

from pathlib import Path

from irisops.contract.replies import Done, Problem
from irisops.files import write_new


def save(text: str, name: str) -> Done | Problem:
    """Write `text` to the file `name` (`~` is the home folder). An existing file is never overwritten."""
    path = Path(name).expanduser()
    if not name.strip():
        return Problem("NoFile", "No file was named.", "Say where: /save transcript.md", text="/save ")
    try:
        write_new(path, text)
    except FileExistsError:
        return Problem(
            "FileExists", f"{path} is already there.", "Choose another name.", text=f"/save {name}"
        )
    except OSError as error:
        return Problem(
            "NotWritten",
            f"{path} cannot be written: {error.strerror}.",
            "Choose another folder.",
            text=f"/save {name}",
        )
    return Done("save", f"Saved the transcript to {path}.")
