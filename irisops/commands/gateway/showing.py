"""/gateway: the configuration file of the Web Gateway of this machine, with every secret masked."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from irisops.contract.chat import Command
from irisops.contract.quoting import quote
from irisops.contract.replies import Cell, Column, Refusal, Table
from irisops.contract.wording import harmless, listed
from irisops.engine import cards
from irisops.engine.context import Context
from irisops.engine.file_argument import file_of
from irisops.engine.spec import Replies
from irisops.files import cure_of, read_file
from irisops.gateway.csp_ini import MOST_BYTES, PASSWORD, PATH, SYSTEM, CspIni, CspIniError, form_of
from irisops.gateway.places import candidates, found


@dataclass(frozen=True, slots=True)
class GatewayFile:
    """A CSP.ini as read: the exact bytes, and their meaning."""

    path: Path
    data: bytes
    ini: CspIni


async def file_meant(context: Context, command: Command) -> GatewayFile:
    """The file named, or the one of this machine. Raises `Refusal` if there is none, or more than one."""
    if command.args.get("file"):
        return read(file_of(command, "Name the CSP.ini."))
    seen = await context.discoverer.look()
    files = found(candidates(context.environment, [each.folder for each in seen.found if each.folder]))
    if not files:
        raise Refusal(
            "NoGateway",
            "No CSP.ini was found in the places where a Web Gateway keeps it on this machine.",
            "If it is elsewhere: /gateway FILE. A gateway in a container or on another machine: run irisops there.",
        )
    if len(files) > 1:
        raise Refusal(
            "WhichGateway",
            f"There are {len(files)} on this machine: {listed([str(each) for each in files])}.",
            "Name the file.",
            suggestions=[f"/{command.name} {quote(str(each))}" for each in files[:3]],
        )
    return read(files[0])


def read(path: Path) -> GatewayFile:
    """Read a CSP.ini. Raises `Refusal`."""
    try:
        data = read_file(path, MOST_BYTES + 1)
    except OSError as error:
        raise Refusal(
            "NotReadable",
            f"{harmless(path)} cannot be read: {error.strerror}.",
            "Its owner can, or an administrator of this machine: run irisops as one of them."
            if isinstance(error, PermissionError)
            else cure_of(error),
        ) from error
    try:
        return GatewayFile(path, data, CspIni(data))
    except CspIniError as error:
        raise Refusal(
            "NotAGatewayFile",
            f"{harmless(path)} cannot be used: {error}",
            "Name the CSP.ini of a Web Gateway.",
        ) from error


async def show(context: Context, command: Command) -> Replies:
    """The file, the credentials, the paths."""
    gateway = await file_meant(context, command)
    system = gateway.ini.section(SYSTEM)
    yield cards.facts_card(
        "gateway",
        "Web Gateway",
        [
            ("file", "File", str(gateway.path)),
            ("forms", "Management pages", system.get("SM_Forms") or "Enabled"),
            ("managers", "May manage from", system.get("System_Manager") or "this machine alone"),
            ("default_server", "Default server", system.get("Default_Server") or None),
        ],
        _notes(gateway, system),
    )
    yield _credentials(gateway, system)
    yield _paths(gateway)


def _notes(gateway: GatewayFile, system: dict[str, str]) -> list[str]:
    notes = []
    mode = gateway.path.stat().st_mode
    if mode & stat.S_IROTH:
        notes.append("Everybody on this machine can read the file, and so the servers' passwords.")
    if not (system.get(PASSWORD) or system.get("Username")):
        notes.append("The management pages ask for no login.")
    notes.append("Lost the password of the management pages? /gateway password sets another one.")
    return notes


def _credentials(gateway: GatewayFile, system: dict[str, str]) -> Table:
    states = gateway.ini.section("SYSTEM_INDEX")
    rows: list[dict[str, Cell]] = [
        {
            "section": SYSTEM,
            "purpose": "the management pages",
            "user": system.get("Username", ""),
            "password": form_of(system.get(PASSWORD, ""), "management"),
            "address": "",
            "state": "",
        }
    ]
    for name in gateway.ini.servers:
        server = gateway.ini.section(name)
        address, port = server.get("Ip_Address", ""), server.get("TCP_Port", "")
        rows.append(
            {
                "section": name,
                "purpose": "the gateway's own login to IRIS",
                "user": server.get("Username", ""),
                "password": form_of(server.get(PASSWORD, ""), "server"),
                "address": f"{address}:{port}" if address or port else "",
                "state": states.get(name, "not listed").lower(),
            }
        )
    return Table(
        name="gateway_credentials",
        title="Credentials",
        columns=[
            Column("section", "SECTION"),
            Column("purpose", "FOR", grow=True),
            Column("user", "USER"),
            Column("address", "SERVER", hide_under=90),
            Column("state", "STATE", hide_under=70),
            Column("password", "PASSWORD", least=12),
        ],
        rows=rows,
        key="section",
        actions=[("s", "compare with the instance", "/gateway server {section}")],
    )


def _paths(gateway: GatewayFile) -> Table:
    states = gateway.ini.section("APP_PATH_INDEX")
    rows: list[dict[str, Cell]] = [
        {
            "path": path,
            "server": gateway.ini.section(PATH + path).get("Default_Server", ""),
            "state": states.get(path, "not listed").lower(),
        }
        for path in gateway.ini.paths
    ]
    return Table(
        name="gateway_paths",
        title="Paths",
        columns=[Column("path", "PATH", grow=True), Column("server", "SERVER"), Column("state", "STATE")],
        rows=rows,
        key="path",
    )
