"""/alert: thresholds that ring the bell and write to the chat, for this run."""

from __future__ import annotations

from irisops.connections.alert_rules import Rule, RuleError, parse_rule, state_of
from irisops.connections.connection import Link
from irisops.contract.chat import Command
from irisops.contract.replies import Column, Done, Refusal, Table
from irisops.contract.wording import counted
from irisops.engine.context import Context
from irisops.engine.spec import Replies


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
        raise Refusal("AlreadySo", f"{rule} is already watched for.", "/alert lists the rules.")
    details = [
        "The bell rings and the chat says so when it becomes true; the rule lasts until you quit.",
        f"/alert off {rule} ends it.",
    ]
    if link.counts is not None:
        holds = rule.holds(link.counts)
        details.insert(
            0,
            f"Now: {state_of(rule, link.counts)}{'; the condition is already met' if holds else ''}.",
        )
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
