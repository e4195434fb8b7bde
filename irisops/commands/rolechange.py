"""One change of the roles that a user holds: planned, journaled, carried out and verified.

/grant, /revoke and /undo differ only in what they ask for; what must hold for all of them stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irisops.commands import code
from irisops.commands.context import Context
from irisops.commands.links import Link
from irisops.commands.nearest import find, nearest
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Change, Done, Plan, Progress
from irisops.commands.spec import Replies
from irisops.commands.text import counted, harmless, listed
from irisops.commands.words import quote
from irisops.instance import privileges
from irisops.instance.errors import InstanceProblem, NotAvailable, NotPermitted, Unreachable
from irisops.instance.models import Role, User
from irisops.instance.permissions import Permission, parse_permission
from irisops.journal import Intent, Reverse, Status

KIND = "user.roles"
"""The journal's name for this kind of change."""

_SPECIAL = {
    "unknownuser": "UnknownUser stands for everybody who has not logged in: they all get it.",
    "cspsystem": "CSPSystem is the Web Gateway's own account; it needs no roles.",
    "_public": "_PUBLIC is no login: what it holds, everybody holds.",
}


@dataclass(frozen=True, slots=True)
class Security:
    """Users and roles of one moment. `roles` is None if the account may not list them; `why` says so."""

    users: Sequence[User]
    roles: Sequence[Role] | None
    why: str = ""

    def user(self, name: str, command: str) -> User:
        """A user by name. Raises `Refusal` with the nearest names; `command` has `{}` where the name goes."""
        spelled = find(name, (user.name for user in self.users))
        if spelled is not None:
            return next(user for user in self.users if user.name == spelled)
        close = nearest(name, (user.name for user in self.users))
        raise Refusal(
            "NoSuchUser",
            f"There is no user {harmless(name, 80)}.",
            f"Did you mean {listed(close, 'or')}?" if close else "/users lists them.",
            suggestions=[command.format(quote(each)) for each in close],
        )

    def role_name(self, name: str, command: str) -> str:
        """A role's name as the instance spells it. Raises `Refusal`; as typed when the roles cannot be listed."""
        if self.roles is None:
            return name
        spelled = find(name, (role.name for role in self.roles))
        if spelled is not None:
            return spelled
        close = nearest(name, (role.name for role in self.roles))
        raise Refusal(
            "NoSuchRole",
            f"There is no role {harmless(name, 80)}.",
            f"Did you mean {listed(close, 'or')}?" if close else "/roles lists them.",
            suggestions=[command.format(quote(each)) for each in close],
        )

    def model(self) -> privileges.AccessModel:
        """The pure model of who may do what."""
        return privileges.AccessModel(
            users=[privileges.User(user.name, user.roles, enabled=user.enabled) for user in self.users],
            roles=[
                privileges.Role(
                    role.name,
                    {name: parse_permission(letters) for name, letters in role.resources if letters},
                    role.granted_roles,
                    role.escalation_only,
                )
                for role in self.roles or ()
            ],
        )


async def read_security(link: Link) -> Security:
    """Users and, if permitted, roles. Raises a named problem when not even users can be listed."""
    users = await link.reads.users()
    link.names.users = tuple(user.name for user in users)
    try:
        roles = await link.reads.roles()
    except (NotPermitted, NotAvailable) as error:
        return Security(users, None, error.message)
    link.names.roles = tuple(role.name for role in roles)
    return Security(users, roles)


@dataclass(frozen=True, slots=True)
class RoleChangePlan:
    """What is asked for, with names as the instance spells them."""

    name: str
    user: User
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    command: str = ""
    undoes: int | None = None

    def after(self) -> tuple[str, ...]:
        """The roles that the user would hold, in order."""
        gone = {role.casefold() for role in self.remove}
        kept = [role for role in self.user.roles if role.casefold() not in gone]
        return (*kept, *self.add)


def plan(context: Context, link: Link, security: Security, wanted: RoleChangePlan) -> Plan:
    """Check the guards and make the plan that waits for a yes. Raises `Refusal`."""
    _guard(link, security, wanted)
    shown = _shown(link, security, wanted)
    return context.plans.add(shown, lambda: _carry_out(context, link, wanted, shown), link)


def _guard(link: Link, security: Security, wanted: RoleChangePlan) -> None:
    user = wanted.user
    own = user.name.casefold() == link.profile.user.casefold()
    if own and wanted.remove:
        raise Refusal(
            "OwnAccount",
            f"{harmless(user.name)} is the account you are using: taking roles from it could lock you out.",
            "Connect as another administrator to do this.",
        )
    if any(role.casefold() == "%all" for role in wanted.remove) and user.enabled:
        changed = privileges.User(user.name, wanted.after(), enabled=user.enabled)
        left = security.model().with_user(changed).superusers()
        if not left:
            raise Refusal(
                "LastSuperuser",
                f"{harmless(user.name)} is the last enabled user with %All: without it nobody can administer.",
                "Give %All to another enabled user first.",
            )


def _shown(link: Link, security: Security, wanted: RoleChangePlan) -> Plan:
    user = wanted.user
    name = harmless(user.name)
    effects, warnings = _meaning(security, wanted)
    if security.roles is None:
        warnings.append(f"The roles could not be listed ({security.why}), so their names are not checked.")
    if user.name.casefold() == link.profile.user.casefold():
        warnings.append(
            "This is the account you are using; a running connection gets new roles at its next login."
        )
    if not user.enabled and wanted.add:
        warnings.append(f"{name} is disabled: it gains nothing until it is enabled.")
    special = _SPECIAL.get(user.name.casefold())
    if special and wanted.add:
        warnings.append(special)
    return Plan(
        name=wanted.name,
        title=_title(wanted),
        instance=link.instance_name,
        changes=[Change(f"roles of {name}", _names(user.roles), _names(wanted.after()))],
        effects=effects,
        warnings=warnings,
        calls=code.change_roles(user.name, list(wanted.add), list(wanted.remove)),
    )


def _names(roles: Sequence[str]) -> str:
    return ", ".join(harmless(role, 80) for role in roles) or "none"


def _title(wanted: RoleChangePlan) -> str:
    name = harmless(wanted.user.name)
    parts = []
    if wanted.add:
        parts.append(f"give {listed(wanted.add)} to {name}")
    if wanted.remove:
        parts.append(f"take {listed(wanted.remove)} from {name}")
    text = " and ".join(parts)
    return text[:1].upper() + text[1:]


def _meaning(security: Security, wanted: RoleChangePlan) -> tuple[list[str], list[str]]:
    """Effects and warnings: what the user can do then that it cannot do now, and the other way round."""
    name = harmless(wanted.user.name)
    model = security.model()
    then = model.with_user(privileges.User(wanted.user.name, wanted.after(), enabled=wanted.user.enabled))
    was = any(role.casefold() == "%all" for role in wanted.user.roles) or model.is_superuser(wanted.user.name)
    becomes = any(role.casefold() == "%all" for role in wanted.after()) or then.is_superuser(wanted.user.name)
    if becomes and not was:
        return [f"{name} becomes a superuser: every privilege on the whole instance."], [
            "%All is more than almost anybody needs; a narrower role is safer."
        ]
    effects: list[str] = []
    warnings: list[str] = []
    if was and not becomes:
        effects.append(f"{name} is no superuser any more.")
    if was and becomes:
        effects.append(f"{name} has %All already or still: what it can do does not change.")
        return effects, warnings
    if security.roles is None:
        return effects, warnings
    before, after = model.effective(wanted.user.name), then.effective(wanted.user.name)
    nothing = Permission.NONE
    gained = [
        f"{key}:{(value & ~before.get(key, nothing)).letters}"
        for key, value in after.items()
        if value & ~before.get(key, nothing)
    ]
    lost = [
        f"{key}:{(value & ~after.get(key, nothing)).letters}"
        for key, value in before.items()
        if value & ~after.get(key, nothing)
    ]
    if gained:
        effects.append(f"{name} gains {counted(len(gained), 'privilege')}: {listed(sorted(gained), most=8)}.")
    if lost and not was:
        effects.append(f"{name} loses {counted(len(lost), 'privilege')}: {listed(sorted(lost), most=8)}.")
    if wanted.add and not gained:
        effects.append(
            f"No resource privilege comes with it; SQL privileges granted to {listed(wanted.add)} do."
        )
    if wanted.remove and not lost:
        effects.append("No resource privilege goes with it: other roles carry the same ones.")
    if any(key.casefold() == "%admin_secure" for key in after) and not any(
        key.casefold() == "%admin_secure" for key in before
    ):
        warnings.append(f"With %Admin_Secure {name} can administer users and roles, its own among them.")
    return effects, warnings


async def _carry_out(context: Context, link: Link, wanted: RoleChangePlan, shown: Plan) -> Replies:
    """Read again, journal, change, verify, journal. An error of the instance is raised after it is journaled."""
    security = await read_security(link)
    now = security.user(wanted.user.name, "/users {}")
    if not same_roles(now.roles, wanted.user.roles):
        raise Refusal(
            "Moved",
            f"Nothing was changed: the roles of {harmless(now.name)} are {_names(now.roles)} now, "
            f"but were {_names(wanted.user.roles)} in the plan.",
            "Somebody else changed them. Give the command again to see a fresh plan.",
        )
    _guard(link, security, wanted)
    journal = context.journal(link.name)
    number = journal.intend(
        Intent(
            title=shown.title,
            command=wanted.command,
            instance=shown.instance,
            user=link.profile.user,
            changes=[(change.what, change.before, change.after) for change in shown.changes],
            calls=shown.calls,
            reverse=Reverse(KIND, now.name, tuple(now.roles), wanted.after()),
            undoes=wanted.undoes,
        )
    )
    done: list[str] = []
    steps = [(True, role) for role in wanted.add] + [(False, role) for role in wanted.remove]
    try:
        for adding, role in steps:
            if len(steps) > 1:
                yield Progress(
                    wanted.name,
                    f"{'Giving' if adding else 'Taking'} {harmless(role)} …",
                    len(done) / len(steps),
                )
            act = link.reads.add_role if adding else link.reads.remove_role
            change = await act(now.name, role)
            done.append(f"{'+' if adding else '-'}{role} by {change.route}")
    except InstanceProblem as error:
        status: Status = "unknown" if isinstance(error, Unreachable) else "failed"
        so_far = f" Done before: {', '.join(done)}." if done else ""
        journal.outcome(number, status, f"{error.name}: {error.message}{so_far}")
        raise
    after = await link.reads.user(now.name)
    if after is None or not same_roles(after.roles, wanted.after()):
        found = _names(after.roles) if after else "no such user"
        journal.outcome(number, "unknown", f"read back: {found}")
        raise Refusal(
            "NotVerified",
            f"The instance accepted the change, but reads back: {found}.",
            f"/history {number} shows what was done; look at /users before doing more.",
        )
    journal.outcome(number, "done", "; ".join(done))
    yield Done(
        wanted.name,
        f"{harmless(now.name)} now holds {_names(after.roles)}.",
        details=[f"On {shown.instance}, read back and compared."],
        undo=number,
    )


def same_roles(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether two lists hold the same roles; order and case do not matter."""
    return {role.casefold() for role in left} == {role.casefold() for role in right}
