"""Values of other formats as canonical ones, and what both importers share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from irisops.configuration.kinds import BY_NAME, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration, Unread, keyed
from irisops.configuration.values import NoValueError, Property, Value
from irisops.contract.wording import listed
from irisops.instance.security import authentication
from irisops.instance.security.permissions import Permission

MOST = 64_000_000
"""Most bytes of a file to import."""
_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
_NUMBER = re.compile(r"[0-9]{1,10}")
_LISTS = ("names", "list", "groups", "privileges")
PARTLY = "The file may hold only some of them, and of these only some values."
"""Why an object or a value that the file lacks is not known."""

_HIDDEN = (
    "Password PasswordHash Salt HOTPKey HOTPKeyGenerate HOTPKeyDisplay PasswordExternal ExternalPassword "
    "PasswordHashAlgorithm PasswordHashWorkFactor PrivateKeyPassword SMTPPassword PrivateJWKS LDAPSearchPassword "
    "ClientSecret ClientPassword InitialAccessToken ServerPassword SymmetricJWKS"
)
HIDDEN = frozenset(_HIDDEN.split())
"""Properties with a secret or a hash of one, which are dropped (facts: iris-config-as-text 1.7, 3)."""


class ImportProblem(ValueError):  # noqa: N818 - named as the other problems
    """A file that cannot be used. The message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A configuration as a file of another format tells it. `notes` are sentences on what of it is not compared."""

    configuration: Configuration
    notes: tuple[str, ...]


@dataclass(slots=True)
class Collected:
    """Objects of an import under construction."""

    objects: dict[str, list[ConfigObject]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    dropped: int = 0
    aside: dict[str, None] = field(default_factory=dict)
    """Properties and sections that irisops does not compare."""

    def kind(self, name: str) -> ConfigKind:
        """The kind, of which the file speaks from now on."""
        self.objects.setdefault(name, [])
        return BY_NAME[name]

    def hides(self, kind: ConfigKind, name: str) -> bool:
        """True for a property with a secret, which is counted. System settings name algorithms, which are none."""
        known = kind.named(name)
        secret = known.type == "secret" if known else name in HIDDEN
        self.dropped += secret
        return secret

    def add(self, kind: ConfigKind, name: str, values: Mapping[str, Value]) -> None:
        """Keep an object, or add values to it: a namespace and its mappings may come apart."""
        some = self.objects[kind.name]
        old = next((each for each in some if kind.name == "namespaces" and each.key == name.lower()), None)
        if old is not None:
            some.remove(old)
            name, values = old.name, {**old.values, **values}
        some.append(ConfigObject(name, values))

    def result(self, source: str) -> Imported:
        """The import. Raises `ImportProblem` if an object comes twice."""
        try:
            objects = {kind: keyed(some) for kind, some in self.objects.items()}
        except NoValueError as problem:
            raise ImportProblem(f"{problem}.") from None
        partly = [Unread(kind, PARTLY) for kind in objects]
        notes = []
        if self.dropped:
            notes.append(f"{self.dropped} secrets or hashes in it were passed over.")
        if self.aside:
            notes.append(f"Not compared: {listed(self.aside)}.")
        return Imported(Configuration(objects, source, "", (*self.unread, *partly)), tuple(notes))


def imported_value(known: Property, raw: str | int | Sequence[str]) -> Value:
    """The canonical form of a value as `Create` and `Modify` take it, or of a list's items. Raises `NoValueError`.

    (facts: iris-security 1 to 3, iris-config-as-text 3)
    """
    if known.type in _LISTS:
        items = str(raw).split(known.separator) if isinstance(raw, str | int) else raw
        return known.canonical([item.strip() for item in items if item.strip()])
    if not isinstance(raw, str | int):
        raise NoValueError(f"{known.name} is no list")
    text = str(int(raw)) if isinstance(raw, bool) else str(raw)
    if known.type == "flag":
        if text.lower() not in _FLAGS:
            raise NoValueError(f"{known.name} must be 0 or 1")
        return _FLAGS[text.lower()]
    if known.type in ("number", "methods", "choice") and not _NUMBER.fullmatch(text):
        raise NoValueError(f"{known.name} must be a number")
    if known.type == "number":
        return int(text)
    if known.type == "methods":
        return known.canonical(list(authentication.words_of(int(text))))
    if known.type == "choice":
        number = int(text)
        word = known.words[number] if number < len(known.words) else ""
        return known.canonical(word or text)
    if known.type == "permission" and text.isdecimal():
        text = Permission(int(text) & int(Permission.R | Permission.W | Permission.U)).letters
    return known.canonical(text)
