"""Answers as the commands of daily operations give them, for pictures: shaped as theirs, with invented values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from irisops.contract.replies import Cell, Column, Done, Facts, Reply, Scalar, Table
from tests.ui.fake_chat import NOW

DIFF = Table(
    "diff",
    "./live and local now",
    [
        Column("kind", "KIND"),
        Column("object", "OBJECT", grow=True, least=16),
        Column("field", "FIELD", least=10),
        Column("what", "WHAT", tones={"differs": "warn", "unknown": "warn"}, hide_under=90),
        Column("first", "./LIVE", grow=True, wrap=3),
        Column("second", "LOCAL NOW", grow=True, wrap=3),
        Column("group", "GROUP", hide_under=1000),
    ],
    [
        dict(zip(("kind", "object", "field", "what", "first", "second", "group"), row, strict=True))
        for row in (
            ("user", "reader", "roles", "differs", "none", "%Developer, %DB_WAREHOUSE", "different"),
            (
                "application",
                "/csp/shop",
                "login",
                "differs",
                "Password",
                "Password, Unauthenticated",
                "different",
            ),
            ("role", "Nurses", "", "only in the first", "there", "–", "different"),
            ("resource", "%System_CallOut", "public", "differs", "none", "U", "differs by version"),
        )
    ],
    group="group",
    notes=["4 differences. Compared: users, roles, resources and web applications."],
)
REPORT: Sequence[Reply] = (
    Table(
        "index_report",
        "Ens.Util.Log in USER: 3 indexes, 1 broken",
        [
            Column("index", "INDEX", least=12),
            Column("verdict", "IS", tones={"clean": "good", "broken": "bad"}),
            Column("why", "WHY", grow=True, wrap=3),
        ],
        [
            {
                "index": "ConfigName",
                "verdict": "broken",
                "why": "2 wrong entries; 40 rows by the index, 42 by the data",
            },
            {"index": "TypeMap", "verdict": "clean", "why": "42 rows by either"},
        ],
        key="index",
    ),
    Done(
        "indexes_validate",
        "1 of 2 indexes is broken: ConfigName.",
        ["Checked by the instance itself."],
        tone="bad",
    ),
)


def _health() -> Facts:
    facts: Mapping[str, Scalar] = {
        "Version": "IRIS 2025.2",
        "Instance": "IRIS",
        "Address": "10.20.30.40:1972/%SYS",
        "Logged in as": "_SYSTEM",
        "License units used": 5,
        "Units in the key": 8,
        "Web sessions": 12,
        "Processes": 48,
        "Own process": 1238,
        "$ZVERSION": "IRIS for UNIX (Ubuntu Server LTS for ARM64 Containers) 2025.2 (Build 227U)",
    }
    notes = [
        "✗ databases: WAREHOUSE full and ARCHIVE dismounted · /databases",
        "! journal: cannot be read. It takes %Admin_Manage:U.",
        "✓ locks: 3 locks, nobody is known to wait",
    ]
    return Facts("status", "local at a glance", facts, {name: name for name in facts}, notes)


HEALTH = _health()


def _calls() -> Table:
    calls = (
        (2, "Visual Studio Code 1.109", "ask", "why can maria not log in", "done"),
        (11, "Visual Studio Code 1.109", "apply", "/user delete maria", "Declined"),
        (43, "claude-ai 0.1.0", "apply", "/grant %Developer to reader", "begun"),
    )
    rows: list[dict[str, Cell | datetime]] = [
        {
            "at": NOW.replace(tzinfo=None) - timedelta(minutes=minutes),
            "client": client,
            "tool": tool,
            "line": line,
            "outcome": outcome,
        }
        for minutes, client, tool, line, outcome in calls
    ]
    columns = [
        Column("at", "WHEN", "time"),
        Column("client", "AGENT", hide_under=80, wrap=2),
        Column("tool", "TOOL"),
        Column("line", "ASKED FOR", grow=True, wrap=3),
        Column("outcome", "CAME OF IT", tones={"done": "good", "begun": "warn", "Declined": "bad"}),
    ]
    return Table("agent_calls", "Calls of agents", columns, rows)


CALLS = _calls()
