"""/help: all commands, or one in detail."""

from __future__ import annotations

from irisops.contract.chat import Command
from irisops.contract.refusal import Refusal
from irisops.contract.replies import Cell, Column, Facts, Table
from irisops.contract.wording import harmless
from irisops.engine.context import Context
from irisops.engine.spec import CommandSpec, Replies


async def show_help(context: Context, command: Command) -> Replies:
    """All commands, or one with its forms."""
    asked = command.args.get("command")
    if isinstance(asked, list) and asked:
        yield _one(context, " ".join(asked).lstrip("/"))
        return
    rows: list[dict[str, Cell]] = []
    infos = {info.name: info for info in context.infos()}
    for spec in context.registry:
        info = infos[spec.name]
        rows.append(
            {
                "name": spec.name,
                "command": spec.form,
                "summary": spec.summary,
                "plain_words": spec.examples[0] if spec.examples else "",
                "available": info.available,
                "reason": info.reason,
            }
        )
    yield Table(
        name="commands",
        title="What you can ask",
        columns=[
            Column("name", "NAME", hide_under=1000),
            Column("command", "COMMAND"),
            Column("summary", "WHAT IT DOES", grow=True),
            Column("plain_words", "OR IN PLAIN WORDS", hide_under=105),
            Column("available", "NOW", "flag", hide_under=100),
            Column("reason", "WHY NOT", hide_under=110),
        ],
        rows=rows,
        key="name",
        actions=[("enter", "explain", "/help {name}")],
        notes=["Say it in your own words too: who holds my license. /help COMMAND tells more of one."],
    )


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
    facts = {
        "usage": spec.usage,
        "summary": spec.summary,
        "plain_words": "; ".join(spec.examples),
        "aliases": ", ".join(f"/{alias}" for alias in spec.aliases),
        "kind": _kind(spec),
        "available": "yes" if info.available else f"no: {info.reason}",
    }
    labels = {
        "usage": "Write",
        "summary": "Does",
        "plain_words": "Or say",
        "aliases": "Also",
        "kind": "Kind",
        "available": "Now",
    }
    shown = {key: value for key, value in facts.items() if value}
    return Facts("help", f"/{spec.name}", shown, labels={key: labels[key] for key in shown})


def _kind(spec: CommandSpec) -> str:
    if spec.changes:
        return "shows a plan first and changes nothing before your yes"
    return "a live card: keeps itself fresh while it is on screen" if spec.live else ""
