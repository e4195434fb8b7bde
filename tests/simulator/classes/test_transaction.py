"""Rollback of globals, level by level, against a model in plain Python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irisops.simulator.backend import ThrownError, Value
from tests.simulator.classes.instance import Instance

Path = tuple[str, ...]

SUBSCRIPTS = st.lists(st.sampled_from(["1", "2", "a"]), max_size=3).map(tuple)
STEPS = st.one_of(
    st.tuples(st.just("set"), SUBSCRIPTS, st.integers(0, 9)),
    st.tuples(st.just("kill"), SUBSCRIPTS),
    st.tuples(st.sampled_from(["tstart", "tcommit", "trollback", "trollback_one"])),
)


class Globals:
    """One global of an emulated instance, by the operations that a client sends."""

    def __init__(self) -> None:
        self.session = Instance().login(namespace="USER").session

    def do(self, operation: str, path: Path = (), *rest: Value) -> list[Value]:
        return self.session.global_operation(operation, "g", path, rest)

    def tree(self, path: Path = ()) -> dict[Path, Value]:
        """All values at and below a node."""
        found: dict[Path, Value] = {}
        (value,) = self.do("get", path)
        if value is not None:
            found[path] = value
        below = ""
        while True:
            below = str(self.do("order", (*path, below), 3)[0])
            if not below:
                return found
            found |= self.tree((*path, below))


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=20))
def test_levels_take_back_what_was_set_and_killed_in_them(steps: list[tuple[Any, ...]]) -> None:
    real, model = Globals(), dict[Path, Value]()
    saved: list[dict[Path, Value]] = []
    for verb, *arguments in steps:
        if verb == "set":
            path, value = arguments
            real.do("set", path, value)
            model[path] = value
        elif verb == "kill":
            (path,) = arguments
            real.do("kill", path)
            model = {each: value for each, value in model.items() if each[: len(path)] != path}
        else:
            real.do(verb)
            if verb == "tstart":
                saved.append(dict(model))
            elif saved and verb == "trollback":
                model, saved = saved[0], []
            elif saved:
                before = saved.pop()
                model = before if verb == "trollback_one" else model
        assert real.tree() == model
        assert real.do("tlevel") == [len(saved)]


def test_an_increment_is_not_taken_back() -> None:
    real = Globals()
    real.do("tstart")
    real.do("increment", ("n",), 5)
    real.do("trollback")
    assert real.do("get", ("n",)) == [5]


def test_the_end_of_a_connection_takes_globals_back() -> None:
    instance = Instance()
    one, other = (instance.login(namespace="USER").session for _ in range(2))
    one.global_operation("tstart", "", [], [])
    one.global_operation("set", "g", ["x"], ["v"])
    assert other.global_operation("get", "g", ["x"], []) == ["v"]
    one.close(clean=False)
    assert other.global_operation("get", "g", ["x"], []) == [None]
    assert other.global_operation("order", "g", [""], [2]) == ["", None]


def test_levels_have_an_end() -> None:
    real = Globals()
    for _ in range(255):
        real.do("tstart")
    with pytest.raises(ThrownError, match="TRANSACTION LEVEL"):
        real.do("tstart")
    real.do("trollback")
    assert real.do("tlevel") == [0]
