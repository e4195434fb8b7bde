"""/container: what the engine on this machine tells of a container of IRIS. Nothing is run in it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from irisops.contract.chat import Command
from irisops.contract.nearest import nearest
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Facts, Progress, Refusal, Table
from irisops.contract.wording import counted, harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.spec import Replies
from irisops.profiles.container import (
    ENGINES,
    IRISOWNER,
    Container,
    ContainerProblem,
    Failure,
    failures,
    read_container,
)
from irisops.profiles.discovery.containers import docker, podman
from irisops.profiles.discovery.everywhere import here
from irisops.profiles.discovery.found import Found, Report, Surroundings

SHOWN_LINES = 10
"""Lines of its log on the screen."""
_GIB = 1 << 30


async def show(context: Context, command: Command) -> Replies:
    """Show the container that is named, or the only one; a list of several."""
    yield Progress("container", "Asking Docker and Podman …")
    around = surroundings(context)
    reports = await seen(around)
    name = str(command.args.get("container", ""))
    all_found = [each for report in reports for each in report.found]
    found = _meant(context, all_found, name)
    if found is None:
        yield _several(all_found, reports)
        return
    container, wrong = await examine(context, around, found)
    yield _card(container, wrong, [report.trouble for report in reports if report.trouble])
    if wrong:
        yield _failures(found, wrong)
    if container.log:
        yield Table(
            "container_log",
            "The end of its log",
            [Column("line", "LINE", grow=True)],
            [{"line": line} for line in container.log[-SHOWN_LINES:]],
            total=len(container.log) if len(container.log) > SHOWN_LINES else None,
            notes=[f"{container.engine} logs --tail 200 {container.name} shows more."],
        )


def surroundings(context: Context) -> Surroundings:
    """This machine, with the environment of the session."""
    return replace(here(), environment=context.environment)


async def seen(around: Surroundings) -> list[Report]:
    """The containers of IRIS of both engines. Raises `Refusal` if there is no engine, or none of them has one."""
    reports = list(await asyncio.gather(docker(around), podman(around)))
    if not any(report.found for report in reports):
        troubles = [report.trouble for report in reports if report.trouble]
        raise Refusal(
            "NoContainer",
            " ".join(["No container of IRIS was found on this machine.", *troubles]),
            "/discover looks for instances of any kind.",
        )
    return reports


def _meant(context: Context, found: list[Found], name: str) -> Found | None:
    """The container of that name; without one the only one, or that of the active profile; None for several."""
    if name:
        return find(found, name)
    if len(found) == 1:
        return found[0]
    active = context.hub.active
    alike = [each for each in found if active is not None and each.goes_to(active.profile)]
    return alike[0] if len(alike) == 1 else None


def find(found: list[Found], name: str) -> Found:
    """A container by `docker:NAME` or its name. Raises `Refusal`."""
    wanted = name.casefold()
    fits = [each for each in found if wanted in (each.name.casefold(), bare(each).casefold())]
    if len(fits) == 1:
        return fits[0]
    names = [each.name for each in found]
    close = names if fits else nearest(name, names)
    raise Refusal(
        "WhichContainer" if fits else "NoSuchContainer",
        f"Both engines have a container {harmless(name, 60)}."
        if fits
        else f"There is no container of IRIS called {harmless(name, 60)}.",
        f"Did you mean {listed(close, 'or')}?" if close else f"There is {listed(names)}.",
        suggestions=[f"/container {quote(each)}" for each in close[:3]],
    )


def engine(found: Found) -> str:
    """`docker` or `podman`."""
    return next(each for each in ENGINES if found.name.startswith(f"{each}:"))


def bare(found: Found) -> str:
    """The engine's name of the container."""
    return found.name.partition(":")[2]


async def examine(context: Context, around: Surroundings, found: Found) -> tuple[Container, list[Failure]]:
    """A container and what is wrong with it. Raises `Refusal` in the engine's words."""
    try:
        container = await read_container(around, engine(found), bare(found))
    except ContainerProblem as problem:
        raise Refusal("EngineRefused", str(problem), problem.cure) from None
    wrong = failures(container)
    if _logged_in(context, found):
        # A login through the driver works, so no password waits for a change.
        wrong = [each for each in wrong if each.name != "login" or each.fatal]
    return container, wrong


def _logged_in(context: Context, found: Found) -> bool:
    return any(link.connected and found.goes_to(link.profile) for link in context.hub.links.values())


def _several(found: list[Found], reports: list[Report]) -> Table:
    rows: list[dict[str, Cell]] = [
        {"container": each.name, "state": each.state, "address": each.address, "image": each.about}
        for each in found
    ]
    return Table(
        "containers",
        counted(len(found), "container") + " of IRIS on this machine",
        [
            Column("container", "CONTAINER"),
            Column("state", "STATE"),
            Column("address", "ADDRESS", hide_under=60),
            Column("image", "IMAGE", grow=True, hide_under=90),
        ],
        rows,
        key="container",
        notes=[*(report.trouble for report in reports if report.trouble), "Enter shows one of them."],
        actions=[("enter", "examine", "/container {container}")],
    )


def _card(found: Container, wrong: list[Failure], troubles: list[str]) -> Facts:
    serious = [each for each in wrong if each.fatal]
    state = found.status + (f", {found.health}" if found.health else "")
    title = f"{found.name} ({found.engine}): {state or 'state not known'}"
    password = f"given at its start by {found.password}" if found.password else "none given at its start"
    if any(each.name == "login" and each.fatal for each in wrong):
        password = "must be changed before a login"  # noqa: S105 - a sentence
    mount = found.mount_of(found.data)
    free = mount.free if mount is not None else None
    return cards.facts_card(
        "container",
        title,
        [
            ("container", "", found.name),
            ("engine", "", found.engine),
            ("image", "Image", found.image),
            ("status", "State", found.status),
            ("health", "Health", found.health),
            ("exit_code", "Ended with status", None if found.up else found.exit_code),
            ("restarts", "Restarts", found.restarts or None),
            ("data", "Durable directory", found.data or "none: what it stores is lost with it"),
            ("data_folder", "Folder here", _folder(found)),
            ("disk_free", "Free on its disk", f"{free / _GIB:.1f} GiB" if free is not None else None),
            ("password", "Password", password),
            (
                "key",
                "License key",
                found.key or ("of Community Edition" if found.community else "none given"),
            ),
        ],
        [
            *troubles,
            "Nothing known is wrong." if not serious else f"{counted(len(serious), 'failure')}: see below.",
            "Nothing was run in the container: all of this is from its engine and from folders of this machine.",
        ],
        hide_empty=True,
    )


def _folder(found: Container) -> str:
    mount = found.mount_of(found.data)
    if mount is None:
        return ""
    if mount.kind != "bind":
        return f"the volume {mount.source}"
    if mount.owner is None or mount.mode is None:
        return f"{mount.source}, which cannot be looked at from here"
    fits = "" if mount.owner == IRISOWNER else f"; the image writes as {IRISOWNER}"
    return f"{mount.source} of user {mount.owner}, mode {mount.mode:03o}{fits}"


def _failures(found: Found, wrong: list[Failure]) -> Table:
    return Table(
        "container_failures",
        "What is wrong, and the command for it",
        [
            Column("failure", "FAILURE", tones={}),
            Column("what", "WHAT", grow=True, wrap=3),
            Column("command", "COMMAND", grow=True, wrap=4),
            Column("runs", "IRISOPS CAN RUN IT", "flag", hide_under=110),
            Column("container", "CONTAINER", hide_under=1000),
        ],
        [
            {
                "failure": each.name,
                "what": each.what,
                "command": each.command,
                "runs": bool(each.argv),
                "container": found.name,
            }
            for each in wrong
        ],
        key="failure",
        actions=[("enter", "run it, after a yes", "/container fix {container} {failure}")]
        if any(each.argv for each in wrong)
        else [],
    )
