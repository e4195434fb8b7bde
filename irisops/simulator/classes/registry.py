"""All emulated classes, by name and release."""

from __future__ import annotations

from collections.abc import Iterable

from irisops.simulator.classes.definition import ClassDef

Version = tuple[int, int]


class Registry:
    """The classes of an instance. Names are case-sensitive; `%ResultSet` is short for `%Library.ResultSet`."""

    def __init__(self, classes: Iterable[ClassDef]) -> None:
        self._classes = {cls.name: cls for cls in classes}

    def find(self, name: str, version: Version) -> ClassDef | None:
        """The class of that name in a release, or None."""
        if name.startswith("%") and "." not in name:
            name = f"%Library.{name[1:]}"
        cls = self._classes.get(name)
        return cls if cls is not None and cls.since <= version else None

    def classes(self, version: Version) -> list[ClassDef]:
        """The classes of a release, by name."""
        return [self._classes[name] for name in sorted(self._classes) if self._classes[name].since <= version]
