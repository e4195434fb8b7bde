"""The text of an error reply to an SQL request."""

from __future__ import annotations

from irisops.simulator.sqlcodes import TEXTS


def error_text(sqlcode: int, message: str) -> str:
    """The text of an error as it goes to the client (facts: wire-protocol 7): code, its text, and `%msg` if any.

    UNVERIFIED: the brackets and the spaces between code, text and `%msg` are as in public traces; the driver passes any
    text on. Settle: print the error that `SELECT x FROM No.Such` raises.

    A message that already begins with the code's text is not made to say it twice.
    """
    code = abs(sqlcode)
    known = TEXTS.get(-code)
    if known is None:
        return f"[SQLCODE: <{-code}>:<{message or 'SQL error'}>]"
    detail = message.removeprefix(known).removeprefix(": ")
    text = f"[SQLCODE: <{-code}>:<{known}>]"
    return f"{text}  [{detail}]" if detail else text
