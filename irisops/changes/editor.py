"""The editor of an object: open its form, check what was entered, merge it with others' changes, plan the change.

One flow for every kind of object; the differences are declared as an `Editor`. Values come from a form or from
`key=value` on a typed line, and both end in the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from irisops.changes.objects import FieldRefusal, ObjectKind, Wanted, kind_of
from irisops.changes.plan import plan
from irisops.changes.record import Origin
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Facts, Form, FormField, Problem, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine.availability import only_shown, refuse_change
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.security.access import Access, read_access
from irisops.instance.security.object_state import FieldValue, Kind, ObjectChange, ObjectState, missing, same

Given = Mapping[str, Cell | list[str]]
"""Values by field, as entered in a form or typed as `key=value`."""


@dataclass(slots=True)
class Checked:
    """The entered values that are valid, and a message for each invalid field."""

    fields: dict[str, FieldValue] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    """What only the instance could tell of the values."""
    password: str = field(default="", repr=False)


def texts_of(raw: Cell | list[str]) -> list[str]:
    """The entries of a list as it was given: ticked in a form, or typed with commas."""
    texts = raw if isinstance(raw, list) else str(raw or "").split(",")
    return [text.strip() for text in texts if text.strip()]


@dataclass(slots=True)
class Start:
    """Initial values of a new object. `title` is appended to the plan's title; `notes` are shown in the form."""

    values: Mapping[str, FieldValue]
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    title: str = ""
    complete: bool = False
    """True if the object can be planned without a form."""


class FormFields(Protocol):
    """See `Editor.form_fields`."""

    def __call__(self, link: Link, access: Access, state: ObjectState, /, *, new: bool) -> list[FormField]:
        """The fields of an object's form, in order."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Declaration of how a kind of object is edited."""

    kind: Kind
    edit_feature: str
    """The feature without which the object is only shown."""
    options: Collection[str]
    """Keys of `key=value` for an existing object."""
    new_options: Collection[str]
    empty: Mapping[str, FieldValue]
    """Fields of a new object before anything is entered."""
    second_words: Collection[str]
    """Names that the parser would take for another command."""
    find: Callable[[Link, Access, str], Coroutine[Any, Any, ObjectState]]
    """The object as it is. Raises `Refusal` with the nearest names."""
    cards: Callable[[Access, ObjectState, date, Sequence[str]], Sequence[Facts | Table]]
    """The object as cards, if it cannot be changed; the sentences say why."""
    form_fields: FormFields
    notes: Callable[[Access, ObjectState], list[str]]
    """Notes under the form."""
    check_name: Callable[[Access, Kind, str], str]
    """Why a name is not allowed for a new object, "" if it is."""
    check: Callable[[Link, Access, Given, ObjectState, date], Coroutine[Any, Any, Checked]]
    """Check the values; values that the object already has are never refused. Raises a named problem."""
    kept_by_instance: Callable[[ObjectState], Refusal | None] = lambda _state: None
    """Why the instance allows no change of this object; None if it does."""
    start: Callable[[Link, Access, Command, date], Coroutine[Any, Any, Start]] | None = None
    """Initial values of a new object, `empty` if None. Raises `Refusal` or a named problem."""
    word: str = ""
    """The command of an existing object, the kind if empty."""
    with_companions: Callable[[Access, Command, ObjectState], list[ObjectChange]] = (
        lambda _access, _command, after: [ObjectChange(None, after)]
    )
    """The changes that make a new object and others that it needs. Raises `FieldRefusal`."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """One editing command being run."""

    context: Context
    command: Command
    editor: Editor
    access: Access
    given: Given
    start: Start

    def form(self, state: ObjectState) -> Form:
        """The form of an existing object."""
        name = state.name
        forced = name.casefold() in self.editor.second_words
        return Form(
            self.editor.kind,
            f"{self._noun.capitalize()} {name}",
            self.editor.form_fields(self.context.link(), self.access, state, new=False),
            f"/{self.editor.word or self.editor.kind} {quote(name, force=forced)}",
            notes=self.editor.notes(self.access, state),
        )

    def new_form(self, values: Mapping[str, FieldValue], name: str, notes: Sequence[str] = ()) -> Form:
        """The form of a new object."""
        state = ObjectState(self.editor.kind, name, values)
        fields = self.editor.form_fields(self.context.link(), self.access, state, new=True)
        return Form(self.editor.kind, f"New {self._noun}", fields, self.command.slash, notes=list(notes))

    def wrong(self, state: ObjectState | None, errors: Mapping[str, str]) -> Form | Problem:
        """The form with error messages, or a problem for a typed line. A secret is not echoed."""
        if not self.command.fields:
            key, message = next(iter(errors.items()))
            cure = f"Correct {key}= and try again; nothing was changed."
            return Problem("BadValue", message, cure, text=self.command.text)
        form = self.form(state) if state is not None else self.new_form(self.start.values, "")
        form.command = self.command.slash or form.command
        form.fields = [_refilled(each, self.given) for each in form.fields]
        form.errors = dict(errors)
        return form

    async def planned(self, wanted: Wanted, state: ObjectState | None) -> Replies:
        """The plan, or the form with the message of a guard that refuses a field."""
        try:
            yield await plan(self.context, self.context.link(), wanted, self.access)
        except FieldRefusal as refusal:
            if not self.command.fields:
                raise
            yield self.wrong(state, {refusal.field: f"{refusal.message} {refusal.cure}"})

    @property
    def _noun(self) -> str:
        return kind_of(self.context, self.editor.kind).noun


def _refilled(each: FormField, given: Given) -> FormField:
    if each.kind == "secret" or each.name not in given:
        return each
    value = given[each.name]
    return each._replace(value="" if value is None and each.kind == "date" else value)


async def edit(context: Context, command: Command, editor: Editor) -> Replies:
    """`/KIND NAME`: the form; with values, the plan. Raises `Refusal` or a named problem."""
    link = context.link()
    kind = kind_of(context, editor.kind)
    given: Given = command.fields or {
        key: value for key, value in command.args.items() if key in editor.options
    }
    if given:
        refuse_change(link, editor.edit_feature)
    access = await read_access(link.connection)
    state = await editor.find(link, access, str(command.args[editor.kind]))
    desk = _Desk(context, command, editor, access, given, Start(editor.empty))
    kept = editor.kept_by_instance(state)
    if kept is not None and given:
        raise kept
    why_not = [f"{kept.message} {kept.cure}"] if kept is not None else only_shown(link, editor.edit_feature)
    today = context.clock.now().date()
    if why_not:
        for card in editor.cards(access, state, today, why_not):
            yield card
        return
    key = (link.name.casefold(), editor.kind, state.name.casefold())
    if not given:
        context.loaded[key] = state
        yield desk.form(state)
        return
    base = context.loaded.get(key, state) if command.fields else state
    checked = await editor.check(link, access, given, state, today)
    merged = merge(kind, base, state, checked.fields)
    if checked.errors:
        yield desk.wrong(state, checked.errors)
        return
    if merged.theirs and command.fields:
        yield difference_table(kind, base, state, checked.fields)
    if merged.conflicts:
        context.loaded[key] = state
        told = {
            name: f"Somebody else set this to {kind.show(state.fields[name], name)} meanwhile. "
            "Save again to write yours, or enter theirs."
            for name in merged.conflicts
        }
        yield desk.wrong(state, told)
        return
    change = ObjectChange(state, state.with_fields(merged.mine))
    parts = [kind.label(each) for each in change.fields()] + (["password"] if checked.password else [])
    if not parts:
        raise Refusal(
            "NothingToChange", f"{harmless(state.name)} is already set that way.", "There is nothing to do."
        )
    of = "" if editor.kind == "user" else f"{kind.noun} "
    theirs = merged.theirs if command.fields else ()
    warnings = [
        f"Meanwhile somebody else changed {kind.label(each)}: it stays as they left it." for each in theirs
    ]
    wanted = Wanted(
        editor.word or editor.kind,
        f"Change {listed(parts)} of {of}{harmless(state.name)}",
        (change,),
        Origin(command.slash),
        {state.name: checked.password} if checked.password else {},
        warnings=[*warnings, *checked.warnings],
    )
    async for reply in desk.planned(wanted, state):
        yield reply


async def add(context: Context, command: Command, editor: Editor) -> Replies:
    """`/KIND add [NAME]`: the form; with values, the plan. Raises `Refusal` or a named problem."""
    link = context.link()
    kind = kind_of(context, editor.kind)
    access = await read_access(link.connection)
    name = str(command.fields.get("name") or command.args.get("name") or "").strip()
    given: Given = command.fields or {
        key: value for key, value in command.args.items() if key in editor.new_options
    }
    today = context.clock.now().date()
    start = await editor.start(link, access, command, today) if editor.start else Start(editor.empty)
    desk = _Desk(context, command, editor, access, given, start)
    if not command.fields and (not name or not (given or start.complete)):
        yield desk.new_form(start.values, name, start.notes)
        return
    empty = ObjectState(editor.kind, name, dict(start.values))
    checked = await editor.check(link, access, given, empty, today)
    refused = editor.check_name(access, editor.kind, name)
    if refused:
        checked.errors = {"name": refused, **checked.errors}
    if checked.errors:
        yield desk.wrong(None, checked.errors)
        return
    try:
        changes = editor.with_companions(access, command, empty.with_fields(checked.fields))
    except FieldRefusal as refusal:
        if not command.fields:
            raise
        yield desk.wrong(None, {refusal.field: refusal.message})
        return
    made = kind.new_password is not None and not checked.password
    password = await kind.new_password(link, name) if made and kind.new_password else checked.password
    wanted = Wanted(
        f"{editor.word or editor.kind}_add",
        f"Make {kind.noun} {harmless(name)}{start.title}",
        tuple(changes),
        Origin(command.slash),
        {name: password} if password else {},
        show=made,
        warnings=[*start.warnings, *checked.warnings],
    )
    async for reply in desk.planned(wanted, None):
        yield reply


@dataclass(frozen=True, slots=True)
class Merged:
    """`mine` are the values to write to the present state; `theirs` the fields that somebody else changed.

    `conflicts` are fields that both changed to different values: they need confirmation.
    """

    mine: Mapping[str, FieldValue]
    theirs: tuple[str, ...]
    conflicts: tuple[str, ...]


def merge(kind: ObjectKind, base: ObjectState, now: ObjectState, entered: Mapping[str, FieldValue]) -> Merged:
    """Merge the entered values into the present state, given the state loaded.

    Lists of names merge by member, so that no addition or removal is lost.
    """
    mine: dict[str, FieldValue] = {}
    conflicts: list[str] = []
    theirs = [
        name
        for name in now.fields
        if name not in kind.passing and not same(base.fields.get(name), now.fields[name])
    ]
    for name, value in entered.items():
        was, there = base.fields.get(name), now.fields.get(name)
        if name not in now.fields or same(was, value):
            continue
        if (
            isinstance(value, tuple)
            and isinstance(there, tuple)
            and isinstance(was, tuple)
            and kind.fields[name].kind not in ("privileges", "groups")
        ):
            mine[name] = (*missing(there, missing(was, value)), *missing(missing(value, was), there))
            continue
        mine[name] = value
        if name in theirs and not same(there, value):
            conflicts.append(name)
    return Merged(mine, tuple(theirs), tuple(conflicts))


def difference_table(
    kind: ObjectKind, base: ObjectState, now: ObjectState, entered: Mapping[str, FieldValue]
) -> Table:
    """The three-way difference: as loaded, as it is now, as entered."""
    rows: list[dict[str, Cell]] = []
    for name in now.fields:
        if name in kind.passing:
            continue
        values = (base.fields.get(name), now.fields[name], entered.get(name, base.fields.get(name)))
        if same(values[0], values[1]) and same(values[0], values[2]):
            continue
        loaded, current, yours = (kind.show(value, name) for value in values)
        rows.append({"field": kind.label(name), "loaded": loaded, "now": current, "yours": yours})
    return Table(
        name="difference",
        title=f"{kind.noun.capitalize()} {harmless(now.name)} was changed by somebody else meanwhile",
        columns=[
            Column("field", "FIELD"),
            Column("loaded", "WHEN YOU OPENED IT"),
            Column("now", "NOW"),
            Column("yours", "YOURS", grow=True),
        ],
        rows=rows,
        key="field",
    )
