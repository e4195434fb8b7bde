"""SQL failures: the codes and texts of the InterSystems SQL error table.

Codes and texts are from the public "InterSystems Error Reference", table of SQL error codes. IRIS adds a `%msg` detail
to many of them, which is not documented; the detail here names the object, in a form seen in public traces
(`Table 'SQLUSER.NOPE' not found`).

UNVERIFIED: the wording of that detail. Settle: SELECT x FROM Nix.Such, and SELECT NoSuch FROM
%SYS.ProcessQuery.
"""

from __future__ import annotations

from irisops.simulator.backend import SqlFailure
from irisops.simulator.sqlcodes import TEXTS

INVALID_STATEMENT = -1
TERM_EXPECTED = -12
TABLE_NOT_FOUND = -30
FIELD_NOT_FOUND = -29
PRIVILEGE_VIOLATION = -99
NO_DATA = 100
FATAL_ERROR = -400


def failure(sqlcode: int, detail: str = "") -> SqlFailure:
    """The failure with the documented text of `sqlcode`, followed by `detail`."""
    text = TEXTS[sqlcode]
    return SqlFailure(sqlcode, f"{text}: {detail}" if detail else text)


def unsupported(what: str) -> SqlFailure:
    """A construct that IRIS has and this simulator lacks; must not look like a syntax error of IRIS."""
    return SqlFailure(FATAL_ERROR, f"{TEXTS[FATAL_ERROR]}: this simulator does not emulate {what}")
