"""Plan a change of one or more objects.

Used by the editors, the typed commands, the cures of the preflight and /undo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from irisops.changes.carry_out import carry_out, steps_of
from irisops.changes.objects import ObjectKind, Wanted, families, guard, kind_of
from irisops.changes.rehearsal import rehearse
from irisops.connections.connection import Link
from irisops.contract.replies import Change, Plan
from irisops.contract.wording import harmless, listed
from irisops.engine.as_code import PASSWORD, code_of
from irisops.engine.context import Context
from irisops.instance.errors import InstanceError, InstanceProblem, NotPermitted
from irisops.instance.features import FEATURES
from irisops.instance.helper import another_way
from irisops.instance.routes import Instance, explained
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.object_state import ObjectChange, Step, same

MOST_LINES = 40
"""Most lines of before and after in one plan; the rest is counted."""


async def plan(context: Context, link: Link, wanted: Wanted, access: Access | None = None) -> Plan:
    """Check the guards and make the plan. Raises `Refusal` or a named problem.

    A change that can only fail is refused here, before a yes is asked for.
    """
    access = access or await read_access(link.connection)
    wanted = await _with_sources(context, link, wanted)
    guard(context, link, access, wanted.changes)
    await _refuse_early(link.connection, steps_of(context, wanted))
    effects: list[str] = []
    warnings: list[str] = [*wanted.warnings]
    for family, some in families(context, wanted.changes):
        more, warned = family.effects(access, some, link.profile.user)
        effects += more
        warnings += warned
    made = Plan(
        name=wanted.name,
        title=wanted.title,
        instance=link.instance_name,
        changes=_lines(context, wanted),
        effects=effects,
        warnings=[*warnings, *_unread(context, wanted), *access.notes],
        calls=await _calls(context, link, wanted),
    )
    return context.plans.add(made, lambda: carry_out(context, link, wanted, made), link)


async def _with_sources(context: Context, link: Link, wanted: Wanted) -> Wanted:
    """The change with what each new object is copied from, for kinds that need that. Raises as `ObjectKind.source`."""
    changes: list[ObjectChange] = []
    for change in wanted.changes:
        source = kind_of(context, change.kind).source
        if source is None or change.before is not None or change.origin:
            changes.append(change)
        else:
            changes.append(replace(change, origin=await source(link, change.state)))
    return replace(wanted, changes=tuple(changes))


async def _calls(context: Context, link: Link, wanted: Wanted) -> dict[str, list[str]]:
    """What will run, as code by language, and what SQL can say of it. Without passwords. Raises NotAvailable."""
    hidden = dict.fromkeys(wanted.passwords, PASSWORD), dict.fromkeys(wanted.secrets, PASSWORD)
    shown = replace(wanted, passwords=hidden[0], secrets=hidden[1])
    calls = code_of(await rehearse(link.connection, *(step.run for step in steps_of(context, shown))))
    for family, some in families(context, wanted.changes):
        if lines := family.sql(some, list(wanted.passwords)):
            calls.setdefault("SQL", []).extend(lines)
    return calls


async def _refuse_early(instance: Instance, steps: Sequence[Step]) -> None:
    """Make the probes of the steps in one batch. Raises the named problem of one that is refused.

    Not where the first usable route opens no object; where the objects are protected, the next route will do.
    """
    routes = instance.capabilities.routes
    probed = [
        (step, step.probe, first)
        for step in steps
        if step.probe is not None
        for first in routes(step.feature)[:1]
        if first.kind == "object"
    ]
    answers = await instance.batch([probe for _, probe, _ in probed]) if probed else []
    for (step, _, first), answer in zip(probed, answers, strict=True):
        if isinstance(answer, InstanceProblem):
            problem: InstanceProblem = answer
            if isinstance(answer, NotPermitted):
                instance.capabilities.fail(first, answer)
                problem = await explained(instance, answer, FEATURES[step.feature], first)
            elif isinstance(answer, InstanceError):
                problem = step.refused(instance, answer)
            if not await another_way(instance, step.feature, problem):
                raise problem
        elif isinstance(answer, Exception):
            raise answer


def _unread(context: Context, wanted: Wanted) -> list[str]:
    """What a deletion loses, or a copy takes over, without being shown, because it cannot be read."""
    found = []
    for change in wanted.direct:
        kind = kind_of(context, change.kind)
        name = harmless(change.name, 80)
        if change.before is not None and change.after is None and change.before.unread:
            lost = kind.unread(change.before)
            found.append(f"You cannot read {lost} of {name}: /undo does not bring it back.")
        elif change.after is not None and change.origin and change.after.unread:
            found.append(
                f"You cannot read {kind.unread(change.after)} of {harmless(change.origin, 80)}: not shown here."
            )
    return found


def _lines(context: Context, wanted: Wanted) -> list[Change]:
    """Before and after, a line per field."""
    lines: list[Change] = []
    for change in wanted.changes:
        lines += _lines_of(kind_of(context, change.kind), change)
    if wanted.nobody and wanted.passwords:
        new = "a random one that nobody knows; /password NAME sets another"
        lines.append(Change(f"password of {listed(list(wanted.passwords), most=6)}", "none", new))
    for user in wanted.passwords if not wanted.nobody else ():
        new = "a new one, shown once after the change" if wanted.show else "the one that you entered"
        lines.append(Change(f"password of {harmless(user)}", "unchanged so far", new))
    if len(lines) > MOST_LINES:
        rest = len(lines) - MOST_LINES + 1
        lines = [*lines[: MOST_LINES - 1], Change(f"and {rest} more of the same kind", "", "")]
    return lines


def _lines_of(kind: ObjectKind, change: ObjectChange) -> list[Change]:
    name = harmless(change.name, 80)
    before, after = change.before, change.after
    lines: list[Change] = []
    if after is None:
        held = next((key for key in ("roles", "privileges") if before and key in before.fields), "")
        told = f", with {kind.show(before.names(held), held)}" if before and held else ""
        return [Change(f"{kind.noun} {name}", f"exists{told}", "gone", "gone")]
    if before is None:
        copied = f" as a copy of {harmless(change.origin)}" if change.origin else ""
        lines.append(Change(f"{kind.noun} {name}", "does not exist", f"made{copied}", "made"))
    for each in change.fields():
        new = after.fields.get(each)
        usual = new in ("", (), False, "0") or same(new, kind.initial.get(each)) or each in kind.passing
        if before is None and usual:
            continue
        old = kind.show(before.fields.get(each), each) if before else "–"
        had = kind.entries(before.fields.get(each), each) if before else ()
        has = kind.entries(new, each)
        lines.append(
            Change(
                f"{kind.label(each)} of {name}",
                old,
                kind.show(new, each),
                comes=[entry for entry in has if entry not in had],
                goes=[entry for entry in had if entry not in has],
                stays=[entry for entry in has if entry in had],
            )
        )
    return lines
