"""Differences: none exactly when the texts are the same, and never none where something is not known."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from irisops.configuration.differences import differences
from irisops.configuration.kinds import BY_NAME
from irisops.configuration.model import ConfigObject, Configuration, Unread
from irisops.configuration.text import TOP, configuration_of, files_of
from tests.configuration.worlds import configurations

CLERK = ConfigObject(
    "Clerk", {"Description": "", "Resources": (), "GrantedRoles": (), "EscalationOnly": False}
)


def known(configuration: Configuration) -> Configuration:
    """The same with all that was not read left out."""
    objects = {
        kind: {key: each for key, each in some.items() if len(each.values) == len(BY_NAME[kind].readable)}
        for kind, some in configuration.objects.items()
    }
    return replace(configuration, objects=objects, unread=(), absent={})


@given(configurations(), configurations())
def test_no_difference_exactly_when_the_texts_are_the_same(one: Configuration, other: Configuration) -> None:
    first = known(one)
    second = replace(known(other), objects={kind: known(other).of(kind) for kind in first.objects})
    left, right = files_of(first), files_of(second)
    same = {path: text for path, text in left.items() if path != TOP} == {
        path: text for path, text in right.items() if path != TOP
    }
    assert (differences(first, second) == []) == same
    assert differences(first, configuration_of(left)) == []


@given(configurations())
def test_what_is_not_known_is_told_on_both_sides(configuration: Configuration) -> None:
    lost = [
        (each.kind, each.name)
        for each in configuration.unread
        if each.property not in configuration.absent.get(each.kind, ())
        and each.name.lower() in configuration.of(each.kind)
    ]
    found = {(each.kind.name, each.name) for each in differences(configuration, configuration)}
    assert {(kind, name.lower()) for kind, name in lost} == {(kind, name.lower()) for kind, name in found}
    assert all(each.what == "unknown" for each in differences(configuration, configuration))


def test_a_kind_that_was_not_read_is_unknown_and_not_empty() -> None:
    have = Configuration({"roles": {"clerk": CLERK}})
    lost = Configuration({"roles": {}}, unread=(Unread("roles", "no privilege"),))
    assert [(each.what, each.name, each.reason) for each in differences(have, lost)] == [
        ("unknown", "", "no privilege")
    ]
    assert [each.what for each in differences(have, Configuration({"roles": {}}))] == ["only first"]


def test_what_comes_with_the_version_is_set_apart_and_what_somebody_made_is_not() -> None:
    """Also where its name begins as those of the vendor do."""

    def side(version: str, **names: list[str]) -> Configuration:
        def made(kind: str, name: str) -> ConfigObject:
            return ConfigObject(name, {"Type": 2} if kind == "applications" else {})

        objects = {kind: {name.lower(): made(kind, name) for name in some} for kind, some in names.items()}
        return Configuration(objects, version=version)

    one = side("2024.1", roles=[], applications=[], resources=[], users=[])
    other = side(
        "2025.2",
        roles=[
            "%SecurityAdministrator",
            "%DB_IRISSYS_READ",
            "IAM_API",
            "%DB_IRISSECURITY",
            "%DB_SHOP",
            "Clerk",
        ],
        applications=["/api/atelier", "/api/monitor/x", "/api/shop", "/csp/sys/sec", "/csp/system"],
        resources=["%DB_IRISSECURITY", "%DB_SHOP", "Ward"],
        users=["IAM", "jane"],
    )
    own = {each.name for each in differences(one, other) if not each.by_version}
    assert own == {"%DB_SHOP", "Clerk", "/api/shop", "/csp/system", "Ward", "jane"}
    assert not any(each.by_version for each in differences(replace(one, version="2025.2"), other))


def test_the_order_of_groups_is_a_difference_and_that_of_sets_of_names_is_none() -> None:
    groups = BY_NAME["applications"].named("MatchRoles")
    roles = BY_NAME["users"].named("Roles")
    assert groups is not None
    assert roles is not None
    assert groups.canonical([":B:A", "X:C", ":a"]) == (":B:A", "X:C")
    assert groups.canonical(["X:C", ":B:A"]) != groups.canonical([":B:A", "X:C"])
    assert roles.canonical(["B", "a"]) == roles.canonical(["a", "B"])


def test_a_property_of_a_later_version_differs_by_version_only() -> None:
    older = Configuration(
        {
            "roles": {
                "clerk": ConfigObject(
                    "Clerk", {k: v for k, v in CLERK.values.items() if k != "EscalationOnly"}
                )
            }
        },
        version="2023.1",
        absent={"roles": ("EscalationOnly",)},
    )
    assert differences(older, Configuration({"roles": {"clerk": CLERK}}, version="2024.1")) == []
    strict = ConfigObject("Clerk", {**CLERK.values, "EscalationOnly": True})
    (found,) = differences(older, Configuration({"roles": {"clerk": strict}}, version="2024.1"))
    assert found.by_version
    assert found.reason == "its version does not have it"
