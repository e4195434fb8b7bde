"""/export DIR: the configuration of the connected instance as text, in a folder fit for Git."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from irisops.commands.configuration.diff import compared
from irisops.commands.configuration.sides import (
    Side,
    configuration_read,
    folder_named,
    in_folder,
    kinds_in,
    kinds_of,
    reading,
)
from irisops.configuration.folder import (
    Changes,
    changes_to,
    files_in,
    is_export,
    is_free,
    is_unfinished,
    make,
    merged,
    top_of,
    update,
)
from irisops.configuration.kind_read import KindRead
from irisops.configuration.kinds import BY_NAME
from irisops.configuration.model import Configuration
from irisops.configuration.text import TextError, files_of
from irisops.configuration.values import NoValueError
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.files import cure_of
from irisops.profiles.remembered import ExportsStore

MOST_NAMED = 40
"""Files of a plan, and things that could not be read, that are named one by one."""


async def export(context: Context, command: Command) -> Replies:
    """Read the instance and write the folder; a plan comes first if files of it would vanish."""
    folder = folder_named(str(command.args["folder"]))
    asked = kinds_of(command)
    link = context.link()
    there = is_export(folder)
    if command.args.get("check") == "yes":
        old = in_folder(folder)
        reads: list[KindRead] = []
        async for step in reading(link, kinds_in(old, asked), reads, "export"):
            yield step
        now = Side(f"{link.name} now", holds=configuration_read(link, reads))
        yield compared(Side(str(command.args["folder"]), holds=old), now, asked)
        return
    if not there and not is_free(folder):
        raise Refusal(
            "NoExport",
            f"{harmless(folder)} has something in it, but is no export: it was left alone.",
            "Name a new folder, or one that /export has made.",
        )
    reads = []
    async for step in reading(link, asked, reads, "export"):
        yield step
    found = configuration_read(link, reads)
    ExportsStore(context.places.exports).remember(link.name, folder)
    if not there:
        _write(folder, lambda: make(folder, _texts(found)))
        yield _done(folder, found, counted(_objects(found), "object"))
        return
    old = _top(folder)
    _refuse_losing(folder, found)
    if set(old.kinds) - set(found.kinds):
        # Some kinds of one instance beside others of another would be the configuration of neither.
        if old.instance != found.instance:
            raise Refusal(
                "OtherInstance",
                f"{harmless(folder)} is an export of {harmless(old.instance)}, not of {harmless(found.instance)}.",
                "Name a folder of its own, or export all kinds.",
            )
        changes = _changes(folder, merged(in_folder(folder), found), found)
    else:
        changes = _changes(folder, found, found)
    if changes.vanished or old.instance != found.instance:
        plan = _plan(folder, changes, old, found)
        yield context.plans.add(plan, lambda: _update(folder, changes, found))
        return
    async for reply in _update(folder, changes, found):
        yield reply


def _top(folder: Path) -> Configuration:
    try:
        return top_of(folder)
    except (TextError, OSError) as error:
        raise Refusal(
            "NotAnExport", f"{harmless(folder)} cannot be used. {harmless(error, 400)}.", "Name a new folder."
        ) from None


def _texts(found: Configuration) -> dict[str, str]:
    try:
        return files_of(found)
    except NoValueError as error:
        raise Refusal(
            "NotWritable",
            f"A name or a text of the instance fits no file: {error}.",
            "Correct it in the portal, or leave its kind out with only.",
        ) from None


def _changes(folder: Path, kept: Configuration, found: Configuration) -> Changes:
    try:
        return changes_to(folder, _texts(kept), found.kinds)
    except OSError as error:
        raise Refusal(
            "NotReadable", f"{harmless(folder)} cannot be read: {error.strerror}.", cure_of(error)
        ) from None


def _refuse_losing(folder: Path, found: Configuration) -> None:
    """A kind that cannot be read now keeps its files: nothing is known of what became of its objects."""
    there = {path.partition("/")[0] for path in files_in(folder)}
    lost = [
        BY_NAME[kind].plural
        for kind in found.kinds
        if kind in there
        and not any(each.values for each in found.of(kind).values())
        and found.why_unknown(kind)
    ]
    if lost:
        raise Refusal(
            "NotReadable",
            f"{listed(lost).capitalize()} cannot be read now, but {harmless(folder)} has some: nothing was written.",
            "Connect as a user who may read them, or leave them out with only.",
        )


def _write(folder: Path, writing: Callable[[], None]) -> None:
    try:
        writing()
    except OSError as error:
        raise Refusal(
            "NotWritten", f"{harmless(folder)} cannot be written: {error.strerror}.", cure_of(error)
        ) from None


def _plan(folder: Path, changes: Changes, old: Configuration, found: Configuration) -> Plan:
    lines = [
        Change(harmless(path), "there", "not on the instance", "gone")
        for path in changes.vanished[:MOST_NAMED]
    ]
    if len(changes.vanished) > MOST_NAMED:
        lines.append(
            Change(f"and {len(changes.vanished) - MOST_NAMED} more", "there", "not on the instance", "gone")
        )
    warnings = []
    if old.instance != found.instance:
        warnings.append(
            f"It is an export of {harmless(old.instance)}; it becomes one of {harmless(found.instance)}."
        )
    return Plan(
        name="export",
        title=f"Bring {harmless(folder)} up to date",
        instance="this computer",
        changes=[*lines, Change("files", f"{changes.same} the same", f"{len(changes.written)} written")],
        effects=["The instance is not changed."],
        warnings=warnings,
    )


async def _update(folder: Path, changes: Changes, found: Configuration) -> Replies:
    if not changes and not is_unfinished(folder):
        yield _done(folder, found, "nothing has changed")
        return
    _write(folder, lambda: update(folder, changes))
    told = [counted(len(changes.written), "file") + " written"] if changes.written else []
    told += [counted(len(changes.vanished), "file") + " deleted"] if changes.vanished else []
    yield _done(folder, found, f"{listed(told)}, {changes.same} the same")


def _objects(found: Configuration) -> int:
    return sum(len(found.of(kind)) for kind in found.kinds)


def _done(folder: Path, found: Configuration, what: str) -> Done:
    return Done(
        "export",
        f"The configuration of {harmless(found.instance)} is in {harmless(folder)}: {what}.",
        [
            listed(
                [
                    counted(len(found.of(kind)), BY_NAME[kind].noun, BY_NAME[kind].plural)
                    if kind != "system"
                    else BY_NAME[kind].plural  # one record, which is no count of settings
                    for kind in found.kinds
                    if found.of(kind)
                ],
                most=len(found.kinds),
            ),
            *unread_lines(found),
            "Secrets are not in it: “set by hand” marks their places.",
            f"/diff {quote(str(folder))} compares it with the instance later.",
        ],
    )


def unread_lines(found: Configuration) -> Sequence[str]:
    """What could not be read, a line each."""
    lines = []
    for each in found.unread[:MOST_NAMED]:
        what = (
            BY_NAME[each.kind].plural
            if not each.name
            else f"{BY_NAME[each.kind].noun} {harmless(each.name, 80)}"
        )
        lines.append(
            f"Not read: {each.property + ' of ' if each.property else ''}{what}. {harmless(each.reason, 300)}"
        )
    if len(found.unread) > MOST_NAMED:
        lines.append(f"Not read: {len(found.unread) - MOST_NAMED} more, in instance.toml.")
    return lines
