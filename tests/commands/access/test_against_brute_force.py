"""/explain, /who-can and /compare as a person sees them, against plain sets on random role graphs and SQL grants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from irisops.contract.replies import Facts, Table
from irisops.instance.models import Role
from irisops.instance.security.lists import Resource
from irisops.instance.security.permissions import Permission, parse_permission
from irisops.instance.security.sqlprivileges import SqlGrant, SqlHoldings
from tests.commands.fakes import World, a_user

RESOURCES = ("HR", "%DB_USER", "Sales")
ROLES = ("Clerk", "Reader", "Boss", "Night", "%All")
USERS = ("ann", "Bob")
OBJECTS = (("TABLE", "A.T"), ("VIEW", "A.V"), ("STORED PROCEDURE", "A.P"), ("SCHEMA", "A"))
ACTIONS = ("SELECT", "INSERT", "EXECUTE")
ADMIN = ("%CREATE_TABLE", "%DROP_VIEW")

letters = st.sets(st.sampled_from("RWU"), min_size=1).map(lambda some: "".join(sorted(some, key="RWU".index)))
tables = st.dictionaries(st.sampled_from(RESOURCES), letters, max_size=3)
role_names = st.lists(st.sampled_from(ROLES), max_size=3, unique=True).map(tuple)
grants = st.sets(st.tuples(st.sampled_from(OBJECTS), st.sampled_from(ACTIONS)), max_size=5)
admin = st.sets(st.sampled_from(ADMIN))


@dataclass(frozen=True)
class Drawn:
    """An instance as plain data. `sql` and `admin` are by user name or the key of a role."""

    roles: dict[str, tuple[dict[str, str], tuple[str, ...]]]
    users: dict[str, tuple[str, ...]]
    public: dict[str, str]
    sql: dict[str, set[tuple[tuple[str, str], str]]]
    admin: dict[str, set[str]]

    def reached(self, roles: Iterable[str]) -> set[str]:
        """By a fixed point; shares no code with the model. In lower case."""
        held = {each.lower() for each in roles}
        table = {name.lower(): granted for name, (_, granted) in self.roles.items()}
        while True:
            more = held | {each.lower() for name in held for each in table.get(name, ())}
            if more == held:
                return held
            held = more

    def held(self, roles: Iterable[str]) -> set[tuple[str, str]]:
        """(resource, letter), public ones included."""
        reached = self.reached(roles)
        if "%all" in reached:
            return {(resource, letter) for resource in RESOURCES for letter in "RWU"}
        found = {(resource, letter) for resource, some in self.public.items() for letter in some}
        for name, (own, _) in self.roles.items():
            if name.lower() in reached:
                found |= {(resource, letter) for resource, some in own.items() for letter in some}
        return found

    def put(self, world: World) -> None:
        """Make it the instance of `world`."""
        instance = world.instance
        instance.all_roles = [
            Role(name, "", tuple(own.items()), granted) for name, (own, granted) in self.roles.items()
        ]
        instance.all_users = [
            *(a_user(name, *roles) for name, roles in self.users.items()),
            a_user("_SYSTEM"),
        ]
        instance.resources = [
            Resource(
                name, "", parse_permission(self.public[name]) if name in self.public else Permission.NONE
            )
            for name in RESOURCES
        ]
        instance.holdings = {
            name: SqlHoldings(
                tuple(
                    SqlGrant(kind, what, action, "Direct") for (kind, what), action in self.sql.get(name, ())
                ),
                tuple(SqlGrant("", "", each, "Direct") for each in self.admin.get(name, ())),
            )
            for name in {*self.sql, *self.admin}
        }


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    names = draw(st.lists(st.sampled_from(ROLES), min_size=1, unique=True))
    known = st.lists(st.sampled_from(names), max_size=3, unique=True).map(tuple)
    holders = [*USERS, *(name.lower() for name in names)]
    return Drawn(
        {name: ({} if name == "%All" else draw(tables), draw(known)) for name in names},
        {name: draw(known) for name in USERS},
        draw(tables),
        {name: draw(grants) for name in holders},
        {name: draw(admin) for name in holders},
    )


examples = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""The fixture's instance is replaced as a whole by each example."""


@examples
@given(drawn(), st.sampled_from(RESOURCES), letters)
async def test_explain_and_who_can_agree(
    connected: World, instance: Drawn, resource: str, asked: str
) -> None:
    instance.put(connected)
    expected = {
        name
        for name, roles in instance.users.items()
        if {(resource, letter) for letter in asked} <= instance.held(roles)
    }
    (table,) = await connected.say(f"/who-can {resource}:{asked}")
    assert isinstance(table, Table)
    assert {str(row["user"]) for row in table.rows} & set(USERS) == expected
    for name in USERS:
        facts = (await connected.say(f"/explain {name} {resource}:{asked}"))[0]
        assert isinstance(facts, Facts)
        assert facts.facts["allowed"] is (name in expected), name


@examples
@given(drawn(), st.sampled_from([("ann", "Bob"), ("ann", "Clerk"), ("Clerk", "Reader"), ("Boss", "Bob")]))
async def test_compare_shows_just_what_differs(
    connected: World, instance: Drawn, names: tuple[str, str]
) -> None:
    if any(name not in instance.users and name not in instance.roles for name in names):
        return
    instance.put(connected)
    (table,) = await connected.say(f"/compare {names[0]} {names[1]}")
    assert isinstance(table, Table)
    roles = [instance.users.get(name, (name,)) for name in names]
    reached = [instance.reached(some) for some in roles]
    supers = ["%all" in some for some in reached]
    shown = _rows(table)

    assert {name.lower() for kind, name in shown if kind == "role"} == reached[0] ^ reached[1]

    privileges = {name: cells for (kind, name), cells in shown.items() if kind == "privilege"}
    if any(supers):
        assert set(privileges) == (set() if all(supers) else {"all resources"})
    else:
        held = [instance.held(some) for some in roles]
        assert privileges == _differences({name: _letters(held, name) for name in RESOURCES})

    sql = {name: cells for (kind, name), cells in shown.items() if kind in ("sql", "sql admin")}
    if any(supers):
        assert sql == {}
        return
    holders = [{name} if name in instance.users else some for name, some in zip(names, reached, strict=True)]
    objects = [{each for holder in some for each in instance.sql.get(holder, ())} for some in holders]
    rights = [{each for holder in some for each in instance.admin.get(holder, ())} for some in holders]
    cells = {
        f"{kind.lower()} {what}": _pair(
            ", ".join(sorted(action for action in ACTIONS if ((kind, what), action) in side))
            for side in objects
        )
        for kind, what in OBJECTS
    }
    cells |= {each: _pair("yes" if each in side else "" for side in rights) for each in ADMIN}
    assert sql == _differences(cells)


def _rows(table: Table) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (str(row["kind"]), str(row["name"])): (str(row["first"]), str(row["second"])) for row in table.rows
    }


def _letters(held: list[set[tuple[str, str]]], resource: str) -> tuple[str, str]:
    return _pair("".join(each for each in "RWU" if (resource, each) in side) for side in held)


def _pair(texts: Iterable[str]) -> tuple[str, str]:
    first, second = (text or "–" for text in texts)
    return first, second


def _differences(cells: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {name: pair for name, pair in cells.items() if pair[0] != pair[1]}
