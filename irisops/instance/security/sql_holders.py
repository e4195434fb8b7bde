"""What was granted directly to a user or role in a namespace: as text, read, and changed.

(facts: iris-security 3.8, 4.1). A privilege is written `SELECT ON TABLE Sample.Person WITH GRANT OPTION`. Those on no
object are not changed: which statement gives which is not public.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from irisops.instance.calls import ClassMethod, Query
from irisops.instance.features import Route
from irisops.instance.outcome import changing, check_status
from irisops.instance.routes import Instance, answer_by, first_route
from irisops.instance.security.object_state import Field, ObjectChange, ObjectState, Step, missing
from irisops.instance.security.sqlprivileges import GRANT_TYPES, LETTERS, TYPES, all_within, enter
from irisops.instance.values import as_flag, as_text

HOLDER_FIELDS: Mapping[str, Field] = {"Privileges": Field("Privileges", "names", "privileges on objects")}
_GRANTS = "SELECT Namespace, SQLObject, Privilege, Grantee, Grantable FROM Security.SQLPrivileges"
_CLASS = "%SYSTEM.SQL.Security"
_DEADLINE = 120.0
"""Seconds for all of them."""

_ACTIONS = {letter: action.upper() for action, letter in LETTERS.items()}
_KINDS = {str(number): kind.upper() for kind, number in TYPES.items()}
_WORDS = {kind.upper(): word for kind, word in GRANT_TYPES.items()}
_OPTION = " WITH GRANT OPTION"
_TEXT = re.compile(rf"(?P<action>\S+) ON (?P<kind>\S+) (?P<object>.+?)(?P<option>{_OPTION})?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SqlPrivilege:
    """One privilege on one object. `type` is the word that GrantPrivilege takes, "" for a type that is not known."""

    action: str
    type: str
    object: str
    grantable: bool


def privilege_text(sql_object: str, letter: str, *, grantable: bool) -> str:
    """A row of Security.SQLPrivileges, whose object is `1,Sample.Person`: the number of its type and its name."""
    number, _, name = sql_object.partition(",")
    action, kind = _ACTIONS.get(letter, letter), _KINDS.get(number, number)
    return f"{action} ON {kind} {name}{_OPTION if grantable else ''}"


def parsed(text: str) -> SqlPrivilege | None:
    """The privilege that a text says; None for another text."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    return SqlPrivilege(
        found["action"], _WORDS.get(found["kind"], ""), found["object"], found["option"] is not None
    )


def can_be_given(text: str) -> bool:
    """True for a privilege that GrantPrivilege takes: it knows the type, and a list of objects has commas."""
    found = parsed(text)
    return found is not None and bool(found.type) and "," not in found.object


async def read_grants(instance: Instance) -> dict[tuple[str, str], list[str]]:
    """All privileges on objects by namespace and grantee, as the instance spells them. Raises the named problem."""
    answer = await answer_by(instance, "sql.privileges", Query(_GRANTS), deadline=_DEADLINE)
    held: dict[tuple[str, str], list[str]] = {}
    for row in answer.rows.dicts() if answer.rows else ():
        grant = privilege_text(
            as_text(row.get("sqlobject")),
            as_text(row.get("privilege")),
            grantable=as_flag(row.get("grantable")),
        )
        held.setdefault((as_text(row.get("namespace")), as_text(row.get("grantee"))), []).append(grant)
    return held


async def read_holders(instance: Instance, names: Sequence[str]) -> dict[str, ObjectState]:
    """What these holders, named NAMESPACE/GRANTEE, have, by casefolded name. Raises as `read_grants`.

    One without a privilege is there as well: it is no record of its own.
    """
    held = {f"{place}/{who}".casefold(): some for (place, who), some in (await read_grants(instance)).items()}
    return {
        name.casefold(): ObjectState(
            "sql_holder", name, {"Privileges": tuple(sorted(held.get(name.casefold(), ()), key=str.casefold))}
        )
        for name in names
    }


def holder_steps(change: ObjectChange) -> list[Step]:
    """The calls that grant and revoke, in the namespace. Raises ValueError for a privilege that cannot be given."""
    namespace, _, grantee = change.name.partition("/")
    had, has = (state.names("Privileges") if state else () for state in (change.before, change.after))
    return [
        *(_step("RevokePrivilege", namespace, grantee, text) for text in missing(had, has)),
        *(_step("GrantPrivilege", namespace, grantee, text) for text in missing(has, had)),
    ]


def _step(method: str, namespace: str, grantee: str, text: str) -> Step:
    """UNVERIFIED: that RevokePrivilege takes a privilege that another account gave: it has an argument AsGrantor, whose
    default is not described; nor what wGrant, 0 by default, leaves of one that may be passed on. Settle: grant as one
    user WITH GRANT OPTION, revoke as another; /apply reads back what became of it.
    """
    found = parsed(text)
    if found is None or not can_be_given(text):
        raise ValueError(f"{text!r} is no privilege that {_CLASS} gives")
    if found.grantable and method == "GrantPrivilege":
        method = "GrantPrivilegeWithGrant"
    call = ClassMethod(_CLASS, method, (found.action, found.object, found.type, grantee))

    async def run(instance: Instance) -> None:
        home = instance.capabilities.namespace or "%SYS"

        async def attempt(_route: Route) -> None:
            # First to see that it can be entered: else the call would be made in the namespace of the connection.
            await enter(instance, namespace, home)
            (answer,) = await all_within(instance, namespace, home, [call])
            await check_status(instance, answer.value, f"{_CLASS}.{method}")

        await changing(first_route(instance, "sql.grant", attempt))

    return Step(f"{_CLASS}.{method} {text} in {namespace}, {grantee}", run)
