"""One change of users and roles: planned, journaled call by call, carried out, read back and compared.

All editors and typed commands that change a user or a role come through here, so that what must hold for every change
(guards, the journal, the comparison) stands in one place. Several edits of one form are one change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from irisops.commands.accounts.object_code import calls_of
from irisops.commands.accounts.object_meaning import meaning, model_after
from irisops.commands.changes import OVERWRITTEN
from irisops.commands.context import Context
from irisops.commands.links import Link
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Change, Done, Facts, Plan, Progress
from irisops.commands.spec import Replies
from irisops.commands.text import counted, harmless, listed
from irisops.commands.turns import turn
from irisops.commands.words import quote
from irisops.instance.access import Access, read_access
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.object_state import FieldValue, Kind, ObjectChange, ObjectState, same
from irisops.instance.role_changes import LABELS, role_state, role_steps
from irisops.instance.roles import list_roles
from irisops.instance.user_changes import FIELDS, PASSING, Step, read_user_states, user_steps
from irisops.journal import Intent, Status, Touched

MOST_LINES = 40
"""Lines of before and after in one plan; of more the rest is counted."""


class FieldRefusal(Refusal):
    """A refusal that belongs to a field of the form."""

    def __init__(self, field_name: str, error: str, message: str, cure: str) -> None:
        super().__init__(error, message, cure)
        self.field = field_name


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `name` is the command's, for the replies; `command` the slash form, for the journal.

    `passwords` (user -> password) are set, too; `show` says that they were made here and are to be shown once.
    """

    name: str
    title: str
    changes: tuple[ObjectChange, ...]
    command: str
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    show: bool = False
    warnings: Sequence[str] = ()
    undoes: int | None = None
    finishes: int | None = None

    def steps(self) -> list[Step]:
        """The calls, in order."""
        found: list[Step] = []
        for change in self.changes:
            if not change.follows:
                password = self.passwords.get(change.name, "")
                found += user_steps(change, password) if change.kind == "user" else role_steps(change)
        return found


def label_of(kind: Kind, field_name: str) -> str:
    """A field in a person's words."""
    return FIELDS[field_name].label if kind == "user" else LABELS[field_name]


def shown(value: FieldValue | None, field_name: str = "") -> str:
    """A field's value as a plan shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(harmless(each, 80) for each in value) or "none"
    if not value:
        return "never" if field_name == "expires" else "–"
    return harmless(value)


async def read_states(link: Link, names: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], ObjectState]:
    """The objects as they are now, by kind and casefolded name; those that are not there are left out."""
    found: dict[tuple[Kind, str], ObjectState] = {}
    users = [name for kind, name in names if kind == "user"]
    if users:
        states = await read_user_states(link.connection, users)
        found |= {("user", key): state for key, state in states.items()}
    roles = {name.casefold() for kind, name in names if kind == "role"}
    if roles:
        for role in await list_roles(link.connection):
            if role.name.casefold() in roles:
                found["role", role.name.casefold()] = role_state(role)
    return found


async def plan(context: Context, link: Link, wanted: Wanted, access: Access | None = None) -> Plan:
    """Check the guards and make the plan that waits for a yes. Raises `Refusal` or a named problem."""
    return make_plan(context, link, wanted, access or await read_access(link.connection))


def make_plan(context: Context, link: Link, wanted: Wanted, access: Access) -> Plan:
    """As `plan`, with what was read already. Raises `Refusal`."""
    guard(link, access, wanted)
    effects, warnings = meaning(access, wanted.changes, link.profile.user)
    made = Plan(
        name=wanted.name,
        title=wanted.title,
        instance=link.instance_name,
        changes=_lines(wanted),
        effects=effects,
        warnings=[*wanted.warnings, *warnings, *access.notes],
        calls=calls_of(wanted.changes, list(wanted.passwords)),
    )
    return context.plans.add(made, lambda: _carry_out(context, link, wanted, made), link)


def _lines(wanted: Wanted) -> list[Change]:
    lines: list[Change] = []
    for change in wanted.changes:
        name = harmless(change.name)
        before, after = change.before, change.after
        if before is None:
            copied = f" as a copy of {harmless(change.origin)}" if change.origin else ""
            lines.append(Change(f"{change.kind} {name}", "not there", f"made{copied}"))
        elif after is None:
            held = before.names("roles") if change.kind == "user" else before.names("privileges")
            lines.append(Change(f"{change.kind} {name}", f"there, with {shown(held)}", "gone"))
            continue
        for each in change.fields():
            new = after.fields.get(each) if after else None
            if before is None and new in ("", (), False, "0"):
                continue
            old = before.fields.get(each) if before else None
            lines.append(
                Change(
                    f"{label_of(change.kind, each)} of {name}",
                    shown(old, each) if before else "–",
                    shown(new, each),
                )
            )
    for user in wanted.passwords:
        new = "a new one, shown once after the change" if wanted.show else "the one that you entered"
        lines.append(Change(f"password of {harmless(user)}", "unchanged so far", new))
    if len(lines) > MOST_LINES:
        rest = len(lines) - MOST_LINES + 1
        lines = [*lines[: MOST_LINES - 1], Change(f"and {rest} more of the same kind", "", "")]
    return lines


def guard(link: Link, access: Access, wanted: Wanted) -> None:
    """No self-harm. Raises `FieldRefusal`."""
    for change in wanted.changes:
        if change.kind == "user" and change.name.casefold() == link.profile.user.casefold():
            _guard_own(change)
    after = model_after(access, wanted.changes)
    if access.model.superusers() and not after.superusers():
        disabled = any(
            change.after is not None and change.before is not None and "enabled" in change.fields()
            for change in wanted.changes
        )
        raise FieldRefusal(
            "enabled" if disabled else "roles",
            "LastSuperuser",
            "This would leave no enabled user with %All: nobody could administer the instance.",
            "Give %All to another enabled user first.",
        )


def _guard_own(change: ObjectChange) -> None:
    name = harmless(change.name)
    before, after = change.before, change.after
    if before is None:
        return
    cure = "Connect as another administrator to do this."
    if after is None:
        raise FieldRefusal("name", "OwnAccount", f"{name} is the account you are using: it stays.", cure)
    if before.flag("enabled") and not after.flag("enabled"):
        raise FieldRefusal(
            "enabled", "OwnAccount", f"{name} is the account you are using: disabling it locks you out.", cure
        )
    if {each.casefold() for each in before.names("roles")} - {
        each.casefold() for each in after.names("roles")
    }:
        raise FieldRefusal(
            "roles",
            "OwnAccount",
            f"{name} is the account you are using: taking roles from it could lock you out.",
            cure,
        )
    if after.flag("must_change_password") and not before.flag("must_change_password"):
        raise FieldRefusal(
            "must_change_password",
            "OwnAccount",
            f"{name} is the account you are using: the driver is refused while its password must be changed.",
            cure,
        )


async def _carry_out(context: Context, link: Link, wanted: Wanted, made: Plan) -> Replies:
    """Wait for one's turn, then change."""
    async with (
        turn(context, link, "users and roles"),
        aclosing(_change(context, link, wanted, made)) as replies,
    ):
        async for reply in replies:
            yield reply


async def _change(context: Context, link: Link, wanted: Wanted, made: Plan) -> Replies:
    """Read again, journal, make the calls, read back, journal. Problems are raised after they were journaled."""
    keys = [(change.kind, change.name) for change in wanted.changes if not change.follows]
    now = await read_states(link, keys)
    _refuse_moved(wanted, now)
    guard(link, await read_access(link.connection), wanted)
    steps = wanted.steps()
    journal = context.journal(link.name)
    number = journal.intend(
        Intent(
            title=made.title,
            command=wanted.command,
            instance=made.instance,
            user=link.profile.user,
            changes=[(change.what, change.before, change.after) for change in made.changes],
            calls=made.calls,
            undoes=wanted.undoes,
            touched=[_touched(change) for change in wanted.changes],
            steps=[step.label for step in steps],
            passwords=list(wanted.passwords),
            final=_why_final(wanted),
        )
    )
    for at, step in enumerate(steps):
        if len(steps) > 1:
            yield Progress(wanted.name, f"{harmless(step.label)} …", at / len(steps))
        try:
            await step.run(link.connection)
        except InstanceProblem as problem:
            status: Status = "unknown" if isinstance(problem, Unreachable) else "failed"
            so_far = f" Done before: {'; '.join(each.label for each in steps[:at])}." if at else ""
            journal.outcome(number, status, f"{step.label}: {problem.name}: {problem.message}{so_far}")
            if not at:
                raise
            raise Refusal(
                problem.name,
                f"{problem.message} {counted(at, 'call')} of {len(steps)} had been made before.",
                f"/undo {number} takes those back, /finish {number} goes on. {problem.cure}",
            ) from problem
        journal.step(number)
    besides = await _verify(context, link, wanted, now, number)
    journal.outcome(number, "done", "; ".join([*(step.label for step in steps), *besides]))
    if wanted.finishes is not None:
        journal.outcome(wanted.finishes, "done", f"finished by change {number}")
    yield Done(
        wanted.name,
        _past(wanted),
        details=[f"On {made.instance}, read back and compared.", *besides],
        undo=number if _can_be_undone(wanted) else None,
    )
    for user, password in wanted.passwords.items() if wanted.show else ():
        yield Facts(  # one for each: each is copied alone
            "password" if len(wanted.passwords) == 1 else f"password {user}",
            "Shown once",
            {"users": [user]},
            notes=["It is kept nowhere: hand it over now."],
            blocks={f"Password of {harmless(user)}": password},
        )


COPIED = ("roles", "privileges", "granted_roles")
"""What a copy is sure to take over; the rest is the instance's affair."""


def _touched(change: ObjectChange) -> Touched:
    before, after = change.before, change.after
    fields = dict(after.fields) if after else None
    if fields is not None and change.origin:
        fields = {key: value for key, value in fields.items() if key in COPIED}
    return Touched(change.kind, change.name, before.fields if before else None, fields, change.follows)


def _can_be_undone(wanted: Wanted) -> bool:
    return any(set(change.fields()) - PASSING for change in wanted.changes)


def _why_final(wanted: Wanted) -> str:
    """Why nobody can take it back, as a sentence; "" if it can be."""
    if _can_be_undone(wanted):
        return ""
    if wanted.passwords:
        user = next(iter(wanted.passwords))
        return f"the old password is known to nobody; /password {quote(user)} sets another one."
    return "bad logins that were forgotten cannot be counted again."


def _past(wanted: Wanted) -> str:
    """What is so now, in one sentence."""
    names: dict[str, list[str]] = {}
    only = wanted.changes[0]
    if len(wanted.changes) == 1 and only.before and only.after and only.fields() == ["roles"]:
        return f"{harmless(only.name)} now holds {shown(only.after.names('roles'))}."
    for change in wanted.changes:
        if change.follows:
            continue
        said = "made" if change.before is None else "deleted" if change.after is None else "changed"
        names.setdefault(f"{change.kind} {said}", []).append(change.name)
    parts = []
    for key, who in names.items():
        kind, _, said = key.partition(" ")
        parts.append(
            f"{kind if len(who) == 1 else kind + 's'} {listed(who)} {'is' if len(who) == 1 else 'are'} {said}"
        )
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _refuse_moved(wanted: Wanted, now: Mapping[tuple[Kind, str], ObjectState]) -> None:
    """Somebody else was there between the plan and the yes. Raises `Refusal`."""
    for change in wanted.changes:
        if change.follows:
            continue
        found = now.get((change.kind, change.name.casefold()))
        name = f"{change.kind} {harmless(change.name)}"
        before = change.before
        if before is None:
            if found is not None:
                raise Refusal("Moved", f"Nothing was changed: there is a {name} now.", "Choose another name.")
            continue
        if found is None:
            raise Refusal("Moved", f"Nothing was changed: {name} is gone now.", "Somebody else deleted it.")
        moved = [
            each
            for each in before.fields
            if each not in PASSING and not same(before.fields[each], found.fields.get(each))
        ]
        if moved:
            told = "; ".join(
                f"{label_of(change.kind, each)} is {shown(found.fields.get(each), each)} now "
                f"but was {shown(before.fields[each], each)} in the plan"
                for each in moved
            )
            raise Refusal(
                "Moved",
                f"Nothing was changed: {name} was changed meanwhile: {told}.",
                "Somebody else changed it. Give the command again to see a fresh plan.",
            )


async def _verify(
    context: Context, link: Link, wanted: Wanted, last: Mapping[tuple[Kind, str], ObjectState], number: int
) -> list[str]:
    """Read back and compare: a status of 1 is no proof (facts: iris-security 6.1). Raises `Refusal`.

    `last` is the last look before the change. Returns what else of the same objects is different since then.
    """
    now = await read_states(link, [(change.kind, change.name) for change in wanted.changes])
    wrong: list[str] = []
    for change in wanted.changes:
        found = now.get((change.kind, change.name.casefold()))
        name = f"{change.kind} {harmless(change.name)}"
        if change.after is None:
            if found is not None:
                wrong.append(f"{name} is still there")
            continue
        if found is None:
            wrong.append(f"{name} is not there")
            continue
        fields = COPIED if change.origin else change.fields()
        for each in fields:
            value = change.after.fields.get(each)
            if each in change.after.fields and not _agrees(each, found.fields.get(each), value):
                wrong.append(
                    f"{label_of(change.kind, each)} of {name} is {shown(found.fields.get(each), each)} "
                    f"instead of {shown(value, each)}"
                )
    if wrong:
        context.journal(link.name).outcome(number, "unknown", f"read back: {'; '.join(wrong)}")
        raise Refusal(
            "NotVerified",
            f"The instance accepted the change, but reads back: {'; '.join(wrong)}. {OVERWRITTEN}",
            f"/history {number} shows what was done; /undo {number} takes back what is there.",
        )
    return _besides(wanted, last, now)


def _besides(
    wanted: Wanted, last: Mapping[tuple[Kind, str], ObjectState], now: Mapping[tuple[Kind, str], ObjectState]
) -> list[str]:
    """What is different since the last look and was no part of the change, as a sentence; or nothing."""
    told = []
    for change in wanted.changes:
        before = last.get((change.kind, change.name.casefold()))
        after = now.get((change.kind, change.name.casefold()))
        if before is None or after is None or change.before is None or change.follows:
            continue
        own = {*change.fields(), *PASSING}
        told += [
            f"{label_of(change.kind, each)} of {harmless(change.name)} was {shown(value, each)} and is "
            f"{shown(after.fields.get(each), each)}"
            for each, value in before.fields.items()
            if each not in own and not same(value, after.fields.get(each))
        ]
    return (
        [f"Changed at the same time by somebody else, or by the instance: {'; '.join(told)}."] if told else []
    )


def _agrees(field_name: str, found: FieldValue | None, wanted: FieldValue | None) -> bool:
    if field_name == "namespace" and isinstance(found, str) and isinstance(wanted, str):
        return found.casefold() == wanted.casefold()  # namespaces are upper case, however they are written
    return same(found, wanted)
