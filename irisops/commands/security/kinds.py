"""Services, web applications and resources as kinds of object for the change engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from irisops.changes.objects import Family, ObjectKind
from irisops.changes.turns import What
from irisops.commands.security.effects import guard, meaning
from irisops.connections.connection import Link
from irisops.contract.refusal import Refusal
from irisops.contract.wording import duration, harmless
from irisops.engine.code_literals import objectscript, python
from irisops.instance.security.lists import parse_match_roles
from irisops.instance.security.object_state import FieldValue, Kind, ObjectChange, ObjectState
from irisops.instance.security.settings_state import KINDS, logical, read_settings, settings_steps


def calls_of(changes: Sequence[ObjectChange], _passwords: Sequence[str] = ()) -> dict[str, list[str]]:
    """Calls by language, run in %SYS (facts: iris-security 3.2, 3.3, 3.5, 6.1). Python cannot pass arrays."""
    script = ['set $namespace = "%SYS"']
    snake = ['irispy = iris.createIRIS(connection)  # a connection to namespace "%SYS"']
    for change in changes:
        after, fields = change.state, change.fields()
        settable = KINDS[after.kind]
        key = python((after.name.rstrip("/") or after.name).lower())
        script.append("kill p")
        snake.append(f'each = irispy.classMethodObject("{settable.class_name}", "%OpenId", {key})')
        for field in fields:
            known = settable.properties[field]
            if known.kind == "groups":
                items = after.names(field)
                script.append(f'set p("{known.name}") = {objectscript(",".join(items))}')
                snake.append(f'groups = each.get("{known.name}")')
                snake.append('groups.invoke("Clear")')
                snake += [f'groups.invoke("Insert", {python(item)})' for item in items]
                continue
            value = logical(known.kind, after, field)
            if known.kind == "permission":
                # The array takes letters, the property holds bits (facts: iris-security 3.2).
                script.append(f'set p("{known.name}") = {objectscript(after.text(field))}')
            else:
                script.append(
                    f'set p("{known.name}") = {value if isinstance(value, int) else objectscript(value)}'
                )
            snake.append(f'each.set("{known.name}", {value if isinstance(value, int) else python(value)})')
        script.append(
            f"write ##class({settable.class_name}).Modify({objectscript(after.name)}, .p)  ; 1 is success"
        )
        snake.append('each.invoke("%Save")  # 1 is success')
    return {"ObjectScript": script, "Python": snake}


PLURAL: Mapping[Kind, str] = {
    "service": "services",
    "application": "web applications",
    "resource": "resources",
}
SINGULAR: Mapping[Kind, str] = {
    "service": "service",
    "application": "web application",
    "resource": "resource",
}


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
    """Roles that an application adds: `ROLE` to everybody, `ROLE (if MATCH)` to holders of MATCH."""
    return [f"{target} (if {match})" if match else target for match, targets in groups for target in targets]


_SETTINGS = Family(guard, meaning, calls_of)


_TURNS: Mapping[Kind, What] = {
    "service": "services",
    "application": "web applications",
    "resource": "resources",
}


def _fits(kind: Kind, field: str, value: FieldValue) -> bool:
    known = KINDS[kind].properties.get(field)
    right = {"flag": bool, "methods": tuple, "groups": tuple}.get(known.kind if known else "", str)
    if known is None or not isinstance(value, right):
        return False
    try:
        logical(known.kind, ObjectState(kind, "", {field: value}), field)
    except ValueError:
        return False
    return True


def _kind(kind: Kind) -> ObjectKind:
    properties = KINDS[kind].properties

    def show(value: FieldValue | None, field: str) -> str:
        return shown(kind, field, value)

    async def read(link: Link, names: Sequence[str]) -> Mapping[str, ObjectState]:
        return await read_settings(link.connection, kind, names)

    def past(change: ObjectChange) -> str:
        after = change.state
        now = [f"{properties[each].label} is {show(after.fields[each], each)}" for each in change.fields()]
        return f"{harmless(after.name, 80)}: {'; '.join(now)}."

    return ObjectKind(
        SINGULAR[kind],
        PLURAL[kind],
        _SETTINGS,
        _TURNS[kind],
        label=lambda field: properties[field].label,
        show=show,
        read=read,
        steps=lambda change, _password: settings_steps(change),
        fits=lambda field, value: _fits(kind, field, value),
        past=past,
    )


SERVICE = _kind("service")
APPLICATION = _kind("application")
RESOURCE = _kind("resource")


async def states(link: Link, kind: Kind, names: Sequence[str]) -> list[ObjectState]:
    """States of these objects, named as the instance spells them. Raises `Refusal` if one cannot be opened."""
    found = await read_settings(link.connection, kind, names)
    for name in names:
        if name.casefold() not in found:
            raise Refusal(
                "NotReadable",
                f"The {SINGULAR[kind]} {harmless(name, 80)} is listed, but cannot be opened.",
                "Change it in the portal; please report it with the output of /doctor.",
            )
    return [found[name.casefold()] for name in names]
