"""One server process of the emulated instance: who it runs as, where, with which privileges, holding which objects."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.classes.definition import INTEROPERABILITY
from irisops.simulator.classes.globals import GlobalStore, LockTable
from irisops.simulator.classes.loaded import LoadedClasses
from irisops.simulator.classes.objects import ObjectTable
from irisops.simulator.classes.sql_privileges import SqlPrivileges
from irisops.simulator.classes.status import StatusError
from irisops.simulator.classes.transaction import Transaction
from irisops.simulator.sql.stored.database import Databases
from irisops.simulator.world.model import Permission, Process

if TYPE_CHECKING:
    from irisops.simulator.classes.compiled import Running
    from irisops.simulator.classes.definition import ClassDef
    from irisops.simulator.classes.registry import Registry
    from irisops.simulator.world.world import World

log = logging.getLogger("irisops.simulator.classes")

_LETTERS = {"R": Permission.READ, "W": Permission.WRITE, "U": Permission.USE}
_WORDS = {"R": "READ", "W": "WRITE", "U": "USE"}


@dataclass(slots=True)
class Emulation:
    """What all jobs of one emulated instance share."""

    world: World
    registry: Registry
    version: tuple[int, int] = (2025, 2)
    error_word: str = "ERROR"
    """The localised word in error texts (facts: iris-security 1.1)."""
    sql_privileges: SqlPrivileges = field(default_factory=SqlPrivileges)
    warnings: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    """What a client did that works by accident, newest last: for tests (facts: iris-security 10.6)."""
    globals: GlobalStore = field(default_factory=GlobalStore)
    locks: LockTable = field(default_factory=LockTable)
    databases: Databases = field(default_factory=Databases)
    """The tables that SQL made, by namespace."""
    loaded: LoadedClasses = field(default_factory=LoadedClasses)
    """Classes that clients loaded, beside those of `registry`."""
    sql_options: dict[tuple[str, str], str] = field(default_factory=dict)
    """SQL options that were set, by (namespace, name): the namespace is empty for one of the whole instance."""
    _extra: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    @property
    def security_moved(self) -> bool:
        """From 2025.2 the security tables live in IRISSECURITY (facts: iris-security 4.4)."""
        return self.version >= (2025, 2)

    def extras_of(self, class_name: str, key: str) -> dict[str, Any]:
        """Property values of a record that the world's model has no field for."""
        return self._extra.setdefault((class_name, key.lower()), {})

    def forget_extras(self, class_name: str, key: str) -> None:
        """The record was deleted."""
        self._extra.pop((class_name, key.lower()), None)

    def warn(self, text: str) -> None:
        """Note, loudly, that a client relies on something that does nothing."""
        self.warnings.append(text)
        log.warning("%s", text)


class Job:
    """A connection's server process, as the class handlers see it."""

    def __init__(self, emulation: Emulation, process: Process) -> None:
        self.emulation = emulation
        self.process = process
        self.objects = ObjectTable()
        self.transaction = Transaction(self._show_transaction)
        self.sql_options: dict[str, str] = {}
        """SQL options of this process that were set."""
        self.open_queries: dict[str, Iterator[Sequence[Value]]] = {}
        """Class queries that were executed by their methods and not closed, by handle, the oldest first."""
        self.opened_queries = 0
        self.running: Running | None = None
        """The loaded code that runs at the moment."""
        self._classes: list[ClassDef] = []

    @property
    def world(self) -> World:
        """The instance's state."""
        return self.emulation.world

    @property
    def username(self) -> str:
        """`$USERNAME`."""
        return self.process.username

    @property
    def roles(self) -> tuple[str, ...]:
        """`$ROLES`: those of the user at login, whatever became of the user since."""
        return tuple(self.process.roles.split(",")) if self.process.roles else ()

    @property
    def namespace(self) -> str:
        """`$NAMESPACE`."""
        return self.process.namespace

    def sees(self, cls: ClassDef) -> bool:
        """Whether the namespace has the class."""
        namespace = self.namespace.upper()
        if cls.name.startswith(INTEROPERABILITY):
            return namespace in self.world.operations.interoperability
        return namespace == "%SYS" or not cls.in_percent_sys_only

    @property
    def current_class(self) -> ClassDef:
        """The class whose method runs: what `##class(X).%OpenId()` of a base class needs to know."""
        return self._classes[-1]

    def enter(self, cls: ClassDef) -> None:
        """A method of `cls` begins; `leave` must follow."""
        self._classes.append(cls)

    def leave(self) -> None:
        """The method that began last is over."""
        self._classes.pop()

    def holds(self, privilege: str) -> bool:
        """Whether the job holds `Resource:RWU` (all letters), by its roles or the resource's public permission."""
        resource, _, letters = privilege.partition(":")
        wanted = Permission.NONE
        for letter in letters:
            wanted |= _LETTERS[letter]
        return self.world.tables.roles_permission(self.roles, resource) & wanted == wanted

    def holds_all_role(self) -> bool:
        """Whether the job holds %All, directly or through a role."""
        return self.world.tables.holds_all(self.roles)

    def require(self, privilege: str) -> None:
        """Raise #921 unless the job holds the privilege; the refusal is audited (facts: iris-security 1)."""
        if self.holds(privilege):
            return
        self.audit("%System", "%Security", "AccessDenied", f"Operation requires {privilege}", "Access denied")
        # UNVERIFIED: how #921 spells the privilege, %Admin_Secure:U or in words.
        # Settle: call Security.Users.Delete as a user without it.
        raise StatusError(921, privilege)

    def audit(self, source: str, kind: str, event: str, data: str = "", description: str = "") -> None:
        """Write an audit record in this job's name, if the event is enabled."""
        self.world.audit(
            source,
            kind,
            event,
            event_data=data,
            description=description,
            username=self.username,
            process=self.process,
        )

    def _show_transaction(self, is_open: bool) -> None:
        self.process.in_transaction = int(is_open)
        self.world.process_table.revision += 1

    def switch_namespace(self, name: str) -> None:
        """`set $NAMESPACE`. Throws `<NAMESPACE>` for an unknown one, `<PROTECT>` for one that the user may not read."""
        namespace = self.world.namespaces.get(name)
        if namespace is None:
            raise ThrownError("<NAMESPACE>")
        database = self.world.databases.get(namespace.globals_database)
        if not self.holds(f"{database.resource if database else '%DB_%DEFAULT'}:R"):
            raise ThrownError("<PROTECT>")
        self.process.namespace = namespace.name
        self.world.process_table.revision += 1


def permission_letters(permission: Permission) -> str:
    """`RWU` as class queries show a permission (facts: iris-security 1)."""
    return "".join(letter for letter, bit in _LETTERS.items() if permission & bit)


def permission_words(permission: Permission) -> str:
    """`READ,WRITE,USE` as `$SYSTEM.Security.Check` lists it (facts: iris-security 5)."""
    return ",".join(_WORDS[letter] for letter, bit in _LETTERS.items() if permission & bit)


def parse_permission(text: str) -> Permission | None:
    """Read "RWU", "READ,w,U", "Read,Use" (facts: iris-security 1); None for what is no permission."""
    found = Permission.NONE
    names = {word.lower(): _LETTERS[letter] for letter, word in _WORDS.items()}
    for part in text.split(","):
        word = part.strip().lower()
        if word in names:
            found |= names[word]
            continue
        for letter in word.upper():
            if letter not in _LETTERS:
                return None
            found |= _LETTERS[letter]
    return found


def closest(values: Sequence[str], name: str) -> str | None:
    """The value that equals `name` but for letter case."""
    return next((value for value in values if value.lower() == name.lower()), None)
