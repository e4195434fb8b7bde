"""A CPF merge file of a configuration: pairs of Create and Modify actions (facts: iris-config-as-text 1, 7).

Create is skipped where the object exists and Modify where it does not, so the pair brings about one state. Nothing is
deleted. The order of the lines has no effect on the instance; here it is that of the kinds and the names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from irisops.configuration.generated import (
    Generated,
    Version,
    listable,
    not_here,
    own_objects,
    places_of_secrets,
    version_of,
)
from irisops.configuration.kinds import DATABASE_FILE, ConfigKind
from irisops.configuration.model import ConfigObject, Configuration, secrets_of
from irisops.configuration.predefined import predefined
from irisops.contract.wording import harmless, listed
from irisops.instance.security.sql_holders import parsed

OAUTH_SINCE: Version = (2025, 2)
"""First version with the methods that OAuth actions call (facts: iris-config-as-text 1.4, likely)."""
EMPTY_SINCE: Version = (2022, 2)
"""First release after 2022.1.1, since when `""` means empty, not the default (facts: iris-config-as-text 1.2)."""

_ACTIONS: Mapping[str, tuple[str, str]] = {
    "system": ("", "ModifySystem"),
    "resources": ("CreateResource", "ModifyResource"),
    "roles": ("CreateRole", "ModifyRole"),
    "users": ("CreateUser", "ModifyUser"),
    "services": ("", "ModifyService"),
    "applications": ("CreateApplication", "ModifyApplication"),
    "audit-events": ("CreateEvent", "ModifyEvent"),
    "databases": ("CreateDatabase", "ModifyDatabase"),
    "namespaces": ("CreateNamespace", "ModifyNamespace"),
    "tls": ("CreateSSLConfig", "ModifySSLConfig"),
    "ldap": ("", "ModifyLDAPConfig"),
    "oauth-servers": ("CreateOAuth2ServerDefinition", "ModifyOAuth2ServerDefinition"),
    "oauth-clients": ("CreateOAuth2Client", "ModifyOAuth2Client"),
}
"""Kind -> its two actions (facts: iris-config-as-text 1.4)."""
_MAPS: Mapping[str, str] = {
    "MapGlobals": "MapGlobal",
    "MapRoutines": "MapRoutine",
    "MapPackages": "MapPackage",
}
"""Table of a namespace -> what its actions are called after Create and Modify."""
_NOT_SET = tuple(
    known
    for known in DATABASE_FILE
    if known.name
    not in (
        "ResourceName", "MaxSize", "ExpansionSize", "GlobalJournalState", "NewGlobalCollation", "NewGlobalIsKeep",
    )
)  # fmt: skip
"""Properties of a database's file that no action should set: its place, its key, its mirror, that it is read-only."""
_PLAIN = re.compile(r"[A-Za-z0-9_%.:+/~-]+")
"""Values that need no quotation marks."""
_DOUBTFUL = (";", "#", "//")
"""Signs of comments: quotation marks may not protect them (facts: iris-config-as-text 1.2, unknown)."""

Parameters = Sequence[tuple[str, str]]


class NotQuotableError(ValueError):
    """A value that no action can hold for certain. The message is the end of a sentence."""


def quoted(value: str) -> str:
    """A value as an action has it: quoted unless it is plain (facts: iris-config-as-text 1.2, 7).

    Raises `NotQuotableError` for quotation marks, whose escape nobody knows, for macros, for what could begin a long
    comment, and for line ends and other control characters.
    """
    if '"' in value:
        raise NotQuotableError("it holds a quotation mark")
    if "/*" in value:
        raise NotQuotableError("it could begin a comment of many lines")
    if "$$$" in value:
        raise NotQuotableError("it looks like a macro")
    if any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in value):
        raise NotQuotableError("it holds a line end or another control character")
    return value if _PLAIN.fullmatch(value) and not _doubtful(value) else f'"{value}"'


def _doubtful(value: str) -> bool:
    return any(sign in value for sign in _DOUBTFUL)


@dataclass(slots=True)
class _Document:
    """A merge file under construction."""

    target: Version | None
    hashes: Mapping[str, str] = field(repr=False)
    actions: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    check: list[str] = field(default_factory=list)
    without_password: list[str] = field(default_factory=list)
    written: int = 0

    def says(self, kind: ConfigKind, each: ConfigObject, text: str) -> None:
        """Note what is left out of an object."""
        self.left_out.append(f"{kind.noun} {harmless(each.name, 80)}: {text}")

    def line(self, action: str, parameters: Parameters, *, commented: bool = False) -> None:
        """One action. Raises `NotQuotableError`; nothing is written then."""
        written = ",".join(f"{name}={quoted(value)}" for name, value in parameters)
        for name, value in parameters:
            if _doubtful(value) and not commented:
                self.check.append(f"{action} {harmless(parameters[0][1], 80)}: {name}")
        self.actions.append(f"{'# ' if commented else ''}{action}:{written}")


def merge_file(
    configuration: Configuration,
    path: str,
    *,
    target: Version | None = None,
    hashes: Mapping[str, str] | None = None,
) -> Generated:
    """A merge file for instances of a version, by default that of the configuration.

    `path` is the file's absolute path, for the command in its head. `hashes` (lower-case name -> `PasswordHash`) are
    those of users whose password was typed.
    """
    made = _Document(target or version_of(configuration.version), hashes or {})
    for kind, each in own_objects(configuration):
        if _too_new(made, kind, each):
            continue
        before = len(made.actions)
        try:
            _WRITERS.get(kind.name, _plain_object)(made, kind, each)
        except NotQuotableError as problem:
            made.says(kind, each, f"all of it, because of its name: {problem}.")
        made.written += any(not line.startswith("#") for line in made.actions[before:])
    left_out = (*not_here(configuration), *_always(configuration), *_passwords(made), *made.left_out)
    text = "\n".join([*_head(configuration, made, path, left_out), "[Actions]", *made.actions]) + "\n"
    return Generated(text, made.written, left_out)


def _too_new(made: _Document, kind: ConfigKind, each: ConfigObject) -> bool:
    if not kind.name.startswith("oauth-") or (made.target is not None and made.target >= OAUTH_SINCE):
        return False
    wanted = ".".join(map(str, OAUTH_SINCE))
    made.says(kind, each, f"merge files can hold it only for {wanted} and later.")
    return True


def _head(configuration: Configuration, made: _Document, path: str, left_out: Iterable[str]) -> list[str]:
    """Comments: where it is from, how to run it, what it lacks."""
    target = ".".join(map(str, made.target)) if made.target else "any version"
    source, version = configuration.instance or "a configuration", configuration.version or "version unknown"
    secret = any("PasswordHash=" in line and not line.startswith("#") for line in made.actions)
    lines = [
        f"CPF merge file made by irisops from {source} ({version}), for {target}.",
        "It holds hashes of passwords: keep it secret." if secret else "It holds no secrets.",
        "There is no supported way to run it over the superserver port. On the instance's machine:",
        f"    iris merge INSTANCE {path}",
        "or, for a container, name it in ISC_CPF_MERGE_FILE: it is merged at the start and again at each change.",
        "The command reports success for errors, too: messages.log tells, in its lines of [Utility.Event].",
        "Create is skipped where the object exists, Modify where it does not. Nothing is deleted.",
    ]
    if made.check:
        lines += [
            "",
            "Check these afterwards: they hold ; # or //, which quotation marks may not protect:",
        ]
        lines += [f"- {each}" for each in made.check]
    lines += ["", "Left out, to be set by hand:", *(f"- {each}" for each in left_out)] if left_out else []
    return [_comment(each) for each in lines]


def _comment(text: str) -> str:
    """A comment of one line, in which nothing begins a longer one."""
    return f"# {harmless(text, 2000)}".rstrip().replace("/*", "/ *")


def _passwords(made: _Document) -> list[str]:
    if not made.without_password:
        return []
    names = listed(made.without_password)
    return [f"passwords of {names}: CreateUser is a comment there until it has a PasswordHash."]


def _always(configuration: Configuration) -> list[str]:
    """What the model does not have at all, of the kinds that were asked for."""
    said = []
    if configuration.of("namespaces"):
        said.append(
            "Whether a namespace is enabled for interoperability cannot be read: add Interop=1 by hand."
        )
    if configuration.of("databases"):
        said.append("Sizes of databases: CreateDatabase makes them with its own values.")
    return said


def _plain_object(made: _Document, kind: ConfigKind, each: ConfigObject) -> None:
    """The pair of actions of most kinds."""
    if kind.name not in _ACTIONS:
        made.says(kind, each, "irisops writes no action for it.")
        return
    create, modify = _ACTIONS[kind.name]
    parameters = [*_key(kind, each), *_parameters(made, kind, each)]
    if create:
        made.line(create, parameters)
    made.line(modify, parameters)
    made.left_out += places_of_secrets(kind, each, secrets_of(kind, each))


def _key(kind: ConfigKind, each: ConfigObject) -> list[tuple[str, str]]:
    """The parameters that name the object. Raises `NotQuotableError`."""
    parts = each.name.split("/") if len(kind.key) == 3 else each.name.split("/", len(kind.key) - 1)
    if len(parts) != len(kind.key) or not all(parts):
        raise NotQuotableError(f"it is not of the form {'/'.join(kind.key)}")
    for part in parts:
        quoted(part)
    return list(zip(kind.key, parts, strict=True))


def _parameters(made: _Document, kind: ConfigKind, each: ConfigObject) -> list[tuple[str, str]]:
    """All values that an action can hold; the others are noted."""
    found = []
    for known in kind.readable:
        value = each.values.get(known.name)
        if value is None or known.type == "table":
            continue
        if known in _NOT_SET:
            if value != known.default:
                made.says(kind, each, f"{known.name}, which is decided where it is made.")
            continue
        since = version_of(known.since)
        if since and made.target and made.target < since:
            if value != known.default:
                made.says(kind, each, f"{known.name}, which comes with {known.since}.")
            continue
        if not listable(known, value):
            made.says(kind, each, f"{known.name}: an item holds “{known.separator}”.")
            continue
        text = str(known.logical(value))
        if not text and made.target and made.target < EMPTY_SINCE:
            made.says(kind, each, f"{known.name}, which is empty: before 2022.1.1 that meant the default.")
            continue
        try:
            quoted(text)
        except NotQuotableError as problem:
            made.says(kind, each, f"{known.name}: {problem}.")
            continue
        found.append((known.name, text))
    return found


def _user(made: _Document, kind: ConfigKind, each: ConfigObject) -> None:
    """A user is made only with a password: an account that has none would be open."""
    create, modify = _ACTIONS[kind.name]
    parameters = [*_key(kind, each), *_parameters(made, kind, each)]
    if hashed := made.hashes.get(each.key, ""):
        parameters.append(("PasswordHash", hashed))
        made.line(create, parameters)
    else:
        made.line(create, [*parameters, ("PasswordHash", "set by hand")], commented=True)
        made.without_password.append(each.name)
    made.line(modify, parameters)


def _event(made: _Document, kind: ConfigKind, each: ConfigObject) -> None:
    """An event of the system is there and only switched on or off."""
    if not predefined(kind.name, each.name):
        _plain_object(made, kind, each)
    elif "Enabled" in each.values:
        made.line("ModifyEvent", [*_key(kind, each), ("Enabled", str(int(bool(each.values["Enabled"]))))])


def _database(made: _Document, kind: ConfigKind, each: ConfigObject) -> None:
    """A database of this machine, or the entry of one elsewhere. Modify changes the entry, not the file.

    The resource and the limits of a file are set where it is made.
    """
    directory = str(each.values.get("Directory", ""))
    if directory.startswith(":"):
        made.says(kind, each, "it is mirrored or of another server, whose definition is not here.")
        return
    create, modify = _ACTIONS[kind.name]
    parameters = [*_key(kind, each), *_parameters(made, kind, each)]
    entry = [("LogicalOnly", "1")]
    made.line(create, [*parameters, *(entry if each.values.get("Server") else [])])
    files = {known.name for known in DATABASE_FILE}
    made.line(modify, [*(pair for pair in parameters if pair[0] not in files), *entry])


def _ldap(made: _Document, kind: ConfigKind, each: ConfigObject) -> None:
    """Only a change: to make one takes properties that no public source names (facts: iris-config-as-text 1.4)."""
    _plain_object(made, kind, each)
    made.says(kind, each, "its other properties: it is changed here, and must be there.")


def _sql_privileges(made: _Document, kind: ConfigKind, each: ConfigObject) -> None:
    """A grant for each privilege; nothing is revoked."""
    (_, namespace), (_, grantee) = _key(kind, each)
    privileges = each.values.get("Privileges", ())
    for text in privileges if isinstance(privileges, tuple) else ():
        known = parsed(text)
        if known is None or not known.type:
            made.says(kind, each, f"{text}: the type of this object is not known.")
            continue
        parameters = [
            ("ObjPriv", known.action),
            ("ObjList", known.object),
            ("Type", known.type),
            ("User", grantee),
            ("Namespace", namespace),
            ("WithGrant", str(int(known.grantable))),
        ]
        try:
            made.line("GrantPrivilege", parameters)
        except NotQuotableError as problem:
            made.says(kind, each, f"{text}: {problem}.")
    admin = each.values.get("AdminPrivileges", ())
    if isinstance(admin, tuple) and admin:
        made.says(kind, each, f"{listed(list(admin))}: which words GrantAdminPrivilege takes is not known.")


def _namespace(made: _Document, kind: ConfigKind, each: ConfigObject) -> None:
    """A namespace and its mappings."""
    _plain_object(made, kind, each)
    for table, action in _MAPS.items():
        entries = each.values.get(table, ())
        for entry in entries if isinstance(entries, tuple) else ():
            name, _, target = entry.rpartition(" = ")
            database, *rest = target.split(",")
            more = zip(("Collation", "LockDatabase"), rest, strict=False) if table == "MapGlobals" else ()
            parameters = [
                ("Name", name),
                ("Namespace", each.name),
                ("Database", database),
                *((what, value) for what, value in more if value),
            ]
            try:
                made.line(f"Create{action}", parameters)
                made.line(f"Modify{action}", parameters)
            except NotQuotableError as problem:
                made.says(kind, each, f"the mapping of {harmless(name, 80)}: {problem}.")


def _oauth_server(made: _Document, kind: ConfigKind, each: ConfigObject) -> None:
    """A server description, and the action that would read its metadata from the server instead."""
    _plain_object(made, kind, each)
    parameters = [*_key(kind, each), ("SSLConfiguration", str(each.values.get("SSLConfiguration", "")))]
    made.line("DiscoverOAuth2Server", parameters, commented=True)
    made.says(kind, each, "its metadata. DiscoverOAuth2Server, a comment here, reads them from the server.")


_WRITERS: Mapping[str, Callable[[_Document, ConfigKind, ConfigObject], None]] = {
    "users": _user,
    "audit-events": _event,
    "databases": _database,
    "namespaces": _namespace,
    "oauth-servers": _oauth_server,
    "ldap": _ldap,
    "sql-privileges": _sql_privileges,
}
