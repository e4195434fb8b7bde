"""What other tools wrote, as a configuration: config-api documents and XML exports; odd files are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irisops.configuration.config_api_json import config_api
from irisops.configuration.imported import MOST, ImportProblem
from irisops.configuration.model import Configuration
from irisops.configuration.security_export_xml import security_export

DOCUMENT: dict[str, Any] = {
    "Defaults": {"DBDIR": "/data/", "DBAPP": "${DBDIR}app/", "WEBDIR": "${CSPDIR}app/"},
    "SYS.Databases": {"${DBAPP}": {"ExpansionSize": 128}},
    "Databases": {"APP": {"Directory": "${DBAPP}"}},
    "Namespaces": {"APP": {"Globals": "APP", "Routines": "APP"}},
    "MapGlobals": {
        "app": [{"Name": "Shared(1)", "Database": "LIB"}],
        "OTHER": [{"Name": "X", "Database": "Y"}],
    },
    "Security.Applications": {
        "/csp/app": {
            "NameSpace": "APP",
            "Enabled": "1",
            "AutheEnabled": "96",
            "ServeFiles": 2,
            "Path": "${WEBDIR}",
        }
    },
    "Security.Roles": {"AppRole": {"Resources": "%DB_APP:WR,App:U", "GrantedRoles": "%SQL"}},
    "Security.Resources": {"App": {"PublicPermission": "3", "Type": 4}},
    "Security.Users": {"jane": {"Roles": "AppRole", "Password": "canary-1", "ExpirationDate": "2027-01-31"}},
    "Security.System": {"AuditEnabled": 1, "PasswordPattern": "8.128ANP"},
    "Journal": {"FreezeOnError": 1},
}


def read(document: object) -> tuple[Configuration, str]:
    """The configuration and the notes in one text."""
    made = config_api(json.dumps(document).encode(), "config.json")
    return made.configuration, " ".join(made.notes)


def test_a_document_of_config_api_is_read() -> None:
    found, notes = read(DOCUMENT)
    assert found.of("applications")["/csp/app"].values == {
        "NameSpace": "APP",
        "Enabled": True,
        "AutheEnabled": ("password", "unauthenticated"),
        "ServeFiles": "Always and cached",
    }
    assert "${CSPDIR}" in found.why_unknown("applications", "/csp/app", "Path")
    assert found.of("roles")["approle"].values == {
        "Resources": ("%DB_APP:RW", "App:U"),
        "GrantedRoles": ("%SQL",),
    }
    assert found.of("resources")["app"].values == {"PublicPermission": "RW"}
    assert found.of("users")["jane"].values == {"Roles": ("AppRole",), "ExpirationDate": "2027-01-31"}
    assert found.of("databases")["app"].values == {"Directory": "/data/app/"}
    assert found.of("namespaces")["app"].values["MapGlobals"] == ("Shared(1) = LIB",)
    assert found.of("namespaces")["app"].values["Globals"] == "APP"
    assert set(found.of("namespaces")) == {"app", "other"}
    assert found.of("system")["system"].values == {"AuditEnabled": True, "PasswordPattern": "8.128ANP"}
    assert found.why_unknown("users", "jane", "Comment")
    assert found.why_unknown("users")
    assert "canary-1" not in f"{found}{notes}"
    assert "1 secrets or hashes" in notes
    assert "SYS.Databases" in notes
    assert "Journal" in notes


@pytest.mark.parametrize(
    ("service", "name", "properties", "said"),
    [
        ("Security.Applications", "/a", {"AuthEnabled": "64"}, "Did you mean AutheEnabled?"),
        ("Security.Applications", "/a", {"DispatchClas": "X"}, "Did you mean DispatchClass?"),
        ("Security.Users", "jane", {"Roles": ["%All"]}, "must be text or a number"),
        ("Security.Users", "jane", {"Enabled": "maybe"}, "must be 0 or 1"),
        ("Security.Users", "jane", {"ExpirationDate": "tomorrow"}, "must be a date"),
        ("Security.Applications", "/a", {"AutheEnabled": "9" * 400}, "must be a number"),
        ("Security.Roles", "r", {"Resources": "App"}, "RESOURCE:RW"),
        ("Security.Roles", "r", ["x"], "is no object"),
        ("MapGlobals", "USER", [{"Name": "X"}], "no database"),
        ("MapGlobals", "USER", {"X": "Y"}, "is no object"),
    ],
)
def test_what_config_api_would_pass_over_is_refused(
    service: str, name: str, properties: object, said: str
) -> None:
    with pytest.raises(ImportProblem, match=said.replace("?", r"\?")):
        read({service: {name: properties}})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"Journal": {}}',
        b'{"Security.Users": []}',
        b"\xff\xfe\x00",
        b'{"Security.Users": {"a": {"Comment": "\\ud800"}}}',
        b"[" * 100_000,
        b'{"Security.Users": {"a": {}, "A": {}}}',
        b'{"Defaults": {"A": "${B}", "B": "${A}"}, "Security.Users": {"${A}": {}}}',
    ],
)
def test_a_file_that_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(ImportProblem):
        config_api(data, "x")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.dictionaries(
    st.sampled_from(["Security.Users", "Security.System", "MapGlobals", "Defaults", "Name", "Roles", "${A}", ""]), some
) | st.lists(some, max_size=3), max_leaves=12))  # fmt: skip
def test_any_json_is_read_or_refused(document: object) -> None:
    said = "."
    try:
        read(document)
    except ImportProblem as problem:
        said = str(problem)
    assert said.endswith((".", "?"))


def xml(body: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def test_an_export_of_all_security_settings_is_read() -> None:
    made = security_export(
        xml(
            """<SecurityExport>
<SystemExport><System><Name>SYSTEM</Name><AuditEnabled>true</AuditEnabled><SMTPPassword>canary-2</SMTPPassword>
<AutheEnabled>48</AutheEnabled><PasswordHashAlgorithm>SHA512</PasswordHashAlgorithm><Version>4</Version></System>
</SystemExport>
<UsersExport><Users><Name>jane</Name><Enabled>true</Enabled><FullName>Jane &amp; &lt;Co&gt;</FullName>
<Password>canary-3</Password><Salt>canary-4</Salt><HOTPKey>canary-5</HOTPKey>
<PasswordHashAlgorithm>SHA512</PasswordHashAlgorithm>
<Roles><RolesItem>%SQL</RolesItem><RolesItem>AppRole</RolesItem></Roles><Flags>1</Flags><Version>2</Version></Users>
</UsersExport>
<RolesExport><Roles><Name>AppRole</Name><Resources><Resource><Name>App</Name><Permission>4</Permission></Resource>
<Resource><Name>%DB_APP</Name><Permission>3</Permission></Resource></Resources></Roles></RolesExport>
<ResourcesExport><Resources><Name>App</Name><PublicPermission>1</PublicPermission></Resources></ResourcesExport>
<EventsExport><Events><Source>App</Source><Type>Order</Type><Name>Cancel</Name><Enabled>false</Enabled></Events>
</EventsExport>
<SQLPrivilegesExport><SQLPrivileges><Grantee>jane</Grantee></SQLPrivileges></SQLPrivilegesExport>
</SecurityExport>"""
        ),
        "SecurityExport.xml",
    )
    found = made.configuration
    system = found.of("system")["system"]
    assert system.values["AutheEnabled"] == ("os", "password")
    assert system.values["PasswordHashAlgorithm"] == "SHA512"
    jane = found.of("users")["jane"].values
    assert jane["Roles"] == ("%SQL", "AppRole")
    assert jane["FullName"] == "Jane & <Co>"
    assert jane["Comment"] == ""
    assert "PasswordNeverExpires" not in jane
    assert found.why_unknown("users", "jane", "PasswordNeverExpires")
    assert found.of("roles")["approle"].values["Resources"] == ("%DB_APP:RW", "App:U")
    assert found.of("resources")["app"].values["PublicPermission"] == "R"
    assert found.of("audit-events")["app/order/cancel"].values["Enabled"] is False
    assert "canary" not in f"{made}"
    assert any("SQLPrivileges" in note for note in made.notes)
    assert any("5 secrets or hashes" in note for note in made.notes)


def test_an_export_of_one_class_is_read() -> None:
    made = security_export(
        xml(
            "<ApplicationsExport><Applications><AutheEnabled>32</AutheEnabled><Name>/csp/a</Name>"
            "<NameSpace>USER</NameSpace><Recurse>true</Recurse><HyperEvent>0</HyperEvent><UseCookies>2</UseCookies>"
            "<WSGIType>1</WSGIType><Version>3</Version></Applications></ApplicationsExport>"
        ),
        "a.xml",
    )
    app = made.configuration.of("applications")["/csp/a"].values
    assert (app["AutheEnabled"], app["UseCookies"], app["WSGIType"]) == (("password",), "Always", "WSGI")
    assert made.configuration.kinds == ("applications",)
    assert any("HyperEvent of web applications" in note for note in made.notes)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]><UsersExport/>', "document type"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><UsersExport/>', "document type"),
        ("<UsersExport>&a;</UsersExport>", "no XML"),
        ("<UsersExport>", "no XML"),
        ("<html/>", "not an export"),
        ("<UsersExport><Users><Comment>x</Comment></Users></UsersExport>", "has no name"),
        (
            "<UsersExport><Users><Name>a</Name><Enabled>maybe</Enabled></Users></UsersExport>",
            "must be 0 or 1",
        ),
        ("<UsersExport>" + "<Users><Name>a</Name></Users>" * 2 + "</UsersExport>", "two objects"),
        ("<UsersExport>" + "<a>" * 50 + "</a>" * 50 + "</UsersExport>", "nests deeper"),
    ],
)
def test_an_xml_file_that_is_no_export_is_refused(body: str, said: str) -> None:
    with pytest.raises(ImportProblem, match=said):
        security_export(xml(body), "x.xml")


def test_a_file_too_large_is_refused() -> None:
    for read_it in (config_api, security_export):
        with pytest.raises(ImportProblem, match="more than"):
            read_it(b" " * (MOST + 1), "x")


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ImportProblem):
        security_export(data, "x.xml")
