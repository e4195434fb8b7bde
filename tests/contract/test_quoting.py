from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.contract import quoting
from irisops.contract.replies import Cell
from irisops.contract.wording import acting, in_line


def values(text: str) -> list[str]:
    return [word.value for word in quoting.split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/grant %SQL to bob", ["/grant", "%SQL", "to", "bob"]),
        ('/grant "my role" to bob', ["/grant", "my role", "to", "bob"]),
        (r"DOMAIN\bob O'Brien", [r"DOMAIN\bob", "O'Brien"]),
        (r'"a \"b\" \\ \u{1b}c"', ['a "b" \\ \x1bc']),
        (r"'a \" b'", [r"a \" b"]),
        ('user="a b" x', ["user=a b", "x"]),
        ('""', [""]),
        ("  ", []),
        (r'"\u{110000}"', [r"\u{110000}"]),
    ],
)
def test_splits_as_people_expect(text: str, expected: list[str]) -> None:
    assert values(text) == expected


def test_a_quoted_word_is_known_as_one() -> None:
    assert [word.quoted for word in quoting.split('to "to" x="to"')] == [False, True, False]


@pytest.mark.parametrize("text", ['"abc', "x 'abc", 'a="b'])
def test_an_open_quote_is_reported_where_it_stands(text: str) -> None:
    with pytest.raises(quoting.UnclosedQuoteError) as caught:
        quoting.split(text)
    assert text[caught.value.position] in "\"'"


@given(st.text(), st.booleans())
def test_a_quoted_value_splits_back_to_itself(value: str, force: bool) -> None:
    assert values(quoting.quote(value, force=force)) == [value]


@given(st.lists(st.text(), min_size=1))
def test_several_quoted_values_stay_apart(wanted: list[str]) -> None:
    assert values(" ".join(quoting.quote(value) for value in wanted)) == wanted


@given(st.text())
def test_quoting_leaves_nothing_unprintable(value: str) -> None:
    assert quoting.quote(value).isprintable()


@given(st.text())
def test_any_text_splits_or_says_which_quote_is_open(text: str) -> None:
    try:
        found = quoting.split(text)
    except quoting.UnclosedQuoteError:
        return
    assert all(0 <= word.start < word.end <= len(text) for word in found)


LITERAL = st.text(alphabet=["\\", "u", "{", "1", "b", "}", "\x1b", "\u0301", "é", "\u3000"])


@given(st.one_of(st.text(), LITERAL))
def test_a_spelled_value_holds_nothing_that_acts_and_is_exactly_itself_again(value: str) -> None:
    spelled = quoting.spelled(value)
    assert not acting(spelled)
    assert spelled == value or quoting.unspelled(spelled) == value


@pytest.mark.parametrize("value", [r"DOMAIN\bob", r"\u{1b}", "山田　太郎", "", "plain"])
def test_a_value_that_needs_no_spelling_is_left_alone(value: str) -> None:
    assert quoting.spelled(value) == value


@pytest.mark.parametrize("value", ["a\u3164", "a\ufe00", "a" + "\u0301" * 9])
def test_a_word_that_holds_what_cannot_be_seen_is_quoted_by_its_numbers(value: str) -> None:
    quoted = quoting.quote(value)
    assert in_line(quoted) == quoted
    assert values(quoted) == [value]


@given(st.text(max_size=40).filter(lambda text: text.isprintable()))
def test_a_row_value_is_one_word_of_the_command_whatever_it_holds(name: str) -> None:
    words = quoting.split(quoting.filled("/user {name}", {"name": name}))
    assert [word.value for word in words] == ["/user", name]


def test_a_list_gives_a_word_per_item() -> None:
    assert quoting.filled("/x {roles} {gone}", {"roles": ["%SQL", "a b"]}) == '/x %SQL "a b" ""'


def test_a_row_may_have_a_command_of_its_own() -> None:
    assert quoting.filled("{!cure}", {"cure": '/revoke "a b" from x'}) == '/revoke "a b" from x'


@pytest.mark.parametrize("cell", ["", None, 7, ["/quit"], "quit", "/quit\n/quit"])
def test_what_is_no_slash_command_is_no_command_of_a_row(cell: Cell) -> None:
    assert quoting.filled("{!cure}", {"cure": cell}) == ""
