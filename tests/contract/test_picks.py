from __future__ import annotations

import pytest

from irisops.commands.catalogue import ALL
from irisops.contract.chat import CommandInfo
from irisops.contract.picks import offered, pick
from irisops.contract.replies import Facts, Problem, Reply
from irisops.engine.parser import parse
from irisops.engine.spec import Registry

INFOS = [CommandInfo(spec.name, spec.usage, spec.summary) for spec in ALL]


def test_suggestions_are_picked_by_number_and_actions_by_their_key() -> None:
    replies: list[Reply] = [
        Facts("a", "A", {}, actions=[("f", "fix it", "/fix")]),
        Problem("X", "x", "", suggestions=["/one", "/two"]),
    ]
    assert offered(replies) == {"f": "/fix", "1": "/one", "2": "/two"}


@pytest.mark.parametrize(
    ("offer", "line", "blank"),
    [
        ("/license", "/license", ""),
        ("/users [FILTER]", "/users", ""),
        ("/sessions end user=maria", "/sessions end user=maria", ""),
        ("/grant ROLE to USER", "/grant ROLE to USER", "ROLE"),
        ("/grant %SQL to USER", "/grant %SQL to USER", "USER"),
        ("/user USER", "/user USER", "USER"),
        ('/user "USER"', '/user "USER"', ""),
        ("/license timeout APPLICATION SECONDS", "/license timeout APPLICATION SECONDS", "APPLICATION"),
        ("/connect CLINIC", "/connect CLINIC", ""),
        ("/extend 1h|18:30 [SHARE]", "/extend 1h|18:30", "1h|18:30"),
        ("something else", "something else", ""),
    ],
)
def test_only_a_line_that_lacks_something_waits_in_the_prompt(offer: str, line: str, blank: str) -> None:
    found = pick(offer, INFOS)
    assert found.line == line
    assert (line[slice(*found.blank)] if found.blank else "") == blank


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.name)
def test_every_usage_is_complete_without_its_optional_parts_or_has_a_blank(info: CommandInfo) -> None:
    found = pick(info.usage, INFOS)
    assert "[" not in found.line
    assert not isinstance(parse(found.line, Registry(ALL)), Problem) or found.blank is not None
