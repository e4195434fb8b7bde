"""A configuration as calls to run: ObjectScript, and Python by the driver (facts: iris-security 2, 3, 6).

Both change what is there and make what is not. Python cannot pass arrays, so it makes fewer kinds of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import chain

from irisops.configuration.cpf_merge import OAUTH_SINCE
from irisops.configuration.generated import (
    Generated,
    listable,
    not_here,
    own_objects,
    places_of_secrets,
    version_of,
)
from irisops.configuration.kinds import DATABASE_FILE, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration, secrets_of
from irisops.configuration.predefined import predefined
from irisops.configuration.values import Property, Value
from irisops.contract.wording import harmless, listed
from irisops.engine.as_code import SAID, code_of
from irisops.engine.code_literals import both, objectscript, python
from irisops.instance.calls import ObjectCall, ObjectStep
from irisops.instance.security.permissions import parse_permission
from irisops.instance.security.sql_holders import can_be_given, parsed
from irisops.instance.values import HOROLOG_START

_POSITIONAL: Mapping[str, tuple[str, ...]] = {
    "resources": ("Description", "PublicPermission"),
    "roles": ("Description", "Resources", "GrantedRoles", "EscalationOnly"),
    "audit-events": ("Description", "Enabled"),
}
"""Kinds whose Create takes values one by one, after the key."""
_BY_HAND = {
    "ldap": "to make one takes properties that no public source names.",
    "tasks": "its settings cannot be read.",
}
"""Kinds that no call here makes -> why."""
_CHANGED = ("system", "services")
"""Kinds that are never made."""
_MAPS = ("MapGlobals", "MapRoutines", "MapPackages")
_OPENED = {"oauth-servers": "OpenByIssuer", "oauth-clients": "Open"}
"""Kinds whose class has no Exists that is known -> what gives the object, if it is there (facts: iris-security 8)."""


def _comment(text: str, sign: str) -> str:
    return f"{sign} {harmless(text, 2000)}".rstrip()


def _head(configuration: Configuration, how: Sequence[str]) -> list[str]:
    source = harmless(configuration.instance or "a configuration", 80)
    version = harmless(configuration.version or "version unknown", 40)
    return [f"Made by irisops from {source} ({version}). It holds no secrets.", *how]


def _key(kind: ConfigKind, each: ConfigObject) -> list[str]:
    """The parts of its name; one part if they are not as many as the kind has."""
    parts = each.name.split("/", len(kind.key) - 1)
    return parts if len(parts) == len(kind.key) and all(parts) else [each.name]


def _values(
    kind: ConfigKind, each: ConfigObject, left_out: list[str], *, tables: bool = False
) -> list[tuple[Property, Value]]:
    """The values of an object that a call can take."""
    found = []
    for known in kind.readable:
        value = each.values.get(known.name)
        if value is None or (known.type == "table" and not tables) or known in DATABASE_FILE:
            continue  # the file of a database is of another class
        if known.type != "table" and not listable(known, value):
            said = f"{known.name}, as an item holds “{known.separator}”."
            left_out.append(f"{kind.noun} {harmless(each.name, 80)}: {said}")
            continue
        found.append((known, value))
    return found


# ObjectScript


def objectscript_file(configuration: Configuration) -> Generated:
    """Lines for a terminal session: `iris session INSTANCE -U %SYS < FILE`, or to paste."""
    left_out: list[str] = []
    lines: list[str] = []
    written = 0
    users = []
    for kind, each in own_objects(configuration):
        if kind.name in _BY_HAND:
            left_out.append(f"{kind.noun} {harmless(each.name, 80)}: {_BY_HAND[kind.name]}")
            continue
        if kind.name in _OPENED and (version_of(configuration.version) or (0, 0)) < OAUTH_SINCE:
            since = ".".join(map(str, OAUTH_SINCE))
            left_out.append(
                f"{kind.noun} {harmless(each.name, 80)}: its class has a Create since {since} alone."
            )
            continue
        lines += ["", _comment(f"{kind.noun} {each.name}", "//"), *_script(kind, each, left_out)]
        written += 1
        if kind.name == "users":
            users.append(each.name)
        else:
            left_out += places_of_secrets(kind, each, secrets_of(kind, each))
        if kind.name == "databases":
            left_out.append(
                f"database {harmless(each.name, 80)}: its file, which SYS.Database.CreateDatabase makes."
            )
    how = [
        "Run it in a terminal session: iris session INSTANCE -U %SYS < FILE",
        "Each line says ok or what went wrong. What is there is changed, what is not is made.",
    ]
    passwords = [
        "A user without a password here is changed, but not made. Remove the // of those to make:",
        *(f"set password({objectscript(name.lower())}) = {objectscript('')}" for name in users),
    ]
    if users:
        left_out.append(f"passwords of {listed(users)}, to put into the variable password.")
    whole = [*not_here(configuration), *left_out]
    text = [
        *(_comment(line, "//") for line in _head(configuration, how)),
        *(_comment(f"Left out: {said}", "//") for said in whole),
        'set $namespace = "%SYS"',
        "kill password",
        *(_comment(line, "//") for line in (passwords if users else ())),
        *lines,
    ]
    return Generated("\n".join(text) + "\n", written, tuple(whole))


def _is_one(grantee: str) -> bool:
    """True for one name: a list of users has commas."""
    return bool(grantee) and "," not in grantee


def _grants(kind: ConfigKind, each: ConfigObject, left_out: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Method of %SYSTEM.SQL.Security and its arguments for each privilege (facts: iris-security 4.1)."""
    grantee = each.name.partition("/")[2]
    calls: list[tuple[str, tuple[str, ...]]] = []
    for known in kind.readable:
        texts = each.values.get(known.name, ())
        for text in texts if isinstance(texts, tuple) else ():
            grant = parsed(text)
            if (
                known.name == "AdminPrivileges"
                or grant is None
                or not can_be_given(text)
                or not _is_one(grantee)
            ):
                said = f"{text}, as no public source tells how it is given."
                left_out.append(f"{kind.noun} {harmless(each.name, 80)}: {harmless(said)}")
            else:
                method = f"GrantPrivilege{'WithGrant' if grant.grantable else ''}"
                calls.append((method, (grant.action, grant.object, grant.type, grantee)))
    return calls


def _script(kind: ConfigKind, each: ConfigObject, left_out: list[str]) -> list[str]:
    if kind.name == "sql-privileges":
        lines = [f"set $namespace = {objectscript(each.name.partition('/')[0])}"]
        for method, args in _grants(kind, each, left_out):
            call = f"$system.SQL.Security.{method}({', '.join(map(objectscript, args))})"
            lines += [f"set status = {call}", SAID]
        return [*lines, 'set $namespace = "%SYS"']
    values = _values(kind, each, left_out)
    key = ", ".join(objectscript(part) for part in _key(kind, each))
    name = f"##class({kind.class_name})"
    lines = ["kill p"]
    lines += [
        f"set p({objectscript(known.name)}) = {both(known.logical(value))[0]}" for known, value in values
    ]
    modify = f"{name}.Modify({key}, .p)"
    if kind.name in _CHANGED:
        return [*lines, f"set status = {modify}", SAID]
    create = f"{name}.Create({key}, .p)"
    if kind.name in _POSITIONAL:
        told = {known.name: both(known.logical(value))[0] for known, value in values}
        create = f"{name}.Create({key}, {', '.join(told.get(each, '') for each in _POSITIONAL[kind.name])})"
    if kind.name == "users":
        which = f"password({objectscript(each.key)})"
        unset = objectscript(f"{each.name} is not there and has no password here")
        return [
            *lines,
            f"set there = {name}.Exists({key}), status = 1",
            f"if there {{ set status = {modify} }}",
            f'if \'there, $get({which}) \'= "" {{ set p("Password") = {which}, status = {create} }}',
            f'if \'there, $get({which}) = "" {{ write {unset},! }} else {{ {SAID} }}',
        ]
    there = f"{name}.Exists({key})"
    if kind.name in _OPENED:
        there = f"$isobject({name}.{_OPENED[kind.name]}({key}))"
    lines += [f"set status = $select({there}: {modify}, 1: {create})", SAID]
    return [*lines, *_mappings(each)] if kind.name == "namespaces" else lines


def _mappings(each: ConfigObject) -> list[str]:
    """The mappings of a namespace, by `Config.Map*` (facts: iris-config-as-text 5.1)."""
    lines = []
    for table in _MAPS:
        entries = each.values.get(table, ())
        for entry in entries if isinstance(entries, tuple) else ():
            source, _, target = entry.rpartition(" = ")
            name, key = f"##class(Config.{table})", f"{objectscript(each.name)}, {objectscript(source)}"
            parts = zip(("Database", "Collation", "LockDatabase"), target.split(","), strict=False)
            lines.append("kill p")
            lines += [f"set p({objectscript(what)}) = {objectscript(part)}" for what, part in parts if part]
            call = f"$select({name}.Exists({key}): {name}.Modify({key}, .p), 1: {name}.Create({key}, .p))"
            lines += [f"set status = {call}", SAID]
    return lines


# Python


def python_file(configuration: Configuration) -> Generated:
    """A program for the driver `intersystems-irispython`."""
    left_out: list[str] = []
    lines: list[str] = []
    written = 0
    for kind, each in own_objects(configuration):
        if kind.name not in _PYTHON:
            left_out.append(f"{kind.noun} {harmless(each.name, 80)}: Python has no way that is known.")
            continue
        if kind.name == "applications":
            said = "it is changed, not made: that takes an array, which Python cannot pass."
            left_out.append(f"{kind.noun} {harmless(each.name, 80)}: {said}")
        lines += ["", _comment(f"{kind.noun} {each.name}", "#"), *_program(kind, each, left_out)]
        written += 1
        left_out += [] if kind.name == "users" else places_of_secrets(kind, each, secrets_of(kind, each))
    how = [
        "It needs the package intersystems-irispython, and asks for the passwords of the users that it makes.",
        "What is there is changed, what is not is made. Roles of users are added, not taken.",
    ]
    whole = [*not_here(configuration), *left_out]
    text = [
        *(_comment(line, "#") for line in _head(configuration, how)),
        *(_comment(f"Left out: {said}", "#") for said in whole),
        "import getpass",
        "",
        "import iris",
        "",
        'host, port, user = input("Host: "), input("Port [1972]: "), input("User: ")',
        'connection = iris.connect(host, int(port or 1972), "%SYS", user, getpass.getpass())',
        "irispy = iris.createIRIS(connection)",
        *lines,
        "",
        "connection.close()",
    ]
    return Generated("\n".join(text) + "\n", written, tuple(whole))


def _program(kind: ConfigKind, each: ConfigObject, left_out: list[str]) -> list[str]:
    if kind.name == "sql-privileges":
        moves = [
            f'irispy.classMethodValue("%SYSTEM.Process", "SetNamespace", {python(place)})'
            for place in (each.name.partition("/")[0], "%SYS")
        ]
        calls = [
            f'irispy.classMethodValue("%SYSTEM.SQL.Security", {", ".join(map(python, (method, *args)))})'
            for method, args in _grants(kind, each, left_out)
        ]
        return [moves[0], *calls, moves[1]]
    values = _values(kind, each, left_out)
    named = ", ".join(python(part) for part in (kind.class_name, "Exists", *_key(kind, each)))
    lines = []
    if create := _PYTHON[kind.name](each, {known.name: known.logical(value) for known, value in values}):
        lines = [
            f"if not irispy.classMethodBoolean({named}):",
            f"    irispy.classMethodValue({create})  # 1 is success",
        ]
    if kind.name == "audit-events":
        return lines if not predefined(kind.name, each.name) else []
    steps: list[ObjectStep] = []
    for known, value in values:
        if kind.name == "users" and known.name == "Roles":
            roles = str(known.logical(value))
            if roles:
                added = f'irispy.classMethodValue("Security.Users", "AddRoles", {python(each.name)}, {python(roles)})'
                lines.append(f"{added}  # 1 is success")
        else:
            steps += _steps(known, value)
    call = ObjectCall(kind.class_name, "%OpenId", (_id(kind, each),), (*steps, ObjectStep("invoke", "%Save")))
    return [
        *lines,
        f"if irispy.classMethodBoolean({named}):",
        *(f"    {line}" for line in code_of([call])["Python"][1:]),
        "else:",
        f"    print({python(f'{kind.noun} {each.name} is not there')})",
    ]


def _id(kind: ConfigKind, each: ConfigObject) -> str:
    """The id of its record: the lower-cased name (facts: iris-security 1)."""
    return each.name if kind.name == "system" else each.key


def _steps(known: Property, value: Value) -> list[ObjectStep]:
    """The steps that set a property of the opened object (facts: iris-security 1, 2.2, 3)."""
    path = (known.name,)
    items = value if isinstance(value, tuple) else ()
    if known.type in ("names", "groups", "list"):
        return [
            ObjectStep("invoke", "Clear", path=path),
            *(ObjectStep("invoke", "Insert", (item,), path) for item in items),
        ]
    if known.type == "privileges":
        pairs = [(item.rpartition(":")[0], int(parse_permission(item.rpartition(":")[2]))) for item in items]
        return [ObjectStep("members", "Security.Resource", tuple(chain.from_iterable(pairs)), path)]
    logical = known.logical(value)
    if known.type == "permission":
        logical = int(parse_permission(str(value))) if value else 0
    if known.type == "date" and value:
        logical = (date.fromisoformat(str(value)) - HOROLOG_START).days
    return [ObjectStep("set", known.name, (logical,))]


Values = Mapping[str, str | int]


def _create(class_name: str, *names: str) -> Callable[[ConfigObject, Values], str]:
    def arguments(each: ConfigObject, values: Values) -> str:
        told = [both(values.get(name, ""))[1] for name in names]
        return ", ".join(
            [python(class_name), '"Create"', *(python(part) for part in each.name.split("/")), *told]
        )

    return arguments


def _create_user(each: ConfigObject, _values: Values) -> str:
    asked = f"getpass.getpass({python(f'New password of {each.name}: ')})"
    return f'"Security.Users", "Create", {python(each.name)}, "", {asked}'


def _none(_each: ConfigObject, _values: Values) -> str:
    return ""


_PYTHON: Mapping[str, Callable[[ConfigObject, Values], str]] = {
    "system": _none,
    "resources": _create("Security.Resources", *_POSITIONAL["resources"]),
    "roles": _create("Security.Roles", *_POSITIONAL["roles"]),
    "users": _create_user,
    "services": _none,
    "applications": _none,
    "audit-events": _create("Security.Events", *_POSITIONAL["audit-events"]),
    "sql-privileges": _none,
}
"""Kinds that Python can set -> the arguments of the call that makes one, "" if none is known."""
