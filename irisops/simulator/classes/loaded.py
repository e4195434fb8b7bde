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


@dataclass(slots=True)
class LoadedClasses:
    """What clients loaded, by namespace; classes with % are those of %SYS, and seen from everywhere."""

    revision: int = 0
    _by_place: dict[tuple[str, str], Loaded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._by_place)

    def keep(self, name: str, namespace: str, compiled: ClassDef | None, owner: str) -> None:
        """Keep a definition; without `compiled` it cannot be called."""
        self.revision += 1
        self._by_place[_place(name, namespace)] = Loaded(name, compiled, owner)

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
