"""The source of a class: what is understood of it, and what is refused."""

from __future__ import annotations

import pytest

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
        ("    quit b\n", "    frob b\n", 16, "'frob' is no command"),
        ("    quit b\n}", "    quit b\n", 19, "'ClassMethod' is no command"),
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
