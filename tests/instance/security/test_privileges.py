"""Privilege resolution against an independent brute-force evaluation on random role graphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irisops.instance.security.permissions import (
    Permission,
    difference,
    format_privileges,
    parse_permission,
)
from irisops.instance.security.privileges import AccessModel, Application, Role, UnknownName, User
from irisops.instance.security.smallest_fix import smallest_fix
from irisops.instance.values import as_privileges

RESOURCES = ["HR", "%DB_USER", "Sales"]
ROLES = ["Clerk", "Reader", "Boss", "%Operator", "Night", "%All"]
ALL_BITS = Permission.R | Permission.W | Permission.U


def brute_force(
    model: AccessModel, roles: Iterable[str], public: Mapping[str, Permission]
) -> dict[str, Permission]:
    """Effective permissions by a fixed point over sets: shares no code with the model."""
    table = {role.name.lower(): role for role in model.roles}
    held = {role.lower() for role in roles}
    while True:
        more = {granted.lower() for name in held if name in table for granted in table[name].granted} | held
        if more == held:
            break
        held = more
    result = {name.lower(): int(permission) for name, permission in public.items()}
    if "%all" in held:
        known = {name.lower() for role in model.roles for name in role.privileges} | set(result)
        return dict.fromkeys(known, ALL_BITS)
    for name in held:
        if name in table:
            for resource, permission in table[name].privileges.items():
                result[resource.lower()] = result.get(resource.lower(), 0) | int(permission)
    return {name: Permission(bits) for name, bits in result.items() if bits}


permissions = st.integers(0, 7).map(Permission)
privilege_tables = st.dictionaries(st.sampled_from(RESOURCES), permissions, max_size=3)
role_lists = st.lists(st.sampled_from([*ROLES, "Dangling"]), max_size=3, unique=True).map(tuple)


@st.composite
def models(draw: st.DrawFn) -> AccessModel:
    """Role graphs with cycles, `%All`, dangling roles, public permissions, application and escalation roles."""
    names = draw(st.lists(st.sampled_from(ROLES), min_size=1, unique=True))
    roles = [
        Role(
            name,
            {} if name == "%All" else draw(privilege_tables),
            draw(role_lists),
            escalation_only=draw(st.booleans()) and name != "%All",
        )
        for name in names
    ]
    users = [
        User(name, draw(role_lists), draw(role_lists), enabled=draw(st.booleans())) for name in ("ann", "Bob")
    ]
    matching = tuple(
        (match, (target,))
        for match, target in draw(
            st.lists(st.tuples(st.sampled_from(ROLES), st.sampled_from(ROLES)), max_size=2)
        )
    )
    applications = [Application("/csp/app", "", draw(role_lists), matching)]
    return AccessModel(users, roles, draw(privilege_tables), applications)


def roles_with_application(model: AccessModel, user: User) -> list[str]:
    """The roles of a user inside /csp/app, computed independently."""
    application = model.applications[0]
    table = {role.name.lower(): role for role in model.roles}
    held = {role.lower() for role in user.roles}
    for _ in range(len(table) + 1):
        held |= {granted.lower() for name in held if name in table for granted in table[name].granted}
    found = [*user.roles, *application.application_roles]
    for match, targets in application.matching:
        if match.lower() in held:
            found += targets
    return found


@settings(max_examples=1000, deadline=None)
@given(
    model=models(),
    resource=st.sampled_from(RESOURCES),
    permission=st.integers(1, 7).map(Permission),
    in_application=st.booleans(),
)
def test_explain_agrees_with_brute_force(
    model: AccessModel, resource: str, permission: Permission, *, in_application: bool
) -> None:
    for user in model.users:
        roles = roles_with_application(model, user) if in_application else list(user.roles)
        held = brute_force(model, roles, model.public)
        has_all = any(_reaches_all(model, role) for role in roles)
        expected = has_all or held.get(resource.lower(), Permission.NONE) & permission == permission
        explanation = model.check(user.name, resource, permission, "/csp/app" if in_application else "")
        assert explanation.allowed == expected
        assert explanation.missing == (
            Permission.NONE if has_all else permission & ~held.get(resource.lower(), Permission.NONE)
        )
        union = Permission.NONE
        for grant in explanation.grants:
            union |= grant.permission
        assert union & permission == permission & ~explanation.missing


@settings(max_examples=1000, deadline=None)
@given(models(), st.sampled_from(RESOURCES), st.integers(1, 7).map(Permission))
def test_smallest_fix_is_sufficient_and_minimal(
    model: AccessModel, resource: str, permission: Permission
) -> None:
    user = model.users[0]
    explanation = model.check(user.name, resource, permission)
    if explanation.allowed:
        return
    fix = smallest_fix(model, user, {resource: explanation.missing})
    usable = [
        role.name for role in model.roles if not role.escalation_only and not _reaches_all(model, role.name)
    ]

    def allowed_with(extra: Iterable[str]) -> bool:
        held = brute_force(model, [*user.roles, *extra], model.public)
        return held.get(resource.lower(), Permission.NONE) & permission == permission

    def size(extra: Iterable[str]) -> int:
        before = brute_force(model, user.roles, model.public)
        after = brute_force(model, [*user.roles, *extra], model.public)
        total = 0
        for name, held in after.items():
            wanted = explanation.missing if name == resource.lower() else Permission.NONE
            total += (held & ~before.get(name, Permission.NONE) & ~wanted).bit_count()
        return total

    if fix.grants:
        assert allowed_with(fix.grants)
        for count in range(len(fix.grants)):
            assert not any(allowed_with(extra) for extra in combinations(usable, count))
        best = min(size(extra) for extra in combinations(usable, len(fix.grants)) if allowed_with(extra))
        assert size(fix.grants) == best
        assert sum(gained.bit_count() for gained in fix.gained.values()) == best
    else:
        assert not any(allowed_with(extra) for count in range(1, 4) for extra in combinations(usable, count))
        assert {name.lower(): bits for name, bits in fix.new_role.items()} == {
            resource.lower(): explanation.missing
        }


@settings(max_examples=500, deadline=None)
@given(models(), st.dictionaries(st.sampled_from(RESOURCES), st.integers(1, 7).map(Permission), min_size=2))
def test_smallest_fix_for_several_resources_is_sufficient_and_minimal(
    model: AccessModel, wanted: dict[str, Permission]
) -> None:
    user = model.users[0]
    missing = {name: model.check(user.name, name, bits).missing for name, bits in wanted.items()}
    missing = {name: bits for name, bits in missing.items() if bits}
    if not missing:
        return
    fix = smallest_fix(model, user, missing)
    usable = [
        role.name for role in model.roles if not role.escalation_only and not _reaches_all(model, role.name)
    ]

    def enough(extra: Iterable[str]) -> bool:
        held = brute_force(model, [*user.roles, *extra], model.public)
        return all(held.get(name.lower(), Permission.NONE) & bits == bits for name, bits in missing.items())

    if fix.grants:
        assert enough(fix.grants)
        assert not any(
            enough(extra) for count in range(len(fix.grants)) for extra in combinations(usable, count)
        )
    else:
        assert not any(
            enough(extra) for count in range(len(usable) + 1) for extra in combinations(usable, count)
        )
        assert fix.new_role == missing


@settings(max_examples=200, deadline=None)
@given(models(), st.sampled_from(RESOURCES), st.integers(1, 7).map(Permission))
def test_who_can_lists_those_whom_explain_allows(
    model: AccessModel, resource: str, permission: Permission
) -> None:
    listed = {user.name: grants for user, grants in model.who_can(resource, permission)}
    for user in model.users:
        explanation = model.check(user.name, resource, permission)
        assert (user.name in listed) == explanation.allowed
        assert listed.get(user.name, explanation.grants) == explanation.grants


def _reaches_all(model: AccessModel, role: str) -> bool:
    table = {item.name.lower(): item for item in model.roles}
    held = {role.lower()}
    for _ in range(len(table) + 1):
        held |= {granted.lower() for name in held if name in table for granted in table[name].granted}
    return "%all" in held


def test_chain_is_the_shortest_and_named_as_written() -> None:
    model = AccessModel(
        [User("ann", ("clerk",))],
        [
            Role("Clerk", {}, ("Middle", "Reader")),
            Role("Middle", {}, ("Reader",)),
            Role("Reader", {"HR": Permission.R}, ("Clerk",)),
        ],
        {"HR": Permission.NONE},
    )
    explanation = model.check("ANN", "hr", Permission.R)
    assert [grant.sentence("HR") for grant in explanation.grants] == [
        "role Clerk → granted role Reader → HR:R"
    ]


def test_public_permission_is_a_path_of_its_own() -> None:
    model = AccessModel([User("ann")], [], {"%DB_USER": Permission.R})
    explanation = model.check("ann", "%DB_USER", Permission.R)
    assert explanation.allowed
    assert [grant.kind for grant in explanation.grants] == ["public"]


def test_escalation_is_told_but_does_not_allow() -> None:
    model = AccessModel(
        [User("ann", (), ("Night",))], [Role("Night", {"HR": Permission.W})], {"HR": Permission.NONE}
    )
    explanation = model.check("ann", "HR", Permission.W)
    assert not explanation.allowed
    assert [grant.chain for grant in explanation.on_escalation] == [("Night",)]


def test_who_can_and_members_follow_granted_roles() -> None:
    model = AccessModel(
        [User("ann", ("Boss",)), User("Bob", ("Reader",)), User("carl")],
        [Role("Boss", {}, ("Reader",)), Role("Reader", {"HR": Permission.R})],
        {"HR": Permission.NONE},
    )
    assert [user.name for user, _ in model.who_can("HR", Permission.R)] == ["ann", "Bob"]
    assert model.members("reader") == [
        (model.users[0], ("Boss", "Reader")),
        (model.users[1], ("Reader",)),
    ]


def test_without_role_takes_it_from_users_and_roles() -> None:
    model = AccessModel(
        [User("ann", ("Boss",), ("reader",))],
        [Role("Boss", {}, ("Reader",)), Role("Reader", {"HR": Permission.R})],
    ).without_role("READER")
    assert model.users[0].escalation_roles == ()
    assert [role.granted for role in model.roles] == [()]
    assert not model.check("ann", "HR", Permission.R).allowed


def test_unknown_names_are_named() -> None:
    model = AccessModel([], [])
    with pytest.raises(UnknownName, match="no user named 'x'"):
        model.effective("x")


@given(st.text(max_size=20))
def test_parse_permission_accepts_or_names_the_word(text: str) -> None:
    try:
        permission = parse_permission(text)
    except ValueError as error:
        assert "permission" in str(error)  # noqa: PT017 - both outcomes are legal, each is checked
    else:
        assert permission
        assert parse_permission(permission.letters) == permission


@pytest.mark.parametrize(
    ("text", "letters"), [("RWU", "RWU"), ("READ,w,U", "RWU"), ("Read,Use", "RU"), ("wr", "RW")]
)
def test_parse_permission_takes_the_documented_forms(text: str, letters: str) -> None:
    assert parse_permission(text).letters == letters


@given(st.dictionaries(st.text("ABC%_", min_size=1, max_size=6), st.integers(1, 7).map(Permission)))
def test_privileges_text_round_trips(table: dict[str, Permission]) -> None:
    held = as_privileges(format_privileges(table))
    assert {name: parse_permission(letters) for name, letters in held} == table


def test_difference_tells_gained_and_lost_bits() -> None:
    change = difference({"HR": Permission.R | Permission.W}, {"hr": Permission.R | Permission.U})
    assert change.gained == {"hr": Permission.U}
    assert change.lost == {"HR": Permission.W}
