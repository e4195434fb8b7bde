"""Style sheets, and themes read from `styles/themes/*.toml`, beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from textual.theme import Theme

PARTS = ("app.tcss", "frame.tcss", "transcript.tcss", "prompt.tcss")
"""Sheets that the first frame needs, in order: to read one takes milliseconds."""
LATER_PARTS = ("cards.tcss", "palette.tcss")
"""Those for what a first command brings. The editor and the keys screen name their own."""


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
    """Paths of the style sheets that the first frame needs."""
    return [styles_folder() / name for name in PARTS]


def later_sheets() -> list[Path]:
    """Paths of those for what a first command brings."""
    return [styles_folder() / name for name in LATER_PARTS]


DEFAULT = "dark"


def theme_names() -> list[str]:
    """Names for `/theme`, the default first."""
    names = sorted(path.stem for path in (styles_folder() / "themes").glob("*.toml"))
    return sorted(names, key=lambda name: name != DEFAULT)


def load_theme(name: str) -> Theme:
    """Read one theme. Raises KeyError listing the known names."""
    path = styles_folder() / "themes" / f"{name}.toml"
    if name not in theme_names():
        raise KeyError(f"No theme is called {name!r}. There are: {', '.join(theme_names())}.")
    return theme_from(name, path)


def theme_from(name: str, path: Path) -> Theme:
    """Build a theme from a TOML file: plain keys are colours, `[variables]` go to the style sheets as `$name`."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    colours: Mapping[str, str] = data["colours"]
    return Theme(
        name=name,
        primary=colours["primary"],
        secondary=colours.get("secondary"),
        warning=colours.get("warning"),
        error=colours.get("error"),
        success=colours.get("success"),
        accent=colours.get("accent"),
        foreground=colours.get("foreground"),
        background=colours.get("background"),
        surface=colours.get("surface"),
        panel=colours.get("panel"),
        boost=colours.get("boost"),
        dark=bool(data.get("dark", True)),
        ansi=bool(data.get("ansi", False)),
        variables=dict(data.get("variables", {})),
    )
