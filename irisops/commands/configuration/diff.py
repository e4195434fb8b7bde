"""/diff A [B]: what differs between two configurations, by object and field, in the words of the editors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from irisops.commands.configuration.sides import (
    Side,
    configuration_read,
    in_folder,
    kinds_in,
    kinds_of,
    reading,
    refuse_other_namespace,
    side_named,
)
from irisops.commands.recording.moments import diff_moments
from irisops.configuration.differences import Difference, common_kinds, differences
from irisops.configuration.folder import is_export
from irisops.configuration.kind_read import KindRead
from irisops.configuration.kinds import BY_NAME, ConfigKind
from irisops.configuration.values import Property, Value
from irisops.contract.chat import Command
from irisops.contract.replies import Cell, Column, Refusal, Table, Tone
from irisops.contract.wording import counted, duration, harmless, listed
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.profiles.remembered import ExportsStore

SAME, DIFFERENT, UNKNOWN = 0, 1, 2
"""Exit statuses of `irisops diff`; public."""
ABSENT = "–"
"""Cell of a side that does not have the object."""
NOT_KNOWN = "?"
"""Cell of a side of which it is not known."""
NO_MORE = "no more"
"""Cell of a list that has nothing but what the other side has, too."""
_GROUPS = ("different", "comes with the version", "not known")
_TONES: Mapping[str, Tone] = {
    "differs": "warn",
    "only in the first": "good",
    "only in the second": "good",
    "unknown": "quiet",
}


async def diff(context: Context, command: Command) -> Replies:
    """Compare two sides; the second is the connected instance, now, unless it is named. In a replay: two moments."""
    if context.hub.active is not None and context.hub.active.recorded:
        async for reply in diff_moments(
            context, str(command.args.get("first", "start")), str(command.args.get("second", ""))
        ):
            yield reply
        return
    asked = kinds_of(command)
    if not command.args.get("second"):
        refuse_other_namespace(context.link())
    first = await _first(context, command)
    if command.args.get("second"):
        second = await side_named(context, str(command.args["second"]))
    else:
        link = context.link()
        second = Side(f"{link.name} now", link=link)
    if first.link is not None and first.link is second.link:
        raise Refusal("SameSide", "Both sides are the same instance.", "Name a folder or another profile.")
    kinds = asked
    sides = [first, second]
    for at, side in enumerate(sides):
        if side.link is None:
            sides[at] = side if side.folder is None else replace(side, holds=in_folder(side.folder))
            kinds = kinds_in(sides[at].holds, kinds)
    for at, side in enumerate(sides):
        if side.link is not None:
            reads: list[KindRead] = []
            async for step in reading(side.link, kinds, reads, "diff"):
                yield step
            sides[at] = replace(side, holds=configuration_read(side.link, reads))
    yield compared(sides[0], sides[1], asked)


async def _first(context: Context, command: Command) -> Side:
    """The side that is named first; without one the last export of the connected instance."""
    if command.args.get("first"):
        return await side_named(context, str(command.args["first"]))
    link = context.link()
    folder = ExportsStore(context.places.exports).last(link.name)
    if folder is None or not is_export(folder):
        raise Refusal("NoExport", f"No export of {link.name} is known.", "Name a folder: /diff DIR")
    return Side(str(folder), folder=folder)


def compared(first: Side, second: Side, asked: Sequence[ConfigKind]) -> Table:
    """The differences as a table, with its exit status. Raises `Refusal` without a kind that both speak of."""
    left, right = first.holds, second.holds
    only = [kind.name for kind in asked]
    kinds = common_kinds(left, right, only)
    if not kinds:
        raise Refusal(
            "NothingInCommon",
            f"{harmless(first.label, 60)} and {harmless(second.label, 60)} have no kind of object in common.",
            "Export the same kinds of both.",
        )
    found = differences(left, right, only)
    rows = sorted((_row(each) for each in found), key=lambda row: _GROUPS.index(str(row["group"])))
    unknown = sum(each.what == "unknown" for each in found)
    certain = len(found) - unknown
    return Table(
        name="diff",
        title=f"{harmless(first.label, 60)} and {harmless(second.label, 60)}",
        columns=(
            Column("kind", "KIND"),
            Column("object", "OBJECT", grow=True, least=16),
            Column("field", "FIELD", least=10),
            Column("what", "WHAT", tones=_TONES, hide_under=90),
            Column("first", harmless(first.label, 40).upper(), grow=True, wrap=3),
            Column("second", harmless(second.label, 40).upper(), grow=True, wrap=3),
            Column("reason", "WHY", grow=True, wrap=2, hide_under=100),
            Column("group", "GROUP", hide_under=1000),
        ),
        rows=rows,
        group="group",
        notes=[
            f"{_counted(certain, unknown)}. Compared: {listed([kind.plural for kind in kinds])}.",
            *_notes(first, second, kinds, only),
            *first.notes,
            *second.notes,
        ],
        status=DIFFERENT if certain else UNKNOWN if unknown else SAME,
    )


def _row(each: Difference) -> dict[str, Cell]:
    group = _GROUPS[2] if each.what == "unknown" else _GROUPS[1] if each.by_version else _GROUPS[0]
    what = {"changed": "differs", "only first": "only in the first", "only second": "only in the second"}
    first, second = _cells(each)
    return {
        "kind": each.kind.noun if each.name else each.kind.plural,
        "object": each.name,
        "field": each.known.label if each.known else "",
        "what": what.get(each.what, "unknown"),
        "first": first,
        "second": second,
        "reason": each.reason,
        "group": group,
    }


def _cells(each: Difference) -> tuple[str, str]:
    """Both values; of lists only what the other does not have."""
    if each.what == "only first":
        return "there", ABSENT
    if each.what == "only second":
        return ABSENT, "there"
    if each.known is None:
        return NOT_KNOWN, NOT_KNOWN
    left, right = each.first, each.second
    if isinstance(left, tuple) and isinstance(right, tuple) and set(left) != set(right):
        return _more(left, right), _more(right, left)
    return shown(each.known, left), shown(each.known, right)


def _more(values: Sequence[str], others: Sequence[str]) -> str:
    """What is in `values` alone; "none" only if nothing is in it at all."""
    return ", ".join(one for one in values if one not in others) or (NO_MORE if values else "none")


def shown(known: Property, value: Value | None) -> str:
    """A value as the editors show it; "?" for one that is not known."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if known.type == "date":
        return str(value) or "never"
    if known.name.endswith("Timeout") and isinstance(value, int):
        return f"{value} s ({duration(value)})" if value else "never"
    return str(value) or "none"


def _counted(certain: int, unknown: int) -> str:
    told = counted(certain, "difference") if certain else "No difference"
    return f"{told}, {counted(unknown, 'point')} where it is not known" if unknown else told


def _notes(first: Side, second: Side, kinds: Sequence[ConfigKind], only: Sequence[str]) -> list[str]:
    notes = []
    for side, other in ((first, second), (second, first)):
        more = [
            BY_NAME[kind].plural
            for kind in side.holds.kinds
            if kind not in other.holds.objects and kind in only
        ]
        if more:
            notes.append(f"Only {harmless(side.label, 60)} has {listed(more)}: not compared.")
    versions = [harmless(side.holds.version, 20) or "unknown" for side in (first, second)]
    if versions[0] != versions[1]:
        notes.append(f"The versions differ: {versions[0]} and {versions[1]}.")
    if any(kind.readable != kind.properties for kind in kinds):
        notes.append("Secrets are not compared: nobody can read them.")
    return notes
