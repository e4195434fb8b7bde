"""Web applications with the fields that only their objects have: more modules than a list of names needs."""

from __future__ import annotations

from collections.abc import Sequence

from irisops.instance.routes import Instance
from irisops.instance.security.lists import WebApplication, methods_of, parse_match_roles
from irisops.instance.security.object_state import ObjectState, login_bits
from irisops.instance.security.settings_state import read_settings
from irisops.instance.values import as_int


async def read_application(instance: Instance, known: WebApplication) -> WebApplication:
    """`known` completed from the object (facts: iris-security 6.4 B). Raises the problem of reading it."""
    return (await complete_applications(instance, [known]))[0]


async def complete_applications(instance: Instance, known: Sequence[WebApplication]) -> list[WebApplication]:
    """The applications, in one batch completed from their objects where the list has not all their fields.

    Raises the problem of reading them.
    """
    names = [each.name for each in known if not each.complete or each.unauthenticated is None]
    fields = ("resource", "auth", "roles", "timeout")
    read = await read_settings(instance, "application", names, fields) if names else {}
    return [
        completed(each, found) if (found := read.get(each.name.casefold())) is not None else each
        for each in known
    ]


def completed(known: WebApplication, found: ObjectState) -> WebApplication:
    """The application with the resource, the login methods and the roles of its object."""
    words, unauthenticated = methods_of(login_bits(found))
    return known._replace(
        resource=found.text("resource"),
        match_roles=parse_match_roles(",".join(found.names("roles"))),
        methods=words,
        unauthenticated=unauthenticated,
        timeout=as_int(found.text("timeout")) if known.timeout is None else known.timeout,
    )
