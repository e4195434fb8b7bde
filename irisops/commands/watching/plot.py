"""/plot: the polled counts of this run over time."""

from __future__ import annotations

import re
from datetime import timedelta

from irisops.connections.count_history import FIGURES, MOST, Sample
from irisops.contract.chat import Command
from irisops.contract.replies import Refusal, Series
from irisops.contract.wording import counted, duration, harmless
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.instance.usage.poll import OWN_COUNTER

DEFAULT_SPAN = "1h"
POINTS = 240
"""Points of one line; more than a terminal has columns are useless."""

_SPAN = re.compile(r"(\d{1,5})\s*(s|m|min|h|d)", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_TITLES = {"units": "License units in use", "sessions": "Web sessions", "processes": "Processes"}
_NAMES = {
    "unit": "units",
    "license": "units",
    "licence": "units",
    "session": "sessions",
    "process": "processes",
}


def span_of(text: str, most: timedelta = MOST) -> timedelta:
    """`10m`, `1h`, `2d`, up to `most`. Raises `Refusal`."""
    match = _SPAN.fullmatch(text.strip())
    span = timedelta(seconds=int(match[1]) * _SECONDS[match[2].casefold()]) if match else timedelta()
    if not timedelta() < span <= most:
        raise Refusal(
            "BadSpan",
            f"{harmless(text, 40)} is not a span of time.",
            f"Write 10m, 1h or 24h; {counted(most.days, 'day')} are kept at the most.",
        )
    return span


def thinned(samples: list[Sample], figure: str, points: int = POINTS) -> list[Sample]:
    """About `points` samples at most; of each group the one with the highest figure, so that peaks stay."""
    if len(samples) <= points:
        return samples
    size = -(-len(samples) // points)
    return [
        max(samples[start : start + size], key=lambda sample: sample.figure(figure) or 0)
        for start in range(0, len(samples), size)
    ]


async def plot(context: Context, command: Command) -> Replies:
    """One figure over a span."""
    link = context.hub.active
    if link is None:
        raise Refusal(
            "NotConnected", "No instance is connected.", "/connect first; counts are kept from then on."
        )
    typed = str(command.args.get("figure", "units")).casefold()
    figure = _NAMES.get(typed, typed)
    if figure not in FIGURES:
        raise Refusal(
            "NoSuchFigure", f"There is no figure {harmless(typed, 40)}.", f"Plot one of {', '.join(FIGURES)}."
        )
    text = str(command.args.get("span", DEFAULT_SPAN))
    span = span_of(text, link.samples.most)
    now = context.clock.now()
    if not len(link.samples) and link.connected:
        # `irisops run` does not poll, so read once.
        link.took(await link.read_figures())
    samples = thinned(list(link.samples.since(now - span)), figure)
    values = [sample.figure(figure) for sample in samples]
    known = [value for value in values if value is not None]
    if not known:
        raise Refusal(
            "NoHistory",
            f"No {_TITLES[figure].lower()} were read in the last {duration(span.total_seconds())}.",
            "Counts are kept from the moment of connecting.",
        )
    moved = f"From {min(known):,} to {max(known):,}, now {known[-1]:,}."
    notes = [moved if min(known) < max(known) else f"{known[-1]:,} all the time."]
    covered = (now - samples[0].at).total_seconds()
    if covered < span.total_seconds() * 0.9:
        notes.append(f"Read for {duration(covered)}; what was before is not known.")
    title = _TITLES[figure]
    if figure == "units" and link.counts is not None and link.counts.connections is not None:
        title = "Connections in use"
    if figure == "units" and link.counts is not None and link.counts.at_least:
        notes.append(OWN_COUNTER)
    limit = link.counts.units_limit if figure == "units" and link.counts else None
    yield Series(
        "plot",
        f"{title}, last {duration(span.total_seconds())}",
        times=[sample.at for sample in samples],
        lines={figure: values},
        limit=limit,
        notes=notes,
    )
