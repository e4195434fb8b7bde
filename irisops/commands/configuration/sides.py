"""What a command of configurations speaks of: a folder, a file of another tool, a profile, or the instance now."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from irisops.commands.tool.on import connected
from irisops.configuration.config_api_json import config_api
from irisops.configuration.folder import is_export, read_folder
from irisops.configuration.imported import MOST, ImportProblem
from irisops.configuration.kind_read import KindRead, put_together
from irisops.configuration.kinds import BY_NAME, ConfigKind
from irisops.configuration.model import Configuration
from irisops.configuration.reading import READABLE, read_kind
from irisops.configuration.security_export_xml import security_export
from irisops.configuration.text import TextError
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import no_such
from irisops.contract.quoting import quote
from irisops.contract.replies import Progress, Refusal
from irisops.contract.wording import harmless, listed
from irisops.engine.availability import into_sys
from irisops.engine.context import Context
from irisops.files import cure_of, expanded, named_file, read_file

NO_EXPORT = "Name a folder that /export has made."


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a folder or an instance, and once it was read what it `holds`; a file holds it at once.

    `notes` are sentences on what of a file is not compared.
    """

    label: str
    folder: Path | None = None
    link: Link | None = None
    holds: Configuration = field(default_factory=Configuration)
    notes: tuple[str, ...] = ()


def kinds_of(command: Command) -> list[ConfigKind]:
    """The kinds after `only`, all that can be read without it. Raises `Refusal` for an unknown one."""
    words = [part.strip() for word in command.words("kinds") for part in word.split(",") if part.strip()]
    for word in words:
        if word.casefold() not in {kind.name for kind in READABLE}:
            raise no_such(
                "NoSuchKind",
                "kind of object",
                word,
                [kind.name for kind in READABLE],
                cure=f"The kinds are {listed([kind.name for kind in READABLE])}.",
            )
    asked = {word.casefold() for word in words}
    return [kind for kind in READABLE if not asked or kind.name in asked]


def folder_named(name: str) -> Path:
    """The folder that a person typed, whether it exists or not. Raises `Refusal`."""
    try:
        path = named_file(name)
        if os.path.lexists(path) and not path.is_dir():
            raise Refusal("NoFolder", f"{harmless(name)} is a file, not a folder.", "Name a folder.")
    except OSError as error:
        raise Refusal(
            "NoFolder", f"{harmless(name)} cannot be used: {error.strerror}.", "Name another folder."
        ) from None
    return path


def in_folder(folder: Path) -> Configuration:
    """The configuration in a folder. Raises `Refusal`."""
    if not is_export(folder):
        raise Refusal("NoExport", f"{harmless(folder)} holds no export of an instance.", NO_EXPORT)
    try:
        return read_folder(folder)
    except TextError as error:
        raise Refusal(
            "NotAnExport",
            f"{harmless(folder)} cannot be used. {harmless(error, 400)}.",
            "Correct that file, or make the folder anew with /export.",
        ) from None
    except OSError as error:
        raise Refusal(
            "NotReadable", f"{harmless(folder)} cannot be read: {error.strerror}.", NO_EXPORT
        ) from None


def _file_named(word: str) -> Path | None:
    """The file of this name; None if there is none, or the word is no path."""
    path = expanded(word)
    return path if "\0" not in word and path.is_file() else None


def _in_file(path: Path, word: str) -> Side:
    """What a file of another tool holds, by its suffix. Raises `Refusal`."""
    read = {".xml": security_export, ".json": config_api}.get(path.suffix.lower())
    if read is None:
        raise Refusal(
            "NoExport",
            f"{harmless(word)} is neither a folder nor a file that can be compared.",
            "Name a folder that /export has made, a SecurityExport.xml, or a .json of config-api.",
        )
    try:
        made = read(read_file(path, MOST + 1), word)
    except OSError as error:
        raise Refusal(
            "NotReadable", f"{harmless(word)} cannot be read: {error.strerror}.", cure_of(error)
        ) from None
    except ImportProblem as problem:
        raise Refusal(
            "NotAnExport", f"{harmless(word)} cannot be used. {problem}", "Correct it, or export it anew."
        ) from None
    return Side(word, holds=made.configuration, notes=made.notes)


async def side_named(context: Context, word: str) -> Side:
    """The side that a word names: a path if it has a slash or is no profile. Raises `Refusal` or a named problem."""
    profile = context.hub.find(word)
    looks_like_path = os.sep in word or word.startswith((".", "~"))
    if profile is not None and not looks_like_path:
        return Side(profile.name, link=await connected(context, profile))
    if (file := _file_named(word)) is not None:
        return _in_file(file, word)
    folder = folder_named(word)
    if folder.is_dir():
        return Side(word, folder=folder)
    if looks_like_path:
        raise Refusal("NoExport", f"There is no folder {harmless(word)}.", NO_EXPORT)
    known = [profile.name for profile in context.hub.profiles()]
    raise no_such(
        "NoSuchSide",
        "folder and no profile",
        word,
        known,
        cure="Name a folder that /export has made, or a profile.",
        line=lambda each: f"/diff {quote(each)}",
    )


def refuse_other_namespace(link: Link) -> None:
    """Raise `Refusal` outside %SYS, where the security classes are not visible (facts: iris-security 1)."""
    info = link.connection.info
    if info is None or info.namespace.upper() != "%SYS":
        raise Refusal("NotInSys", "The configuration is read in the namespace %SYS.", into_sys(link))


async def reading(
    link: Link, kinds: Sequence[ConfigKind], reads: list[KindRead], name: str
) -> AsyncGenerator[Progress, None]:
    """Read the kinds of an instance into `reads`, with progress by kind. Raises `Refusal` or Unreachable."""
    refuse_other_namespace(link)
    info = link.connection.info
    for at, kind in enumerate(kinds):
        yield Progress(name, f"Reading {kind.plural} of {harmless(link.name)} …", at / len(kinds))
        reads.append(await read_kind(link.connection, kind, info.version if info else ""))


def configuration_read(link: Link, reads: Sequence[KindRead]) -> Configuration:
    """The configuration that was read of an instance."""
    info = link.connection.info
    name = info.instance_name if info else None
    return put_together(reads, name or link.name, info.version if info else "")


def kinds_in(configuration: Configuration, asked: Sequence[ConfigKind]) -> list[ConfigKind]:
    """Those of the kinds that a configuration speaks of."""
    return [BY_NAME[name] for name in configuration.kinds if BY_NAME[name] in asked]
