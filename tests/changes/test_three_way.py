from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from irisops.changes.editor import difference_table, merge
from irisops.commands.accounts.kinds import USER
from irisops.instance.security.object_state import FieldValue, ObjectState, same

NAMES = st.lists(st.sampled_from(["A", "B", "C", "D"]), unique=True).map(tuple)
FIELDS = st.fixed_dictionaries(
    {"full_name": st.sampled_from(["", "x", "y", "z"]), "enabled": st.booleans(), "roles": NAMES}
)


def state(fields: dict[str, FieldValue]) -> ObjectState:
    return ObjectState("user", "bob", fields)


def names(fields: dict[str, FieldValue]) -> set[str]:
    return set(state(fields).names("roles"))


@given(FIELDS, FIELDS, FIELDS)
def test_nothing_of_anybody_is_lost_but_for_conflicts_that_are_told(
    base: dict[str, FieldValue], now: dict[str, FieldValue], entered: dict[str, FieldValue]
) -> None:
    merged = merge(USER, state(base), state(now), entered)
    after = {**now, **merged.mine}
    for name, was in base.items():
        mine, theirs = not same(was, entered[name]), not same(was, now[name])
        if name in merged.conflicts:
            assert mine
            assert theirs
            assert not same(entered[name], now[name])
        elif name == "roles":
            continue
        elif mine:
            assert same(after[name], entered[name])
        else:
            assert same(after[name], now[name])
    old, there, wanted, result = (names(each) for each in (base, now, entered, after))
    assert result == (there | (wanted - old)) - (old - wanted)


@given(FIELDS, FIELDS)
def test_alone_what_was_entered_is_what_is_written(
    base: dict[str, FieldValue], entered: dict[str, FieldValue]
) -> None:
    merged = merge(USER, state(base), state(base), entered)
    assert not merged.conflicts
    assert not merged.theirs
    assert all(same({**base, **merged.mine}[name], entered[name]) for name in base)


def test_the_table_shows_the_three_ways() -> None:
    base: dict[str, FieldValue] = {"full_name": "a", "enabled": True, "roles": ("A",)}
    now = base | {"full_name": "b"}
    table = difference_table(USER, state(base), state(now), base | {"enabled": False})
    assert table.rows == [
        {"field": "full name", "loaded": "a", "now": "b", "yours": "a"},
        {"field": "enabled", "loaded": "yes", "now": "yes", "yours": "no"},
    ]
