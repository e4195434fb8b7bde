"""%Installer manifests: well-formed, only with tags and attributes that the facts list, and nothing lost in silence."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from irisops.configuration.installer_manifest import installer_class
from irisops.configuration.kinds import BY_NAME
from irisops.configuration.model import ConfigObject, Configuration, keyed
from irisops.configuration.values import Value
from tests.configuration.worlds import configurations

TAGS = {
    "Manifest": ("", "IfDef Namespace Resource Role User"),
    "IfDef": ("Var", "User"),
    "Namespace": ("Name* Code Data Create", "Configuration CSPApplication"),
    "Configuration": ("", "ClassMapping Database GlobalMapping RoutineMapping"),
    "ClassMapping": ("Package* From*", ""),
    "GlobalMapping": ("Global* From* Collation", ""),
    "RoutineMapping": ("Routines* Type* From*", ""),
    "Database": (
        (
            "Name* Dir* Create Resource PublicPermissions Encrypted EncryptionKeyID BlockSize InitialSize MaximumSize "
            "ExpansionSize Collation StreamLocation ClusterMountMode MountAtStartup MountRequired"
        ),
        "",
    ),
    "CSPApplication": (
        (
            "Url* Directory* Description Resource Recurse LoginClass CookiePath AuthenticationMethods LockCSPName "
            "EventClass DefaultTimeout DefaultSuperclass UseSessionCookie ServeFiles ServeFilesTimeout CustomErrorPage "
            "PackageName ChangePasswordPage GroupById CSPZENEnabled InboundWebServicesEnabled TwoFactorEnabled "
            "IsNamespaceDefault PermittedClasses AutoCompile DispatchClass MatchRoles Grant"
        ),
        "",
    ),
    "User": (
        "Username* PasswordVar* Roles* Fullname* Namespace Routine ExpirationDate ChangePassword Enabled Comment",
        "",
    ),
    "Role": ("Name* Description* Resources RolesGranted", ""),
    "Resource": ("Name* Description* Permission* Type", ""),
}
"""Tag -> its attributes (required with *) and its children (facts: iris-security 7.2)."""


def made(kind: str, name: str, **values: Value) -> ConfigObject:
    """An object with the defaults of its kind, and these values."""
    defaults = {known.name: known.default for known in BY_NAME[kind].readable if known.default is not None}
    return ConfigObject(name, {**defaults, **values})


def manifest_of(text: str) -> ET.Element:
    """The manifest, as the class's XData ends at the first line that begins with a brace."""
    found = re.search(
        r"^XData setup \[ XMLNamespace = INSTALLER \]\n\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL
    )
    assert found
    return ET.fromstring(found[1])  # noqa: S314 - made by this test


def checked(element: ET.Element) -> None:
    attributes, children = TAGS[element.tag]
    allowed = {each.rstrip("*") for each in attributes.split()}
    required = {each.rstrip("*") for each in attributes.split() if each.endswith("*")}
    assert required <= set(element.attrib) <= allowed
    if element.tag == "Role":
        assert "," not in element.attrib["Description"]
    for value in element.attrib.values():
        assert "{" not in value.replace("${CSPDIR}", "")
    for child in element:
        assert child.tag in children.split()
        checked(child)


@settings(max_examples=100)
@given(configurations())
def test_every_manifest_is_well_formed_and_uses_only_what_the_facts_list(
    configuration: Configuration,
) -> None:
    whole = installer_class(configuration)
    root = manifest_of(whole.text)
    checked(root)
    tags = ("Resource", "Role", "User", "Namespace", "Database", "CSPApplication")
    named = [each for each in root.iter() if each.tag in tags and each.attrib.get("Create") != "no"]
    assert len(named) == whole.written
    balanced = re.sub(r"\$\{CSPDIR\}", "", whole.text)
    assert balanced.count("{") == balanced.count("}") == 3


def test_a_manifest_says_what_it_can_and_comments_what_it_cannot() -> None:
    app = made(
        "applications",
        "/clinic/api",
        NameSpace="APP",
        AutheEnabled=("password",),
        DispatchClass="Clinic.REST",
        MatchRoles=(":AppRole",),
        JWTAuthEnabled=True,
        Description='a "quoted" & <odd> one',
    )
    configuration = Configuration(
        {
            "resources": keyed([made("resources", "App", Description="r", PublicPermission="R")]),
            "roles": keyed([made("roles", "AppRole", Description="one, two", Resources=("App:U",))]),
            "users": keyed([made("users", "jane", Roles=("AppRole",)), made("users", "nobody")]),
            "services": keyed([made("services", "%Service_Telnet", Enabled=False, AutheEnabled=())]),
            "namespaces": keyed(
                [
                    made(
                        "namespaces",
                        "APP",
                        Globals="APP",
                        Routines="APP",
                        MapGlobals=("Shared = LIB,5,LOCK",),
                        MapRoutines=("TEST_OBJ = LIB", "Util* = LIB"),
                        MapPackages=("Lib = LIB",),
                    )
                ]
            ),
            "databases": keyed(
                [
                    made("databases", "APP", Directory="/db/app/"),
                    made("databases", "ALONE", Directory="/db/x/"),
                ]
            ),
            "applications": keyed([app, made("applications", "/other", NameSpace="%SYS", AutheEnabled=())]),
        },
        "test",
        "2025.2",
    )
    whole = installer_class(configuration)
    root = manifest_of(whole.text)
    checked(root)
    assert root.find("Resource").attrib == {"Name": "App", "Description": "r", "Permission": "R"}  # type: ignore[union-attr]  # - it is there
    role = root.find("Role")
    assert role is not None
    assert role.attrib == {"Name": "AppRole", "Description": "one; two", "Resources": "App:U"}
    assert root.find("User") is None
    conditional = root.find("IfDef")
    assert conditional is not None
    assert conditional.attrib == {"Var": "PW_JANE"}
    assert conditional[0].attrib["Username"] == "jane"
    assert conditional[0].attrib["Fullname"] == "jane"
    space, other = root.findall("Namespace")
    assert space.attrib == {"Name": "APP", "Create": "yes", "Code": "APP", "Data": "APP"}
    assert [(each.tag, dict(each.attrib)) for each in space[0]][1:] == [
        ("GlobalMapping", {"Global": "Shared", "From": "LIB", "Collation": "5"}),
        ("RoutineMapping", {"Routines": "TEST", "Type": "OBJ", "From": "LIB"}),
        ("RoutineMapping", {"Routines": "Util*", "Type": "ALL", "From": "LIB"}),
        ("ClassMapping", {"Package": "Lib", "From": "LIB"}),
    ]
    web = space.find("CSPApplication")
    assert web is not None
    assert web.attrib["Description"] == 'a "quoted" & <odd> one'
    assert web.attrib["AuthenticationMethods"] == "32"
    assert web.attrib["Recurse"] == "1"
    assert web.attrib["Directory"] == "${CSPDIR}clinic-api"
    assert other.attrib == {"Name": "%SYS", "Create": "no"}
    said = "\n".join(whole.left_out)
    for each in (
        "nobody: all of it",
        "No tag sets services: %Service_Telnet.",
        "JWTAuthEnabled, which no attribute sets",
        "ALONE: all of it",
        "commas in its description",
        "the lock database of Shared",
        "passwords of jane (variable PW_JANE).",
    ):
        assert each in said
    assert "<!-- No tag sets services: %Service_Telnet. -->" in whole.text
    assert 'set vars("PW_JANE") = the password of jane' in whole.text


@pytest.mark.parametrize("odd", ["${MGRDIR}", "a}", "two\nlines", "\u202ertl"])
def test_what_no_attribute_holds_is_left_out_and_named(odd: str) -> None:
    described = made("resources", "App", Description=odd)
    whole = installer_class(Configuration({"resources": keyed([described])}))
    resource = manifest_of(whole.text).find("Resource")
    assert resource is not None
    assert resource.attrib["Description"] == "App"
    assert any("App: Description, because" in each for each in whole.left_out)
    whole = installer_class(Configuration({"resources": keyed([made("resources", odd)])}))
    assert manifest_of(whole.text).find("Resource") is None
    assert whole.written == 0


def test_two_users_never_share_a_password() -> None:
    users = [made("users", name, Roles=("%SQL",)) for name in ("a.b", "a_b")]
    whole = installer_class(Configuration({"users": keyed(users)}))
    names = [each.attrib["Var"] for each in manifest_of(whole.text).findall("IfDef")]
    assert names == ["PW_A_B", "PW_A_B_2"]
