"""The classes that clients loaded into one instance, and from where each is seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from irisops.simulator.classes.definition import ClassDef


@dataclass(slots=True)
class Loaded:
    """One class; `compiled` is None for a definition that was not compiled, or could not be."""

    name: str
    compiled: ClassDef | None
    owner: str
    methods: tuple[str, ...] = ()
    """Names of the class methods of its source."""


@dataclass(slots=True)
class LoadedClasses:
    """What clients loaded, by namespace; classes with % are those of %SYS, and seen from everywhere."""

    revision: int = 0
    _by_place: dict[tuple[str, str], Loaded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._by_place)

    def keep(self, definition: Loaded, namespace: str) -> None:
        """Keep a definition. What was compiled of it before stays callable until it is compiled anew."""
        self.revision += 1
        place = _place(definition.name, namespace)
        before = self._by_place.get(place)
        if definition.compiled is None and before is not None:
            definition.compiled = before.compiled
        self._by_place[place] = definition

    def remove(self, name: str, namespace: str) -> bool:
        """Forget a class. False if it is not there."""
        self.revision += 1
        return self._by_place.pop(_place(name, namespace), None) is not None

    def find(self, name: str, namespace: str) -> ClassDef | None:
        """The compiled class of that name as a namespace sees it."""
        found = self._by_place.get(_place(name, namespace))
        return found.compiled if found is not None else None

    def visible(self, namespace: str) -> list[Loaded]:
        """What a namespace sees, by name."""
        wanted = namespace.upper()
        seen = [
            each for (place, name), each in self._by_place.items() if place == wanted or name.startswith("%")
        ]
        return sorted(seen, key=lambda each: each.name)


def _place(name: str, namespace: str) -> tuple[str, str]:
    return ("%SYS" if name.startswith("%") else namespace.upper(), name)
