"""The short texts of SQL error codes, which stand beside the code in an error reply.

From the public "InterSystems Error Reference", table of SQL error codes; the keys are without the sign.
"""

from __future__ import annotations

TEXTS: dict[int, str] = {
    1: "Invalid SQL statement",
    12: "A term expected, beginning with one of the following: identifier, constant, aggregate, $$, :, (, +, -, "
    "%ALPHAUP, %EXACT, %MVR, %SQLSTRING, %SQLUPPER, %STRING, or %UPPER",
    14: "A comparison operator is required here",
    23: "Label is not listed among the applicable tables",
    25: "Input encountered after end of query",
    27: "Field is ambiguous among the applicable tables",
    29: "Field not found in the applicable tables",
    30: "Table or view not found",
    51: "SQL statement expected",
    99: "Privilege violation",
    108: "Required field missing; INSERT or UPDATE not allowed",
    110: "Locking conflict in filing",
    119: "UNIQUE or PRIMARY KEY constraint failed uniqueness check upon INSERT",
    120: "UNIQUE or PRIMARY KEY constraint failed uniqueness check upon UPDATE",
    359: "SQL Function (function stored procedure) not found",
    400: "Fatal error occurred",
    427: "Invalid stored procedure name",
    428: "Stored procedure not found",
    429: "Invalid number of input/output parameters for stored procedure",
    450: "Request timed out due to user timeout",
}


def error_text(sqlcode: int, message: str) -> str:
    """The text of an error as it goes to the client (facts: wire-protocol 7): code, its text, and `%msg` if any.

    UNVERIFIED: the brackets and the spaces between code, text and `%msg` are as in public traces; the driver passes any
    text on. Settle: print the error that `SELECT x FROM No.Such` raises.

    A message that already begins with the code's text is not made to say it twice.
    """
    code = abs(sqlcode)
    known = TEXTS.get(code)
    if known is None:
        return f"[SQLCODE: <{-code}>:<{message or 'SQL error'}>]"
    detail = message.removeprefix(known).removeprefix(": ")
    text = f"[SQLCODE: <{-code}>:<{known}>]"
    return f"{text}  [{detail}]" if detail else text
