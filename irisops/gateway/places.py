"""Where a Web Gateway of this machine has its CSP.ini (facts: iris-webapps-gateway 5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

NAME = "CSP.ini"
_FIXED = (
    "/opt/webgateway/bin",
    "/home/irisowner/webgateway",
    "C:/Inetpub/CSPGateway",
)
"""Auto-configured or stand-alone, and the vendor's container; the locked-down container; IIS."""
_IN_AN_INSTALLATION = ("csp/bin", "bin")


def candidates(environment: Mapping[str, str], installations: Iterable[str]) -> list[Path]:
    """The files to look for, the likeliest first. `installations` are the folders of the instances installed here."""
    folders = [
        *(Path(folder) for folder in _FIXED),
        *(Path(folder) / "webgateway" for folder in [environment.get("ISC_DATA_DIRECTORY", "")] if folder),
        *(Path(folder) / below for folder in installations for below in _IN_AN_INSTALLATION),
    ]
    named = [Path(each) for each in [environment.get("ISC_CSP_INI_FILE", "")] if each]
    return [*named, *(folder / NAME for folder in folders)]


def found(files: Iterable[Path]) -> list[Path]:
    """Those that are there, each once: the container's are links to one another. Unreadable folders count as empty."""
    there: dict[Path, Path] = {}
    for file in files:
        try:
            if file.is_file():
                there.setdefault(file.resolve(), file)
        except OSError:  # a folder that this user may not enter, or a link that leads in a circle
            continue
    return list(there.values())
