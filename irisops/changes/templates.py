"""Templates for new objects: found by name, and listed. A template fills the form; every field stays editable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from irisops.contract.replies import Column, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine import cards


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of object, as a person chooses it: what it is for, and why it is as it is."""

    name: str
    title: str
    why: str


T = TypeVar("T", bound=Template)


def template_named(templates: Sequence[T], name: str, list_command: str) -> T:
    """A template by name. Raises `Refusal`; `list_command` is the command that lists them."""
    for template in templates:
        if template.name == name.casefold():
            return template
    raise Refusal(
        "NoSuchTemplate",
        f"There is no template {harmless(name, 40)} here.",
        f"They are {listed([each.name for each in templates])}; {list_command} says what each sets.",
    )


def templates_table(
    noun: str, templates: Sequence[T], own: cards.Fields[T], *, name: str, add: str, note: str
) -> Table:
    """The templates with columns of their `own`; Enter gives the command `add` with the template."""
    fields: cards.Fields[T] = (
        (Column("name", "NAME"), lambda each: each.name),
        (Column("title", "FOR", hide_under=100), lambda each: each.title),
        *own,
        (Column("why", "WHY", grow=True, wrap=3), lambda each: each.why),
    )
    return Table(
        name=name,
        title=f"Templates for new {noun}",
        columns=cards.columns_of(fields),
        rows=cards.rows_of(fields, templates),
        key="name",
        notes=[note],
        actions=[("enter", "use", f"{add} template={{name}}")],
    )
