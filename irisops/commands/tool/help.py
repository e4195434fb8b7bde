"""/help: all commands, one in detail, or what a term means."""

from __future__ import annotations

from collections.abc import Iterable

from irisops.contract.chat import Command
from irisops.contract.replies import Column, Facts, Refusal, Table
from irisops.contract.wording import harmless
from irisops.engine import cards, glossary
from irisops.engine.context import Context
from irisops.engine.glossary import Term
from irisops.engine.spec import CommandSpec, Replies


async def show_help(context: Context, command: Command) -> Replies:
    """All commands, one with its forms, or the meaning of a term."""
    asked = command.args.get("command")
    if isinstance(asked, list) and asked:
        name = " ".join(asked).lstrip("/")
        term = glossary.term(name)
        if term is not None:
            yield _meaning(term)
        if term is None or context.registry.get(name) is not None:
            yield _one(context, name)
        return
    infos = {info.name: info for info in context.infos()}
    fields: cards.Fields[CommandSpec] = (
        (Column("name", "NAME", hide_under=1000), lambda each: each.name),
        (Column("command", "COMMAND", wrap=3, least=31), lambda each: each.form),
        (Column("summary", "WHAT IT DOES", grow=True, wrap=4), lambda each: each.summary),
        (
            Column("plain_words", "OR IN PLAIN WORDS", wrap=2, hide_under=105),
            lambda each: each.examples[0] if each.examples else "",
        ),
        (Column("group", "GROUP", hide_under=1000), lambda each: each.group),
        (
            Column("available", "NOW", "flag", hide_under=100, tones=cards.OFF),
            lambda each: infos[each.name].available,
        ),
        (Column("reason", "WHY NOT", hide_under=110), lambda each: infos[each.name].reason),
    )
    yield Table(
        name="commands",
        title="What you can ask",
        columns=cards.columns_of(fields),
        rows=cards.rows_of(fields, _by_group(context.registry)),
        group="group",
        key="name",
        actions=[("enter", "explain", "/help {name}")],
        notes=[
            "Say it in your own words too: who holds my license. /help COMMAND explains one, /help CSP a term."
        ],
    )


def _by_group(registry: Iterable[CommandSpec]) -> list[CommandSpec]:
    """Commands of a group together, groups by their first command."""
    specs = list(registry)
    groups = list(dict.fromkeys(spec.group for spec in specs))
    return sorted(specs, key=lambda spec: groups.index(spec.group))


def _one(context: Context, name: str) -> Facts:
    spec = context.registry.get(name)
    if spec is None:
        near = [each.usage for each in context.registry.starting_with(name)]
        raise Refusal(
            "NoSuchCommand",
            f"There is no command /{harmless(name, 40)}.",
            "/help lists all commands.",
            suggestions=near[:3],
        )
    info = next(each for each in context.infos() if each.name == spec.name)
    entries: list[cards.Entry] = [
        ("usage", "Write", spec.usage),
        ("summary", "Does", spec.summary),
        ("plain_words", "Or say", "; ".join(spec.examples)),
        ("aliases", "Also", ", ".join(f"/{alias}" for alias in spec.aliases)),
        ("kind", "Kind", _kind(spec)),
        ("available", "Now", "yes" if info.available else f"no: {info.reason}"),
    ]
    return cards.facts_card("help", f"/{spec.name}", [entry for entry in entries if entry[2]])


def _meaning(term: Term) -> Facts:
    entries: list[cards.Entry] = [
        ("term", "", term.name),
        ("meaning", "Meaning", term.text),
        ("also", "Also called", ", ".join(term.also)),
        ("see", "More", ", ".join(term.see)),
    ]
    return cards.facts_card(
        "term", f"{term.name[:1].upper()}{term.name[1:]}", [entry for entry in entries if entry[2]]
    )


def _kind(spec: CommandSpec) -> str:
    if spec.changes:
        return "shows a plan first and changes nothing before your yes"
    return "a live card: keeps itself fresh while it is on screen" if spec.live else ""
