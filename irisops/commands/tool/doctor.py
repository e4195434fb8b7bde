"""/doctor: versions, places and chosen routes, to be pasted into a bug report."""

from __future__ import annotations

import platform
import sys

from irisops import __version__
from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Facts, Scalar, Table
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.capabilities import DoctorRow

DRIVER = "intersystems-irispython"


def _installed(package: str) -> str:
    from importlib import metadata  # noqa: PLC0415 - 8 ms that the start must not pay

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


async def show_doctor(context: Context, _command: Command) -> Replies:
    """Versions and places, then the route chosen for each feature, and why not another."""
    link = context.hub.active
    info = link.connection.info if link else None
    facts: dict[str, Scalar | list[Scalar] | dict[str, Scalar]] = {
        "irisops": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "driver": f"{DRIVER} {_installed(DRIVER)}",
        "keyring": await context.hub.secrets.describe(),
        "profiles_file": str(context.places.profiles),
        "journals": str(context.places.journals),
        "profile": link.name if link else None,
        "state": link.connection.state.name if link else "nothing is connected",
        "zversion": info.zversion if info else None,
        "namespace": info.namespace if info else None,
        "poll_round_trips": link.counts.round_trips if link and link.counts else None,
    }
    labels = {
        "irisops": "irisops",
        "python": "Python",
        "platform": "Platform",
        "driver": "Driver",
        "keyring": "Keyring",
        "profiles_file": "Profiles",
        "journals": "Journals",
        "profile": "Profile",
        "state": "State",
        "zversion": "$ZVERSION",
        "namespace": "Namespace",
        "poll_round_trips": "Round trips per poll",
    }
    shown = {key: label for key, label in labels.items() if facts[key] not in (None, "")}
    notes = [] if link and link.connected else ["Connect first to see what the instance offers."]
    yield Facts("doctor", "This tool and this machine", facts, labels=shown, notes=notes)
    if link is not None and link.connected:
        capabilities = link.connection.capabilities
        yield _routes(capabilities.doctor(), capabilities.missing(), capabilities.note)


def _routes(rows: list[DoctorRow], missing: list[tuple[str, str]], note: str) -> Table:
    shown: list[dict[str, Cell]] = [
        {
            "what": row.what,
            "available": row.available,
            "route": row.route,
            "rejected": [f"{route}: {reason}" for route, reason in row.rejected],
            "note": row.note,
        }
        for row in rows
    ]
    return Table(
        name="routes",
        title="What the instance offers",
        columns=[
            Column("what", "FACT OR ACTION"),
            Column("available", "THERE", "flag"),
            Column("route", "ROUTE", grow=True),
            Column("rejected", "NOT BY", "list", hide_under=110),
            Column("note", "NOTE", hide_under=130),
        ],
        rows=shown,
        key="what",
        notes=[
            *([f"The class dictionary could not be read: {note}"] if note else []),
            *(f"Missing: {member} ({reason})" for member, reason in missing),
        ],
    )
