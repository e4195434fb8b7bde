"""`SecurityExport.xml` and the export files of single classes, read as a configuration (facts: iris-config-as-text 3).

Such a file may come from anywhere: no document type, no entity, and a bounded size and depth. What it holds of
passwords and keys is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from irisops.configuration.imported import MOST, Collected, Imported, ImportProblem, imported_value
from irisops.configuration.kinds import SYSTEM_NAME
from irisops.configuration.values import NoValueError, Property, Value
from irisops.contract.wording import harmless

_DEPTH = 12
"""Most elements inside one another; an export has six."""
_RECORDS: Mapping[str, str] = {
    "System": "system",
    "Resources": "resources",
    "Roles": "roles",
    "Users": "users",
    "Services": "services",
    "Applications": "applications",
    "Events": "audit-events",
    "SSLConfigs": "tls",
}
"""Element of a record -> its kind: the class without `Security.` (facts: iris-config-as-text 3, by analogy)."""
_EXPORT = "Export"
"""How the elements around the records of a class end."""
_BESIDE = frozenset({"Version", "NameLowerCase", "Name", "Source", "Type"})
"""Children of a record that say no more than its name, or the version of the format."""
_EMPTY = ("text", "date", "names", "list", "groups", "privileges")
"""Types whose empty value is left out of a file."""


@dataclass(slots=True)
class _Element:
    """One element of a record."""

    tag: str
    text: list[str] = field(default_factory=list)
    children: list[_Element] = field(default_factory=list)

    @property
    def content(self) -> str:
        """Its text."""
        return "".join(self.text).strip()

    def child(self, tag: str) -> str:
        """The text of a child, "" without it."""
        return next((each.content for each in self.children if each.tag == tag), "")


class _Reader:
    """Hears of the elements, and keeps one record at a time."""

    def __init__(self) -> None:
        self.found = Collected()
        self.roots = 0
        self._open: list[_Element] = []
        self._depth = 0

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise ImportProblem("It nests deeper than any export of security settings.")
        if self._open:
            made = _Element(tag)
            self._open[-1].children.append(made)
            self._open.append(made)
        elif tag in _RECORDS:
            self._open.append(_Element(tag))
        elif tag.endswith(_EXPORT):
            self.roots += 1
            if kind := _RECORDS.get(tag.removesuffix(_EXPORT)):
                self.found.kind(kind)
        else:
            self.found.aside[harmless(tag, 80)] = None

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)

    def end(self, _tag: str) -> None:
        self._depth -= 1
        if self._open:
            done = self._open.pop()
            if not self._open:
                _keep(self.found, done)


def refuse(*_arguments: object) -> NoReturn:
    """A handler for what no export has: document types and entities."""
    raise ImportProblem("It declares a document type or entities, as no export of security settings does.")


def security_export(data: bytes, source: str) -> Imported:
    """The configuration in the file. `source` names it. Raises `ImportProblem`.

    UNVERIFIED: the outermost element, that items of a list are elements of their own, and that an empty value is left
    out (facts: iris-config-as-text 3, 9). Settle: Security.System.ExportAll on a throwaway instance.
    """
    if len(data) > MOST:
        raise ImportProblem(f"It has more than {MOST // 1_000_000} MB.")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the standard library's flag for the end of the file
    except expat.ExpatError as problem:
        raise ImportProblem(f"It is no XML: {problem}.") from None
    if not reader.roots:
        raise ImportProblem("This is not an export of security settings: no element ends in “Export”.")
    return reader.found.result(source)


def _keep(found: Collected, record: _Element) -> None:
    kind = found.kind(_RECORDS[record.tag])
    name = SYSTEM_NAME if kind.name == "system" else "/".join(record.child(part) for part in kind.key)
    if not name.strip("/"):
        raise ImportProblem(f"One of its {record.tag} has no name.")
    values: dict[str, Value] = {
        known.name: known.default if known.default is not None else known.canonical(_nothing(known))
        for known in kind.readable
        if known.type in _EMPTY
    }
    for child in record.children:
        known = kind.named(child.tag)
        if found.hides(kind, child.tag):
            continue
        if known is None:
            if child.tag not in _BESIDE:
                found.aside[f"{child.tag} of {kind.plural}"] = None
            continue
        try:
            values[known.name] = _value(known, child)
        except NoValueError as problem:
            raise ImportProblem(f"{kind.noun} {harmless(name, 80)}: {problem}.") from None
    found.add(kind, name, values)


def _nothing(known: Property) -> object:
    return "" if known.type in ("text", "date") else []


def _value(known: Property, child: _Element) -> Value:
    """The value of an element: its text, or the items of a list."""
    if not child.children:
        return imported_value(known, child.content)
    if known.type == "privileges":
        return imported_value(known, [_privilege(known, each) for each in child.children])
    items = [each.content for each in child.children]
    return imported_value(known, [part for item in items for part in item.split(known.separator)])


def _privilege(known: Property, item: _Element) -> str:
    """`RESOURCE:RW` of an item with a name and a permission, or of its text."""
    if not item.children:
        return item.content
    permission = Property(known.name, "permission", known.label)
    return f"{item.child('Name')}:{imported_value(permission, item.child('Permission'))}"
