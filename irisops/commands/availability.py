"""Whether a command can be given now, and why not: nothing connected, a read-only profile, a class that is missing."""

from __future__ import annotations

from irisops.commands.hub import Hub
from irisops.commands.links import Link
from irisops.commands.refusal import Refusal
from irisops.commands.spec import CommandSpec
from irisops.commands.words import quote


def check(spec: CommandSpec, hub: Hub) -> None:
    """Raise `Refusal` for a command that cannot be done now."""
    if not spec.needs_connection:
        return
    link = hub.require()
    if spec.changes and link.profile.read_only:
        raise Refusal(
            "ReadOnly",
            f"{link.name} is a read-only profile: nothing is changed through it.",
            f"If it should be: /profile edit {quote(link.name)} read_only=no",
        )
    reason = _missing(spec, link)
    if reason:
        raise Refusal("NotAvailable", reason, _cure_of_missing(link))


def unavailable(spec: CommandSpec, hub: Hub) -> str:
    """Why a command is greyed out; "" if it can be given."""
    if not spec.needs_connection:
        return ""
    link = hub.active
    if link is None or not link.connected:
        return "nothing is connected"
    if spec.changes and link.profile.read_only:
        return f"{link.name} is read-only"
    return _missing(spec, link)


def _missing(spec: CommandSpec, link: Link) -> str:
    for need in spec.needs:
        available, reason = link.connection.capabilities.available(need)
        if not available:
            return reason
    return ""


def _cure_of_missing(link: Link) -> str:
    """What to do about a class that is not there: most often the connection is not in %SYS."""
    if link.profile.namespace.casefold() == "%sys":
        return "/doctor shows what this instance offers."
    return f"Administration works in %SYS: /disconnect, /profile edit {quote(link.name)} namespace=%SYS, /connect."
