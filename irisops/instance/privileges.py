"""Privileges of this connection's account, by the instance's own word (facts: iris-security 5)."""

from __future__ import annotations

import re

from irisops.instance.calls import ClassMethod
from irisops.instance.routes import Instance
from irisops.instance.values import number_of

_PRIVILEGE = re.compile(r"(%\w+):([RWU])")


async def lacking(instance: Instance, documented: str) -> str:
    """Those of the documented privileges (`%Development:U and %DB_IRISSYS:W`) that the account has not; "" if none.

    One that the instance does not tell counts as held: acting on it will tell. Raises Unreachable.
    """
    pairs = _PRIVILEGE.findall(documented)
    answers = await instance.batch([ClassMethod("%SYSTEM.Security", "Check", pair) for pair in pairs])
    found = [":".join(pair) for pair, answer in zip(pairs, answers, strict=True) if number_of(answer) == 0]
    return " and ".join(found)
