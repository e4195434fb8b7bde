"""A configuration as code: the Python program runs against an instance, ObjectScript holds all values and no secret."""

from __future__ import annotations

import ast
import asyncio
import re
import sys
from datetime import date

from hypothesis import given, settings

from irisops.commands.configuration.as_calls import objectscript_file, python_file
from irisops.configuration.kinds import BY_NAME
from irisops.configuration.model import ConfigObject, Configuration, keyed
from irisops.configuration.predefined import predefined
from irisops.configuration.values import Value
from irisops.simulator.world.model import Permission
from tests.configuration.worlds import configurations
from tests.instance.served import PASSWORD, USER, serve

NEW = "Geheim-12345"


def made(kind: str, name: str, **values: Value) -> ConfigObject:
    defaults = {known.name: known.default for known in BY_NAME[kind].readable if known.default is not None}
    return ConfigObject(name, {**defaults, **values})


CONFIGURATION = Configuration(
    {
        "resources": keyed([made("resources", "App", Description='the "app"', PublicPermission="R")]),
        "roles": keyed(
            [
                made(
                    "roles",
                    "AppRole",
                    Description="one\ntwo",
                    Resources=("%DB_USER:RW", "App:U"),
                    GrantedRoles=("%SQL",),
                )
            ]
        ),
        "users": keyed(
            [made("users", "jane", FullName="Jané", Roles=("AppRole",), ExpirationDate="2031-05-06")]
        ),
        "services": keyed(
            [ConfigObject("%Service_Terminal", {"Enabled": False, "AutheEnabled": ("password", "ldap")})]
        ),
        "audit-events": keyed([made("audit-events", "App/Order/Cancel", Description="d", Enabled=False)]),
        "system": keyed([ConfigObject("SYSTEM", {"InactiveLimit": 77, "AuditEnabled": True})]),
        "sql-privileges": keyed(
            [
                made(
                    "sql-privileges",
                    "USER/AppRole",
                    Privileges=("SELECT ON TABLE A.B WITH GRANT OPTION", "x"),
                )
            ]
        ),
        "tls": keyed([ConfigObject("client", {"Enabled": True, "PrivateKeyFile": "/k"})]),
    },
    "test",
    "2025.2",
)


async def test_the_python_program_brings_the_configuration_about() -> None:
    whole = python_file(CONFIGURATION)
    async with serve() as served:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "ignore",
            "-c",
            whole.text,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # without a terminal, so that passwords are read from standard input
        )
        typed = f"127.0.0.1\n{served.server.port}\n{USER}\n{PASSWORD}\n{NEW}\n"
        _, errors = await process.communicate(typed.encode())
        assert process.returncode == 0, errors.decode()
        tables = served.world.tables
        role = tables.roles.get("AppRole")
        assert role is not None
        assert role.description == "one\ntwo"
        assert role.resources == {"%DB_USER": Permission.READ | Permission.WRITE, "App": Permission.USE}
        assert role.granted_roles == ["%SQL"]
        resource = tables.resources.get("App")
        assert resource is not None
        assert (resource.description, resource.public) == ('the "app"', Permission.READ)
        jane = served.user("jane")
        assert (jane.full_name, jane.roles) == ("Jané", ["AppRole"])
        assert jane.expiration_date == date(2031, 5, 6)
        service = served.world.services.get("%Service_Terminal")
        assert service is not None
        assert (service.enabled, service.authe_enabled) == (False, 2080)
        (grant,) = served.runtime.emulation.sql_privileges.of("AppRole")
        assert (grant.namespace, grant.schema, grant.name, grant.action) == ("USER", "A", "B", "s")
        assert grant.grantable
    assert any("client: Python has no way" in each for each in whole.left_out)
    assert any("AppRole: x, as no public source" in each for each in whole.left_out)


@settings(max_examples=50)
@given(configurations())
def test_every_python_program_compiles_and_every_object_is_written_or_named(
    configuration: Configuration,
) -> None:
    whole = python_file(configuration)
    ast.parse(whole.text)
    for kind in configuration.kinds:
        for each in configuration.of(kind).values():
            shown = [line for line in whole.text.split("\n") if line.startswith("#")]
            assert predefined(kind, each.name, each.values) or any(
                line.startswith((f"# {BY_NAME[kind].noun} ", "# Left out")) for line in shown
            )


@settings(max_examples=50)
@given(configurations())
def test_every_line_of_objectscript_is_one_line_of_closed_literals(configuration: Configuration) -> None:
    for line in objectscript_file(configuration).text.split("\n"):
        assert line.startswith("//") or line.count('"') % 2 == 0
        assert line.isprintable()
        bare = re.sub(r'"(?:[^"]|"")*"', "", "" if line.startswith("//") else line)
        assert bare.count("{") == bare.count("}")


def test_objectscript_holds_each_value_and_asks_for_passwords() -> None:
    whole = objectscript_file(CONFIGURATION)
    lines = whole.text.split("\n")
    for wanted in (
        'set $namespace = "%SYS"',
        'set p("Description") = "the ""app"""',
        'set p("Description") = "one"_$char(10)_"two"',
        'set p("AutheEnabled") = 2080',
        'set p("ExpirationDate") = "2031-05-06"',
        'set status = ##class(Security.System).Modify("SYSTEM", .p)',
        '// set password("jane") = ""',
        'set p("PrivateKeyFile") = "/k"',
        'set status = $system.SQL.Security.GrantPrivilegeWithGrant("SELECT", "A.B", "Table", "AppRole")',
    ):
        assert wanted in lines
    assert any(
        '##class(Security.Roles).Create("AppRole", "one"_$char(10)_"two", "%DB_USER:RW,App:U"' in each
        for each in lines
    )
    assert any('##class(Security.Events).Exists("App", "Order", "Cancel")' in each for each in lines)
    assert any("client: password of the private key, a secret" in each for each in whole.left_out)
    assert whole.written == 8


def test_oauth_is_made_by_the_calls_that_its_classes_have() -> None:
    server = made("oauth-servers", "https://sso.example/Realm", SSLConfiguration="TLS1")
    client = made("oauth-clients", "Portal", ServerDefinition="https://sso.example/Realm")
    kinds = {"oauth-servers": keyed([server]), "oauth-clients": keyed([client])}
    text = objectscript_file(Configuration(kinds, "test", "2025.2")).text
    assert '$isobject(##class(OAuth2.ServerDefinition).OpenByIssuer("https://sso.example/Realm"))' in text
    assert (
        '$isobject(##class(OAuth2.Client).Open("Portal")): ##class(OAuth2.Client).Modify("Portal", .p)'
        in text
    )
    for version in ("2024.1", ""):
        whole = objectscript_file(Configuration(kinds, "test", version))
        assert whole.written == 0
        assert any(
            "OAuth 2.0 client Portal: its class has a Create since 2025.2" in each for each in whole.left_out
        )


def test_the_mappings_of_a_namespace_are_calls() -> None:
    app = made("namespaces", "APP", Globals="A", Routines="B", MapGlobals=('X("a") = LIB,5',))
    lines = objectscript_file(Configuration({"namespaces": keyed([app])})).text.split("\n")
    call = 'Config.MapGlobals).Create("APP", "X(""a"")", .p)'
    assert any(call in each for each in lines)
    assert 'set p("Collation") = "5"' in lines
