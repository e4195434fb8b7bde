"""/status: the connected instance at a glance."""

from __future__ import annotations

from irisops.commands.operations.health import read_health
from irisops.contract.chat import Command
from irisops.contract.replies import Facts, Scalar
from irisops.contract.wording import not_known
from irisops.engine.context import Context
from irisops.engine.spec import Replies

FIGURES = {
    "in_use": "license units used",
    "units_limit": "units in the key",
    "sessions": "web sessions",
    "processes": "processes",
}

_OWN = frozenset({"user", "own_process", "own_license_id"})
"""Facts of the tool's own connection, which a replay does not have."""


async def show_status(context: Context, _command: Command) -> Replies:
    """Version, address and the figures of the side panel, freshly read, and a line for each area of operations."""
    link = context.link()
    counts = await link.read_figures()
    link.took(counts)
    info = link.connection.info
    facts: dict[str, Scalar | list[Scalar] | dict[str, Scalar]] = {
        "profile": link.name,
        "address": link.profile.address,
        "user": link.profile.user,
        "version": info.short if info else "",
        "zversion": info.zversion if info else "",
        "instance": info.instance_name if info else None,
        "namespace": info.namespace if info else link.profile.namespace,
        "in_use": counts.in_use,
        "free": counts.free,
        "connections": None if counts.connections is None else counts.in_use,
        "units_used": counts.units_used,
        "community": counts.community,
        "units_limit": counts.units_limit,
        "sessions": counts.sessions,
        "processes": counts.processes,
        "own_process": info.pid if info else None,
        "own_license_id": info.license_id if info else None,
        "read_at": counts.read_at,
        "round_trips": counts.round_trips,
        "read_only": link.profile.read_only,
        "guarded": link.profile.guarded,
    }
    labels = {
        "version": "Version",
        "instance": "Instance",
        "address": "Address",
        "user": "Logged in as",
        "in_use": "License units used" if counts.connections is None else "Connections in use",
        "units_limit": "Units in the key" if counts.connections is None else "Connections allowed",
        **({} if counts.connections is None else {"units_used": "Its own counter"}),
        "sessions": "Web sessions",
        "processes": "Processes",
        "own_process": "Own process",
        "own_license_id": "Own license id",
        "zversion": "$ZVERSION",
    }
    shown = {key: label for key, label in labels.items() if facts[key] not in (None, "")}
    title = f"{link.name} at a glance"
    notes = [*not_known(facts, FIGURES), *counts.notes]
    if link.recorded:
        title = f"{link.name} at this moment of the recording"
        shown = {key: label for key, label in shown.items() if key not in _OWN}
        notes.append(
            "This is a recording: nothing here is live, and databases, journal and the like are not in it."
        )
    else:
        flags = [word for word in ("read_only", "guarded") if facts[word]]
        notes += [
            *await read_health(link),
            *(f"This profile is {flag.replace('_', '-')}." for flag in flags),
        ]
    yield Facts("status", title, facts, labels=shown, notes=notes, series=tuple(link.history))
