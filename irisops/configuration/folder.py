"""The folder of an export on the disk: read, made as a whole, brought up to date.

irisops owns `instance.toml` and the `.toml` files in the folders of kinds; everything else there (a `.git`, a README)
is neither read nor touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from irisops.configuration.kinds import KINDS
from irisops.configuration.model import Configuration
from irisops.configuration.text import TOP, TextError, configuration_of, read_top
from irisops.files import private_folder, read_file, sync_folder, write_atomically, write_new

UNFINISHED = ".irisops-unfinished"
"""A file that stands in a folder while it is brought up to date, so that a half of it is never taken for the whole."""
MOST = 1_000_000
"""Most bytes of one file; a larger one is none of ours."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update does to a folder: relative paths, sorted."""

    written: Mapping[str, str]
    vanished: tuple[str, ...]
    same: int

    def __bool__(self) -> bool:
        return bool(self.written or self.vanished)


def is_export(folder: Path) -> bool:
    """True if the folder holds an export."""
    return (folder / TOP).is_file()


def is_free(folder: Path) -> bool:
    """True if an export may be made there: nothing is, or a folder with only hidden files such as `.git`."""
    if not folder.is_dir():
        return not os.path.lexists(folder)
    return all(each.name.startswith(".") for each in folder.iterdir())


def texts_in(folder: Path) -> dict[str, str]:
    """The files of an export: path with slashes -> text. Raises `TextError` or `OSError`."""
    if is_unfinished(folder):
        raise TextError(
            UNFINISHED, "an update of this folder was cut off; /export it again, with all its kinds"
        )
    found = {}
    for path in files_in(folder):
        data = read_file(folder / path, MOST + 1)
        if len(data) > MOST:
            raise TextError(path, "it is too large")
        try:
            found[path] = data.decode()
        except UnicodeDecodeError:
            raise TextError(path, "it is no UTF-8 text") from None
    return found


def is_unfinished(folder: Path) -> bool:
    """True if an update of the folder was cut off."""
    return (folder / UNFINISHED).exists()


def files_in(folder: Path) -> list[str]:
    """The files of an export, relative paths with slashes, sorted. Raises `OSError`."""
    found = [TOP] if (folder / TOP).is_file() else []
    for kind in KINDS:
        inside = folder / kind.name
        if inside.is_dir():
            found += [
                f"{kind.name}/{each.name}"
                for each in inside.iterdir()
                if each.suffix == ".toml" and not each.name.startswith(".")
            ]
    return sorted(found)


def read_folder(folder: Path) -> Configuration:
    """The configuration in a folder. Raises `TextError` or `OSError`."""
    return configuration_of(texts_in(folder))


def merged(old: Configuration, new: Configuration) -> Configuration:
    """`old` with the kinds of `new` in place of its own: what an export of some kinds makes of a folder."""
    kinds = set(new.objects)
    return replace(
        new,
        objects={**old.objects, **new.objects},
        unread=(*(each for each in old.unread if each.kind not in kinds), *new.unread),
        absent={**{kind: names for kind, names in old.absent.items() if kind not in kinds}, **new.absent},
    )


def changes_to(folder: Path, wanted: Mapping[str, str], kinds: Collection[str]) -> Changes:
    """What makes the folder hold these files; of files there only those of `kinds` may vanish. Raises `OSError`."""
    there = files_in(folder) if folder.is_dir() else []
    written = {
        path: text
        for path, text in wanted.items()
        if path not in there or read_file(folder / path, MOST + 1) != text.encode()
    }
    vanished = tuple(path for path in there if path not in wanted and path.partition("/")[0] in kinds)
    return Changes(written, vanished, len(wanted) - len(written))


def make(folder: Path, texts: Mapping[str, str]) -> None:
    """Make a new export: after a crash at any point it is whole, or not there. Raises `OSError`.

    The folder must be free (`is_free`). One that is there, with a `.git`, is brought up to date instead.
    """
    if folder.is_dir() and any(folder.iterdir()):
        update(folder, Changes(texts, (), 0))
        return
    private_folder(folder.parent)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for path, text in texts.items():
            private_folder((made / path).parent)
            write_new(made / path, text)
        for inside in {(made / path).parent for path in texts}:
            sync_folder(inside)
        if folder.is_dir():
            folder.rmdir()  # Windows does not replace an empty folder
        made.rename(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            shutil.rmtree(made)
        raise
    sync_folder(folder.parent)


def update(folder: Path, changes: Changes) -> None:
    """Bring an export up to date. Each file is replaced at once, and a crash in between is told at the next read.

    Raises `OSError`; the folder is marked as unfinished then.
    """
    write_atomically(folder / UNFINISHED, "An update was cut off here. /export this folder again.\n")
    for path, text in changes.written.items():
        write_atomically(folder / path, text)
    for path in changes.vanished:
        (folder / path).unlink(missing_ok=True)
    for kind in {path.partition("/")[0] for path in changes.vanished}:
        with contextlib.suppress(OSError):
            (folder / kind).rmdir()  # only if it is empty
    (folder / UNFINISHED).unlink(missing_ok=True)
    sync_folder(folder)


def top_of(folder: Path) -> Configuration:
    """What `instance.toml` of a folder says, without objects. Raises `TextError` or `OSError`."""
    return read_top(read_file(folder / TOP, MOST).decode("utf-8", "replace"))
