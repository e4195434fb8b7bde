"""Roles and the privileges they carry, and the calls that make, change and delete one (facts: iris-security 3.1).

A new role takes its privileges and granted roles by the positional `Create`. An existing one is opened, its properties,
its list of granted roles and its relationship of resources are set, and it is saved: one change for the instance. Where
the relationship cannot be used from outside, the helper does the same by `Modify`, if it is installed.
"""

from __future__ import annotations

from collections.abc import Sequence

from irisops.instance.calls import ObjectStep, Value
from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceError, InstanceProblem, NotAvailable
from irisops.instance.failures import is_missing
from irisops.instance.features import Route
from irisops.instance.helper import call_helper, helper_offer
from irisops.instance.models import Role
from irisops.instance.outcome import change_by_method, changing, save_object
from irisops.instance.routes import Instance, first_route
from irisops.instance.security.object_state import ObjectChange, ObjectState, Step, changed_fields
from irisops.instance.security.permissions import Permission, format_privileges, parse_permission
from irisops.instance.values import Row, as_flag, as_names, as_privileges, as_text

LABELS = {
    "description": "description",
    "privileges": "privileges",
    "granted_roles": "granted roles",
    "escalation_only": "only by escalation",
}
NAME_LIMIT = 64
DESCRIPTION_LIMIT = 256
"""Characters (facts: iris-security 3.1)."""


def role_of(row: Row) -> Role | None:
    """One role; None for a row without a name."""
    name = as_text(row.get("name"))
    if not name:
        return None
    return Role(
        name=name,
        description=as_text(row.get("description")),
        resources=as_privileges(row.get("resources")),
        granted_roles=as_names(row.get("grantedroles")),
        escalation_only=as_flag(row.get("escalationonly")),
    )


async def list_roles(instance: Instance) -> list[Role]:
    """All roles with their resources, by name. Raises NotAvailable or NotPermitted (%Admin_Secure:U is needed)."""
    return in_order(await read_list(instance, "roles.list", role_of))


def in_order(roles: list[Role]) -> list[Role]:
    """Sorted by name, ignoring letter case."""
    return sorted(roles, key=lambda role: role.name.casefold())


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


def privileges_of(state: ObjectState) -> dict[str, Permission]:
    """Resource -> permission of a state. Raises ValueError for an invalid permission."""
    found: dict[str, Permission] = {}
    for each in state.names("privileges"):
        name, _, letters = each.rpartition(":")
        found[name] = found.get(name, Permission.NONE) | parse_permission(letters)
    return found


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
    args = (
        after.name,
        after.text("description"),
        format_privileges(privileges_of(after)),
        ",".join(after.names("granted_roles")),
    )
    if after.flag("escalation_only"):  # the fifth argument came with 2024 (facts: iris-security 3.1)
        args = (*args, 1)
    return _method(f"Security.Roles.Create {after.name}", "roles.create", "Create", args)


def _saving(after: ObjectState, changed: Sequence[str]) -> Step:
    steps: list[ObjectStep] = []
    if "description" in changed:
        steps.append(ObjectStep("set", "Description", (after.text("description"),)))
    if "escalation_only" in changed:
        steps.append(ObjectStep("set", "EscalationOnly", (int(after.flag("escalation_only")),)))
    if "granted_roles" in changed:
        path = ("GrantedRoles",)
        steps.append(ObjectStep("invoke", "Clear", path=path))
        steps += [ObjectStep("invoke", "Insert", (name,), path) for name in after.names("granted_roles")]
    if "privileges" in changed:
        pairs: list[Value] = []
        for name, permission in privileges_of(after).items():
            pairs += [name, int(permission)]
        steps.append(ObjectStep("members", "Security.Resource", tuple(pairs), ("Resources",)))

    async def run(instance: Instance) -> None:
        async def attempt(route: Route) -> None:
            if route.kind == "method":
                await _by_helper(instance, after, changed)
                return
            try:
                found = await save_object(instance, "Security.Roles", after.name.lower(), steps)
            except InstanceError as problem:
                if "privileges" not in changed or problem.code is not None:
                    raise
                # Nothing was saved: the steps before %Save touch the object of this connection alone.
                raise NotAvailable(
                    f"This instance does not let a role's privileges be changed from outside: {problem.message}",
                    f"{helper_offer(instance)}? under the plan shows the same change as ObjectScript: paste it into a "
                    "terminal in %SYS.",
                    detail=problem.detail,
                ) from problem
            if not found:
                raise InstanceError(
                    f"Role {after.name} does not exist.", "/roles lists those that do.", code=883
                )

        feature = "roles.privileges" if "privileges" in changed else "roles.edit"
        await changing(first_route(instance, feature, attempt, again=_not_from_outside))

    return Step(f"%Save of role {after.name}: {', '.join(changed)}", run)


def _not_from_outside(problem: InstanceProblem) -> bool:
    """True if nothing was done, so that the next route may be tried."""
    return is_missing(problem) or isinstance(problem, NotAvailable)


async def _by_helper(instance: Instance, after: ObjectState, changed: Sequence[str]) -> None:
    """Write all fields of the role through the helper, unchanged ones too (facts: iris-security 3.1, Modify)."""
    escalation: Value = int(after.flag("escalation_only")) if "escalation_only" in changed else ""
    await call_helper(
        instance,
        "ModifyRole",
        after.name,
        after.text("description"),
        format_privileges(privileges_of(after)),
        ",".join(after.names("granted_roles")),
        escalation,
    )


def _method(label: str, feature: str, method: str, args: tuple[Value, ...]) -> Step:
    return Step(label, lambda instance: change_by_method(instance, feature, "Security.Roles", method, args))
