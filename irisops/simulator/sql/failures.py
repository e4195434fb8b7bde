"""How SQL statements fail: the codes and texts of the InterSystems SQL error table.

Codes and texts are those of the public "InterSystems Error Reference", table of SQL error codes. The `%msg` detail that
a real instance adds to many of them is not documented word for word; what stands after the text here names the thing
at fault, in a form seen in public traces (`Table 'SQLUSER.NOPE' not found`).

UNVERIFIED: the wording of that detail. On a real instance: SELECT x FROM Nix.Such, and SELECT NoSuch FROM
%SYS.ProcessQuery.
"""

from __future__ import annotations

from irisops.simulator.backend import SqlFailure

INVALID_STATEMENT = -1
TERM_EXPECTED = -12
TABLE_NOT_FOUND = -30
FIELD_NOT_FOUND = -29
PRIVILEGE_VIOLATION = -99
NO_DATA = 100
FATAL_ERROR = -400

_TEXTS = {
    100: "No (more) data",
    -1: "Invalid SQL statement",
    -3: 'Closing quote (") missing',
    -5: "Column number specified in ORDER does not match SELECT list",
    -6: "ORDER BY column after UNION not found as SELECT column",
    -7: "Exponent out of range",
    -8: "Invalid DATEPART code for DATEPART(), DATENAME(), DATEADD(), or DATEDIFF()",
    -9: "Incompatible SELECT lists used in UNION/INTERSECT/EXCEPT",
    -10: "The SELECT list of the subquery must have exactly one item",
    -11: "A scalar expression expected, not a condition",
    -12: "A term expected, beginning with one of the following: identifier, constant, aggregate, $$, :, (, +, -, "
    "%ALPHAUP, %EXACT, %MVR, %SQLSTRING, %SQLUPPER, %STRING, or %UPPER",
    -14: "A comparison operator is required here",
    -19: "An aggregate function cannot be used in a WHERE or GROUP BY clause",
    -20: "Name conflict in the FROM list over label",
    -23: "Label is not listed among the applicable tables",
    -26: "Missing FROM clause",
    -25: "Input encountered after end of query",
    -27: "Field is ambiguous among the applicable tables",
    -29: "Field not found in the applicable tables",
    -30: "Table or view not found",
    -51: "SQL statement expected",
    -55: "Invalid GRANT <role> TO or REVOKE <role> FROM",
    -56: "GRANT/REVOKE Action not applicable to an object of this type",
    -60: "An action (%ALTER, SELECT, UPDATE, etc.) expected",
    -63: "Data exception - invalid escape character",
    -65: "Positive integer constant or variable expected",
    -99: "Privilege violation",
    -130: "Before Insert trigger failed",
    -132: "Before Update trigger failed",
    -134: "Before Delete trigger failed",
    -359: "SQL Function (function stored procedure) not found",
    -400: "Fatal error occurred",
    -427: "Invalid stored procedure name",
    -428: "Stored procedure not found",
    -429: "Invalid number of input/output parameters for stored procedure",
    -450: "Request timed out due to user timeout",
}


def failure(sqlcode: int, detail: str = "") -> SqlFailure:
    """The failure with the documented text of `sqlcode`, and `detail` after it."""
    text = _TEXTS[sqlcode]
    return SqlFailure(sqlcode, f"{text}: {detail}" if detail else text)


def unsupported(what: str) -> SqlFailure:
    """A construct that IRIS has and this simulator has not. It must never be mistaken for a syntax error of IRIS."""
    return SqlFailure(FATAL_ERROR, f"{_TEXTS[FATAL_ERROR]}: this simulator does not emulate {what}")
