"""All sources at once: what they found, merged, within one deadline. The failure of one is never that of another."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from irisops.profiles.discovery.containers import docker, podman
from irisops.profiles.discovery.found import Found, Report, Surroundings
from irisops.profiles.discovery.installed import installed
from irisops.profiles.discovery.ports import ports
from irisops.profiles.discovery.variables import variables
from irisops.profiles.discovery.vscode import vscode

DEADLINE = 2.0
"""Seconds for everything."""

Source = Callable[[Surroundings], Awaitable[Report]]
SOURCES: dict[str, Source] = {
    "Docker": docker,
    "Podman": podman,
    "iris qlist": installed,
    "VS Code": vscode,
    "the environment": variables,
    "the ports": ports,
}
"""In the order of what they know: the first one names an instance that several have found."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, and one sentence for each source that was there but could not be read."""

    found: tuple[Found, ...]
    troubles: tuple[str, ...]


def here() -> Surroundings:
    """The real surroundings of this process."""
    try:
        folder = Path.cwd()
    except FileNotFoundError:  # the folder was removed under us
        folder = Path.home()
    return Surroundings(home=Path.home(), folder=folder, environment=dict(os.environ), platform=sys.platform)


async def discover(
    around: Surroundings, *, sources: Mapping[str, Source] | None = None, deadline: float = DEADLINE
) -> Discovery:
    """Ask all sources in parallel. Takes at most `deadline` seconds; a source that is late is named and left out."""
    asked = SOURCES if sources is None else sources
    tasks = {name: asyncio.create_task(_one(name, source, around)) for name, source in asked.items()}
    if not tasks:
        return Discovery((), ())
    done, late = await asyncio.wait(tasks.values(), timeout=deadline)
    for task in late:
        task.cancel()
    reports = [
        task.result() if task in done else Report(trouble=f"Looking at {name} took too long.")
        for name, task in tasks.items()
    ]
    found = [each for report in reports for each in report.found]
    return Discovery(
        tuple(_named_apart(_merged(found))), tuple(report.trouble for report in reports if report.trouble)
    )


async def _one(name: str, source: Source, around: Surroundings) -> Report:
    try:
        return await source(around)
    except Exception as error:  # noqa: BLE001 - one source's fault must not hide what the others found; it is told
        return Report(trouble=f"Looking at {name} failed ({type(error).__name__}).")


def _merged(found: Iterable[Found]) -> list[Found]:
    """One entry per instance; what the first source does not know comes from the next ones."""
    merged: dict[tuple[str, int | None], Found] = {}
    unplaced: list[Found] = []
    for each in found:
        if each.port is None:
            unplaced.append(each)
            continue
        known = merged.get(each.place)
        if known is None:
            merged[each.place] = each
            continue
        sources = (
            known.source if each.source in known.source.split(", ") else f"{known.source}, {each.source}"
        )
        merged[each.place] = replace(
            known,
            source=sources,
            user=known.user or each.user,
            web_port=known.web_port or each.web_port,
            web_scheme=known.web_scheme if known.web_port else each.web_scheme,
            state=known.state or each.state,
            # A container offers its password whether it has one or not; one that was seen is better.
            password=each.password if each.password and known.password is None else known.password,
        )
    listening = [each for each in merged.values() if not each.problem]
    troubled = [each for each in merged.values() if each.problem]
    return [*listening, *troubled, *unplaced]


def _named_apart(found: Sequence[Found]) -> list[Found]:
    """No two of the same name."""
    names: set[str] = set()
    apart: list[Found] = []
    for each in found:
        name, number = each.name, 2
        while name.casefold() in names:
            name, number = f"{each.name}-{number}", number + 1
        names.add(name.casefold())
        apart.append(replace(each, name=name))
    return apart
