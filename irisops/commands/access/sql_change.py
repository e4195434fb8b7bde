"""Granting one SQL privilege to one user, or taking it back: planned, journaled, checked by the instance itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irisops.commands import code
from irisops.commands.context import Context
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Change, Done, Plan
from irisops.commands.spec import Replies
from irisops.commands.text import harmless
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.sqlprivileges import LETTERS, Action, Kind, SqlObject
from irisops.journal import Entry, Intent, Reverse, Status

if TYPE_CHECKING:
    from irisops.commands.links import Link

KIND = "sql.privilege"
"""The journal's name for this kind of change."""
_KINDS: tuple[Kind, ...] = ("table", "view", "schema", "procedure")


@dataclass(frozen=True, slots=True)
class SqlChange:
    """What is asked for; `user` as the instance spells it."""

    user: str
    target: SqlObject
    action: Action
    grant: bool
    command: str
    undoes: int | None = None

    @property
    def privilege(self) -> str:
        """In a person's words."""
        return f"{self.action.upper()} on {harmless(self.target.name, 80)}"

    def statement(self, *, grant: bool) -> str:
        """The SQL statement, to be run in the target's namespace."""
        schema, _, name = self.target.name.rpartition(".")
        named = (
            f"{code.sql_name(schema)}.{code.sql_name(name)}" if schema else f"SCHEMA {code.sql_name(name)}"
        )
        verb, joined = ("GRANT", "TO") if grant else ("REVOKE", "FROM")
        return f"{verb} {self.action.upper()} ON {named} {joined} {code.sql_name(self.user)}"

    def reverse(self) -> Reverse:
        """For the journal: what is held then and was not before, or the other way round."""
        held = (self.action, self.target.kind, self.target.name, self.target.namespace)
        return Reverse(KIND, self.user, () if self.grant else held, held if self.grant else ())


def plan(context: Context, link: Link, asked: SqlChange) -> Plan:
    """The plan that waits for a yes."""
    name, where = harmless(asked.user), harmless(asked.target.namespace)
    states = ("not held", "held") if asked.grant else ("held", "not held directly")
    shown = Plan(
        name="sql_grant",
        title=(
            f"Give {name} {asked.privilege} in {where}"
            if asked.grant
            else f"Take {asked.privilege} in {where} from {name}"
        ),
        instance=link.instance_name,
        changes=[Change(f"{asked.privilege}, {where}", *states)],
        effects=_effects(name, grant=asked.grant),
        calls=_calls(asked),
    )
    return context.plans.add(shown, lambda: _carry_out(context, link, asked, shown), link)


def _effects(name: str, *, grant: bool) -> list[str]:
    if grant:
        return [
            f"{name} gains this one SQL privilege, in this namespace alone.",
            "SQL privileges stand beside roles: /revoke does not take it back, /undo does.",
        ]
    return [f"What {name} holds by a role, or on the whole schema, it keeps."]


def _calls(asked: SqlChange) -> dict[str, list[str]]:
    method = "GrantPrivilege" if asked.grant else "RevokePrivilege"
    arguments = ", ".join(
        code.objectscript(each)
        for each in (asked.action.upper(), asked.target.name, asked.target.kind.upper(), asked.user)
    )
    return {
        "ObjectScript": [
            f"set $namespace = {code.objectscript(asked.target.namespace)}",
            f"write $system.SQL.Security.{method}({arguments})  ; 1 is success",
        ],
        "SQL": [f"-- in namespace {harmless(asked.target.namespace)}", asked.statement(grant=asked.grant)],
    }


async def take_back(context: Context, link: Link, entry: Entry, command: str) -> Plan:
    """The plan that takes back what `entry` granted, or grants again what it took. Raises `Refusal`."""
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    action_text, kind_text, name, namespace = reverse.after or reverse.before
    action = next(each for each in LETTERS if each == action_text)
    kind = next(each for each in _KINDS if each == kind_text)
    asked = SqlChange(
        reverse.target, SqlObject(kind, name, namespace), action, not reverse.after, command, entry.number
    )
    if await link.reads.check_sql(asked.user, asked.target, action) is asked.grant:
        raise Refusal(
            "Moved",
            f"{harmless(asked.user)} {'holds' if asked.grant else 'does not hold'} {asked.privilege} "
            f"in {harmless(namespace)} already: it was changed since change {entry.number}.",
            "Nothing is to be done.",
        )
    return plan(context, link, asked)


async def _carry_out(context: Context, link: Link, asked: SqlChange, shown: Plan) -> Replies:
    """Journal, change, check again."""
    journal = context.journal(link.name)
    number = journal.intend(
        Intent(
            title=shown.title,
            command=asked.command,
            instance=shown.instance,
            user=link.profile.user,
            changes=[(each.what, each.before, each.after) for each in shown.changes],
            calls=shown.calls,
            reverse=asked.reverse(),
            undoes=asked.undoes,
        )
    )
    try:
        held = await link.reads.change_sql(
            asked.user, asked.target, asked.action, link.profile.namespace, grant=asked.grant
        )
    except InstanceProblem as problem:
        status: Status = "unknown" if isinstance(problem, Unreachable) else "failed"
        journal.outcome(number, status, problem.message)
        raise
    if asked.grant and not held:
        journal.outcome(number, "unknown", "accepted, but the check says that it is not held")
        raise Refusal(
            "NotVerified",
            "The instance accepted the grant, but its own check still says no.",
            f"Look at the SQL privileges of {harmless(asked.user)} in the portal before doing more.",
        )
    journal.outcome(number, "done", "checked")
    name, what = harmless(asked.user), f"{asked.action} {harmless(asked.target.name)}"
    details = [f"By hand, in {harmless(asked.target.namespace)}: {asked.statement(grant=not asked.grant)}"]
    if held and not asked.grant:
        details = ["It is still allowed: by a role, by the whole schema, or as the owner."]
    yield Done(
        "sql_grant",
        f"{name} may {what} now." if held else f"{name} may not {what} any more.",
        details=details,
        undo=number,
    )
