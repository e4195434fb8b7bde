from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.commands.catalogue import default_registry
from irisops.engine.completion import complete

REGISTRY = default_registry()
_NAMES = {
    "user": [("appuser", ""), ("bob", ""), ("my user", "")],
    "role": [("%All", ""), ("%SQL", "SQL"), ("to", "")],
    "profile": [("local", "localhost"), ("clinic-test", "")],
    "command": [("grant", ""), ("help", "")],
}


def known_names(kind: str) -> list[tuple[str, str]]:
    return _NAMES.get(kind, [])


def values(text: str, cursor: int | None = None) -> list[str]:
    return [
        each.value for each in complete(text, len(text) if cursor is None else cursor, REGISTRY, known_names)
    ]


def result(text: str) -> str:
    """The line after accepting the first completion."""
    first = complete(text, len(text), REGISTRY, known_names)[0]
    return text[: first.start] + first.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/lic", "/license "),
        ("/ser", "/services "),
        ("/sers", "/users "),
        ("/grant %s", "/grant %SQL "),
        ("/grant sql", "/grant %SQL "),
        ("/grant %SQL ", "/grant %SQL %All "),
        ("/grant %SQL to ", "/grant %SQL to appuser "),
        ("/grant %SQL to my", '/grant %SQL to "my user" '),
        ('/grant %SQL to "my u', '/grant %SQL to "my user" '),
        ("/connect cl", "/connect clinic-test "),
        ("/profile e", "/profile edit "),
        ("/profile edit lo", "/profile edit local "),
        ("/profile edit local ho", "/profile edit local host="),
        ("/profile edit local read_only=", "/profile edit local read_only=yes "),
        ("/help gr", "/help grant "),
        ("give app", "give appuser "),
    ],
)
def test_finishes_the_word(text: str, expected: str) -> None:
    assert result(text) == expected


def test_offers_the_keyword_after_a_value() -> None:
    assert "to " in values("/grant %SQL ")
    assert values("/grant %SQL t")[0] == "to "


def test_an_option_is_offered_once() -> None:
    assert "host=" not in values("/profile add x host=h ")
    assert "port=" in values("/profile add x host=h ")


def test_nothing_is_offered_in_the_middle_of_nowhere() -> None:
    assert values("hello") == []
    assert values("/nonsense x") == []
    assert values("/grant %SQL to bob") == ["bob "]
    assert values("/undo ") == []


@given(st.text(max_size=40), st.integers(-5, 50))
def test_any_text_is_completed_within_its_bounds(text: str, cursor: int) -> None:
    for each in complete(text, cursor, REGISTRY, known_names):
        assert 0 <= each.start <= len(text)
        assert each.value
