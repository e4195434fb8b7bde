"""Operators strictly from left to right, values that are strings and numbers at once, and the functions."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import ThrownError, Value
from irisops.simulator.objectscript.values import collation_key, is_canonical, number, text
from tests.simulator.objectscript.running import FakeHost, value


def fold(left: int, step: tuple[str, int]) -> int:
    """One step of integer arithmetic by the rules of the language."""
    operator, right = step
    return {
        "+": left + right,
        "-": left - right,
        "*": left * right,
        "\\": abs(left) // right * (-1 if left < 0 else 1),
        "#": left % right,
        "=": int(left == right),
        "<": int(left < right),
        ">": int(left > right),
        "&": int(left != 0 and right != 0),
        "!": int(left != 0 or right != 0),
    }[operator]


STEPS = st.lists(
    st.tuples(st.sampled_from("+-*\\#=<>&!"), st.integers(1, 9)), max_size=12
)  # at most 9**13, which 19 digits hold


@given(st.integers(0, 9), STEPS, st.sampled_from(["", " "]))
def test_operators_have_no_precedence(first: int, steps: list[tuple[str, int]], blank: str) -> None:
    written = str(first) + "".join(f"{blank}{operator}{blank}{right}" for operator, right in steps)
    assert value(written) == reduce(fold, steps, first)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("2+3*4", "20"),
        ("2+(3*4)", "14"),
        ("10-2-3", "5"),
        ("-2+3", "1"),
        ("'1=0", "1"),
        ("''5", "1"),
        ("1=1=1", "1"),
        ("7/2", "3.5"),
        ("1/4", ".25"),
        ("-1/4", "-.25"),
        ("-7#3", "2"),
        ("-7\\2", "-3"),
        ("2**10", "1024"),
        ('"12 bottles"+1', "13"),
        ('+"abc"', "0"),
        ('"a"_1+2', "2"),  # ("a"_1)+2
        ('"1.50"=1.5', "0"),
        ('+"1.50"=1.5', "1"),
        ('"say ""hi"""', 'say "hi"'),
        ('"abc"["b"', "1"),
        ('"abc"\'["b"', "0"),
        ('"b"]"a"', "1"),
        ("3'<4", "0"),
        ("3'>4", "1"),
        ('"x"\'="y"', "1"),
        ("1E3+.5", "1000.5"),
        ("0||1", "1"),
        ("1&&0", "0"),
        ("1'&1", "0"),
    ],
)
def test_what_an_expression_is(expression: str, expected: str) -> None:
    assert text(value(expression)) == expected


def test_what_cannot_matter_is_not_looked_at() -> None:
    host = FakeHost(Boom=lambda: pytest.fail("it was called"))
    assert value('0&&##class(A.B).Boom()||"1"', host) == 1
    assert value("1||..Boom()", host) == 1
    with pytest.raises(ThrownError, match=r"<DIVIDE>"):
        value("0&(1/0)")


@pytest.mark.parametrize(
    ("expression", "thrown"),
    [
        ("1/0", "<DIVIDE>"),
        ("1#0", "<DIVIDE>"),
        ("9**999", "<MAXNUMBER>"),
        ("missing", r"<UNDEFINED> \*missing"),
        ('a("x",2)', r'<UNDEFINED> \*a\("x","2"\)'),
        ("..#NONE", r"<PARAMETER DOES NOT EXIST> \*NONE"),
        ('$select(0:1,"":2)', "<SELECT>"),
        ("$case(3,1:1)", "<ILLEGAL VALUE>"),
        ('$zconvert("a","O","HTML")', None),
    ],
)
def test_what_is_thrown(expression: str, thrown: str | None) -> None:
    with pytest.raises(Exception if thrown is None else ThrownError, match=thrown or "takes 2"):
        value(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$piece("a:b:c",":",2)', "b"),
        ('$p("a:b:c",":")', "a"),
        ('$piece("a:b:c",":",2,3)', "b:c"),
        ('$piece("abc",":",2)', ""),
        ('$length("abc")', "3"),
        ('$length("a,b,c",",")', "3"),
        ('$length("",",")', "1"),
        ('$extract("abcdef",2,4)', "bcd"),
        ('$e("abc",9)', ""),
        ('$find("hello","l")', "4"),
        ('$find("hello","z")', "0"),
        ('$translate("a-b-c","-","_")', "a_b_c"),
        ('$tr("a-b-c","-")', "abc"),
        ('$replace("aXbX","X","--")', "a--b--"),
        ('$zconvert("äb","U")', "ÄB"),
        ("$char(72,105)", "Hi"),
        ('$ascii("A")', "65"),
        ('$ascii("")', "-1"),
        ('$reverse("abc")', "cba"),
        ("$justify(7,3)", "  7"),
        ("$zabs(-4)", "4"),
        ('$select(0:"a",1:"b")', "b"),
        ('$case(2,1:"one",2:"two",:"many")', "two"),
        ('$case(9,1:"one",:"many")', "many"),
        ('$get(none,"else")', "else"),
        ("$get(none)", ""),
        ("$data(none)", "0"),
        ("..#LIMIT+1", "8"),
        ("$username", "me"),
    ],
)
def test_functions(expression: str, expected: str) -> None:
    assert text(value(expression)) == expected


@given(st.lists(st.text("ab,:", max_size=4), min_size=1, max_size=6), st.integers(1, 7))
def test_pieces_are_those_of_splitting(parts: list[str], place: int) -> None:
    joined = ";".join(parts)
    assert value("$length(x,d)", x=joined, d=";") == len(parts)
    expected = parts[place - 1] if place <= len(parts) else ""
    assert value("$piece(x,d,n)", x=joined, d=";", n=place) == expected


@given(st.one_of(st.integers(-(10**18), 10**18), st.decimals(-1000, 1000, places=3)))
def test_a_number_is_its_canonical_string(given: int | Decimal) -> None:
    written = text(given)
    assert number(written) == given
    assert written == text(number(written))
    assert is_canonical(written)
    assert not written.endswith((".", ".0"))


@given(st.text(max_size=20))
def test_any_string_counts_as_some_number(given: str) -> None:
    assert isinstance(number(given), int | Decimal)


@given(
    st.lists(st.one_of(st.integers(-50, 50).map(str), st.text("ab0-", min_size=1, max_size=3)), max_size=8)
)
def test_numbers_collate_before_strings(subscripts: list[str]) -> None:
    ordered = sorted(subscripts, key=collation_key)
    kinds = [is_canonical(each) for each in ordered]
    assert kinds == sorted(kinds, reverse=True)
    numbers: list[Value] = [number(each) for each in ordered if is_canonical(each)]
    assert numbers == sorted(numbers, key=lambda each: Decimal(str(each)))
