"""A process that was suspended, resumed or terminated, looked at again: what came of it, and the way back or on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from irisops.commands.changes import Kind, Origin, Part, Stand
from irisops.commands.context import Context
from irisops.commands.processes.acting import KIND, identity, named, plan_action, same_identity
from irisops.commands.refusal import Refusal
from irisops.commands.replies import Plan
from irisops.journal import Entry, Reverse

if TYPE_CHECKING:
    from irisops.commands.links import Link
    from irisops.instance.models import Process
    from irisops.instance.processes_act import ProcessAction

_ACTIONS: tuple[ProcessAction, ...] = ("suspend", "resume", "terminate")
_OPPOSITE: Mapping[ProcessAction, ProcessAction] = {"suspend": "resume", "resume": "suspend"}


def _reverse(entry: Entry) -> Reverse:
    """The process that was meant, by pid and identity."""
    reverse = entry.intent.reverse
    known = reverse is not None and reverse.kind.startswith(KIND) and len(reverse.before) == 3
    if reverse is None or not known or not (reverse.target.isascii() and reverse.target.isdigit()):
        raise ValueError(f"change {entry.number} is none of a process")
    return reverse


def _action(entry: Entry) -> ProcessAction:
    word = _reverse(entry).kind.removeprefix(KIND)
    return next(action for action in _ACTIONS if action == word)


async def _read(link: Link, entry: Entry) -> Process | None:
    """The process that was meant; None if it has ended, also where its pid belongs to another one now."""
    reverse = _reverse(entry)
    process = await link.reads.process(int(reverse.target))
    return process if process is not None and same_identity(identity(process), reverse.before) else None


async def _stand(link: Link, entry: Entry) -> Stand:
    target, action = _reverse(entry).target, _action(entry)
    process = await _read(link, entry)
    if process is None:
        gone = f"process {target} has ended"
        return Stand(done=[Part(target, gone)]) if action == "terminate" else Stand(moved=f"{gone}.")
    if action == "terminate":
        return Stand(left=[Part(target, f"{named(process)} is there")])
    part = Part(target, f"{named(process)} is {'suspended' if process.suspended else 'not suspended'}")
    return Stand(done=[part]) if process.suspended is (action == "suspend") else Stand(left=[part])


async def _plan_again(
    context: Context, link: Link, entry: Entry, _parts: Sequence[str], origin: Origin
) -> Plan:
    process = await _read(link, entry)
    if process is None:
        raise Refusal(
            "AlreadyGone",
            f"Process {_reverse(entry).target} has ended meanwhile.",
            "/processes shows what runs.",
        )
    action = _action(entry)
    return await plan_action(
        context, link, process, action if origin.way == "on" else _OPPOSITE[action], origin
    )


KINDS: Mapping[str, Kind] = {f"{KIND}{action}": Kind(_reverse, _stand, _plan_again) for action in _ACTIONS}
