"""/doctor: versions, places and chosen routes, to be pasted into a bug report."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from irisops import __version__
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Table, Tone
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.capabilities import Capabilities, DoctorRow

DRIVER = "intersystems-irispython"


def _installed(package: str) -> str:
    """Version of an installed package, from the name of its folder: `importlib.metadata` takes 2.4 MB for good."""
    stem = package.replace("-", "_")
    found = (each for folder in sys.path for each in Path(folder).glob(f"{stem}-*.dist-info"))
    return next((each.stem.removeprefix(f"{stem}-") for each in found), "not installed")


async def show_doctor(context: Context, _command: Command) -> Replies:
    """Versions and places, then the route chosen for each feature, and why not another."""
    link = context.hub.active
    info = link.connection.info if link else None
    entries: list[cards.Entry] = [
        ("irisops", "irisops", __version__),
        ("python", "Python", platform.python_version()),
        ("platform", "Platform", f"{sys.platform} {platform.machine()}"),
        ("driver", "Driver", f"{DRIVER} {_installed(DRIVER)}"),
        ("keyring", "Keyring", await context.hub.secrets.describe()),
        ("profiles_file", "Profiles", str(context.places.profiles)),
        ("journals", "Journals", str(context.places.journals)),
        ("profile", "Profile", link.name if link else None),
        ("state", "State", link.connection.state.name if link else "nothing is connected"),
        ("zversion", "$ZVERSION", info.zversion if info else None),
        ("namespace", "Namespace", info.namespace if info else None),
        (
            "poll_round_trips",
            "Round trips per poll",
            link.counts.round_trips if link and link.counts else None,
        ),
    ]
    notes = [] if link and link.connected else ["Connect first to see what the instance offers."]
    yield cards.facts_card("doctor", "This tool and this machine", entries, notes, hide_empty=True)
    if link is not None and link.connected:
        yield _routes(link.connection.capabilities)


_TONES: Mapping[str, Tone] = {
    "worked": "good",
    "failed": "bad",
    "not there": "quiet",
    "not tried yet": "quiet",
}

_ROUTES: cards.Fields[DoctorRow] = (
    (Column("what", "FACT OR ACTION"), lambda each: each.what),
    (Column("available", "THERE", "flag", hide_under=150), lambda each: each.available),
    (Column("state", "STATE", tones=_TONES), lambda each: each.state),
    (Column("proved", "PROVED FOR", hide_under=90), lambda each: each.proved),
    (Column("route", "ROUTE", grow=True), lambda each: each.route),
    (
        Column("rejected", "NOT BY", "list", hide_under=1000),
        lambda each: [f"{route}: {reason}" for route, reason in each.rejected],
    ),
    (Column("note", "NOTE", hide_under=160), lambda each: each.note),
)

STATES = (
    "STATE: worked on this connection; not tried yet, so only known to be present, or not known to be missing; failed, "
    "for the reason below; not there."
)
PROVED = (
    "PROVED FOR: the accounts for which public sources show it: with %All; with the privilege that it is documented to "
    "need; or nobody."
)


def _routes(capabilities: Capabilities) -> Table:
    note = capabilities.note
    found = capabilities.doctor()
    return Table(
        name="routes",
        title="What the instance offers",
        columns=cards.columns_of(_ROUTES),
        rows=cards.rows_of(_ROUTES, found),
        key="what",
        notes=[
            STATES,
            PROVED,
            *([f"The class dictionary could not be read: {note}"] if note else []),
            *(
                f"{each.what} {each.state}: {'; '.join(f'{route}: {reason}' for route, reason in each.rejected)}"
                for each in found
                if each.state == "failed"
            ),
            *(f"Missing: {member} ({reason})" for member, reason in capabilities.missing()),
        ],
    )
