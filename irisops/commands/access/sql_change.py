"""Grant or revoke one SQL privilege of one user: planned, journaled, checked by the instance itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.connections.connection import Link
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import harmless
from irisops.engine import code_literals
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.sqlprivileges import LETTERS, Action, Kind, SqlObject, change_sql, check_sql
from irisops.journal import Entry, Reverse

KIND = "sql.privilege"
"""The journal's name for this kind of change."""
_KINDS: tuple[Kind, ...] = ("table", "view", "schema", "procedure")


@dataclass(frozen=True, slots=True)
class SqlChange:
    """The requested change; `user` as the instance spells it."""

    user: str
    target: SqlObject
    action: Action
    grant: bool
    origin: Origin

    @property
    def privilege(self) -> str:
        """The privilege in words."""
        return f"{self.action.upper()} on {harmless(self.target.name, 80)}"

    def statement(self, *, grant: bool) -> str:
        """The SQL statement, to be run in the target's namespace."""
        schema, _, name = self.target.name.rpartition(".")
        named = (
            f"{code_literals.sql_name(schema)}.{code_literals.sql_name(name)}"
            if schema
            else f"SCHEMA {code_literals.sql_name(name)}"
        )
        verb, joined = ("GRANT", "TO") if grant else ("REVOKE", "FROM")
        return f"{verb} {self.action.upper()} ON {named} {joined} {code_literals.sql_name(self.user)}"

    def reverse(self) -> Reverse:
        """The states before and after, for the journal."""
        held = (self.action, self.target.kind, self.target.name, self.target.namespace)
        return Reverse(KIND, self.user, () if self.grant else held, held if self.grant else ())


def plan(context: Context, link: Link, asked: SqlChange) -> Plan:
    """The plan of the change."""
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
        changes=[Change(f"{asked.privilege}, {where}", *states, "made" if asked.grant else "gone")],
        effects=_effects(name, grant=asked.grant),
        calls=_calls(asked),
    )
    return context.plans.add(shown, lambda: _carry_out(context, link, asked, shown), link)


def _effects(name: str, *, grant: bool) -> list[str]:
    if grant:
        return [
            f"{name} gains this one SQL privilege, in this namespace alone.",
            "SQL privileges are separate from roles: /revoke does not remove this one, /undo does.",
        ]
    return [f"What {name} holds by a role, or on the whole schema, it keeps."]


def _calls(asked: SqlChange) -> dict[str, list[str]]:
    method = "GrantPrivilege" if asked.grant else "RevokePrivilege"
    arguments = ", ".join(
        code_literals.objectscript(each)
        for each in (asked.action.upper(), asked.target.name, asked.target.kind.upper(), asked.user)
    )
    return {
        "ObjectScript": [
            f"set $namespace = {code_literals.objectscript(asked.target.namespace)}",
            f"write $system.SQL.Security.{method}({arguments})  ; 1 is success",
        ],
        "SQL": [f"-- in namespace {harmless(asked.target.namespace)}", asked.statement(grant=asked.grant)],
    }


def _asked(entry: Entry, origin: Origin) -> SqlChange:
    """The change that `entry` was, or its reverse."""
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    action_text, kind_text, name, namespace = reverse.after or reverse.before
    (action,) = (each for each in LETTERS if each == action_text)
    (kind,) = (each for each in _KINDS if each == kind_text)
    grant = bool(reverse.after) is (origin.way == "on")
    return SqlChange(reverse.target, SqlObject(kind, name, namespace), action, grant, origin)


async def _stand(link: Link, entry: Entry) -> Stand:
    """Whether the privilege is held, by the instance's own check, which includes roles and the whole schema."""
    asked = _asked(entry, Origin(""))
    held = await check_sql(link.connection, asked.user, asked.target, asked.action)
    part = Part(
        asked.target.name,
        f"{harmless(asked.user)} {'holds' if held else 'does not hold'} {asked.privilege} "
        f"in {harmless(asked.target.namespace)}",
    )
    return Stand(done=[part]) if held is asked.grant else Stand(left=[part])


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    return plan(context, link, _asked(entry, origin))


AGAIN = Again(lambda entry: _asked(entry, Origin("")), _stand, _plan_again)


async def _carry_out(context: Context, link: Link, asked: SqlChange, shown: Plan) -> Replies:
    """Journal, change, check again."""
    record = Record(context, link, shown, asked.origin, reverse=asked.reverse())
    with record.watched():
        held = await change_sql(
            link.connection, asked.user, asked.target, asked.action, link.profile.namespace, grant=asked.grant
        )
    if asked.grant and not held:
        record.end("unknown", "accepted, but the check says that it is not held")
        raise Refusal(
            "NotVerified",
            "The instance accepted the grant, but its own check still says no.",
            f"Look at the SQL privileges of {harmless(asked.user)} in the portal before doing more.",
        )
    record.end("done", "checked")
    name, what = harmless(asked.user), f"{asked.action} {harmless(asked.target.name)}"
    details = [f"By hand, in {harmless(asked.target.namespace)}: {asked.statement(grant=not asked.grant)}"]
    if held and not asked.grant:
        details = ["It is still allowed: by a role, by the whole schema, or as the owner."]
    yield Done(
        "sql_grant",
        f"{name} may {what} now." if held else f"{name} may no longer {what}.",
        details=details,
        undo=record.number,
    )
