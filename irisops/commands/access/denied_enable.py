"""/denied enable: record every kind of refusal in the audit log, by plan; /undo switches it off again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.changes.turns import turn
from irisops.commands.access.specs import KIND
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Change, Done, Plan
from irisops.contract.wording import counted
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import NotAvailable
from irisops.instance.security.audit import REFUSALS, SOURCE, Auditing, read_auditing, switch_auditing
from irisops.journal import Entry, Reverse

WHOLE = "auditing"
"""Name of the setting for auditing as a whole."""
EVENTS = {
    "Protect": "<PROTECT> errors",
    "AccessDenied": "refused security operations",
    "LoginFailure": "failed logins",
    "PrivilegeFailure": "refused SQL",
}
"""Labels of the audit events of refusals."""


async def enable(context: Context, command: Command) -> Replies:
    """Plan to switch on auditing and the events of refusals."""
    link = context.link()
    auditing = await read_auditing(link.connection)
    settings = (*([WHOLE] if auditing.system is False else []), *auditing.disabled)
    if not settings:
        raise Refusal(
            "AlreadyRecorded",
            "Every kind of refusal is recorded already.",
            "Nothing is to be done. /denied shows what was recorded.",
        )
    yield _plan(context, link, _Switching(context, link, settings, True, Origin(command.slash)))  # noqa: FBT003 - it is switched on


def _states(entry: Entry) -> tuple[bool, tuple[str, ...]]:
    """(True if the change switches on, names of its settings)."""
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND or bool(reverse.after) is bool(reverse.before):
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    return bool(reverse.after), reverse.after or reverse.before


async def _stand(link: Link, entry: Entry) -> Stand:
    on, settings = _states(entry)
    auditing = await read_auditing(link.connection)
    done: list[Part] = []
    left: list[Part] = []
    for each in settings:
        now = _is_on(auditing, each)
        if now is None:
            raise NotAvailable(f"Whether {_named(each)} is on cannot be read.", "/denied says why.")
        (done if now is on else left).append(Part(each, f"{_named(each)} is {'on' if now else 'off'}"))
    return Stand(done, left)


async def _plan_again(
    context: Context, link: Link, entry: Entry, parts: Sequence[str], origin: Origin
) -> Plan:
    on = _states(entry)[0] is (origin.way == "on")
    return _plan(context, link, _Switching(context, link, tuple(parts), on, origin))


AGAIN = Again(_states, _stand, _plan_again)


def _named(setting: str) -> str:
    return setting if setting == WHOLE else f"audit event {setting}"


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
    """The calls to make by hand. On the instance itself arrays work (facts: iris-security 3.6, 3.7)."""
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
    """Carries a confirmed plan out: switches these settings `on`, or off."""

    context: Context
    link: Link
    settings: tuple[str, ...]
    on: bool
    origin: Origin

    async def carry_out(self, shown: Plan) -> Replies:
        """Wait for the lock of the instance's settings, then change them."""
        async with turn(self.context, self.link, "audit settings"), aclosing(self._change(shown)) as replies:
            async for reply in replies:
                yield reply

    async def _change(self, shown: Plan) -> Replies:
        """Read again, journal, change, verify."""
        now = await read_auditing(self.link.connection)
        if any(_is_on(now, each) is self.on for each in self.settings):
            raise Refusal(
                "Moved",
                "Nothing was changed: the audit settings are not as they were in the plan.",
                "Somebody else changed them. Give the command again to see a fresh plan.",
            )
        record = Record(
            self.context,
            self.link,
            shown,
            self.origin,
            reverse=Reverse(KIND, WHOLE, () if self.on else self.settings, self.settings if self.on else ()),
        )
        events = [each for each in self.settings if each != WHOLE]
        with record.watched(in_parts=len(self.settings) > 1):
            await switch_auditing(self.link.connection, events, system=WHOLE in self.settings, on=self.on)
        record.end("done", "read back")
        so = "Refusals are recorded from now on" if self.on else "These refusals are not recorded any more"
        yield Done(
            "audit_enable",
            f"{so}: {counted(len(self.settings), 'setting')} changed.",
            details=["/denied shows them as they come."] if self.on else [],
            undo=record.number,
        )
