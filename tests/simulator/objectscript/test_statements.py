"""Commands, blocks, loops, arrays and calls."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.simulator.backend import ThrownError
from irisops.simulator.objectscript.errors import CompileError
from irisops.simulator.objectscript.parser import parse
from irisops.simulator.objectscript.variables import Node
from tests.simulator.objectscript.running import FakeHost, result

WALK = """
set a(10)=1, a(9)=1, a("b")=1, k="", o=""
for { set k=$order(a(k)) quit:k=""  set o=o_k }
quit o
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('set x="a" set y="b" quit x_y', "ab"),
        ("SET x=1,y=2\n QUIT x+y", 3),
        ("set (x,y)=4 return x*y", 16),
        ("set:0 x=1  quit $get(x,5)", 5),
        ("quit:1 7\n quit 8", 7),
        ("quit:1=2 7  quit 8", 8),
        ("quit:(1 = 1) 7", 7),
        ('if 0 { quit 1 } elseif 1 { quit 2 } else { quit 3 }', 2),
        ('if 0 { quit 1 }\nelse { quit 3 }', 3),
        ("set n=0 for i=1:1:4 { set n=n+i } quit n", 10),
        ("set n=0 for i=10:-3:1 { set n=n_i } quit n", "010741"),
        ('set n="" for i="a",3,"z" { set n=n_i } quit n', "a3z"),
        ("set n=0 for { set n=n+1 quit:n>5 } quit n", 6),
        ("set n=0 for i=1:1 { if i=3 { continue } set n=n+i quit:i=5  } quit n", 12),
        ("set n=0 while n<7 { set n=n+2 } quit n", 8),
        ("for i=1:1:9 { for j=1:1:9 { return:j=3 i_j } }", "13"),
        ("for i=1:1:5 { } quit i", 5),
        ("for i=5:1:1 { } quit $data(i)", 0),
        ('set x="a,b,c",$piece(x,",",2)="B" quit x', "a,B,c"),
        ('set $piece(x,":",3)="z" quit x', "::z"),
        ('set a("x",1)=5,a("x")=3 kill a("x",1) quit $data(a)_$data(a("x"))_$data(a("x",1))', "1010"),
        (WALK, "910b"),
        ('set a(1)=1,a(2)=1 quit $order(a(""),-1)', "2"),
        ("quit $increment(n)+$increment(n,5)", 7),
        ("; a remark\n // another\n /* and\n one */ quit 1 // end", 1),
        ("set x=1", ""),
        ("quit", ""),
    ],
)  # fmt: skip
def test_what_code_returns(code: str, expected: str | int) -> None:
    assert result(code) == expected


@given(st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=8))
def test_a_list_is_walked_by_its_pieces(names: list[str]) -> None:
    code = 'set out="" for i=1:1:$length(list,",") { set $piece(out,"^",i)=$piece(list,",",i) } quit out'
    assert result(code, list=",".join(names)) == "^".join(names)


def test_the_namespace_comes_back_whatever_happens() -> None:
    host = FakeHost()
    assert result('new $namespace set $namespace="%SYS" quit $namespace', host) == "%SYS"
    assert host.namespace == "USER"
    with pytest.raises(ThrownError, match="<DIVIDE>"):
        result('new $namespace\n set $namespace="%SYS"\n set x=1/0', host)
    assert host.namespace == "USER"
    result('set $namespace="%SYS"', host)  # without NEW it stays
    assert host.namespace == "%SYS"


def test_an_array_goes_by_reference_with_all_its_nodes() -> None:
    def fill(name: object, array: object) -> int:
        assert isinstance(array, Node)
        array.make(["Resources"]).value = f"{name}:RW"
        array.make(["kept"]).kill()
        return 1

    host = FakeHost(Get=fill)
    code = 'set p("kept")=1 set sc=##class(Security.Roles).Get("A",.p) quit p("Resources")_$data(p("kept"))'
    assert result(code, host) == "A:RW0"
    assert host.calls[0][:2] == ("Security.Roles", "Get")


def test_calls_reach_the_host_as_they_are_written() -> None:
    host = FakeHost(DeleteSession=lambda identifier: f"0 {identifier}")
    code = (
        'do ..Own(1,,"x") do $SYSTEM.OBJ.ShowFlags() do Run^ROUTINE quit $$DeleteSession^%SYS.cspServer(id)'
    )
    host.functions["Run"] = lambda: ""
    assert result(code, host, id="abc") == "0 abc"
    assert host.calls == [
        ("", "Own", [1, None, "x"]),
        ("%SYSTEM.OBJ", "ShowFlags", []),
        ("Run", "ROUTINE", []),
        ("DeleteSession", "%SYS.cspServer", ["abc"]),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "for { }",
        "while 1 { }",
        'set x="x" for i=1:1:40 { set x=x_x }',
        "for i=1:1:9999999 { set a(i)=i }",
        'set x=$justify("",100000),y=x' + "_x" * 30_000,
        'set x=$justify("",3000000) set y=' + "+$reverse(x)" * 30_000,
    ],
    ids=lambda code: str(code)[:24],
)
def test_code_that_does_not_end_is_stopped(code: str) -> None:
    with pytest.raises(ThrownError, match=r"<INTERRUPT>|<MAXSTRING>"):
        result(code)


@pytest.mark.parametrize(
    ("code", "line", "reason"),
    [
        ("write 1", 1, "not a command"),
        ("set x=1\n\nfrob x", 3, "not a command"),
        ("set x", 1, "'=' is expected"),
        ("set x=", 1, "an operand is expected"),
        ("merge ^x=y", 1, "MERGE of globals"),
        ("job ..Run()", 1, "JOB runs a class method"),
        ("job ##class(A.B).Run(.x)", 1, "JOB runs a class method"),
        ("try { set x=1 } set y=1", 1, "CATCH is expected"),
        ("quit $$$OK", 1, "macros"),
        ("&sql(SELECT 1)", 1, "embedded SQL"),
        ("if x quit", 1, "a block"),
        ("for i=1:1:3 set x=1", 1, "a block"),
        ("for i=1:1:3 { quit i }", 1, "use RETURN"),
        ("continue", 1, "outside a loop"),
        ("new x", 1, "NEW takes only"),
        ("set x=y.Name", 1, "objects"),
        ("do ##class(A.B).%New().Run()", 1, "objects"),
        ("quit ..Name", 1, "properties"),
        ("quit $zfrob(1)", 1, r"\$zfrob"),
        ("quit $ztimestamp", 1, r"\$ztimestamp"),
        ("quit $piece(1)", 1, "takes 2 to 4"),
        ("quit $get(1)", 1, "a variable"),
        ('set x="abc', 1, "does not end"),
        ("if 1 {\nset x=1", 1, "does not end"),
        ("set x=1 }", 1, "not a command"),
        ("set x=" + "(" * 999 + "1" + ")" * 999, 1, "too deeply"),
        ("set x=" + "-" * 999 + "1", 1, "too many signs"),
        ("if 1 {" * 200 + "}" * 200, 1, "too deeply"),
        ("set", 1, "needs arguments"),
        ("quit ¬", 1, "not understood"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_not_in_the_subset_is_refused_with_its_line(code: str, line: int, reason: str) -> None:
    with pytest.raises(CompileError, match=reason) as caught:
        parse(code)
    assert caught.value.line == line


@given(st.text(alphabet='setquifor x1=+-"(){},.:;$#^%\n', max_size=60))
def test_any_text_is_code_or_refused(code: str) -> None:
    """Nothing but CompileError, however wrong the text is."""
    with contextlib.suppress(CompileError):
        assert isinstance(parse(code), tuple)


def test_globals_are_set_read_walked_and_killed() -> None:
    code = """
    set ^IRIS.Temp.X(1,"b")=2,^IRIS.Temp.X(1,"a")=1,^IRIS.Temp.X=0
    set names=$order(^IRIS.Temp.X(1,""))_$order(^IRIS.Temp.X(1,"a"))_$order(^IRIS.Temp.X(1,""),-1)
    set told=names_$get(^IRIS.Temp.X(1,"a"))_$get(^IRIS.Temp.X(9),"-")_$data(^IRIS.Temp.X)_$increment(^IRIS.Temp.X)
    kill ^IRIS.Temp.X(1)
    quit told_$data(^IRIS.Temp.X)
    """
    assert result(code) == "abb1-1111"
    with pytest.raises(ThrownError, match=r"<UNDEFINED> \*\^x"):
        result("quit ^x(1)")


def test_merge_copies_all_that_is_below() -> None:
    assert (
        result('set a(1)=1,a(1,"x")=2 merge b=a(1) merge b("y")=a kill a quit b_b("x")_b("y",1)_$data(a)')
        == "1210"
    )
    assert result("merge b=nothing quit $data(b)") == 0


def test_an_error_in_try_is_caught_with_its_text() -> None:
    assert result("try { set x=nosuch set x=1 } catch { quit $zerror } quit 2") == "<UNDEFINED> *nosuch"
    assert result("try { quit 1 } catch { quit 2 }") == 1


def test_job_starts_a_method_with_values() -> None:
    host = FakeHost()
    result('set x=2 job ##class(A.B).Run("a",x,) job:0 ##class(A.B).Never()', host)
    assert host.jobs == [("A.B", "Run", ["a", 2, None])]
