"""Where the style sheets and themes are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

PARTS = ("app.tcss", "frame.tcss", "prompt.tcss", "cards.tcss")
"""The sheets of the first screen, in order. The editor and the keys screen name theirs themselves."""


def styles_folder() -> Path:
    """The folder that holds the .tcss files and `themes/`.

    Raises FileNotFoundError if the installation is incomplete.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "styles", package.parent / "styles"):
        if (folder / PARTS[0]).is_file():
            return folder
    raise FileNotFoundError(
        f"The style sheets of irisops are missing beside {package}. Install irisops again."
    )


def sheets() -> list[Path]:
    """Paths of the style sheets that the first screen needs."""
    folder = styles_folder()
    return [folder / name for name in PARTS]
