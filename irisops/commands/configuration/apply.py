"""/apply DIR: make the instance what a folder says, by one plan through the change engine.

What it cannot carry out, or should not, is named with the reason, to be set by hand (see `sorting`). Nothing is
deleted because a file is missing, unless `delete=yes` asks for it, and then by name in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from irisops.changes.objects import Wanted, read_states
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.commands.accounts.kinds import LENGTH, new_password, password_that_fits
from irisops.commands.configuration.sides import (
    configuration_read,
    folder_named,
    in_folder,
    kinds_in,
    kinds_of,
    reading,
    refuse_other_namespace,
)
from irisops.commands.configuration.sorting import MOST_NAMED, Sorted, keep_what_is_held, sort_differences
from irisops.configuration.kind_read import KindRead
from irisops.configuration.kinds import KINDS
from irisops.configuration.model import Configuration, secrets_of
from irisops.configuration.values import Value
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Done, Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.calls import HELPER
from irisops.instance.helper import seek_helper
from irisops.instance.security.oauth_changes import read_servers
from irisops.instance.security.object_state import FieldValue, Kind, ObjectChange, ObjectState, same

_ROLE_FIELDS = {"users": ("Roles", "EscalationRoles"), "roles": ("GrantedRoles",)}


async def apply(context: Context, command: Command) -> Replies:
    """Plan the differences between the instance and the folder."""
    link = context.link()
    refuse_other_namespace(link)
    folder = folder_named(str(command.args["folder"]))
    wanted = in_folder(folder)
    asked = kinds_of(command)
    reads: list[KindRead] = []
    kinds = kinds_in(wanted, asked)
    if not kinds:
        raise Refusal(
            "NothingInCommon", f"{harmless(folder)} has none of these kinds.", "Name others after only."
        )
    async for step in reading(link, kinds, reads, "apply"):
        yield step
    now = configuration_read(link, reads)
    found = sort_differences(
        now,
        wanted,
        [kind.name for kind in kinds],
        delete=command.args.get("delete") == "yes",
        helper=link.connection.capabilities.has(HELPER, "CreateObject") or await seek_helper(link.connection),
    )
    keep_what_is_held(found, now, wanted)
    _refuse_unknown(found, now)
    await _refuse_unknown_servers(link, found)
    changes = _in_order(
        [
            *_made(found, now),
            *await _changed(context, link, found),
            *await _gone(context, link, found),
        ]
    )
    if not changes:
        left, where, what = found.told(), harmless(link.name), harmless(folder)
        said = (
            f"Nothing to apply on {where}: what {what} says else is named here."
            if left
            else f"{where} is what {what} says."
        )
        yield Done("apply", said, left)
        return
    users = [each.name for each in changes if each.kind == "user" and each.before is None]
    secrets, without = await _secrets(context, found)
    yield await plan(
        context,
        link,
        Wanted(
            "apply",
            f"Make {harmless(link.name)} what {harmless(folder)} says: {counted(len(changes), 'object')}",
            tuple(changes),
            Origin(command.slash),
            await _passwords(link, users),
            nobody=True,
            warnings=[*found.told(), *without],
            secrets=secrets,
        ),
    )


def _values_wanted(found: Sorted) -> Iterator[tuple[str, str, str, Value]]:
    """(kind, object, property, value) of all that would be set."""
    for kind, each in found.made:
        yield from ((kind.name, each.name, name, value) for name, value in each.values.items())
    for (kind_name, name), some in found.changed.items():
        yield from (
            (kind_name, name, one.known.name, one.second)
            for one in some
            if one.known is not None and one.second is not None
        )


def _named(found: Sorted) -> Iterator[tuple[str, str]]:
    """(kind, name) of the objects that what would be set names."""
    for kind, name, known, value in _values_wanted(found):
        entries = value if isinstance(value, tuple) else ()
        if known in _ROLE_FIELDS.get(kind, ()):
            yield from (("roles", each) for each in entries)
        elif kind == "namespaces" and entries:
            yield from (("databases", each.rpartition(" = ")[2].split(",")[0]) for each in entries)
        elif kind == "namespaces" and isinstance(value, str):
            yield "databases", value
        elif kind == "sql-privileges" and entries:
            namespace, _, grantee = name.partition("/")
            yield "namespaces", namespace
            yield "grantees", grantee
        elif known == "RequiredRole" and isinstance(value, str):
            yield "roles", value


_KNOWN_BY: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "roles": (("roles",), "role", "Add its file, or leave out only, so that it is made."),
    "databases": (
        ("databases",),
        "database",
        "Make it first: its files are those of the instance's machine.",
    ),
    "namespaces": (("namespaces",), "namespace", "Add its file, or leave out only, so that it is made."),
    "grantees": (
        ("users", "roles"),
        "user and no role",
        "Add its file, or leave out only, so that it is made.",
    ),
}
"""What may be named -> the kinds that tell whether it is there, its noun, the cure."""


def _refuse_unknown(found: Sorted, now: Configuration) -> None:
    """Raise `Refusal` for what would be named, but is nowhere: the change would stop in the middle."""
    named = dict.fromkeys(_named(found))
    for what, (kinds, noun, cure) in _KNOWN_BY.items():
        if any(kind not in now.objects or now.why_unknown(kind) for kind in kinds):
            continue
        gone = {each.key for kind, each in found.gone if kind.name in kinds}
        there = {key for kind in kinds for key in now.of(kind)}
        there |= {each.key for kind, each in found.made if kind.name in kinds} | {"", "_public"}
        missing = [
            harmless(name, 80) for each, name in named if each == what and name.lower() not in there - gone
        ]
        if missing:
            raise Refusal(
                f"NoSuch{what.capitalize()[:-1]}",
                f"The folder names {listed(missing, most=MOST_NAMED)}, but there is no such {noun} on the instance.",
                cure,
            )


async def _refuse_unknown_servers(link: Link, found: Sorted) -> None:
    """Raise `Refusal` for a client whose server is nowhere, or a named problem of reading the servers."""
    wanted = [value for _, _, known, value in _values_wanted(found) if known == "ServerDefinition"]
    servers = [str(each) for each in dict.fromkeys(wanted) if each]
    if not servers:
        return
    gone = {each.key for kind, each in found.gone if kind.name == "oauth-servers"}
    made = {each.key for kind, each in found.made if kind.name == "oauth-servers"}
    there = ({*await read_servers(link.connection, servers)} | made) - gone
    missing = [harmless(each, 200) for each in servers if each.lower() not in there]
    if missing:
        raise Refusal(
            "NoSuchServer",
            f"The folder has clients of {listed(missing)}, but the instance has no such server description.",
            "Add its file, or leave out only, so that it is made.",
        )


def _field(value: Value) -> FieldValue:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _made(found: Sorted, now: Configuration) -> Iterator[ObjectChange]:
    for kind, each in found.made:
        absent = now.absent.get(kind.name, ())
        fields = {
            editor: _field(each.values[name])
            for name, editor in (kind.fields or {}).items()
            if name in each.values and name not in absent
        }
        if kind.object_kind is not None:
            yield ObjectChange(None, ObjectState(kind.object_kind, each.name, fields))


async def _changed(context: Context, link: Link, found: Sorted) -> list[ObjectChange]:
    """The changes of objects that are there, with their states as the change engine reads them."""
    states = await _states(context, link, [(kind, name) for kind, name in found.changed])
    changes = []
    for (kind_name, name), some in found.changed.items():
        kind = next(each for each in KINDS if each.name == kind_name)
        before = states.get((kind_name, name.casefold()))
        fields: dict[str, FieldValue] = {}
        for each in some:
            editor = (kind.fields or {}).get(each.known.name if each.known else "")
            what = f"{each.known.label if each.known else ''} of {kind.noun} {harmless(name, 80)}"
            if before is None or editor is None or editor not in before.fields or each.second is None:
                found.unknown.append(what)
            elif same(before.fields[editor], _field(each.second)):
                found.leave(what, "only the order or the spelling differs")
            else:
                fields[editor] = _field(each.second)
        change = ObjectChange(before, before.with_fields(fields)) if before is not None else None
        if change is not None and change.fields():
            changes.append(change)
    return changes


async def _gone(context: Context, link: Link, found: Sorted) -> list[ObjectChange]:
    states = await _states(context, link, [(kind.name, each.name) for kind, each in found.gone])
    return [ObjectChange(state, None) for state in states.values()]


async def _states(
    context: Context, link: Link, objects: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], ObjectState]:
    kinds: Mapping[str, Kind] = {
        kind.name: kind.object_kind for kind in KINDS if kind.object_kind is not None
    }
    read = await read_states(context, link, [(kinds[kind], name) for kind, name in objects if kind in kinds])
    names = {object_kind: name for name, object_kind in kinds.items()}
    return {(names[kind], key): state for (kind, key), state in read.items()}


_FIRST: Sequence[Kind] = (
    "namespace", "resource", "role", "user", "service", "tls", "ldap", "application", "oauth_server", "oauth_client",
    "audit_event", "task", "database", "sql_holder", "system",
)  # fmt: skip
"""The system's own settings come last: a password pattern must not refuse a user, and a required role must be there."""


def _in_order(changes: Sequence[ObjectChange]) -> list[ObjectChange]:
    """What is named before what names it; what goes, goes last and the other way round."""
    whole = {
        each.name.casefold(): each.state
        for each in changes
        if each.kind == "role" and (each.before is None or each.after is None)
    }

    def depth(name: str, above: frozenset[str] = frozenset()) -> int:
        """How many roles that come or go stand below one; a circle ends where it closes."""
        if name not in whole or name in above:
            return 0
        granted = whole[name].names("granted_roles")
        return 1 + max((depth(each.casefold(), above | {name}) for each in granted), default=0)

    def place(change: ObjectChange) -> tuple[int, int, int]:
        at = _FIRST.index(change.kind)
        if change.after is None:
            return 1, -at, -depth(change.name.casefold())
        return 0, at, depth(change.name.casefold()) if change.before is None else len(whole) + 1

    return sorted(changes, key=place)


async def _passwords(link: Link, users: Sequence[str]) -> dict[str, str]:
    """A random password for each new user, fit for the policy: an account needs one (facts: iris-security 2.3)."""
    if not users:
        return {}
    first = await password_that_fits(link, users[0])
    return {users[0]: first} | {user: new_password() + first[LENGTH:] for user in users[1:]}


async def _secrets(context: Context, found: Sorted) -> tuple[dict[tuple[Kind, str], str], list[str]]:
    """The secrets of new objects, each asked for once, and sentences on those that stay to be set by hand.

    No answer leaves a secret unset. An account's password is none of these: nobody needs to know the first one.
    """
    secrets: dict[tuple[Kind, str], str] = {}
    without = []
    for kind, each in found.made:
        if kind.object_kind is None or kind.name == "users":
            continue
        for place in secrets_of(kind, each) if each.values.get("ClientType") != "public" else ():
            what = f"{place.label} of {harmless(each.name, 80)}"
            given = await context.hub.ask(what, "Empty to set it by hand") if context.hub.ask else None
            if given:
                secrets[kind.object_kind, each.name] = given
            else:
                without.append(what)
    left = [f"To be set by hand, as it was not given: {listed(without, most=MOST_NAMED)}."] if without else []
    return secrets, left
