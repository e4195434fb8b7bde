"""/denied enable: record every kind of refusal in the audit log, by plan; /undo switches it off again."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.changes.record import Again, Origin, Part, Record, Stand
from irisops.changes.rehearsal import rehearse
from irisops.changes.turns import turn
from irisops.commands.access.specs import KIND
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Change, Done, Plan, Refusal
from irisops.contract.wording import counted
from irisops.engine.as_code import code_of
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import NotAvailable
from irisops.instance.security.audit import Auditing, read_auditing, set_auditing, switch_auditing
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
            "Every kind of refusal is already recorded.",
            "There is nothing to do. /denied shows what was recorded.",
        )
    yield await _plan(context, link, settings, Origin(command.slash), on=True)


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
    return await _plan(context, link, parts, origin, on=_states(entry)[0] is (origin.way == "on"))


AGAIN = Again(_states, _stand, _plan_again)


def _named(setting: str) -> str:
    return setting if setting == WHOLE else f"audit event {setting}"


def _is_on(auditing: Auditing, setting: str) -> bool | None:
    return auditing.system if setting == WHOLE else auditing.events.get(setting)


async def _plan(context: Context, link: Link, settings: Sequence[str], origin: Origin, *, on: bool) -> Plan:
    words = ("off", "on"), ("disabled", "enabled")
    changes = []
    for each in settings:
        before, after = words[each != WHOLE] if on else words[each != WHOLE][::-1]
        what = WHOLE if each == WHOLE else f"audit event {each} ({EVENTS[each]})"
        changes.append(Change(what, before, after))
    effects = ["From then on these refusals leave no trace, and /denied does not show them."]
    warnings = []
    if on:
        effects = [
            "From then on each refusal is recorded with user, client and place; earlier ones stay unknown."
        ]
    if on and WHOLE in settings:
        effects.append("All audit events that are enabled are recorded, not only these.")
    if on and "Protect" in settings:
        warnings.append(
            "Protect can be frequent where a program probes what it may do; the audit database grows with it."
        )
    events = [each for each in settings if each != WHOLE]
    calls = await rehearse(
        link.connection, lambda instance: set_auditing(instance, events, system=WHOLE in settings, on=on)
    )
    shown = Plan(
        name="audit_enable",
        title="Record refusals in the audit log" if on else "Stop recording refusals in the audit log",
        instance=link.instance_name,
        changes=changes,
        effects=effects,
        warnings=warnings,
        calls=code_of(calls),
    )
    return context.plans.add(
        shown, lambda: _switch(context, link, settings, on=on, origin=origin, shown=shown), link
    )


async def _switch(
    context: Context, link: Link, settings: Sequence[str], *, on: bool, origin: Origin, shown: Plan
) -> Replies:
    """Wait for the lock of the audit settings, read again, journal, change, verify."""
    async with turn(context, link, "security settings"):
        now = await read_auditing(link.connection)
        if any(_is_on(now, each) is on for each in settings):
            raise Refusal(
                "Moved",
                "Nothing was changed: the audit settings are not as they were in the plan.",
                "Somebody else changed them. Give the command again to see a fresh plan.",
            )
        states = ((), tuple(settings)) if on else (tuple(settings), ())
        record = Record(context, link, shown, origin, reverse=Reverse(KIND, WHOLE, *states))
        events = [each for each in settings if each != WHOLE]
        with record.watched(in_parts=len(settings) > 1):
            await switch_auditing(link.connection, events, system=WHOLE in settings, on=on)
        record.end("done", "read back")
        so = "Refusals are recorded from now on" if on else "These refusals are no longer recorded"
        yield Done(
            "audit_enable",
            f"{so}: {counted(len(settings), 'setting')} changed.",
            details=["/denied shows them as they come."] if on else [],
            undo=record.number,
        )
