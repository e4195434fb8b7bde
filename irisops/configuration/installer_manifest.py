"""An %Installer manifest of a configuration, as a class to import (facts: iris-config-as-text 2, iris-security 7).

Only tags and attributes that the facts list are used; what none of them can say is a comment in the manifest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from irisops.configuration.generated import Generated, listable, not_here, own_objects, places_of_secrets
from irisops.configuration.kinds import BY_NAME, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration, secrets_of
from irisops.configuration.values import Property, Value
from irisops.contract.wording import harmless, listed

CLASS_NAME = "Irisops.Installer"
_LONGEST_DIRECTORY = 195
"""Characters of `Dir` of a database (facts: iris-config-as-text 2)."""


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag for one object: the attribute of its name, property -> attribute, those required, and its indentation."""

    name: str
    key: str
    attributes: Mapping[str, str]
    required: tuple[str, ...] = ()
    depth: int = 1


_TAGS: Mapping[str, _Tag] = {
    "resources": _Tag(
        "Resource",
        "Name",
        {"Description": "Description", "PublicPermission": "Permission"},
        ("Description", "Permission"),
    ),
    "roles": _Tag(
        "Role",
        "Name",
        {"Description": "Description", "Resources": "Resources", "GrantedRoles": "RolesGranted"},
        ("Description",),
    ),
    "users": _Tag(
        "User",
        "Username",
        {
            "FullName": "Fullname",
            "Comment": "Comment",
            "Enabled": "Enabled",
            "NameSpace": "Namespace",
            "Routine": "Routine",
            "Roles": "Roles",
            "ExpirationDate": "ExpirationDate",
            "ChangePassword": "ChangePassword",
        },
    ),
    "namespaces": _Tag("Namespace", "Name", {}, depth=2),
    "databases": _Tag(
        "Database",
        "Name",
        {
            "Directory": "Dir",
            "StreamLocation": "StreamLocation",
            "ClusterMountMode": "ClusterMountMode",
            "MountAtStartup": "MountAtStartup",
            "MountRequired": "MountRequired",
            "ResourceName": "Resource",
        },
        depth=3,
    ),
    "applications": _Tag(
        "CSPApplication",
        "Url",
        {
            "Path": "Directory",
            "AutheEnabled": "AuthenticationMethods",
            "Timeout": "DefaultTimeout",
            "UseCookies": "UseSessionCookie",
            "ErrorPage": "CustomErrorPage",
            "Package": "PackageName",
            "SuperClass": "DefaultSuperclass",
            "LoginPage": "LoginClass",
            "InbndWebServicesEnabled": "InboundWebServicesEnabled",
            "IsNameSpaceDefault": "IsNamespaceDefault",
            "Description": "Description",
            "Resource": "Resource",
            "Recurse": "Recurse",
            "MatchRoles": "MatchRoles",
            "DispatchClass": "DispatchClass",
            "CookiePath": "CookiePath",
            "EventClass": "EventClass",
            "GroupById": "GroupById",
            "LockCSPName": "LockCSPName",
            "AutoCompile": "AutoCompile",
            "ServeFiles": "ServeFiles",
            "ServeFilesTimeout": "ServeFilesTimeout",
            "PermittedClasses": "PermittedClasses",
            "ChangePasswordPage": "ChangePasswordPage",
            "CSPZENEnabled": "CSPZENEnabled",
        },
        depth=2,
    ),
}
"""(facts: iris-config-as-text 2)"""
_ASIDE = {"applications": ("NameSpace",), "namespaces": ("Globals", "Routines")}
"""Properties that the structure of the manifest says, or attributes of another name."""
_METHOD = (
    "ClassMethod setup(ByRef pVars, pLogLevel As %Integer = 3, pInstaller As %Installer.Installer, "
    "pLogger As %Installer.AbstractLogger) As %Status [ CodeMode = objectgenerator, Internal ]"
)
_ROUTINE = re.compile(r"(.+)_(MAC|INT|INC|OBJ)")

Attributes = Sequence[tuple[str, str]]


@dataclass(slots=True)
class _Manifest:
    """The lines of the manifest under construction."""

    left_out: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Name of a variable for a password -> its user."""
    written: int = 0

    def says(self, kind: ConfigKind, each: ConfigObject, text: str, depth: int) -> None:
        """A comment on what no tag can say of an object."""
        said = f"{kind.noun} {harmless(each.name, 80)}: {text}"
        self.left_out.append(said)
        self.lines.append(f"{'  ' * depth}{_comment(said)}")

    def tag(self, name: str, attributes: Attributes, depth: int, *, closed: bool = True) -> None:
        """A tag, empty unless it is to be closed later."""
        written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes)
        self.lines.append(f"{'  ' * depth}<{name}{written}{'/' if closed else ''}>")

    def end(self, name: str, depth: int) -> None:
        """The end of a tag."""
        self.lines.append(f"{'  ' * depth}</{name}>")

    def variable(self, user: str) -> str:
        """The name of a variable for this user's password, which no other user has."""
        base = "PW_" + re.sub(r"[^A-Z0-9]", "_", user.upper())
        name, at = base, 2
        while name in self.variables:
            name, at = f"{base}_{at}", at + 1
        self.variables[name] = user
        return name


def refusal_of(value: str) -> str:
    """Why no attribute holds this value, as the end of a sentence; "" if one does.

    Braces are left out: `${` begins a variable, and how a literal one is written is not known (facts:
    iris-config-as-text 2).
    """
    if "{" in value or "}" in value:
        return "it holds a brace"
    return "" if value.isprintable() else "it holds a line end or another invisible character"


def installer_class(configuration: Configuration) -> Generated:
    """The text of a class `CLASS_NAME` whose method `setup` brings the configuration about."""
    made = _Manifest()
    objects: dict[str, list[ConfigObject]] = {}
    for kind, each in own_objects(configuration):
        objects.setdefault(kind.name, []).append(each)
    for each in objects.pop("resources", []):
        _named(made, "resources", each)
    for each in objects.pop("roles", []):
        _named(made, "roles", each)
    _namespaces(
        made, objects.pop("namespaces", []), objects.pop("databases", []), objects.pop("applications", [])
    )
    for each in objects.pop("users", []):
        _user(made, each)
    for name, rest in objects.items():
        kind = BY_NAME[name]
        said = f"No tag sets {kind.plural}: {listed([each.name for each in rest], most=1000)}."
        made.left_out.append(said)
        made.lines.append(f"  {_comment(said)}")
    if made.variables:
        names = listed(f"{user} (variable {name})" for name, user in made.variables.items())
        made.left_out.append(f"passwords of {names}.")
    more = not_here(configuration)
    made.lines = [*(f"  {_comment(each)}" for each in more), *made.lines]
    return Generated(_class_of(configuration, made), made.written, (*more, *made.left_out))


def _class_of(configuration: Configuration, made: _Manifest) -> str:
    source = harmless(configuration.instance or "a configuration", 80)
    passwords = [
        f'///     set vars("{name}") = the password of {_plain(user)}'
        for name, user in made.variables.items()
    ]
    lines = [
        "Include %occInclude",
        "",
        f"/// Made by irisops from {_plain(source)} ({_plain(configuration.version or 'version unknown')}).",
        "/// It holds no secrets. What it cannot say is a comment in the manifest.",
        "/// Import and compile it in %SYS, then run there:",
        *passwords,
        f"///     write ##class({CLASS_NAME}).setup(.vars)",
        *(["/// A user whose password is not set is not made."] if passwords else []),
        f"Class {CLASS_NAME}",
        "{",
        "",
        "XData setup [ XMLNamespace = INSTALLER ]",
        "{",
        "<Manifest>",
        *made.lines,
        "</Manifest>",
        "}",
        "",
        _METHOD,
        "{",
        '    quit ##class(%Installer.Manifest).%Generate(%compiledclass, %code, "setup")',
        "}",
        "",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text of an instance in a comment of the class, which may be shown as HTML."""
    return re.sub(r"[<>&{}]", "_", harmless(text, 80))


def _comment(text: str) -> str:
    """An XML comment: no two hyphens in a row, and no brace, at which the class could seem to end."""
    words = re.sub(r"[{}]", "_", harmless(text, 4000))
    return f"<!-- {re.sub('-(?=-)', '- ', words)} -->"


def _attributes(made: _Manifest, kind: ConfigKind, each: ConfigObject) -> list[tuple[str, str]]:
    """The attributes of an object; comments on the values that have none and on those that cannot be written."""
    found = []
    tag = _TAGS[kind.name]
    for known in kind.readable:
        value = each.values.get(known.name)
        if value is None or known.type == "table" or known.name in _ASIDE.get(kind.name, ()):
            continue
        attribute = tag.attributes.get(known.name)
        if attribute is None:
            if value != known.default:
                made.says(
                    kind, each, f"{known.name}, which no attribute sets: {_shown(known, value)}", tag.depth
                )
            continue
        text = str(known.logical(value))
        why = refusal_of(text) if listable(known, value) else f"an item holds “{known.separator}”"
        if why:
            made.says(kind, each, f"{known.name}, because {why}.", tag.depth)
        elif text or attribute in tag.required:
            found.append((attribute, text))
    return found


def _shown(known: Property, value: Value) -> str:
    text = str(known.logical(value))
    return f"{harmless(text, 200)}." if text else "it is empty."


def _named(made: _Manifest, kind_name: str, each: ConfigObject) -> None:
    """An object that is one tag.

    UNVERIFIED: that an empty Permission is right for a resource without public permission (facts:
    iris-config-as-text 2). Settle: run a manifest with such a resource.
    """
    kind, tag = BY_NAME[kind_name], _TAGS[kind_name]
    if why := refusal_of(each.name):
        made.says(kind, each, f"all of it, because of its name: {why}.", tag.depth)
        return
    found = dict(_attributes(made, kind, each))
    described = found.get("Description", "")
    if "," in described:
        made.says(kind, each, "commas in its description, which must not hold any.", tag.depth)
    found["Description"] = (described or each.name).replace(",", ";")
    if "Permission" in tag.required:
        found.setdefault("Permission", "")
    made.tag(tag.name, [(tag.key, each.name), *found.items()], tag.depth)
    made.written += 1


def _user(made: _Manifest, each: ConfigObject) -> None:
    """A user, made only once its variable holds a password; Roles and Fullname are required.

    UNVERIFIED: that IfDef names the variable as Var, may hold a User, and takes an element of the array given to the
    method for a variable (facts: iris-security 7). Settle: run a manifest with and without the password set.
    """
    kind = BY_NAME["users"]
    if why := refusal_of(each.name):
        made.says(kind, each, f"all of it, because of its name: {why}.", 1)
        return
    if not each.values.get("Roles"):
        made.says(kind, each, "all of it: the tag requires roles, and it has none.", 1)
        return
    found = dict(_attributes(made, kind, each))
    if "Roles" not in found:
        return
    found.setdefault("Fullname", each.name)
    variable = made.variable(each.name)
    made.tag("IfDef", [("Var", variable)], 1, closed=False)
    made.tag("User", [("Username", each.name), ("PasswordVar", variable), *found.items()], 2)
    made.end("IfDef", 1)
    made.written += 1


def _namespaces(
    made: _Manifest,
    namespaces: Sequence[ConfigObject],
    databases: Sequence[ConfigObject],
    applications: Sequence[ConfigObject],
) -> None:
    """Namespaces with the databases that they name, their mappings, and the web applications of each."""
    waiting = {each.key: each for each in databases}
    apps: dict[str, list[ConfigObject]] = {}
    for each in applications:
        apps.setdefault(str(each.values.get("NameSpace", "")).upper(), []).append(each)
    for each in namespaces:
        _namespace(made, each, waiting, apps.pop(each.name.upper(), []))
    for name, some in apps.items():
        if not name or refusal_of(name):
            for each in some:
                made.says(BY_NAME["applications"], each, "all of it: its namespace is not known.", 1)
            continue
        made.tag("Namespace", [("Name", name), ("Create", "no")], 1, closed=False)
        for each in some:
            _application(made, each)
        made.end("Namespace", 1)
    for each in waiting.values():
        made.says(BY_NAME["databases"], each, "all of it: no namespace here uses it.", 1)


def _namespace(
    made: _Manifest, each: ConfigObject, waiting: dict[str, ConfigObject], apps: Sequence[ConfigObject]
) -> None:
    kind = BY_NAME["namespaces"]
    data, code = (str(each.values.get(key, "")) for key in ("Globals", "Routines"))
    if why := refusal_of(f"{each.name}{data}{code}") or ("" if data else "its database is not known"):
        made.says(kind, each, f"all of it, with its web applications: {why}.", 1)
        return
    attributes = [("Name", each.name), ("Create", "yes"), ("Code", code or data), ("Data", data)]
    made.tag("Namespace", attributes, 1, closed=False)
    _attributes(made, kind, each)
    used = {part.partition(",")[0].lower() for part in _targets(each)} | {data.lower(), code.lower()}
    made.tag("Configuration", [], 2, closed=False)
    for key in [key for key in waiting if key in used]:
        _database(made, waiting.pop(key))
    _mappings(made, each)
    made.end("Configuration", 2)
    made.written += 1
    for app in apps:
        _application(made, app)
    made.end("Namespace", 1)


def _entries(each: ConfigObject, table: str) -> list[tuple[str, str]]:
    entries = each.values.get(table, ())
    pairs = [entry.rpartition(" = ") for entry in entries] if isinstance(entries, tuple) else []
    return [(name, target) for name, _, target in pairs]


def _targets(each: ConfigObject) -> list[str]:
    return [
        target
        for table in ("MapGlobals", "MapRoutines", "MapPackages")
        for _, target in _entries(each, table)
    ]


def _mappings(made: _Manifest, each: ConfigObject) -> None:
    kind = BY_NAME["namespaces"]
    for table, tag, key in (
        ("MapGlobals", "GlobalMapping", "Global"),
        ("MapRoutines", "RoutineMapping", "Routines"),
        ("MapPackages", "ClassMapping", "Package"),
    ):
        for name, target in _entries(each, table):
            if why := refusal_of(name + target):
                made.says(kind, each, f"the mapping of {harmless(name, 80)}: {why}.", 3)
                continue
            database, collation, lock = (*target.split(","), "", "")[:3]
            found = [(key, name)]
            if table == "MapRoutines":
                typed = _ROUTINE.fullmatch(name)
                found = [(key, typed[1]), ("Type", typed[2])] if typed else [(key, name), ("Type", "ALL")]
            found.append(("From", database))
            if table == "MapGlobals" and collation:
                found.append(("Collation", collation))
            if lock:
                made.says(
                    kind, each, f"the lock database of {harmless(name, 80)}, which no attribute sets.", 3
                )
            made.tag(tag, found, 3)


def _database(made: _Manifest, each: ConfigObject) -> None:
    kind = BY_NAME["databases"]
    directory = str(each.values.get("Directory", ""))
    why = refusal_of(each.name + directory)
    if not directory or directory.startswith(":") or len(directory) > _LONGEST_DIRECTORY:
        why = "its directory is missing, too long, or that of a mirror"
    if why:
        made.says(kind, each, f"all of it: {why}.", 3)
        return
    made.tag("Database", [("Name", each.name), ("Create", "yes"), *_attributes(made, kind, each)], 3)
    made.written += 1


def _application(made: _Manifest, each: ConfigObject) -> None:
    """A web application. Directory is required, and one that serves no files has none of its own."""
    kind = BY_NAME["applications"]
    if why := refusal_of(each.name):
        made.says(kind, each, f"all of it, because of its name: {why}.", 2)
        return
    found = dict(_attributes(made, kind, each))
    if "Directory" not in found:
        found["Directory"] = "${CSPDIR}" + re.sub(r"[^A-Za-z0-9_-]+", "-", each.name).strip("-")
        made.says(kind, each, "it has no directory, but the tag requires one: this one is made up.", 2)
    made.tag("CSPApplication", [("Url", each.name), *found.items()], 2)
    made.left_out += places_of_secrets(kind, each, secrets_of(kind, each))
    made.written += 1
