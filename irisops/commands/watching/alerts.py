"""/alert: thresholds that ring the terminal's bell and say so in the chat, for this run of the tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irisops.connections.alert_rules import Counts, Rule, RuleError, parse_rule
from irisops.connections.connection import Link
from irisops.contract.chat import Command, Notice
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Column, Done, Table
from irisops.contract.wording import counted
from irisops.engine.context import Context
from irisops.engine.spec import Arg, CommandSpec, Plain, Replies

if TYPE_CHECKING:
    from irisops.instance.models import PollCounts

_MEANS = {
    "units": "license units in use",
    "free": "free units",
    "sessions": "web sessions",
    "processes": "processes",
}
_CURES = {
    "units": "/license shows who holds them, /license free gives one back.",
    "free": "/license shows who holds them, /license free gives one back.",
    "sessions": "/sessions shows them, /sessions sweep ends what leaks.",
    "processes": "/processes shows them.",
}


def counts_of(counts: PollCounts) -> Counts:
    """What the rules are about."""
    return Counts(counts.units_used, counts.units_limit, counts.sessions, counts.processes)


def look(link: Link) -> list[Notice]:
    """What must be said after a reading. A limit that was crossed rings; that it is over is only said."""
    if link.counts is None:
        return []
    counts = counts_of(link.counts)
    begun, over = link.watchman.look(counts)
    return [
        *(
            Notice(
                "warning",
                f"Alert {rule}: {_state(rule, counts)}.",
                _CURES[rule.figure],
                link.name,
                alert=True,
            )
            for rule in begun
        ),
        *(
            Notice("info", f"Alert {rule} is over: {_state(rule, counts)}.", profile=link.name)
            for rule in over
        ),
    ]


def _state(rule: Rule, counts: Counts) -> str:
    value = counts.figure(rule.figure)
    if value is None:
        return f"the number of {_MEANS[rule.figure]} is not known"
    of = f" of {counts.limit}" if rule.figure in ("units", "free") and counts.limit else ""
    return f"{value:,}{of} {_MEANS[rule.figure]}"


def _rule(text: str) -> Rule:
    try:
        return parse_rule(text)
    except RuleError as error:
        raise Refusal("BadRule", str(error), "For example /alert units>80%") from None


async def alert(context: Context, command: Command) -> Replies:
    """Add a rule, or list them."""
    link = context.link()
    text = "".join(str(word) for word in command.args.get("rule", []))
    if not text:
        yield _listed(link)
        return
    rule = _rule(text)
    if not link.watchman.add(rule):
        raise Refusal("AlreadySo", f"{rule} is watched for already.", "/alert lists the rules.")
    details = [
        "The bell rings and the chat says so when it begins to hold; it lasts until you quit.",
        f"/alert off {rule} ends it.",
    ]
    if link.counts is not None:
        counts = counts_of(link.counts)
        holds = rule.holds(counts)
        details.insert(0, f"Now: {_state(rule, counts)}{', so it holds already' if holds else ''}.")
    yield Done("alert", f"Watching for {rule} on {link.name}.", details=details)


def _listed(link: Link) -> Table:
    return Table(
        "alerts",
        f"Alerts on {link.name}",
        (Column("rule", "RULE"), Column("holds", "HOLDS NOW", "flag")),
        [{"rule": str(rule), "holds": link.watchman.holding(rule)} for rule in link.watchman.rules],
        key="rule",
        notes=[] if link.watchman.rules else ["None. For example /alert units>80% or /alert free<2"],
        actions=[("x", "end", "/alert off {rule}")],
    )


async def alert_off(context: Context, command: Command) -> Replies:
    """Remove one rule, or all."""
    link = context.link()
    text = "".join(str(word) for word in command.args.get("rule", []))
    if not text or text.casefold() == "all":
        number = link.watchman.clear()
        yield Done("alert_off", f"{counted(number, 'alert')} ended on {link.name}.")
        return
    rule = _rule(text)
    if not link.watchman.remove(rule):
        raise Refusal("NoSuchRule", f"{rule} is not watched for.", "/alert lists the rules.")
    yield Done("alert_off", f"No longer watching for {rule} on {link.name}.")


_RULE = (Arg("rule", "text", required=False, many=True, show="RULE"),)

SPECS = (
    CommandSpec(
        name="alert",
        summary="Ring and say so when a count crosses a limit, e.g. units>80% or free<2; without a rule, the list",
        handler=alert,
        grammar=_RULE,
        plain=(
            Plain(
                "(alert|warn|tell|notify) me (when|if|once) [the] [license|licence] {figure} (are|is|go|goes|get|gets) "
                "(over|above|past|more than) {value}",
                {"rule": ["{figure}", ">", "{value}"]},
            ),
            Plain(
                "(alert|warn|tell|notify) me (when|if|once) [the] [license|licence] {figure} (are|is|go|goes|get|gets) "
                "(under|below|less than|fewer than) {value}",
                {"rule": ["{figure}", "<", "{value}"]},
            ),
            Plain(
                "(alert|warn|tell|notify) me (when|if|once) [the|my] (license|licence) is full",
                {"rule": ["free<1"]},
            ),
            Plain("(show|list) [me] [the|my|all] alerts"),
        ),
        examples=("warn me when units are over 80%", "tell me when the license is full"),
        aliases=("alerts",),
        group="license",
        needs_connection=True,
    ),
    CommandSpec(
        name="alert off",
        summary="End an alert, or all of them",
        handler=alert_off,
        grammar=_RULE,
        plain=(Plain("(end|stop|remove|clear|forget) [all] [the|my] alerts"),),
        examples=("clear my alerts",),
        group="license",
        needs_connection=True,
    ),
)
