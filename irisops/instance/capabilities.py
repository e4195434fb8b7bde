"""What an instance offers: from its class dictionary at connect, and from failures later.

One query asks `%Dictionary.CompiledMethod`, `CompiledQuery` and `CompiledProperty` for exactly the members that the
routes need (their columns `parent`, `Name` and `SqlProc` are those of the vendor's class reference). If the dictionary
cannot be read, everything counts as present until it fails.

UNVERIFIED: the query as a whole, and inherited members among the rows. Settle: evidence calls, what is missing.

UNVERIFIED: that a user without %All may run it. Settle: doubt dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from irisops.instance.calls import HELPER, Query, Rows
from irisops.instance.errors import InstanceError, InstanceProblem, NotPermitted
from irisops.instance.failures import is_missing
from irisops.instance.features import FEATURES, Feature, Route
from irisops.instance.values import as_flag

if TYPE_CHECKING:  # the start needs no web port
    from irisops.instance.admin_api import AdminApi

START_TIME = ("%SYS.ProcessQuery", "StartTimeUTC")
"""The column that newer versions have (facts: iris-license-sessions 4.1)."""

_PROPERTIES = (START_TIME, ("%SYS.ProcessQuery", "Pid"), ("%Library.ResultSet", "QueryName"))
"""Properties to check: a column that may be missing, and one per class to see that the class exists."""


State = Literal["worked", "not tried yet", "failed", "not there"]
"""What is known of a feature on this connection: it worked; it is present by the class dictionary, if that could be
read; every route that is there was tried and failed; no route is there."""


class DoctorRow(NamedTuple):
    """One line of `/doctor`: a fact or action, its chosen route, and why others were rejected."""

    what: str
    available: bool
    route: str
    """The chosen route, e.g. `SQL Security.Users_List`; "" if none."""
    rejected: tuple[tuple[str, str], ...]
    """(route, plain reason)."""
    note: str = ""
    state: State = "not tried yet"
    proved: str = ""
    """As in `Feature`."""


def wanted_members() -> tuple[tuple[str, str], ...]:
    """All (class, member) pairs that a route or a read needs."""
    pairs = {
        need for feature in FEATURES.values() for route in feature.routes for need in route.needs if need[1]
    }
    return tuple(sorted(pairs | set(_PROPERTIES)))


def dictionary_query() -> Query:
    """The one SELECT of the class-dictionary check."""
    wanted = wanted_members()
    classes = sorted({class_name for class_name, _ in wanted})
    members = sorted({member for _, member in wanted})
    where = f"parent IN ({_marks(classes)}) AND Name IN ({_marks(members)})"
    sql = (
        f"SELECT parent, Name, 0 AS Projected FROM %Dictionary.CompiledMethod WHERE {where} "  # noqa: S608 - the marks are all that is put in
        f"UNION ALL SELECT parent, Name, 0 FROM %Dictionary.CompiledProperty WHERE {where} "
        f"UNION ALL SELECT parent, Name, SqlProc FROM %Dictionary.CompiledQuery WHERE {where}"
    )
    return Query(sql, (*classes, *members) * 3)


def _marks(items: Iterable[str]) -> str:
    return ",".join("?" for _ in items)


class Capabilities:
    """Which classes, methods, queries and columns exist, and which routes have failed."""

    license_units: int | None = None
    """Units of the key, read at connect, so that the polls need not."""

    community: bool | None = None
    """True if the key is a Community Edition's; None until the first poll has asked."""

    admin_api: AdminApi | None = None
    """For routes of kind `rest`; set by the connection at each login."""

    def __init__(
        self,
        found: Mapping[tuple[str, str], bool] | None = None,
        *,
        namespace: str = "",
        note: str = "",
    ) -> None:
        """`found`: (class, member) -> projected as an SQL procedure. None: nothing is known, `note` says why."""
        self._found = None if found is None else dict(found)
        self._classes = {class_name for class_name, _ in self._found} if self._found is not None else set()
        self.namespace = namespace
        """Of the connection; SQL privileges count in it alone."""
        self._note = note
        self._learnt: dict[str, str] = {}
        self._start_time = True
        self._worked: set[str] = set()
        self._refused: dict[str, str] = {}
        self._protected = False  # True once an object of Security.* was refused
        self._seen: dict[str, frozenset[str]] = {}
        self.distrusted: dict[str, str] = {}
        """Label -> reason of routes not to take. A connection shares it between its logins."""

    @classmethod
    def from_rows(cls, rows: Rows, namespace: str) -> Capabilities:
        """Capabilities from the rows of `dictionary_query`."""
        found: dict[tuple[str, str], bool] = {}
        for row in rows.dicts():
            pair = (str(row.get("parent", "")), str(row.get("name", "")))
            found[pair] = found.get(pair, False) or as_flag(row.get("projected"))
        return cls(found, namespace=namespace)

    @property
    def known(self) -> bool:
        """True if the dictionary could be read."""
        return self._found is not None

    @property
    def note(self) -> str:
        """Why the dictionary could not be read; "" if it could."""
        return self._note

    def has(self, class_name: str, member: str = "") -> bool:
        """True if the class (and its method, query or property) exists, or nothing is known.

        Covers only `wanted_members`: any other member counts as missing. The helper counts as missing until it was
        seen.
        """
        if class_name in self._seen:
            return member in self._seen[class_name] if member else bool(self._seen[class_name])
        if self._found is None:
            return class_name != HELPER
        return (class_name, member) in self._found if member else class_name in self._classes

    def has_start_time(self) -> bool:
        """True if processes have a start time, or if that is unknown and no read has failed with it."""
        return self._start_time if self._found is None else START_TIME in self._found

    def learn_no_start_time(self) -> None:
        """Record that a read of the start time failed: this version has none."""
        self._start_time = False

    def missing(self) -> list[tuple[str, str]]:
        """(class.member, reason) of wanted members that do not exist; the optional helper is left out."""
        if self._found is None:
            return []
        return [
            (f"{class_name}.{member}", self._absence(class_name, member))
            for class_name, member in wanted_members()
            if (class_name, member) not in self._found and class_name != HELPER
        ]

    def learn(self, route: Route, reason: str) -> None:
        """Record that a route turned out to be missing: it is not tried again on this connection."""
        self._learnt[route.label] = reason
        self._worked.discard(route.label)

    def prove(self, route: Route) -> None:
        """Record that a route worked on this connection."""
        self._worked.add(route.label)
        self._refused.pop(route.label, None)
        if route.opens_security:
            self._protected = False

    def fail(self, route: Route, problem: Exception) -> None:
        """Record what a route failed with: one that does not exist is not tried again, a refused one is.

        An error that the instance gives as a %Status is about an object, not about the route.
        """
        if not isinstance(problem, InstanceProblem):
            return
        if route.opens_security and isinstance(problem, NotPermitted):
            self._protected = True
        if is_missing(problem):
            self.learn(route, problem.message)
        elif isinstance(problem, NotPermitted) or (
            isinstance(problem, InstanceError)
            and problem.detail
            and (problem.code is None or problem.code < 0)
        ):
            self._refused[route.label] = problem.message
            self._worked.discard(route.label)

    def heard(self, feature: str, answer: object) -> None:
        """Record the answer or the problem that the first route of a feature gave to a call in a batch."""
        route = next(iter(self.routes(feature)), None)
        if route is None:
            return
        if isinstance(answer, Exception):
            self.fail(route, answer)
        else:
            self.prove(route)

    def proved(self, feature: str) -> Route | None:
        """The best usable route if it worked on this connection, else None."""
        best = next(iter(self.routes(feature)), None)
        return best if best is not None and best.label in self._worked else None

    def see(self, class_name: str, members: Iterable[str]) -> None:
        """Record the present members of a class, none if it is gone; forget what was learnt of it."""
        for route in (route for feature in FEATURES.values() for route in feature.routes):
            if any(name == class_name for name, _ in route.needs):
                self._learnt.pop(route.label, None)
                self._refused.pop(route.label, None)
                self._worked.discard(route.label)
        self._seen[class_name] = frozenset(members)

    def distrust(self, route: Route, reason: str) -> None:
        """Record that the driver died or hung in a route: it is not tried again, on later logins neither."""
        self.distrusted[route.label] = reason

    def routes(self, feature: str) -> list[Route]:
        """The usable routes, best first.

        Where one object of Security.* was refused, all are: the routes that open them come last, so that what `?` shows
        is what runs.
        """
        usable = [route for route in FEATURES[feature].routes if not self._objection(route)]
        return sorted(usable, key=lambda route: self._protected and route.opens_security)

    def available(self, what: str) -> tuple[bool, str]:
        """Whether a feature (a key of `features.FEATURES`) has a usable route, and why not.

        Raises KeyError for an unknown name.
        """
        if self.routes(what):
            return True, ""
        reasons = dict.fromkeys(self._objection(route) for route in FEATURES[what].routes)
        return False, "; ".join(reasons)

    def doctor(self) -> list[DoctorRow]:
        """The `/doctor` table, one row per fact or action."""
        return [self._examined(feature) for feature in FEATURES.values()]

    def reasons(self, what: str) -> tuple[tuple[str, str], ...]:
        """(route, plain reason) of the routes of a feature that cannot be taken or were refused."""
        found = [
            (route.label, self._objection(route) or self._refused.get(route.label, ""))
            for route in FEATURES[what].routes
        ]
        return tuple((label, reason) for label, reason in found if reason)

    def _examined(self, feature: Feature) -> DoctorRow:
        usable = self.routes(feature.name)
        worked = [route for route in usable if route.label in self._worked]
        untried = [route for route in usable if route.label not in self._refused]
        chosen = next(iter((*worked, *untried, *usable)), None)
        tried = {**self._learnt, **self.distrusted, **self._refused}
        state: State = "not there"
        if worked:
            state = "worked"
        elif untried:
            state = "not tried yet"
        elif any(route.label in tried for route in feature.routes):
            state = "failed"
        notes = [] if self.known else [f"not checked: {self._note}"]
        if chosen is not None and chosen.kind == "rows":
            notes.append("many rows per round trip")
        if chosen is not None and chosen.kind == "result set":
            notes.append("one round trip per cell")
        if feature.privilege:
            notes.append(f"needs {feature.privilege}")
        return DoctorRow(
            feature.name,
            available=bool(usable),
            route=chosen.label if chosen is not None else "",
            rejected=self.reasons(feature.name),
            note="; ".join(notes),
            state=state,
            proved=(chosen.proved if chosen is not None else "") or feature.proved,
        )

    def _objection(self, route: Route) -> str:
        """Why a route cannot be taken; "" if it can."""
        learnt = self._learnt.get(route.label) or self.distrusted.get(route.label)
        if learnt:
            return learnt
        if route.kind == "rest":
            return "this connection has no web port" if self.admin_api is None else self.admin_api.absence()
        for class_name, member in route.needs:
            if not self.has(class_name, member) or (not self.known and self._elsewhere(class_name)):
                return self._absence(class_name, member)
        if (
            route.kind == "sql"
            and self._found is not None
            and not any(self._found[need] for need in route.needs)
        ):
            return f"{route.label.removeprefix('SQL ')} is not projected as an SQL procedure"
        return ""

    def _elsewhere(self, class_name: str) -> bool:
        """True for a class that %SYS alone has, on a connection to another namespace."""
        return not class_name.startswith("%") and self.namespace.upper() not in {"", "%SYS"}

    def _absence(self, class_name: str, member: str) -> str:
        if class_name == HELPER and not self.has(HELPER):
            return "the helper is not installed (/helper install)"
        if class_name not in self._classes:
            if self._elsewhere(class_name):
                return f"{class_name} is only in namespace %SYS; this connection is in {self.namespace}"
            return f"there is no class {class_name}"
        return f"{class_name} has no {member}"
