"""The text of an error reply to an SQL request."""

from __future__ import annotations

from irisops.simulator.sqlcodes import TEXTS


def error_text(sqlcode: int, message: str) -> str:
    """The error text for the client (facts: wire-protocol 7): code, its text, and `%msg` if any.

    UNVERIFIED: the brackets and the spaces between code, text and `%msg` are as in public traces; the driver accepts
    any text. Settle: print the error that `SELECT x FROM No.Such` raises.

    A message that begins with the code's text does not repeat it.
    """
    code = abs(sqlcode)
    known = TEXTS.get(-code)
    if known is None:
        return f"[SQLCODE: <{-code}>:<{message or 'SQL error'}>]"
    detail = message.removeprefix(known).removeprefix(": ")
    text = f"[SQLCODE: <{-code}>:<{known}>]"
    return f"{text}  [{detail}]" if detail else text
