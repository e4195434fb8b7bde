"""SQL privileges as text: `SELECT ON TABLE Sample.Person WITH GRANT OPTION` (facts: iris-security 3.8, 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from irisops.instance.security.sqlprivileges import GRANT_TYPES, LETTERS, TYPES

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
