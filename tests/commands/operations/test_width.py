"""The lists of daily operations on 80 columns: what matters is there, and nothing is wider."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from irisops.engine import reply_text
from tests.commands.operations.working import table, working

HEADS: Mapping[str, str] = {
    "/databases": "NAME STATE SIZE MB FREE % GROWN MB DISK LEFT MB",
    "/tasks": "ID NAME STATE NEXT LAST",
    "/locks": "LOCK HOLDER PID WAITING SEEN FOR MODE TX",
    "/log": "TIME SEVERITY TEXT",
    "/productions": "NAMESPACE PRODUCTION STATE QUEUED ERRORS 1H",
    "/namespaces": "NAMESPACE DATA IN CODE IN",
    "/sql running": "PID USER RUNS FOR STATEMENT",
}
CARD = 76


async def test_eighty_columns_have_room_for_what_matters(tmp_path: Path) -> None:
    async with working(tmp_path) as at:
        for line, head in HEADS.items():
            lines = reply_text.text(await table(at, line), CARD).splitlines()
            assert " ".join(lines[1].split()) == head
            assert len(lines[1]) <= CARD
            assert len(lines[2]) <= CARD
