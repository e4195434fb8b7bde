"""Combine the replies of several instances to one command. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from irisops.contract.quoting import quote
from irisops.contract.replies import (
    Cell,
    Column,
    Done,
    Facts,
    Problem,
    Progress,
    Reply,
    Scalar,
    Series,
    Table,
)

T = TypeVar("T", Facts, Table)

INSTANCE = "instance"
KEY = "instance_key"
Answers = Sequence[tuple[str, Sequence[Reply]]]
"""(instance, its replies), in the order shown."""


def named(reply: Reply, instance: str) -> Reply:
    """A reply marked with the name of its instance, which its row actions use too."""
    if isinstance(reply, Table):
        actions = [
            (key, label, f"/on {quote(instance)} {template}") for key, label, template in reply.actions
        ]
        return replace(reply, title=_with_name(reply.title, instance, " · "), actions=actions, offer="")
    if isinstance(reply, Facts | Series):
        return replace(reply, title=_with_name(reply.title, instance, " · "))
    if isinstance(reply, Done | Problem):
        return replace(reply, message=_with_name(reply.message, instance, ": "))
    return reply


def _with_name(text: str, instance: str, mark: str) -> str:
    """The text, after the instance's name unless it contains that as a word."""
    named_already = re.search(rf"(?<![\w-]){re.escape(instance)}(?![\w-])", text) is not None
    return text if named_already else f"{instance}{mark}{text}"


def side_by_side(answers: Answers) -> list[Reply]:
    """One table per name: facts get a column per instance, tables a column that names the instance.

    Problems come last, each with its instance's name; progress is left out.
    """
    shown: list[Reply] = []
    problems: list[Reply] = []
    done: set[tuple[type, str]] = set()
    for instance, replies in answers:
        for reply in replies:
            if isinstance(reply, Problem):
                problems.append(named(reply, instance))
            elif isinstance(reply, Facts | Table):
                which = (type(reply), reply.name)
                if which not in done:
                    done.add(which)
                    shown.append(
                        _facts(reply.name, answers)
                        if isinstance(reply, Facts)
                        else _rows(reply.name, answers)
                    )
            elif not isinstance(reply, Progress):
                shown.append(named(reply, instance))
    return [*shown, *problems]


def _of(kind: type[T], name: str, answers: Answers) -> list[tuple[str, T]]:
    """The facts or tables of a name, each with its instance."""
    return [
        (instance, reply)
        for instance, replies in answers
        for reply in replies
        if isinstance(reply, kind) and reply.name == name
    ]


def _facts(name: str, answers: Answers) -> Reply:
    found = _of(Facts, name, answers)
    if len(found) == 1:
        return named(found[0][1], found[0][0])
    labels: dict[str, str] = {}
    for _, facts in found:
        labels |= {key: label for key, label in facts.labels.items() if key not in labels}
    names = _column_names([instance for instance, _ in found])
    rows: list[dict[str, Cell]] = [
        {
            "fact": label,
            "name": key,
            **{column: _cell(facts.facts.get(key)) for column, (_, facts) in zip(names, found, strict=True)},
        }
        for key, label in labels.items()
    ]
    return Table(
        name=f"{name}_side_by_side",
        title=f"{name.replace('_', ' ').capitalize()} side by side",
        columns=[
            Column("fact", "", grow=True),
            *(Column(column, instance) for column, (instance, _) in zip(names, found, strict=True)),
            Column("name", "NAME", hide_under=1000),
        ],
        rows=rows,
        key="name",
        notes=[f"{instance}: {note}" for instance, facts in found for note in facts.notes],
    )


def _column_names(instances: Sequence[str]) -> list[str]:
    """Public names for JSON: snake_case, no two alike."""
    names: list[str] = []
    for instance in instances:
        name = re.sub(r"\W+", "_", instance.casefold()).strip("_") or "instance"
        while name in names or name in ("fact", "name"):
            name += "_"
        names.append(name)
    return names


def _cell(value: object) -> Cell:
    if isinstance(value, Mapping):
        return [f"{key}: {each}" for key, each in value.items()]
    if isinstance(value, list):
        return [str(each) for each in value]
    scalar: Scalar = value  # type: ignore[assignment]  # what facts hold beside lists and mappings
    return scalar


def _rows(name: str, answers: Answers) -> Table:
    found = _of(Table, name, answers)
    first = found[0][1]
    rows: list[dict[str, Cell]] = [
        {**row, INSTANCE: instance, KEY: f"{instance} {row.get(table.key) if table.key else number}"}
        for instance, table in found
        for number, row in enumerate(table.rows)
    ]
    totals = [len(table.rows) if table.total is None else table.total for _, table in found]
    return replace(
        first,
        title=f"{first.title} · {', '.join(instance for instance, _ in found)}",
        columns=[Column(INSTANCE, "INSTANCE"), *first.columns, Column(KEY, "KEY", hide_under=1000)],
        rows=rows,
        key=KEY,
        notes=[f"{instance}: {note}" for instance, table in found for note in table.notes],
        actions=[(key, label, f"/on {{{INSTANCE}}} {template}") for key, label, template in first.actions],
        total=sum(totals) if sum(totals) != len(rows) else None,
        offer="",
    )
