"""A teammate's password is shown and copied, and is in no saved transcript and no JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from irisops.contract.replies import Facts
from irisops.engine.reply_json import shape
from irisops.engine.reply_text import text as text_of
from irisops.ui.cards.facts import facts_lines
from irisops.ui.record import Entry, card_text, transcript_markdown

SECRET = "canary-Secret-77"
CARD = Facts(
    "team_card x", "For x", {"name": "x"}, {"name": "Pass"}, blocks={"Access": f"user x\npassword {SECRET}"}
)
ENTRY = Entry(datetime(2026, 5, 1, tzinfo=UTC), "/share", "/share superserver", [CARD])


def test_shown_and_copied() -> None:
    assert any(SECRET in line.plain for line in facts_lines(CARD, 80))
    assert f"Access\nuser x\npassword {SECRET}" in card_text(ENTRY)
    assert SECRET in text_of(CARD)


def test_never_written() -> None:
    assert SECRET not in transcript_markdown([ENTRY])
    assert SECRET not in json.dumps(shape(CARD))
    assert SECRET not in repr(CARD)
