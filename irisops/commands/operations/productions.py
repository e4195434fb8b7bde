"""/productions and /production: state, queues and errors; start, stop and recover, and its components, by plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from irisops.changes.actions import Action, again, plan_action
from irisops.changes.record import Origin
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.nearest import no_such
from irisops.contract.quoting import quote
from irisops.contract.replies import Column, Plan, Refusal, Table, Tone
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.engine.table_filters import list_table
from irisops.instance.calls import Value
from irisops.instance.operations.namespaces import read_namespaces
from irisops.instance.operations.productions import (
    DEADLINE,
    MOST_ENTRIES,
    STOP_SECONDS,
    Component,
    LogEntry,
    Production,
    control,
    find_productions,
    look_inside,
)
from irisops.instance.routes import Instance
from irisops.instance.usage.license_clock import clock_offset
from irisops.instance.values import as_flag

SWITCH, RECOVER = "production.state", "production.recover"
COMPONENT, RESTART = "component.state", "component.restart"
"""The journal's names."""
RUNNING, STOPPED, TROUBLED, RECOVERED = "running", "stopped", "troubled", "recovered"
SEPARATOR = "||"
"""Between namespace and component in the journal."""
ENABLED, DISABLED, RESTARTED = "enabled", "disabled", "restarted"
Run = Callable[[Instance], Awaitable[None]]
Called = tuple[str, tuple[Value, ...]]
LONG_QUEUE = 100
"""Messages in one queue from which it is pointed at."""
HOUR = timedelta(hours=1)
_TONES: Mapping[str, Tone] = {RUNNING: "good", TROUBLED: "bad", "suspended": "warn", STOPPED: "warn"}
_QUEUED, _FAILED, _OFF = cards.From(LONG_QUEUE, "warn"), cards.From(1, "bad"), cards.From(1, "warn")
_FIELDS: cards.Fields[tuple[Production, datetime]] = (
    (Column("namespace", "NAMESPACE"), lambda each: each[0].namespace),
    (Column("production", "PRODUCTION", grow=True, least=12), lambda each: each[0].name),
    (Column("state", "STATE", tones=_TONES), lambda each: each[0].state),
    (Column("queued", "QUEUED", "number", tones=_QUEUED), lambda each: each[0].queued),
    (Column("errors", "ERRORS 1H", "number", tones=_FAILED), lambda each: _errors(*each)),
    (Column("components", "COMPONENTS", "number", hide_under=80), lambda each: _count(each[0])),
    (Column("disabled", "DISABLED", "number", hide_under=95, tones=_OFF), lambda each: _disabled(each[0])),
)
_PART_TONES: Mapping[str, Tone] = {DISABLED: "warn"}


def _errors(production: Production, now: datetime) -> int | None:
    found = production.errors_since(now - HOUR)
    return None if found is None else len(found)


def _said_errors(production: Production, now: datetime) -> str:
    """Their count in words, "" if there are none: at least so many if the log goes on beyond what was looked at."""
    errors = _errors(production, now)
    least = "at least " if production.more_since(now - HOUR) else ""
    return f"{least}{counted(errors, 'error')} in the last hour" if errors else ""


def _at_least(production: Production, now: datetime) -> list[str]:
    """A sentence where ERRORS 1H may be more than it says."""
    if not production.more_since(now - HOUR):
        return []
    name = harmless(production.namespace, 40)
    return [
        f"{name} had at least that many errors: the last {MOST_ENTRIES} entries of its log were looked at."
    ]


def _count(production: Production) -> int | None:
    return None if production.components is None else len(production.components)


def _disabled(production: Production) -> int | None:
    if production.components is None:
        return None
    return sum(not each.enabled for each in production.components)


def trouble(production: Production, now: datetime) -> str:
    """What is wrong with a production, as a sentence; "" if nothing is."""
    name = f"{harmless(production.name or 'The production', 60)} in {harmless(production.namespace, 40)}"
    errors = _said_errors(production, now)
    long = [(queue, count) for queue, count in production.queues or () if count >= LONG_QUEUE]
    parts = [
        *([f"is {production.state}"] if production.state != RUNNING else []),
        *(f"has {count:,} messages in the queue of {harmless(queue, 60)}" for queue, count in long[:3]),
        *([f"had {errors}"] if errors else []),
    ]
    return f"{name} {listed(parts)}." if parts and (production.name or long or errors) else ""


def brief(production: Production, now: datetime) -> str:
    """State and figures in a few words."""
    errors = _said_errors(production, now)
    parts = [
        production.state,
        *([f"{production.queued:,} queued"] if production.queued else []),
        *([errors] if errors else []),
    ]
    return f"{harmless(production.namespace, 40)} {', '.join(parts)}"


async def instance_now(link: Link) -> datetime:
    """The instance's time (UTC)."""
    now = link.clock.now()
    return now + timedelta(seconds=await clock_offset(link.connection, now))


async def read_productions(link: Link, only: str = "") -> tuple[list[Production], list[str]]:
    """Those of all namespaces, or of one, with what is in them; and sentences on what cannot be read."""
    names = [only] if only else [each.name for each in await read_namespaces(link.connection)]
    home = link.profile.namespace
    found, closed = await find_productions(link.connection, names, home)
    notes = (
        [f"This account cannot look into {listed(closed, most=6)}, or not at a production there."]
        if closed
        else []
    )
    there = [each for each in found if each.name or each.state != STOPPED]
    inside = [await look_inside(link.connection, each, home) for each in there]
    return inside, [*notes, *(note for each in inside for note in each.notes)]


async def show_productions(context: Context, command: Command) -> Replies:
    """Productions, filtered and sorted by words."""
    link = context.link()
    found, notes = await read_productions(link)
    now = await instance_now(link)
    found.sort(key=lambda each: (not trouble(each, now), each.namespace))
    troubles = [f"! {sentence}" for each in found if (sentence := trouble(each, now))]
    shown = list_table(
        command,
        "productions",
        "production",
        _FIELDS,
        [(each, now) for each in found],
        notes=[*(note for each in found for note in _at_least(each, now)), *notes],
        unfiltered=troubles,
        actions=[
            ("enter", "open", "/production {namespace}"),
            ("g", "start", "/production start {namespace}"),
            ("x", "stop", "/production stop {namespace}"),
        ],
    )
    shown.key = "namespace"
    yield shown


async def _find(link: Link, namespace: str) -> Production:
    """The production of that namespace. Raises `Refusal`."""
    known = [each.name for each in await read_namespaces(link.connection)]
    spelled = next((each for each in known if each.casefold() == namespace.casefold()), "")
    if not spelled:
        raise no_such(
            "NoSuchNamespace",
            "namespace",
            namespace,
            known,
            cure="/namespaces lists them.",
            line=lambda each: f"/production {each}",
        )
    found, notes = await read_productions(link, spelled)
    if not found:
        raise Refusal(
            "NoProduction",
            f"There is no production in {spelled}. {' '.join(notes)}".strip(),
            "/productions lists them.",
        )
    return found[0]


async def show_production(context: Context, command: Command) -> Replies:
    """One production as named values, and its components."""
    link = context.link()
    production = await _find(link, str(command.args["namespace"]))
    now = await instance_now(link)
    told = trouble(production, now)
    errors = production.errors_since(now - HOUR)
    last = (
        [f"Last error, of {harmless(errors[0].item, 60)}: {harmless(errors[0].text, 200)}"] if errors else []
    )
    entries: list[cards.Entry] = [
        ("namespace", "Namespace", production.namespace),
        ("production", "Production", production.name),
        ("state", "State", production.state),
        ("queued", "Messages queued", production.queued),
        ("errors", "Errors in the last hour", None if errors is None else len(errors)),
    ]
    title = f"Production {harmless(production.name or '(none runs)', 80)}"
    card = cards.facts_card(
        "production",
        title,
        entries,
        [*([f"! {told}"] if told else []), *_at_least(production, now), *last, *production.notes],
    )
    space = quote(production.namespace)
    word = {RUNNING: "stop", TROUBLED: "recover"}.get(production.state, "start")
    card.tones = {"state": _TONES[production.state]} if production.state in _TONES else {}
    card.actions = [("x" if word == "stop" else "g", word, f"/production {word} {space}")]
    yield card
    if production.components is not None:
        yield _components(production, production.components, errors or [], _at_least(production, now))


def _components(
    production: Production, components: Sequence[Component], errors: Sequence[LogEntry], notes: Sequence[str]
) -> Table:
    queues = dict(production.queues or ())
    failed = [each.item for each in errors]
    columns = (
        Column("component", "COMPONENT", grow=True),
        Column("state", "STATE", tones=_PART_TONES),
        Column("queued", "QUEUED", "number", tones=_QUEUED),
        Column("errors", "ERRORS 1H", "number", tones=_FAILED),
        Column("category", "CATEGORY", hide_under=90),
        Column("class", "CLASS", hide_under=100),
    )
    rows = [
        {
            "component": each.name,
            "state": ENABLED if each.enabled else DISABLED,
            "queued": queues.get(each.name) if production.queues is not None else None,
            "errors": failed.count(each.name) if production.log is not None else None,
            "category": each.category,
            "class": each.class_name,
        }
        for each in components
    ]
    rows.sort(key=lambda row: (-int(str(row["errors"] or 0)), -int(str(row["queued"] or 0))))
    space = quote(production.namespace)
    return Table(
        name="components",
        title="Components",
        columns=columns,
        rows=rows,
        key="component",
        notes=notes,
        actions=[
            ("g", "restart", f"/component restart {{component}} in {space}"),
            ("x", "stop", f"/component stop {{component}} in {space}"),
        ],
    )


async def _state(link: Link, namespace: str) -> str:
    found, _ = await find_productions(link.connection, [namespace], link.profile.namespace)
    return found[0].state if found else "gone"


async def start_production(context: Context, command: Command) -> Replies:
    """Plan to start the production of a namespace."""
    yield await _switch(
        context, context.link(), str(command.args["namespace"]), RUNNING, Origin(command.slash)
    )


async def stop_production(context: Context, command: Command) -> Replies:
    """Plan to stop the production of a namespace."""
    force = as_flag(str(command.args.get("force", "no")))
    link = context.link()
    yield await _switch(
        context, link, str(command.args["namespace"]), STOPPED, Origin(command.slash), force=force
    )


async def _switch(
    context: Context, link: Link, namespace: str, goal: str, origin: Origin, *, force: bool = False
) -> Plan:
    production = await _find(link, namespace)
    if production.state == TROUBLED:
        raise Refusal(
            "Troubled",
            f"The production of {production.namespace} is troubled: IRIS stopped without stopping it.",
            f"/production recover {quote(production.namespace)} comes first.",
        )
    if goal == RUNNING and not production.name:
        raise Refusal(
            "NoProduction",
            f"No production of {production.namespace} is known by name.",
            "Start it in the portal.",
        )
    name = harmless(production.name or "the production", 80)
    where = production.namespace
    call: Called = ("StartProduction", (production.name,))
    effects = [f"It works in namespace {harmless(where, 40)}, and takes up the messages that are queued."]
    warnings: list[str] = []
    if goal == STOPPED:
        call = ("StopProduction", (STOP_SECONDS, int(force)))
        effects = [f"It gets {STOP_SECONDS} seconds to end its work; what waits in queues stays there."]
        warnings += (
            [f"{counted(production.queued, 'message')} wait in its queues."] if production.queued else []
        )
        if force:
            warnings.append("With force, work in progress is lost.")
    action = Action(
        SWITCH,
        where,
        f"{'Stop' if goal == STOPPED else 'Start'} {name} in {harmless(where, 40)}"
        + (" with force" if force else ""),
        f"production {name}",
        production.state,
        goal,
        "productions.control",
        _calls(link, where, call),
        partial(_state, link, where),
        effects=effects,
        warnings=warnings,
        patience=DEADLINE,
    )
    return await plan_action(context, link, action, origin)


def _calls(link: Link, namespace: str, *calls: Called) -> Run:
    """What makes these calls of the director in a namespace."""

    async def run(instance: Instance) -> None:
        await control(instance, namespace, link.profile.namespace, *calls)

    return run


AGAIN = again(_state, _switch)


async def recover_production(context: Context, command: Command) -> Replies:
    """Plan to recover a troubled production."""
    link = context.link()
    production = await _find(link, str(command.args["namespace"]))
    name = harmless(production.name or "the production", 80)
    if production.state != TROUBLED:
        raise Refusal(
            "NotTroubled", f"{name} is {production.state}, not troubled.", "There is nothing to recover."
        )

    async def look() -> str:
        state = await _state(link, production.namespace)
        return TROUBLED if state == TROUBLED else RECOVERED

    action = Action(
        RECOVER,
        production.namespace,
        f"Recover {name} in {harmless(production.namespace, 40)}",
        f"production {name}",
        TROUBLED,
        RECOVERED,
        "productions.control",
        _calls(link, production.namespace, ("RecoverProduction", ())),
        look,
        # UNVERIFIED: that it can be started then, and what becomes of the messages in work. Settle: end IRIS under a
        # running production, RecoverProduction(), then GetProductionStatus and Ens.Queue:Enumerate.
        effects=["It is made ready to be started again, as far as the instance can."],
        warnings=["On a live system, the vendor asks you to call support first."],
        final="what it changes stays so.",
        patience=DEADLINE,
    )
    yield await plan_action(context, link, action, Origin(command.slash))


async def start_component(context: Context, command: Command) -> Replies:
    """Plan to enable a component."""
    yield await _switch_component(context, context.link(), _target(command), ENABLED, Origin(command.slash))


async def stop_component(context: Context, command: Command) -> Replies:
    """Plan to disable a component."""
    yield await _switch_component(context, context.link(), _target(command), DISABLED, Origin(command.slash))


def _target(command: Command) -> str:
    return f"{command.args['namespace']}{SEPARATOR}{command.args['component']}"


async def _component(link: Link, target: str) -> tuple[Production, Component]:
    """The production and its component. Raises `Refusal`."""
    namespace, _, name = target.partition(SEPARATOR)
    production = await _find(link, namespace)
    if production.components is None:
        raise Refusal("NotReadable", " ".join(production.notes), "Then its components can be acted on, too.")
    for each in production.components:
        if each.name.casefold() == name.casefold():
            return production, each
    names = [each.name for each in production.components]
    raise no_such(
        "NoSuchComponent", "component", name, names, cure=f"/production {quote(namespace)} lists them."
    )


async def _component_state(link: Link, target: str) -> str:
    return ENABLED if (await _component(link, target))[1].enabled else DISABLED


def _waiting(production: Production, component: Component) -> list[str]:
    count = dict(production.queues or ()).get(component.name, 0)
    return [f"{counted(count, 'message')} wait in its queue, and stay there meanwhile."] if count else []


async def _switch_component(context: Context, link: Link, target: str, goal: str, origin: Origin) -> Plan:
    production, component = await _component(link, target)
    shown = harmless(component.name, 80)
    action = Action(
        COMPONENT,
        f"{production.namespace}{SEPARATOR}{component.name}",
        f"{'Start' if goal == ENABLED else 'Stop'} component {shown} in {harmless(production.namespace, 40)}",
        f"component {shown}",
        ENABLED if component.enabled else DISABLED,
        goal,
        "productions.control",
        _calls(link, production.namespace, ("EnableConfigItem", (component.name, int(goal == ENABLED), 1))),
        partial(_component_state, link, target),
        effects=["The production takes that over at once."],
        warnings=_waiting(production, component) if goal == DISABLED else [],
    )
    return await plan_action(context, link, action, origin)


COMPONENT_AGAIN = again(_component_state, _switch_component)


async def restart_component(context: Context, command: Command) -> Replies:
    """Plan to disable a component and enable it again."""
    link = context.link()
    target = _target(command)
    production, component = await _component(link, target)
    shown = harmless(component.name, 80)
    if not component.enabled:
        raise Refusal(
            "NotEnabled",
            f"{shown} is disabled.",
            f"/component start {quote(component.name)} in {quote(production.namespace)} starts it.",
        )
    done: list[bool] = []
    calls = _calls(
        link,
        production.namespace,
        ("EnableConfigItem", (component.name, 0, 1)),
        ("EnableConfigItem", (component.name, 1, 1)),
    )

    async def run(instance: Instance) -> None:
        await calls(instance)
        if instance is link.connection:  # not the rehearsal
            done.append(True)

    async def look() -> str:
        state = await _component_state(link, target)
        return RESTARTED if done and state == ENABLED else state

    action = Action(
        RESTART,
        f"{production.namespace}{SEPARATOR}{component.name}",
        f"Restart component {shown} in {harmless(production.namespace, 40)}",
        f"component {shown}",
        ENABLED,
        RESTARTED,
        "productions.control",
        run,
        look,
        effects=["It is disabled and enabled again: its connections are made anew."],
        warnings=_waiting(production, component),
        final="it has been restarted.",
    )
    yield await plan_action(context, link, action, Origin(command.slash))
