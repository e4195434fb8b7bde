"""The transcript as Markdown: everything that was answered, nothing that acts, no secret."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from irisops.contract.chat import Notice
from irisops.contract.replies import Done, Problem, Table
from irisops.ui.record import Entry, reply_markdown, to_copy, transcript_markdown
from tests.ui.fake_chat import (
    HOSTILE,
    NOW,
    grant_plan,
    hostile_table,
    license_replies,
    processes_table,
    users_table,
)


def test_a_transcript_holds_what_was_said_and_answered() -> None:
    entries = [
        Entry(NOW, "who holds my license", "/license", license_replies()),
        Entry(NOW, notice=Notice("warning", "The figures are stale.")),
        Entry(NOW, "/grant %SQL to appuser", "/grant %SQL to appuser", [grant_plan("%SQL", "appuser")]),
        Entry(
            NOW, "x", "", [Problem("NotUnderstood", "Not understood.", "See /help.", suggestions=["/help"])]
        ),
        Entry(NOW, "/undo", "/undo", [Done("undo", "Taken back.", ["One role."], undo=3)]),
    ]
    text = transcript_markdown(entries)
    for part in (
        "## 14:43:05 `› who holds my license`",
        "`/license`",
        "| web 10.0.0.5 | web | 3 sessions on /csp/user, no login | 3 |",
        "> 14:43:05 warning: The figures are stale.",
        r"roles of appuser: %DB\_USER → %DB\_USER, %SQL",
        "✕ **NotUnderstood**: Not understood.",
        "(`/undo 3`)",
    ):
        assert part in text


def test_a_table_row_is_one_line_with_all_its_cells() -> None:
    for table in (users_table(), hostile_table()):
        lines = [line for line in reply_markdown(table).splitlines() if line.startswith("|")]
        assert len(lines) == len(table.rows) + 2
        for line in lines:
            assert len(re.findall(r"(?<!\\)\|", line)) == len(table.columns) + 1


def test_a_long_table_says_how_many_rows_are_missing() -> None:
    assert "1,000 of 1,500 rows." in reply_markdown(processes_table(1_500))
    short = Table("t", "T", [], [], total=7)
    assert "0 of 7 rows." in reply_markdown(short)


@given(st.text(max_size=200))
def test_no_text_can_act_in_the_file(text: str) -> None:
    saved = transcript_markdown(
        [Entry(NOW, text, text, [Done("x", text, [text]), Problem("E", text, text, text)])]
    )
    assert all(line.isprintable() for line in saved.split("\n"))
    assert "<" not in re.sub(r"\\<", "", re.sub(r"`[^`\n]*`", "", saved))


def test_hostile_text_is_harmless_in_the_file() -> None:
    saved = transcript_markdown([Entry(NOW, HOSTILE, "", [hostile_table(), Problem("E", HOSTILE, HOSTILE)])])
    assert "\x1b" not in saved
    assert "\u202e" not in saved
    assert "[red]" not in saved.replace("\\[red\\]", "").replace("`› [red]", "")


def test_a_password_in_a_line_is_masked_in_the_file() -> None:
    line = "/profile add x password=hunter2"
    assert "hunter2" not in transcript_markdown([Entry(NOW, line, line)])


def test_the_text_of_a_card_is_its_answer_alone() -> None:
    text = to_copy([users_table()]).text
    assert text.startswith("**Users**")
    assert "›" not in text
