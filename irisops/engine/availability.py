"""Whether a command is available now, and why not: no connection, a read-only profile, a missing class."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote as url_quote

from irisops.connections.connection import Link
from irisops.connections.connections import Hub
from irisops.contract.quoting import quote
from irisops.contract.replies import Refusal
from irisops.engine.spec import CommandSpec


def check(spec: CommandSpec, hub: Hub) -> None:
    """Raise `Refusal` for a command that is not available now."""
    if hub.active is not None and hub.active.recorded and _is_live(spec):
        raise refused_of_recording(hub.active)
    if not spec.needs_connection:
        return
    link = hub.require()
    if spec.changes and not spec.shows:
        refuse_change(link)
    reason = _missing(spec, link)
    if reason:
        raise Refusal("NotAvailable", reason, _cure_of_missing(link))


_OF_LIVE_INSTANCES = frozenset({"profiles", "sharing"})
"""Groups of commands that a replay has no use for."""


def _is_live(spec: CommandSpec) -> bool:
    """True for what changes an instance or leads to one: a replay must not."""
    return (spec.changes and not spec.shows) or spec.group in _OF_LIVE_INSTANCES


def refused_of_recording(link: Link) -> Refusal:
    """The refusal of what a recording cannot do."""
    return Refusal("Recorded", read_only_note(link), read_only_cure(link))


def refuse_change(link: Link, feature: str = "") -> None:
    """Raise `Refusal` on a read-only profile, or without a route for `feature`."""
    if link.recorded:
        raise refused_of_recording(link)
    if link.profile.read_only:
        raise Refusal("ReadOnly", read_only_note(link), read_only_cure(link))
    available, reason = link.connection.capabilities.available(feature) if feature else (True, "")
    if not available:
        raise Refusal("NotAvailable", reason, _cure_of_missing(link))


def only_shown(link: Link, feature: str) -> list[str]:
    """Sentences why something is shown but cannot be changed; empty if it can be."""
    if link.profile.read_only:
        return [f"{read_only_note(link)} {read_only_cure(link)}"]
    available, reason = link.connection.capabilities.available(feature)
    return [] if available else [f"It cannot be changed from here: {reason}"]


def read_only_note(link: Link) -> str:
    """Message for a read-only profile, or a recording."""
    if link.recorded:
        return f"This is a recording of {link.name}: nothing is live, and nothing can be changed."
    return f"{link.name} is a read-only profile: nothing is changed through it."


def read_only_cure(link: Link) -> str:
    """How to allow changes on a read-only profile."""
    if link.recorded:
        return "/quit, then irisops opens the chat on the instance itself."
    return f"To allow changes: /profile edit {quote(link.name)} read_only=no"


def unavailable(spec: CommandSpec, hub: Hub) -> str:
    """Why a command is greyed out; "" if it is available."""
    link = hub.active
    if link is not None and link.recorded and _is_live(spec):
        return "this is a recording"
    if not spec.needs_connection:
        return ""
    if link is None or not link.connected:
        return "nothing is connected"
    if spec.changes and not spec.shows and link.profile.read_only:
        return f"{link.name} is read-only"
    return _missing(spec, link)


def _missing(spec: CommandSpec, link: Link) -> str:
    for need in spec.needs:
        available, reason = link.connection.capabilities.available(need)
        if not available:
            return reason
    return ""


def _cure_of_missing(link: Link) -> str:
    """Cure for a missing class: most often the connection is not in %SYS."""
    if link.profile.namespace.casefold() == "%sys":
        return "/doctor shows what this instance offers."
    return f"Administration works in %SYS: {into_sys(link)}"


def into_sys(link: Link) -> str:
    """The commands that bring the connection into %SYS."""
    if not link.temporary:
        return f"/disconnect, /profile edit {quote(link.name)} namespace=%SYS, /connect."
    address = replace(link.profile, namespace="%SYS").address
    return f"/disconnect, /connect iris://{url_quote(link.profile.user, safe='')}@{address}"
