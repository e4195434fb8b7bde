"""Instances installed on this machine, as the `iris` command lists them."""

from __future__ import annotations

import re

from irisops.profiles.discovery.found import Found, Report, Surroundings, fit_name
from irisops.profiles.programs import ProgramError, ask, locate

FEWEST_FIELDS = 8
"""Older products print eight fields, newer ones up to fourteen (facts: iris-license-sessions 8.1)."""
_VERSION = re.compile(r"\d{4}\.\d+(?:\.\d+)*")


async def installed(around: Surroundings) -> Report:
    """Ask `iris qlist`. Another program of that name is recognised by what it prints, and ignored."""
    program = locate("iris", around.environment)
    if program is None:
        return Report()
    try:
        text = await ask([program, "qlist"], around.environment, around.deadline)
    except ProgramError as error:
        if "did not answer" in str(error):
            return Report(trouble=f"The command iris qlist {error}.")
        return Report()  # a foreign program does not know qlist
    found = tuple(each for line in text.splitlines() if (each := _instance(line)) is not None)
    return Report(found)


def _instance(line: str) -> Found | None:
    """One line: name^folder^version^status^cpf^superserver^web^jdbc^health^product^… (facts: 8.1); None for others."""
    fields = [field.strip() for field in line.split("^")]
    if len(fields) < FEWEST_FIELDS:
        return None
    name, folder, version, status, _cpf, superserver, web = fields[:7]
    if not name or not _VERSION.match(version) or not superserver.isdigit() or not status:
        return None
    state = status.split(",", 1)[0]
    port, web_port = _port(superserver), _port(web)
    down = state.casefold() != "running"
    return Found(
        name=fit_name(name.casefold()),
        source="installed here",
        port=port,
        web_port=web_port,
        state=state,
        about=f"{version} in {folder}",
        problem=f"{name} is {state}." if down else "",
        cure=f"Start it with: iris start {name}" if down else "",
    )


def _port(text: str) -> int | None:
    """A port, None for 0 (no private web server) and for what is none."""
    return int(text) if text.isdigit() and 1 <= int(text) <= 65535 else None
