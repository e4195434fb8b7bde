"""The source of a class: what is accepted and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.objectscript.errors import CompileError
from irisops.simulator.objectscript.source import read_class

CLASS = """
/// What it is for.
Class Test.Tools Extends %RegisteredObject [ Final ]
{

Parameter VERSION = "1.0";

Parameter LIMIT As %Integer = 5;

/// Says "}" and { in a remark.
ClassMethod Add(a As %Integer, b As %Integer = 2, ByRef c As %String) As %Integer [ Internal ]
{
    // a } that does not count
    set x = "}" /* nor { this */
    if a { return a+b }
    quit b
}

ClassMethod Nothing()
{
}

}
"""


def test_a_class_is_its_parameters_and_methods() -> None:
    found = read_class(CLASS.replace("\n", "\r\n"))
    assert (found.name, found.supers) == ("Test.Tools", ("%RegisteredObject",))
    assert found.parameters == {"VERSION": "1.0", "LIMIT": "5"}
    assert list(found.methods) == ["Add", "Nothing"]
    add = found.methods["Add"]
    assert add.formal == "a As %Integer, b As %Integer = 2, ByRef c As %String"
    assert (add.returns, add.line) == ("%Integer", 11)
    assert len(add.statements) == 3
    assert found.methods["Nothing"].statements == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("Class Test.Tools", "Klass Test.Tools", 3, "not of the form: Class"),
        ("[ Final ]", "[ SqlTableName = x ]", 4, "keyword SqlTableName"),
        ("[ Internal ]", "[ Language = python ]", 12, "keyword Language = python"),
        (
            'Parameter VERSION = "1.0";',
            "Property Name As %String;",
            6,
            "'Property' is not in the simulator's",
        ),
        ("ClassMethod Nothing()", "Method Nothing()", 19, "'Method' is not"),
        ("ClassMethod Nothing()", "ClassMethod Add()", 20, "two methods Add"),
        ("    quit b\n", "    frob b\n", 16, "'frob' is not a command"),
        ("    quit b\n}", "    quit b\n", 19, "'ClassMethod' is not a command"),
        ("ClassMethod Nothing()\n{\n}\n\n}\n", "ClassMethod Nothing()\n{\n", 20, "does not end"),
        ("{\n}\n\n}", "{\n}\n\n}\nClass Another {}", 24, "more after its end"),
    ],
)
def test_what_is_not_a_class_of_the_subset(old: str, new: str, line: int, reason: str) -> None:
    assert old in CLASS
    with pytest.raises(CompileError, match=reason) as caught:
        read_class(CLASS.replace(old, new))
    assert abs(caught.value.line - line) <= 1


def test_text_that_is_no_class_at_all() -> None:
    for text in ("", "   ", "<Export/>", "Class A.B {", "}"):
        with pytest.raises(CompileError):
            read_class(text)


HEAD = "Class A.B\n{\nClassMethod C("
LONG = 40_000


@pytest.mark.parametrize(
    "text",
    [
        HEAD + '"' * LONG,
        HEAD + '"" ' * LONG,
        HEAD + ") As X\n{\n" + "/* " * LONG,
        HEAD + ") As X\n{\n" + '"' * LONG + "\n}\n}",
        "Class A.B\n{\n" + "/* " * LONG,
        "Class " + "A." * LONG,
        "Class A.B\n{\nParameter X = " + '""' * LONG,
        " " * LONG + "\n" * LONG,
        HEAD + ")\n{\n" + " set x=" + "1+" * LONG + "\n}\n}",
        HEAD + ")\n{\n" + " set x=" + "(1+" * LONG + "\n}\n}",
        "x" * 600_000,
    ],
    ids=lambda text: repr(text[:44]),
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    """Nothing that takes more than linear time: the test's time limit would end it."""
    with pytest.raises(CompileError):
        read_class(text)


@given(st.lists(st.sampled_from(CLASS.split(" ")), max_size=30))
def test_any_pieces_of_a_class_are_a_class_or_refused(pieces: list[str]) -> None:
    with contextlib.suppress(CompileError):
        assert read_class(" ".join(pieces)).name


@given(st.integers(0, len(CLASS)), st.integers(0, len(CLASS)))
def test_a_class_with_a_hole_is_a_class_or_refused(start: int, end: int) -> None:
    with contextlib.suppress(CompileError):
        assert read_class(CLASS[:start] + CLASS[end:]).name
