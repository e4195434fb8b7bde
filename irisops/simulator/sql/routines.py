"""Arguments of stored procedures and functions: number and defaults."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.simulator.backend import Value
from irisops.simulator.sql.catalog import REQUIRED, ArgumentDef
from irisops.simulator.sql.failures import failure


def check_arguments(name: str, arguments: Sequence[ArgumentDef], passed: int) -> None:
    """Raises `SqlFailure` -429 unless the routine accepts `passed` arguments, counted from the left.

    UNVERIFIED: that a table function in FROM fails with the code of a procedure call. Settle: SELECT * FROM
    Security.Users_List(1,2,3,4,5,6).
    """
    if passed > len(arguments):
        raise failure(-429, f"{name} takes at most {len(arguments)} and got {passed}")
    missing = [argument.name for argument in arguments[passed:] if argument.default is REQUIRED]
    if missing:
        raise failure(-429, f"{name} needs a value for {missing[0]}")


def complete_arguments(name: str, arguments: Sequence[ArgumentDef], values: Sequence[Value]) -> list[Value]:
    """The values, with defaults for the omitted ones. Raises `SqlFailure` -429."""
    check_arguments(name, arguments, len(values))
    defaults: list[Value] = [
        argument.default for argument in arguments[len(values) :] if argument.default is not REQUIRED
    ]
    return [*values, *defaults]
