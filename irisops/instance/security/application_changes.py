"""The calls that make, change and delete a web application (facts: iris-webapps-gateway 1.6).

Arrays do not cross the driver, so the documented `Create` is called by the helper, where that is installed. Else
another application is copied, and every field is set on the copy. The one to copy is chosen for being closed, as the
new one is for a moment what that one is.
"""

from __future__ import annotations

from irisops.instance.class_queries import read_list
from irisops.instance.errors import InstanceProblem, NotAvailable, Unreachable
from irisops.instance.helper import (
    create_by_helper,
    read_system_setting,
    seek_helper,
    way_to_helper,
)
from irisops.instance.outcome import change_by_method, changing
from irisops.instance.routes import Instance
from irisops.instance.security.application_fields import APPLICATION_FIELDS
from irisops.instance.security.authentication import UNAUTHENTICATED
from irisops.instance.security.object_state import ObjectChange, ObjectState, Step, login_bits
from irisops.instance.security.settings_state import read_settings, save_settings, settings_steps
from irisops.instance.values import Row, as_flag, as_int, as_text

CLASS = "Security.Applications"
_MOST_LOOKED_AT = 20
"""Applications whose type is read to find one to copy."""


def application_steps(change: ObjectChange) -> list[Step]:
    """The calls that bring a web application from one state to the other. Without an `origin` a new one is created."""
    before, after = change.before, change.after
    if after is None:
        name = change.name
        return [
            Step(
                f"{CLASS}.Delete {name}",
                lambda instance: change_by_method(instance, "webapps.delete", CLASS, "Delete", (name,)),
            )
        ]
    if before is None:
        return [_making(after, change.origin), _filling(after)] if change.origin else [_creating(after)]
    return settings_steps(change)


def _creating(after: ObjectState) -> Step:
    """Type is always that of an ordinary web application."""
    fields = {key: each for key, each in APPLICATION_FIELDS.items() if key in after.fields and key != "type"}

    async def run(instance: Instance) -> None:
        properties = {each.property: each.documented(after, key) for key, each in fields.items()}
        await changing(create_by_helper(instance, CLASS, after.name, properties))

    return Step(f"{CLASS}.Create {after.name}", run)


def _making(after: ObjectState, origin: str) -> Step:
    async def run(instance: Instance) -> None:
        args = (origin, after.name, after.text("description"))
        await change_by_method(instance, "webapps.create", CLASS, "Copy", args)

    return Step(f"{CLASS}.Copy {origin} to {after.name}", run)


def _filling(after: ObjectState) -> Step:
    """Every field is set: what the copied application had is not known to be wanted."""
    fields = [key for key in after.fields if key != "type"]
    return Step(
        f"{CLASS}.%Save {after.name}: every field", lambda instance: save_settings(instance, after, fields)
    )


async def application_to_copy(instance: Instance, name: str) -> str:
    """A web application to copy, the most closed one that did not come with the instance; "" where `Create` is used.

    A copy of a system application might be one, too, which nobody can delete (facts: iris-webapps-gateway 1.5). Two
    batches. Raises NotAvailable without any, as whether %New and %Save make one is not known (facts:
    iris-webapps-gateway 6), or the named problem of reading.
    """
    if any(route.by_helper for route in instance.capabilities.routes("webapps.create")[:1]):
        return ""

    def openness(state: ObjectState) -> tuple[bool, bool, int]:
        open_to_all = bool(login_bits(state) & UNAUTHENTICATED)
        return state.flag("enabled"), open_to_all, len(",".join(state.names("roles")))

    listed = await read_list(instance, "webapps.list", lambda row: row)
    plain = sorted(each for each in map(_plain_name, listed) if each and each.casefold() != name.casefold())
    wanted = ("enabled", "auth", "roles")
    found = await read_settings(instance, "application", plain[:_MOST_LOOKED_AT], wanted) if plain else {}
    if not found:
        if await seek_helper(instance):
            return ""
        raise NotAvailable(
            "No web application is left that could be copied: without the helper there is no other way to make one.",
            f"{await way_to_helper(instance)}Or make one in the portal: System Administration, Security, Applications.",
        )
    return min(found.values(), key=openness).name


def _plain_name(row: Row) -> str:
    """The name of an ordinary web application (Type 2, in words or as a number); "" for any other row."""
    words = {each.strip().casefold() for each in as_text(row.get("type")).split(",")}
    ordinary = as_int(row.get("type")) == 2 or "csp" in words
    system = "system" in words or as_flag(row.get("issystemapp"))
    name = as_text(row.get("name"))
    return name if ordinary and not system and name.startswith("/") else ""


async def allowed_by_system(instance: Instance) -> int | None:
    """The login methods that the system as a whole allows, as bits; None if they cannot be read.

    (facts: iris-webapps-gateway 1.3). Raises Unreachable.
    """
    try:
        return as_int(await read_system_setting(instance, "AutheEnabled"))
    except Unreachable:
        raise
    except InstanceProblem:
        return None
