"""Settings of services, web applications and resources changed: planned, journaled, saved, read back and compared.

The typed commands, the cures of the preflight and /undo all come through here. Several objects are one change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from irisops.commands.changes import OVERWRITTEN, Origin, Part, Record, Stand
from irisops.commands.changes import Kind as Again
from irisops.commands.context import Context
from irisops.commands.links import Link
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Change, Done, Plan, Progress
from irisops.commands.security.code import calls_of
from irisops.commands.security.meaning import guard, meaning
from irisops.commands.spec import Replies
from irisops.commands.text import counted, duration, harmless, listed
from irisops.commands.turns import What, turn
from irisops.instance.access import read_access
from irisops.instance.object_state import FieldValue, same
from irisops.instance.settings_state import KINDS, Kind, SettingsState, logical, read_settings, save_settings
from irisops.instance.webapps import parse_match_roles
from irisops.journal import Entry, Reverse

JOURNALED: Mapping[str, Kind] = {
    "settings.service": "service",
    "settings.application": "application",
    "settings.resource": "resource",
}
"""The journal's names for these kinds of change."""
_NAME_OF = {kind: name for name, kind in JOURNALED.items()}
PLURAL: Mapping[Kind, What] = {
    "service": "services",
    "application": "web applications",
    "resource": "resources",
}
SINGULAR: Mapping[Kind, str] = {
    "service": "service",
    "application": "web application",
    "resource": "resource",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """One object before and after."""

    before: SettingsState
    after: SettingsState

    @property
    def fields(self) -> list[str]:
        """What changes."""
        return self.before.differing(self.after)


def shown(kind: Kind, name: str, value: FieldValue | None) -> str:
    """A value as a plan shows it."""
    form = KINDS[kind].properties[name].kind
    if isinstance(value, bool):
        return "yes" if value else "no"
    if form == "groups" and isinstance(value, tuple):
        value = tuple(roles_given(parse_match_roles(",".join(value))))
    if isinstance(value, tuple):
        return ", ".join(harmless(each, 80) for each in value) or "none"
    if form == "seconds" and value:
        return f"{value} s ({duration(int(value))})" if value != "0" else "never"
    return harmless(value or "none")


def roles_given(groups: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Roles that an application adds: for everybody, or `ROLE (if MATCH)` for holders of another one."""
    return [f"{target} (if {match})" if match else target for match, targets in groups for target in targets]


def line_of(kind: Kind, name: str, field: str) -> str:
    """What a line of a plan is about."""
    return f"{KINDS[kind].properties[field].label} of {harmless(name, 80)}"


async def plan(context: Context, link: Link, command: str, edits: Sequence[Edit], origin: Origin) -> Plan:
    """The plan that waits for a yes. `command` names the replies. Raises `Refusal` or a named problem."""
    some = [edit for edit in edits if edit.fields]
    if not some:
        names = listed([edit.before.name for edit in edits])
        raise Refusal(
            "AlreadySo",
            f"{names} {'is' if len(edits) == 1 else 'are'} so already.",
            "Nothing is to be done.",
        )
    access = await read_access(link.connection)
    guard(link, access, [(edit.before, edit.after) for edit in some])
    effects, warnings = meaning(access, [(edit.before, edit.after) for edit in some])
    kind = some[0].before.kind
    noun = SINGULAR[kind] if len(some) == 1 else PLURAL[kind]
    made = Plan(
        name=command,
        title=f"Change {noun} {listed([edit.before.name for edit in some], most=5)}",
        instance=link.instance_name,
        changes=[
            Change(
                line_of(kind, edit.before.name, field),
                shown(kind, field, edit.before.fields.get(field)),
                shown(kind, field, edit.after.fields.get(field)),
            )
            for edit in some
            for field in edit.fields
        ],
        effects=effects,
        warnings=[*warnings, *access.notes],
        calls=calls_of([(edit.after, edit.fields) for edit in some]),
    )
    work = _Work(context, link, tuple(some), origin, made)
    return context.plans.add(made, work.carry_out, link)


@dataclass(frozen=True, slots=True)
class _Work:
    """An agreed plan at work."""

    context: Context
    link: Link
    edits: tuple[Edit, ...]
    origin: Origin
    made: Plan

    async def carry_out(self) -> Replies:
        """Wait for one's turn, then change."""
        what = PLURAL[self.edits[0].before.kind]
        async with turn(self.context, self.link, what), aclosing(self._change()) as replies:
            async for reply in replies:
                yield reply

    async def _change(self) -> Replies:
        """Look again, journal, save each, read back and compare."""
        kind = self.edits[0].before.kind
        names = [edit.before.name for edit in self.edits]
        now = await read_settings(self.link.connection, kind, names)
        self._refuse_moved(now)
        guard(
            self.link,
            await read_access(self.link.connection),
            [(edit.before, edit.after) for edit in self.edits],
        )
        record = Record(
            self.context,
            self.link,
            self.made,
            self.origin,
            reverse=Reverse(
                _NAME_OF[kind],
                ", ".join(names),
                tuple(_written(edit.before, edit.fields) for edit in self.edits),
                tuple(_written(edit.after, edit.fields) for edit in self.edits),
            ),
        )
        saved: list[str] = []
        with record.watched(
            lambda: f"saved before: {listed(saved)}" if saved else "", in_parts=len(self.edits) > 1
        ):
            for at, edit in enumerate(self.edits):
                if len(self.edits) > 1:
                    yield Progress(
                        self.made.name, f"{harmless(edit.before.name, 80)} …", at / len(self.edits)
                    )
                await save_settings(self.link.connection, edit.after, edit.fields)
                saved.append(edit.before.name)
            last, now = now, await read_settings(self.link.connection, kind, names)
        wrong = self._wrong(now)
        if wrong:
            record.end("unknown", f"read back: {'; '.join(wrong)}")
            raise Refusal(
                "NotVerified",
                f"The instance accepted the change, but reads back: {'; '.join(wrong)}. {OVERWRITTEN}",
                f"/history {record.number} shows what was done; /undo {record.number} takes back what is there.",
            )
        record.end("done", f"{listed(names)}, read back")
        details = ["Read back and compared.", *self._besides(last, now)]
        yield Done(self.made.name, self._past(), details=details, undo=record.number)

    def _refuse_moved(self, now: Mapping[str, SettingsState]) -> None:
        """Somebody else was there between the plan and the yes. Raises `Refusal`."""
        for edit in self.edits:
            found = now.get(edit.before.name.casefold())
            if found is None:
                raise Refusal(
                    "Moved",
                    f"Nothing was changed: {harmless(edit.before.name)} is gone now.",
                    "Somebody else deleted it.",
                )
            moved = edit.before.differing(found)
            if moved:
                kind = edit.before.kind
                told = "; ".join(
                    f"{line_of(kind, found.name, each)} is {shown(kind, each, found.fields.get(each))} now, "
                    f"but was {shown(kind, each, edit.before.fields[each])} in the plan"
                    for each in moved
                )
                raise Refusal(
                    "Moved",
                    f"Nothing was changed: {told}.",
                    "Somebody else changed it. Give the command again to see a fresh plan.",
                )

    def _wrong(self, now: Mapping[str, SettingsState]) -> list[str]:
        """What does not read back as it should: a status of 1 is no proof (facts: iris-security 6.1)."""
        wrong = []
        for edit in self.edits:
            found = now.get(edit.after.name.casefold())
            kind = edit.after.kind
            for field in edit.fields:
                value = found.fields.get(field) if found else None
                if not same(value, edit.after.fields[field]):
                    wrong.append(
                        f"{line_of(kind, edit.after.name, field)} is {shown(kind, field, value)} "
                        f"instead of {shown(kind, field, edit.after.fields[field])}"
                    )
        return wrong

    def _besides(self, last: Mapping[str, SettingsState], now: Mapping[str, SettingsState]) -> list[str]:
        """What is different since the last look and was no part of the change, as a sentence."""
        told = []
        for edit in self.edits:
            kind, key = edit.after.kind, edit.after.name.casefold()
            told += [
                f"{line_of(kind, edit.after.name, each)} was {shown(kind, each, last[key].fields[each])} and is "
                f"{shown(kind, each, now[key].fields.get(each))}"
                for each in last[key].differing(now[key])
                if each not in edit.fields
            ]
        return (
            [f"Changed at the same time by somebody else, or by the instance: {'; '.join(told)}."]
            if told
            else []
        )

    def _past(self) -> str:
        if len(self.edits) > 1:
            kind = self.edits[0].before.kind
            return f"{counted(len(self.edits), SINGULAR[kind])} changed: {listed([e.after.name for e in self.edits])}."
        after, fields = self.edits[0].after, self.edits[0].fields
        labels = KINDS[after.kind].properties
        told = [f"{labels[each].label} is {shown(after.kind, each, after.fields[each])}" for each in fields]
        return f"{harmless(after.name, 80)}: {'; '.join(told)}."


def _written(state: SettingsState, fields: Sequence[str]) -> str:
    """One object of a change as the journal keeps it."""
    return json.dumps({"name": state.name, **{field: state.fields[field] for field in fields}})


def _read(kind: Kind, line: str) -> SettingsState:
    """The reverse. Raises `ValueError` for a line of another shape, or a value that its field cannot have."""
    try:
        raw = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deep") from None
    named = isinstance(raw, dict) and isinstance(raw.get("name"), str)
    if not named:
        raise ValueError("no settings of an object")
    name = raw.pop("name")
    state = SettingsState(
        kind, name, {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
    )
    for field, value in state.fields.items():
        form = KINDS[kind].properties[field].kind if field in KINDS[kind].properties else None
        right = {"flag": bool, "methods": tuple, "groups": tuple}.get(form or "", str)
        if form is None or not isinstance(value, right):
            raise ValueError(f"{field} is not of {SINGULAR[kind]}")
        if isinstance(value, tuple) and not all(isinstance(each, str) for each in value):
            raise ValueError(f"{field} is no list of names")
        logical(form, state, field)
    return state


def _edits(entry: Entry) -> tuple[Kind, list[Edit]]:
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind not in JOURNALED:
        raise ValueError(f"change {entry.number} is none of settings")
    kind = JOURNALED[reverse.kind]
    pairs = zip(reverse.before, reverse.after, strict=True)
    edits = [Edit(_read(kind, before), _read(kind, after)) for before, after in pairs]
    if not edits or any(edit.before.fields.keys() != edit.after.fields.keys() for edit in edits):
        raise ValueError(f"change {entry.number} names different fields before and after it")
    return kind, edits


async def _stand(link: Link, entry: Entry) -> Stand:
    kind, edits = _edits(entry)
    now = await read_settings(link.connection, kind, [edit.before.name for edit in edits])
    done: list[Part] = []
    left: list[Part] = []
    for edit in edits:
        found = now.get(edit.before.name.casefold())
        if found is None:
            return Stand(moved=f"{SINGULAR[kind]} {harmless(edit.before.name, 80)} is gone.")
        for field in edit.fields:
            value = found.fields.get(field)
            said = f"{line_of(kind, found.name, field)} is {shown(kind, field, value)}"
            part = Part(f"{field} {edit.before.name}", said)
            if same(value, edit.after.fields[field]):
                done.append(part)
            elif same(value, edit.before.fields[field]):
                left.append(part)
            else:
                was, becomes = (shown(kind, field, each.fields[field]) for each in (edit.before, edit.after))
                return Stand(moved=f"{said}, neither {becomes} nor {was}, as change {entry.number} knows it.")
    return Stand(done, left)


async def _plan_again(
    context: Context, link: Link, entry: Entry, parts: Sequence[str], origin: Origin
) -> Plan:
    kind, edits = _edits(entry)
    now = await read_settings(link.connection, kind, [edit.before.name for edit in edits])
    wanted: list[Edit] = []
    for edit in edits:
        found = now.get(edit.before.name.casefold())
        goal = edit.after if origin.way == "on" else edit.before
        fields = {f: goal.fields[f] for f in edit.fields if f"{f} {edit.before.name}" in parts}
        if found is not None and fields:
            wanted.append(Edit(found, found.with_fields(fields)))
    return await plan(context, link, kind, wanted, origin)


AGAIN = Again(_edits, _stand, _plan_again)
KINDS_AGAIN: Mapping[str, Again] = dict.fromkeys(JOURNALED, AGAIN)
"""For `irisops.commands.taking_back`."""


async def states(link: Link, kind: Kind, names: Sequence[str]) -> list[SettingsState]:
    """The objects of these names, spelled as the instance does. Raises `Refusal` when one has gone meanwhile."""
    found = await read_settings(link.connection, kind, names)
    for name in names:
        if name.casefold() not in found:
            raise Refusal(
                "NotReadable",
                f"The {SINGULAR[kind]} {harmless(name, 80)} is listed, but cannot be opened.",
                "Change it in the portal; please report it with the output of /doctor.",
            )
    return [found[name.casefold()] for name in names]
