"""State of a role, and the calls that make, change and delete one (facts: iris-security 3.1).

A new role takes its privileges and granted roles by the positional `Create`. An existing one is opened, its properties
and its list of granted roles are set, and it is saved: one change for the instance. Its privileges are changed by the
helper, if it is installed, which calls the documented `Modify`; else by the relationship of resources, in the same way.
Where roles are protected objects, the helper makes the other changes, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from irisops.instance.calls import ObjectCall, ObjectStep, Value
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable
from irisops.instance.features import Route
from irisops.instance.helper import helper_offer, modify_by_helper, open_or_help
from irisops.instance.models import Role
from irisops.instance.outcome import change_by_method, changing, save_object
from irisops.instance.routes import Instance
from irisops.instance.security.object_state import (
    Field,
    ObjectChange,
    ObjectState,
    Step,
    changed_fields,
)

ROLE_FIELDS: Mapping[str, Field] = {
    "description": Field("Description", "text", "description", 256),
    "privileges": Field("Resources", "privileges", "privileges"),
    "granted_roles": Field("GrantedRoles", "names", "granted roles"),
    "escalation_only": Field("EscalationOnly", "flag", "only by escalation"),
}
"""(facts: iris-security 3.1)"""


def role_state(role: Role) -> ObjectState:
    """The state of a listed role, for the editor."""
    return ObjectState(
        "role",
        role.name,
        {
            "description": role.description,
            "privileges": tuple(f"{name}:{letters}" for name, letters in role.resources if letters),
            "granted_roles": role.granted_roles,
            "escalation_only": role.escalation_only,
        },
    )


def role_steps(change: ObjectChange) -> list[Step]:
    """The calls that bring a role from one state to the other."""
    before, after = change.before, change.after
    if after is None:
        return [_method(f"Security.Roles.Delete {change.name}", "roles.delete", "Delete", (change.name,))]
    if before is None:
        return [_creating(after, change.origin)]
    changed = changed_fields(before, after)
    return [_saving(after, changed)] if changed else []


def _creating(after: ObjectState, origin: str) -> Step:
    args: tuple[Value, ...]
    if origin:
        args = (origin, after.name, after.text("description"), int(after.flag("escalation_only")))
        return _method(f"Security.Roles.Copy {origin} to {after.name}", "roles.copy", "Copy", args)
    fields = ("description", "privileges", "granted_roles")
    args = (after.name, *(ROLE_FIELDS[name].logical(after, name) for name in fields))
    if after.flag("escalation_only"):  # the fifth argument came with 2024 (facts: iris-security 3.1)
        args = (*args, 1)
    return _method(f"Security.Roles.Create {after.name}", "roles.create", "Create", args)


def _saving(after: ObjectState, changed: Sequence[str]) -> Step:
    steps = [step for name in changed for step in ROLE_FIELDS[name].steps(after, name)]

    async def run(instance: Instance) -> None:
        async def attempt(route: Route) -> None:
            if route.by_helper:
                values = {
                    ROLE_FIELDS[name].property: ROLE_FIELDS[name].documented(after, name) for name in changed
                }
                await modify_by_helper(instance, "Security.Roles", after.name, values)
                return
            try:
                found = await save_object(instance, "Security.Roles", after.name.lower(), steps)
            except InstanceError as problem:
                if "privileges" not in changed:
                    raise
                raise _no_relationship(instance, problem) from problem
            if not found:
                raise InstanceError(
                    f"Role {after.name} does not exist.", "/roles lists those that do.", code=883
                )

        await changing(open_or_help(instance, feature, attempt))

    feature = "roles.privileges" if "privileges" in changed else "roles.edit"
    looked = (ObjectStep("invoke", "Count", path=("Resources",)),) if "privileges" in changed else ()
    probe = ObjectCall("Security.Roles", "%OpenId", (after.name.lower(),), looked)
    return Step(f"%Save of role {after.name}: {', '.join(changed)}", run, feature, probe, _no_relationship)


def _no_relationship(instance: Instance, problem: InstanceError) -> InstanceProblem:
    """The cause of a failure to reach a role's relationship of resources; a status of the instance is one itself.

    Nothing was saved: the steps before %Save touch the object of this connection alone.
    """
    if problem.code is not None:
        return problem
    return NotAvailable(
        f"This instance does not let a role's privileges be changed from outside: {problem.message}",
        f"{helper_offer(instance)}Else change it in the portal (System Administration, Security, Roles), "
        "or by Security.Roles.Modify in a terminal in %SYS.",
        detail=problem.detail,
    )


def _method(label: str, feature: str, method: str, args: tuple[Value, ...]) -> Step:
    return Step(label, lambda instance: change_by_method(instance, feature, "Security.Roles", method, args))
