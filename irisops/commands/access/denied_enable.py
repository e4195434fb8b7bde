"""/denied enable: have every kind of refusal recorded in the audit log, by plan; /undo switches it off again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from irisops.commands.chat import Command
from irisops.commands.context import Context
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Change, Done, Plan
from irisops.commands.spec import CommandSpec, Plain, Replies
from irisops.commands.text import counted, listed
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.journal import Entry, Intent, Reverse, Status

if TYPE_CHECKING:
    from irisops.commands.links import Link
    from irisops.instance.audit import Auditing

KIND = "audit.refusals"
"""The journal's name for this kind of change."""
WHOLE = "auditing"
"""Auditing as a whole, among the settings that a change names."""
EVENTS = {
    "Protect": "<PROTECT> errors",
    "AccessDenied": "refused security operations",
    "LoginFailure": "failed logins",
    "PrivilegeFailure": "refused SQL",
}
"""The events of refusals in a person's words."""


async def enable(context: Context, command: Command) -> Replies:
    """Plan to switch on auditing and the events of refusals."""
    link = context.link()
    auditing = await link.reads.auditing()
    settings = (*([WHOLE] if auditing.system is False else []), *auditing.disabled)
    if not settings:
        raise Refusal(
            "AlreadyRecorded",
            "Every kind of refusal is recorded already.",
            "Nothing is to be done. /denied shows what was recorded.",
        )
    yield _plan(context, link, _Switching(context, link, settings, True, command.slash))  # noqa: FBT003


async def take_back(context: Context, link: Link, entry: Entry, command: str) -> Plan:
    """The plan that switches what `entry` switched the other way. Raises `Refusal` when it was moved since."""
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    settings = reverse.after or reverse.before
    on = not reverse.after
    auditing = await link.reads.auditing()
    moved = [each for each in settings if _is_on(auditing, each) is on]
    if moved:
        raise Refusal(
            "Moved",
            f"{listed(moved)} is {'on' if on else 'off'} already: somebody switched it since change {entry.number}.",
            "/denied says what is recorded now.",
        )
    work = _Switching(context, link, settings, on, command, entry.number)
    return _plan(context, link, work)


def _is_on(auditing: Auditing, setting: str) -> bool | None:
    return auditing.system if setting == WHOLE else auditing.events.get(setting)


def _plan(context: Context, link: Link, work: _Switching) -> Plan:
    words = ("off", "on"), ("disabled", "enabled")
    changes = []
    for each in work.settings:
        before, after = words[each != WHOLE] if work.on else words[each != WHOLE][::-1]
        what = WHOLE if each == WHOLE else f"audit event {each} ({EVENTS[each]})"
        changes.append(Change(what, before, after))
    shown = Plan(
        name="audit_enable",
        title="Record refusals in the audit log" if work.on else "Stop recording refusals in the audit log",
        instance=link.instance_name,
        changes=changes,
        effects=_effects(work),
        warnings=(
            [
                "Protect can be frequent where a program probes what it may do; the audit database grows with it."
            ]
            if work.on and "Protect" in work.settings
            else []
        ),
        calls=_calls(work.settings, on=work.on),
    )
    return context.plans.add(shown, lambda: work.carry_out(shown), link)


def _effects(work: _Switching) -> list[str]:
    if not work.on:
        return ["From then on these refusals leave no trace, and /denied does not show them."]
    effects = [
        "From then on each refusal is recorded with user, client and place; earlier ones stay unknown."
    ]
    if WHOLE in work.settings:
        effects.append("All audit events that are enabled are recorded, not only these.")
    return effects


def _calls(settings: Sequence[str], *, on: bool) -> dict[str, list[str]]:
    """The same by hand. On the instance itself arrays work (facts: iris-security 3.6, 3.7)."""
    from irisops.instance.audit import REFUSALS, SOURCE  # noqa: PLC0415 - not at the start

    flag = int(on)
    lines = ['set $namespace = "%SYS"']
    for each in settings:
        if each == WHOLE:
            lines.append(f'kill p  set p("AuditEnabled") = {flag}')
            lines.append('write ##class(Security.System).Modify("SYSTEM", .p)  ; 1 is success')
        else:
            lines.append(f'kill p  set p("Enabled") = {flag}')
            key = f'"{SOURCE}", "{REFUSALS[each]}", "{each}"'
            lines.append(f"write ##class(Security.Events).Modify({key}, .p)  ; 1 is success")
    return {"ObjectScript": lines}


@dataclass(frozen=True, slots=True)
class _Switching:
    """An agreed plan at work: these settings are to be switched `on`, or off."""

    context: Context
    link: Link
    settings: tuple[str, ...]
    on: bool
    command: str
    undoes: int | None = None

    async def carry_out(self, shown: Plan) -> Replies:
        """Look again, journal, change, verify."""
        now = await self.link.reads.auditing()
        if any(_is_on(now, each) is self.on for each in self.settings):
            raise Refusal(
                "Moved",
                "Nothing was changed: the audit settings are not as they were in the plan.",
                "Somebody else changed them. Give the command again to see a fresh plan.",
            )
        journal = self.context.journal(self.link.name)
        number = journal.intend(
            Intent(
                title=shown.title,
                command=self.command,
                instance=shown.instance,
                user=self.link.profile.user,
                changes=[(each.what, each.before, each.after) for each in shown.changes],
                calls=shown.calls,
                reverse=Reverse(
                    KIND, WHOLE, () if self.on else self.settings, self.settings if self.on else ()
                ),
                undoes=self.undoes,
            )
        )
        events = [each for each in self.settings if each != WHOLE]
        try:
            await self.link.reads.switch_auditing(events, system=WHOLE in self.settings, on=self.on)
        except InstanceProblem as problem:
            status: Status = "unknown" if isinstance(problem, Unreachable) else "failed"
            journal.outcome(number, status, problem.message)
            raise
        journal.outcome(number, "done", "read back")
        so = "Refusals are recorded from now on" if self.on else "These refusals are not recorded any more"
        yield Done(
            "audit_enable",
            f"{so}: {counted(len(self.settings), 'setting')} changed.",
            details=["/denied shows them as they come."] if self.on else [],
            undo=number,
        )


SPECS = (
    CommandSpec(
        name="denied enable",
        summary="Have every kind of refusal recorded in the audit log",
        handler=enable,
        plain=(
            Plain("(enable|switch on|turn on|start) (auditing|the audit log)"),
            Plain("record [all] [the] (refusals|denials)"),
        ),
        examples=("enable auditing",),
        group="access",
        changes=True,
        needs_connection=True,
        needs=("audit.events", "security.settings", "audit.enable"),
    ),
)
