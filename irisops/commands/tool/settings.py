"""/settings: change settings by form or options; /settings list: values and where they are set."""

from __future__ import annotations

from irisops.commands.assistant.model import INSTALL_CLIENT, client_missing
from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Done, Effect, Form, FormField, Refusal, Table
from irisops.contract.wording import listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.files import cure_of
from irisops.profiles.settings import (
    BY_NAME,
    SCHEMA,
    Setting,
    SettingInvalidError,
    Settings,
    SettingsStore,
    Value,
)


def store_of(context: Context) -> SettingsStore:
    """The settings of this session's places."""
    return SettingsStore(context.places.settings)


async def settings(context: Context, command: Command) -> Replies:
    """Change settings from a submitted form or options; without either, open the form."""
    given = command.fields or {name: value for name, value in command.args.items() if name in BY_NAME}
    loaded = store_of(context).load()
    if not given:
        yield _form(loaded.settings, {})
        return
    values: dict[str, Value] = {}
    errors: dict[str, str] = {}
    for name, raw in given.items():
        try:
            values[name] = _value(BY_NAME[name], raw)
        except SettingInvalidError as error:
            errors[name] = str(error)
    if errors and command.fields:
        yield _form(loaded.settings, errors, command.fields)
        return
    if errors:
        name, message = next(iter(errors.items()))
        raise Refusal("SettingInvalid", message, f"Correct {name}= and try again.")
    changed = {name: value for name, value in values.items() if value != getattr(loaded.settings, name)}
    if not changed:
        yield Done("settings", "Nothing was changed: all values are already set.")
        return
    try:
        store_of(context).change(changed)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or error
        raise Refusal(
            "SettingsFile",
            f"The settings were not written. {context.places.settings}: {why}",
            cure_of(error) if isinstance(error, OSError) else "Correct that file, then try again.",
        ) from None
    yield Done("settings", f"Set: {listed(changed)}.", _said(context, changed))
    if "theme" in changed:
        yield Effect("theme", str(changed["theme"]) or "dark")


def _said(context: Context, changed: dict[str, Value]) -> list[str]:
    """What takes effect now and what at the next start; applies the poll interval."""
    now = store_of(context).load().settings
    if "poll_interval" in changed:
        context.hub.default_interval = now.interval(context.environment)
    later = [name for name in changed if not BY_NAME[name].at_once]
    lines = [f"Kept in {context.places.settings}"]
    if later:
        lines.append(f"At the next start: {listed(later)}")
    if {"assistant_url", "assistant_model"} & changed.keys() and now.assistant_url and now.assistant_model:
        lines.append(f"What is not understood is sent to {now.assistant_model} there from now on.")
        if client_missing():
            lines.append(f"That needs a package more: {INSTALL_CLIENT}")
    return lines


def _value(setting: Setting, raw: Cell) -> Value:
    if isinstance(raw, bool):
        return setting.checked(raw)
    if isinstance(raw, int | float):
        return setting.checked(float(raw))
    return setting.parsed("" if raw is None else str(raw))


def _form(present: Settings, errors: dict[str, str], given: dict[str, Cell] | object = None) -> Form:
    typed = given if isinstance(given, dict) else {}
    fields = []
    for setting in SCHEMA:
        value: Cell = typed.get(setting.name, getattr(present, setting.name))
        kind = "text" if setting.kind == "number" else setting.kind
        fields.append(
            FormField(
                setting.name,
                setting.title,
                kind,
                value,
                setting.choices,
                setting.help,
                required=kind == "choice",
            )
        )
    return Form("settings", "Settings", fields, "/settings", errors=errors)


async def show(context: Context, _command: Command) -> Replies:
    """All settings with value, origin and meaning."""
    loaded = store_of(context).load()
    fields: cards.Fields[Setting] = (
        (Column("name", "SETTING"), lambda each: each.name),
        (Column("value", "VALUE"), lambda each: getattr(loaded.settings, each.name)),
        (Column("from", "FROM"), lambda each: "the file" if each.name in loaded.given else "default"),
        (Column("meaning", "MEANING", grow=True, wrap=3), lambda each: each.help),
    )
    reduced = loaded.settings.reduced(context.environment)
    notes = [*loaded.problems, f"File: {context.places.settings}"]
    if reduced:
        notes.append(
            f"Traffic is reduced here: a reading every {loaded.settings.interval(context.environment):g} seconds."
        )
    yield Table(
        name="settings",
        title="Settings",
        columns=cards.columns_of(fields),
        rows=cards.rows_of(fields, SCHEMA),
        key="name",
        notes=notes,
        actions=[("enter", "change", "/settings")],
    )
