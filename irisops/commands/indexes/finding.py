"""/indexes, and how the other commands find the class that is meant, in the namespace that has it.

The connection must be in the namespace of the data (facts: iris-operations 4), and administration is in %SYS: so all is
read through a second connection, to that namespace, which is closed again. Whether SQL follows a connection that goes
there and back is not known, and a long count would hold it up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches

from irisops.connections.connection import InstanceConnection, Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Refusal, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceProblem, NamespaceUnknown, NotPermitted, or_note
from irisops.instance.indexes import (
    Index,
    StoredClass,
    classes_in_global,
    classes_named,
    classes_with_indexes,
    count_rows,
    global_of,
    known_globals,
)
from irisops.instance.values import as_text

MOST_NAMESPACES = 6
"""Namespaces that are looked through for a class; each is a login."""
MOST_CLASSES = 200
"""Classes listed where none is named."""
MOST_KNOWN = 500
"""Classes whose globals are named in place of one that is not there."""
PERCENT_SYS = "%SYS"

STATUS = {True: "selectable", False: "not selectable", None: "not known"}


@dataclass(frozen=True, slots=True)
class Found:
    """The classes that a target means, all in one namespace. `notes` name what could not be read."""

    namespace: str
    classes: tuple[StoredClass, ...]
    notes: tuple[str, ...] = ()

    @property
    def only(self) -> StoredClass:
        """The class, where there is one."""
        return self.classes[0]


_FIELDS: cards.Fields[tuple[StoredClass, Index | None]] = (
    (Column("class", "CLASS", hide_under=1000), lambda pair: pair[0].name),
    (Column("index", "INDEX", least=12), lambda pair: pair[1].name if pair[1] else "no index"),
    (Column("properties", "OF", grow=True), lambda pair: pair[1].properties if pair[1] else ""),
    (Column("type", "TYPE", hide_under=60), lambda pair: _kind(pair[1])),
    (Column("unique", "UNIQUE", "flag", hide_under=90), lambda pair: pair[1].unique if pair[1] else None),
    (
        Column("status", "MAP STATUS", tones={"not selectable": "warn"}),
        lambda pair: STATUS[pair[1].selectable] if pair[1] else "",
    ),
    (
        Column("origin", "FROM", grow=True, hide_under=70),
        lambda pair: pair[1].origin if pair[1] and pair[1].inherited else "",
    ),
    (Column("table", "TABLE", hide_under=1000), lambda pair: f"{pair[0].schema}.{pair[0].table}"),
    (Column("location", "GLOBAL", hide_under=1000), lambda pair: pair[0].location),
    (Column("rows", "ROWS", "number", hide_under=1000), lambda pair: pair[0].rows),
)


def _kind(index: Index | None) -> str:
    return (index.type_class or index.type) if index else ""


async def show(context: Context, command: Command) -> Replies:
    """List the indexes of the classes that are meant, a heading for each class."""
    link = context.link()
    target = str(command.args.get("target", ""))
    found = await find(link, target, str(command.args.get("namespace", "")))
    pairs = [(each, index) for each in found.classes for index in each.indexes or (None,)]
    rows = [
        cards.row_of(_FIELDS, pair) | {"heading": _heading(pair[0]), "namespace": found.namespace}
        for pair in pairs
    ]
    total = sum(len(each.indexes) for each in found.classes)
    indexes = counted(total, "index", "indexes")
    where = f" in {found.namespace}"
    name = harmless(target or "all classes", 60)
    if target.startswith("^") and len(found.classes) > 1:
        title = f"{name}{where}: {counted(len(found.classes), 'class', 'classes')}, {indexes}"
    else:
        title = f"{name}{where}: {indexes}"
    hidden = (Column("heading", "CLASS", hide_under=1000), Column("namespace", "NAMESPACE", hide_under=1000))
    yield Table(
        "indexes",
        title,
        (*cards.columns_of(_FIELDS), *hidden),
        rows,
        key="index",
        group="heading",
        notes=[
            *found.notes,
            *_notes(link, found),
        ],
        actions=[
            ("enter", "validate", "/indexes validate {class} {index} namespace={namespace}"),
            ("b", "build", "/indexes build {class} {index} namespace={namespace}"),
        ]
        if total
        else [],
    )


def _heading(each: StoredClass) -> str:
    rows = "" if each.rows is None else f", {counted(each.rows, 'row')}"
    return f"{each.name} (table {each.schema}.{each.table}, {each.location or 'global not known'}{rows})"


def _notes(link: Link, found: Found) -> list[str]:
    notes = []
    bare = [each.name for each in found.classes if not each.indexes]
    if bare:
        notes.append(f"{listed(bare)}: no index, so there is nothing to validate or to build.")
    if any(index.selectable is False for each in found.classes for index in each.indexes):
        notes.append(
            "Queries do not use an index that is not selectable: it was never built, or is being built, or was set so."
        )
    if any(index.inherited for each in found.classes for index in each.indexes):
        notes.append("An index of a superclass is validated and built through that class (FROM).")
    if not inside_already(link, found.namespace):
        notes.append(f"Read by a second connection, to {found.namespace}, which is closed again.")
    return notes


def inside_already(link: Link, namespace: str) -> bool:
    """True if the connection itself is in that namespace."""
    info = link.connection.info
    return info is not None and info.namespace.casefold() == namespace.casefold()


@asynccontextmanager
async def reading(link: Link, namespace: str) -> AsyncIterator[InstanceConnection]:
    """A connection to a namespace for the block: the one that is there, or a second one."""
    if inside_already(link, namespace):
        yield link.connection
        return
    async with link.connection.beside(namespace) as other:
        yield other


async def find(link: Link, target: str, namespace: str = "") -> Found:
    """The classes that `target` means. Raises `Refusal` without one, or with some in several namespaces.

    Without a namespace those of the instance are looked through, unless the connection is in one of its own.
    """
    notes: list[str] = []
    some: list[Found] = []
    refused: InstanceProblem | None = None
    shut = 0
    known: dict[str, list[str]] = {}
    places = [namespace] if namespace else await _places(link, target)
    for place in places:
        try:
            async with reading(link, place) as instance:
                classes, unread = await _look(instance, target)
                if not classes and target.startswith("^"):
                    known[place] = await or_note(known_globals(instance, MOST_KNOWN), [], "") or []
        except (NamespaceUnknown, NotPermitted) as problem:
            if namespace:
                raise
            # A right that is missing where the class is says more than a door that is shut.
            if refused is None or isinstance(problem, NotPermitted):
                refused = problem
            notes.append(f"{place} could not be looked into: {problem.message}")
            shut += 1
            continue
        if unread:
            notes.append(f"{listed(unread)} of {place} could not be looked through.")
        if classes:
            some.append(Found(place, tuple(classes)))
    if not some and refused is not None and shut == len(places):
        raise refused
    if not some:
        raise _nothing(target, places, notes, known)
    if len(some) > 1:
        names = [each.namespace for each in some]
        raise Refusal(
            "WhichNamespace",
            f"{harmless(target, 60)} is in {listed(names)}.",
            f"Say which one: namespace={names[0]}",
            suggestions=[f"/indexes {quote(target)} namespace={quote(name)}" for name in names[:3]],
        )
    return replace(some[0], notes=tuple(notes))


async def _look(instance: InstanceConnection, target: str) -> tuple[list[StoredClass], list[str]]:
    """The classes, and what could not be looked through."""
    unread: list[str] = []
    if not target:
        return await classes_with_indexes(instance, MOST_CLASSES), unread
    if target.startswith("^"):
        classes, unread = await classes_in_global(instance, target)
    else:
        classes = await classes_named(instance, target)
    return [replace(each, rows=await count_rows(instance, each)) for each in classes], unread


async def _places(link: Link, target: str) -> list[str]:
    """The namespaces to look in. Raises `Refusal` if they are too many."""
    info = link.connection.info
    if info is not None and info.namespace.upper() != PERCENT_SYS:
        return [info.namespace]
    rows = await read_list(
        link.connection, "namespaces.list", lambda row: as_text(row.get("namespace")) or None
    )
    names = [name for name in rows if name.upper() != PERCENT_SYS]
    if names and len(names) <= MOST_NAMESPACES:
        return names
    raise Refusal(
        "WhichNamespace",
        f"The instance has {counted(len(names), 'namespace')} beside %SYS: which one is it in?",
        "Say it: namespace=NAME",
        suggestions=[
            f"/indexes {quote(target)} namespace={quote(name)}".replace("  ", " ") for name in names[:3]
        ],
    )


def _nothing(target: str, places: list[str], notes: list[str], known: Mapping[str, Sequence[str]]) -> Refusal:
    """`known` has globals of each namespace that was looked through for one."""
    where = listed(places, "or")
    beside = f" {' '.join(notes)}" if notes else ""
    if not target:
        return Refusal(
            "NoIndexes",
            f"No class in {where} has an index.{beside}",
            "/indexes namespace=NAME looks in another namespace; /namespaces lists them.",
        )
    if target.startswith("^"):
        cure, lines = _instead(global_of(target), known)
        return Refusal(
            "NoSuchGlobal",
            f"No class was found that stores in {harmless(global_of(target), 60)} in {where}; "
            f"% classes were not looked at.{beside}",
            cure,
            suggestions=lines,
        )
    return Refusal(
        "NoSuchClass",
        f"There is no persistent class or table {harmless(target, 60)} in {where}.{beside}",
        "Write a class as Package.Class, a table as Schema.Table, a global with ^; case counts.",
    )


def _instead(name: str, known: Mapping[str, Sequence[str]]) -> tuple[str, list[str]]:
    """The cure for a global that is not there, and lines to choose from: what is like it, else what is there."""
    folded = {(each.casefold(), place): (each, place) for place, some in known.items() for each in some}
    names = [each for each, _ in folded]
    like = get_close_matches(name.casefold(), dict.fromkeys(names), n=3)
    close = [pair for each in like for (folding, _), pair in folded.items() if folding == each][:3]
    lines = [f"/indexes {quote(each)} namespace={quote(place)}" for each, place in close]
    elsewhere = "In another namespace: namespace=NAME, and /namespaces lists them."
    if close:
        said = listed([f"{harmless(each, 60)} in {place}" for each, place in close])
        return f"Like it: {said}. Names of globals are case-sensitive. {elsewhere}", lines
    there = [
        f"{place} has {listed([harmless(each, 60) for each in some], most=4)}"
        for place, some in known.items()
        if some
    ]
    if there:
        return f"{'; '.join(there)}. {elsewhere}", lines
    empty = f"No class of {listed(list(known), 'or')} keeps data. " if known else ""
    return f"{empty}{elsewhere}", lines


async def find_one(link: Link, command: Command, typed: str) -> tuple[Found, tuple[Index, ...]]:
    """The one class that is meant, and those of its indexes that are named, or all its own. Raises `Refusal`."""
    target = str(command.args["target"])
    found = await find(link, target, str(command.args.get("namespace", "")))
    if len(found.classes) > 1:
        names = [each.name for each in found.classes]
        raise Refusal(
            "WhichClass",
            f"{counted(len(names), 'class', 'classes')} store in {harmless(global_of(target), 60)}: {listed(names)}.",
            f"Say which one: {typed} {quote(names[0])}",
            suggestions=[f"{typed} {quote(name)} namespace={quote(found.namespace)}" for name in names[:3]],
        )
    one = found.only
    if not one.indexes:
        raise Refusal(
            "NoIndexes",
            f"{one.name} has no index: there is nothing to validate or to build.",
            f"/indexes {quote(one.name)} shows the class.",
        )
    wanted = command.words("indexes")
    if not wanted:
        if not one.own:
            origins = sorted({index.origin for index in one.indexes})
            raise Refusal(
                "Inherited",
                f"All indexes of {one.name} come from {listed(origins)}: they are validated and built there.",
                f"{typed} {quote(origins[0])}",
            )
        return found, one.own
    chosen: list[Index] = []
    for name in wanted:
        index = next(
            (
                each
                for each in one.indexes
                if name.casefold() in (each.name.casefold(), each.sql_name.casefold())
            ),
            None,
        )
        if index is None:
            raise Refusal(
                "NoSuchIndex",
                f"{one.name} has no index {harmless(name, 60)}.",
                f"It has {listed([each.name for each in one.indexes])}.",
            )
        if index.inherited:
            raise Refusal(
                "Inherited",
                f"The index {index.name} of {one.name} comes from {index.origin}: it is validated and built there.",
                f"{typed} {quote(index.origin)} {quote(index.name)}",
            )
        if index not in chosen:
            chosen.append(index)
    return found, tuple(chosen)
