"""What was read of one kind, and its objects: lists where they tell them, else many objects in one batch.

What cannot be read is noted with the reason, never left out (facts: iris-config-as-text 7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from irisops.configuration.kinds import ConfigKind
from irisops.configuration.model import ConfigObject, Configuration, Unread, keyed
from irisops.configuration.values import NoValueError, Property, Value
from irisops.instance.calls import Answer, ObjectCall, ObjectStep
from irisops.instance.calls import Value as Raw
from irisops.instance.errors import InstanceProblem, NotPermitted, Unreachable
from irisops.instance.failures import is_missing
from irisops.instance.features import Route
from irisops.instance.helper import open_or_help, read_by_helper
from irisops.instance.routes import Instance
from irisops.instance.security.object_state import Field
from irisops.instance.security.settings_state import MOST_GROUPS, plain
from irisops.instance.values import Row, as_int, as_names, as_privileges, as_text

STEPS = 400
"""Properties read in one batch: each costs a round trip to the instance, and a batch has one deadline."""
DEADLINE = 120.0
"""Seconds for one batch."""
_LISTS = ("names", "groups", "list")
"""Types whose values are list objects."""
_VERSION = re.compile(r"(\d{4})\.(\d+)")

Told = dict[str, Raw | list[str]]
"""What the instance told of one object: property -> its raw value, or the items of a list."""


@dataclass
class KindRead:
    """One kind as read."""

    kind: ConfigKind
    objects: list[ConfigObject] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)
    class_name: str = ""
    """Class of the objects to open, where it is not that of the kind."""

    @property
    def opened(self) -> str:
        """The class whose objects are opened."""
        return self.class_name or self.kind.class_name

    def lost(self, reason: str, name: str = "", property_name: str = "") -> None:
        """Note what could not be read."""
        self.unread.append(Unread(self.kind.name, " ".join(reason.split()), name, property_name))


def put_together(reads: Sequence[KindRead], instance: str, version: str) -> Configuration:
    """The configuration of the kinds that were read."""
    return Configuration(
        {each.kind.name: keyed(each.objects) for each in reads},
        instance,
        version,
        tuple(unread for each in reads for unread in each.unread),
        {each.kind.name: tuple(sorted(each.absent)) for each in reads if each.absent},
    )


def why(problem: InstanceProblem) -> str:
    """Why nothing could be read; what a person can do about a missing privilege belongs to it."""
    return f"{problem.message} {problem.cure}" if isinstance(problem, NotPermitted) else problem.message


def older(version: str, since: str) -> bool:
    """True if a version, such as 2023.1, is certainly older than another."""
    mine, other = _VERSION.match(version), _VERSION.match(since)
    return bool(
        mine and other and [int(each) for each in mine.groups()] < [int(each) for each in other.groups()]
    )


# Values


def canonical(known: Property, raw: Raw | list[str]) -> Value:
    """The canonical form of a value as the instance told it. Raises NoValueError for one that is none of its type."""
    if isinstance(raw, list):
        return known.canonical(raw)
    if known.type == "list":
        return known.canonical([each for each in as_text(raw).split(known.separator) if each])
    if known.type == "table":
        raise NoValueError(f"{known.name} is told as a list")
    if known.type == "secret":
        raise NoValueError(f"{known.name} is never read")
    value = Field(known.name, known.type, known.label, words=known.words).value(raw)
    if known.type == "number":
        return int(str(value))
    return known.canonical(list(value) if isinstance(value, tuple) else value)


def keep(found: KindRead, name: str, told: Mapping[str, Raw | list[str]]) -> None:
    """Keep an object with what was told of it; what is odd is noted."""
    values: dict[str, Value] = {}
    for known in found.kind.readable:
        if known.name not in told:
            continue
        try:
            values[known.name] = canonical(known, told[known.name])
        except NoValueError:
            found.lost("This version of irisops does not understand its value.", name, known.name)
    found.objects.append(ConfigObject(name, values))


def from_row(found: KindRead, row: Row, columns: Mapping[str, str] | None = None) -> Told:
    """The properties that a row of a list has, by column of the same name or as `columns` says."""
    told: Told = {}
    for known in found.kind.readable:
        column = (columns or {}).get(known.name, known.name).lower()
        if column not in row:
            continue
        raw = row.get(column)
        if known.type == "privileges":
            told[known.name] = [f"{name}:{letters}" for name, letters in as_privileges(raw) if letters]
        else:
            told[known.name] = list(as_names(raw)) if known.type in _LISTS else raw
    return told


def note_untold(
    found: KindRead, rows: Sequence[Row], version: str, columns: Mapping[str, str] | None = None
) -> None:
    """Note the properties that no row has: not in this version, or not in the list."""
    for known in found.kind.readable:
        column = (columns or {}).get(known.name, known.name).lower()
        if rows and column not in rows[0]:
            if known.since and older(version, known.since):
                found.absent.add(known.name)
            else:
                found.lost(f"The list of {found.kind.plural} does not tell it.", property_name=known.name)


# Objects


async def read_objects(
    instance: Instance,
    found: KindRead,
    feature: str,
    names: Mapping[str, str],
    wanted: Sequence[Property],
) -> dict[str, Told]:
    """Properties of objects: name -> what was told. `names` has the name of each with its id.

    What this version lacks goes to `absent`, what one object does not tell to `unread`. Raises the named problem.
    """
    if not names or not wanted:
        return {name: {} for name in names}

    async def attempt(route: Route) -> dict[str, Told]:
        if route.by_helper:
            return await _by_helper(instance, found, list(names), wanted)
        there = await _there(instance, found, next(iter(names.values())), wanted)
        return await _opened(instance, found, names, there)

    return await open_or_help(instance, feature, attempt)


def _step(known: Property) -> ObjectStep:
    if known.type in _LISTS:
        return ObjectStep("invoke", "Count", path=(known.name,))
    return ObjectStep("get", known.name)


async def _there(instance: Instance, found: KindRead, key: str, wanted: Sequence[Property]) -> list[Property]:
    """Those of the properties that this version has, by reading each of one object. Raises the named problem."""
    calls = [ObjectCall(found.opened, "%OpenId", (key,), (_step(known),)) for known in wanted]
    there = []
    for known, answer in zip(wanted, await instance.batch(calls, deadline=DEADLINE), strict=True):
        if not isinstance(answer, Exception):
            there.append(known)
        elif is_missing(answer):
            found.absent.add(known.name)
        else:
            raise answer
    return there


async def _opened(
    instance: Instance, found: KindRead, names: Mapping[str, str], wanted: Sequence[Property]
) -> dict[str, Told]:
    """The objects by name, in batches of `STEPS` properties."""
    told: dict[str, Told] = {}
    lists: list[tuple[str, Property, int]] = []
    steps = tuple(_step(known) for known in wanted)
    several = max(1, STEPS // max(1, len(steps)))
    keys = list(names.items())
    for at in range(0, len(keys), several):
        part = keys[at : at + several]
        calls = [ObjectCall(found.opened, "%OpenId", (key,), steps) for _, key in part]
        for (name, _), answer in zip(part, await instance.batch(calls, deadline=DEADLINE), strict=True):
            if isinstance(answer, InstanceProblem):
                found.lost(answer.message, name)
            elif isinstance(answer, Exception):
                raise answer
            elif not answer.found:
                found.lost("It is listed, but cannot be opened.", name)
            else:
                told[name] = _values(answer, wanted)
                lists += [
                    (name, known, _count(answer, at))
                    for at, known in enumerate(wanted)
                    if known.type in _LISTS
                ]
                continue
            told[name] = {}
    await _items(instance, found, names, told, [each for each in lists if each[2]])
    return told


def _count(answer: Answer, at: int) -> int:
    return as_int(answer.values[at]) or 0


def _values(answer: Answer, wanted: Sequence[Property]) -> Told:
    pairs = zip(wanted, answer.values, strict=True)
    return {known.name: [] if known.type in _LISTS else raw for known, raw in pairs}


async def _items(
    instance: Instance,
    found: KindRead,
    names: Mapping[str, str],
    told: dict[str, Told],
    lists: Sequence[tuple[str, Property, int]],
) -> None:
    """The items of the lists that have some; a longer list than `MOST_GROUPS` is noted as not read."""
    for name, known, count in lists:
        if count > MOST_GROUPS:
            found.lost(f"It has more than {MOST_GROUPS} entries.", name, known.name)
            del told[name][known.name]
    some = [each for each in lists if each[2] <= MOST_GROUPS]
    for at in range(0, len(some), STEPS // 4):
        part = some[at : at + STEPS // 4]
        calls = [
            ObjectCall(
                found.opened,
                "%OpenId",
                (names[name],),
                tuple(ObjectStep("invoke", "GetAt", (item,), (known.name,)) for item in range(1, count + 1)),
            )
            for name, known, count in part
        ]
        for (name, known, _), answer in zip(
            part, await instance.batch(calls, deadline=DEADLINE), strict=True
        ):
            if isinstance(answer, InstanceProblem):
                found.lost(answer.message, name, known.name)
                del told[name][known.name]
            elif isinstance(answer, Exception):
                raise answer
            else:
                texts = [as_text(each) for each in answer.values]
                # As in `settings_state`: an item of MatchRoles may hold several groups.
                split = known.type in ("groups", "names")
                told[name][known.name] = [
                    part for text in texts for part in (text.split(",") if split else [text]) if part.strip()
                ]


async def _by_helper(
    instance: Instance, found: KindRead, names: Sequence[str], wanted: Sequence[Property]
) -> dict[str, Told]:
    """The objects by the helper, whose answer has lists joined. What it does not tell is noted for all of them."""
    answers = await read_by_helper(
        instance, found.opened, [plain(name) for name in names], [known.name for known in wanted]
    )
    told: dict[str, Told] = {}
    untold: set[str] = set()
    for name, each in zip(names, answers, strict=True):
        if each is None:
            found.lost("It is listed, but cannot be opened.", name)
        told[name] = {}
        for known in wanted if each is not None else ():
            if known.name in (each or {}):
                raw = (each or {})[known.name]
                several = known.type in ("groups", "names")
                told[name][known.name] = list(as_names(raw)) if several else raw
            else:
                untold.add(known.name)
    for known in wanted:
        if known.name in untold:
            found.lost("The helper does not tell it.", property_name=known.name)
            for some in told.values():
                some.pop(known.name, None)
    return told


async def complete(
    instance: Instance, found: KindRead, feature: str, told: Mapping[str, Told], missing: Sequence[Property]
) -> None:
    """Keep the objects with what a list told and, of the `missing` properties, what the objects tell."""
    try:
        more = await read_objects(instance, found, feature, {name: name.lower() for name in told}, missing)
    except Unreachable:
        raise
    except InstanceProblem as problem:
        for known in missing:
            found.lost(problem.message, property_name=known.name)
        more = {}
    for name, values in told.items():
        keep(found, name, {**values, **more.get(name, {})})
