"""The answers of the reads, kept in memory: what doubts are settled by, and what the file shows as shapes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from irisops.instance.calls import Answer, Rows, Value
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.evidence.masks import codes_of
from irisops.instance.evidence.reads import (
    DICTIONARY,
    KEY,
    OWN_ROLES,
    ROWS,
    Read,
    check_name,
    documented_privileges,
)
from irisops.instance.models import SystemInfo
from irisops.instance.routes import Instance
from irisops.instance.values import as_int, as_names, as_text

BUDGET = 100.0
"""Seconds after which no further read is begun: with its deadline the last one ends within two minutes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How one read ended: an answer, or the problem."""

    read: Read
    seconds: float
    answer: Answer | None = field(default=None, repr=False)
    problem: InstanceProblem | None = field(default=None, repr=False)
    done: bool = True
    """False for one that was not begun, `problem` says why."""

    @property
    def rows(self) -> Rows | None:
        """The rows, if it gave any result set."""
        return self.answer.rows if self.answer is not None else None

    @property
    def codes(self) -> list[str]:
        """The codes of its error."""
        return codes_of(self.problem) if self.problem is not None else []

    @property
    def refused(self) -> bool:
        """True if a privilege was missing."""
        return isinstance(self.problem, NotPermitted)


async def see(
    instance: Instance, reads: Iterable[Read], *, monotonic: Callable[[], float] = time.monotonic
) -> AsyncGenerator[Seen, None]:
    """Do the reads, one after the other; never raises a problem of the instance.

    After `BUDGET` seconds, and after a read that costs the connection, the rest is not read.
    """
    begun = monotonic()
    ended: InstanceProblem | None = None
    for read in reads:
        started = monotonic()
        if ended is None and started - begun > BUDGET:
            ended = InstanceError("Not read: the time was up.")
        if ended is not None:
            yield Seen(read, 0.0, problem=ended, done=False)
            continue
        try:
            answer = (
                await instance.call(read.call, deadline=read.seconds)
                if read.call is not None
                else await _by_rest(instance, read.seconds)
            )
        except Unreachable as problem:
            yield Seen(read, monotonic() - started, problem=problem)
            ended = problem
        except InstanceProblem as problem:
            yield Seen(read, monotonic() - started, problem=problem)
        else:
            yield Seen(read, monotonic() - started, answer)


async def _by_rest(instance: Instance, seconds: float) -> Answer:
    """The first web sessions by the SysAdmin API. Raises NotAvailable, NotPermitted or InstanceError."""
    api = instance.capabilities.admin_api
    if api is None or api.absence():
        raise NotAvailable(f"The SysAdmin API was not asked: {api.absence() if api else 'it is not known'}.")
    try:
        async with asyncio.timeout(seconds):
            found = (await api.web_sessions())[:ROWS]
    except TimeoutError:
        raise NotAvailable("The SysAdmin API did not answer in time.") from None
    columns = tuple(dict.fromkeys(name for row in found for name in row))
    return Answer(rows=Rows(columns, [tuple(row.get(name) for name in columns) for row in found]))


class Findings:
    """All reads of one instance by name, with what follows from several of them."""

    def __init__(self, info: SystemInfo, user: str, seen: Iterable[Seen]) -> None:
        """`user` is the account that is logged in."""
        self.info = info
        self.user = user
        self.seen: Mapping[str, Seen] = {each.read.name: each for each in seen}

    def value(self, name: str) -> Value:
        """The value of a method, or of the first step on an object; None without one."""
        answer = self.seen[name].answer
        if answer is None:
            return None
        return answer.values[0] if answer.values else answer.value

    def number(self, name: str) -> int | None:
        """The same as a whole number."""
        return as_int(self.value(name))

    def rows(self, name: str) -> list[dict[str, Value]] | None:
        """Rows keyed by lower-cased column; None if they were not read."""
        rows = self.seen[name].rows
        return rows.dicts() if rows is not None else None

    def columns(self, name: str) -> frozenset[str]:
        """The columns of a list, in lower case; empty if it was not read."""
        rows = self.seen[name].rows
        return frozenset(each.lower() for each in rows.columns) if rows is not None else frozenset()

    @property
    def version(self) -> tuple[int, int] | None:
        """(2025, 2), if `$ZVERSION` tells."""
        year, _, rest = self.info.version.partition(".")
        minor = rest.partition(".")[0]
        return (int(year), int(minor)) if year.isdecimal() and minor.isdecimal() else None

    @property
    def held(self) -> dict[str, bool | None]:
        """The documented privileges: held by the account or not, None if that is not known."""
        answers = {each: self.number(check_name(each)) for each in documented_privileges()}
        return {each: None if answer is None else bool(answer) for each, answer in answers.items()}

    @property
    def all(self) -> bool | None:
        """True if the account holds %All, None if that is not known.

        %All holds every privilege (facts: iris-security 5), so one that is missing rules it out.
        """
        if False in self.held.values():
            return False
        roles = [role.casefold() for role in self.own_roles]
        return "%all" in roles if roles else None

    @property
    def own_roles(self) -> tuple[str, ...]:
        """The roles of the account, with those granted to roles; empty if they were not read."""
        answer = self.seen[OWN_ROLES].answer
        return as_names(answer.refs[0]) if answer is not None and answer.refs else ()

    @property
    def community(self) -> bool | None:
        """True for a key of Community Edition, None if the key says nothing (facts: iris-license-sessions 2.6)."""
        texts = [as_text(self.value(f"%SYSTEM.License.{each}")) for each in KEY]
        return "community" in " ".join(texts).lower() if any(texts) else None

    def lacking(self, *privileges: str) -> str:
        """The first of these privileges that the account is not known to hold; "" if it holds all."""
        held = self.held
        return next((each for each in privileges if not held.get(each)), "")

    def projected(self, class_name: str, query: str) -> bool | None:
        """True if the class dictionary calls a query an SQL procedure; None if it does not list it."""
        for row in self.rows(DICTIONARY) or ():
            if (row.get("parent"), row.get("name")) == (class_name, query):
                return bool(as_int(row.get("projected")))
        return None
