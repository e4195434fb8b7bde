"""The calls that make, change and delete a resource (facts: iris-security 3.2).

UNVERIFIED: that Create takes the public permission as letters, as the CPF action does (facts: iris-config-as-text 1.4);
the property is a bitmask. Settle: Security.Resources.Create("Throwaway", "", "RW"), then read it back.
"""

from __future__ import annotations

from functools import partial

from irisops.instance.outcome import change_by_method
from irisops.instance.security.object_state import ObjectChange, Step
from irisops.instance.security.settings_state import settings_steps

CLASS = "Security.Resources"


def resource_steps(change: ObjectChange) -> list[Step]:
    """The calls that bring a resource from one state to the other. The instance sets its type by itself."""
    before, after = change.before, change.after
    if after is None:
        return [_method("resources.delete", "Delete", (change.name,))]
    if before is None:
        return [
            _method(
                "resources.create", "Create", (after.name, after.text("description"), after.text("public"))
            )
        ]
    return settings_steps(change)


def _method(feature: str, method: str, args: tuple[str, ...]) -> Step:
    run = partial(change_by_method, feature=feature, class_name=CLASS, method=method, args=args)
    return Step(f"{CLASS}.{method} {args[0]}", run)
