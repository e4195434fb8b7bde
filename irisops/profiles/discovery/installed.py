"""Instances installed on this machine, listed by the `iris` command."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath, PureWindowsPath

from irisops.profiles.discovery.found import Found, Report, Surroundings, fit_name
from irisops.profiles.host import port_number
from irisops.profiles.programs import ProgramError, ask, locate

FEWEST_FIELDS = 8
"""Older products print eight fields, newer ones up to fourteen (facts: iris-license-sessions 8.1)."""
_VERSION = re.compile(r"\d{4}\.\d+(?:\.\d+)*", re.ASCII)
_PORT = re.compile(r"\d*", re.ASCII)


async def installed(around: Surroundings) -> Report:
    """Run `iris qlist`. Another program of that name is recognised by its output, and ignored."""
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
    name, folder, version, status, cpf, superserver, web, _jdbc, health, product = [*fields, "", ""][:10]
    if not name or not _VERSION.match(version) or not _PORT.fullmatch(superserver) or not status:
        return None
    state = status.split(",", 1)[0].casefold()
    troubled = health.casefold() if health.casefold() in ("hung", "alert", "warn") else ""
    port = port_number(superserver)
    problem, cure = _trouble(name, folder, state, port, _other_product(cpf, product))
    return Found(
        name=fit_name(name.casefold()),
        source="installed here",
        port=port,
        web_port=port_number(web),
        folder=folder,
        state=f"{state}, {troubled}" if troubled and state == "running" else state,
        down=state == "down",
        aside=troubled == "hung",
        about=f"{version} in {folder}",
        problem=problem,
        cure=cure,
    )


def _trouble(name: str, folder: str, state: str, port: int | None, other: str) -> tuple[str, str]:
    """Why it cannot be connected to, and what to do; ("", "") if it can."""
    typed = shlex.quote(name)
    if other:
        return f"{name} is {other}; the driver reaches IRIS alone.", "Nothing can be done here."
    if state == "running" and port is None:
        return f"{name} is running, but its superserver port is not known.", f"iris list {typed} shows more."
    cures = {
        "running": "",
        "down": f"Start it with: iris start {typed}",
        "starting": "Wait until it runs, then /discover looks again.",
        "stopping": f"Wait until it is down, then start it with: iris start {typed}",
        "sign-on inhibited": f"It is up and refuses logins: messages.log in {folder}/mgr says why; "
        f"iris session {typed} -B still gets in.",
    }
    cure = cures.get(state, f"iris list {typed} shows more; so does messages.log in {folder}/mgr.")
    return (f"{name} is {state}.", cure) if cure else ("", "")


def _other_product(cpf: str, product: str) -> str:
    """Caché or Ensemble, "" for IRIS. Older lines have no product, and IRIS never names its file cache.cpf."""
    file = PureWindowsPath(cpf).name if "\\" in cpf else PurePosixPath(cpf).name
    if product.casefold() == "ensemble":
        return "Ensemble"
    return "Caché" if product.casefold() in ("cache", "caché") or file.casefold() == "cache.cpf" else ""
