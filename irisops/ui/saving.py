"""Saves the transcript to a new private file."""

from __future__ import annotations

from irisops.contract.replies import Done, Problem
from irisops.files import named_file, write_new


def save(text: str, name: str) -> Done | Problem:
    """Write `text` to the new file `name` (`~` is the home folder)."""
    if not name.strip():
        return Problem("NoFile", "No file was named.", "Say where: /save transcript.md", text="/save ")
    try:
        path = named_file(name)
        write_new(path, text)
    except FileExistsError as error:
        return Problem(
            "FileExists", f"{error.filename} is already there.", "Choose another name.", text=f"/save {name}"
        )
    except OSError as error:
        return Problem(
            "NotWritten",
            f"{error.filename} cannot be written: {error.strerror}.",
            "Choose another folder.",
            text=f"/save {name}",
        )
    return Done("save", f"Saved the transcript to {path}.")
