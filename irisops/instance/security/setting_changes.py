"""The calls that make, change and delete audit events and TLS configurations (facts: iris-security 3.7, 3.9)."""

from __future__ import annotations

from functools import partial

from irisops.instance.helper import create_by_helper
from irisops.instance.outcome import change_by_method, changing
from irisops.instance.routes import Instance, first_route
from irisops.instance.security.object_state import ObjectChange, Step
from irisops.instance.security.setting_fields import TLS_FIELDS
from irisops.instance.security.settings_state import settings_steps

_EVENTS = "Security.Events"
_TLS = "Security.SSLConfigs"


def event_steps(change: ObjectChange) -> list[Step]:
    """The calls for an audit event, whose name is Source/Type/Name."""
    before, after = change.before, change.after
    parts = tuple(change.name.split("/", 2))
    if after is None:
        return [_method("events.delete", _EVENTS, "Delete", parts)]
    if before is None:
        recorded = int(after.flag("Enabled"))
        return [_method("events.create", _EVENTS, "Create", (*parts, after.text("Description"), recorded))]
    return settings_steps(change)


def tls_steps(change: ObjectChange, password: str) -> list[Step]:
    """The calls for a TLS configuration. `password` is that of the private key of a new one, or "".

    UNVERIFIED: that one which was saved is used from then on, without ActivateAll of its class. Settle: change CAFile
    of one by /apply, then open a connection that uses it.
    """
    before, after = change.before, change.after
    if after is None:
        return [_method("tls.delete", _TLS, "Delete", (change.name,))]
    if before is not None:
        return settings_steps(change)
    properties = {
        each.property: each.documented(after, key) for key, each in TLS_FIELDS.items() if key in after.fields
    }

    async def attempt(instance: Instance) -> None:
        await create_by_helper(instance, _TLS, change.name, properties, password)

    async def run(instance: Instance) -> None:
        await changing(first_route(instance, "tls.create", lambda _route: attempt(instance)))

    return [Step(f"{_TLS}.Create {change.name}", run)]


def _method(feature: str, class_name: str, method: str, args: tuple[str | int, ...]) -> Step:
    run = partial(change_by_method, feature=feature, class_name=class_name, method=method, args=args)
    return Step(f"{class_name}.{method} {'/'.join(map(str, args[:3]))}", run)
