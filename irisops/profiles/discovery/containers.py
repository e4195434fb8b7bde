"""Containers of InterSystems images under Docker or Podman, with their published ports."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from functools import partial

from irisops.background import in_daemon_thread
from irisops.profiles.discovery.engines import Engine, engine_of
from irisops.profiles.discovery.found import Found, Report, StoredPassword, Surroundings, fit_name
from irisops.profiles.host import port_number
from irisops.profiles.programs import ProgramError, ask, locate

SUPERSERVER = (1972, 51773)
"""Inside the container: now, and in images before 2020.3 (facts: iris-license-sessions 8.2)."""
WEB = (52773,)
FORMAT = "{{.Names}}\t{{.Image}}\t{{.Ports}}\t{{.Status}}\t{{.Networks}}"
"""Columns that Docker and Podman print alike. No environment: a password may stand in it.

UNVERIFIED: that Podman writes `host` among the networks of a container on its host's network, and words its states as
Docker does (`Exited (0) 3 days ago`, `Up 2 hours (Paused)`). Settle: podman ps --all with this format.
"""
PASSWORD_VARIABLE = "IRIS_PASSWORD"  # noqa: S105 - the variable's name
READ_DEADLINE = 10.0
"""Seconds for reading a requested password."""
_PUBLISHED = re.compile(
    r"(?:(?P<host>\[[0-9a-fA-F:]+\]|[0-9a-fA-F.:*]+?):)?(?P<outer>[0-9]{1,5})(?:-(?P<outer_end>[0-9]{1,5}))?"
    r"->(?P<inner>[0-9]{1,5})(?:-(?P<inner_end>[0-9]{1,5}))?/tcp"
)
_EXPOSED = re.compile(r"(?<![\d>:-])([0-9]{1,5})(?:-([0-9]{1,5}))?/tcp")
_IRIS = re.compile(r"(?:iris|irishealth|healthconnect)(?:[-_.][\w.-]+)?|irisdemo[\w.-]*")
"""The image's own name. The vendor's folder is not enough: it also holds webgateway, iam and icm."""
_NO_IRIS = re.compile(r".*(?:webgateway|operator|arbiter).*")
"""Related images that are not IRIS."""
_NOT_RUNNING = re.compile(r"cannot connect to the docker daemon|is the docker daemon running", re.IGNORECASE)
"""What Docker says without its daemon: usual where it is not used, and no failure."""
_CACHE = re.compile(r"(?:cache|ensemble)(?:[-_.][\w.-]+)?")
_EVERYWHERE = {"", "*", "0.0.0.0", "[::]", "::"}  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True, slots=True)
class _Container:
    """A line of `ps`. `published` maps a port inside to address and port outside."""

    name: str
    image: str
    product: str
    """The image's own name, without registry, folder and tag."""
    published: dict[int, tuple[str, int]]
    no_ports: bool
    status: str
    networks: str


async def docker(around: Surroundings) -> Report:
    """Docker's containers."""
    return await _containers("docker", "Docker", around)


async def podman(around: Surroundings) -> Report:
    """Podman's containers."""
    return await _containers("podman", "Podman", around)


async def _containers(command: str, title: str, around: Surroundings) -> Report:
    program = locate(command, around.environment)
    if program is None:
        return Report()
    try:
        text = await ask([program, "ps", "--all", "--format", FORMAT], around.environment, around.deadline)
    except ProgramError as error:
        if _NOT_RUNNING.search(error.said):
            return Report(trouble=f"{title} is installed but not running, so its containers are unknown.")
        # An engine's error may quote the address, which may hold a password.
        said = "" if "://" in error.said and "@" in error.said else error.said
        told = f"{title} {f'failed: {said}' if said else error}"
        return Report(trouble=told if told.endswith((".", "?", "!")) else f"{told}.")
    try:
        engine = await in_daemon_thread(lambda: engine_of(command, around), around.deadline)
    except TimeoutError:
        engine = Engine("", f"{title}'s configuration, which could not be read in time,")
    found: list[Found] = []
    for line in text.splitlines():
        each = _container(line)
        if each is not None:
            known = _found(each, command, engine)
            password = StoredPassword(
                f"{PASSWORD_VARIABLE} of the container", partial(_password, program, each.name, around)
            )
            found.append(replace(known, source=title, password=password))
    return Report(tuple(found))


def _container(line: str) -> _Container | None:
    """A container of IRIS, by its image or by the superserver's port; None for others."""
    names, image, ports, status, networks = [*map(str.strip, line.split("\t")), *[""] * 5][:5]
    name = names.split(",")[0].strip()
    published: dict[int, tuple[str, int]] = {}
    for match in _PUBLISHED.finditer(ports):
        outer, inner = int(match["outer"]), int(match["inner"])
        last = min(int(match["inner_end"] or inner), 65535)
        for step in range(last - inner + 1):
            if port_number(str(outer + step)) is not None:
                published.setdefault(inner + step, (match["host"] or "", outer + step))
    exposed = set(published)
    for match in _EXPOSED.finditer(ports):
        first = int(match[1])
        exposed.update(range(first, min(int(match[2] or first), 65535) + 1))
    product = re.split(r"[:@]", image.rsplit("/", 1)[-1], maxsplit=1)[0].casefold()
    by_name = _CACHE.fullmatch(product) or (_IRIS.fullmatch(product) and not _NO_IRIS.fullmatch(product))
    if not name or not (by_name or exposed & set(SUPERSERVER)):
        return None
    return _Container(name, image, product, published, not ports, status.casefold(), networks)


def _found(each: _Container, command: str, engine: Engine) -> Found:
    """The container as a finding, with its address as seen from this machine."""
    found = Found(fit_name(f"{command}:{each.name}"), "", engine.host, state=_state(each), about=each.image)
    not_up = _not_up(each, command)
    if not_up is not None:
        state, cure = not_up
        said = f"The container {each.name} is not running: {state}."
        return replace(found, state=state, down=True, problem=said, cure=cure)
    if _CACHE.fullmatch(each.product):
        said = f"The container {each.name} is no IRIS; the driver reaches IRIS alone."
        return replace(found, problem=said, cure="Nothing can be done here.")
    found = replace(found, aside=found.state != "running")
    web = next((each.published[port] for port in WEB if port in each.published), None)
    inside = next((port for port in SUPERSERVER if port in each.published), None)
    if inside is not None:
        return _placed(found, engine, each.published[inside], web)
    if each.networks == "host":
        found = replace(found, port_assumed=True, about=f"{each.image}, on its host's network")
        return _placed(found, engine, ("", SUPERSERVER[0]), ("", WEB[0]))
    if each.no_ports and not each.networks:
        return replace(
            found,
            problem=f"The container {each.name} lists no ports: it uses its host's network, or none.",
            cure=f"Try it: /profile add {fit_name(each.name)} host={engine.host or 'HOST'} "
            f"port={SUPERSERVER[0]} user=_SYSTEM",
        )
    return replace(
        found,
        web_port=web[1] if web and engine.host else None,
        problem=f"The container {each.name} does not publish its superserver port {SUPERSERVER[0]}.",
        cure="Reach it by its own address, or create it again with "
        f"-p {SUPERSERVER[0]}:{SUPERSERVER[0]}; that loses what is in no volume.",
    )


def _placed(found: Found, engine: Engine, at: tuple[str, int], web: tuple[str, int] | None) -> Found:
    """The finding with its address as seen from here; `at` and `web` are address and port on the engine's machine."""
    where, port = at[0].strip("[]"), at[1]
    everywhere = at[0] in _EVERYWHERE
    found = replace(found, port=port, host=engine.host if everywhere else where)
    if web is not None and web[0] in {at[0], *_EVERYWHERE}:
        found = replace(found, web_port=web[1])
    if not engine.remote:
        return found
    if not engine.host:
        return replace(
            found,
            host="",
            problem=f"Where its engine runs is not known; {engine.named_by} decides it.",
            cure=f"/profile add takes the host; the superserver port is {port}.",
        )
    if not everywhere and (where.startswith("127.") or where == "::1"):
        return replace(
            found,
            host=engine.host,
            web_port=None,
            problem=f"It is published on {engine.host} for that machine alone ({where}).",
            cure=f"Open a tunnel: ssh -L {port}:{where}:{port} {engine.host}, then /profile add with "
            f"host=127.0.0.1 port={port}",
        )
    return found


def _state(each: _Container) -> str:
    if "(unhealthy)" in each.status:
        return "running, unhealthy"
    return "running, starting up" if "(health: starting)" in each.status else "running"


def _not_up(each: _Container, command: str) -> tuple[str, str] | None:
    """State and cure of a stopped container; None if it runs or its state is unknown."""
    name = shlex.quote(each.name)
    if "(paused)" in each.status or each.status == "paused":
        return "paused", f"Let it go on with: {command} unpause {name}"
    if each.status.startswith("removal"):
        return "being removed", "Nothing can be done here."
    start = f"Start it with: {command} start {name}"
    cures = {
        "exited": start,
        "created": start,
        "stopped": start,
        "initialized": start,
        "restarting": f"It ends again and again; {command} logs {name} says why.",
        "dead": f"{command} logs {name} says why.",
    }
    state = re.split(r"[ (]", each.status, maxsplit=1)[0]
    return (state, cures[state]) if state in cures else None


async def _password(program: str, name: str, around: Surroundings) -> str | None:
    """The container's IRIS_PASSWORD, read only at the person's request. Raises `ProgramError`."""
    form = "{{range .Config.Env}}{{println .}}{{end}}"
    text = await ask([program, "inspect", "--format", form, name], around.environment, READ_DEADLINE)
    for line in text.splitlines():
        variable, equals, value = line.partition("=")
        if equals and variable == PASSWORD_VARIABLE and value:
            return value
    return None
