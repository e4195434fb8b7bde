"""Saves the transcript to a new private file."""

from __future__ import annotations

from pathlib import Path

from irisops.contract.replies import Done, Problem
from irisops.files import write_new


def save(text: str, name: str) -> Done | Problem:
    """Write `text` to the new file `name` (`~` is the home folder)."""
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
