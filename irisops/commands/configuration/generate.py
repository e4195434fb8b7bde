"""/export merge, manifest, objectscript, python: a configuration in other formats, each with what it leaves out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from irisops.commands.configuration.as_calls import objectscript_file, python_file
from irisops.commands.configuration.sides import (
    configuration_read,
    folder_named,
    in_folder,
    kinds_of,
    reading,
)
from irisops.configuration.cpf_merge import merge_file
from irisops.configuration.generated import Generated, Version, version_of
from irisops.configuration.installer_manifest import CLASS_NAME, installer_class
from irisops.configuration.kind_read import KindRead
from irisops.configuration.model import Configuration
from irisops.configuration.password_hash import password_hash, refusal_of
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.asking import NewSecret, ask_twice
from irisops.engine.context import Context
from irisops.engine.file_argument import file_of
from irisops.engine.spec import Replies
from irisops.files import cure_of, read_file, write_atomically

MOST_NAMED = 30
"""Things left out that are named one by one; the file names all."""
_OURS = "made by irisops"
"""What the first lines of each generated file say."""
_LOOKED_AT = 400
"""Bytes of an existing file in which that must stand."""


async def merge(context: Context, command: Command) -> Replies:
    """A CPF merge file."""
    path = _file(command)
    target = _target(command)
    found: list[Configuration] = []
    async for step in _read(context, command, found):
        yield step
    (configuration,) = found
    hashes = await _hashes(context, command, configuration)
    made = merge_file(configuration, str(path.absolute()), target=target, hashes=hashes)
    async for reply in _offer(
        context,
        path,
        made,
        [
            f"On the instance's machine: iris merge INSTANCE {path.absolute()}",
            "There is no supported way to run it from here. Afterwards look into messages.log: its answer is no proof.",
            *(["It holds hashes of passwords: keep it secret."] if hashes else []),
        ],
        _unread(configuration),
    ):
        yield reply


async def manifest(context: Context, command: Command) -> Replies:
    """An %Installer class."""
    how = f"Import it in %SYS, then run there: do ##class({CLASS_NAME}).setup(.vars)"
    async for reply in _generate(context, command, installer_class, how):
        yield reply


async def as_objectscript(context: Context, command: Command) -> Replies:
    """Lines for a terminal session."""
    how = "On the instance's machine: iris session INSTANCE -U %SYS < FILE"
    async for reply in _generate(context, command, objectscript_file, how):
        yield reply


async def as_python(context: Context, command: Command) -> Replies:
    """A program for the driver."""
    how = "It runs where the package intersystems-irispython is installed, and asks for the host and the passwords."
    async for reply in _generate(context, command, python_file, how):
        yield reply


async def _generate(
    context: Context, command: Command, write: Callable[[Configuration], Generated], how: str
) -> Replies:
    path = _file(command)
    found: list[Configuration] = []
    async for step in _read(context, command, found):
        yield step
    async for reply in _offer(context, path, write(found[0]), [how], _unread(found[0])):
        yield reply


def _unread(configuration: Configuration) -> list[str]:
    """The kinds of which nothing could be read."""
    return list(
        dict.fromkeys(each.kind for each in configuration.unread if not each.name and not each.property)
    )


async def _offer(
    context: Context, path: Path, made: Generated, how: Sequence[str], unread: Sequence[str]
) -> Replies:
    """Write a new file at once, and replace one by a plan: somebody may have completed it by hand. Raises `Refusal`."""
    if not made.written:
        if unread:
            told = f"Nothing was written: the instance does not give {listed(unread)}."
            raise Refusal("NothingToWrite", told, "Log in as a user who may read them, or name other kinds.")
        raise Refusal("NothingToWrite", "Nothing was written: it would hold no object.", "Name other kinds.")
    if _is_there(path):
        objects = counted(made.written, "object")
        plan = Plan(
            name="export",
            title=f"Write {harmless(path)} anew",
            instance="this computer",
            changes=[Change(harmless(path), "made earlier", objects)],
            effects=["What was changed in it by hand is lost.", "The instance is not changed."],
        )
        yield context.plans.add(plan, lambda: _write(path, made, how))
        return
    async for reply in _write(path, made, how):
        yield reply


def _file(command: Command) -> Path:
    """The file to write: a new one, or one that irisops has made. Raises `Refusal`."""
    path = file_of(command, "Choose another name.")
    if not _is_there(path):
        return path
    try:
        head = read_file(path, _LOOKED_AT)
    except OSError as error:
        raise Refusal(
            "NotWritten", f"{harmless(path)} cannot be used: {error.strerror}.", cure_of(error)
        ) from None
    if _OURS not in head.decode("utf-8", "replace").casefold():
        raise Refusal(
            "FileExists", f"{harmless(path)} is there and not made by irisops.", "Choose another name."
        )
    return path


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _target(command: Command) -> Version | None:
    text = str(command.args.get("target", ""))
    found = version_of(text)
    if text and found is None:
        raise Refusal("BadVersion", f"{harmless(text, 40)} is no version.", "Write it as target=2024.1.")
    return found


async def _read(context: Context, command: Command, found: list[Configuration]) -> Replies:
    """The configuration of the connected instance, or of the folder `from=`. Raises `Refusal`."""
    kinds = kinds_of(command)
    if folder := str(command.args.get("from", "")):
        whole = in_folder(folder_named(folder))
        wanted = {kind.name for kind in kinds}
        objects = {name: some for name, some in whole.objects.items() if name in wanted}
        found.append(
            Configuration(
                objects,
                whole.instance,
                whole.version,
                tuple(each for each in whole.unread if each.kind in wanted),
                whole.absent,
            )
        )
        return
    link = context.link()  # raises for a connection that is not there
    reads: list[KindRead] = []
    async for step in reading(link, kinds, reads, "export"):
        yield step
    found.append(configuration_read(link, reads))


async def _hashes(context: Context, command: Command, configuration: Configuration) -> dict[str, str]:
    """`PasswordHash` by lower-case name for the users of `passwords=`, each typed twice. Raises `Refusal`."""
    names = [name.strip() for name in str(command.args.get("passwords", "")).split(",") if name.strip()]
    users = configuration.of("users")
    for name in names:
        if name.lower() not in users:
            raise Refusal("NoSuchUser", f"There is no user {harmless(name, 80)}.", "/users lists them.")
    return {
        name.lower(): password_hash(await _asked(context, command, users[name.lower()].name))
        for name in names
    }


async def _asked(context: Context, command: Command, user: str) -> str:
    """The password of a user for the file. Raises `Refusal`."""
    title = f"Password of {harmless(user, 80)} in the merge file"
    wanted = NewSecret("password", title, "Password", "Nothing was written", refusal_of)
    return await ask_twice(context, command, wanted)


async def _write(path: Path, made: Generated, how: Sequence[str]) -> Replies:
    try:
        write_atomically(path, made.text)
    except OSError as error:
        raise Refusal(
            "NotWritten", f"{harmless(path)} cannot be written: {error.strerror}.", cure_of(error)
        ) from None
    yield _done(path, made, how)


def _done(path: Path, made: Generated, how: Sequence[str]) -> Done:
    left_out = [f"Left out: {each}" for each in made.left_out[:MOST_NAMED]]
    if len(made.left_out) > MOST_NAMED:
        left_out.append(f"Left out: {len(made.left_out) - MOST_NAMED} more, which the file names.")
    return Done("export", f"{counted(made.written, 'object')} in {path}.", [*how, *left_out])
