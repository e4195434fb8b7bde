from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.profiles.discovery import jsonc

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 2]))
def test_reads_what_json_reads(value: object, indent: int | None) -> None:
    assert jsonc.loads(json.dumps(value, indent=indent)) == value
    assert jsonc.loads(json.dumps(value, indent=indent, ensure_ascii=False)) == value


@given(VALUES)
def test_comments_and_trailing_commas_change_nothing(value: object) -> None:
    text = json.dumps([value, {"a": value}], indent=1)
    decorated = '// head, " { \n' + text.replace("\n}", ", /* last, */\n}").replace("\n]", " // x, ]\n ,\n]")
    if "{}" not in text and "[]" not in text:
        assert jsonc.loads(decorated) == [value, {"a": value}]


def test_marks_inside_strings_stay() -> None:
    text = '{"url": "http://x/*y*/", "comma": ",}", "quote": "\\"//\\"",}'
    assert jsonc.loads(text) == {"url": "http://x/*y*/", "comma": ",}", "quote": '"//"'}


@pytest.mark.parametrize("text", ["", "{", "[1,,2]", "[,]", '{"a" 1}', "/* never closed", '"a\nb"', "{} {}"])
def test_what_is_no_json_stays_an_error(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        jsonc.loads(text)
