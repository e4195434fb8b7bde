"""CPF merge files: read back by a reader of their own, with the parameters of the facts; nothing is lost in silence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irisops.configuration.cpf_merge import NotQuotableError, merge_file, quoted
from irisops.configuration.kinds import BY_NAME
from irisops.configuration.model import ConfigObject, Configuration, Unread, keyed
from irisops.configuration.values import Value
from tests.configuration import merge_parser
from tests.configuration.worlds import configurations

PATH = "/srv/merge.cpf"
HASH = "ab" * 64 + "," + "cd" * 64 + ",10000,SHA512"


def made(kind: str, name: str, **values: Value) -> ConfigObject:
    """An object with the defaults of its kind, and these values."""
    defaults = {known.name: known.default for known in BY_NAME[kind].readable if known.default is not None}
    return ConfigObject(name, {**defaults, **values})


def of(kind: str, *objects: ConfigObject, version: str = "2025.2") -> Configuration:
    return Configuration({kind: keyed(objects)}, "test", version)


def actions(text: str) -> list[tuple[str, dict[str, str]]]:
    return [(each.verb, each.values) for each in merge_parser.read(text)]


@settings(max_examples=100)
@given(configurations(), st.sampled_from([None, (2021, 1), (2022, 2), (2024, 1), (2026, 1)]))
def test_every_file_is_read_back_with_the_parameters_of_the_facts(
    configuration: Configuration, target: tuple[int, int] | None
) -> None:
    hashes = dict.fromkeys(configuration.of("users"), HASH)
    whole = merge_file(configuration, PATH, target=target, hashes=hashes)
    found = merge_parser.read(whole.text)
    for each in found:
        known = {key.lower() for kind in configuration.kinds for key in configuration.of(kind)}
        name = each.values.get("Namespace") or "/".join(
            each.values[key] for key in merge_parser.ACTIONS[each.verb][0]
        )
        if each.verb == "GrantPrivilege":
            name = f"{name}/{each.values['User']}"
        assert name.lower() in known
    verbs = [each.verb for each in found]
    for verb in verbs:
        if verb.startswith("Create"):
            assert f"Modify{verb.removeprefix('Create')}" in verbs


@settings(max_examples=100)
@given(st.text())
def test_a_quoted_value_is_read_back(value: str) -> None:
    try:
        text = quoted(value)
    except NotQuotableError:
        assert '"' in value or "$$$" in value or "/*" in value or not value.isprintable()
        return
    line = f"[Actions]\nCreateResource:Name=A,Description={text}"
    assert actions(line) == [("CreateResource", {"Name": "A", "Description": value})]


def test_an_object_is_made_and_then_changed_to_all_its_values() -> None:
    role = made("roles", "AppRole", Description="For the app, and more", Resources=("App:U", "%DB_APP:RW"))
    whole = merge_file(of("roles", role), PATH)
    values = {
        "Name": "AppRole",
        "Description": "For the app, and more",
        "Resources": "App:U,%DB_APP:RW",
        "GrantedRoles": "",
        "EscalationOnly": "0",
    }
    assert actions(whole.text) == [("CreateRole", values), ("ModifyRole", values)]
    assert whole.written == 1
    assert whole.left_out == ()
    assert "iris merge INSTANCE /srv/merge.cpf" in whole.text
    assert "messages.log" in whole.text


def test_a_user_without_a_password_is_never_made() -> None:
    whole = merge_file(of("users", made("users", "jane", Roles=("AppRole",))), PATH)
    assert [verb for verb, _ in actions(whole.text)] == ["ModifyUser"]
    assert "\n# CreateUser:Name=jane," in whole.text
    assert any("jane" in each and "password" in each for each in whole.left_out)
    assert "It holds no secrets." in whole.text


def test_a_user_whose_password_was_typed_is_made() -> None:
    whole = merge_file(of("users", made("users", "Jane")), PATH, hashes={"jane": HASH})
    found = actions(whole.text)
    assert [verb for verb, _ in found] == ["CreateUser", "ModifyUser"]
    assert all(values["PasswordHash"] == HASH for _, values in found)
    assert "keep it secret" in whole.text
    assert whole.left_out == ()


@pytest.mark.parametrize(
    "odd", ['say "hello"', "two\nlines", "a\rb", "$$$Macro", "a /* b", "a\x85b", "a\u2028b"]
)
def test_what_cannot_be_quoted_is_left_out_and_named(odd: str) -> None:
    whole = merge_file(of("resources", made("resources", "App", Description=odd)), PATH)
    assert all("Description" not in values for _, values in actions(whole.text))
    assert any("App: Description" in each for each in whole.left_out)
    whole = merge_file(of("resources", made("resources", odd)), PATH)
    assert actions(whole.text) == []
    assert whole.written == 0
    assert any("because of its name" in each for each in whole.left_out)


@pytest.mark.parametrize("odd", ["a;b", "a#b", "https://host"])
def test_what_may_be_taken_for_a_comment_is_quoted_and_to_be_checked(odd: str) -> None:
    whole = merge_file(of("resources", made("resources", "App", Description=odd)), PATH)
    assert actions(whole.text)[0][1]["Description"] == odd
    assert "# - CreateResource App: Description\n" in whole.text


def test_services_events_and_settings_are_only_changed() -> None:
    configuration = Configuration(
        {
            "system": keyed([made("system", "SYSTEM", AuditEnabled=True, AutheEnabled=("password",))]),
            "services": keyed(
                [
                    made(
                        "services",
                        "%Service_Bindings",
                        Enabled=True,
                        AutheEnabled=(),
                        ClientSystems=("10.0.0.1",),
                    )
                ]
            ),
            "audit-events": keyed(
                [
                    made("audit-events", "%System/%Login/LoginFailure", Enabled=True, Description="x"),
                    made("audit-events", "App/Order/Cancel", Enabled=False),
                ]
            ),
        }
    )
    found = actions(merge_file(configuration, PATH).text)
    assert [verb for verb, _ in found] == [
        "ModifySystem",
        "ModifyService",
        "ModifyEvent",
        "CreateEvent",
        "ModifyEvent",
    ]
    assert found[0][1]["AutheEnabled"] == "32"
    assert found[2][1] == {"Source": "%System", "Type": "%Login", "Name": "LoginFailure", "Enabled": "1"}


def test_a_namespace_comes_with_its_mappings() -> None:
    maps = ("A(1):(5) = DATA,5,LOCK", 'B("x") = DATA')
    app = made(
        "namespaces", "APP", Globals="APP", Routines="CODE", MapGlobals=maps, MapPackages=("Lib = LIB",)
    )
    whole = merge_file(of("namespaces", app), PATH)
    found = dict(actions(whole.text))
    assert found["CreateNamespace"] == {
        "Name": "APP",
        "Globals": "APP",
        "Routines": "CODE",
        "TempGlobals": "IRISTEMP",
    }
    assert found["CreateMapGlobal"] == {
        "Name": "A(1):(5)",
        "Namespace": "APP",
        "Database": "DATA",
        "Collation": "5",
        "LockDatabase": "LOCK",
    }
    assert found["ModifyMapPackage"] == {"Name": "Lib", "Namespace": "APP", "Database": "LIB"}
    assert any('the mapping of B("x")' in each for each in whole.left_out)


def test_a_database_is_made_and_only_its_entry_is_changed() -> None:
    here = made("databases", "APP", Directory="/data/app/")
    there = made("databases", "FAR", Directory="/data/far/", Server="ECP1")
    mirrored = made("databases", "MIRRORED", Directory=":mirror:M:X")
    whole = merge_file(of("databases", here, there, mirrored), PATH)
    found = actions(whole.text)
    assert [(verb, "LogicalOnly" in values) for verb, values in found] == [
        ("CreateDatabase", False),
        ("ModifyDatabase", True),
        ("CreateDatabase", True),
        ("ModifyDatabase", True),
    ]
    assert any("MIRRORED" in each for each in whole.left_out)


def test_an_older_version_gets_only_what_it_has() -> None:
    role = made("roles", "App", EscalationOnly=True)
    whole = merge_file(of("roles", role), PATH, target=(2023, 1))
    assert "EscalationOnly" not in actions(whole.text)[0][1]
    assert any("EscalationOnly, which comes with 2024.1" in each for each in whole.left_out)
    client = made(
        "oauth-clients", "app", ClientType="public", SSLConfiguration="s", ServerDefinition="https://a/b"
    )
    assert actions(merge_file(of("oauth-clients", client), PATH).text)
    older = merge_file(of("oauth-clients", client), PATH, target=(2024, 1))
    assert actions(older.text) == []
    assert any("2025.2 and later" in each for each in older.left_out)
    empty = merge_file(of("roles", role), PATH, target=(2021, 1))
    assert "Description" not in actions(empty.text)[0][1]
    assert any("Description, which is empty" in each for each in empty.left_out)


def test_predefined_and_unreadable_objects_are_named() -> None:
    configuration = Configuration(
        {"users": keyed([made("users", "_SYSTEM")])}, unread=(Unread("roles", "No privilege."),)
    )
    whole = merge_file(configuration, PATH)
    assert actions(whole.text) == []
    assert "1 predefined user: every instance has its own." in whole.left_out
    assert "roles could not be read: No privilege." in whole.left_out
    assert "# - roles could not be read: No privilege.\n" in whole.text


def test_the_resource_of_an_own_database_is_written() -> None:
    own, stock = made("resources", "%DB_APP"), made("resources", "%DB_USER")
    whole = merge_file(of("resources", own, stock), PATH)
    assert {values["Name"] for _, values in actions(whole.text)} == {"%DB_APP"}


def test_the_description_of_a_server_can_be_discovered_instead() -> None:
    server = made("oauth-servers", "https://sso.example/Realm", SSLConfiguration="TLS1")
    whole = merge_file(of("oauth-servers", server), PATH)
    assert [verb for verb, _ in actions(whole.text)] == [
        "CreateOAuth2ServerDefinition",
        "ModifyOAuth2ServerDefinition",
    ]
    assert (
        '\n# DiscoverOAuth2Server:IssuerEndpoint="https://sso.example/Realm",SSLConfiguration=TLS1\n'
        in whole.text
    )
    assert any("its metadata" in each for each in whole.left_out)
    assert "# - CreateOAuth2ServerDefinition https://sso.example/Realm: IssuerEndpoint\n" in whole.text


def test_the_mappings_of_user_are_written_and_those_of_the_system_are_not() -> None:
    some = [
        made("namespaces", name, Globals=name, Routines=name, MapPackages=("Lib = LIB",))
        for name in ("USER", "%SYS")
    ]
    found = actions(merge_file(of("namespaces", *some), PATH).text)
    assert {values["Namespace"] for verb, values in found if verb == "CreateMapPackage"} == {"USER"}
