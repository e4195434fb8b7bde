"""A teammate's password is shown and copied, and is in no saved transcript and no JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from irisops.contract.replies import Column, Facts, Reply, Table
from irisops.engine.reply_json import shape
from irisops.engine.reply_text import text as text_of
from irisops.ui.cards.facts import facts_lines
from irisops.ui.record import Entry, to_copy, transcript_markdown

SECRET = "canary-Secret-77"
CARD = Facts(
    "team_card x", "For x", {"name": "x"}, {"name": "Pass"}, blocks={"Access": f"user x\npassword {SECRET}"}
)
ENTRY = Entry(datetime(2026, 5, 1, tzinfo=UTC), "/share", "/share superserver", [CARD])


def test_shown_and_copied() -> None:
    assert any(SECRET in line.plain for line in facts_lines(CARD, 80))
    assert f"Access\nuser x\npassword {SECRET}" in to_copy([CARD]).text
    assert SECRET in text_of(CARD)


FINDINGS = Table(
    "preflight", "Preflight", [Column("finding", "FINDING")], [{"finding": "Admin has its default password"}]
)
OTHER = "canary-Other-88"
SECOND = Facts(
    "team_card y", "For y", {"name": "y"}, {"name": "Pass"}, blocks={"Access": f"password {OTHER}"}
)


def test_a_pass_is_copied_alone_and_never_with_another_or_what_the_preflight_found() -> None:
    share = Facts("share", "Shared until 18:00", {"share": "abcd1234"}, {"share": "Share"})
    answer: list[Reply] = [FINDINGS, share, CARD, SECOND]
    assert to_copy(answer).text == ""
    assert "Alt+↑" in to_copy(answer).said
    for each, secret, other in ((CARD, SECRET, OTHER), (SECOND, OTHER, SECRET)):
        copied = to_copy(answer, each)
        assert secret in copied.text
        assert each.title in copied.said
        for absent in (other, "default password", "abcd1234"):
            assert absent not in copied.text
    alone = to_copy([FINDINGS, share, CARD])
    assert SECRET in alone.text
    assert "default password" not in alone.text
    found = to_copy(answer, FINDINGS).text
    assert "default password" in found
    assert SECRET not in found
    assert SECRET not in repr(to_copy(answer, CARD))


def test_never_written() -> None:
    assert SECRET not in transcript_markdown([ENTRY])
    assert SECRET not in json.dumps(shape(CARD))
    assert SECRET not in repr(CARD)
