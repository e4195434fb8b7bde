"""Carry out an agreed change of objects: look again, guard, journal, call, read back, compare.

The rules for every change are here. Problems are journaled, then raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing

from irisops.changes.objects import Wanted, fields_held, guard, kind_of, read_states
from irisops.changes.record import OVERWRITTEN, Record
from irisops.changes.turns import turn
from irisops.connections.connection import Link
from irisops.contract.quoting import quote
from irisops.contract.replies import Done, Facts, Plan, Progress, Refusal
from irisops.contract.wording import counted, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.errors import InstanceProblem, Unreachable
from irisops.instance.security.access import read_access
from irisops.instance.security.object_state import Kind, ObjectChange, ObjectState, Step
from irisops.journal import Status, Touched

States = Mapping[tuple[Kind, str], ObjectState]
"""Objects by kind and casefolded name."""


async def carry_out(context: Context, link: Link, wanted: Wanted, made: Plan) -> Replies:
    """Wait for the turn, then make the change `wanted` as shown in the plan `made`."""
    async with AsyncExitStack() as turns:
        # Always in the same order, to avoid a deadlock.
        for what in sorted({kind_of(context, change.kind).turn for change in wanted.changes}):
            await turns.enter_async_context(turn(context, link, what))
        replies = await turns.enter_async_context(aclosing(_change(context, link, wanted, made)))
        async for reply in replies:
            yield reply


async def _change(context: Context, link: Link, wanted: Wanted, made: Plan) -> Replies:
    fields = fields_held(state for change in wanted.changes for state in (change.before, change.after))
    now = await read_states(context, link, [(change.kind, change.name) for change in wanted.direct], fields)
    _refuse_moved(context, wanted, now)
    guard(context, link, await read_access(link.connection), wanted.changes)
    steps = steps_of(context, wanted)
    record = Record(
        context,
        link,
        made,
        wanted.origin,
        touched=[_touched(context, change) for change in wanted.changes],
        steps=[step.label for step in steps],
        passwords=list(wanted.passwords),
        final=_why_final(context, wanted),
    )
    for at, step in enumerate(steps):
        if len(steps) > 1:
            yield Progress(wanted.name, f"{harmless(step.label)} …", at / len(steps))
        try:
            await step.run(link.connection)
        except InstanceProblem as problem:
            status: Status = "unknown" if isinstance(problem, Unreachable) else "failed"
            so_far = f" Done before: {'; '.join(each.label for each in steps[:at])}." if at else ""
            record.end(status, f"{step.label}: {problem.name}: {problem.message}{so_far}")
            if not at:
                raise
            raise Refusal(
                problem.name,
                f"{problem.message} {counted(at, 'call')} of {len(steps)} had been made before.",
                f"/undo {record.number} takes those back, /finish {record.number} goes on. {problem.cure}",
            ) from problem
        record.step()
    after = await read_states(
        context, link, [(change.kind, change.name) for change in wanted.changes], fields
    )
    wrong = _wrong(context, wanted, after)
    if wrong:
        record.end("unknown", f"read back: {'; '.join(wrong)}")
        raise Refusal(
            "NotVerified",
            f"The instance accepted the change, but reads back: {'; '.join(wrong)}. {OVERWRITTEN}",
            f"/history {record.number} shows what was done; /undo {record.number} takes back what is there.",
        )
    besides = [*_besides(context, wanted, now, after), *_not_compared(context, wanted, after)]
    record.end("done", "; ".join([*(step.label for step in steps), *besides]))
    yield Done(
        wanted.name,
        _past(context, wanted),
        details=[f"On {made.instance}, read back and compared.", *besides],
        undo=record.number if _can_be_undone(context, wanted) else None,
    )
    for user, password in wanted.passwords.items() if wanted.show else ():
        yield Facts(  # one each, to be copied alone
            "password" if len(wanted.passwords) == 1 else f"password {user}",
            "Shown once",
            {"users": [user]},
            notes=["It is not kept: hand it over now."],
            blocks={f"Password of {harmless(user)}": password},
        )


def steps_of(context: Context, wanted: Wanted) -> list[Step]:
    """The calls of a change, in order."""
    found: list[Step] = []
    for change in wanted.direct:
        found += kind_of(context, change.kind).steps(change, wanted.secret_of(change))
    return found


def _touched(context: Context, change: ObjectChange) -> Touched:
    before, after = change.before, change.after
    fields = dict(after.fields) if after else None
    if fields is not None and change.origin:
        copied = kind_of(context, change.kind).copied
        fields = {key: value for key, value in fields.items() if key in copied}
    return Touched(change.kind, change.name, before.fields if before else None, fields, change.follows)


def _can_be_undone(context: Context, wanted: Wanted) -> bool:
    return any(set(change.fields()) - kind_of(context, change.kind).passing for change in wanted.changes)


def _why_final(context: Context, wanted: Wanted) -> str:
    """Why it cannot be undone, as a sentence; "" if it can be."""
    if _can_be_undone(context, wanted):
        return ""
    if wanted.passwords:
        user = next(iter(wanted.passwords))
        return f"nobody knows the old password; /password {quote(user)} sets another one."
    return "bad logins that were forgotten cannot be counted again."


def _past(context: Context, wanted: Wanted) -> str:
    """The new state in one sentence."""
    names: dict[tuple[str, str, str], list[str]] = {}
    if len(wanted.changes) == 1:
        only = wanted.changes[0]
        told = kind_of(context, only.kind).past(only) if only.before and only.after else ""
        if told:
            return told
    for change in wanted.direct:
        kind = kind_of(context, change.kind)
        said = "made" if change.before is None else "deleted" if change.after is None else "changed"
        names.setdefault((kind.noun, kind.plural, said), []).append(change.name)
    parts = [
        f"{noun if len(who) == 1 else plural} {listed(who)} {'is' if len(who) == 1 else 'are'} {said}"
        for (noun, plural, said), who in names.items()
    ]
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _refuse_moved(context: Context, wanted: Wanted, now: States) -> None:
    """Raise `Refusal` if somebody else changed an object between the plan and the yes."""
    for change in wanted.direct:
        kind = kind_of(context, change.kind)
        found = now.get((change.kind, change.name.casefold()))
        name = f"{kind.noun} {harmless(change.name, 80)}"
        before = change.before
        if before is None:
            if found is not None:
                raise Refusal("Moved", f"Nothing was changed: there is a {name} now.", "Choose another name.")
            continue
        if found is None:
            raise Refusal("Moved", f"Nothing was changed: {name} is gone now.", "Somebody else deleted it.")
        told = "; ".join(
            f"{kind.label(each)} of {harmless(found.name, 80)} is {kind.show(found.fields.get(each), each)} now, "
            f"but was {kind.show(before.fields[each], each)} in the plan"
            for each in kind.differing(before, found)
        )
        if told:
            raise Refusal(
                "Moved",
                f"Nothing was changed: {told}.",
                "Somebody else changed it meanwhile. Give the command again to see a fresh plan.",
            )


def _besides(context: Context, wanted: Wanted, last: States, now: States) -> list[str]:
    """Differences since the last read that were no part of the change, as a sentence; or nothing."""
    told = []
    for change in wanted.direct:
        kind = kind_of(context, change.kind)
        before = last.get((change.kind, change.name.casefold()))
        found = now.get((change.kind, change.name.casefold()))
        if before is None or found is None or change.before is None:
            continue
        told += [
            f"{kind.label(each)} of {harmless(change.name, 80)} was {kind.show(before.fields[each], each)} and is "
            f"{kind.show(found.fields.get(each), each)}"
            for each in kind.differing(before, found)
            if each not in change.fields()
        ]
    return (
        [f"Changed at the same time by somebody else, or by the instance: {'; '.join(told)}."] if told else []
    )


def _not_compared(context: Context, wanted: Wanted, now: States) -> list[str]:
    """What was set, but cannot be read back, as a sentence; or nothing."""
    found: dict[str, None] = {}
    for change in wanted.changes:
        state = now.get((change.kind, change.name.casefold()))
        for each in state.unread if state is not None else ():
            if change.after is not None and each in change.fields():
                found[kind_of(context, change.kind).label(each)] = None
    return [f"Not compared, because you cannot read it: {listed(list(found))}."] if found else []


def _wrong(context: Context, wanted: Wanted, now: States) -> list[str]:
    """Differences between what was read back and wanted: a status of 1 is no proof (facts: iris-security 6.1)."""
    wrong: list[str] = []
    for change in wanted.changes:
        kind = kind_of(context, change.kind)
        found = now.get((change.kind, change.name.casefold()))
        name = f"{kind.noun} {harmless(change.name, 80)}"
        after = change.after
        if after is None:
            if found is not None:
                wrong.append(f"{name} is still there")
            continue
        if found is None:
            wrong.append(f"{name} is not there")
            continue
        fixed = [each for each in kind.fixed if change.before is not None and each in change.before.fields]
        for each in (*(kind.copied if change.origin else change.fields()), *fixed):
            is_now = found.fields.get(each)
            if (
                each in after.fields
                and each not in found.unread
                and not kind.agrees(each, is_now, after.fields[each])
            ):
                wrong.append(
                    f"{kind.label(each)} of {name} is {kind.show(is_now, each)} "
                    f"instead of {kind.show(after.fields[each], each)}"
                )
    return wrong
