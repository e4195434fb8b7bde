"""/apply DIR: make the instance what a folder says, by one plan through the change engine.

Only kinds that the change engine can carry out are planned; other differences are named, to be set by hand. Nothing is
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
        now, wanted, [kind.name for kind in kinds], delete=command.args.get("delete") == "yes"
    )
    keep_what_is_held(found, now, wanted)
    _refuse_unknown_roles(found, now)
    await _refuse_unknown_servers(link, found)
    changes = _in_order(
        [
            *_made(found, now),
            *await _changed(context, link, found),
            *await _gone(context, link, found),
        ]
    )
    if not changes:
        yield Done("apply", f"{harmless(link.name)} is what {harmless(folder)} says.", found.told())
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


def _refuse_unknown_roles(found: Sorted, now: Configuration) -> None:
    """Raise `Refusal` for a role that would be given, but is nowhere: the change would stop in the middle."""
    if "roles" not in now.objects or now.why_unknown("roles"):
        return
    gone = {each.key for kind, each in found.gone if kind.name == "roles"}
    there = {*now.of("roles"), *(each.key for kind, each in found.made if kind.name == "roles")} - gone
    values = [each.values.get(name) for kind, each in found.made for name in _ROLE_FIELDS.get(kind.name, ())]
    values += [
        one.second
        for (kind_name, _), some in found.changed.items()
        for one in some
        if one.known is not None and one.known.name in _ROLE_FIELDS.get(kind_name, ())
    ]
    given = dict.fromkeys(name for value in values if isinstance(value, tuple) for name in value)
    missing = [harmless(name, 80) for name in given if name.lower() not in there]
    if missing:
        raise Refusal(
            "NoSuchRole",
            f"The folder gives {listed(missing, most=MOST_NAMED)}, but there is no such role on the instance.",
            "Add its file, or leave out only, so that it is made.",
        )


async def _refuse_unknown_servers(link: Link, found: Sorted) -> None:
    """Raise `Refusal` for a client whose server is nowhere, or a named problem of reading the servers."""
    wanted = [
        each.values.get("ServerDefinition") for kind, each in found.made if kind.name == "oauth-clients"
    ]
    wanted += [
        one.second
        for (kind_name, _), some in found.changed.items()
        for one in some
        if kind_name == "oauth-clients" and one.known is not None and one.known.name == "ServerDefinition"
    ]
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
                found.by_hand.append(f"the order or the spelling of {what}")
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
    "resource", "role", "user", "service", "application", "oauth_server", "oauth_client",
)  # fmt: skip


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
