"""Containers of InterSystems images that Docker or Podman runs here, with the ports that they publish."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import urlsplit

from irisops.profiles.discovery.found import Found, Report, StoredPassword, Surroundings, fit_name
from irisops.profiles.programs import ProgramError, ask, locate

SUPERSERVER = (1972, 51773)
"""Inside the container: now, and in images before 2020.3 (facts: iris-license-sessions 8.2)."""
WEB = (52773,)
FORMAT = "{{.Names}}\t{{.Image}}\t{{.Ports}}"
"""Columns that Docker and Podman print alike. No environment: a password may stand in it."""
PASSWORD_VARIABLE = "IRIS_PASSWORD"  # noqa: S105 - the variable's name
READ_DEADLINE = 10.0
"""Seconds for reading a password that the person asked for."""
_PUBLISHED = re.compile(
    r"(?:(?P<host>\[[0-9a-fA-F:]+\]|[0-9a-fA-F.:*]+?):)?(?P<outer>\d+)(?:-(?P<outer_end>\d+))?"
    r"->(?P<inner>\d+)(?:-(?P<inner_end>\d+))?/tcp"
)
_EXPOSED = re.compile(r"(?<![\d>:-])(\d+)(?:-(\d+))?/tcp")
_IMAGE = re.compile(r"(?:^|/)intersystems[\w-]*/|(?:^|/)(?:iris|irishealth)(?:-[\w-]+)?(?:[:@]|$)")
_EVERYWHERE = {"", "*", "0.0.0.0", "[::]", "::"}  # noqa: S104 - compared with, not listened on


async def docker(around: Surroundings) -> Report:
    """Docker's containers."""
    return await _running("docker", "Docker", around)


async def podman(around: Surroundings) -> Report:
    """Podman's containers."""
    return await _running("podman", "Podman", around)


async def _running(command: str, title: str, around: Surroundings) -> Report:
    program = locate(command, around.environment)
    if program is None:
        return Report()
    try:
        text = await ask([program, "ps", "--format", FORMAT], around.environment, around.deadline)
    except ProgramError as error:
        told = f"{title} {f'failed: {error.said}' if error.said else error}"
        return Report(trouble=told if told.endswith((".", "?", "!")) else f"{told}.")
    host = _engine_host(command, around)
    found: list[Found] = []
    for line in text.splitlines():
        names, _, rest = line.partition("\t")
        image, _, ports = rest.partition("\t")
        each = _container(names.split(",")[0].strip(), image.strip(), ports, host)
        if each is None:
            continue
        name, one = each
        password = StoredPassword(
            f"{PASSWORD_VARIABLE} of the container", partial(_password, program, name, around)
        )
        found.append(_with(one, command, title, name, password))
    return Report(tuple(found))


def _with(found: Found, command: str, title: str, name: str, password: StoredPassword) -> Found:
    return Found(
        name=fit_name(f"{command}:{name}"),
        source=title,
        host=found.host,
        port=found.port,
        web_port=found.web_port,
        state="running",
        about=found.about,
        problem=found.problem,
        cure=found.cure,
        password=password,
    )


def _container(name: str, image: str, ports: str, host: str) -> tuple[str, Found] | None:
    """A container that is an IRIS by its image, or by offering the superserver's port; None for others."""
    published: dict[int, tuple[str, int]] = {}
    for match in _PUBLISHED.finditer(ports):
        outer, inner = int(match["outer"]), int(match["inner"])
        last = int(match["inner_end"] or inner)
        where = match["host"] or ""
        for step in range(last - inner + 1):
            published.setdefault(inner + step, (where, outer + step))
    exposed = set(published)
    for match in _EXPOSED.finditer(ports):
        first = int(match[1])
        exposed.update(range(first, int(match[2] or first) + 1))
    if not name or not (_IMAGE.search(image) or exposed & set(SUPERSERVER)):
        return None
    inside = next((port for port in SUPERSERVER if port in published), None)
    web = next((published[port][1] for port in WEB if port in published), None)
    if inside is None:
        return name, Found(
            name,
            "",
            host,
            web_port=web,
            about=image,
            problem=f"The container {name} does not publish its superserver port {SUPERSERVER[0]}.",
            cure=f"Create it again with -p {SUPERSERVER[0]}:{SUPERSERVER[0]}, or reach it by its own address.",
        )
    where, outer = published[inside]
    address = host if where in _EVERYWHERE else where.strip("[]")
    return name, Found(name, "", address, port=outer, web_port=web, about=image)


def _engine_host(command: str, around: Surroundings) -> str:
    """Where published ports are: this machine, or the one that DOCKER_HOST names."""
    remote = around.environment.get("DOCKER_HOST", "") if command == "docker" else ""
    parts = urlsplit(remote)
    return parts.hostname or "127.0.0.1" if parts.scheme in ("tcp", "ssh") else "127.0.0.1"


async def _password(program: str, name: str, around: Surroundings) -> str | None:
    """The container's IRIS_PASSWORD; asked for only after the person said so. Raises `ProgramError`."""
    form = "{{range .Config.Env}}{{println .}}{{end}}"
    text = await ask([program, "inspect", "--format", form, name], around.environment, READ_DEADLINE)
    for line in text.splitlines():
        variable, equals, value = line.partition("=")
        if equals and variable == PASSWORD_VARIABLE and value:
            return value
    return None
