"""Productions: state, queues, components and errors of each namespace that has one (facts: iris-operations 9).

`Ens.*` is in the namespaces of productions alone, so the connection goes there and back within one batch. What native
calls give is of that namespace; SQL may stay where the connection began, where these tables are not, and is asked
only if it cannot meet those of another production.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from irisops.contract.wording import harmless, listed
from irisops.instance.calls import Answer, Call, ClassMethod, ClassQuery, Query, Ref, Value
from irisops.instance.errors import InstanceError, InstanceProblem, NotPermitted, Unreachable
from irisops.instance.failures import is_missing
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import Instance
from irisops.instance.security.sqlprivileges import all_within
from irisops.instance.values import Row, as_flag, as_int, as_text, as_utc

DIRECTOR = "Ens.Director"
STATES = ("unknown", "running", "stopped", "suspended", "troubled", "stopped by the network", "prohibited")
"""By number."""
STOP_SECONDS = 60
"""Seconds that a production gets to stop."""
DEADLINE = 100.0
"""Seconds to wait for the answer of a start or a stop."""
ERROR = "error"
WORDS = frozenset({"assert", ERROR, "warning", "info", "trace", "alert"})
"""What `%External(Type)` says (facts: iris-operations 9). The numbers behind it are told in three ways in public.

UNVERIFIED: the words of an instance in another language: where one is not of these, errors are not counted. Settle:
SELECT DISTINCT Type, %External(Type) FROM Ens_Util.Log.
"""
MOST_ENTRIES = 500
"""Entries of the log that are looked at."""
_ITEMS = "SELECT Name, ClassName, Enabled, PoolSize, Category FROM Ens_Config.Item"
PASSING = "_SyncCall"
"""Begins the names of queues that are there for one call."""


@dataclass(frozen=True, slots=True)
class Component:
    """A component. `queued` and `errors` are counts."""

    name: str
    class_name: str
    category: str
    enabled: bool
    pool: int | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of the production's log; `at` is UTC, `kind` one of `WORDS`."""

    at: datetime | None
    kind: str
    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Production:
    """The production of a namespace. `components` and `log` None: they cannot be read, `notes` say why."""

    namespace: str
    name: str
    state: str
    queues: tuple[tuple[str, int], ...] | None = None
    components: tuple[Component, ...] | None = None
    log: tuple[LogEntry, ...] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def queued(self) -> int | None:
        """Messages in all queues but those of single calls."""
        if self.queues is None:
            return None
        return sum(count for name, count in self.queues if not name.startswith(PASSING))

    def more_since(self, when: datetime) -> bool:
        """True if the log may have more entries since then than were looked at."""
        if self.log is None or len(self.log) < MOST_ENTRIES:
            return False
        return (oldest := self.log[-1].at) is not None and oldest >= when

    def errors_since(self, when: datetime) -> list[LogEntry] | None:
        """The errors since then, newest first; None if the log cannot be read."""
        if self.log is None:
            return None
        return [each for each in self.log if each.kind == ERROR and each.at is not None and each.at >= when]


def _go(namespace: str) -> ClassMethod:
    return ClassMethod("%SYSTEM.Process", "SetNamespace", (namespace,))


async def find_productions(
    instance: Instance, namespaces: Sequence[str], home: str
) -> tuple[list[Production], list[str]]:
    """State and name of the production of each namespace that can have one, and the namespaces not to be entered.

    One batch of two calls for a namespace; a second one for the names of those that do not run.

    Raises Unreachable, and InstanceError if the connection could not go back.
    """
    asked = [each for each in namespaces if each.upper() != "%SYS"]
    calls: list[Call] = []
    for namespace in asked:
        calls += [
            _go(namespace),
            ClassMethod(DIRECTOR, "GetProductionStatus", (Ref(None), Ref(None))),
        ]
    *answers, returned = await instance.batch([*calls, _go(home)])
    _came_back(returned, home)
    found: list[Production] = []
    closed: list[str] = []
    for namespace, entered, status in zip(asked, answers[::2], answers[1::2], strict=True):
        if isinstance(entered, Exception):
            closed.append(namespace)
        elif isinstance(status, Answer):
            name, state = status.refs
            found.append(Production(namespace, as_text(name), _state(state)))
        elif isinstance(status, NotPermitted):
            closed.append(namespace)
        elif not (isinstance(status, InstanceProblem) and is_missing(status)):
            raise status
    return await _with_names(instance, found, home), closed


async def _with_names(instance: Instance, found: Sequence[Production], home: str) -> list[Production]:
    """Those that do not run with the name of the production that is active all the same."""
    bare = [each for each in found if not each.name]
    if not bare:
        return list(found)
    calls: list[Call] = []
    for each in bare:
        calls += [_go(each.namespace), ClassMethod(DIRECTOR, "GetActiveProductionName")]
    *answers, returned = await instance.batch([*calls, _go(home)])
    _came_back(returned, home)
    names = {
        each.namespace: as_text(active.value)
        for each, active in zip(bare, answers[1::2], strict=True)
        if isinstance(active, Answer)
    }
    return [replace(each, name=each.name or names.get(each.namespace, "")) for each in found]


def _state(value: Value) -> str:
    number = as_int(value)
    return STATES[number] if number is not None and 0 <= number < len(STATES) else f"state {number}"


def _came_back(returned: Answer | Exception, home: str) -> None:
    if isinstance(returned, Exception):
        raise InstanceError(
            f"The connection could not go back to {home}.",
            "/disconnect, then /connect: until then reads may fail.",
        )


async def look_inside(instance: Instance, production: Production, home: str) -> Production:
    """The production with its queues, components and log. One batch, two where SQL stays behind. Raises Unreachable."""
    namespace = production.namespace
    by_cells = ClassQuery("Ens.Queue:Enumerate", (), ("Name", "Count"))
    by_sql = home.casefold() in (namespace.casefold(), "%sys")
    calls: list[Call] = [by_cells]
    if by_sql:
        calls = [
            Query("SELECT * FROM Ens.Queue_Enumerate()"),
            # UNVERIFIED: that Production holds the name. Settle: SELECT DISTINCT Production FROM Ens_Config.Item.
            Query(f"{_ITEMS} WHERE Production = ?", (production.name,)) if production.name else Query(_ITEMS),
            Query(
                f"SELECT TOP {MOST_ENTRIES} TimeLogged, %External(Type) AS Type, ConfigName, Text "  # noqa: S608 - names of ours
                "FROM Ens_Util.Log ORDER BY ID DESC"
            ),
        ]
    _, *answers, returned = await instance.batch([_go(namespace), *calls, _go(home)])
    _came_back(returned, home)
    queues = _dicts(answers[0])
    if queues is None and by_sql:
        _, answers[0], returned = await instance.batch([_go(namespace), by_cells, _go(home)])
        _came_back(returned, home)
        queues = _dicts(answers[0])
    notes = [] if queues is not None else [f"The queues of {namespace} cannot be read: {_why(answers[0])}"]
    components = log = None
    if by_sql:
        components, log = (_dicts(each) for each in answers[1:])
        for rows, what, answer in ((components, "components", answers[1]), (log, "log", answers[2])):
            if rows is None:
                notes.append(f"The {what} of {namespace} cannot be read: {_why(answer)}")
        if components and not production.name:
            notes.append(
                f"The components are those of all productions of {namespace}: which is meant is not known."
            )
    else:
        notes.append(
            f"Components and log of {namespace} cannot be read on a connection to {home}: connect a profile to it."
        )
    entries = None if log is None else tuple(_entry(row) for row in log)
    strange = {each.kind for each in entries or ()} - WORDS - {""}
    if strange:
        words = listed([harmless(each, 40) for each in sorted(strange)], most=4)
        notes.append(
            f"Which entries of the log of {namespace} are errors is not known: it calls its types {words}."
        )
        entries = None
    return Production(
        namespace,
        production.name,
        production.state,
        None
        if queues is None
        else tuple((as_text(row.get("name")), as_int(row.get("count")) or 0) for row in queues),
        None if components is None else tuple(_component(row) for row in components),
        entries,
        tuple(notes),
    )


def _dicts(answer: Answer | Exception) -> list[Row] | None:
    if isinstance(answer, Unreachable):
        raise answer
    return list(answer.rows.dicts()) if isinstance(answer, Answer) and answer.rows else None


def _why(answer: Answer | Exception) -> str:
    return answer.message if isinstance(answer, InstanceProblem) else "no rows came."


def _component(row: Row) -> Component:
    return Component(
        as_text(row.get("name")),
        as_text(row.get("classname")),
        as_text(row.get("category")),
        as_flag(row.get("enabled")),
        as_int(row.get("poolsize")),
    )


def _entry(row: Row) -> LogEntry:
    return LogEntry(
        as_utc(row.get("timelogged")),
        as_text(row.get("type")).casefold(),
        as_text(row.get("configname")),
        as_text(row.get("text")),
    )


async def control(
    instance: Instance, namespace: str, home: str, *calls: tuple[str, tuple[Value, ...]]
) -> None:
    """Methods of the director, (name, arguments) in turn, in a namespace. Raises the problem of the first failure.

    The rehearsal of a plan makes the same calls.
    """

    async def made() -> None:
        for method, arguments in calls:
            (answer,) = await all_within(
                instance, namespace, home, [ClassMethod(DIRECTOR, method, arguments)], DEADLINE
            )
            await check_status(instance, answer.value, f"{DIRECTOR}.{method}")

    await changing(made())
