"""The text of an SQL error."""

from __future__ import annotations

import pytest

from irisops.simulator.wire.sqlcodes import error_text


@pytest.mark.parametrize(
    ("code", "message", "text"),
    [
        (-30, "no such table: Nope", "[SQLCODE: <-30>:<Table or view not found>]  [no such table: Nope]"),
        (30, "", "[SQLCODE: <-30>:<Table or view not found>]"),
        (-30, "Table or view not found", "[SQLCODE: <-30>:<Table or view not found>]"),
        (-30, "Table or view not found: Nope", "[SQLCODE: <-30>:<Table or view not found>]  [Nope]"),
        (-9999, "what happened", "[SQLCODE: <-9999>:<what happened>]"),
        (-9999, "", "[SQLCODE: <-9999>:<SQL error>]"),
    ],
)
def test_code_text_and_message(code: int, message: str, text: str) -> None:
    assert error_text(code, message) == text
