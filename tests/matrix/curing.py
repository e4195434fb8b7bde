"""The cures of refusals, carried out: the same line must not be refused for the same cause again.

A cure is what a refusal tells to do: commands of irisops, a privilege or a grant that an administrator gives, or a
login with %All. What only explains (`/denied shows ...`) is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from irisops.contract.replies import Problem
from irisops.simulator.classes.sql_privileges import ObjectPrivilege
from tests.matrix.lines import Line
from tests.matrix.worlds import Place, Seen, Stand, Walk, seated, standing_in

_ASKED = re.compile(
    r"(?:Ask an administrator for|administration works, that is) ((?:%[\w.]+:[RWU]+(?:, | and )?)+)"
)
_GRANTED = re.compile(r"in (\S+): GRANT (SELECT|EXECUTE) ON (\S+)\.(\S+) TO this account")
_SELECTED = re.compile(r"It needs SELECT on (%\w+)\.(\w+(?:(?:, | and )\w+)*)\. .* on them in (\S+),")
_TYPED = re.compile(
    r"(/(?:disconnect|connect(?: iris://\S+)?|profile edit [^,.]*|helper install))(?=[,. ]|$)"
)
_BY_ALL = re.compile("[Aa]s a user with %All|A user with %All can|connected as that user")
_EACH = re.compile(r", | and ")


@dataclass(frozen=True, slots=True)
class Case:
    """A refused line, and the cure that the refusal names."""

    line: Line
    cure: str
    """Without what differs from world to world."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command that somebody types."""

    who: Stand
    command: str


def refusal_in(seen: Seen) -> Problem | None:
    """The refusal of a line, before or after a yes."""
    return next((each for each in (*seen.replies, *seen.after) if isinstance(each, Problem)), None)


def curable(refusal: Problem) -> bool:
    """True if the cure can be carried out here."""
    patterns = (_ASKED, _GRANTED, _SELECTED, _TYPED, _BY_ALL)
    return any(pattern.search(refusal.cure) for pattern in patterns)


def cases(walk: Walk, lines: Iterable[Line]) -> Iterator[Case]:
    """A refused line for each cure that can be carried out, the first in its world."""
    found: set[str] = set()
    for line in lines:
        seen = walk.seen.get(line.text)
        refusal = refusal_in(seen) if seen is not None else None
        cure = re.sub(r":\d+", "", refusal.cure) if refusal is not None and curable(refusal) else ""
        if cure and cure not in found:
            found.add(cure)
            yield Case(line, cure)


async def complaints(place: Place, case: Case, home: Path) -> list[str]:
    """What the cure of a refusal does not mend, in a world of its own."""
    where = f"CURE of {case.line.text} as {place.account} on {place.version}"
    async with (
        standing_in(place, home) as stand,
        seated(stand.simulator, replace(place, account="admin1"), home / "admin") as admin,
    ):
        line = case.line.text.format(**stand.names())
        if case.line.last and stand.world.license.room:
            stand.take_last_place()
        told: list[str] = []
        todo = [Step(stand, line)]
        while todo:
            step = todo[0]
            agree = step.command != line or case.line.agree
            refusal = refusal_in(await step.who.say(step.command, agree=agree))
            if refusal is None:
                todo.pop(0)
                continue
            cause = f"{step.command}: {refusal.error}: {refusal.message} {refusal.cure}"
            if not curable(refusal):
                return [] if step.command == line else [f"{where} ends with {cause}"]
            if cause in told:
                return [f"{where} does not help: {cause}"]
            told.append(cause)
            todo[:1] = await _steps(stand, admin, refusal.cure, step)
    return []


async def _steps(stand: Stand, admin: Stand, cure: str, refused: Step) -> list[Step]:
    """Do what an administrator does for a cure, and give what is to be typed then, the refused command among it."""
    if asked := _ASKED.search(cure):
        name = f"Cure{len(list(stand.world.roles.values()))}"
        listed = ",".join(_EACH.split(asked[1]))
        for command in (f"/role add {name} privileges={listed}", f"/grant {name} to {stand.place.account}"):
            seen = await admin.say(command, agree=True)
            assert seen.agreed, (command, seen.replies)
            assert refusal_in(seen) is None, (command, refusal_in(seen))
        return [*_login(stand), refused]
    if grants := _grants(cure, stand.place.account):
        for grant in grants:
            stand.simulator.runtime.emulation.sql_privileges.grant(grant)
        return [*_login(stand), refused]
    by_all = _BY_ALL.search(cure)
    if commands := _TYPED.findall(cure):
        return [*(Step(admin if by_all else stand, each) for each in commands), refused]
    return [Step(admin, refused.command)]


def _login(stand: Stand) -> list[Step]:
    """What is typed for a new login, because roles count from the login on."""
    active = stand.session.hub.active
    if active is None or not active.connected:
        return []
    return [Step(stand, "/disconnect"), Step(stand, f"/connect {active.name}")]


def _grants(cure: str, account: str) -> list[ObjectPrivilege]:
    """The SQL privileges that a cure asks for, each in its namespace."""
    if granted := _GRANTED.search(cure):
        namespace, action, schema, name = granted.groups()
        return [ObjectPrivilege(namespace, schema, name, action[0].lower(), account, "admin1")]
    if selected := _SELECTED.search(cure):
        schema, names, namespace = selected.groups()
        return [
            ObjectPrivilege(namespace, schema, name, "s", account, "admin1") for name in _EACH.split(names)
        ]
    return []
