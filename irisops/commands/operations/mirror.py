"""/mirror: this instance's part in its mirror, to look at alone."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.wording import harmless
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.operations.mirror import Mirror, read_mirror


def trouble(mirror: Mirror) -> str:
    """What is wrong with the mirror, as a sentence; "" if nothing is."""
    return (
        ""
        if mirror.well is not False
        else f"This member of mirror {harmless(mirror.name, 60)} is {harmless(mirror.status, 40)}."
    )


async def show_mirror(context: Context, _command: Command) -> Replies:
    """The mirror as named values."""
    mirror = await read_mirror(context.link().connection)
    entries: list[cards.Entry] = [
        ("member", "Member of a mirror", mirror.member),
        ("name", "Mirror", mirror.name),
        ("kind", "Kind of member", mirror.kind),
        ("role", "Role", mirror.role),
        ("status", "Status", mirror.status),
    ]
    told = trouble(mirror)
    notes = [f"! {told}"] if told else [] if mirror.member else ["This instance is in no mirror."]
    card = cards.facts_card("mirror", "Mirror", entries, notes, hide_empty=True)
    if mirror.member and mirror.well is not None:
        card.tones = {"status": "good" if mirror.well else "bad"}
    yield card
