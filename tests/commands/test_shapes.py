from __future__ import annotations

import json

from irisops.commands.replies import Done
from irisops.commands.shapes import line
from tests.hostile import HOSTILE, acting


def test_a_line_of_json_holds_nothing_that_acts_and_all_that_was_there() -> None:
    written = line(Done("x", HOSTILE))
    assert written is not None
    assert acting(written.encode()) == []
    assert json.loads(written)["message"] == HOSTILE
