"""Asks all sources in parallel, within one deadline, and merges their findings. Sources fail independently."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from irisops.profiles.discovery.containers import docker, podman
from irisops.profiles.discovery.found import Found, Report, Surroundings
from irisops.profiles.discovery.installed import installed
from irisops.profiles.discovery.variables import variables
from irisops.profiles.discovery.vscode import vscode

DEADLINE = 2.0
"""Seconds for everything."""

LOCALHOST = "127.0.0.1"


async def ports(around: Surroundings) -> Report:
    """Ports with a listener. Nothing is sent, so the listener need not be an IRIS."""
    listening = await asyncio.gather(*(_listens(port, around.deadline) for port in around.ports))
    return Report(
        tuple(
            Found(
                name=f"localhost:{port}",
                source="port",
                port=port,
                state="listens",
                about="something listens there; connecting shows whether it is an IRIS",
            )
            for port, there in zip(around.ports, listening, strict=True)
            if there
        )
    )


async def _listens(port: int, deadline: float) -> bool:
    try:
        async with asyncio.timeout(deadline):
            _, writer = await asyncio.open_connection(LOCALHOST, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


Source = Callable[[Surroundings], Awaitable[Report]]
SOURCES: dict[str, Source] = {
    "Docker": docker,
    "Podman": podman,
    "iris qlist": installed,
    "VS Code": vscode,
    "the environment": variables,
    "the ports": ports,
}
"""Ordered by how much they know: the first one names an instance that several have found."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """All findings, and one sentence for each source that could not be read."""

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
    """Ask all sources. Takes at most `deadline` seconds; late sources are named and left out."""
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
    except Exception as error:  # noqa: BLE001 - one source's fault must not hide the others' findings
        return Report(trouble=f"Looking at {name} failed ({type(error).__name__}).")


@dataclass(slots=True)
class _Row:
    """One instance and login, with the position of its first entry."""

    at: int
    found: Found
    names: set[tuple[str, str]]
    """Source and name of each merged entry."""


def _merged(found: Iterable[Found]) -> list[Found]:
    """One row per instance and login; later sources fill in what the first does not know.

    Entries with an assumed port come last: they can be matched only by their web address.
    """
    rows: list[_Row] = []
    for at, each in sorted(enumerate(found), key=lambda pair: pair[1].port_assumed):
        alike = [row for row in rows if row.found.same_instance(each) and not _contradict(row.found, each)]
        row = next((row for row in alike if _one_login(row, each)), None)
        if row is not None:
            row.found = _joined(row.found, each)
            row.names.add((each.source, each.name))
            continue
        if alike and each.port_assumed:  # another login of an instance with a known port
            known = alike[0].found
            each = replace(each, port=known.port, port_assumed=known.port_assumed)  # noqa: PLW2901 - completed
        rows.append(_Row(at, each, {(each.source, each.name)}))
    rows.sort(key=lambda row: (bool(row.found.problem), row.found.port is None, row.at))
    return [row.found for row in rows]


def _contradict(one: Found, other: Found) -> bool:
    """True if one is down and the other answers: another program uses the port."""
    return one.down != other.down and any(
        each.state.startswith(("running", "listens")) for each in (one, other)
    )


def _one_login(row: _Row, each: Found) -> bool:
    """True if an entry belongs to a row: same user, and no other name from the same source."""
    users = {each.user.casefold(), row.found.user.casefold()} - {""}
    named = {name for source, name in row.names if source == each.source}
    return len(users) < 2 and named <= {each.name}


def _joined(known: Found, each: Found) -> Found:
    """A row completed from another entry. User and password stay together, as do the web port's fields."""
    sources = known.source if each.source in known.source.split(", ") else f"{known.source}, {each.source}"
    web = known if known.web_port or not each.web_port else each
    login = each if _knows_more(each, known) else known
    return replace(
        known,
        source=sources,
        user=login.user,
        password=login.password,
        web_port=web.web_port,
        web_scheme=web.web_scheme,
        path_prefix=web.path_prefix,
        state=known.state or each.state,
    )


def _knows_more(each: Found, known: Found) -> bool:
    """True if its login is the more complete one."""
    return (bool(each.user), each.password is not None) > (bool(known.user), known.password is not None)


def _named_apart(found: Sequence[Found]) -> list[Found]:
    """The findings with unique names."""
    names: set[str] = set()
    apart: list[Found] = []
    for each in found:
        name, number = each.name, 2
        while name.casefold() in names:
            name, number = f"{each.name}-{number}", number + 1
        names.add(name.casefold())
        apart.append(replace(each, name=name))
    return apart
