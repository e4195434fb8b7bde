"""Web sessions that were to be ended, looked at again: which are there yet, and ending those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from irisops.commands.changes import Kind, Origin, Part, Stand
from irisops.commands.context import Context
from irisops.commands.replies import Plan
from irisops.commands.sessions.ending import KIND, already_gone, marks, plan_end
from irisops.commands.text import harmless
from irisops.journal import Entry

if TYPE_CHECKING:
    from irisops.commands.links import Link
    from irisops.instance.models import WebSession


async def _there(link: Link, entry: Entry) -> list[WebSession]:
    """Those that are listed yet. One that somebody has logged in to since is another person's."""
    wanted = set(_pairs(entry))
    return [session for session in await link.reads.sessions() if marks(session) in wanted]


def _pairs(entry: Entry) -> list[tuple[str, str]]:
    reverse = entry.intent.reverse
    if reverse is None or reverse.kind != KIND:
        raise ValueError(f"change {entry.number} is not of kind {KIND}")
    return list(zip(reverse.before[::2], reverse.before[1::2], strict=True))


async def _stand(link: Link, entry: Entry) -> Stand:
    there = {marks(session) for session in await _there(link, entry)}
    done: list[Part] = []
    left: list[Part] = []
    for short, who in dict.fromkeys(_pairs(entry)):
        named = f"session {harmless(short, 20)} of {harmless(who, 40) or 'nobody (no login)'}"
        if (short, who) in there:
            left.append(Part(short, f"{named} is there"))
        else:
            done.append(Part(short, f"{named} is gone"))
    return Stand(done, left)


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    there = await _there(link, entry)
    if not there:
        raise already_gone(len(_pairs(entry)))
    return await plan_end(context, link, there, origin, broad=False)


AGAIN = Kind(_pairs, _stand, _plan_again)
